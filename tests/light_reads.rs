//! Light reads beside heavy ones: who asks for one ticket never waits for those who look at all of them.
//!
//! Nothing here is measured; what counts is what was answered before what.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    fmt::Write,
    fs,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use serde_json::json;
use support::{client::Client, run, server::Server, token};

/// Queries that run at once.
const READERS: usize = 4;
/// Heavy ones under way at any time: more wait than there are readers at all.
const HEAVY: usize = 2 * READERS + 2;
/// Rows a light read may look at.
const LIGHT_ROWS: u64 = 1000;
/// More tickets than that, so many that a heavy read takes much longer than a light one on any machine.
const TICKETS: u64 = 6000;
/// Light reads that are counted.
const LIGHT: usize = 40;

/// What looks at every ticket.
const HEAVY_PATHS: [&str; 4] = [
    "/odata/Tickets?$filter=contains(Description,'no%20such%20text')&$top=1",
    "/odata/Tickets?$orderby=concat(tolower(Title),Description)&$top=1&$select=Id",
    "/odata/Tickets?$filter=contains(tolower(Description),'none%20of%20them')&$count=true&$top=1",
    "/odata/Tickets?$search=again&$filter=length(Description)%20lt%203&$top=1",
];
/// What does not.
const LIGHT_PATHS: [&str; 4] = [
    "/odata/Tickets(7)",
    "/odata/Tickets/$count",
    "/odata/Tickets?$top=5&$orderby=CreatedDateTime%20desc&$select=Id",
    "/odata/Tickets(9)?$expand=Requester",
];

fn desk() -> (tempfile::TempDir, Server, Client) {
    let dir = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for at in 1..=TICKETS {
        let description = format!("It is the printer again, for the {at}. time. ").repeat(40);
        let ticket = json!({
            "Id": at, "Title": format!("Printer {at}"), "Description": description,
            "RequesterEmail": "ann@example.com",
        });
        writeln!(lines, "{ticket}").unwrap();
    }
    let file = dir.path().join("tickets.jsonl");
    fs::write(&file, lines).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    let token = token(dir.path());
    let settings = [
        ("TESSERA_READS_MAX", READERS.to_string()),
        ("TESSERA_LIGHT_ROWS_MAX", LIGHT_ROWS.to_string()),
        ("TESSERA_TURN_WAIT_SECS", "55".to_owned()),
        ("TESSERA_QUERY_DEADLINE_SECS", "55".to_owned()),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = Server::start_with(dir.path(), &[], &settings);
    let client = server.client(&token);
    (dir, server, client)
}

/// The rows that a query looks at, as it tells itself.
#[track_caller]
fn weight(client: &Client, path: &str) -> u64 {
    let prefer = [("Prefer", "tessera.explain, wait=50")];
    let told = client.send("GET", path, &prefer, None).unwrap().expect(200);
    let plan = told.header("tessera-plan");
    let rows = plan.split("looks at about ").nth(1).and_then(|rest| rest.split(' ').next());
    rows.unwrap_or_else(|| panic!("{path}: {plan}")).parse().unwrap()
}

/// Requests under way, this one among them.
fn in_flight(client: &Client) -> usize {
    let figures = client.get("/metrics").expect(200).body;
    let line = figures.lines().find(|line| line.starts_with("tessera_http_requests_in_flight "));
    let number = line.unwrap().split(' ').nth(1).unwrap();
    number.split('.').next().unwrap().parse().unwrap()
}

/// Tells the others to stop, also when a test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn light_reads_are_answered_while_heavy_ones_hold_and_wait_for_all_their_turns() {
    let (_dir, _server, client) = desk();
    for path in HEAVY_PATHS {
        let rows = weight(&client, path);
        assert!(rows > LIGHT_ROWS, "{path} looks at {rows} rows");
    }
    assert!(weight(&client, LIGHT_PATHS[2]) <= LIGHT_ROWS);
    let (answered, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut ahead = 0;
    thread::scope(|scope| {
        let over = Over(&is_over);
        for at in 0..HEAVY {
            let (client, answered, is_over) = (client.apart(), &answered, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    client.get(HEAVY_PATHS[at % HEAVY_PATHS.len()]).expect(200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while in_flight(&client) < HEAVY {
            thread::yield_now();
        }
        for at in 0..LIGHT {
            let before = answered.load(Ordering::Relaxed);
            client.get(LIGHT_PATHS[at % LIGHT_PATHS.len()]).expect(200);
            // Behind the heavy ones it would be answered after one of them at the earliest.
            ahead += usize::from(answered.load(Ordering::Relaxed) == before);
        }
        drop(over);
    });
    // Behind them none would be; that some are not is for a machine with more to do than this.
    assert!(ahead * 4 > LIGHT, "{ahead} of {LIGHT} light reads were answered before a heavy one");
    assert!(answered.load(Ordering::Relaxed) >= HEAVY);
}
