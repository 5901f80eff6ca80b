//! One request as the handlers see it: nothing decoded, the body not yet read.

use std::{
    fmt,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use warp::{
    Stream,
    http::{HeaderMap, Method, Uri, header},
};

use super::{
    address::{Scheme, is_host},
    credentials::PlainSecret,
};
use crate::{config::PublicUrl, error::Error};

/// What the accept loop knows of a request; travels as an extension.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who asks: the other end of the connection, or whom a trusted proxy names.
    pub client: IpAddr,
    /// How the client reached us.
    pub scheme: Scheme,
    /// The host a trusted proxy says the client named.
    pub host: Option<String>,
    /// Why nobody can tell who asks; the request is refused with it.
    pub fault: Option<Error>,
    /// The address as it was sent.
    pub uri: Uri,
    /// How long the body may take to arrive.
    pub body_timeout: Duration,
}

impl Arrival {
    /// A request for `uri` that came straight from `client`, unencrypted.
    #[must_use]
    pub fn new(client: IpAddr, uri: Uri, body_timeout: Duration) -> Self {
        Self { client, scheme: Scheme::Http, host: None, fault: None, uri, body_timeout }
    }
}

/// One request, taken apart but not decoded.
#[derive(Debug)]
pub struct Request {
    /// The method; `GET` where `HEAD` was sent.
    pub method: Method,
    /// The headers.
    pub headers: HeaderMap,
    /// Who asks: the other end of the connection, or whom a trusted proxy names.
    pub client: IpAddr,
    /// Why nobody can tell who asks; the dispatcher refuses the request with it.
    pub fault: Option<Error>,
    /// Values of the session's cookie; the dispatcher takes them out of the headers.
    pub session: Vec<PlainSecret>,
    scheme: Scheme,
    forwarded_host: Option<String>,
    uri: Uri,
    /// Path and query, where they are others than those of `uri`, which has room for less. Boxed: almost
    /// no request has them.
    read_as: Option<Box<(String, String)>>,
    body: Body,
    /// The body, where it was read to be read again.
    read: Option<Bytes>,
    body_timeout: Duration,
}

impl Request {
    /// A request from its parts.
    #[must_use]
    pub fn new(method: Method, headers: HeaderMap, arrival: Arrival, body: Body) -> Self {
        let Arrival { client, scheme, host: forwarded_host, fault, uri, body_timeout } = arrival;
        let (session, read) = (Vec::new(), None);
        Self {
            method,
            headers,
            client,
            fault,
            session,
            scheme,
            forwarded_host,
            uri,
            read_as: None,
            body,
            read,
            body_timeout,
        }
    }

