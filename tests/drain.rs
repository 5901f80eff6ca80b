//! The end of a server under load: what was acknowledged is kept, what is at hand is finished.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![cfg(unix)]

mod support;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::json;
use support::{client::Client, server::Server, token};

const WRITERS: u64 = 32;

/// Posts tickets until the server is gone; the references of those it was told were made.
fn write(client: &Client, writer: u64, count: &AtomicU64) -> Vec<String> {
    let mut kept = Vec::new();
    for number in 0.. {
        let reference = format!("w{writer}-{number}");
        let ticket = json!({"Title": reference, "ExternalReference": reference});
        match client.send("POST", "/odata/Tickets", &[], Some(&ticket)) {
            // Made, and the ticket in the answer where there was still time to write it.
            Ok(answer) if [201, 204].contains(&answer.status) => kept.push(reference),
            // A server that ends may refuse, in words; it may not fail.
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.body),
            Err(_) => break,
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
    kept
}

/// How the server is told to end while the writers are at it; what they were told is there.
fn ends_under_load(settings: &[(&str, &str)], end: impl FnOnce(Server) + Send) {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let server = Server::start_with(dir.path(), &[], settings);
    let clients: Vec<Client> = (0..WRITERS).map(|_| server.client(&secret)).collect();
    let count = &AtomicU64::new(0);
    let kept: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .zip(&clients)
            .map(|(writer, client)| scope.spawn(move || write(client, writer, count)))
            .collect();
        while count.load(Ordering::Relaxed) < 500 {
            std::thread::yield_now();
        }
        end(server);
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(kept.len() >= 400, "{}", kept.len());
    let server = Server::start(dir.path());
    let there: BTreeSet<String> = server
        .client(&secret)
        .all("/odata/Tickets?$select=ExternalReference")
        .iter()
        .map(|ticket| ticket["ExternalReference"].as_str().unwrap().to_owned())
        .collect();
    for reference in &kept {
        assert!(there.contains(reference), "{reference} was acknowledged and is lost");
    }
    // Every request had its answer, so nothing is there that nobody was told of.
    assert!(there.len() <= kept.len() + usize::try_from(WRITERS).unwrap());
    server.stop();
}

#[test]
fn a_server_that_is_told_to_stop_keeps_what_it_acknowledged() {
    ends_under_load(&[], |server| {
        let log = server.stop();
        assert!(!log.contains("are cut off"), "{log}");
    });
}

#[test]
fn a_server_told_twice_keeps_what_it_acknowledged() {
    ends_under_load(&[], |server| {
        server.signal("TERM");
        server.signal("INT");
        // Where the first signal was enough, the second came too late.
        let (code, log) = server.ended();
        assert!([Some(0), Some(130), Some(143)].contains(&code), "{code:?} {log}");
    });
}

#[test]
fn a_server_without_patience_keeps_what_it_acknowledged() {
    ends_under_load(&[("TESSERA_DRAIN_SECS", "0")], |server| {
        server.stop();
    });
}
