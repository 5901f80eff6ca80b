//! Changes over the wire, as a script makes them: whole tickets sent back, single properties, links,
//! tickets with their comments, actions. Rules of the desk are tested where they are written.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::{
    client::Client,
    run,
    server::{Server, with_a_ticket as desk},
};

fn read(client: &Client) -> Value {
    client.get("/odata/Tickets(1)").expect(200).json()
}

#[test]
fn a_ticket_goes_back_as_it_was_read_but_for_one_value() {
    let (_dir, _server, client) = desk();
    for method in ["PUT", "PATCH"] {
        for level in ["minimal", "full"] {
            let address =
                format!("/odata/Tickets(1)?$format=application/json;odata.metadata={level}");
            let mut whole = client.get(&address).expect(200).json();
            whole["Title"] = json!(format!("{method} {level}"));
            let sent = client.send(method, "/odata/Tickets(1)", &[], Some(&whole)).unwrap();
            let got = sent.expect(200).json();
            assert_eq!(got["Title"], whole["Title"], "{method} {level}");
            for name in ["Tags", "RequesterId", "StatusId", "CreatedDateTime", "Description"] {
                assert_eq!(got[name], whole[name], "{name}");
            }
        }
    }
}

/// The old id came along with the new name, and the change was refused as at odds with itself.
#[test]
fn a_ticket_read_given_another_status_by_name_and_sent_back_has_it() {
    let (_dir, _server, client) = desk();
    for (method, status) in [("PUT", "Closed"), ("PATCH", "Open")] {
        let mut whole = read(&client);
        whole["Status"] = json!(status);
        let sent = client.send(method, "/odata/Tickets(1)", &[], Some(&whole)).unwrap();
        let got = sent.expect(200).json();
        assert_eq!(got["Status"], json!(status), "{method}");
        assert_ne!(got["StatusId"], whole["StatusId"], "{method}");
    }
}

#[test]
fn one_property_is_changed_at_its_own_address() {
    let (_dir, _server, client) = desk();
    let send = |method: &str, path: &str, body: Option<Value>| {
        let path = format!("/odata/Tickets(1)/{path}");
        // Connections of their own: an answer before the body may end one.
        client.apart().send(method, &path, &[], body.as_ref()).unwrap().status
    };
    assert_eq!(send("PUT", "Title", Some(json!({"value": "New"}))), 204);
    assert_eq!(send("PATCH", "Status", Some(json!({"value": "Closed"}))), 204);
    assert_eq!(send("POST", "Tags", Some(json!({"value": "b"}))), 204);
    assert_eq!(send("DELETE", "DueDateTime", None), 204);
    assert_eq!(send("DELETE", "StatusId", None), 400);
    assert_eq!(send("PUT", "CreatedDateTime", Some(json!({"value": null}))), 405);
    let ticket = read(&client);
    assert_eq!((&ticket["Title"], &ticket["Status"]), (&json!("New"), &json!("Closed")));
    assert_eq!(ticket["Tags"], json!(["a", "b"]));
}

/// Items that two clients added at once were lost but for the last.
#[test]
fn nothing_added_at_once_is_lost() {
    let (_dir, _server, client) = desk();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let client = client.apart();
            scope.spawn(move || {
                for at in 0..10 {
                    let tag = json!({"value": format!("{writer}-{at}")});
                    client.post("/odata/Tickets(1)/Tags", &tag).expect(204);
                }
            });
        }
    });
    assert_eq!(read(&client)["Tags"].as_array().unwrap().len(), 41);
}

#[test]
fn a_link_names_the_customer() {
    let (_dir, server, client) = desk();
    let link = |link: &str| json!({"Title": "x", "Requester@odata.bind": link});
    for address in
        ["Customers(1)".to_owned(), format!("http://{}/odata/Customers(1)", server.address)]
    {
        let made = client.post("/odata/Tickets", &link(&address)).expect(201);
        assert_eq!(made.json()["RequesterEmail"], json!("ann@example.com"));
    }
    for (address, status) in [("Customers(99)", 400), ("Users(1)", 400)] {
        assert_eq!(client.post("/odata/Tickets", &link(address)).status, status, "{address}");
    }
}

#[test]
fn a_ticket_comes_with_its_comments() {
    let (dir, server, client) = desk();
    let whole = json!({"Title": "x", "Comments": [{"Body": "a"}, {"Body": "b"}]});
    let made = client.post("/odata/Tickets", &whole).expect(201);
    assert_eq!(made.header("location"), format!("http://{}/odata/Tickets(2)", server.address));
    let bodies: Vec<Value> =
        made.json()["Comments"].as_array().unwrap().iter().map(|one| one["Body"].clone()).collect();
    assert_eq!(bodies, [json!("a"), json!("b")]);
    assert_eq!(client.count("/odata/Tickets(2)/Comments/$count"), 2);
    let many: Vec<Value> = (0..10_000).map(|at| json!({"Body": at.to_string()})).collect();
    let refused = client.post("/odata/Tickets", &json!({"Title": "x", "Comments": many}));
    assert_eq!(refused.expect(400).code(), "LimitExceeded");
    let bad = json!({"Title": "x", "Comments": [{"Body": "a"}, {"Body": null}]});
    client.post("/odata/Tickets", &bad).expect(400);
    assert_eq!(client.count("/odata/Tickets/$count"), 2);
    drop(server);
    let args = ["token", "create", "--name", "x", "--role", "Agent", "--scopes", "tickets:create"];
    let intake = run(dir.path(), &args).ok();
    let server = Server::start(dir.path());
    let intake = server.client(intake.trim_end());
    let refused = intake.post("/odata/Tickets", &whole);
    assert!(matches!(refused.status, 400 | 403), "{}", refused.body);
    let made = intake.post("/odata/Tickets", &json!({"Title": "y"})).expect(204);
    assert!(made.header("odata-entityid").ends_with("/odata/Tickets(3)"));
}