    /// The path, still percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.read_as.as_ref().map_or_else(|| self.uri.path(), |read_as| &read_as.0)
    }

    /// What follows the `?`, still percent-encoded.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.read_as.as_ref().map_or_else(|| self.uri.query(), |read_as| Some(&read_as.1))
    }

    /// Has it read as a request for another path with another query, of any length.
    pub fn read_as(&mut self, path: String, query: String) {
        self.read_as = Some(Box::new((path, query)));
    }

    /// Puts another query in the place of the one that came.
    ///
    /// # Errors
    /// `Internal` for what makes no address.
    pub fn set_query(&mut self, query: Option<&str>) -> Result<(), Error> {
        let path = self.uri.path();
        let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(target.parse().map_err(|error| Error::internal(&error))?);
        self.uri = Uri::from_parts(parts).map_err(|error| Error::internal(&error))?;
        Ok(())
    }

    /// A header's text; `None` where it is absent, repeated or not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(name).iter();
        let first = all.next()?.to_str().ok()?;
        all.next().is_none().then_some(first)
    }

    /// Scheme and host that clients reach us by, for absolute links; no slash at its end.
    ///
    /// `public_url` where it is set, else what a trusted proxy says, else the host the request names.
    ///
    /// # Errors
    /// `InvalidHeader` where it names none, several, or what is no host: links would lead nowhere.
    pub fn origin(&self, public_url: Option<&PublicUrl>) -> Result<String, Error> {
        if let Some(url) = public_url {
            return Ok(url.as_str().to_owned());
        }
        let host = self.forwarded_host.as_deref().or_else(|| self.named_host());
        let host = host.ok_or_else(|| Error::InvalidHeader {
            name: "Host",
            reason: "it must be one host name or IP address, with a port or without".to_owned(),
        })?;
        Ok(format!("{}://{host}", self.scheme.name()))
    }

    /// The host the request is for: that of its target (HTTP/2, or a target in absolute form), else
    /// the `Host` header.
    ///
    /// Source: RFC 9112, 3.2.2; RFC 9113, 8.3.1.
    fn named_host(&self) -> Option<&str> {
        let authority = self.uri.authority().map(warp::http::uri::Authority::as_str);
        let target = authority.and_then(|text| text.rsplit('@').next());
        target.or_else(|| self.header("host")).filter(|host| is_host(host))
    }

    /// Refuses every method but `GET` (and `HEAD`).
    ///
    /// # Errors
    /// 405 with what is taken.
    pub fn only_get(&self) -> Result<(), Error> {
        if self.method == Method::GET {
            Ok(())
        } else {
            Err(Error::MethodNotAllowed { allow: "GET, HEAD" })
        }
    }

    /// Reads the body; call it after path, method and caller are known. A second call gets nothing.
    ///
    /// # Errors
    /// 413 when it is longer than `max` bytes, which a `Content-Length` tells before a byte is read;
    /// 400 when it breaks off or takes too long.
    pub async fn body_bytes(&mut self, max: u64) -> Result<Bytes, Error> {
        if let Some(read) = self.read.take() {
            return Ok(read);
        }
        let length = self.headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > max) {
            return Err(Error::BodyTooLarge { max });
        }
        match tokio::time::timeout(self.body_timeout, self.body.collect(max)).await {
            Ok(read) => read,
            Err(_) => Err(Error::InvalidBody {
                reason: format!("it did not arrive within {} s", self.body_timeout.as_secs()),
            }),
        }
    }

    /// As [`Request::body_bytes`], and leaves it to be read once more.
    ///
    /// # Errors
    /// As [`Request::body_bytes`].
    pub async fn peek_body(&mut self, max: u64) -> Result<Bytes, Error> {
        let bytes = self.body_bytes(max).await?;
        self.read = Some(bytes.clone());
        Ok(bytes)
    }
}

/// A request body not yet read.
pub struct Body(Pin<Box<dyn Chunks>>);

/// A stream of chunks whose type nobody can name.
trait Chunks: Send {
    fn poll_chunk(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, String>>>;
}

impl<S, B, E> Chunks for S
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf,
    E: fmt::Display,
{
    fn poll_chunk(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, String>>> {
        self.poll_next(cx).map(|next| {
            next.map(|chunk| {
                chunk
                    .map(|mut chunk| chunk.copy_to_bytes(chunk.remaining()))
                    .map_err(|error| error.to_string())
            })
        })
    }
}

impl Body {
    /// A body that will come from `chunks`.
    pub fn new<B: Buf + 'static, E: fmt::Display + 'static>(
        chunks: impl Stream<Item = Result<B, E>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(chunks))
    }

    async fn collect(&mut self, max: u64) -> Result<Bytes, Error> {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(chunk) = std::future::poll_fn(|cx| self.0.as_mut().poll_chunk(cx)).await {
            let chunk = chunk.map_err(|_| Error::InvalidBody {
                reason: "it broke off before its end".to_owned(),
            })?;
            if (first.len() + rest.len() + chunk.len()) as u64 > max {
                return Err(Error::BodyTooLarge { max });
            }
            // Nearly every body is one chunk, which is kept without a copy.
            if first.is_empty() && rest.is_empty() {
                first = chunk;
            } else {
                rest.extend_from_slice(&std::mem::take(&mut first));
                rest.extend_from_slice(&chunk);
            }
        }
        Ok(if rest.is_empty() { first } else { rest.freeze() })
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body(..)")
    }
}

/// Requests for tests of handlers, without a connection.
#[cfg(test)]
pub(crate) mod fake {
    use std::collections::VecDeque;

    use super::*;

    struct List(VecDeque<Bytes>);

