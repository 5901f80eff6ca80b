//! `/events`: what changes is told at once, to who may read it, without loss and without repeats.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{
    client::Client,
    minted::{mint, rotate},
    people::{self, PASSWORD},
    run,
    server::{PATIENCE, Server},
    token,
};

/// Tickets made at once: with all that comes along, few enough to be told one by one.
const AWAY: usize = 15;

/// An event as it came.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    name: String,
    id: Option<u64>,
    data: Value,
}

/// An open stream, read event by event.
struct Stream {
    lines: BufReader<TcpStream>,
    last_id: Option<u64>,
}

impl Stream {
    /// Opens one; `headers` hold the credentials.
    #[track_caller]
    fn open(server: &Server, address: &str, headers: &[&str]) -> Self {
        let mut socket = server.connect();
        let headers = headers.join("\r\n");
        write!(socket, "GET {address} HTTP/1.1\r\nHost: desk\r\n{headers}\r\n\r\n").unwrap();
        let mut lines = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let lower = head.to_lowercase();
        for part in ["content-type: text/event-stream", "cache-control: no-store"] {
            assert!(lower.contains(part), "{head}");
        }
        let mut stream = Self { lines, last_id: None };
        // What comes first tells that it is open, and where it begins.
        stream.block().unwrap();
        stream
    }

    fn bearer(server: &Server, address: &str, token: &str) -> Self {
        Self::open(server, address, &[&format!("Authorization: Bearer {token}")])
    }

    /// The lines up to an empty one; none at the end of the stream. Sizes of HTTP's chunks are left out.
    fn block(&mut self) -> Option<Vec<String>> {
        let mut block = Vec::new();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.ends_with("\r\n") {
                if line == "0\r\n" {
                    return None;
                }
                continue;
            }
            let line = line.trim_end().to_owned();
            if let Some(id) = line.strip_prefix("id: ") {
                self.last_id = Some(id.parse().unwrap());
            }
            if line.is_empty() {
                return Some(block);
            }
            block.push(line);
        }
    }

    /// The next event; none at the end of the stream.
    fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block()?;
            let field = |name: &str| block.iter().find_map(|line| line.strip_prefix(name));
            let Some(data) = field("data: ") else { continue };
            let id = field("id: ").map(|id| id.parse().unwrap());
            let name = field("event: ").unwrap().to_owned();
            return Some(Event { name, id, data: serde_json::from_str(data).unwrap() });
        }
    }

    /// Reads until something happened to an entity of that set.
    #[track_caller]
    fn until(&mut self, set: &str, kind: &str) -> Value {
        self.until_it(|it| it["EntitySet"] == set && it["Kind"] == kind)
    }

    /// Reads until something happened that is meant.
    #[track_caller]
    fn until_it(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let event = self.next().expect("the stream goes on");
            assert_eq!(event.name, "change", "{event:?}");
            let all = event.data["Changes"].as_array().unwrap();
            if let Some(found) = all.iter().find(|it| is_meant(it)) {
                return found.clone();
            }
            assert!(began.elapsed() < PATIENCE, "nothing of the kind happened");
        }
    }

    /// The sets of everything up to the end.
    fn sets(mut self) -> Vec<String> {
        let mut sets = Vec::new();
        while let Some(event) = self.next() {
            for change in event.data["Changes"].as_array().unwrap() {
                sets.push(change["EntitySet"].as_str().unwrap().to_owned());
            }
        }
        sets.sort();
        sets.dedup();
        sets
    }
}

fn desk() -> (tempfile::TempDir, Server, Client) {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&all);
    (dir, server, client)
}

fn create(dir: &Path, role: &str) -> String {
    run(dir, &["token", "create", "--name", role, "--role", role]).ok().trim().to_owned()
}

#[track_caller]
fn ticket(client: &Client, title: &str) -> i64 {
    let created = client.post("/odata/Tickets", &json!({"Title": title})).expect(201);
    created.json()["Id"].as_i64().unwrap()
}

#[test]
fn a_change_is_told_within_a_second_with_what_became_of_what() {
    let (_dir, server, client) = desk();
    let mut stream = Stream::bearer(&server, "/events", client.token());
    let began = Instant::now();
    let id = ticket(&client, "one");
    assert_eq!(
        stream.until("Tickets", "Created"),
        json!({"EntitySet": "Tickets", "Id": id, "Kind": "Created"})
    );
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    client.patch(&format!("/odata/Tickets({id})"), &json!({"Title": "two"})).expect(200);
    assert_eq!(stream.until("Tickets", "Changed")["Id"], id);
    client.post(&format!("/odata/Tickets({id})/Tessera.Reply"), &json!({"Body": "a"}));
    assert_eq!(stream.until("Comments", "Created")["TicketId"], id);
    client.delete(&format!("/odata/Tickets({id})")).expect(204);
    assert_eq!(stream.until("Tickets", "Deleted")["Id"], id);
}

