//! Sends requests to the feed as the HTTP edge does, without a socket.

use std::{collections::VecDeque, net::IpAddr, pin::Pin, sync::Arc, task, time::Duration};

use bytes::Bytes;
use http_body_util::BodyExt;
use tessera::{
    auth::Visit,
    config::Config,
    http::{
        Arrival, Body, Request, Surface,
        odata::{Feed, Gate, Settings, answer},
        respond,
    },
    odata::Limits,
};
use warp::http::{HeaderMap, HeaderValue, Method, Uri};

use crate::shop::Shop;

/// All rights but to moderate reviews and see margins.
pub(crate) const CLERK: &str = "shop:read,prices:read,shop:write";

/// A feed of a new shop, pages of ten.
pub(crate) struct Server(Arc<Feed<Shop>>);

/// An answer with its body as text.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// `status code: message` of an error.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        let text = |name: &str| json["error"][name].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", self.status, text("code"), text("message"))
    }
}

struct Chunks(VecDeque<Bytes>);

impl warp::Stream for Chunks {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> task::Poll<Option<Self::Item>> {
        task::Poll::Ready(self.0.pop_front().map(Ok))
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        let config =
            Config { page_size: 10, page_size_max: 20, expand_page_size: 7, ..Config::default() };
        Self(Arc::new(Feed::new(Shop::new(), Settings::new(&config, Limits::default()))))
    }

    /// A `GET` by the clerk.
    pub(crate) fn get(&self, address: &str) -> Answer {
        self.send(Method::GET, address, &[], "")
    }

    /// The JSON of a `GET` that must work.
    pub(crate) fn json(&self, address: &str) -> serde_json::Value {
        let answer = self.get(address);
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        answer.json()
    }

    /// How the clerk's query would be run.
    pub(crate) fn explain(&self, address: &str) -> String {
        let clerk = self.0.service().caller(&Visit::here(CLERK)).unwrap();
        self.0.explain(clerk, address).unwrap()
    }

    /// A request; by the clerk unless a header says otherwise.
    pub(crate) fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Answer {
        let mut map = HeaderMap::new();
        map.insert("host", "shop.example:8420".parse().unwrap());
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        if !map.contains_key("authorization") && !map.contains_key("x-api-key") {
            map.insert("x-api-key", CLERK.parse().unwrap());
        }
        if !body.is_empty() && !map.contains_key("content-type") {
            map.insert("content-type", "application/json".parse().unwrap());
        }
        let address = address.replace(' ', "%20");
        let uri: Uri = format!("/odata{address}").parse().unwrap();
        let client = IpAddr::from([127, 0, 0, 1]);
        let arrival = Arrival::new(client, uri, Duration::from_secs(5));
        let chunks = Chunks([Bytes::from(body.to_owned())].into());
        let request = Request::new(method, map, arrival, Body::new(chunks));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut response = answer(Arc::clone(&self.0), request).await;
            respond::finish(&mut response, Surface::OData);
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            }
        })
    }
}
