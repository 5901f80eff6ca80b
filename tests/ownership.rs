//! What is somebody's own, asked for by everybody else: each role, each method, and that what one may
//! not see is answered as what does not exist.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};
use support::{client::Client, run, server::Server, token};

/// Everybody: by name, role and fewer scopes than the role's.
const PEOPLE: [(&str, &str, Option<&str>); 6] = [
    ("Ann", "Agent", None),
    ("Bob", "Agent", None),
    ("Pat", "Agent", Some("tickets:read,tickets:write,comments:read,comments:write")),
    ("Rae", "ReadOnlyAgent", None),
    ("Roy", "ReadOnlyAdministrator", None),
    ("Adam", "Administrator", None),
];

/// A server, and everybody with a token of theirs.
struct Office {
    _server: Server,
    _dir: tempfile::TempDir,
    people: BTreeMap<&'static str, Client>,
}

impl Office {
    /// Ann has a view, a comment, a note and a token (the second); Adam shares a view.
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        token(dir.path());
        let secrets = PEOPLE.map(|person| (person.0, hire(dir.path(), person)));
        let server = Server::start(dir.path());
        let client = |(name, secret): &(&'static str, String)| (*name, server.client(secret));
        let people: BTreeMap<_, _> = secrets.iter().map(client).collect();
        let ann = &people["Ann"];
        ann.post("/odata/Tickets", &json!({"Title": "a"})).expect(201);
        let comments = "/odata/Tickets(1)/Comments";
        ann.post(comments, &json!({"Body": "public"})).expect(201);
        ann.post(comments, &json!({"Body": "note", "IsInternal": true})).expect(201);
        for (who, is_shared) in [("Ann", false), ("Adam", true)] {
            let view =
                json!({"Name": who, "EntitySet": "Tickets", "Query": "", "IsShared": is_shared});
            people[who].post("/odata/SavedViews", &view).expect(201);
        }
        Self { _server: server, _dir: dir, people }
    }

    /// What everybody is answered, in the order of [`PEOPLE`]. Whoever is told that it does not exist
    /// must be told so as of `unknown`, which never did.
    #[track_caller]
    fn check(&self, method: &str, (path, unknown): (&str, &str), want: [u16; PEOPLE.len()]) {
        let body = ["PATCH", "POST"].contains(&method).then(|| json!({}));
        for ((name, role, _), want) in PEOPLE.iter().zip(want) {
            let ask = |path: &str| {
                let path = format!("/odata/{path}");
                self.people[name].send(method, &path, &[], body.as_ref()).unwrap()
            };
            let answer = ask(path);
            assert_eq!(answer.status, want, "{method} {path} by {name}, {role}: {}", answer.body);
            if answer.status == 404 {
                assert_eq!(answer.body, ask(unknown).expect(404).body, "{method} {path} by {name}");
            }
        }
    }
}

/// A member of staff; the secret of a token of theirs.
fn hire(dir: &Path, (name, role, scopes): (&str, &str, Option<&str>)) -> String {
    let email = format!("{name}@x.example");
    run(dir, &["user", "create", "--name", name, "--email", &email, "--role", role]).ok();
    let mut args = vec!["token", "create", "--name", name, "--owner", &email, "--role", role];
    args.extend(scopes.iter().flat_map(|scopes| ["--scopes", scopes]));
    run(dir, &args).ok().trim().to_owned()
}

