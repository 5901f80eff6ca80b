//! Creating, changing and deleting through the generic code.

use warp::http::Method;

use crate::ask::{Answer, Server};

fn post(server: &Server, body: &str) -> Answer {
    server.send(Method::POST, "/Products", &[], body)
}

/// The error of a body that must be refused, without its status and code.
#[track_caller]
fn refuse(body: &str, want: &str) {
    assert_eq!(post(&Server::new(), body).error(), want, "{body}");
}

#[test]
fn every_type_is_read_back_as_it_was_written() {
    let server = Server::new();
    let whole = server.send(Method::GET, "/Products(1)", &[], "").json();
    let mut body = whole.as_object().unwrap().clone();
    body.retain(|name, _| !matches!(name.as_str(), "Id" | "Guid" | "Stamp"));
    let answer = post(&server, &serde_json::Value::Object(body).to_string());
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = "http://shop.example:8420/odata/Products(99)";
    assert_eq!((answer.header("location"), answer.header("odata-entityid")), (Some(id), Some(id)));
    assert_eq!(answer.header("etag"), answer.json()["@odata.etag"].as_str());
    let created = answer.json();
    for (name, value) in whole.as_object().unwrap() {
        if !name.starts_with('@') && !matches!(name.as_str(), "Id" | "Guid" | "Stamp" | "Price") {
            assert_eq!(created[name], *value, "{name}");
        }
    }
}

