//! Changes sent again with their `Idempotency-Key`: done once, and answered the same.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use support::{
    client::{Answer, Client},
    run,
    server::{Server, with_a_ticket as desk},
    token,
};

/// One change: method, path, headers beside the key, body.
type Change = (&'static str, &'static str, &'static [(&'static str, &'static str)], Option<Value>);

fn send(client: &Client, key: &str, (method, path, headers, body): &Change) -> Answer {
    let mut all = vec![("Idempotency-Key", key)];
    all.extend_from_slice(headers);
    // Connections of their own: an answer before the body may end one.
    client.apart().send(method, &format!("/odata/{path}"), &all, body.as_ref()).unwrap()
}

/// Everything of an answer but what a replay adds, the time, and what the connection adds.
fn whole(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "idempotent-replayed"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.body)
}

fn is_replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

/// Each kind of change, in an order in which they all work; what each is answered with.
fn changes() -> Vec<(Change, u16)> {
    const QUIET: &[(&str, &str)] = &[("Prefer", "return=minimal")];
    const LOUD: &[(&str, &str)] = &[("Prefer", "return=representation")];
    let ticket = json!({"Title": "New", "Description": "long \u{fc}", "Comments": [{"Body": "b"}]});
    vec![
        (("POST", "Tickets", &[], Some(ticket.clone())), 201),
        (("POST", "Tickets?$select=Id,Title", QUIET, Some(ticket)), 204),
        (("POST", "Tickets(1)/Comments", &[], Some(json!({"Body": "said"}))), 201),
        (("PATCH", "Tickets(1)", &[], Some(json!({"Title": "Once"}))), 200),
        (("PATCH", "Tickets(1)", QUIET, Some(json!({"Title": "Quiet"}))), 204),
        (("PATCH", "Tickets(1)?$expand=Comments", &[], Some(json!({"Title": "Wide"}))), 200),
        (("PUT", "Tickets(1)/Title", &[], Some(json!({"value": "Put"}))), 204),
        (("PUT", "Tickets(1)/Title", LOUD, Some(json!({"value": "Put"}))), 200),
        (("POST", "Tickets(1)/Tags", LOUD, Some(json!({"value": "b"}))), 200),
        (("DELETE", "Tickets(1)/DueDateTime", &[], None), 204),
        (("POST", "Tickets(1)/Tessera.AddNote", &[], Some(json!({"Body": "noted"}))), 200),
        (("POST", "Tickets(1)/Tessera.Close", LOUD, Some(json!({}))), 200),
        (("DELETE", "Comments(1)", &[], None), 204),
        (("DELETE", "Tickets(2)", &[], None), 204),
    ]
}

/// What there is; entity tags included, so that a change done twice shows.
fn state(client: &Client) -> Vec<Value> {
    let mut all = client.all("/odata/Tickets?$format=json;odata.metadata=full");
    all.extend(client.all("/odata/Comments"));
    all.extend(client.all("/odata/TicketHistory"));
    all.extend(client.all("/odata/DeletedTickets"));
    all
}

#[test]
fn a_change_sent_again_is_answered_the_same_and_not_made_again() {
    let (dir, server, client) = desk();
    let mut first = Vec::new();
    for (at, (change, status)) in changes().iter().enumerate() {
        let answer = send(&client, &format!("key-{at}"), change);
        assert_eq!(answer.status, *status, "{change:?}: {}", answer.body);
        assert!(!is_replayed(&answer), "{change:?}");
        first.push(whole(&answer));
    }
    let before = state(&client);
    let again = |client: &Client| {
        for (at, (change, _)) in changes().iter().enumerate() {
            let answer = send(client, &format!("key-{at}"), change);
            assert!(is_replayed(&answer), "{change:?}: {}", answer.body);
            assert_eq!(whole(&answer), first[at], "{change:?}");
        }
    };
    again(&client);
    assert_eq!(state(&client), before);
    let token = client.token().to_owned();
    server.stop();
    run(dir.path(), &["check"]).ok();
    // The port is in Location: a server at another address repeats what was said.
    let server = Server::start(dir.path());
    let client = server.client(&token);
    again(&client);
    assert_eq!(client.count("/odata/Tickets/$count"), 2);
    server.kill();
    let server = Server::start(dir.path());
    again(&server.client(&token));
}