#[test]
fn a_stream_that_broke_off_goes_on_without_loss_and_without_repeats() {
    let (_dir, server, client) = desk();
    let mut first = Stream::bearer(&server, "/events", client.token());
    let mut told = Vec::new();
    let mut want = Vec::new();
    for round in 0..3 {
        for n in 0..AWAY {
            want.push(ticket(&client, &format!("{round} {n}")));
        }
        told.push(first.until("Tickets", "Created")["Id"].as_i64().unwrap());
        let last = first.last_id.unwrap();
        drop(first);
        for n in 0..AWAY {
            want.push(ticket(&client, &format!("{round} away {n}")));
        }
        // Once by the header, as browsers come back, and once by the option.
        let address = format!("/events?after={last}&for_secs=0");
        let mut again = Stream::bearer(&server, &address, client.token());
        told.clear();
        let mut ids = Vec::new();
        while let Some(event) = again.next() {
            ids.push(event.id.unwrap());
            told.extend(created(&event));
        }
        assert!(ids.is_sorted() && ids.first().is_none_or(|id| *id > last), "{ids:?} after {last}");
        assert_eq!(told, want[want.len() - told.len()..], "what came is the end of what happened");
        assert!(told.len() >= AWAY, "{}", told.len());
        let header = format!("Last-Event-ID: {}", ids.last().unwrap());
        let bearer = format!("Authorization: Bearer {}", client.token());
        first = Stream::open(&server, "/events", &[&bearer, &header]);
    }
}

/// The tickets that an event says were made.
fn created(event: &Event) -> Vec<i64> {
    let all = event.data["Changes"].as_array().unwrap();
    let made = all.iter().filter(|it| it["EntitySet"] == "Tickets" && it["Kind"] == "Created");
    made.map(|it| it["Id"].as_i64().unwrap()).collect()
}

#[test]
fn a_stream_goes_on_after_a_restart_and_begins_anew_where_too_much_was_missed() {
    let (dir, server, client) = desk();
    let token = client.token().to_owned();
    ticket(&client, "before");
    let last = Stream::bearer(&server, "/events", &token).last_id.unwrap();
    ticket(&client, "meanwhile");
    server.stop();
    let server = Server::start(dir.path());
    let after = |last: u64| {
        let address = format!("/events?after={last}&for_secs=0");
        Stream::bearer(&server, &address, &token).next().unwrap()
    };
    assert_eq!(created(&after(last)).len(), 1);
    // A number of other data, or of a backup that was replaced since.
    let reset = after(last + 1_000_000);
    assert_eq!((reset.name.as_str(), reset.data), ("reset", json!({})));
    assert!(reset.id.unwrap() >= last);
}

#[test]
fn only_what_one_may_read_is_told() {
    let (dir, server, client) = desk();
    let start = Stream::bearer(&server, "/events", client.token()).last_id.unwrap();
    let id = ticket(&client, "one");
    let address = format!("/odata/Tickets({id})");
    client.post(&format!("{address}/Tessera.AddNote"), &json!({"Body": "secret"})).expect(200);
    mint(&client, &json!({"Name": "t", "Role": "Agent"}));
    let view = json!({"Name": "v", "EntitySet": "Tickets", "Query": "", "IsShared": false});
    client.post("/odata/SavedViews", &view);
    let address = format!("/events?after={start}&for_secs=0");
    let sets = |secret: &str| Stream::bearer(&server, &address, secret).sets();
    let all = sets(client.token());
    for set in ["AccessTokens", "AuditEvents", "Comments", "TicketHistory", "Tickets"] {
        assert!(all.contains(&set.to_owned()), "{all:?}");
    }
    let few = sets(&create(dir.path(), "ReadOnlyAgent"));
    assert_eq!(few, ["TicketHistory", "Tickets"]);
    // Comments may be read, but not that one.
    let args = ["token", "create", "--name", "c", "--role", "Agent", "--scopes"];
    let scopes = run(dir.path(), &[&args[..], &["tickets:read,comments:read"]].concat()).ok();
    assert_eq!(sets(scopes.trim()), ["TicketHistory", "Tickets"]);
    let none = run(dir.path(), &[&args[..], &["teams:read"]].concat()).ok();
    assert_eq!(sets(none.trim()), Vec::<String>::new());
}

