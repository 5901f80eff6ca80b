//! The rules of the helpdesk as a client meets them: the ways of a ticket, lists, people, deletion.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::{client::Client, run, server::Server, token};
use tempfile::TempDir;

/// A server on a new folder with one administrator, Ada, and a client that may do everything.
fn desk() -> (TempDir, Server, Client) {
    let dir = tempfile::tempdir().unwrap();
    let ada =
        ["user", "create", "--name", "Ada", "--email", "ada@x.example", "--role", "Administrator"];
    support::make_data(dir.path(), &[]);
    run(dir.path(), &ada).ok();
    let token = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&token);
    (dir, server, client)
}

/// Properties of a ticket, as they are told.
#[track_caller]
fn see(client: &Client, id: u64, names: &[&str]) -> Vec<Value> {
    let ticket = client.get(&format!("/odata/Tickets({id})")).expect(200).json();
    names.iter().map(|name| ticket[*name].clone()).collect()
}

#[test]
fn a_ticket_goes_its_way_by_actions() {
    let (_dir, _server, client) = desk();
    let ticket = json!({
        "Title": "Printer", "RequesterEmail": "mia@x.example",
        "Comments": [{"Body": "it smokes", "AuthorKind": "System"}, {"Body": "look", "IsInternal": true}],
    });
    let made = client.post("/odata/Tickets", &ticket).expect(201).json();
    assert_eq!(made["CommentCount"], 1, "{made}");
    assert_eq!(client.count("/odata/Tickets(1)/Comments/$count"), 2);
    assert_eq!(client.count("/odata/Customers/$count"), 1, "made on first contact");
    let act =
        |name: &str, body: Value| client.post(&format!("/odata/Tickets(1)/Tessera.{name}"), &body);
    act("Assign", json!({"AssigneeEmail": "ada@x.example"})).expect(200);
    act("Reply", json!({"Body": "try now", "Status": "Pending"})).expect(200);
    act("AddNote", json!({"Body": "it was unplugged"})).expect(200);
    let names = ["AssigneeName", "Status", "CommentCount"];
    assert_eq!(see(&client, 1, &names), [json!("Ada"), json!("Pending"), json!(2)]);
    let closed = act("Close", json!({"Comment": "bye"})).expect(200).json();
    assert_eq!((&closed["IsClosed"], &closed["CommentCount"]), (&json!(true), &json!(3)));
    act("Reopen", json!({})).expect(200);
    assert_eq!(see(&client, 1, &["Status", "ReopenCount"]), [json!("Open"), json!(1)]);
    client.post("/odata/Tickets", &json!({"Title": "the same"})).expect(201);
    act("Merge", json!({"IntoId": 2})).expect(200);
    assert_eq!(see(&client, 1, &["Status", "MergedIntoId"]), [json!("Closed"), json!(2)]);
    let answer = client.post("/odata/Tickets(2)/Tessera.Merge", &json!({"IntoId": 1})).expect(409);
    assert_eq!(answer.code(), "Conflict");
    let refused = act("Reply", json!({"Body": "x", "Status": "Nowhere"})).expect(400);
    assert!(refused.body.contains("'Status'"), "{}", refused.body);
    assert_eq!(client.count("/odata/Tickets(1)/Comments/$count"), 5, "nothing is half done");
}

#[test]
fn comments_come_with_their_ticket_or_not_at_all() {
    let (_dir, _server, client) = desk();
    let ticket = json!({"Title": "a", "Comments": [{"Body": "b"}, {"Body": ""}]});
    client.post("/odata/Tickets", &ticket).expect(400);
    assert_eq!(client.count("/odata/Tickets/$count"), 0);
    assert_eq!(client.count("/odata/Comments/$count"), 0);
}

#[test]
fn a_deleted_ticket_comes_back_with_all_it_had() {
    let (_dir, _server, client) = desk();
    let ticket = json!({
        "Title": "Printer", "Description": "long", "Tags": ["a", "B"], "ExternalReference": "X-1",
        "Comments": [{"Body": "one"}],
    });
    client.post("/odata/Tickets", &ticket).expect(201);
    let all = || {
        let mut ticket = client.get("/odata/Tickets(1)?$expand=Comments").expect(200).json();
        ticket["Comments"][0]["@odata.etag"].take();
        ticket["@odata.etag"].take();
        ticket
    };
    let before = all();
    client.delete("/odata/Tickets(1)").expect(204);
    client.get("/odata/Tickets(1)").expect(404);
    let kept = client.get("/odata/DeletedTickets(1)").expect(200);
    assert_eq!(kept.json()["DeletedByName"], "System");
    assert!(!kept.body.contains("Contents") && !kept.body.contains("long"), "{}", kept.body);
    client.post("/odata/DeletedTickets(1)/Tessera.Restore", &json!({})).expect(200);
    assert_eq!(all(), before);
    client.delete("/odata/Tickets(1)").expect(204);
    client.delete("/odata/DeletedTickets(1)").expect(204);
    client.post("/odata/DeletedTickets(1)/Tessera.Restore", &json!({})).expect(404);
}

#[test]
fn where_nothing_is_kept_a_deleted_ticket_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Server::start_with(dir.path(), &["--deleted-ticket-days", "0"], &[]);
    let client = server.client(&token);
    client.post("/odata/Tickets", &json!({})).expect(201);
    client.delete("/odata/Tickets(1)").expect(204);
    assert_eq!(client.count("/odata/DeletedTickets/$count"), 0);
}

#[test]
fn lists_teams_and_people_are_managed() {
    let (_dir, _server, client) = desk();
    let post = |path: &str, body: Value| client.post(&format!("/odata/{path}"), &body);
    post("Categories", json!({"Name": "Network", "IsDefault": true})).expect(201);
    assert_eq!(post("Categories", json!({"Name": "NETWORK"})).expect(409).code(), "Conflict");
    post("Teams", json!({"Name": "Net"})).expect(201);
    post("Teams(1)/Members", json!({"UserId": 1})).expect(201);
    post("Customers", json!({"Name": "Mia", "Email": "mia@x.example", "IsVip": true})).expect(201);
    post("Tickets", json!({"RequesterId": 1, "TeamName": "Net"})).expect(201);
    assert_eq!(see(&client, 1, &["Category"]), [json!("Network")]);
    for (path, instead) in
        [("Teams(1)", "archive"), ("Customers(1)", "clear"), ("Categories(1)", "archive")]
    {
        let refused = client.delete(&format!("/odata/{path}")).expect(409);
        assert!(refused.body.contains("1 ticket") && refused.body.contains(instead), "{path}");
    }
    client.delete("/odata/Statuses(1)").expect(409);
    for change in [json!({"IsActive": false}), json!({"Role": "Agent"})] {
        let refused = client.patch("/odata/Users(1)", &change).expect(409);
        assert!(refused.body.contains("last active administrator"), "{}", refused.body);
    }
    let replaced = client
        .send("PUT", "/odata/Customers(1)", &[], Some(&json!({"Name": "Mia", "Phone": "1"})))
        .unwrap()
        .expect(200)
        .json();
    assert_eq!((&replaced["Email"], &replaced["IsVip"]), (&Value::Null, &json!(false)));
    let refused = client.send("PUT", "/odata/Customers(1)", &[], Some(&json!({}))).unwrap();
    assert!(refused.expect(400).body.contains("'Name'"));
    client
        .patch("/odata/Categories(1)", &json!({"IsDefault": false, "IsArchived": true}))
        .expect(200);
    let refused = post("Tickets", json!({"Category": "Network"})).expect(400);
    assert!(refused.body.contains("archived"), "{}", refused.body);
}