#[test]
fn what_a_change_tells_is_what_it_tells_without_a_key() {
    let (_dir, _server, client) = desk();
    let (_dir_2, _server_2, other) = desk();
    for (at, (change, _)) in changes().iter().enumerate() {
        let with = send(&client, &format!("key-{at}"), change);
        let (method, path, headers, body) = change;
        let path = format!("/odata/{path}");
        let without = other.apart().send(method, &path, headers, body.as_ref()).unwrap();
        let shape = |answer: &Answer| {
            let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
            let body: Option<Value> = serde_json::from_str(&answer.body).ok();
            let keys: Option<Vec<String>> =
                body.and_then(|body| Some(body.as_object()?.keys().cloned().collect()));
            (answer.status, names, keys.unwrap_or_default())
        };
        assert_eq!(shape(&with), shape(&without), "{change:?}");
    }
}

#[test]
fn a_key_does_not_do_for_another_request() {
    let (_dir, _server, client) = desk();
    let title = |text: &str| Some(json!({"Title": text}));
    send(&client, "k", &("PATCH", "Tickets(1)", &[], title("a"))).expect(200);
    let others: [Change; 5] = [
        ("PATCH", "Tickets(1)", &[], title("b")),
        ("PUT", "Tickets(1)", &[], title("a")),
        ("PATCH", "Tickets(1)?$select=Id", &[], title("a")),
        ("PATCH", "Tickets(1)", &[("If-Match", "*")], title("a")),
        ("POST", "Tickets", &[], title("a")),
    ];
    for other in &others {
        let refused = send(&client, "k", other).expect(422);
        assert_eq!(refused.code(), "IdempotencyKeyReused", "{other:?}");
    }
    // How it is told does not matter: the first answer comes back.
    let quiet: Change = ("PATCH", "Tickets(1)", &[("Prefer", "return=minimal")], title("a"));
    assert!(is_replayed(&send(&client, "k", &quiet).expect(200)));
    assert_eq!(client.count("/odata/Tickets/$count"), 1);
}

#[test]
fn keys_of_others_and_of_reads_do_not_matter() {
    let (dir, server, client) = desk();
    let again = |client: &Client| {
        send(client, "k", &("POST", "Tickets", &[], Some(json!({"Title": "x"})))).expect(201)
    };
    assert!(!is_replayed(&again(&client)));
    for _ in 0..2 {
        let read = client.send("GET", "/odata/Tickets(1)", &[("Idempotency-Key", "k")], None);
        assert!(!is_replayed(&read.unwrap().expect(200)));
    }
    let args = ["token", "create", "--name", "other", "--role", "Administrator"];
    let other = server.client(run(dir.path(), &args).ok().trim_end());
    assert!(!is_replayed(&again(&other)));
    assert!(is_replayed(&again(&other)) && is_replayed(&again(&client)));
    assert_eq!(client.count("/odata/Tickets/$count"), 3);
}

#[test]
fn a_refused_change_keeps_nothing() {
    let (_dir, _server, client) = desk();
    let gone: Change = ("DELETE", "Tickets(2)", &[], None);
    send(&client, "k", &gone).expect(404);
    send(&client, "l", &("POST", "Tickets", &[], Some(json!({"Title": 5})))).expect(400);
    let stale: Change =
        ("PATCH", "Tickets(1)", &[("If-Match", "W/\"99\"")], Some(json!({"Title": "x"})));
    send(&client, "m", &stale).expect(412);
    for key in ["l", "m"] {
        let made = send(&client, key, &("POST", "Tickets", &[], Some(json!({"Title": key}))));
        assert!(!is_replayed(&made.expect(201)));
    }
    assert!(!is_replayed(&send(&client, "k", &gone).expect(204)));
    assert!(is_replayed(&send(&client, "k", &gone).expect(204)));
}

