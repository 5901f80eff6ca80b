//! Answers that are ready before the request's body was read: none is lost, neither is the next request, and a
//! body that nobody wants costs little.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use support::{server::Server, token};

/// A server over an empty folder, and a token for it.
struct Edge {
    server: Server,
    secret: String,
    _dir: tempfile::TempDir,
}

impl Edge {
    #[track_caller]
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = token(dir.path());
        Self { server: Server::start(dir.path()), secret, _dir: dir }
    }

    /// The head of a request with the token and these further lines.
    fn head(&self, request: &str, lines: &str) -> String {
        let secret = &self.secret;
        format!("{request} HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {secret}\r\n{lines}\r\n")
    }
}

/// The next answer on a connection: its head and, as far as its length goes, its body.
#[track_caller]
fn answer(stream: &mut impl BufRead) -> (String, String) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "it ended after {head:?}");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[track_caller]
fn check(got: &(String, String), status: u16, code: &str, closes: bool) {
    let (head, body) = got;
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {head}");
    assert!(body.contains(&format!(r#""code":"{code}""#)), "{body}");
    assert_eq!(head.contains("connection: close"), closes, "{head}");
}

#[test]
fn requests_after_refused_ones_on_the_same_connection_are_answered() {
    let edge = Edge::start();
    let stream = edge.server.connect();
    // Else each second write would wait for the first to be confirmed.
    stream.set_nodelay(true).unwrap();
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone().unwrap()), stream);
    let read = edge.head("GET /healthz", "");
    for n in 0..500 {
        let length = [1, 30, 5_000, 65_536][n % 4];
        let body = "x".repeat(length);
        let (target, status, code) = match n % 3 {
            0 => ("/healthz", 405, "MethodNotAllowed"),
            1 => ("/nowhere", 404, "UnknownResource"),
            _ => ("/odata/Tickets", 415, "UnsupportedMediaType"),
        };
        let lines = format!("Content-Type: text/css\r\nContent-Length: {length}\r\n");
        let (head, rest) = body.split_at(length / 2);
        let refused = edge.head(&format!("POST {target}"), &lines);
        writer.write_all(format!("{refused}{head}").as_bytes()).unwrap();
        writer.write_all(rest.as_bytes()).unwrap();
        check(&answer(&mut reader), status, code, false);
        writer.write_all(read.as_bytes()).unwrap();
        assert!(answer(&mut reader).0.starts_with("HTTP/1.1 200 "));
    }
}

#[test]
fn a_client_that_keeps_connections_loses_no_request_after_a_refused_one() {
    let edge = Edge::start();
    let (all, none) = (edge.server.client(&edge.secret), edge.server.client(""));
    let (small, large) = (json!({"Title": "t"}), json!({"Title": "x".repeat(300_000)}));
    for n in 0..500 {
        let body = if n % 5 == 0 { &large } else { &small };
        none.send("POST", "/odata/Tickets", &[], Some(body)).unwrap().expect(401);
        none.send("GET", "/healthz", &[], None).unwrap().expect(200);
        if n % 10 == 0 {
            all.post("/nowhere", body).expect(404);
            all.get("/odata/Tickets").expect(200);
        }
    }
}

/// The answers used to be lost now and then: to close a connection with unread input resets it.
#[test]
fn a_client_that_writes_everything_before_it_reads_sees_its_refusal_whole() {
    let edge = Edge::start();
    let body = vec![b'x'; 20 << 20];
    for n in 0..20 {
        let secret = if n % 2 == 0 { "Authorization: x\r\n" } else { "" };
        let head = if secret.is_empty() {
            edge.head(
                "POST /odata/Tickets",
                "Content-Type: application/json\r\nContent-Length: 20971520\r\n",
            )
        } else {
            "POST /odata/Tickets HTTP/1.1\r\nHost: desk\r\nContent-Length: 20971520\r\n\r\n"
                .to_owned()
        };
        let mut stream = edge.server.connect();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let mut whole = Vec::new();
        stream.read_to_end(&mut whole).unwrap();
        let got = answer(&mut &*whole);
        if secret.is_empty() {
            check(&got, 413, "BodyTooLarge", true);
        } else {
            check(&got, 401, "Unauthenticated", true);
        }
    }
}

#[test]
fn a_body_that_turns_out_too_long_is_refused_and_the_refusal_seen() {
    let edge = Edge::start();
    let mut stream = edge.server.connect();
    let lines = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    stream.write_all(edge.head("POST /odata/Tickets", lines).as_bytes()).unwrap();
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
    for _ in 0..8 {
        stream.write_all(chunk.as_bytes()).unwrap();
    }
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).unwrap();
    check(&answer(&mut &*whole), 413, "BodyTooLarge", true);
}