#[test]
fn numbers_keep_every_digit() {
    let server = Server::new();
    let body =
        r#"{"Name":"x","Price":12345678901234567.0100,"Views":"9007199254740993","Trend":-1}"#;
    let created = post(&server, body).body;
    assert!(created.contains(r#""Price":12345678901234567.0100,"#), "{created}");
    assert!(created.contains(r#""Views":9007199254740993,"#), "{created}");
}

#[test]
fn a_body_of_a_derived_type_says_so() {
    let server = Server::new();
    let body = r##"{"@odata.type":"#Shop.DigitalProduct","name":"x","Link":"y"}"##;
    let created = post(&server, body).json();
    assert_eq!(
        (&created["@odata.type"], &created["Link"]),
        (&"#Shop.DigitalProduct".into(), &"y".into())
    );
    refuse(
        r##"{"@odata.type":"#Shop.Category"}"##,
        "400 InvalidValue: '@odata.type' does not fit: 'Shop.Category' is not 'Product' nor derived from it",
    );
}

#[test]
fn what_cannot_be_taken_is_refused_by_name() {
    refuse(
        "",
        "415 UnsupportedMediaType: the body must be JSON in UTF-8; send 'Content-Type: application/json' (in PowerShell: -ContentType application/json)",
    );
    refuse(
        "[]",
        "400 InvalidBody: the body cannot be used: invalid type: sequence, expected a JSON object at line 1 column 0",
    );
    refuse(
        r#"{"Name":"a","Name":"b"}"#,
        "400 InvalidBody: the body cannot be used: 'Name' is given twice at line 1 column 23",
    );
    refuse(
        r#"{"Name":"a","name":"b"}"#,
        "400 InvalidBody: the body cannot be used: 'Name' is given twice",
    );
    refuse(
        r#"{"Nam":"a"}"#,
        "400 UnknownProperty: the body names 'Nam', which 'Product' does not have; did you mean 'Name'?",
    );
    refuse(
        r#"{"Secret":"a"}"#,
        "400 UnknownProperty: the body names 'Secret', which 'Product' does not have",
    );
    refuse(
        r#"{"Stamp":null}"#,
        "400 ReadOnlyProperty: 'Stamp' is read-only; leave it out of the body",
    );
    refuse(
        r#"{"Category":{}}"#,
        "501 NotImplemented: writing 'Category' together with its 'Product' (write 'CategoryId' or 'Category@odata.bind' instead) is not implemented",
    );
    for (property, value, reason) in [
        ("Name", "null", "it must not be null"),
        ("Name", "7", "it takes text in double quotes"),
        ("Name", "\"123456789012345678901\"", "it is 21 long, 20 at most"),
        ("Photo", "\"AAAAAAAAAAAAAAAA\"", "it is 12 long, 8 at most"),
        ("InStock", "\"true\"", "it takes true or false"),
        ("Shelf", "256", "it takes a whole number from 0 to 255"),
        ("Shelf", "1.5", "it takes a whole number from 0 to 255"),
        ("Shelf", "\"1\"", "it takes a whole number from 0 to 255"),
        ("ReleasedOn", "\"2023-02-29\"", "it takes a date such as \"2026-11-21\""),
        (
            "ReleasedAt",
            "\"2024-02-29\"",
            "it takes a date and time with Z or an offset, such as \"2026-11-21T22:00:00Z\"",
        ),
        ("Price", "1.00000000001", "it takes 28 digits at most, 10 of them after the point"),
        ("Weight", "\"1\"", "it takes a number"),
        ("Warranty", "\"1 day\"", "it takes a duration such as \"P1DT2H30M\""),
        ("Maker", "\"x\"", "it takes a GUID such as \"01234567-89ab-cdef-0123-456789abcdef\""),
        ("Colour", "\"Pink\"", "it takes one of Red, Green, Blue"),
        ("Labels", "\"a\"", "it takes an array"),
        ("Labels", "[null]", "its items must not be null"),
        ("Labels", "null", "it must not be null"),
        ("Size", "{}", "'Width' is missing in it"),
        ("Size", "7", "invalid type: integer `7`, expected a JSON object at line 1 column 1"),
    ] {
        let want = format!("400 InvalidValue: '{property}' does not fit: {reason}");
        refuse(&format!(r#"{{"{property}":{value}}}"#), &want);
    }
    let note = r#"{"Size":{"Width":1,"Note":"123456"}}"#;
    refuse(note, "400 InvalidValue: 'Size/Note' does not fit: it is 6 long, 5 at most");
}

#[test]
fn a_change_starts_from_the_version_it_names() {
    let server = Server::new();
    let patch = |headers: &[(&'static str, &str)], body: &str| {
        server.send(Method::PATCH, "/Products(2)", headers, body)
    };
    let tag = server.get("/Products(2)").header("etag").unwrap().to_owned();
    let changed = patch(&[("if-match", &tag)], r#"{"Name":"New"}"#);
    assert_eq!((changed.status, changed.json()["Name"].as_str()), (200, Some("New")));
    let stale = patch(&[("if-match", &tag)], r#"{"Name":"Newer"}"#);
    let now = changed.header("etag").unwrap();
    assert_eq!(
        stale.error(),
        format!(
            "412 PreconditionFailed: the entity has changed since it was read; its ETag is now {now}"
        )
    );
    assert_eq!(patch(&[("if-match", "*")], r#"{"Name":"A"}"#).status, 200);
    assert_eq!(patch(&[("if-none-match", "*")], r#"{"Name":"B"}"#).status, 412);
    let quiet = patch(&[("prefer", "return=minimal")], r#"{"Shelf":1}"#);
    assert_eq!((quiet.status, quiet.body.as_str()), (204, ""));
    assert_eq!(quiet.header("preference-applied"), Some("return=minimal"));
    assert!(quiet.header("etag").is_some());
    assert_eq!(
        patch(&[], r#"{"Id":3}"#).error(),
        "400 InvalidValue: 'Id' does not fit: it differs from the key of the entity in the address"
    );
    assert_eq!(server.json("/Products(2)")["Shelf"], 1);
    assert_eq!(server.json("/Products(2)")["Name"], "A");
}

#[test]
fn writing_needs_its_scope_and_deleting_deletes() {
    let server = Server::new();
    let reader = [("x-api-key", "shop:read")];
    let answer = server.send(Method::POST, "/Products", &reader, "{}");
    assert!(answer.error().contains("'shop:create'"), "{}", answer.body);
    for (method, address) in [(Method::PATCH, "/Products(2)"), (Method::DELETE, "/Products(2)")] {
        let answer = server.send(method, address, &reader, "{}");
        assert_eq!(
            answer.error(),
            "403 InsufficientScope: this needs the scope 'shop:write', which is not in force for you; Me() tells what is"
        );
    }
    assert_eq!(server.send(Method::DELETE, "/Products(2)", &[], "").status, 204);
    assert_eq!(server.send(Method::DELETE, "/Products(2)", &[], "").status, 404);
    assert_eq!(server.get("/Products(2)").status, 404);
}

#[test]
fn an_entity_posted_below_another_belongs_to_it() {
    let server = Server::new();
    let of = |body: &str| server.send(Method::POST, "/Categories(2)/Products", &[], body);
    assert_eq!(of(r#"{"Name":"x","CategoryId":2}"#).status, 201);
    assert_eq!(
        of(r#"{"Name":"x","CategoryId":1}"#).error(),
        "400 InvalidValue: 'CategoryId' does not fit: it differs from the entity in the address"
    );
    let lost = server.send(Method::POST, "/Categories(9)/Products", &[], "{}");
    assert_eq!(lost.error(), "404 NotFound: there is no 'Category' with this key");
}

#[test]
fn who_may_only_create_is_told_where_it_is_and_no_more() {
    let server = Server::new();
    let intake = [("x-api-key", "shop:create")];
    let body = r#"{"Name":"x"}"#;
    let answer = server.send(Method::POST, "/Products", &intake, body);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let id = "http://shop.example:8420/odata/Products(99)";
    assert_eq!(answer.header("odata-entityid"), Some(id));
    let read = server.send(Method::GET, "/Products", &intake, "");
    assert!(read.error().starts_with("403 InsufficientScope"), "{}", read.body);
    let below = server.send(Method::POST, "/Categories(2)/Products", &intake, body);
    assert!(below.error().starts_with("403 InsufficientScope"), "{}", below.body);
}
