//! The audit log of the running product: who did what, with which token, and that nobody changes it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Value as Json, json};
use support::{client::Client, run, server::Server, token};
use tessera::{
    model::{Key, Row, helpdesk, props::audit, set},
    store::{
        Actor, Draft, Edit, Embedded, commit_blocking,
        embedded::Options,
        files::{Files, RealFiles},
    },
};

/// A token with fewer rights, made on the command line; its secret.
fn other(dir: &Path, name: &str, role: &str) -> String {
    let create = ["token", "create", "--name", name, "--role", role];
    run(dir, &create).ok().trim().to_owned()
}

/// What the log holds, by a query as people write it.
fn log(client: &Client, query: &str) -> Json {
    client.get(&format!("/odata/AuditEvents?{}", query.replace(' ', "%20"))).expect(200).json()
}

/// The Id that a token is told to have.
fn id_of(client: &Client) -> i64 {
    client.get("/odata/Me()").expect(200).json()["TokenId"].as_i64().unwrap()
}

/// Each row as `Event EntitySet EntityId`, in their order.
fn told(client: &Client, filter: &str) -> Vec<String> {
    let page = log(client, &format!("$orderby=Id&{filter}"));
    let text = |row: &Json, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let line = |row: &Json| ["Event", "EntitySet", "EntityId"].map(|n| text(row, n)).join(" ");
    page["value"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn everything_a_token_did_is_one_query_also_after_it_was_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let server_token = token(dir.path());
    let server = Server::start(dir.path());
    let admin = server.client(&server_token);
    let ada = ["user", "create", "--name", "Ada", "--email", "ada@x.example", "--role", "Agent"];
    run(dir.path(), &ada).ok();
    let hers = ["token", "create", "--name", "hers", "--owner", "ada@x.example"];
    let agent = server.client(run(dir.path(), &hers).ok().trim());
    let id = id_of(&agent);
    agent.post("/odata/Tickets", &json!({"Title": "Printer"})).expect(201);
    agent.patch("/odata/Tickets(1)", &json!({"Priority": "High"})).expect(200);
    agent.post("/odata/Tickets(1)/Tessera.AddNote", &json!({"Body": "Looking"})).expect(200);
    agent.post("/odata/Comments", &json!({"TicketId": 1, "Body": "Hello"})).expect(201);
    let view = json!({"Name": "Mine", "EntitySet": "Tickets", "Query": ""});
    agent.post("/odata/SavedViews", &view).expect(201);
    admin.post("/odata/Tickets", &json!({"Title": "Scanner"})).expect(201);
    run(dir.path(), &["token", "revoke", &id.to_string()]).ok();
    agent.get("/odata/Tickets").expect(401);
    let want = [
        "Created Tickets 1",
        "Changed Tickets 1",
        "Created Comments 1",
        "Created Comments 2",
        "Created SavedViews 1",
    ];
    let did = told(&admin, &format!("$filter=ActorTokenId eq {id}"));
    // An action is one to its ticket.
    let want =
        want.map(|line| if line == "Created Comments 1" { "Changed Tickets 1" } else { line });
    assert_eq!(did, want);
    let at_the_machine =
        told(&admin, "$filter=ActorName eq 'System' and EntitySet eq 'AccessTokens'");
    assert_eq!(
        at_the_machine,
        ["TokenMinted AccessTokens 1", "TokenMinted AccessTokens 2", "TokenRevoked AccessTokens 2"]
    );
}

#[test]
fn the_log_is_read_like_any_set_and_only_with_its_scope() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let weak = other(dir.path(), "weak", "Agent");
    let server = Server::start(dir.path());
    let client = server.client(&secret);
    for n in 0..5 {
        client.post("/odata/Teams", &json!({"Name": format!("Team {n}")})).expect(201);
    }
    for query in [
        "$filter=Event eq 'Created' and CreatedDateTime ge 2020-01-01T00:00:00Z",
        "$filter=ActorTokenId eq 1",
        "$filter=ActorTokenId eq 1 and ActorUserId eq null&$orderby=Event,CreatedDateTime desc",
        "$filter=EntitySet eq 'Teams' and startswith(EntityName,'Team')",
    ] {
        let page = log(&client, query);
        assert_eq!(page["value"].as_array().unwrap().len(), 5, "{query} {page}");
    }
    let first = log(&client, "$orderby=CreatedDateTime&$top=1");
    assert_eq!(first["value"][0]["Event"], "TokenMinted", "{first}");
    for path in ["/odata/AuditEvents", "/odata/AuditEvents(1)", "/odata/AuditEvents/$count"] {
        let refused = server.client(&weak).get(path).expect(403).json();
        assert_eq!(refused["error"]["code"], "InsufficientScope", "{refused}");
    }
}