#[test]
fn a_client_that_asks_first_is_refused_without_being_told_to_continue() {
    let edge = Edge::start();
    let ask = |length: usize| {
        format!(
            "POST /odata/Tickets HTTP/1.1\r\nHost: desk\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    for length in [5, 10 << 20] {
        let started = Instant::now();
        let mut stream = edge.server.connect();
        stream.write_all(ask(length).as_bytes()).unwrap();
        check(&answer(&mut BufReader::new(&mut stream)), 401, "Unauthenticated", true);
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
    // Whoever is not refused is told.
    let mut stream = edge.server.connect();
    let lines = "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 13\r\n";
    stream.write_all(edge.head("POST /odata/Tickets", lines).as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(br#"{"Title":"t"}"#).unwrap();
    let (head, _) = answer(&mut BufReader::new(stream));
    assert!(head.starts_with("HTTP/1.1 201 ") && !head.contains("connection: close"), "{head}");
}

#[test]
fn curl_that_asks_first_sends_no_body_to_a_refusal() {
    let edge = Edge::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'x'; 5 << 20]).unwrap();
    let done = Command::new("curl")
        .args(["-sS", "--max-time", "60", "--noproxy", "*", "-H", "Expect: 100-continue"])
        .args(["--expect100-timeout", "30", "-o", "/dev/null"])
        .args(["-w", "%{http_code} %{size_upload}", "--data-binary"])
        .arg(format!("@{}", file.path().display()))
        .arg(format!("http://{}/odata/Tickets", edge.server.address))
        .output();
    let Ok(done) = done else {
        eprintln!("skipped: there is no curl");
        return;
    };
    let err = String::from_utf8_lossy(&done.stderr);
    assert_eq!(String::from_utf8_lossy(&done.stdout), "401 0", "{err}");
}

/// Reads the answer and waits for the end, sending meanwhile; bytes sent and the time it took.
#[track_caller]
fn send_for_ever(mut stream: TcpStream, piece: &[u8], pause: Duration) -> (usize, Duration) {
    let started = Instant::now();
    check(&answer(&mut BufReader::new(stream.try_clone().unwrap())), 401, "Unauthenticated", true);
    let mut sent = 0;
    while started.elapsed() < Duration::from_secs(100) && stream.write_all(piece).is_ok() {
        sent += piece.len();
        std::thread::sleep(pause);
    }
    (sent, started.elapsed())
}

#[test]
fn a_body_that_never_ends_costs_its_limits_and_no_more() {
    let edge = Edge::start();
    let begin = |lines: &str| {
        let mut stream = edge.server.connect();
        let head = format!("POST /odata/Tickets HTTP/1.1\r\nHost: desk\r\n{lines}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(1 << 16));
    let endless = "Transfer-Encoding: chunked\r\n";
    let mut stream = begin(endless);
    stream.write_all(chunk.as_bytes()).unwrap();
    let (sent, _) = send_for_ever(stream, chunk.as_bytes(), Duration::ZERO);
    assert!(((64 << 20)..(100 << 20)).contains(&sent), "{sent} bytes");

    // One that stops in the middle holds up its answer, and then the connection, for as short a time.
    for lines in [endless, "Content-Length: 10\r\n"] {
        let started = Instant::now();
        let mut stream = BufReader::new(begin(lines));
        check(&answer(&mut stream), 401, "Unauthenticated", true);
        let answered = started.elapsed();
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
        assert!(answered < Duration::from_secs(20), "{answered:?}");
        drop(stream);
    }
    edge.server.stop();
}