    impl Stream for List {
        type Item = Result<Bytes, std::io::Error>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    /// A request for `address` with these headers, its body in chunks.
    pub(crate) fn request(
        method: Method,
        address: &str,
        headers: &[(&'static str, &str)],
        body: &[&'static str],
    ) -> Request {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let client = IpAddr::from([127, 0, 0, 1]);
        let arrival = Arrival::new(client, address.parse().unwrap(), Duration::from_mins(1));
        let chunks = body.iter().map(|chunk| Bytes::from_static(chunk.as_bytes())).collect();
        Request::new(method, map, arrival, Body::new(List(chunks)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_joined_and_stops_at_its_limit() {
        for (chunks, max, want) in [
            (&["abc"][..], 3, Ok("abc")),
            (&["ab", "c", "d"], 4, Ok("abcd")),
            (&[], 0, Ok("")),
            (&["ab", "cd"], 3, Err(Error::BodyTooLarge { max: 3 })),
        ] {
            let mut request = fake::request(Method::POST, "/odata/Tickets", &[], chunks);
            assert_eq!(request.body_bytes(max).await, want.map(Bytes::from));
        }
    }

    #[tokio::test]
    async fn a_body_that_was_looked_at_is_read_once_more() {
        let mut request = fake::request(Method::POST, "/odata/Tickets", &[], &["ab", "c"]);
        for _ in 0..2 {
            assert_eq!(request.peek_body(3).await, Ok(Bytes::from("abc")));
        }
        assert_eq!(request.body_bytes(3).await, Ok(Bytes::from("abc")));
        assert_eq!(request.body_bytes(3).await, Ok(Bytes::new()));
    }

    #[tokio::test]
    async fn a_body_announced_too_long_is_not_read() {
        let headers = [("content-length", "9")];
        let mut request = fake::request(Method::POST, "/odata/Tickets", &headers, &["abc"]);
        assert_eq!(request.body_bytes(8).await, Err(Error::BodyTooLarge { max: 8 }));
        assert_eq!(request.body_bytes(9).await, Ok(Bytes::from("abc")));
    }

    #[test]
    fn path_and_query_stay_encoded() {
        let request = fake::request(Method::GET, "/odata/T%20x?$filter=a%2Bb", &[], &[]);
        assert_eq!((request.path(), request.query()), ("/odata/T%20x", Some("$filter=a%2Bb")));
    }

    #[test]
    fn links_come_from_the_public_address_or_from_a_sound_host() {
        let with_host = |host| fake::request(Method::GET, "/", &[("host", host)], &[]);
        assert_eq!(with_host("desk:8420").origin(None).unwrap(), "http://desk:8420");
        assert_eq!(with_host("[::1]:80").origin(None).unwrap(), "http://[::1]:80");
        for bad in ["a/b?c", "", "a b", "a@evil", "a\"b<c>", "a:99999999", "a:b", "[::1"] {
            assert_eq!(with_host(bad).origin(None).unwrap_err().status(), 400, "{bad}");
        }
        let two = fake::request(Method::GET, "/", &[("host", "a"), ("host", "b")], &[]);
        assert!(two.origin(None).is_err());
        let absolute = |address| fake::request(Method::GET, address, &[("host", "evil")], &[]);
        assert_eq!(absolute("http://desk:1/odata/").origin(None).unwrap(), "http://desk:1");
        assert_eq!(absolute("http://me@desk/odata/").origin(None).unwrap(), "http://desk");
        let url = PublicUrl::new("https://desk.example.com/").unwrap();
        assert_eq!(with_host("other").origin(Some(&url)).unwrap(), "https://desk.example.com");
    }

    #[test]
    fn a_trusted_proxys_word_goes_before_the_host_and_behind_the_public_address() {
        let mut request = fake::request(Method::GET, "/", &[("host", "inside")], &[]);
        request.scheme = Scheme::Https;
        assert_eq!(request.origin(None).unwrap(), "https://inside");
        request.forwarded_host = Some("desk.example.com".to_owned());
        assert_eq!(request.origin(None).unwrap(), "https://desk.example.com");
        let url = PublicUrl::new("http://desk").unwrap();
        assert_eq!(request.origin(Some(&url)).unwrap(), "http://desk");
    }

    #[test]
    fn a_repeated_header_is_no_text() {
        let headers = [("accept", "a"), ("accept", "b"), ("prefer", "c")];
        let request = fake::request(Method::GET, "/", &headers, &[]);
        assert_eq!((request.header("Accept"), request.header("Prefer")), (None, Some("c")));
    }
}
