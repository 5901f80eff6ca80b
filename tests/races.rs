//! Many connections want the same thing at once: there is one order of changes, and everybody fits
//! into it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};
use support::{
    client::{Answer, Client, encode},
    run,
    server::Server,
    token,
};
use tessera::time::Timestamp;

/// A fresh helpdesk with one client.
fn desk(dir: &Path) -> (Server, Client) {
    let token = token(dir);
    let server = Server::start(dir);
    let client = server.client(&token);
    (server, client)
}

#[track_caller]
fn ticket(client: &Client, body: &Value) -> String {
    let answer = client.post("/odata/Tickets", body).expect(201);
    format!("/odata/Tickets({})", answer.json()["Id"])
}

/// Does something on as many connections at the same moment; what each got, in their order.
fn at_once(
    count: usize,
    client: &Client,
    action: impl Fn(&Client, usize) -> Answer + Sync,
) -> Vec<Answer> {
    let start = Barrier::new(count);
    let (action, start) = (&action, &start);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let client = client.apart();
                scope.spawn(move || {
                    // The connection is open before the race begins.
                    client.get("/odata/Statuses?$top=1").expect(200);
                    start.wait();
                    action(&client, number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// How many answers have each of these statuses; there must be no other.
#[track_caller]
fn check_statuses(answers: &[Answer], want: &[(u16, usize)]) {
    for (status, count) in want {
        let got = answers.iter().filter(|answer| answer.status == *status).count();
        assert_eq!(got, *count, "{status}: {answers:?}");
    }
    assert_eq!(answers.len(), want.iter().map(|(_, count)| count).sum::<usize>(), "{answers:?}");
}

#[test]
fn plain_patches_of_one_ticket_all_take_effect_in_some_order() {
    const WRITERS: usize = 32;
    let dir = tempfile::tempdir().unwrap();
    support::make_data(dir.path(), &[]);
    for number in 0..WRITERS {
        let (name, email) = (format!("Agent {number}"), format!("agent{number}@example.net"));
        run(dir.path(), &["user", "create", "--name", &name, "--email", &email, "--role", "Agent"])
            .ok();
    }
    let (server, client) = desk(dir.path());
    let ticket = ticket(&client, &json!({"Title": "a race", "Tags": []}));
    let answers = at_once(WRITERS, &client, |client, number| {
        let body = json!({"AssigneeEmail": format!("agent{number}@example.net"), "Title": format!("by {number}")});
        client.patch(&ticket, &body)
    });
    assert!(answers.iter().all(|answer| answer.status / 100 == 2), "{answers:?}");
    check_chain(&client, &ticket, WRITERS);
    server.stop();
    run(dir.path(), &["check"]).ok();
}

/// Each assignee was set once, each row goes on where the one before ended, the last is in force.
#[track_caller]
fn check_chain(client: &Client, ticket: &str, writers: usize) {
    let id = ticket.trim_start_matches("/odata/Tickets(").trim_end_matches(')');
    let filter = encode(&format!("TicketId eq {id} and Property eq 'Assignee'"));
    let rows = client.all(&format!("/odata/TicketHistory?$filter={filter}&$orderby=Id"));
    assert_eq!(rows.len(), writers + 1, "one row for the creation, one for each change");
    for (former, row) in rows.iter().zip(&rows[1..]) {
        assert_eq!(
            (&row["FromText"], &row["FromId"]),
            (&former["ToText"], &former["ToId"]),
            "{row}"
        );
        let at = |row: &Value| -> Timestamp {
            row["ChangedDateTime"].as_str().unwrap().parse().unwrap()
        };
        assert!(at(former) <= at(row), "{former} {row}");
    }
    let set: BTreeSet<&str> = rows[1..].iter().map(|row| row["ToText"].as_str().unwrap()).collect();
    assert_eq!(set.len(), writers, "each change took effect");
    let after = client.get(ticket).expect(200).json();
    let last = rows.last().unwrap()["ToText"].as_str().unwrap();
    assert_eq!(after["AssigneeName"], last);
    // Both properties of the last change stand together.
    assert_eq!(after["Title"], last.replace("Agent ", "by "));
}

#[test]
fn of_two_creations_with_one_reference_one_wins() {
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = desk(dir.path());
    for round in 0..20 {
        let reference = format!("ref-{round}");
        let answers = at_once(2, &client, |client, number| {
            let body = json!({"Title": format!("{number}"), "ExternalReference": reference});
            client.post("/odata/Tickets", &body)
        });
        check_statuses(&answers, &[(201, 1), (409, 1)]);
        let loser = answers.iter().find(|answer| answer.status == 409).unwrap();
        assert_eq!(loser.code(), "Conflict");
    }
    assert_eq!(client.count("/odata/Tickets/$count"), 20);
    let ids: Vec<Value> = client.all("/odata/Tickets?$select=Id&$orderby=Id");
    let ids: Vec<i64> = ids.iter().map(|ticket| ticket["Id"].as_i64().unwrap()).collect();
    assert_eq!(ids.last().unwrap() - ids[0], 19, "a refused creation spent an id: {ids:?}");
    server.stop();
}

#[test]
fn of_many_changes_to_one_version_one_wins() {
    const WRITERS: usize = 16;
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = desk(dir.path());
    let ticket = ticket(&client, &json!({"Title": "v0"}));
    for round in 0..10 {
        let tag = client.get(&ticket).expect(200).header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        let answers = at_once(WRITERS, &client, |client, number| {
            let body = json!({"Title": format!("round {round} by {number}")});
            client.send("PATCH", &ticket, &[("If-Match", &tag)], Some(&body)).unwrap()
        });
        let wins: Vec<usize> = (0..WRITERS).filter(|at| answers[*at].status / 100 == 2).collect();
        assert_eq!(wins.len(), 1, "{answers:?}");
        let lost = answers.iter().filter(|answer| answer.status == 412).count();
        assert_eq!(lost, WRITERS - 1, "{answers:?}");
        let title = client.get(&ticket).expect(200).json()["Title"].clone();
        assert_eq!(title, format!("round {round} by {}", wins[0]));
    }
    server.stop();
}

#[test]
fn a_page_shows_one_moment_while_writers_run() {
    const TICKETS: usize = 60;
    const WRITERS: usize = 8;
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = desk(dir.path());
    let first = json!({"Title": "v0", "Tags": ["v0"], "Description": "v0"});
    let tickets: Vec<String> = (0..TICKETS).map(|_| ticket(&client, &first)).collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..WRITERS {
            let (client, tickets, over) = (client.apart(), &tickets, &over);
            scope.spawn(move || {
                let mut version = 0;
                while !over.load(Ordering::Relaxed) {
                    version += 1;
                    let text = format!("v{version} of {number}");
                    let body = json!({"Title": text, "Tags": [text], "Description": text});
                    let at = (version * WRITERS + number) % TICKETS;
                    assert_eq!(client.patch(&tickets[at], &body).status / 100, 2);
                    // A ticket of a writer's own comes and goes.
                    let own = ticket(&client, &json!({"Title": "own", "Description": "own"}));
                    assert_eq!(client.delete(&own).status, 204);
                }
            });
        }
        let _ends_them = Over(&over);
        (0..40).for_each(|_| check_page(&client, TICKETS));
    });
    server.stop();
    run(dir.path(), &["check"]).ok();
}

/// Tells the writers to end, also where the reader fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Count and rows are of one moment, and so are the properties of each row.
#[track_caller]
fn check_page(client: &Client, tickets: usize) {
    let page =
        client.get("/odata/Tickets?$count=true&$select=Id,Title,Tags,Description").expect(200);
    let page = page.json();
    let rows = page["value"].as_array().unwrap();
    assert_eq!(page["@odata.count"], rows.len());
    assert!(rows.len() >= tickets, "{}", rows.len());
    let ids: BTreeSet<i64> = rows.iter().map(|row| row["Id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), rows.len(), "a ticket is there twice");
    for row in rows.iter().filter(|row| row["Title"] != "own") {
        assert_eq!(row["Title"], row["Description"], "{row}");
        assert_eq!(row["Title"], row["Tags"][0], "{row}");
    }
}
