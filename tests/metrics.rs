//! `/metrics` of the running product: who may read it, and that it tells what happened.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::collections::BTreeMap;

use serde_json::json;
use support::{run, server::Server, token};

/// Every sample of a page: its name with labels, and its value.
#[track_caller]
fn samples(page: &str) -> BTreeMap<String, f64> {
    let mut declared = Vec::new();
    let mut samples = BTreeMap::new();
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            declared.push(name.to_owned());
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            let is_declared = |known: &String| {
                let rest = bare.strip_prefix(known.as_str());
                rest.is_some_and(|rest| ["", "_sum", "_count", "_bucket"].contains(&rest))
            };
            assert!(declared.iter().any(is_declared), "{line}");
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line}");
        }
    }
    samples
}

#[track_caller]
fn check(samples: &BTreeMap<String, f64>, name: &str, want: f64) {
    let got = samples.get(name).unwrap_or_else(|| panic!("no {name} in {samples:#?}"));
    assert!((got - want).abs() < 1e-9, "{name} is {got}, not {want}");
}

#[test]
fn the_figures_tell_what_happened() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, other) = (token(dir.path()), weak_token(dir.path()));
    let server = Server::start(dir.path());
    let client = server.client(&secret);
    let before = samples(&client.get("/metrics").expect(200).body);
    for n in 0..3 {
        client.post("/odata/Tickets", &json!({"Title": format!("t{n}")})).expect(201);
    }
    client.get("/odata/Tickets").expect(200);
    client.get("/odata/Tickets(99)").expect(404);
    client.get("/nowhere").expect(404);
    server.client("").get("/odata/Tickets").expect(401);
    server.client("tsr_ro_nobody").get("/odata/Tickets").expect(401);
    check(&before, "tessera_tokens_used", 1.0);
    check(&samples(&client.get("/metrics").body), "tessera_tokens_used", 1.0);
    server.client(&other).get("/odata/Tickets").expect(200);
    let answer = client.get("/metrics").expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let after = samples(&answer.body);

    let requests = "tessera_http_requests_total";
    check(&after, &format!(r#"{requests}{{surface="odata",method="POST",status="2xx"}}"#), 3.0);
    check(&after, &format!(r#"{requests}{{surface="odata",method="GET",status="2xx"}}"#), 2.0);
    check(&after, &format!(r#"{requests}{{surface="odata",method="GET",status="4xx"}}"#), 3.0);
    check(&after, &format!(r#"{requests}{{surface="unknown",method="GET",status="4xx"}}"#), 1.0);
    check(&after, &format!(r#"{requests}{{surface="metrics",method="GET",status="2xx"}}"#), 2.0);
    check(&after, r#"tessera_http_request_duration_seconds_count{surface="odata"}"#, 8.0);
    check(&after, "tessera_http_requests_in_flight", 1.0);
    check(&after, r#"tessera_http_refusals_total{code="NotFound"}"#, 1.0);
    check(&after, r#"tessera_http_refusals_total{code="UnknownResource"}"#, 1.0);
    check(&after, r#"tessera_authentications_total{outcome="missing"}"#, 1.0);
    check(&after, r#"tessera_authentications_total{outcome="unknown"}"#, 1.0);
    // Every request with a token but the one nobody answers, the pages before and not the page at hand.
    check(&after, r#"tessera_authentications_total{outcome="ok"}"#, 8.0);
    check(&after, "tessera_tokens_active", 2.0);
    check(&after, "tessera_tokens_used", 2.0);
    check(&after, "tessera_queue_capacity", 4096.0);
    check(&after, "tessera_queue_length", 0.0);
    check(&after, r#"tessera_build_info{version="0.1.0"}"#, 1.0);
    let grew = |name: &str| after[name] - before[name];
    assert!((grew("tessera_transactions_total") - 3.0).abs() < 1e-9);
    assert!((grew("tessera_sequence_committed") - 3.0).abs() < 1e-9);
    assert!((grew("tessera_journal_sync_duration_seconds_count") - 3.0).abs() < 1e-9);
    assert!(after["tessera_connections"] >= 1.0 && after["tessera_connections_total"] >= 3.0);
    for name in ["tessera_disk_free_bytes", "tessera_journal_bytes", "process_start_time_seconds"] {
        assert!(after[name] > 0.0, "{name}");
    }
    assert!(!answer.body.contains("tsr_") && !answer.body.contains("t1"), "{}", answer.body);
}

#[test]
fn the_figures_are_for_those_who_may_read_settings() {
    let dir = tempfile::tempdir().unwrap();
    let (all, agent) = (token(dir.path()), weak_token(dir.path()));
    let server = Server::start(dir.path());
    assert_eq!(server.client("").get("/metrics").expect(401).code(), "Unauthenticated");
    assert_eq!(server.client(&agent).get("/metrics").expect(403).code(), "InsufficientScope");
    assert_eq!(
        server.client(&all).post("/metrics", &json!({})).expect(405).code(),
        "MethodNotAllowed"
    );
    server.client(&all).get("/metrics").expect(200);
    drop(server);
    let server = Server::start_with(dir.path(), &["--metrics-open"], &[]);
    let answer = server.client("").get("/metrics").expect(200);
    check(&samples(&answer.body), "tessera_tokens_active", 2.0);
}

/// A token that may not read the figures was not named in the log, nor counted as one that works.
#[cfg(unix)]
#[test]
fn a_token_that_is_refused_the_figures_is_known_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (all, agent) = (token(dir.path()), weak_token(dir.path()));
    let server = Server::start(dir.path());
    server.client(&agent).get("/metrics").expect(403);
    let page = server.client(&all).get("/metrics").expect(200).body;
    check(&samples(&page), r#"tessera_authentications_total{outcome="ok"}"#, 1.0);
    let log = server.stop();
    let line = log.lines().find(|line| line.contains("/metrics") && line.contains("403"));
    let line = line.unwrap_or_else(|| panic!("no line of the refusal in {log}"));
    assert!(line.contains(&agent[..12]), "{line}");
}

fn weak_token(dir: &std::path::Path) -> String {
    let args = ["token", "create", "--name", "weak", "--role", "Agent"];
    run(dir, &args).ok().trim_end().to_owned()
}
