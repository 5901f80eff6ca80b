//! Lists that are asked for again and again tell what is there now, to everybody what they may know.
//!
//! What was written of an entity may be used again; with all metadata it never is, so that each answer is
//! compared with the same one of that form.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{fmt::Write, fs};

use serde_json::{Value, json};
use support::{
    client::{Client, encode},
    run,
    server::Server,
    token,
};

const TICKETS: u64 = 9;
const STEPS: u64 = 60;

const LISTS: [&str; 8] = [
    "Tickets?$orderby=Id",
    "Tickets?$orderby=Id desc&$select=Id,RequesterName,AssigneeName,Status,IsClosed,CommentCount",
    "Tickets?$expand=Comments,Requester&$orderby=Id",
    "Tickets(3)",
    "Comments?$orderby=Id",
    "Comments?$orderby=Id&$select=Id,Body",
    "Customers?$orderby=Id",
    "TicketHistory?$orderby=Id",
];

/// The same however much is told besides.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let is_data = |name: &str| name == "@odata.etag" || !name.contains(['@', '#']);
            members
                .iter()
                .filter(|(name, _)| is_data(name))
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

#[track_caller]
fn told(client: &Client, address: &str, metadata: &str) -> Value {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let query = query.split('&').filter_map(|option| option.split_once('='));
    let mut target = format!("/odata/{path}?");
    for (name, value) in query {
        write!(target, "{name}={}&", encode(value)).unwrap();
    }
    let format = encode(&format!("application/json;odata.metadata={metadata}"));
    let answer = client.get(&format!("{target}$format={format}")).expect(200);
    plain(&serde_json::from_str(&answer.body).unwrap())
}

fn dice(step: u64, sides: u64) -> u64 {
    (step ^ 0x5DEE_CE66).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) % sides
}

/// The last comment there is.
fn last_comment(client: &Client) -> i64 {
    let found = client.get("/odata/Comments?$orderby=Id%20desc&$top=1&$select=Id").expect(200);
    let found: Value = serde_json::from_str(&found.body).unwrap();
    found["value"][0]["Id"].as_i64().unwrap()
}

/// One change of anything that a list of tickets tells of.
fn change(client: &Client, step: u64) {
    let ticket = 1 + dice(step, TICKETS);
    let text = format!("text {step}");
    let patch = |path: &str, body: Value| {
        client.send("PATCH", path, &[], Some(&body)).unwrap().expect(200);
    };
    match step % 10 {
        0 => patch(&format!("/odata/Tickets({ticket})"), json!({ "Title": text })),
        1 => patch(&format!("/odata/Tickets({ticket})"), json!({ "Description": text })),
        2 | 8 => {
            let body = json!({ "Body": text, "IsInternal": step % 10 == 2 });
            client.post(&format!("/odata/Tickets({ticket})/Comments"), &body).expect(201);
        }
        9 => {
            let id = last_comment(client);
            client.delete(&format!("/odata/Comments({id})")).expect(204);
        }
        3 => patch("/odata/Customers(1)", json!({ "Name": text })),
        4 => patch("/odata/Statuses(1)", json!({ "Name": text })),
        5 => patch(&format!("/odata/Tickets({ticket})"), json!({ "Tags": [text] })),
        6 => {
            let status = ["Resolved", "Closed", "Open"][usize::try_from(step / 10 % 3).unwrap()];
            patch(&format!("/odata/Tickets({ticket})"), json!({ "Status": status }));
        }
        _ => patch("/odata/Teams(1)", json!({ "Name": text })),
    }
}

#[test]
fn what_is_told_again_is_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for at in 1..=TICKETS {
        let ticket = json!({
            "Id": at, "Title": format!("Ticket {at}"), "Description": format!("It is down, {at}."),
            "Status": "Open", "Team": "Network", "RequesterName": "Ann",
            "RequesterEmail": if at % 2 == 0 { "ann@example.org" } else { "bea@example.org" },
            "AssigneeName": "Bob", "AssigneeEmail": "bob@example.org",
            "Comments": [{ "Body": "first", "AuthorEmail": "ann@example.org" }],
        });
        writeln!(lines, "{ticket}").unwrap();
    }
    let file = dir.path().join("tickets.jsonl");
    fs::write(&file, lines).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    let all = token(dir.path());
    let few = "tickets:read,comments:read,customers:read,users:read";
    let args = ["token", "create", "--name", "few", "--role", "Administrator", "--scopes", few];
    let few = run(dir.path(), &args).ok().trim_end().to_owned();
    let server = Server::start(dir.path());
    let clients = [server.client(&all), server.client(&few)];
    for step in 0..STEPS {
        change(&clients[0], step);
        for list in LISTS {
            for client in &clients {
                let want = told(client, list, "full");
                for _ in 0..3 {
                    assert_eq!(told(client, list, "minimal"), want, "{list} after {step}");
                }
            }
        }
    }
}
