//! Actions on a whole set, values without an entity, and functions.

use serde_json::json;
use tessera::{
    model::Model,
    odata::{Limits, check::Checker, metadata::csdl_xml},
};
use warp::http::Method;

use crate::{
    ask::{Answer, Server},
    shop::{self, Scopes},
};

/// May count and nothing else: not even read what is counted.
const COUNTER: (&str, &str) = ("x-api-key", "shop:count");

fn count(address: &str, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers = [&[COUNTER], headers].concat();
    Server::new().send(Method::POST, address, &headers, body)
}

const ENOUGH: &str = r#"{"Labels":[],"Most":1}"#;

#[test]
fn an_action_on_a_set_is_called_by_any_of_its_names() {
    for address in [
        "/Products/Shop.TakeStock",
        "/products/shop.takestock",
        "/Products/TakeStock",
        "/Products()/Shop.TakeStock()",
        "/Products/Shop.TakeStock/",
    ] {
        let answer = count(address, &[], ENOUGH);
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        assert_eq!(
            answer.json(),
            json!({
                "@odata.context": "http://shop.example:8420/odata/$metadata#Shop.Stock",
                "Labels": [], "Ids": [], "IsFinal": null, "Most": 1, "Until": null, "Key": null,
            })
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("etag"), None);
    }
}