#[test]
fn a_key_that_is_none_is_refused() {
    let (_dir, _server, client) = desk();
    let change: Change = ("POST", "Tickets", &[], Some(json!({"Title": "x"})));
    for key in ["", "a b", &"k".repeat(256)] {
        let refused = send(&client, key, &change).expect(400);
        assert_eq!(refused.code(), "InvalidHeader", "{key}");
        assert_eq!(refused.json()["error"]["target"], "Idempotency-Key");
    }
    send(&client, &"k".repeat(255), &change).expect(201);
}

/// Who may no longer do what was asked is not told again what came of it.
#[test]
fn a_token_that_ended_hears_nothing_again() {
    let (dir, server, client) = desk();
    let args = ["token", "create", "--name", "other", "--role", "Administrator"];
    let secret = run(dir.path(), &args).ok();
    let other = server.client(secret.trim_end());
    let change: Change = ("PATCH", "Tickets(1)", &[], Some(json!({"Title": "x"})));
    send(&other, "k", &change).expect(200);
    let id = client.all("/odata/AccessTokens?$filter=Name%20eq%20'other'")[0]["Id"].to_string();
    run(dir.path(), &["token", "revoke", &id]).ok();
    send(&other, "k", &change).expect(401);
}

/// Of many at once with one key, one does it; the others are told so or to wait.
#[test]
fn many_at_once_with_one_key_do_it_once() {
    let (_dir, _server, client) = desk();
    for round in 0..5 {
        let key = format!("round-{round}");
        let change: Change = ("POST", "Tickets", &[], Some(json!({"Title": "x"})));
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let sent: Vec<_> =
                (0..8).map(|_| scope.spawn(|| send(&client, &key, &change))).collect();
            sent.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let mut made = None;
        for answer in &answers {
            if answer.status == 409 {
                assert_eq!(answer.code(), "IdempotencyKeyInUse");
                assert_eq!(answer.header("retry-after"), "1");
            } else {
                assert_eq!(answer.status, 201, "{}", answer.body);
                let whole = whole(answer);
                assert_eq!(made.get_or_insert_with(|| whole.clone()), &whole);
            }
        }
        assert!(made.is_some());
    }
    assert_eq!(client.count("/odata/Tickets/$count"), 6);
}

#[test]
fn an_answer_too_long_to_be_kept_is_told_without_a_body_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let settings = [("TESSERA_IDEMPOTENCY_ANSWER_BYTES_MAX", "2KiB")];
    let server = Server::start_with(dir.path(), &[], &settings);
    let client = server.client(&token);
    let long = json!({"Title": "x", "Description": "y".repeat(3000)});
    let change: Change = ("POST", "Tickets", &[], Some(long));
    let first = send(&client, "k", &change).expect(204);
    assert!(first.header("location").ends_with("/odata/Tickets(1)"));
    let again = send(&client, "k", &change);
    assert!(is_replayed(&again));
    assert_eq!(whole(&again), whole(&first));
    assert_eq!(client.count("/odata/Tickets/$count"), 1);
}

#[test]
fn nobody_has_more_answers_kept_than_the_setting_says() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let settings = [("TESSERA_IDEMPOTENCY_KEYS_MAX", "100")];
    let server = Server::start_with(dir.path(), &[], &settings);
    let client = server.client(&token);
    let change: Change = ("POST", "Customers", &[("Prefer", "return=minimal")], None);
    let send = |key: u32| {
        let body = Some(json!({"Name": "x", "Email": format!("c{key}@example.com")}));
        let headers = [("Idempotency-Key", &*key.to_string()), change.2[0]];
        client.send(change.0, "/odata/Customers", &headers, body.as_ref()).unwrap()
    };
    for key in 0..100 {
        send(key).expect(204);
    }
    assert_eq!(send(100).expect(429).code(), "TooManyRequests");
    assert!(is_replayed(&send(99).expect(204)));
    assert_eq!(client.count("/odata/Customers/$count"), 100);
}