#[test]
fn a_view_of_ones_own_is_nobody_elses_whatever_their_role() {
    let office = Office::open();
    for path in ["SavedViews(1)", "SavedViews(1)/Name", "SavedViews(1)/Name/$value"] {
        let unknown = path.replace("(1)", "(99)");
        office.check("GET", (path, &unknown), [200, 404, 404, 404, 404, 404]);
    }
    let view = ("SavedViews(1)", "SavedViews(99)");
    office.check("PATCH", view, [200, 404, 404, 403, 403, 404]);
    let others = |name| {
        let found = office.people[name].all("/odata/SavedViews");
        found.iter().map(|view| view["Id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(others("Ann"), [1, 2]);
    for (name, ..) in &PEOPLE[1..] {
        assert_eq!(others(name), [2], "{name}");
        assert_eq!(office.people[name].count("/odata/SavedViews/$count"), 1);
    }
    office.check("DELETE", view, [204, 404, 404, 403, 403, 404]);
}

#[test]
fn a_shared_view_is_seen_by_all_and_changed_by_few() {
    let office = Office::open();
    let view = ("SavedViews(2)", "SavedViews(99)");
    office.check("GET", view, [200; 6]);
    office.check("PATCH", view, [403, 403, 403, 403, 403, 200]);
    office.check("DELETE", view, [403, 403, 403, 403, 403, 204]);
}

#[test]
fn a_token_is_seen_by_its_owner_and_by_who_reads_all() {
    let office = Office::open();
    for path in ["AccessTokens(2)", "AccessTokens(2)/KeyPrefix", "AccessTokens(2)/Scopes/$count"] {
        let unknown = path.replace("(2)", "(99)");
        office.check("GET", (path, &unknown), [200, 404, 403, 403, 200, 200]);
    }
    let seen = |name: &str| {
        let found: Vec<Value> = office.people[name].all("/odata/AccessTokens");
        found.iter().map(|token| token["Id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((seen("Ann"), seen("Bob")), (vec![2], vec![3]));
    assert_eq!((seen("Roy").len(), seen("Adam").len()), (7, 7));
    // Nor can it be asked for by anything that is known of it.
    let by_prefix = |name: &str| {
        let prefix = office.people["Ann"].get("/odata/AccessTokens(2)").json()["KeyPrefix"].clone();
        let filter = format!("KeyPrefix%20eq%20'{}'", prefix.as_str().unwrap());
        office.people[name].count(&format!("/odata/AccessTokens/$count?$filter={filter}"))
    };
    assert_eq!((by_prefix("Ann"), by_prefix("Bob"), by_prefix("Roy")), (1, 0, 1));
}

#[test]
fn a_token_is_changed_and_ended_by_its_owner_and_by_administrators() {
    let office = Office::open();
    let at = |path: &str| (format!("AccessTokens(2){path}"), format!("AccessTokens(99){path}"));
    // Whoever may not even see it is told that it is not there. A new secret is its owner's only.
    for (method, path, want) in [
        ("PATCH", "", [200, 404, 403, 403, 403, 200]),
        ("POST", "/Tessera.Rotate", [200, 404, 403, 403, 403, 403]),
        ("POST", "/Tessera.Revoke", [200, 404, 403, 403, 403, 200]),
        ("DELETE", "", [401, 404, 403, 403, 403, 204]),
    ] {
        let (path, unknown) = at(path);
        office.check(method, (&path, &unknown), want);
    }
}

#[test]
fn a_note_does_not_exist_for_who_may_not_read_notes() {
    let office = Office::open();
    for prefix in ["", "Tickets(1)/"] {
        let note = format!("{prefix}Comments(2)");
        let unknown = format!("{prefix}Comments(99)");
        // Of tickets Rae may not even know that they have comments.
        let rae = if prefix.is_empty() { 403 } else { 404 };
        let rae_or = |rest: [u16; 6]| [rest[0], rest[1], rest[2], rae, rest[4], rest[5]];
        office.check("GET", (&note, &unknown), rae_or([200, 200, 404, 0, 200, 200]));
        office.check("PATCH", (&note, &unknown), rae_or([200, 200, 404, 0, 403, 200]));
    }
    for (name, ..) in PEOPLE {
        let client = &office.people[name];
        let counted = client.get("/odata/Comments/$count");
        match name {
            "Rae" => assert_eq!(counted.status, 403),
            "Pat" => assert_eq!(counted.body, "1"),
            _ => assert_eq!(counted.body, "2", "{name}"),
        }
    }
    let note = ("Comments(2)", "Comments(99)");
    office.check("DELETE", note, [403, 403, 403, 403, 403, 204]);
}

#[test]
fn a_public_comment_is_changed_by_its_author_and_by_who_may_change_all() {
    let office = Office::open();
    let comment = ("Comments(1)", "Comments(99)");
    office.check("GET", comment, [200, 200, 200, 403, 200, 200]);
    office.check("PATCH", comment, [200, 200, 200, 403, 403, 200]);
    office.check("DELETE", comment, [403, 403, 403, 403, 403, 204]);
}

#[test]
fn a_deleted_ticket_does_not_exist_but_for_who_may_delete() {
    let office = Office::open();
    office.people["Adam"].delete("/odata/Tickets(1)").expect(204);
    office.check("GET", ("Tickets(1)", "Tickets(99)"), [404; 6]);
    let deleted = ("DeletedTickets(1)", "DeletedTickets(99)");
    office.check("GET", deleted, [403, 403, 403, 403, 403, 200]);
    office.check("DELETE", deleted, [403, 403, 403, 403, 403, 204]);
}