#[test]
fn the_actions_of_a_ticket_are_called_as_described() {
    let (_dir, _server, client) = desk();
    let metadata = client.get("/odata/$metadata").expect(200).body;
    // Connections of their own: an answer before the body may end one.
    let act =
        |name: &str, body: &Value| client.apart().post(&format!("/odata/Tickets(1)/{name}"), body);
    for (name, body) in [
        ("Tessera.Reply", json!({"Body": "Looking"})),
        ("AddNote", json!({"body": "Paper jam"})),
        ("tessera.close", json!({})),
        ("Tessera.Reopen", json!({"Comment": "Again"})),
    ] {
        let answer = act(name, &body).expect(200);
        assert_eq!(answer.json()["Id"], json!(1), "{name}");
        assert_eq!(answer.header("etag"), answer.json()["@odata.etag"].as_str().unwrap());
        let bare = name.rsplit('.').next().unwrap().to_lowercase();
        let described = format!("<action name=\"{bare}\" isbound=\"true\"");
        assert!(metadata.to_lowercase().contains(&described), "{described}");
    }
    for (name, body, status) in [
        ("Tessera.Reply", json!({}), 400),
        ("Tessera.Reply", json!({"Body": "x", "Bdy": "y"}), 400),
        ("Tessera.Reply", json!({"Body": "x", "BODY": "y"}), 400),
        ("Tessera.Reply", json!({"Body": null}), 400),
        ("Tessera.Assign", json!({"AssigneeId": "7x"}), 400),
        ("Tessera.Fly", json!({}), 404),
    ] {
        assert_eq!(act(name, &body).status, status, "{name} {body}");
    }
    assert_eq!(client.get("/odata/Tickets(1)/Tessera.Reply").expect(405).header("allow"), "POST");
    let old = [("If-Match", "W/\"1\"")];
    let body = json!({"Body": "late"});
    let late =
        client.apart().send("POST", "/odata/Tickets(1)/Tessera.Reply", &old, Some(&body)).unwrap();
    assert_eq!(late.status, 412);
    client.delete("/odata/Tickets(1)").expect(204);
    assert_eq!(act("Tessera.Reply", &body).status, 404);
}

#[test]
fn every_verb_asks_who_calls_and_what_they_may() {
    let (dir, server, _client) = desk();
    drop(server);
    let args = ["token", "create", "--name", "x", "--role", "ReadOnlyAgent"];
    let reader = run(dir.path(), &args).ok();
    let server = Server::start(dir.path());
    let (reader, nobody) = (server.client(reader.trim_end()), server.client("tsr_admin_nothing"));
    for (method, path, body) in [
        ("POST", "Tickets", json!({"Title": "x"})),
        ("PUT", "Tickets(1)", json!({"Title": "x"})),
        ("PATCH", "Tickets(1)", json!({"Title": "x"})),
        ("PUT", "Tickets(1)/Title", json!({"value": "x"})),
        ("PATCH", "Tickets(1)/Title", json!({"value": "x"})),
        ("POST", "Tickets(1)/Tags", json!({"value": "x"})),
        ("POST", "Tickets(1)/Tessera.Reply", json!({"Body": "x"})),
        ("POST", "Tickets(1)/Tessera.Close", json!({})),
        ("DELETE", "Tickets(1)/Title", json!({})),
        ("DELETE", "Tickets(1)/Title/$value", json!({})),
        ("DELETE", "Tickets(1)", json!({})),
    ] {
        let path = format!("/odata/{path}");
        // Connections of their own: an answer before the body may end one.
        let send = |client: &Client| client.apart().send(method, &path, &[], Some(&body)).unwrap();
        assert_eq!(send(&nobody).status, 401, "{method} {path}");
        let refused = send(&reader);
        assert_eq!((refused.status, refused.code().as_str()), (403, "InsufficientScope"));
    }
    assert_eq!(reader.get("/odata/Tickets(1)").expect(200).json()["Title"], json!("Printer"));
    let metadata = reader.get("/odata/$metadata").expect(200).body;
    assert!(!metadata.contains("<Action "));
    let address = "/odata/Tickets(1)?$format=application/json;odata.metadata=full";
    assert!(!reader.get(address).expect(200).body.contains("#Tessera.Reply"));
}
