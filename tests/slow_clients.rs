//! Clients that are slow, silent or too many: each is given up at its limit, and none keeps others out.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    edge::Edge,
    server::{PATIENCE, Server},
};

/// Asks whether the server runs, on a connection that stays open.
#[track_caller]
fn ask_on(stream: &mut TcpStream) {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        let mut part = [0; 1024];
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..count]);
    }
}

/// True once the server has closed the connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0; 1024]);
    stream.set_nonblocking(false).unwrap();
    match read {
        Ok(count) => count == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

#[test]
fn a_connection_is_closed_when_nothing_or_half_a_head_comes() {
    let edge = Edge::start(&[
        ("TESSERA_FIRST_BYTE_TIMEOUT_SECS", "1"),
        ("TESSERA_HEADER_TIMEOUT_SECS", "1"),
    ]);
    for said in ["", "G", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nHost:"] {
        let mut stream = edge.server.connect();
        stream.write_all(said.as_bytes()).unwrap();
        let started = Instant::now();
        let _ = stream.read_to_end(&mut Vec::new());
        assert!(started.elapsed() > Duration::from_millis(900), "{said:?}");
    }
    // After a whole request half of the next.
    let mut stream = edge.server.connect();
    ask_on(&mut stream);
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    edge.until_logged("it took too long over sending the head of a request");
}

#[test]
fn a_head_that_comes_byte_by_byte_gets_no_more_time() {
    let edge = Edge::start(&[("TESSERA_HEADER_TIMEOUT_SECS", "1")]);
    let mut stream = edge.server.connect();
    let started = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    while stream.write_all(b"x").is_ok() && !is_closed(&mut stream) {
        assert!(started.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_connection_may_be_idle_for_its_time_and_no_longer() {
    let edge = Edge::start(&[
        ("TESSERA_IDLE_TIMEOUT_SECS", "1"),
        ("TESSERA_FIRST_BYTE_TIMEOUT_SECS", "3600"),
        ("TESSERA_HEADER_TIMEOUT_SECS", "3600"),
    ]);
    let mut stream = edge.server.connect();
    for _ in 0..3 {
        ask_on(&mut stream);
    }
    let started = Instant::now();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    assert!(started.elapsed() > Duration::from_millis(900));
    edge.until_logged("it took too long over sending another request");
}

/// A server whose answer to [`LARGE`] is ten megabytes.
fn with_large_answer(settings: &[(&str, &str)]) -> Edge {
    let edge = Edge::start(settings);
    let client = edge.server.client(&edge.secret);
    for _ in 0..12 {
        let ticket = json!({"Title": "large", "Description": "x".repeat(900_000)});
        client.post("/odata/Tickets", &ticket).expect(201);
    }
    edge
}

const LARGE: &str = "/odata/Tickets?$select=Description";

#[test]
fn a_client_that_stops_reading_loses_its_answer_and_its_connection() {
    let edge = with_large_answer(&[("TESSERA_WRITE_TIMEOUT_SECS", "1")]);
    let mut stream = edge.server.connect();
    let secret = &edge.secret;
    let request =
        format!("GET {LARGE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {secret}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    edge.until_logged("it took too long over accepting an answer");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.len() < 10_000_000, "{}", answer.len());
    // One that reads gets all of it.
    assert!(edge.server.client(secret).get(LARGE).expect(200).body.len() > 10_000_000);
}

/// With `TESSERA_EDGE_CONNECTIONS=12000` and `--nocapture` it tells the figures of docs/operations.md.
#[test]
fn idle_connections_make_room_for_a_new_request() {
    let all = usize::try_from(support::number_from("TESSERA_EDGE_CONNECTIONS", 1200)).unwrap();
    let (max, half) = (all * 5 / 6, all / 2);
    support::descriptors(all as u64 + 500);
    let edge = Edge::start(&[
        ("TESSERA_CONNECTIONS_MAX", &max.to_string()),
        ("TESSERA_FIRST_BYTE_TIMEOUT_SECS", "3600"),
        ("TESSERA_IDLE_TIMEOUT_SECS", "3600"),
    ]);
    let before = edge.server.resident();
    let mut idle: Vec<TcpStream> = (0..all).map(|_| edge.server.connect()).collect();
    // Every second one has been used, so that both kinds of idleness are there.
    for stream in idle.iter_mut().skip(half).step_by(2) {
        ask_on(stream);
    }
    let started = Instant::now();
    ask_on(&mut edge.server.connect());
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    let grown = edge.server.resident().saturating_sub(before) / max as u64;
    eprintln!(
        "{max} of {all} idle connections open, {grown} bytes each; a new request took {took:?}"
    );
    // Those idle for longest went, and no more of them than had to.
    let closed: Vec<bool> = idle.iter_mut().map(is_closed).collect();
    let count = |closed: &[bool]| closed.iter().filter(|is_closed| **is_closed).count();
    let (gone, needed) = (count(&closed), all - max + 1);
    assert!((needed..needed + 20).contains(&gone), "{gone}");
    assert_eq!(count(&closed[half..]), 0);
    ask_on(&mut idle[all - 1]);
}

#[test]
fn half_sent_requests_make_room_for_a_whole_one() {
    let edge = Edge::start(&[("TESSERA_CONNECTIONS_MAX", "50")]);
    let half: Vec<TcpStream> = (0..80)
        .map(|_| {
            let mut stream = edge.server.connect();
            stream.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
            stream
        })
        .collect();
    ask_on(&mut edge.server.connect());
    drop(half);
}

#[test]
fn a_request_at_hand_is_never_given_up_for_a_new_one() {
    let edge = Edge::start(&[("TESSERA_CONNECTIONS_MAX", "1")]);
    let body = r#"{"Title":"slow"}"#;
    let mut busy = edge.server.connect();
    let head = format!(
        "POST /odata/Tickets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        edge.secret,
        body.len()
    );
    busy.write_all(head.as_bytes()).unwrap();
    // Asked for its body, it is at hand for certain.
    let mut asked = [0; 25];
    busy.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    busy.write_all(&body.as_bytes()[..5]).unwrap();
    let mut new = edge.server.connect();
    new.write_all(b"GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n").unwrap();
    new.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(new.read(&mut [0; 64]).is_err());
    busy.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    new.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(new.read(&mut [0; 64]).unwrap() > 0);
}

#[cfg(unix)]
#[test]
fn a_limit_on_open_files_is_raised_or_pointed_out() {
    let start = |limits: &str| {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("{limits}; exec \"$0\" \"$@\"");
        let child = std::process::Command::new("sh")
            .args([
                "-c",
                &script,
                env!("CARGO_BIN_EXE_tessera"),
                "serve",
                "--listen",
                "127.0.0.1:0",
            ])
            .arg("--data")
            .arg(dir.path())
            .stdin(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        Server::listening(child).unwrap().stop()
    };
    let warning = "the system lets this process open 700 files, fewer than the 1536 that connections_max \
                   1024 may need; raise the limit ('ulimit -n', LimitNOFILE=) or lower connections_max";
    let log = start("ulimit -n 700");
    assert!(log.contains(warning), "{log}");
    let log = start("ulimit -S -n 700");
    assert!(!log.contains("connections_max"), "{log}");
}
