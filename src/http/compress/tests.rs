use std::{
    io::Read,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body_util::BodyExt;
use warp::Stream;

use super::*;
use crate::http::respond;

fn wish(lines: &[&str]) -> Result<Wish, Error> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::ACCEPT_ENCODING, line.parse().unwrap());
    }
    Wish::of(&headers)
}

#[track_caller]
fn check(lines: &[&str], want: &str) {
    let got = match wish(lines) {
        Ok(Wish { coding: None, is_must }) => format!("plain {is_must}"),
        Ok(Wish { coding: Some(coding), is_must }) => format!("{coding:?} {is_must}"),
        Err(error) => error.code().to_owned(),
    };
    assert_eq!(got, want, "{lines:?}");
}

#[test]
fn the_client_says_which_coding_it_takes() {
    check(&[], "plain false");
    check(&[""], "plain false");
    check(&["gzip"], "Gzip false");
    check(&["x-gzip"], "Gzip false");
    check(&["gzip, deflate, br, zstd"], "Zstd false");
    check(&["GZIP ; Q=1.0 , zstd;q=0.5"], "Gzip false");
    check(&["zstd;q=0.2", "gzip;q=0.3"], "Gzip false");
    check(&["deflate, br"], "plain false");
    check(&["gzip;q=0"], "plain false");
    check(&["gzip;q=0.000, zstd;q=0"], "plain false");
    check(&["*"], "Zstd false");
    check(&["*, zstd;q=0"], "Gzip false");
    check(&["*;q=0, gzip"], "Gzip true");
    check(&["identity, gzip;q=0.5"], "plain false");
    check(&["identity;q=0.5, gzip;q=0.5"], "Gzip false");
    check(&["gzip, identity;q=0"], "Gzip true");
    check(&["identity;q=0"], "NotAcceptable");
    check(&["*;q=0"], "NotAcceptable");
    check(&["br, *;q=0"], "NotAcceptable");
    check(&["*;q=0, identity"], "plain false");
    for weight in ["q=2", "q=1.5", "q=0.1234", "q=x", "q", "p=1", "q=-1", "q=.5", "q=0.+1"] {
        check(&[&format!("gzip;{weight}")], "plain false");
    }
}

fn answer(content_type: &'static str, len: usize) -> Response {
    let mut response = respond::with_type(200, content_type, vec![b'x'; len]);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Authorization"));
    response
}

fn header_of<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn plain_of(response: Response) -> Vec<u8> {
    let coding = header_of(&response, "content-encoding").to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    match coding.as_str() {
        "gzip" => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
            plain
        }
        "zstd" => zstd::stream::decode_all(&body[..]).unwrap(),
        _ => body.to_vec(),
    }
}

#[tokio::test]
async fn what_is_coded_is_what_was_said() {
    for coding in ["gzip", "zstd"] {
        for len in [1024, 32 << 10, 1_000_001] {
            let response = apply(answer("application/json", len), wish(&[coding]).unwrap());
            assert_eq!(header_of(&response, "content-encoding"), coding);
            assert_eq!(header_of(&response, "vary"), "Accept, Authorization, Accept-Encoding");
            assert_eq!(response.headers().get_all("vary").iter().count(), 1);
            assert_eq!(response.body().size_hint().exact(), None);
            assert_eq!(plain_of(response).await, vec![b'x'; len], "{coding} {len}");
        }
    }
}

#[test]
fn some_answers_are_sent_as_they_are() {
    let gzip = wish(&["gzip"]).unwrap();
    let coded = |response: Response| {
        let response = apply(response, gzip);
        (
            header_of(&response, "content-encoding") == "gzip",
            header_of(&response, "vary").to_owned(),
        )
    };
    let differs = "Accept, Authorization, Accept-Encoding".to_owned();
    assert_eq!(coded(answer("text/css; charset=utf-8", 2000)), (true, differs.clone()));
    assert_eq!(coded(answer("application/json;odata.metadata=none", 1023)), (false, differs));
    for content_type in ["image/png", "application/octet-stream", "application/zip"] {
        assert!(!coded(answer(content_type, 2000)).0, "{content_type}");
    }
    let with = |name: &'static str, value: &'static str| {
        let mut response = answer("text/plain", 2000);
        response.headers_mut().insert(name, HeaderValue::from_static(value));
        response
    };
    assert!(!coded(with("cache-control", "no-store")).0, "it may hold a secret");
    assert!(coded(with("cache-control", "private, no-cache")).0);
    assert!(!coded(with("content-encoding", "br")).0);
    assert_eq!(coded(with("vary", "*")).1, "*");
    let mut known = answer("text/plain", 0);
    *known.status_mut() = StatusCode::NOT_MODIFIED;
    assert_eq!(coded(known), (false, "Accept, Authorization, Accept-Encoding".to_owned()));
}

#[tokio::test]
async fn who_does_not_take_plain_bodies_gets_short_ones_coded_too() {
    let response = apply(answer("text/plain", 3), wish(&["gzip, identity;q=0"]).unwrap());
    assert_eq!(header_of(&response, "content-encoding"), "gzip");
    assert_eq!(plain_of(response).await, b"xxx");
}

#[test]
fn a_coded_body_has_a_weak_tag() {
    for (tag, want) in [("\"a\"", "W/\"a\""), ("W/\"7\"", "W/\"7\"")] {
        let mut response = answer("text/css", 2000);
        response.headers_mut().insert(header::ETAG, HeaderValue::from_static(tag));
        assert_eq!(header_of(&apply(response, wish(&["zstd"]).unwrap()), "etag"), want);
    }
}

/// A body of which a part has come and the rest not yet.
struct Slow(Option<Bytes>);

impl Stream for Slow {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(bytes))))
    }
}

#[test]
fn a_body_that_comes_bit_by_bit_is_sent_on_bit_by_bit() {
    for coding in ["gzip", "zstd"] {
        let slow = warp::reply::stream(Slow(Some(Bytes::from_static(b"the first line\n"))));
        let mut response = slow.into_response();
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
        let mut body = apply(response, wish(&[coding]).unwrap()).into_body();
        let mut cx = Context::from_waker(Waker::noop());
        let mut sent = Vec::new();
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut cx) {
            sent.extend_from_slice(&frame.unwrap().into_data().unwrap());
        }
        let mut seen = [0; 15];
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&sent[..]).read_exact(&mut seen).unwrap(),
            _ => {
                zstd::stream::read::Decoder::new(&sent[..]).unwrap().read_exact(&mut seen).unwrap();
            }
        }
        assert_eq!(&seen, b"the first line\n", "{coding}");
    }
}

#[test]
fn a_long_body_leaves_the_thread_to_others_in_between() {
    for coding in ["gzip", "zstd"] {
        let response = answer("text/plain", 1 << 20);
        let mut body = apply(response, wish(&[coding]).unwrap()).into_body();
        let mut cx = Context::from_waker(Waker::noop());
        let mut turns = 0;
        loop {
            match Pin::new(&mut body).poll_frame(&mut cx) {
                Poll::Ready(None) => break,
                Poll::Ready(Some(frame)) => drop(frame.unwrap()),
                Poll::Pending => turns += 1,
            }
        }
        assert_eq!(turns, 8, "{coding}");
    }
}
