//! HTTP/2 without TLS: by curl, and by hand where a client must misbehave.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use support::edge::Edge;

impl Edge {
    /// What curl prints for these paths, asked over HTTP/2 with the token.
    fn curl(&self, args: &[&str], paths: &[&str]) -> String {
        let done = Command::new("curl")
            .args(["-sS", "--max-time", "60", "--noproxy", "*", "--http2-prior-knowledge"])
            .args(["-H", &format!("Authorization: Bearer {}", self.secret)])
            .args(args)
            .args(paths.iter().map(|path| format!("http://{}{path}", self.server.address)))
            .output()
            .unwrap();
        let (out, err) = (done.stdout, done.stderr);
        String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err)
    }
}

#[test]
fn a_client_that_knows_gets_http_2_and_links_to_the_authority_it_named() {
    let edge = Edge::start(&[]);
    let address = &edge.server.address;
    let answer = edge.curl(&["-i"], &["/odata/"]);
    assert!(answer.starts_with("HTTP/2 200"), "{answer}");
    let context = format!(r#""@odata.context":"http://{address}/odata/$metadata""#);
    assert!(answer.contains(&context), "{answer}");
    let ticket = r#"{"Title":"over two"}"#;
    let args = ["-i", "-H", "Content-Type: application/json", "-d", ticket];
    let answer = edge.curl(&args, &["/odata/Tickets"]);
    assert!(answer.starts_with("HTTP/2 201"), "{answer}");
    assert!(answer.contains(&format!("location: http://{address}/odata/Tickets(1)")), "{answer}");
    edge.server.stop();
}

#[test]
fn a_large_answer_arrives_whole() {
    let edge = Edge::start(&[]);
    let client = edge.server.client(&edge.secret);
    let ticket = json!({"Title": "large", "Description": "x".repeat(900_000)});
    for _ in 0..4 {
        client.post("/odata/Tickets", &ticket).expect(201);
    }
    let path = "/odata/Tickets?$select=Description";
    assert_eq!(edge.curl(&[], &[path]), client.get(path).body);
}

/// Kinds of frames. Source: RFC 9113, 6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

/// The flag of an answer to a ping.
const ACK: u8 = 1;

/// A client that speaks in frames.
struct Frames(TcpStream);

impl Frames {
    /// Begins a connection on which a stream may carry so many bytes before it waits.
    fn begin(edge: &Edge, window: u32) -> Self {
        let mut frames = Self(edge.server.connect());
        frames.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut setting = vec![0, 4];
        setting.extend(window.to_be_bytes());
        frames.send(SETTINGS, 0, 0, &setting);
        frames
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.0.write_all(&frame).unwrap();
    }

    /// Asks for `path` with a token; the whole request is one frame.
    fn get(&mut self, stream: u32, path: &str, secret: &str) {
        // `:method GET`, `:scheme http`, then `:path`, `:authority` and `authorization` spelt out.
        let mut block = vec![0x82, 0x86];
        let authorization = format!("Bearer {secret}");
        for (index, value) in [(&[4][..], path), (&[1], "desk"), (&[0x0f, 8], &authorization)] {
            block.extend(index);
            block.push(u8::try_from(value.len()).unwrap());
            block.extend(value.as_bytes());
        }
        // END_STREAM and END_HEADERS.
        self.send(HEADERS, 0x5, stream, &block);
    }

    /// The next frame's kind and payload; `None` when the server has closed.
    fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[3], payload))
    }

    #[track_caller]
    fn until(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let (found, payload) = self.next().unwrap_or_else(|| panic!("closed before a {kind}"));
            if found == kind {
                return payload;
            }
        }
    }
}

#[test]
fn one_connection_serves_request_after_request() {
    let edge = Edge::start(&[]);
    let secret = edge.secret.clone();
    let mut frames = Frames::begin(&edge, 65_535);
    for stream in [1, 3, 5, 7] {
        frames.get(stream, "/odata/Tickets", &secret);
        // `:status 200` from the table of fixed headers.
        assert_eq!(frames.until(HEADERS)[0], 0x88);
        assert!(String::from_utf8(frames.until(DATA)).unwrap().contains("http://desk/odata/"));
    }
}