/// A client hangs up before it is answered and comes back at once: what it asked for may still wait to be
/// written.
#[test]
fn a_client_that_hangs_up_and_comes_back_has_one_change() {
    let (_dir, server, client) = desk();
    let (mut heard_later, mut waited) = (0, 0);
    for at in 0..60 {
        let key = format!("k{at}");
        let body = json!({"Title": key});
        let text = body.to_string();
        let head = format!(
            "POST /odata/Tickets HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            server.address,
            client.token(),
            text.len()
        );
        let mut hasty = server.connect();
        hasty.write_all((head + &text).as_bytes()).unwrap();
        // From a moment in which nothing was read yet to one in which all was done.
        std::thread::sleep(Duration::from_micros(100 * (at % 30)));
        drop(hasty);
        let change: Change = ("POST", "Tickets", &[], Some(body));
        let mut answer = send(&client, &key, &change);
        while answer.status == 409 {
            assert_eq!(answer.code(), "IdempotencyKeyInUse");
            waited += 1;
            assert!(waited < 100_000, "the first request never ends");
            answer = send(&client, &key, &change);
        }
        let answer = answer.expect(201);
        heard_later += u32::from(is_replayed(&answer));
    }
    assert_eq!(client.count("/odata/Tickets/$count"), 61);
    eprintln!("{heard_later} heard of later, {waited} times told to wait");
}

/// A secret is told once: who did not hear it rotates the token. It is not in the data either.
#[test]
fn a_secret_is_told_once_and_not_kept() {
    const MINT: &str = "AccessTokens/Tessera.Mint";
    let (dir, server, client) = desk();
    let mint: Change = ("POST", MINT, &[], Some(json!({"Name": "x", "Role": "Agent"})));
    let minted = send(&client, "mint", &mint).expect(200).json();
    let rotate: Change = ("POST", "AccessTokens(2)/Tessera.Rotate", &[], Some(json!({})));
    let rotated = send(&client, "rotate", &rotate).expect(200).json();
    let secrets = [&minted, &rotated].map(|told| told["Secret"].as_str().unwrap().to_owned());
    let (own, count) = (client.token().to_owned(), client.count("/odata/AccessTokens/$count"));
    let again = |client: &Client| {
        for (key, change) in [("mint", &mint), ("rotate", &rotate)] {
            let refused = send(client, key, change).expect(409);
            assert_eq!(refused.code(), "SecretAlreadyShown");
            assert!(refused.body.contains("AccessTokens(2)"), "{}", refused.body);
        }
        let other: Change = ("POST", MINT, &[], Some(json!({"Name": "y", "Role": "Agent"})));
        assert_eq!(send(client, "mint", &other).expect(422).code(), "IdempotencyKeyReused");
        assert_eq!(client.count("/odata/AccessTokens/$count"), count);
    };
    again(&client);
    server.stop();
    for entry in files_below(dir.path()) {
        let bytes = std::fs::read(&entry).unwrap();
        for secret in &secrets {
            // Its beginning is shown in lists.
            let random = &secret.as_bytes()[secret.len() - 40..];
            let found = bytes.windows(random.len()).any(|window| window == random);
            assert!(!found, "a secret is in {}", entry.display());
        }
    }
    again(&Server::start(dir.path()).client(&own));
}

