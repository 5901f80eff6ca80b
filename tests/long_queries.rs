//! Queries that would run for hours: they end at their deadline, and do not hold up the server's end.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{fmt::Write as _, path::Path, time::Instant};

use support::{client::encode, server::Server};

/// Goes from customer to tickets and back as often as the nesting allows.
fn endless() -> String {
    let mut filter = "Requester/Tickets/any(v0:".to_owned();
    for depth in 1..12 {
        write!(filter, "v{}/Requester/Tickets/any(v{depth}:", depth - 1).unwrap();
    }
    filter.push_str("v11/Id lt 0");
    filter.push_str(&")".repeat(12));
    format!("/odata/Tickets/$count?$filter={}", encode(&filter))
}

fn demo_token(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("demo-token")).unwrap().trim().to_owned()
}

#[test]
fn a_query_without_end_is_refused_at_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [("TESSERA_QUERY_DEADLINE_SECS", "1"), ("TESSERA_READS_MAX", "1")];
    let server = Server::start_with(dir.path(), &["--demo"], &settings);
    let client = server.client(&demo_token(dir.path()));
    let answer = client.get(&endless()).expect(503);
    assert_eq!(answer.code(), "Overloaded");
    assert!(answer.body.contains("'query_deadline_secs'"), "{}", answer.body);
    assert_eq!(answer.header("retry-after"), "10");
    // Its turn is free again.
    client.get("/odata/Tickets(1)").expect(200);
}

#[cfg(unix)]
#[test]
fn the_server_ends_while_a_query_still_runs() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [("TESSERA_QUERY_DEADLINE_SECS", "55"), ("TESSERA_DRAIN_SECS", "0")];
    let server = Server::start_with(dir.path(), &["--demo"], &settings);
    let client = server.client(&demo_token(dir.path()));
    let asking = std::thread::spawn(move || client.send("GET", &endless(), &[], None).is_err());
    std::thread::sleep(std::time::Duration::from_millis(500));
    let started = Instant::now();
    server.stop();
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    assert!(asking.join().unwrap(), "the query was answered: it is not long enough");
}