#[test]
fn rights_are_looked_at_again_and_whoever_has_none_any_more_hears_why() {
    let (dir, server, client) = desk();
    let cookie = people::somebody(&server, dir.path(), "Bob", "Agent");
    let header = format!("Cookie: {cookie}");
    let mut signed_in = Stream::open(&server, "/events", &[&header]);
    ticket(&client, "one");
    signed_in.until("Tickets", "Created");
    server.client("").by(&cookie, "DELETE", "/session", None).expect(204);
    let began = Instant::now();
    let end = last(&mut signed_in);
    assert_eq!((end.name.as_str(), &end.data["Code"]), ("end", &json!("SessionEnded")));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());

    let minted = mint(&client, &json!({"Name": "t", "Role": "Agent"}));
    let mut by_token = Stream::bearer(&server, "/events", &minted.secret);
    client.post(&format!("/odata/AccessTokens({})/Tessera.Revoke", minted.id), &json!({}));
    assert_eq!(last(&mut by_token).data["Code"], "TokenRevoked");

    // Rights that become less end nothing: from then on less is told.
    let again = people::sign_in(&server, "Bob");
    let mut stream = Stream::open(&server, "/events", &[&format!("Cookie: {again}")]);
    let bob = client.get("/odata/Users?$filter=Name%20eq%20'Bob'").expect(200).json();
    let bob = format!("/odata/Users({})", bob["value"][0]["Id"]);
    client.patch(&bob, &json!({"Role": "ReadOnlyAgent"})).expect(200);
    let id = ticket(&client, "two");
    client.post(&format!("/odata/Tickets({id})/Tessera.Reply"), &json!({"Body": "a"}));
    ticket(&client, "three");
    let mut seen = Vec::new();
    while seen.iter().filter(|set| *set == "Tickets").count() < 2 {
        let event = stream.next().unwrap();
        for change in event.data["Changes"].as_array().unwrap() {
            seen.push(change["EntitySet"].as_str().unwrap().to_owned());
        }
    }
    assert!(!seen.contains(&"Comments".to_owned()), "{seen:?}");
}

/// The last event before the stream ends.
#[track_caller]
fn last(stream: &mut Stream) -> Event {
    let mut last = None;
    while let Some(event) = stream.next() {
        last = Some(event);
    }
    last.unwrap()
}

#[test]
fn the_first_use_and_the_first_denial_of_a_token_are_told_at_once() {
    let (_dir, server, client) = desk();
    let minted = mint(&client, &json!({"Name": "t", "Role": "ReadOnlyAgent"}));
    let mut stream = Stream::bearer(&server, "/events", client.token());
    let uses = || {
        let row = client.get(&format!("/odata/AccessTokens({})", minted.id)).expect(200).json();
        (row["UseCount"].as_i64().unwrap(), row["DeniedCount"].as_i64().unwrap())
    };
    let is_it = |it: &Value| it["EntitySet"] == "AccessTokens" && it["Id"] == minted.id;
    let began = Instant::now();
    server.client(&minted.secret).get("/odata/Tickets").expect(200);
    stream.until_it(is_it);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(uses(), (1, 0));
    server.client(&minted.secret).get("/odata/AuditEvents").expect(403);
    stream.until_it(is_it);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(uses(), (2, 1));
}

/// The first use of a new secret was told up to half a minute late where the former was used just before: that alone
/// counted as first.
#[test]
fn the_first_use_of_a_new_secret_is_told_at_once_also_where_the_former_was_just_used() {
    let (_dir, server, client) = desk();
    let first = mint(&client, &json!({"Name": "t", "Role": "ReadOnlyAgent"}));
    let mut stream = Stream::bearer(&server, "/events", client.token());
    let row = || client.get(&format!("/odata/AccessTokens({})", first.id)).expect(200).json();
    let at = |name: &str| row()[name].as_str().map(str::to_owned).unwrap_or_default();
    let is_it = |it: &Value| it["EntitySet"] == "AccessTokens" && it["Id"] == first.id;
    let mut used = |secret: &str| {
        let (began, uses) = (Instant::now(), row()["UseCount"].as_i64());
        server.client(secret).get("/odata/Tickets").expect(200);
        while row()["UseCount"].as_i64() == uses {
            stream.until_it(is_it);
        }
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    };
    used(&first.secret);
    // Used before it was replaced, counted and not written yet.
    server.client(&first.secret).get("/odata/Tickets").expect(200);
    let second = rotate(&client, first.id, &json!({"OverlapHours": 1}));
    used(&second.secret);
    assert!(at("LastUsedDateTime") > at("RotatedDateTime"));
    let third = rotate(&client, first.id, &json!({"OverlapHours": 1}));
    // Used after it was replaced, and that is written.
    used(&second.secret);
    assert_eq!(at("LastUsedDateTime"), at("FormerLastUsedDateTime"));
    used(&third.secret);
    assert!(at("LastUsedDateTime") > at("FormerLastUsedDateTime"));
}