/// What one may not read any more is not told again either.
#[test]
fn an_answer_is_not_told_again_to_who_may_read_less_by_then() {
    let (_dir, server, admin) = desk();
    let policy = |needing: &[&str]| {
        let body = json!({"ScopesNeedingAddresses": needing});
        admin.patch("/odata/TokenPolicies(1)", &body).expect(200);
    };
    let wish = json!({"Name": "x", "Role": "Agent"});
    let minted = admin.post("/odata/AccessTokens/Tessera.Mint", &wish).expect(200).json();
    let agent = server.client(minted["Secret"].as_str().unwrap());
    let loud = &[("Prefer", "return=representation")];
    let body = json!({"Title": "New", "RequesterEmail": "bob@example.com"});
    let create: Change = ("POST", "Tickets", loud, Some(body));
    let quiet: Change = ("PUT", "Tickets(1)/Title", &[], Some(json!({"value": "Put"})));
    let firsts = [&create, &quiet].map(|change| send(&agent, change.0, change));
    assert!(firsts[0].body.contains("bob@example.com"), "{}", firsts[0].body);
    let again = || [&create, &quiet].map(|change| send(&agent, change.0, change));
    let check_less = || {
        let [created, put] = again();
        assert!(is_replayed(&created));
        assert_eq!((created.status, created.body.as_str()), (204, ""));
        for name in ["etag", "location", "odata-entityid"] {
            assert_eq!(created.headers.get(name), firsts[0].headers.get(name), "{name}");
            assert!(created.headers.contains_key(name), "{name}");
        }
        for name in ["content-type", "preference-applied"] {
            assert!(!created.headers.contains_key(name), "{name}");
        }
        // There was no body to leave out.
        assert_eq!(whole(&put), whole(&firsts[1]));
    };
    policy(&["customers:read"]);
    check_less();
    policy(&[]);
    let [created, _] = again();
    assert!(is_replayed(&created));
    assert_eq!(whole(&created), whole(&firsts[0]));
    let narrow = json!({"Scopes": ["tickets:read", "tickets:write"]});
    admin.patch("/odata/AccessTokens(2)", &narrow).expect(200);
    check_less();
    assert_eq!(admin.count("/odata/Tickets/$count"), 2);
}

/// Every file below a folder.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn an_action_that_answers_with_a_value_is_answered_the_same() {
    let (_dir, _server, client) = desk();
    let body = json!({"Name": "x", "Role": "Agent"});
    client.post("/odata/AccessTokens/Tessera.Mint", &body).expect(200);
    client.post("/odata/AccessTokens(2)/Tessera.Revoke", &json!({})).expect(200);
    let path = "AccessTokens/Tessera.RemoveExpired";
    let look: Change = ("POST", path, &[], Some(json!({"Preview": true})));
    let remove: Change = ("POST", path, &[], Some(json!({"ExpectedCount": 1})));
    assert_eq!(send(&client, "look", &look).expect(200).json()["Count"], 1);
    let first = send(&client, "k", &remove).expect(200);
    assert_eq!(first.json()["Count"], 1);
    let again = send(&client, "k", &remove);
    assert!(is_replayed(&again));
    assert_eq!(whole(&again), whole(&first));
    // A look changes nothing, so that nothing is kept: it is taken anew.
    assert_eq!(send(&client, "look", &look).expect(200).json()["Count"], 0);
}

/// Every address of the feed that takes a change reads the key, before it looks at what is there.
#[test]
fn every_change_there_is_reads_its_key() {
    let (_dir, _server, client) = desk();
    let routes = tessera::http::routes::all().unwrap();
    let changes = routes.iter().filter(|route| {
        route.path.starts_with("/odata/")
            && ["POST", "PUT", "PATCH", "DELETE"].contains(&route.method)
    });
    let mut count = 0;
    for route in changes {
        // Keys are parameter aliases there; their values come as options.
        let aliases = route.path.split('@').skip(1).map(|rest| {
            let name = rest.split([',', ')']).next().unwrap();
            let is_text = name == "Tag" || route.path.starts_with("/odata/TicketsByDay(");
            let value = if is_text { "'a'" } else { "1" };
            format!("@{name}={value}")
        });
        let aliases: BTreeSet<String> = aliases.collect();
        let address = format!("{}?{}", route.path, Vec::from_iter(aliases).join("&"));
        let key = [("Idempotency-Key", "no key")];
        let answer = client.apart().send(route.method, &address, &key, None).unwrap();
        assert_eq!(answer.status, 400, "{} {address}: {}", route.method, answer.body);
        let target = answer.json()["error"]["target"].clone();
        assert_eq!(target, "Idempotency-Key", "{} {address}: {}", route.method, answer.body);
        count += 1;
    }
    assert!(count > 100, "{count}");
}
