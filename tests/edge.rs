//! The HTTP edge through a socket: what every answer carries, how much a request may be, who has to
//! wait for whom, and the end of the server.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use support::{run, server::Server};

/// A server over an empty folder, with these settings.
struct Edge {
    server: Server,
    _dir: tempfile::TempDir,
}

impl Edge {
    #[track_caller]
    fn start(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start_with(dir.path(), &[], settings);
        Self { server, _dir: dir }
    }

    fn ask(&self, request: &str) -> String {
        self.server.raw(request)
    }

    fn get(&self, address: &str) -> String {
        self.ask(&format!("GET {address} HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n"))
    }
}

#[track_caller]
fn check(answer: &str, status: u16, contains: &[&str]) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
    for part in contains {
        assert!(answer.contains(part), "{part:?} is not in {answer}");
    }
}

#[test]
fn every_answer_carries_the_security_headers() {
    let edge = Edge::start(&[]);
    let both = ["x-content-type-options: nosniff", "referrer-policy: no-referrer"];
    for (address, status) in
        [("/", 200), ("/ui/style.css", 404), ("/healthz", 200), ("/readyz", 200), ("/no", 404)]
    {
        let answer = edge.get(address);
        check(&answer, status, &both);
        check(&answer, status, &["content-security-policy: default-src 'none'; "]);
        assert!(!answer.contains("odata-version"), "{answer}");
    }
    check(
        &edge.get("/"),
        200,
        &["style-src 'self'", "cache-control: no-cache", "<title>Tessera</title>"],
    );
    let feed = edge.get("/odata");
    assert_eq!(feed.matches("odata-version: 4.0").count(), 1, "{feed}");
    check(&feed, 401, &both);
    check(&feed, 401, &["cache-control: no-store"]);
}

#[test]
fn a_browser_is_held_to_https_where_that_is_the_public_address() {
    let header = "strict-transport-security: max-age=31536000";
    assert!(!Edge::start(&[]).get("/").contains(header));
    let edge = Edge::start(&[("TESSERA_PUBLIC_URL", "https://desk.example.com")]);
    check(&edge.get("/"), 200, &[header]);
}

#[test]
fn errors_have_one_body_and_say_what_to_do_next() {
    let edge = Edge::start(&[]);
    let unknown = r#""message":"there is no resource '/healtz'; did you mean '/healthz'?","target":"/healtz"}"#;
    check(&edge.get("/healtz"), 404, &["content-type: application/json", unknown]);
    let post =
        "POST /healthz HTTP/1.1\r\nHost: desk\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    check(&edge.ask(post), 405, &["allow: GET, HEAD", r#""code":"MethodNotAllowed""#]);
}

#[test]
fn head_is_get_without_the_body() {
    let edge = Edge::start(&[]);
    let answer = edge.ask("HEAD / HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n");
    check(&answer, 200, &["content-type: text/html"]);
    let length = answer.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
    assert!(length.parse::<u64>().unwrap() > 1000, "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn targets_in_every_form_of_http_are_understood() {
    let edge = Edge::start(&[]);
    for (target, status) in [
        ("http://desk/healthz", 200),
        ("HTTP://me@other:99/healthz?x", 200),
        ("http://desk", 200),
        ("http://desk/healtz", 404),
        ("*", 404),
        ("//healthz", 404),
    ] {
        check(&edge.get(target), status, &[]);
    }
    let tunnel = edge.ask("CONNECT desk:80 HTTP/1.1\r\nHost: desk:80\r\nConnection: close\r\n\r\n");
    check(&tunnel, 404, &[r#""code":"UnknownResource""#]);
}

#[test]
fn too_long_is_said_with_a_body_while_it_can_be_understood() {
    let edge = Edge::start(&[("TESSERA_QUERY_BYTES_MAX", "1000")]);
    let query = |len: usize| format!("/odata/Tickets?{}", "a".repeat(len));
    check(&edge.get(&query(1001)), 414, &[r#""code":"UriTooLong""#, "odata-version: 4.0"]);
    let answer = edge.get(&query(1000));
    assert!(!answer.starts_with("HTTP/1.1 414"), "{answer}");
    check(&edge.get(&query(66_000)), 414, &["content-length: 0"]);
    let header = format!("GET / HTTP/1.1\r\nHost: desk\r\nX: {}\r\n\r\n", "a".repeat(140_000));
    check(&edge.ask(&header), 431, &[]);
    check(&edge.ask("GET /odata/T x HTTP/1.1\r\n\r\n"), 400, &[]);
}

#[test]
fn a_network_address_needs_encryption_or_an_explicit_word() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(
        (done.code, done.err.as_str()),
        (
            1,
            "tessera: 0.0.0.0:0 is reachable from other machines and nothing encrypts the traffic; set \
             tls_certificate and tls_key, set public_url to the https address of a proxy before it, or \
             pass --insecure-http\n"
        )
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "it began before it refused");
    let open = tempfile::tempdir().unwrap();
    let child = Server::spawn_on("0.0.0.0:0", open.path(), &["--insecure-http"], &[]);
    Server::listening(child).unwrap().stop();
}

/// Sends a request on a connection that stays open, and reads the answer's beginning.
fn ask_on(stream: &mut std::net::TcpStream) -> String {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: desk\r\n\r\n").unwrap();
    let mut part = [0; 4096];
    let count = stream.read(&mut part).unwrap();
    String::from_utf8_lossy(&part[..count]).into_owned()
}

#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let edge = Edge::start(&[("TESSERA_DRAIN_SECS", "60")]);
    let mut idle = edge.server.connect();
    check(&ask_on(&mut idle), 200, &[]);
    let silent = edge.server.connect();
    let started = Instant::now();
    edge.server.stop();
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(idle.read(&mut [0; 64]).unwrap_or(0), 0);
    drop(silent);
}

#[test]
fn a_request_that_never_ends_is_cut_off_at_the_deadline() {
    let edge = Edge::start(&[("TESSERA_DRAIN_SECS", "1")]);
    let mut stuck = edge.server.connect();
    stuck.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    // One whole exchange on another connection shows that the first was accepted.
    check(&edge.get("/healthz"), 200, &[]);
    let started = Instant::now();
    let log = edge.server.stop();
    assert!(log.contains("requests still running after drain_secs are cut off"), "{log}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_the_server_at_once() {
    let edge = Edge::start(&[("TESSERA_DRAIN_SECS", "3600")]);
    let mut stuck = edge.server.connect();
    stuck.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    check(&edge.get("/healthz"), 200, &[]);
    edge.server.signal("TERM");
    // From here on nobody new is let in.
    while std::net::TcpStream::connect(&edge.server.address).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    edge.server.signal("TERM");
    let (code, log) = edge.server.ended();
    assert_eq!(code, Some(128 + 15), "{log}");
    assert!(log.contains("told to stop a second time: ending at once"), "{log}");
}
