//! Functions and values without an entity, over HTTP: who callers are told they are.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{run, server::Server, token};

/// A token of Ada, an agent, for these scopes; her id and the secret.
fn of_ada(dir: &Path, scopes: &str) -> (i64, String) {
    let ada = ["user", "create", "--name", "Ada", "--email", "ada@x.example", "--role", "Agent"];
    let id = run(dir, &ada).ok().trim().parse().unwrap();
    let create = ["token", "create", "--name", "hers", "--role", "Agent"];
    let more = ["--owner", "ada@x.example", "--scopes", scopes];
    (id, run(dir, &[&create[..], &more].concat()).ok().trim().to_owned())
}

#[test]
fn me_tells_a_token_whose_it_is_and_what_it_may_do_now() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let (id, hers) = of_ada(dir.path(), "tickets:read,tickets:write,comments:read");
    let server = Server::start(dir.path());
    let (all, hers) = (server.client(&all), server.client(&hers));
    let me = hers.get("/odata/Me()").expect(200);
    assert!(!me.headers.contains_key("etag"));
    let me = me.json();
    let context = format!("http://{}/odata/$metadata#Tessera.Caller", server.address);
    assert_eq!(me["@odata.context"], context);
    let token =
        &all.all("/odata/AccessTokens?$filter=Name eq 'hers'".replace(' ', "%20").as_str())[0];
    for (name, want) in [
        ("Kind", &json!("Token")),
        ("UserId", &json!(id)),
        ("UserName", &json!("Ada")),
        ("Role", &json!("Agent")),
        ("TokenId", &token["Id"]),
        ("TokenName", &json!("hers")),
        ("KeyPrefix", &token["KeyPrefix"]),
        ("Scopes", &json!(["tickets:read", "tickets:write", "tickets:create", "comments:read"])),
        ("ExpiresDateTime", &token["ExpiresDateTime"]),
        ("Address", &json!("127.0.0.1")),
    ] {
        assert_eq!(&me[name], want, "{name}: {me}");
    }
    run(dir.path(), &["user", "role", &id.to_string(), "ReadOnlyAgent"]).ok();
    assert_eq!(hers.get("/odata/Me").expect(200).json()["Scopes"], json!(["tickets:read"]));
    // Nothing is left to do, but for hearing so.
    run(dir.path(), &["user", "disable", &id.to_string()]).ok();
    assert_eq!(hers.get("/odata/Me").expect(200).json()["Scopes"], json!([]));
    let service = all.get("/odata/Me()").expect(200).json();
    assert_eq!((&service["UserId"], &service["UserName"]), (&Value::Null, &Value::Null));
    assert_eq!(service["Role"], "Administrator");
}

#[test]
fn me_is_asked_in_every_way_and_only_asked() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&token);
    for path in ["/odata/Me", "/odata/me()", "/odata/Me/", "/odata/Me()"] {
        let got = client.get(path).expect(200);
        let head = client.send("HEAD", path, &[], None).unwrap().expect(200);
        assert_eq!(head.header("content-length"), got.body.len().to_string(), "{path}");
        assert_eq!(got.header("cache-control"), "private, no-cache");
        for method in ["POST", "PATCH", "PUT", "DELETE"] {
            let answer = client.send(method, path, &[], Some(&json!({}))).unwrap().expect(405);
            assert_eq!(answer.header("allow"), "GET, HEAD", "{method} {path}");
        }
        server.client("tsr_none").get(path).expect(401);
    }
    let none = client.get("/odata/Me()?$format=json;odata.metadata=none").expect(200).json();
    assert_eq!(none.as_object().unwrap().len(), 14, "{none}");
    let full = client.get("/odata/Me()?$format=json;odata.metadata=full").expect(200).json();
    assert_eq!(full["@odata.type"], "#Tessera.Caller");
    assert_eq!(full["ExpiresDateTime@odata.type"], "#DateTimeOffset");
    let selected = client.get("/odata/Me()?$select=Kind").expect(400);
    assert!(selected.body.contains("$select"), "{}", selected.body);
    // Another API's names are its own.
    client.get("/api/Me").expect(404);
    client.get("/api/Me()").expect(404);
}

#[test]
fn me_is_described_to_everybody_and_listed_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let metadata = client.get("/odata/$metadata").expect(200).body;
    for want in [
        r#"<Function Name="Me">"#,
        r#"<ReturnType Type="Tessera.Caller" Nullable="false"/>"#,
        r#"<FunctionImport Name="Me" Function="Tessera.Me"/>"#,
        r#"<ComplexType Name="Caller">"#,
    ] {
        assert!(metadata.contains(want), "{want}");
    }
    assert!(!client.get("/odata/").expect(200).body.contains("\"Me\""));
    assert!(!client.get("/api/$metadata").expect(200).body.contains("FunctionImport"));
}

#[test]
fn whoever_runs_it_at_the_machine_is_the_system() {
    let dir = tempfile::tempdir().unwrap();
    token(dir.path());
    let me: Value = serde_json::from_str(&run(dir.path(), &["query", "Me()"]).ok()).unwrap();
    assert_eq!((&me["Kind"], &me["TokenId"]), (&json!("System"), &Value::Null), "{me}");
    let explained = run(dir.path(), &["query", "--explain", "Me"]).ok();
    assert_eq!(explained, "call a function; no query is run\n");
}
