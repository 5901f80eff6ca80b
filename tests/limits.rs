//! How many requests a token may send, as a client sees it: what is let through, what is told, and when to come back.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    client::{Answer, Client},
    make_data, run,
    server::{PATIENCE, Server},
    token,
};
use tessera::http::routes::{self, Door};

/// What the settings are where nobody sets them.
const DEFAULTS: [(&str, &str); 6] = [
    ("TESSERA_RATE_ADMIN_PER_MINUTE", "2000"),
    ("TESSERA_RATE_SERVICE_PER_MINUTE", "2000"),
    ("TESSERA_RATE_OTHER_PER_MINUTE", "200"),
    ("TESSERA_RATE_SESSION_PER_MINUTE", "600"),
    ("TESSERA_RATE_BURST", "100"),
    ("TESSERA_CONCURRENT_PER_TOKEN", "16"),
];

/// So slow that nothing comes back during a test, and three at once.
const THREE: [(&str, &str); 3] = [
    ("TESSERA_RATE_ADMIN_PER_MINUTE", "1"),
    ("TESSERA_RATE_OTHER_PER_MINUTE", "1"),
    ("TESSERA_RATE_BURST", "3"),
];

/// A token that is not an administrator's.
#[track_caller]
fn weak(dir: &Path, more: &[&str]) -> String {
    make_data(dir, &[]);
    let create = ["token", "create", "--name", "weak", "--role"];
    run(dir, &[&create, more].concat()).ok().trim().to_owned()
}

#[track_caller]
fn server(dir: &Path, settings: &[(&str, &str)]) -> Server {
    Server::start_with(dir, &[], settings)
}

/// What the answer says is left, after checking how it says so.
#[track_caller]
fn left(answer: &Answer, per_minute: u64) -> u64 {
    let policy = format!("\"default\";q={per_minute};w=60");
    assert_eq!(answer.header("ratelimit-policy"), policy);
    let limit = answer.header("ratelimit").strip_prefix("\"default\";r=").unwrap();
    let (left, secs) = limit.split_once(";t=").unwrap();
    assert!(secs.parse::<u64>().is_ok(), "{limit}");
    left.parse().unwrap()
}

#[track_caller]
fn refused(answer: &Answer) -> u64 {
    assert_eq!((answer.status, answer.code().as_str()), (429, "TooManyRequests"));
    answer.header("retry-after").parse().unwrap()
}

#[test]
fn each_kind_of_token_has_its_rate_and_is_told_what_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let admin = token(dir.path());
    let ro = weak(dir.path(), &["ReadOnlyAgent"]);
    let custom = weak(dir.path(), &["Administrator", "--scopes", "tickets:read"]);
    let server = server(dir.path(), &DEFAULTS);
    for (secret, per_minute) in [(admin, 2000), (ro, 200), (custom, 200)] {
        let client = server.client(&secret);
        let first = client.get("/odata/Tickets").expect(200);
        assert_eq!(first.header("ratelimit"), "\"default\";r=99;t=1");
        assert!((97..=99).contains(&left(&client.get("/odata/Me()").expect(200), per_minute)));
    }
}

#[test]
fn who_waits_as_long_as_told_is_let_through() {
    let dir = tempfile::tempdir().unwrap();
    let secret = weak(dir.path(), &["Agent"]);
    let settings = [("TESSERA_RATE_OTHER_PER_MINUTE", "60"), ("TESSERA_RATE_BURST", "3")];
    let server = server(dir.path(), &settings);
    let client = server.client(&secret);
    let (started, mut through) = (Instant::now(), 0);
    let last = loop {
        let answer = client.post("/odata/Tickets", &json!({"Title": "t"}));
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.status, 201, "{}", answer.body);
        through += 1;
    };
    let secs = refused(&last);
    assert_eq!((left(&last, 60), secs), (0, 1));
    assert!(through <= 3 + started.elapsed().as_secs() + 1, "{through}");
    std::thread::sleep(Duration::from_secs(secs));
    client.get("/odata/Tickets").expect(200);
    // What was refused had no effect.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(client.count("/odata/Tickets/$count"), through);
}