#[test]
fn parameters_of_every_needed_type_are_read() {
    let body = r#"{"labels":["a","b"],"Ids":[7,"8"],"IsFinal":true,"Most":"9007199254740993",
        "Until":"2026-11-21T22:00:00+02:00","Key":"k\u00e9y"}"#;
    let answer = count("/Products/TakeStock?$format=json;odata.metadata=none", &[], body);
    assert_eq!(
        answer.json(),
        json!({
            "Labels": ["a", "b"], "Ids": [7, 8], "IsFinal": true, "Most": 9_007_199_254_740_993_i64,
            "Until": "2026-11-21T20:00:00Z", "Key": "kéy",
        })
    );
    for (body, want) in [
        ("", "'Labels' does not fit: 'TakeStock' needs it"),
        (r#"{"Labels":null,"Most":1}"#, "'Labels' does not fit: it must not be null"),
        (r#"{"Labels":"a","Most":1}"#, "'Labels' does not fit: it takes an array"),
        (r#"{"Labels":[null],"Most":1}"#, "'Labels' does not fit: its items must not be null"),
        (r#"{"Labels":[],"Most":1,"Ids":[1.5]}"#, "'Ids' does not fit: it takes a whole number"),
        (r#"{"Labels":[],"Most":1,"IsFinal":"yes"}"#, "'IsFinal' does not fit: it takes true"),
        (r#"{"Labels":[],"Most":1,"Until":"2026-11-21"}"#, "'Until' does not fit: it takes a date"),
        (r#"{"Labels":[],"Most":1,"Key":"secret"}"#, "'Key' does not fit: it is 6 long, 5 at most"),
    ] {
        let error = count("/Products/TakeStock", &[], body).error();
        assert!(error.starts_with("400 InvalidValue") && error.contains(want), "{body}: {error}");
    }
}

#[test]
fn an_action_on_a_set_is_for_the_whole_set_only() {
    let clerk = [("x-api-key", "shop:read,shop:write,shop:count")];
    let server = Server::new();
    for address in [
        "/Categories(1)/Products/Shop.TakeStock",
        "/Products/Shop.DigitalProduct/Shop.TakeStock",
        "/Products(1)/Shop.TakeStock",
        "/Products(1)/TakeStock",
        "/Products/Shop.Restock",
        "/Categories/Shop.TakeStock",
        "/Products/Shop.TakeStock/Most",
        "/Products/Shop.TakeStock(1)",
    ] {
        let answer = server.send(Method::POST, address, &clerk, ENOUGH);
        assert!([400, 404].contains(&answer.status), "{address}: {}", answer.error());
    }
    let answer = server.send(Method::POST, "/Products(1)/Shop.TakeStock", &clerk, ENOUGH);
    assert_eq!(answer.error(), "404 UnknownResource: there is no resource 'Shop.TakeStock'");
    let get = server.get("/Products/Shop.TakeStock");
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
}

#[test]
fn a_set_has_no_version_to_compare_with() {
    for name in ["if-match", "if-none-match"] {
        let answer = count("/Products/TakeStock", &[(name, "*")], ENOUGH);
        assert!(answer.error().starts_with("400 InvalidHeader"), "{}", answer.body);
    }
}

#[test]
fn an_action_on_a_set_needs_its_scope_and_no_other() {
    let reader = [("x-api-key", "shop:read")];
    let server = Server::new();
    let answer = server.send(Method::POST, "/Products/TakeStock", &reader, ENOUGH);
    assert!(answer.error().starts_with("403 InsufficientScope"), "{}", answer.body);
    assert!(answer.body.contains("shop:count"), "{}", answer.body);
    let blind = [("x-api-key", "shop:write")];
    assert_eq!(server.send(Method::POST, "/Products/PickFirst", &blind, "").status, 204);
    let picked = server.send(Method::POST, "/Products/PickFirst?$select=Id", &[], "");
    assert_eq!((picked.status, &picked.json()["Id"]), (200, &json!(1)), "{}", picked.body);
}

/// What is told once must not get lost by a preference.
#[test]
fn a_value_is_told_as_it_is_asked_for_but_told() {
    let body = r#"{"Labels":[],"Most":1,"Key":"k"}"#;
    let quiet = count("/Products/TakeStock", &[("prefer", "return=minimal")], body);
    assert_eq!((quiet.status, &quiet.json()["Key"]), (200, &json!("k")));
    assert_eq!(quiet.header("preference-applied"), None);
    let short = count("/Products/TakeStock", &[("prefer", "omit-values=nulls")], body);
    assert_eq!(short.json().get("Until"), None, "{}", short.body);
    assert_eq!(short.header("preference-applied"), Some("omit-values=nulls"));
    let full = "/Products/TakeStock?$format=json;odata.metadata=full;IEEE754Compatible=true";
    let full = count(full, &[], body).json();
    assert_eq!((&full["@odata.type"], &full["Most"]), (&json!("#Shop.Stock"), &json!("1")));
    assert_eq!(full["Labels@odata.type"], "#Collection(String)");
    for (address, want) in [("?$select=Most", 400), ("?$top=1", 400), ("?$format=xml", 406)] {
        let answer = count(&format!("/Products/TakeStock{address}"), &[], body);
        assert_eq!(answer.status, want, "{address}");
    }
}

#[test]
fn a_function_answers_everybody_who_is_known() {
    let server = Server::new();
    let nobody = [("x-api-key", "x")];
    for address in ["/OpenToday()", "/OpenToday", "/opentoday/", "/opentoday()"] {
        let answer = server.send(Method::GET, address, &nobody, "");
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        let context = "http://shop.example:8420/odata/$metadata#Shop.Hours";
        let want = json!({"@odata.context": context, "From": "09:00:00", "Until": null});
        assert_eq!(answer.json(), want, "what takes a scope is left out");
        assert_eq!(answer.header("etag"), None);
        let post = server.send(Method::POST, address, &nobody, "{}");
        assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")), "{address}");
    }
    let host = [("x-api-key", "guests:read"), ("prefer", "omit-values=nulls")];
    let bare = server.send(Method::GET, "/OpenToday?$format=json;metadata=none", &host, "");
    assert_eq!(bare.json(), json!({"From": "09:00:00", "Guests": 7}));
    assert_eq!(bare.header("preference-applied"), Some("omit-values=nulls"));
    let stranger = [("x-api-key", "stranger")];
    assert_eq!(server.send(Method::GET, "/OpenToday", &stranger, "").status, 401);
    for (address, want) in [
        ("/OpenToday?$select=From", 400),
        ("/OpenToday?$format=xml", 406),
        ("/OpenToday(1)", 404),
        ("/OpenToday/From", 404),
        ("/OpenToday/$count", 404),
        ("/Shop.OpenToday()", 404),
        ("/OpenTodya", 404),
    ] {
        let answer = server.send(Method::GET, address, &nobody, "");
        assert_eq!(answer.status, want, "{address}: {}", answer.body);
    }
    let slip = server.get("/OpenTodya").error();
    assert!(slip.contains("did you mean 'OpenToday'?"), "{slip}");
    assert!(!server.get("/").body.contains("OpenToday"));
}

#[test]
fn operations_are_described_to_those_who_may_call_them() {
    let document = |model: &Model, scopes: &str| {
        let scopes = Scopes::of(scopes);
        let checker = Checker::new(model, &scopes, Limits::default());
        String::from_utf8(csdl_xml(&checker).unwrap()).unwrap()
    };
    let model = shop::model();
    let counter = document(&model, "shop:read,shop:count");
    for want in [
        r#"<Action Name="TakeStock" IsBound="true">"#,
        r#"<Parameter Name="bindingParameter" Type="Collection(Shop.Product)" Nullable="false"/>"#,
        r#"<ReturnType Type="Shop.Stock" Nullable="false"/>"#,
        r#"<ComplexType Name="Stock">"#,
    ] {
        assert!(counter.contains(want), "{want}");
    }
    let reader = document(&model, "shop:read");
    assert!(!reader.contains("TakeStock") && !reader.contains("\"Stock"), "{reader}");
    let nobody = document(&model, "");
    for want in [
        r#"<Function Name="OpenToday">"#,
        r#"<ReturnType Type="Shop.Hours" Nullable="false"/>"#,
        r#"<FunctionImport Name="OpenToday" Function="Shop.OpenToday"/>"#,
        r#"<ComplexType Name="Hours">"#,
    ] {
        assert!(nobody.contains(want), "{want}");
    }
    assert!(!nobody.contains("Guests") && !nobody.contains("EntitySet"), "{nobody}");
    let writer = document(&model, "shop:read,shop:write");
    assert!(
        writer.contains(
            r#"<Action Name="PickFirst" IsBound="true" EntitySetPath="bindingParameter">"#
        )
    );
}