#[test]
fn streams_have_a_limit_each_and_in_all_and_are_no_running_requests() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let settings = [
        ("TESSERA_EVENT_STREAMS_PER_CLIENT", "2"),
        ("TESSERA_EVENT_STREAMS_MAX", "3"),
        ("TESSERA_CONCURRENT_PER_TOKEN", "1"),
    ];
    let server = Server::start_with(dir.path(), &[], &settings);
    let (ann, bob) = (all, create(dir.path(), "Agent"));
    let open = |secret: &str| Stream::bearer(&server, "/events", secret);
    let (first, _second) = (open(&ann), open(&ann));
    server.client(&ann).get("/odata/Tickets").expect(200);
    let refused = server.client(&ann).get("/events").expect(429);
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    let _third = open(&bob);
    server.client(&bob).get("/events").expect(503);
    drop(first);
    let began = Instant::now();
    // The place is free once the server has noticed.
    while server.client(&bob).get("/events?for_secs=0").status != 200 {
        assert!(began.elapsed() < PATIENCE);
    }
}

#[test]
fn a_stream_does_not_hold_up_the_end_of_the_server() {
    let (_dir, server, client) = desk();
    let mut streams: Vec<Stream> =
        (0..4).map(|_| Stream::bearer(&server, "/events", client.token())).collect();
    let began = Instant::now();
    let log = server.stop();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(!log.contains("cut off"), "{log}");
    assert_eq!(streams[0].next(), None);
}

#[test]
fn many_changes_come_as_few_events() {
    let (dir, server, client) = desk();
    let start = Stream::bearer(&server, "/events", client.token()).last_id.unwrap();
    let lines: Vec<String> = (0..600).map(|n| format!("{{\"Title\":\"t{n}\"}}")).collect();
    let file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
    std::fs::write(file.path(), lines.join("\n")).unwrap();
    run(dir.path(), &["import", file.path().to_str().unwrap()]).ok();
    let address = format!("/events?after={start}&for_secs=0");
    let mut stream = Stream::bearer(&server, &address, client.token());
    let (mut count, mut resets) = (0, 0);
    while let Some(event) = stream.next() {
        count += 1;
        resets += usize::from(event.name == "reset");
        if event.name == "reset" {
            assert!(event.data["EntitySets"].as_array().unwrap().contains(&json!("Tickets")));
        }
    }
    assert!(count < 10 && resets > 0, "{count} events, {resets} resets");
}

/// What is read for one who is behind was bounded by transactions, and a transaction may touch a thousand entities.
#[test]
fn who_missed_more_than_is_told_one_by_one_begins_anew() {
    let (dir, server, client) = desk();
    let start = Stream::bearer(&server, "/events", client.token()).last_id.unwrap();
    let lines: Vec<String> = (0..8300).map(|n| format!("{{\"Name\":\"c{n}\"}}")).collect();
    let file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
    std::fs::write(file.path(), lines.join("\n")).unwrap();
    run(dir.path(), &["import", "--set", "Customers", file.path().to_str().unwrap()]).ok();
    let address = format!("/events?after={start}&for_secs=0");
    let event = Stream::bearer(&server, &address, client.token()).next().unwrap();
    assert_eq!((event.name.as_str(), event.data), ("reset", json!({})));
}

#[test]
fn who_is_nobody_and_what_cannot_be_meant_is_refused() {
    let (dir, server, client) = desk();
    server.client("").get("/events").expect(401);
    client.post("/events", &json!({})).expect(405);
    assert_eq!(client.get("/events?for_secs=x").expect(400).code(), "InvalidQueryOption");
    assert_eq!(client.get("/events?sets=x").expect(400).code(), "UnknownQueryOption");
    let bad = client.send("GET", "/events", &[("last-event-id", "x")], None).unwrap();
    assert_eq!(bad.expect(400).code(), "InvalidHeader");
    let cookie = people::somebody(&server, dir.path(), "Bob", "Agent");
    assert!(!PASSWORD.is_empty() && cookie.contains('='));
    let head = server.client("").by(&cookie, "HEAD", "/events", None);
    assert_eq!(head.expect(200).header("content-type"), "text/event-stream");
}