#[test]
fn nobody_changes_the_log_by_any_way_in() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let file = dir.path().join("rows.jsonl");
    std::fs::write(&file, "{\"@odata.type\":\"#Tessera.AuditEvent\",\"Id\":1,\"Event\":\"x\"}\n")
        .unwrap();
    let server = Server::start(dir.path());
    let client = server.client(&secret);
    let before = client.get("/odata/AuditEvents").expect(200).body;
    let row = json!({"Event": "SignedIn"});
    client.post("/odata/AuditEvents", &row).expect(405);
    client.patch("/odata/AuditEvents(1)", &row).expect(405);
    client.delete("/odata/AuditEvents(1)").expect(405);
    let refused = run(dir.path(), &["import", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    for set in ["AuditEvents", "TokenPolicies", "SigningKeys"] {
        let refused = run(dir.path(), &["import", "--set", set, file.to_str().unwrap()]);
        assert_ne!(refused.code, 0, "{set} {}", refused.out);
    }
    assert_eq!(client.get("/odata/AuditEvents").expect(200).body, before);
    assert!(!run(dir.path(), &["export"]).ok().contains("AuditEvent"));
}

#[test]
fn an_import_is_one_row_that_tells_how_much_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let file = dir.path().join("rows.jsonl");
    let lines: Vec<String> = (0..300).map(|n| format!("{{\"Title\":\"t{n}\"}}")).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    let server = Server::start(dir.path());
    let client = server.client(&secret);
    let page = log(&client, "$filter=Event eq 'Imported'");
    let rows = page["value"].as_array().unwrap();
    let details: Vec<&Json> = rows.iter().map(|row| &row["Detail"]).collect();
    assert_eq!(details, ["Tickets: 300 created, 0 changed"], "{page}");
}

#[test]
fn a_scope_too_many_is_counted_and_written_within_a_flush() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let weak = other(dir.path(), "weak", "ReadOnlyAgent");
    let server = Server::start_with(dir.path(), &[], &[("TESSERA_USAGE_FLUSH_SECS", "1")]);
    let (client, weak) = (server.client(&secret), server.client(&weak));
    for _ in 0..50 {
        weak.get("/odata/AuditEvents").expect(403);
    }
    let mut rows = Json::Null;
    for _ in 0..600 {
        let filter = "$filter=Event eq 'ScopeDenied'&$select=ActorTokenId,Detail,Count";
        rows = log(&client, filter);
        if !rows["value"].as_array().unwrap().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let first = &rows["value"][0];
    assert_eq!(first["ActorTokenId"], 2, "{rows}");
    assert!(first["Detail"].as_str().unwrap().starts_with("audit:read"), "{rows}");
    server.stop();
    // The rest was written when the server ended; each failure is counted once.
    let server = Server::start(dir.path());
    let rows = log(&server.client(&secret), "$filter=Event eq 'ScopeDenied'");
    let counts = rows["value"].as_array().unwrap().iter().map(|row| row["Count"].as_i64().unwrap());
    assert_eq!(counts.sum::<i64>(), 50, "{rows}");
    assert!(rows["value"].as_array().unwrap().len() <= 2, "{rows}");
}

