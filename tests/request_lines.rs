//! The line in the log and the figures of a request: told when its answer has ended, with what was really sent.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{run, server::Server, token};

/// A server with tickets whose page is some megabytes, and a token for it.
struct Filled {
    server: Server,
    secret: String,
    _dir: tempfile::TempDir,
}

impl Filled {
    #[track_caller]
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (secret, file) = (token(dir.path()), dir.path().join("tickets.jsonl"));
        let text = "something happened here ".repeat(170);
        let lines = (0..3000)
            .map(|n| json!({"Title": format!("t{n}"), "Description": text}).to_string() + "\n");
        std::fs::write(&file, lines.collect::<String>()).unwrap();
        run(dir.path(), &["import", file.to_str().unwrap()]).ok();
        let settings = [("TESSERA_PAGE_SIZE", "10000"), ("TESSERA_WRITE_TIMEOUT_SECS", "1")];
        let server = Server::start_with(dir.path(), &["--log-format", "json"], &settings);
        Self { server, secret, _dir: dir }
    }

    /// Sends a request on a connection of its own and reads so many bytes of what comes.
    fn ask(&self, request: &str, lines: &str, max: u64) -> Vec<u8> {
        let mut stream = self.server.connect();
        let secret = &self.secret;
        let request = format!(
            "{request} HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {secret}\r\nConnection: close\r\n{lines}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut got = Vec::new();
        stream.take(max).read_to_end(&mut got).unwrap();
        got
    }

    /// The line of the `n`th request, once it is written.
    #[track_caller]
    fn line(&self, n: usize) -> Value {
        let started = Instant::now();
        loop {
            let log = self.server.log();
            let mut lines = log.lines().filter(|line| line.contains(r#""message":"request""#));
            if let Some(line) = lines.nth(n) {
                return serde_json::from_str(line).unwrap();
            }
            assert!(started.elapsed() < Duration::from_mins(1), "no line {n}: {log}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The bytes of the body in an answer in chunks or with a length.
fn body_bytes(answer: &[u8]) -> u64 {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let (head, mut rest) = (String::from_utf8_lossy(&answer[..at]), &answer[at + 4..]);
    if !head.contains("transfer-encoding: chunked") {
        return rest.len() as u64;
    }
    let mut bytes = 0;
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2 + size + 2..];
        bytes += size as u64;
    }
    bytes
}

#[track_caller]
fn check(line: &Value, status: u16, bytes: u64) {
    assert_eq!((&line["status"], &line["bytes"]), (&json!(status), &json!(bytes)), "{line}");
    assert!(line.get("complete").is_none(), "{line}");
}

#[test]
fn a_line_tells_the_bytes_that_were_sent_however_they_were_sent() {
    let filled = Filled::start();
    let gzip = "Accept-Encoding: gzip\r\n";
    for (n, (request, lines)) in [
        ("GET /odata/Tickets", ""),
        ("GET /odata/Tickets", gzip),
        ("GET /odata/Tickets(1)", ""),
        ("GET /odata/Tickets(1)", gzip),
        ("HEAD /odata/Tickets(1)", ""),
        ("DELETE /odata/Tickets(1)", ""),
        ("GET /nowhere", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = filled.ask(request, lines, u64::MAX);
        let status = str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        check(&filled.line(n), status, body_bytes(&answer));
        assert_eq!(body_bytes(&answer) > 10_000_000, n == 0, "{request}");
    }
}

#[test]
fn a_line_tells_of_an_answer_that_was_cut_off() {
    let filled = Filled::start();
    let started = Instant::now();
    drop(filled.ask("GET /odata/Tickets", "", 1000));
    let line = filled.line(0);
    assert_eq!((&line["status"], &line["complete"]), (&json!(200), &json!(false)), "{line}");
    let bytes = line["bytes"].as_u64().unwrap();
    assert!((1..12_000_000).contains(&bytes), "{line}");
    let took = line["duration_ms"].as_f64().unwrap();
    assert!(took <= started.elapsed().as_secs_f64() * 1000.0, "{line}");

    // A client that stops reading is given up after a second; so long its request lasts.
    let mut stuck = filled.server.connect();
    let request = format!(
        "GET /odata/Tickets HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {}\r\n\r\n",
        filled.secret
    );
    stuck.write_all(request.as_bytes()).unwrap();
    let line = filled.line(1);
    assert_eq!(line["complete"], false, "{line}");
    assert!(line["duration_ms"].as_f64().unwrap() >= 1000.0, "{line}");
    drop(stuck);
}
