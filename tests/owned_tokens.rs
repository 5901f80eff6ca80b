//! Tokens that belong to a person: their work is hers, and they never may more than she may now.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::path::Path;

use serde_json::json;
use support::{run, server::Server, token};

/// Adds Ada; her Id.
fn ada(dir: &Path, role: &str) -> i64 {
    let create = ["user", "create", "--name", "Ada", "--email", "Ada@x.example", "--role", role];
    run(dir, &create).ok().trim().parse().unwrap()
}

/// A token of Ada, with these arguments more.
fn of_ada(dir: &Path, more: &[&str]) -> support::Done {
    let create = ["token", "create", "--name", "hers", "--owner", "ada@X.example"];
    run(dir, &[&create, more].concat())
}

/// Runs `claim` on data without a server and beside one.
fn on_both(claim: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    token(dir.path());
    claim(dir.path());
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    claim(dir.path());
    server.stop();
}

/// No token could belong to a person: what was done by one had no author, and no reply was ever
/// the first response.
#[test]
fn a_reply_has_the_owner_as_its_author_and_is_the_first_response() {
    let dir = tempfile::tempdir().unwrap();
    token(dir.path());
    let id = ada(dir.path(), "Agent");
    let secret = of_ada(dir.path(), &[]).ok();
    let server = Server::start(dir.path());
    let client = server.client(secret.trim());
    client.post("/odata/Tickets", &json!({"Title": "Printer"})).expect(201);
    client.post("/odata/Tickets(1)/Tessera.Reply", &json!({"Body": "Looking"})).expect(200);
    let comment = client.get("/odata/Comments(1)").expect(200).json();
    assert_eq!(comment["AuthorUserId"], id, "{comment}");
    assert_eq!((&comment["AuthorKind"], &comment["AuthorName"]), (&"User".into(), &"Ada".into()));
    let ticket = client.get("/odata/Tickets(1)").expect(200).json();
    assert_eq!(ticket["FirstResponseDateTime"], comment["CreatedDateTime"], "{ticket}");
}

#[test]
fn a_token_falls_with_its_owner_and_rises_again_up_to_what_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let id = ada(dir.path(), "Agent").to_string();
    let secret = of_ada(dir.path(), &[]).ok();
    let client = server.client(secret.trim());
    let create = || client.post("/odata/Tickets", &json!({"Title": "Printer"}));
    create().expect(201);
    run(dir.path(), &["user", "role", &id, "ReadOnlyAgent"]).ok();
    assert_eq!(create().expect(403).code(), "InsufficientScope");
    client.get("/odata/Tickets").expect(200);
    run(dir.path(), &["user", "disable", &id]).ok();
    client.get("/odata/Tickets").expect(403);
    run(dir.path(), &["user", "enable", &id]).ok();
    run(dir.path(), &["user", "role", &id, "Administrator"]).ok();
    create().expect(201);
    assert_eq!(client.get("/odata/AuditEvents").expect(403).code(), "InsufficientScope");
}

#[test]
fn more_than_the_owner_holds_is_refused_with_both_sets() {
    on_both(|dir| {
        ada(dir, "ReadOnlyAgent");
        let refused = of_ada(dir, &["--role", "Administrator", "--scopes", "users:read"]);
        assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{}", refused.err);
        assert_eq!(
            refused.err,
            "tessera: asked for 'users:read', which is more than what can be given: \
             'tickets:read,customers:read'\n"
        );
        of_ada(dir, &["--role", "Agent", "--scopes", "tickets:read"]).ok();
    });
}

#[test]
fn an_owner_must_be_an_active_user() {
    on_both(|dir| {
        let refused = of_ada(dir, &[]);
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains("nobody has the id or address"), "{}", refused.err);
        let id = ada(dir, "Agent");
        run(dir, &["user", "disable", "ada@x.example"]).ok();
        let refused = of_ada(dir, &[]);
        assert_eq!(refused.code, 1);
        let want = format!("is disabled; 'tessera user enable {id}' gives the rights back");
        assert!(refused.err.contains(&want), "{}", refused.err);
    });
}

#[test]
fn the_list_tells_which_service_nobody_answers_for() {
    on_both(|dir| {
        ada(dir, "Agent");
        let create = ["token", "create", "--name", "mail", "--role", "Agent", "--service"];
        run(dir, &[&create[..], &["--responsible", "ada@x.example"]].concat()).ok();
        run(dir, &["user", "disable", "ada@x.example"]).ok();
        let listed = run(dir, &["token", "list"]).ok();
        let line = listed.lines().find(|line| line.ends_with(" mail")).unwrap();
        assert!(line.contains(" active, orphaned "), "{listed}");
    });
}

#[test]
fn the_list_tells_whose_each_token_is() {
    on_both(|dir| {
        ada(dir, "ReadOnlyAgent");
        of_ada(dir, &[]).ok();
        let listed = run(dir, &["token", "list"]).ok();
        let columns =
            |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
        let lines: Vec<Vec<String>> = listed.lines().map(columns).collect();
        assert_eq!(lines[0][5..], ["OWNER", "LAST", "USED", "NAME"], "{listed}");
        assert_eq!(lines[1][4..6], ["Administrator", "-"], "{listed}");
        assert_eq!(lines[2][4..], ["ReadOnlyAgent", "Ada@x.example", "-", "hers"], "{listed}");
    });
}