/// What somebody tries first who has somebody else's token.
#[test]
fn whoever_asks_for_more_than_there_is_to_have_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let agent = other(dir.path(), "agent", "Agent");
    let server = Server::start(dir.path());
    let agent = server.client(&agent);
    let mint = |wish: Json, code: &str| {
        let refused = agent.post("/odata/AccessTokens/Tessera.Mint", &wish).expect(403);
        assert_eq!(refused.code(), code);
    };
    for scope in ["audit:read", "users:write", "settings:write"] {
        let wish = json!({"Name": "x", "Role": "Administrator", "Scopes": [scope]});
        mint(wish, "ExceedsRights");
    }
    mint(json!({"Name": "x", "Role": "Agent", "ExpiresDate": "2099-01-01"}), "PolicyForbids");
    server.stop();
    let server = Server::start(dir.path());
    let rows = log(&server.client(&secret), "$filter=Event eq 'Refused'&$orderby=Detail");
    let sum = |code: &str| -> i64 {
        let is_of = |row: &&Json| row["Detail"].as_str().unwrap().starts_with(code);
        let rows = rows["value"].as_array().unwrap().iter().filter(is_of);
        rows.map(|row| row["Count"].as_i64().unwrap()).sum()
    };
    assert_eq!((sum("ExceedsRights"), sum("PolicyForbids: ")), (3, 1), "{rows}");
    assert!(rows["value"].as_array().unwrap().iter().all(|row| row["ActorTokenId"] == 2), "{rows}");
}

#[test]
fn check_tells_the_head_beside_a_server_and_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&secret);
    client.post("/odata/Tickets", &json!({"Title": "Printer"})).expect(201);
    let head = |told: &str| -> String {
        told.lines().find(|line| line.starts_with("audit log: ")).unwrap().to_owned()
    };
    let beside = head(&run(dir.path(), &["check"]).ok());
    let page = log(&client, "$orderby=Id desc&$top=1");
    let id = page["value"][0]["Id"].as_i64().unwrap();
    assert!(beside.starts_with(&format!("audit log: {id} events, the head is {id} ")), "{beside}");
    server.stop();
    assert_eq!(head(&run(dir.path(), &["check"]).ok()), beside);
}

/// Somebody with the data folder changes one row through the store, so that journal and records agree.
fn tamper(dir: &Path, id: i64, what: impl Fn(&mut dyn Draft, Row) + Send + 'static) {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let (engine, _) = Embedded::open(helpdesk(), &files, Options::new(dir)).unwrap();
    commit_blocking(&engine, Actor::SYSTEM, move |draft| {
        let row = draft.row(set::AUDIT_EVENTS, &Key::Int(id)).unwrap();
        what(draft, row);
        Ok(())
    })
    .unwrap();
    engine.close();
}

#[test]
fn a_row_changed_in_the_files_is_named_by_check_with_exit_code_1() {
    for (want, change) in [
        (
            "AuditEvents(3) is not what its hash says: it was changed",
            (|draft, row| {
                let mut edit = Edit::of(helpdesk(), &row);
                edit.set(helpdesk(), audit::ACTOR_NAME, "Somebody else");
                draft.put(set::AUDIT_EVENTS, edit).unwrap();
            }) as fn(&mut dyn Draft, Row),
        ),
        (
            "AuditEvents(3) is missing",
            (|draft, row| {
                draft.delete(set::AUDIT_EVENTS, &row.key(helpdesk()));
            }) as fn(&mut dyn Draft, Row),
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        token(dir.path());
        for n in 0..4 {
            other(dir.path(), &format!("t{n}"), "Agent");
        }
        run(dir.path(), &["check"]).ok();
        tamper(dir.path(), 3, change);
        let told = run(dir.path(), &["check"]);
        assert_eq!(told.code, 1, "{}", told.out);
        assert!(told.out.contains(&format!("fault: {want}")), "{}", told.out);
        let server = Server::start(dir.path());
        let beside = run(dir.path(), &["check"]);
        assert_eq!(beside.code, 1, "{}", beside.out);
        assert!(beside.out.contains(want), "{}", beside.out);
        drop(server);
    }
}