#[test]
fn every_answer_to_a_known_caller_counts_and_tells_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let settings = [("TESSERA_RATE_ADMIN_PER_MINUTE", "1"), ("TESSERA_RATE_BURST", "50")];
    let server = server(dir.path(), &settings);
    let client = server.client(&secret);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        client.send(method, path, headers, None).unwrap()
    };
    let made = client.post("/odata/Tickets", &json!({"Title": "t"})).expect(201);
    let tag = made.header("etag").to_owned();
    let answers = [
        (made, 201),
        (ask("GET", "/odata/Tickets(1)", &[]), 200),
        (ask("GET", "/odata/Tickets(1)", &[("if-none-match", &tag)]), 304),
        (ask("GET", "/odata/Tickets(1)/Assignee", &[]), 204),
        (ask("HEAD", "/odata/Tickets", &[]), 200),
        (ask("GET", "/odata/", &[]), 200),
        (ask("GET", "/odata/$metadata", &[]), 200),
        (ask("GET", "/odata/Tickets?$filter=x", &[]), 400),
        (ask("GET", "/odata/Tickets(9)", &[]), 404),
        (ask("DELETE", "/odata/Tickets(1)", &[("if-match", "W/\"0\"")]), 412),
        (ask("GET", "/odata/Tickets", &[("accept", "image/png")]), 406),
        (client.post("/odata/Tickets", &json!({"Tite": "t"})), 400),
        (ask("GET", "/api/ticket", &[]), 200),
        (ask("GET", "/metrics", &[]), 200),
    ];
    for (at, (answer, status)) in answers.into_iter().enumerate() {
        assert_eq!(answer.status, status, "{at} {}", answer.body);
        assert_eq!(left(&answer, 1), 49 - at as u64, "{at}");
    }
    for (secret, path, status) in
        [("", "/odata/Tickets", 401), ("tsr_x", "/metrics", 401), (&secret, "/healthz", 200)]
    {
        let answer = server.client(secret).get(path).expect(status);
        assert!(!answer.headers.contains_key("ratelimit"), "{path}");
    }
}

#[test]
fn every_door_leads_to_the_same_count_and_every_token_has_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, other) = (token(dir.path()), token(dir.path()));
    let server = server(dir.path(), &THREE);
    let ask = |door: &str, value: &str| {
        let request = ureq::get(format!("http://{}/odata/Me()", server.address));
        let request = request.config().http_status_as_error(false).build();
        let answer = request.header(door, value).call().unwrap();
        let limit = answer.headers()["ratelimit"].to_str().unwrap();
        (answer.status().as_u16(), limit.split_once(";t=").unwrap().0.to_owned())
    };
    let basic = format!("Basic {}", base64(&format!("me:{secret}")));
    let bearer = format!("Bearer {secret}");
    for (door, value, status, left) in [
        ("authorization", &bearer, 200, 2),
        ("x-api-key", &secret, 200, 1),
        ("authorization", &basic, 200, 0),
        ("x-api-key", &secret, 429, 0),
        ("authorization", &basic, 429, 0),
        ("x-api-key", &other, 200, 2),
    ] {
        assert_eq!(ask(door, value), (status, format!("\"default\";r={left}")), "{door}");
    }
    let answer = server.client(&secret).get("/odata/Me()");
    assert!((1..=60).contains(&refused(&answer)), "{answer:?}");
    let page = server.client(&other).get("/metrics").expect(200).body;
    let count = "tessera_http_refusals_total{code=\"TooManyRequests\"} 3";
    assert!(page.contains(count), "{page}");
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}

/// A folder with so many tickets, and a token for them.
fn with_tickets(count: usize) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let (secret, file) = (token(dir.path()), dir.path().join("tickets.jsonl"));
    let mut lines = String::new();
    for id in 1..=count {
        writeln!(lines, r#"{{"Id":{id},"Title":"t{id}"}}"#).unwrap();
    }
    std::fs::write(&file, lines).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    (dir, secret)
}

/// The page at `address` with one ticket, and where the next is.
#[track_caller]
fn page(client: &Client, address: &str) -> (Answer, Option<String>) {
    let prefer = [("prefer", "maxpagesize=1")];
    let answer = client.send("GET", address, &prefer, None).unwrap().expect(200);
    let next = answer.json()["@odata.nextLink"].as_str().map(str::to_owned);
    (answer, next)
}

#[test]
fn a_feed_of_many_pages_is_read_at_once_whatever_the_rate() {
    let (dir, secret) = with_tickets(301);
    let server = server(dir.path(), &THREE);
    let client = server.client(&secret);
    let (first, mut next) = page(&client, "/odata/Tickets?$select=Id&$orderby=Title");
    assert_eq!(left(&first, 1), 2);
    let mut pages = 1;
    while let Some(address) = next {
        let answer;
        (answer, next) = page(&client, &address);
        assert_eq!(left(&answer, 1), 2);
        pages += 1;
    }
    assert_eq!(pages, 301);
}

