//! Actions: called in every way there is, refused by name, described to those who may call them.

use serde_json::json;
use tessera::{
    model::Model,
    odata::{Limits, check::Checker, metadata::csdl_xml},
};
use warp::http::Method;

use crate::{
    ask::{Answer, CLERK, Server},
    shop::{self, Scopes},
};

fn restock(server: &Server, address: &str, headers: &[(&'static str, &str)], body: &str) -> Answer {
    server.send(Method::POST, address, headers, body)
}

#[test]
fn an_action_is_called_by_any_of_its_names() {
    for address in [
        "/Products(2)/Shop.Restock",
        "/Products(2)/shop.restock",
        "/Products(2)/Restock",
        "/products/2/RESTOCK",
        "/Products(2)/Shop.Restock()",
        "/Categories(2)/Products(4)/Shop.Restock",
        "/Products(Guid=02020202-0202-0202-0202-020202020202)/Shop.Restock",
    ] {
        let answer = restock(&Server::new(), address, &[], r#"{"Count":5}"#);
        assert_eq!((answer.status, &answer.json()["Sales"]), (200, &json!(5)), "{address}");
        let context = answer.json()["@odata.context"].clone();
        assert_eq!(context, "http://shop.example:8420/odata/$metadata#Products/$entity");
        assert_eq!(answer.header("etag"), answer.json()["@odata.etag"].as_str());
    }
}

#[test]
fn an_action_is_told_what_it_declares_and_nothing_else() {
    let server = Server::new();
    for (body, want) in [
        (r#"{"Count":1,"Colour":"red","Labels":["a"],"Note":"n"}"#, "200"),
        (r#"{"count":1,"Colour":null,"Labels":null,"Note":null}"#, "200"),
        (r#"{"Count":1,"@odata.context":"x","Note@odata.type":"y"}"#, "200"),
        ("", "400 InvalidValue: 'Count' does not fit: 'Restock' needs it"),
        ("{}", "400 InvalidValue: 'Count' does not fit: 'Restock' needs it"),
        (r#"{"Count":null}"#, "400 InvalidValue: 'Count' does not fit: it must not be null"),
        (
            r#"{"Cuont":1}"#,
            "400 UnknownProperty: the body names 'Cuont', which 'Restock' does not take; did you mean 'Count'? it takes 'Count', 'Colour', 'Labels', 'Note'",
        ),
        (
            r#"{"Count":1,"COUNT":2}"#,
            "400 InvalidBody: the body cannot be used: 'Count' is given twice",
        ),
        (
            r#"{"Count":1,"Note":"01234567890"}"#,
            "400 InvalidValue: 'Note' does not fit: it is 11 long, 10 at most",
        ),
        (
            r#"{"Count":1,"Labels":[7]}"#,
            "400 InvalidValue: 'Labels' does not fit: it takes text in double quotes",
        ),
        (
            "[]",
            "400 InvalidBody: the body cannot be used: invalid type: sequence, expected a JSON object at line 1 column 0",
        ),
    ] {
        let answer = restock(&server, "/Products(1)/Shop.Restock", &[], body);
        let got = if answer.status == 200 { "200".to_owned() } else { answer.error() };
        assert_eq!(got, want, "{body}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = restock(&server, "/Products(1)/Restock", &form, r#"{"Count":3}"#);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let xml = restock(&server, "/Products(1)/Restock", &[("content-type", "text/xml")], "<a/>");
    assert_eq!(xml.status, 415);
}

#[test]
fn an_action_answers_as_it_is_asked_to() {
    let server = Server::new();
    let body = r#"{"Count":5}"#;
    let address = "/Products(1)/Restock?$select=Sales&$expand=Category";
    let answer = restock(&server, address, &[], body);
    assert_eq!(answer.json()["Category"]["Name"], json!("Light"));
    assert_eq!(answer.json().get("Name"), None);
    let quiet = restock(&server, "/Products(1)/Restock", &[("prefer", "return=minimal")], body);
    assert_eq!((quiet.status, quiet.header("preference-applied")), (204, Some("return=minimal")));
    assert!(quiet.header("etag").is_some());
    let bad = restock(&server, "/Products(1)/Restock?$top=1", &[], body);
    assert_eq!(bad.status, 400);
    let gone = restock(&server, "/Products(77)/Restock", &[], body);
    assert_eq!(gone.error(), "404 NotFound: there is no 'Product' with this key");
    let get = server.get("/Products(1)/Restock");
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    for address in ["/Products(1)/Restock/Name", "/Products(1)/Restock/$value"] {
        assert_eq!(restock(&server, address, &[], body).status, 404, "{address}");
    }
    let slip = restock(&server, "/Products(1)/Shop.Restok", &[], body);
    assert_eq!(
        slip.error(),
        "404 UnknownResource: there is no resource 'Shop.Restok'; did you mean 'Shop.Restock'?"
    );
}

#[test]
fn an_action_needs_its_scope_and_shows_only_what_may_be_read() {
    let server = Server::new();
    let reader = [("x-api-key", "shop:read")];
    for name in ["Restock", "Review", "Retire"] {
        let answer = restock(&server, &format!("/Products(1)/{name}"), &reader, "{}");
        assert!(answer.error().starts_with("403 InsufficientScope"), "{name}: {}", answer.body);
    }
    let blind = [("x-api-key", "shop:write")];
    assert_eq!(restock(&server, "/Products(1)/Restock", &blind, "{}").status, 403);
    let critic = [("x-api-key", "shop:read,reviews:create")];
    let review = |body| restock(&server, "/Products(1)/Review", &critic, body);
    assert_eq!(review(r#"{"Text":"fine"}"#).json()["Text"], json!("fine"));
    let hidden = review(r#"{"Text":"fine","IsHidden":true}"#);
    assert_eq!((hidden.status, hidden.body.as_str()), (204, ""));
    let owner = [("x-api-key", "shop:read,shop:retire")];
    let retire = || restock(&server, "/Products(2)/Shop.Retire", &owner, "");
    assert_eq!(retire().status, 204);
    assert_eq!(retire().status, 404);
}

#[test]
fn full_metadata_tells_what_the_caller_may_do() {
    let server = Server::new();
    let read = |level: &str| {
        server.json(&format!("/Products(2)?$format=application/json;odata.metadata={level}"))
    };
    let full = read("full");
    let target = "http://shop.example:8420/odata/Products(2)/Shop.Restock";
    assert_eq!(full["#Shop.Restock"], json!({"title": "Restock", "target": target}));
    assert_eq!(full.get("#Shop.Retire"), None);
    assert_eq!(read("minimal").get("#Shop.Restock"), None);
    let selected = "/Products(2)?$select=Id&$format=application/json;odata.metadata=full";
    assert_eq!(server.json(selected).get("#Shop.Restock"), None);
    let back = server.send(Method::PUT, "/Products(2)", &[], &full.to_string());
    assert_eq!(back.status, 200, "{}", back.body);
}

#[test]
fn only_actions_the_caller_may_call_are_described() {
    let document = |model: &Model, scopes: &str| {
        let scopes = Scopes::of(scopes);
        let checker = Checker::new(model, &scopes, Limits::default());
        String::from_utf8(csdl_xml(&checker).unwrap()).unwrap()
    };
    let model = shop::model();
    let clerk = document(&model, CLERK);
    assert!(
        clerk
            .contains(r#"<Action Name="Restock" IsBound="true" EntitySetPath="bindingParameter">"#)
    );
    assert!(!clerk.contains("Retire") && !clerk.contains("\"Review\" IsBound"));
    let critic = document(&model, "shop:read,reviews:create");
    assert!(critic.contains(
        r#"<Action Name="Review" IsBound="true" EntitySetPath="bindingParameter/Reviews">"#
    ));
    assert!(!document(&model, "prices:read,shop:write").contains("<Action "));
}
