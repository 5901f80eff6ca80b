//! Entities created together, and bodies nobody should send.

use std::fmt::Write;

use serde_json::json;
use warp::http::Method;

use crate::ask::{Answer, CLERK, Server};

const CRITIC: &str = "shop:read,prices:read,shop:write,reviews:create";

fn post(server: &Server, key: &str, body: &str) -> Answer {
    server.send(Method::POST, "/Products", &[("x-api-key", key)], body)
}

#[test]
fn an_entity_comes_with_those_that_belong_to_it() {
    let server = Server::new();
    let body =
        r##"{"Name":"x","Reviews":[{"Text":"a"},{"text":"b","@odata.type":"#Shop.Review"}]}"##;
    let answer = post(&server, CRITIC, body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let reviews = &answer.json()["Reviews"];
    assert_eq!((&reviews[0]["Text"], &reviews[1]["Text"]), (&json!("a"), &json!("b")));
    assert_eq!(reviews[0]["ProductId"], json!(99));
    assert_eq!(server.json("/Products(99)/Reviews/$count"), json!(2));
    let address = "/Products?$expand=Reviews($select=Text)";
    let chosen = server.send(Method::POST, address, &[("x-api-key", CRITIC)], body);
    assert_eq!(
        chosen.json()["Reviews"][0],
        json!({"Text": "a", "@odata.etag": chosen.json()["Reviews"][0]["@odata.etag"]})
    );
    let none = post(&server, CRITIC, r#"{"Name":"x","Reviews":[]}"#);
    assert_eq!(none.status, 201);
}

#[test]
fn what_cannot_come_along_is_refused_by_name() {
    let server = Server::new();
    let clerk = post(&server, CLERK, r#"{"Name":"x","Reviews":[{"Text":"a"}]}"#);
    assert!(clerk.error().contains("'reviews:create'"), "{}", clerk.body);
    for (body, want) in [
        (
            r#"{"Reviews":{}}"#,
            "400 InvalidValue: 'Reviews' does not fit: it takes an array of entities",
        ),
        (
            r#"{"Reviews":[7]}"#,
            "400 InvalidValue: 'Reviews' does not fit: entity 1: invalid type: integer `7`, expected a JSON object at line 1 column 1",
        ),
        (
            r#"{"Reviews":[{"Txt":"a"}]}"#,
            "400 UnknownProperty: the body names 'Txt', which 'Review' does not have; did you mean 'Text'?",
        ),
        (
            r#"{"Reviews":[{"ProductId":7}]}"#,
            "400 ReadOnlyProperty: 'ProductId' is read-only; leave it out of the body",
        ),
        (
            r#"{"Prices":[]}"#,
            "501 NotImplemented: writing 'Prices' together with its 'Product' (nobody creates them) is not implemented",
        ),
        (
            r#"{"Reviews":[{"Product":{"Name":"x"}}]}"#,
            "501 NotImplemented: writing 'Product' together with its 'Review' (write 'ProductId' or 'Product@odata.bind' instead) is not implemented",
        ),
        (
            r#"{"Reviews":[],"reviews":[]}"#,
            "400 InvalidBody: the body cannot be used: 'Reviews' is given twice",
        ),
    ] {
        assert_eq!(post(&server, CRITIC, body).error(), want, "{body}");
    }
    assert_eq!(server.get("/Products(99)").status, 404);
}

#[test]
fn ten_thousand_are_too_many() {
    let mut body = String::from(r#"{"Name":"x","Reviews":["#);
    for at in 0..10_000 {
        write!(body, "{}{{\"Text\":\"a\"}}", if at == 0 { "" } else { "," }).unwrap();
    }
    body.push_str("]}");
    assert_eq!(
        post(&Server::new(), CRITIC, &body).error(),
        "400 LimitExceeded: Reviews passes the limit 'children_max' of 1000"
    );
}

/// Every verb with a body, and bodies that are wrong in every way.
#[test]
fn no_body_is_too_bad_for_a_plain_refusal() {
    let server = Server::new();
    let deep = format!("{{\"Name\":{}", "[".repeat(100_000));
    let size = format!("{{\"Size\":{}1{}}}", "{\"Width\":".repeat(100), "}".repeat(100));
    let long = format!("{{\"Name\":\"{}\"}}", "x".repeat(2_000_000));
    let name = format!("{{\"{}\":1}}", "x".repeat(100_000));
    let bodies = [
        "null",
        "7",
        "\"x\"",
        "[",
        "{",
        "{}x",
        "{\"a\"}",
        "{\"\":1}",
        "{\"Name\":\"\\ud800\"}",
        "{\"Shelf\":1e400}",
        "{\"Views\":99999999999999999999}",
        "{\"Price\":1e9999}",
        "{\"Labels\":{}}",
        "{\"Size\":[]}",
        "{\"value\":[[]]}",
        "{\"@odata.type\":7,\"Name\":1}",
        "{\"@odata.type\":\"#\"}",
        "{\"@odata.type\":\"#Shop.Category\"}",
        "{\"Category\":[]}",
        "{\"Category\":\"x\"}",
        "{\"Category@odata.bind\":\"%\"}",
        "{\"Category@odata.bind\":\"$batch\"}",
        "{\"Reviews\":[null]}",
        "{\"Reviews\":null}",
        "\u{feff}7",
        &deep,
        &size,
        &long,
        &name,
    ];
    for (method, address) in [
        (Method::POST, "/Products"),
        (Method::POST, "/Categories(1)/Products"),
        (Method::PUT, "/Products(1)"),
        (Method::PATCH, "/Products(3)"),
        (Method::PUT, "/Products(1)/Size"),
        (Method::PATCH, "/Products(1)/Size"),
        (Method::POST, "/Products(1)/FormerSizes"),
        (Method::PUT, "/Products(1)/Shelf"),
        (Method::POST, "/Products(1)/Restock"),
    ] {
        let is_value = address.ends_with("ize");
        // A complex value has no links; there it is an annotation like others.
        for body in bodies.into_iter().filter(|body| !(is_value && body.contains("bind"))) {
            let headers = [("x-api-key", CRITIC)];
            let answer = server.send(method.clone(), address, &headers, body);
            let shown: String = body.chars().take(60).collect();
            assert!(
                matches!(answer.status, 400 | 413 | 415 | 501),
                "{method} {address} {shown}: {} {}",
                answer.status,
                answer.body
            );
            assert!(!answer.json()["error"]["code"].as_str().unwrap().is_empty());
            assert!(answer.body.len() < 300_000);
        }
    }
}
