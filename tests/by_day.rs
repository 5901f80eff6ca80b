//! Figures by day over HTTP: what they count, for whom, and that they follow every change at once.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    client::{Client, encode},
    run,
    server::Server,
    token,
};

/// A folder with tickets of the past, as another system kept them.
fn filled() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let ticket = |created: &str, team: &str, done: Option<&str>| {
        let status = if done.is_some() { "Resolved" } else { "Open" };
        json!({
            "Title": "t", "Status": status, "TeamName": team, "Priority": "High",
            "CreatedDateTime": created, "ResolvedDateTime": done,
        })
    };
    let lines = [
        json!({"@odata.type": "#Tessera.Team", "Name": "First"}),
        json!({"@odata.type": "#Tessera.Team", "Name": "Second"}),
        // In Berlin that is the first of March.
        ticket("2026-02-28T23:30:00Z", "First", Some("2026-03-02T22:59:59Z")),
        ticket("2026-03-01T10:00:00Z", "First", Some("2026-03-01T12:00:00Z")),
        ticket("2026-03-01T10:00:00Z", "Second", Some("2026-03-03T12:00:00Z")),
    ];
    let file = dir.path().join("all.jsonl");
    fs::write(&file, lines.map(|line| line.to_string() + "\n").concat()).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    (dir, token)
}

fn in_berlin(dir: &std::path::Path) -> Server {
    Server::start_with(dir, &[], &[("TESSERA_TIME_ZONE", "Europe/Berlin")])
}

/// Every row as `date team priority created resolved open`.
fn told(client: &Client, options: &str) -> Vec<String> {
    let rows = client.all(&format!("/odata/TicketsByDay{options}"));
    let text = |row: &Value, name: &str| row[name].to_string().trim_matches('"').to_owned();
    let names = ["Date", "TeamName", "Priority", "CreatedCount", "ResolvedCount", "OpenCount"];
    rows.iter().map(|row| names.map(|name| text(row, name)).join(" ")).collect()
}

#[test]
fn each_day_and_team_has_a_row_while_there_is_something_to_tell() {
    let (dir, token) = filled();
    let server = in_berlin(dir.path());
    let client = server.client(&token);
    let all = [
        "2026-03-01 First High 2 1 1",
        "2026-03-01 Second High 1 0 1",
        "2026-03-02 First High 0 1 0",
        "2026-03-02 Second High 0 0 1",
        "2026-03-03 Second High 0 1 0",
    ];
    assert_eq!(told(&client, ""), all);
    assert_eq!(client.count("/odata/TicketsByDay/$count"), 5);
    let filter = |text: &str| told(&client, &format!("?$filter={}", encode(text)));
    assert_eq!(filter("Date ge 2026-03-02 and OpenCount gt 0"), all[3..4]);
    assert_eq!(filter("TeamName eq 'Second'"), [all[1], all[3], all[4]]);
    assert_eq!(told(&client, "?$orderby=CreatedCount%20desc,Date%20desc&$top=2"), all[..2]);
    let paged =
        client.send("GET", "/odata/TicketsByDay", &[("Prefer", "maxpagesize=2")], None).unwrap();
    let next = paged.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&next).expect(200).json()["value"][0]["Date"], "2026-03-02");
    let first = paged.json()["value"][0].clone();
    let id = first["Id"].as_str().unwrap();
    let one = client.get(&format!("/odata/TicketsByDay('{id}')?$expand=Team")).expect(200).json();
    assert_eq!((&one["Id"], &one["Team"]["Name"]), (&first["Id"], &json!("First")));
    assert!(first.get("@odata.etag").is_none(), "{first}");
    client.get("/odata/TicketsByDay('2026-03-01...')").expect(404);
    let csv = client.get("/odata/TicketsByDay?$select=Date,TeamName,OpenCount&$format=text/csv");
    assert!(
        csv.body.starts_with("Date,TeamName,OpenCount\r\n2026-03-01,First,1\r\n"),
        "{}",
        csv.body
    );
}

#[test]
fn figures_follow_every_change_at_once() {
    let (dir, token) = filled();
    let server = in_berlin(dir.path());
    let client = server.client(&token);
    let today = "?$filter=".to_owned() + &encode("Date ge 2026-03-04");
    assert_eq!(told(&client, &today), Vec::<String>::new());
    let ticket = json!({"Title": "new", "TeamName": "First"});
    let made = client.post("/odata/Tickets", &ticket).expect(201).json();
    let (day, id) = (made["CreatedDate"].as_str().unwrap(), &made["Id"]);
    let now = || {
        let told = told(&client, &today);
        // The day may have changed since.
        told.iter().map(|row| row.split_once(' ').unwrap().1.to_owned()).next_back()
    };
    let priority = made["Priority"].as_str().map_or("null".to_owned(), str::to_owned);
    assert_eq!(now(), Some(format!("First {priority} 1 0 1")), "{day}");
    let path = format!("/odata/Tickets({id})");
    client.patch(&path, &json!({"TeamName": "Second", "Status": "Resolved"})).ok();
    assert_eq!(now(), Some(format!("Second {priority} 1 1 0")));
    let team = client.all("/odata/Teams?$filter=Name%20eq%20'Second'")[0]["Id"].clone();
    client.patch(&format!("/odata/Teams({team})"), &json!({"Name": "Third"})).ok();
    assert_eq!(now(), Some(format!("Third {priority} 1 1 0")));
    client.patch(&path, &json!({"Status": "Open"})).ok();
    assert_eq!(now(), Some(format!("Third {priority} 1 0 1")));
    client.delete(&path).expect(204);
    assert_eq!(now(), None);
}

#[test]
fn figures_are_for_who_may_read_them_and_nobody_changes_them() {
    let (dir, token) = filled();
    let args = ["token", "create", "--name", "n", "--role", "Agent", "--scopes"];
    let with =
        |scopes| run(dir.path(), &[&args[..], &[scopes]].concat()).ok().trim_end().to_owned();
    let (tickets, figures) = (with("tickets:read"), with("dashboard:read"));
    let server = in_berlin(dir.path());
    let (all, tickets, figures) =
        (server.client(&token), server.client(&tickets), server.client(&figures));
    let refused = tickets.get("/odata/TicketsByDay").expect(403);
    assert!(refused.body.contains("dashboard:read"), "{}", refused.body);
    assert!(!tickets.get("/odata/$metadata").expect(200).body.contains("TicketsByDay"));
    assert_eq!(told(&figures, "").len(), 5);
    // Names of teams come along; the teams themselves need their own scope.
    figures.get("/odata/TicketsByDay?$expand=Team").expect(400);
    let metadata = figures.get("/odata/$metadata").expect(200).body;
    assert!(metadata.contains("<EntitySet Name=\"TicketsByDay\" EntityType=\"Tessera.TicketDay\""));
    assert!(!metadata.contains("EntitySet Name=\"Teams\""));
    for (method, path) in
        [("POST", "TicketsByDay"), ("PATCH", "TicketsByDay('x')"), ("DELETE", "TicketsByDay('x')")]
    {
        let answer = all.send(method, &format!("/odata/{path}"), &[], Some(&json!({}))).unwrap();
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method} {path}");
    }
}