#[test]
fn a_position_of_another_query_or_altered_is_refused_and_counts() {
    let (dir, secret) = with_tickets(3);
    let settings = [("TESSERA_RATE_ADMIN_PER_MINUTE", "1"), ("TESSERA_RATE_BURST", "20")];
    let server = server(dir.path(), &settings);
    let client = server.client(&secret);
    let (_, next) = page(&client, "/odata/Tickets?$select=Id");
    let next = next.unwrap();
    let (_, position) = next.split_once("$skiptoken=").unwrap();
    let mut altered = position.to_owned();
    let last = if altered.pop() == Some('A') { 'B' } else { 'A' };
    altered.push(last);
    for (at, address) in [
        "/odata/Tickets?$select=Id&$skiptoken=abc".to_owned(),
        format!("/odata/Tickets?$select=Id&$skiptoken={altered}"),
        format!("/odata/Tickets?$skiptoken={position}"),
        format!("/odata/Tickets?$select=Id&$orderby=Title&$skiptoken={position}"),
        format!("/odata/Customers?$select=Id&$skiptoken={position}"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = client.get(&address).expect(400);
        assert_eq!(answer.code(), "InvalidQueryOption", "{address}");
        assert_eq!(left(&answer, 1), 18 - at as u64, "{address}");
    }
    let answer = client.send("POST", &next, &[], Some(&json!({"Title": "t"}))).unwrap();
    assert_eq!((answer.status, left(&answer, 1)), (400, 13), "{}", answer.body);
    let (answer, _) = page(&client, &next);
    assert_eq!(left(&answer, 1), 13);
}

#[test]
fn a_position_is_good_after_a_restart() {
    let (dir, secret) = with_tickets(3);
    let before = Server::start(dir.path());
    let (_, next) = page(&before.client(&secret), "/odata/Tickets?$select=Id");
    let next = next.unwrap().replace(&before.address, "");
    before.stop();
    let after = Server::start(dir.path());
    let path = next.trim_start_matches("http://");
    let (answer, _) = page(&after.client(&secret), path);
    assert_eq!(answer.json()["value"][0]["Id"], 2, "{}", answer.body);
}

#[test]
fn requests_of_one_token_that_run_leave_others_room_and_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, other) = (token(dir.path()), token(dir.path()));
    let settings = [("TESSERA_CONCURRENT_PER_TOKEN", "1"), ("TESSERA_TURN_WAIT_SECS", "0")];
    let server = server(dir.path(), &settings);
    let (client, other) = (server.client(&secret), server.client(&other));
    let mut slow = server.connect();
    let head = format!(
        "POST /odata/Tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\
         Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).unwrap();
    // Asked for its body, it is at hand for certain.
    slow.read_exact(&mut [0; 25]).unwrap();
    let until = |status: u16| {
        let started = Instant::now();
        loop {
            let answer = client.get("/odata/Me()");
            if answer.status == status {
                return answer;
            }
            assert!(started.elapsed() < PATIENCE, "still {}", answer.status);
        }
    };
    assert_eq!(refused(&until(429)), 1);
    assert!(!client.get("/odata/Me()").headers.contains_key("ratelimit"));
    other.get("/odata/Me()").expect(200);
    drop(slow);
    until(200);
}

/// The routes are those the server declares, so that a new one is looked at without anybody writing so.
#[test]
fn every_route_that_asks_who_comes_holds_them_to_their_rate() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let settings = [("TESSERA_RATE_ADMIN_PER_MINUTE", "1"), ("TESSERA_RATE_BURST", "1")];
    let server = server(dir.path(), &settings);
    let client = server.client(&secret);
    client.get("/odata/Me()").expect(200);
    let all = routes::all().unwrap();
    let closed: Vec<_> = all.iter().filter(|route| matches!(route.door, Door::Token(_))).collect();
    assert!(closed.len() > 1_500, "{}", closed.len());
    for route in closed {
        // A stream of events would not end.
        let path = route.path.replace("/events", "/events?for_secs=0");
        let knock = || client.send(route.method, &path, &[], None).unwrap();
        let mut answer = knock();
        if answer.status != 429 {
            // Once a minute one is let through.
            answer = knock();
        }
        assert_eq!(answer.status, 429, "{} {} {}", route.method, route.path, answer.body);
        assert_eq!(left(&answer, 1), 0);
    }
}

#[test]
fn commands_beside_the_server_have_no_limit() {
    let dir = tempfile::tempdir().unwrap();
    make_data(dir.path(), &[]);
    let settings = [("TESSERA_RATE_BURST", "1"), THREE[0], THREE[1]];
    let server = server(dir.path(), &settings);
    for _ in 0..4 {
        run(dir.path(), &["query", "Tickets/$count"]).ok();
    }
    server.stop();
}
