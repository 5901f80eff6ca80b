//! What a token may do, asked over HTTP: nothing more than it says, and nothing learned on the way.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::{run, server::Server, token};

/// A path to create at could walk through entities its token may not read, and tell whether they exist.
#[test]
fn who_may_only_create_comments_learns_of_none() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let args = ["token", "create", "--name", "intake", "--role", "Agent", "--scopes"];
    let intake = run(dir.path(), &[&args[..], &["tickets:read,comments:create"]].concat()).ok();
    let server = Server::start(dir.path());
    let (all, intake) = (server.client(&all), server.client(intake.trim_end()));
    all.post("/odata/Tickets", &json!({"Title": "a"})).expect(201);
    let comment = json!({"Body": "b"});
    all.post("/odata/Tickets(1)/Comments", &comment).expect(201);
    intake.post("/odata/Tickets(1)/Comments", &comment).expect(204);
    let mut told = Vec::new();
    for id in [1, 99] {
        for path in [format!("Tickets(1)/Comments({id})"), format!("Comments({id})")] {
            let path = format!("/odata/{path}/Ticket/Comments");
            let answer = intake.post(&path, &comment).expect(403);
            assert!(answer.body.contains("comments:read"), "{path}: {}", answer.body);
            told.push(answer.body);
        }
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
    assert_eq!(all.count("/odata/Comments/$count"), 2);
}

#[test]
fn a_method_no_verb_implements_is_not_allowed_to_anybody() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&token);
    for (method, path, allow) in [
        ("PATCH", "Tickets", "GET, HEAD, POST"),
        ("POST", "Tickets(1)", "GET, HEAD, PATCH, PUT, DELETE"),
        ("PATCH", "Comments", "GET, HEAD, POST"),
        ("PATCH", "TicketHistory(1)", "GET, HEAD"),
        ("DELETE", "TicketHistory(1)", "GET, HEAD"),
        ("POST", "AccessTokens", "GET, HEAD"),
        ("PATCH", "TeamMembers(TeamId=1,UserId=1)", "GET, HEAD, DELETE"),
        ("POST", "Tickets(1)/History", "GET, HEAD"),
        ("PATCH", "DeletedTickets(1)", "GET, HEAD, DELETE"),
    ] {
        let answer = client.send(method, &format!("/odata/{path}"), &[], Some(&json!({}))).unwrap();
        assert_eq!((answer.status, answer.header("allow")), (405, allow), "{method} {path}");
    }
}

/// A client could use up the ids by giving the greatest.
#[test]
fn ids_are_given_by_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let given: [(&str, Value); 2] = [
        ("Id", json!(9_007_199_254_740_991_i64)),
        ("Guid", json!("0190a6b2-0000-7000-8000-000000000001")),
    ];
    client.post("/odata/Tickets", &json!({"Title": "a"})).expect(201);
    for (name, value) in given {
        for path in ["/odata/Tickets", "/odata/Tickets(1)/Comments"] {
            let answer = client.post(path, &json!({name: value})).expect(400);
            assert_eq!(answer.code(), "ReadOnlyProperty");
            assert!(answer.body.contains(&format!("'{name}'")), "{}", answer.body);
        }
    }
    let next = client.post("/odata/Tickets", &json!({"Title": "b"})).expect(201);
    assert_eq!(next.json()["Id"], 2);
}
