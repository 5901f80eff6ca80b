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

/// Whether a request is being answered beside the one that asks for this figure.
#[cfg(unix)]
fn is_busy(server: &Server) -> bool {
    let page = server.client("").get("/metrics").expect(200).body;
    let figure =
        page.lines().find_map(|line| line.strip_prefix("tessera_http_requests_in_flight "));
    figure.unwrap().parse::<f64>().unwrap() > 1.5
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
    let server = Server::start_with(dir.path(), &["--demo", "--metrics-open"], &settings);
    let client = server.client(&demo_token(dir.path()));
    assert!(!is_busy(&server));
    let asking = std::thread::spawn(move || client.send("GET", &endless(), &[], None));
    let begun = Instant::now();
    while !is_busy(&server) {
        assert!(!asking.is_finished() && begun.elapsed().as_secs() < 30, "no query runs");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    // It is still at it: what counts is a query in the middle of its work.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(is_busy(&server));
    let started = Instant::now();
    server.stop();
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    let answered = asking.join().unwrap();
    assert!(answered.is_err(), "the query was answered: {answered:?}");
}