#[test]
fn more_requests_at_once_than_announced_are_refused_and_harm_no_other() {
    let edge = Edge::start(&[("TESSERA_STREAMS_MAX", "2")]);
    let secret = edge.secret.clone();
    // Answers that nobody lets through keep their streams open.
    let mut frames = Frames::begin(&edge, 0);
    for stream in [1, 3, 5] {
        frames.get(stream, "/odata/Tickets", &secret);
    }
    // REFUSED_STREAM.
    assert_eq!(frames.until(RST_STREAM), 7_u32.to_be_bytes());
    // CANCEL makes room for another.
    frames.send(RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    frames.get(7, "/healthz", &secret);
    while frames.until(HEADERS)[0] != 0x88 {}
}

#[test]
fn the_limits_of_a_connection_are_announced() {
    let edge = Edge::start(&[
        ("TESSERA_STREAMS_MAX", "7"),
        ("TESSERA_STREAM_WINDOW_BYTES", "20000"),
        ("TESSERA_HEAD_BYTES_MAX", "16384"),
    ]);
    let settings = Frames::begin(&edge, 65_535).until(SETTINGS);
    let value = |id: u16| {
        let all = settings.chunks_exact(6);
        let mut found = all.filter(|setting| setting[..2] == id.to_be_bytes());
        found.next().map(|setting| u32::from_be_bytes(setting[2..].try_into().unwrap()))
    };
    // MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE.
    assert_eq!((value(3), value(4), value(6)), (Some(7), Some(20_000), Some(16_384)));
}

#[test]
fn a_client_is_asked_whether_it_is_there() {
    let edge = Edge::start(&[("TESSERA_PING_EVERY_SECS", "1")]);
    let mut frames = Frames::begin(&edge, 65_535);
    for _ in 0..2 {
        let asked = frames.until(PING);
        frames.send(PING, ACK, 0, &asked);
    }
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_loses_the_connection() {
    let edge = Edge::start(&[("TESSERA_WRITE_TIMEOUT_SECS", "1")]);
    let secret = edge.secret.clone();
    let mut frames = Frames::begin(&edge, 0);
    frames.get(1, "/odata/$metadata", &secret);
    frames.until(HEADERS);
    // The socket is read to its end, and still nothing of the body was let through.
    while let Some((kind, payload)) = frames.next() {
        assert!(kind != DATA || payload.is_empty());
    }
    let log = edge.server.stop();
    assert!(log.contains("it took too long over accepting an answer"), "{log}");
}

/// Before, it counted as idle: a newcomer took its place, and the client lost the end of the answer.
#[test]
fn a_client_that_holds_up_the_end_of_its_answer_keeps_its_place_until_it_is_late() {
    let settings = [("TESSERA_CONNECTIONS_MAX", "1"), ("TESSERA_WRITE_TIMEOUT_SECS", "2")];
    let edge = Edge::start(&settings);
    let secret = edge.secret.clone();
    let mut frames = Frames::begin(&edge, 20);
    frames.get(1, "/odata/Tickets", &secret);
    assert_eq!(frames.until(DATA).len(), 20);
    assert!(edge.curl(&["-i"], &["/healthz"]).starts_with("HTTP/2 200"));
    edge.until_logged("it took too long over accepting an answer");
    frames.until(GO_AWAY);
}

#[test]
fn the_end_of_an_answer_arrives_once_it_is_let_through_although_others_wait() {
    let edge = Edge::start(&[("TESSERA_CONNECTIONS_MAX", "1")]);
    let secret = edge.secret.clone();
    let mut frames = Frames::begin(&edge, 20);
    frames.get(1, "/odata/Tickets", &secret);
    let mut answer = frames.until(DATA);
    let mut newcomer = edge.server.connect();
    newcomer.write_all(b"GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n").unwrap();
    frames.send(WINDOW_UPDATE, 0, 1, &60_000_u32.to_be_bytes());
    while !answer.ends_with(b"}") {
        answer.extend(frames.until(DATA));
    }
    frames.until(GO_AWAY);
    assert!(newcomer.read(&mut [0; 64]).unwrap() > 0);
}

#[test]
fn a_connection_may_be_idle_for_its_time_and_is_told_that_it_ends() {
    let edge = Edge::start(&[("TESSERA_IDLE_TIMEOUT_SECS", "1")]);
    let secret = edge.secret.clone();
    let mut frames = Frames::begin(&edge, 65_535);
    frames.get(1, "/odata/Tickets", &secret);
    frames.until(DATA);
    frames.until(GO_AWAY);
    while frames.next().is_some() {}
}

#[test]
fn an_idle_connection_makes_room_and_is_told_so() {
    let edge = Edge::start(&[("TESSERA_CONNECTIONS_MAX", "1")]);
    let secret = edge.secret.clone();
    let mut frames = Frames::begin(&edge, 65_535);
    frames.get(1, "/odata/Tickets", &secret);
    frames.until(DATA);
    assert!(edge.curl(&["-i"], &["/healthz"]).starts_with("HTTP/2 200"));
    frames.until(GO_AWAY);
    while frames.next().is_some() {}
}

#[test]
fn connections_are_told_that_the_server_ends() {
    let edge = Edge::start(&[("TESSERA_DRAIN_SECS", "2")]);
    let mut frames = Frames::begin(&edge, 65_535);
    frames.until(SETTINGS);
    let started = Instant::now();
    edge.server.stop();
    assert!(started.elapsed() < Duration::from_mins(1));
    frames.until(GO_AWAY);
}
