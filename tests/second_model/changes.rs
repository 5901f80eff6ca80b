//! `PUT` and `PATCH` with whole entities, as clients send back what they read.

use serde_json::{Value, json};
use warp::http::Method;

use crate::{
    ask::{Answer, Server},
    shop::LOST,
};

fn send(server: &Server, method: Method, body: &Value) -> Answer {
    server.send(method, "/Products(1)", &[], &body.to_string())
}

/// `Products(1)` as a client gets it.
fn read(server: &Server) -> Value {
    server.json("/Products(1)")
}

#[test]
fn an_entity_goes_back_as_it_was_read_but_for_one_value() {
    for method in [Method::PUT, Method::PATCH] {
        let server = Server::new();
        let mut whole = read(&server);
        whole["Name"] = json!("New");
        // More digits than this reader of JSON keeps.
        whole["Price"] = json!(1.5);
        let answer = send(&server, method.clone(), &whole);
        assert_eq!(answer.status, 200, "{method}: {}", answer.body);
        assert_eq!(answer.header("etag"), answer.json()["@odata.etag"].as_str());
        let (mut now, mut before) = (read(&server), whole);
        for entity in [&mut now, &mut before] {
            entity.as_object_mut().unwrap().remove("@odata.etag");
        }
        assert_eq!(now, before, "{method}");
    }
}

#[test]
fn what_cannot_be_set_must_be_what_it_is() {
    let server = Server::new();
    for (body, want) in [
        (json!({"Stamp": null, "Name": "a"}), "200"),
        (json!({"stamp": null, "Id": 1, "Name": "b"}), "200"),
        (
            json!({"Stamp": "2026-01-01T00:00:00Z"}),
            "400 ReadOnlyProperty: 'Stamp' is read-only; leave it out of the body",
        ),
        (
            json!({"Stamp": "never"}),
            "400 ReadOnlyProperty: 'Stamp' is read-only; leave it out of the body",
        ),
        (
            json!({"Id": 2}),
            "400 InvalidValue: 'Id' does not fit: it differs from the key of the entity in the address",
        ),
        (
            json!({"Guid": "00000000-0000-0000-0000-000000000000"}),
            "400 ReadOnlyProperty: 'Guid' is read-only; leave it out of the body",
        ),
        (
            json!({"@odata.type": "#Shop.DigitalProduct", "Link": "x"}),
            "400 InvalidValue: '@odata.type' does not fit: the entity is of type 'Product' and stays so",
        ),
        (
            json!({"Reviews": []}),
            "501 NotImplemented: writing 'Reviews' together with its 'Product' (change them at their own address) is not implemented",
        ),
    ] {
        for method in [Method::PUT, Method::PATCH] {
            let mut body = body.clone();
            if method == Method::PUT && body.get("Name").is_none() {
                body["Name"] = json!("x");
            }
            let answer = send(&server, method.clone(), &body);
            let got = if answer.status == 200 { "200".to_owned() } else { answer.error() };
            assert_eq!(got, want, "{method} {body}");
        }
    }
}

#[test]
fn put_takes_back_what_it_leaves_out_but_not_what_the_caller_cannot_see() {
    let server = Server::new();
    let answer = send(&server, Method::PUT, &json!({"Name": "Bare"}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let bare = answer.json();
    assert_eq!((&bare["Name"], &bare["Id"]), (&json!("Bare"), &json!(1)));
    for name in ["Price", "Size", "Description", "Colour", "CategoryId"] {
        assert_eq!(bare[name], Value::Null, "{name}");
    }
    assert_eq!((&bare["Labels"], &bare["FormerSizes"]), (&json!([]), &json!([])));
    let all = [("x-api-key", "shop:read,margins:read")];
    let margin = server.send(Method::GET, "/Products(1)/Margin", &all, "");
    assert_eq!(margin.json()["value"], json!(0.25));
}

#[test]
fn a_link_sets_the_key_it_leads_to() {
    let server = Server::new();
    let patch = |body: Value| {
        let answer = server.send(Method::PATCH, "/Products(2)", &[], &body.to_string());
        match answer.status {
            200 => answer.json()["CategoryId"].to_string(),
            _ => answer.error(),
        }
    };
    let takes = "it takes the address of an entity, such as \"Categories(1)\"";
    let misfit = format!("400 InvalidValue: 'Category' does not fit: {takes}");
    for (body, want) in [
        (json!({"Category@odata.bind": "Categories(1)"}), "1"),
        (json!({"category@bind": "/odata/Categories(2)"}), "2"),
        (json!({"Category@odata.bind": "http://shop.example:8420/odata/Categories/1"}), "1"),
        (json!({"Category": {"@odata.id": "Categories(2)"}}), "2"),
        (json!({"Category": {"@id": "categories(1)"}, "CategoryId": 1}), "1"),
        (json!({"Category": null}), "null"),
        (json!({"Category@odata.bind": null}), "null"),
        (json!({"Category@odata.bind": "Products(1)"}), misfit.as_str()),
        (json!({"Category@odata.bind": "Categories"}), &misfit),
        (json!({"Category@odata.bind": "http://evil.example/odata/Categories(1)"}), &misfit),
        (json!({"Category@odata.bind": 7}), &misfit),
        (
            json!({"Category@odata.bind": "Categories(9)"}),
            "400 InvalidValue: 'Category' does not fit: there is no 'Category' with this key",
        ),
        (
            json!({"Category@odata.bind": "Categories(1)", "CategoryId": 2}),
            "400 InvalidValue: 'Category' does not fit: it and 'CategoryId' name different entities",
        ),
        (
            json!({"Category@odata.bind": "Categories(1)", "Category": null}),
            "400 InvalidBody: the body cannot be used: 'Category' is given twice",
        ),
        (
            json!({"Reviews@odata.bind": ["Reviews(1)"]}),
            "501 NotImplemented: linking several entities as 'Reviews' is not implemented",
        ),
        (
            json!({"Name@odata.bind": "Categories(1)"}),
            "400 InvalidValue: 'Name@odata.bind' does not fit: it is no navigation property, which a link could set",
        ),
        (
            json!({"Categry@odata.bind": "Categories(1)"}),
            "400 UnknownProperty: the body names 'Categry', which 'Product' does not have; did you mean 'CategoryId'?",
        ),
    ] {
        assert_eq!(patch(body.clone()), want, "{body}");
    }
    let created = server.send(
        Method::POST,
        "/Products",
        &[],
        r#"{"Name":"x","Category@odata.bind":"Categories(2)"}"#,
    );
    assert_eq!(created.json()["CategoryId"], json!(2));
}

#[test]
fn an_answer_is_what_the_client_prefers() {
    let server = Server::new();
    let patch = |address: &str, prefer: &str| {
        let headers = [("prefer", prefer)];
        server.send(Method::PATCH, address, &headers, r#"{"Shelf":3}"#)
    };
    let quiet = patch("/Products(1)", "return=minimal");
    assert_eq!((quiet.status, quiet.body.as_str()), (204, ""));
    let id = "http://shop.example:8420/odata/Products(1)";
    assert_eq!(quiet.header("odata-entityid"), Some(id));
    assert!(quiet.header("etag").is_some() && quiet.header("location").is_none());
    let told = patch("/Products(1)?$select=Shelf&$expand=Category", "return=representation");
    assert_eq!(told.header("preference-applied"), Some("return=representation"));
    assert_eq!(told.json()["Category"]["Id"], json!(1));
    assert_eq!(told.json().get("Name"), None);
    assert_eq!(patch("/Products(1)?$select=Nothing", "").status, 400);
}

#[test]
fn a_change_asks_for_versions_on_every_verb() {
    let server = Server::new();
    let old = server.get("/Products(2)").header("etag").unwrap().to_owned();
    server.send(Method::PATCH, "/Products(2)", &[], r#"{"Shelf":1}"#);
    let now = server.get("/Products(2)").header("etag").unwrap().to_owned();
    for (method, address, body) in [
        (Method::PATCH, "/Products(2)", r#"{"Shelf":2}"#),
        (Method::PUT, "/Products(2)", r#"{"Name":"x"}"#),
        (Method::PUT, "/Products(2)/Name", r#"{"value":"x"}"#),
        (Method::POST, "/Products(2)/Labels", r#"{"value":"x"}"#),
        (Method::PUT, "/Products(2)/Name/$value", "x"),
        (Method::POST, "/Products(2)/Shop.Restock", r#"{"Count":1}"#),
        (Method::DELETE, "/Products(2)/Shelf", ""),
        (Method::DELETE, "/Products(2)", ""),
    ] {
        for (name, value) in [
            ("if-match", old.as_str()),
            ("if-match", "\"nonsense\""),
            ("if-none-match", now.as_str()),
            ("if-none-match", "*"),
        ] {
            let headers = [(name, value), ("content-type", "text/json")];
            let headers = if address.ends_with("$value") { &headers[..1] } else { &headers[..] };
            let headers: Vec<_> = headers
                .iter()
                .copied()
                .chain(address.ends_with("$value").then_some(("content-type", "text/plain")))
                .collect();
            let answer = server.send(method.clone(), address, &headers, body);
            assert_eq!(answer.status, 412, "{method} {address} {name}: {value}: {}", answer.body);
        }
    }
    assert_eq!(server.get("/Products(2)").header("etag"), Some(now.as_str()));
}

/// What could not be read was taken for no header, and the change was made.
#[test]
fn a_header_of_tags_that_cannot_be_read_stops_the_change() {
    let server = Server::new();
    let now = server.get("/Products(2)").header("etag").unwrap().to_owned();
    for (method, address, body) in [
        (Method::PATCH, "/Products(2)", r#"{"Shelf":2}"#),
        (Method::PUT, "/Products(2)", r#"{"Name":"x"}"#),
        (Method::PUT, "/Products(2)/Name", r#"{"value":"x"}"#),
        (Method::POST, "/Products(2)/Labels", r#"{"value":"x"}"#),
        (Method::POST, "/Products(2)/Shop.Restock", r#"{"Count":1}"#),
        (Method::DELETE, "/Products(2)", ""),
    ] {
        for value in ["\"é\"", "", " ", "nonsense", "W/1"] {
            for (name, want) in [("if-match", 412), ("if-none-match", 400)] {
                let answer = server.send(method.clone(), address, &[(name, value)], body);
                let asked = format!("{method} {address} {name}: {value:?}: {}", answer.body);
                assert_eq!(answer.status, want, "{asked}");
            }
        }
    }
    let read = server.send(Method::GET, "/Products(2)", &[("if-none-match", "\"é\"")], "");
    assert_eq!((read.status, read.header("etag")), (200, Some(now.as_str())));
}

/// The change was made and 500 said; a script that tries again then makes it twice.
#[test]
fn a_change_that_is_made_is_never_told_as_an_error() {
    let server = Server::new();
    let whole = json!({"Name": "x", "Description": LOST}).to_string();
    let value = json!({"value": LOST}).to_string();
    let note = json!({"Count": 1, "Note": LOST}).to_string();
    let id = |number| format!("http://shop.example:8420/odata/Products({number})");
    for prefer in ["", "return=representation"] {
        for (method, address, body, entity) in [
            (Method::POST, "/Products", &whole, Some(id(99))),
            (Method::PATCH, "/Products(1)", &whole, Some(id(1))),
            (Method::PUT, "/Products(2)", &whole, Some(id(2))),
            (Method::POST, "/Products(4)/Shop.Restock", &note, Some(id(4))),
            (Method::PUT, "/Products(5)/Description", &value, None),
        ] {
            let answer = server.send(method.clone(), address, &[("prefer", prefer)], body);
            let what = format!("{method} {address} {prefer}");
            assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{what}");
            assert!(answer.header("etag").is_some(), "{what}");
            assert_eq!(answer.header("odata-entityid"), entity.as_deref(), "{what}");
            assert_eq!(answer.header("preference-applied"), None, "{what}");
            let location = entity.filter(|_| address == "/Products");
            assert_eq!(answer.header("location"), location.as_deref(), "{what}");
        }
    }
    assert_eq!(server.get("/Products(1)").status, 500);
    assert_eq!(server.json("/Products(99)?$select=Name")["Name"], json!("x"));
}

#[test]
fn a_value_is_replaced_without_reading_what_it_was() {
    let server = Server::new();
    for (method, address, body) in [
        (Method::PUT, "/Products(1)/Description", r#"{"value":"new"}"#),
        (Method::PATCH, "/Products(1)/Description", r#"{"value":"new"}"#),
        (Method::PUT, "/Products(1)/Description/$value", "new"),
        (Method::DELETE, "/Products(1)/Description", ""),
    ] {
        let lose = json!({"Description": LOST}).to_string();
        assert_eq!(server.send(Method::PATCH, "/Products(1)", &[], &lose).status, 204);
        let media = if address.ends_with("$value") { "text/plain" } else { "application/json" };
        let answer = server.send(method.clone(), address, &[("content-type", media)], body);
        assert_eq!(answer.status, 204, "{method} {address}: {}", answer.body);
        assert_eq!(server.get("/Products(1)").status, 200, "{method} {address}");
    }
}

#[test]
fn a_change_never_creates() {
    let server = Server::new();
    for (name, value, want) in [
        ("if-match", "*", "404 NotFound: there is no 'Product' with this key"),
        (
            "if-none-match",
            "*",
            "404 NotFound: there is no 'Product' with this key, and only POST creates one",
        ),
    ] {
        for method in [Method::PUT, Method::PATCH] {
            let body = r#"{"Name":"x"}"#;
            let answer = server.send(method, "/Products(77)", &[(name, value)], body);
            assert_eq!(answer.error(), want, "{name}");
        }
    }
}

/// Answers to changes differ by the same headers as reads, and did not say so.
#[test]
fn the_answer_to_a_change_says_what_it_differs_by() {
    let server = Server::new();
    let want = server.get("/Products(1)").header("vary").unwrap().to_owned();
    assert!(want.contains("Prefer"), "{want}");
    for (method, address, body) in [
        (Method::POST, "/Products", r#"{"Name":"x"}"#),
        (Method::PATCH, "/Products(1)", r#"{"Shelf":2}"#),
        (Method::PUT, "/Products(1)/Name", r#"{"value":"x"}"#),
        (Method::POST, "/Products(1)/Shop.Restock", r#"{"Count":1}"#),
        (Method::DELETE, "/Products(1)", ""),
    ] {
        let answer = server.send(method.clone(), address, &[], body);
        assert!(answer.status < 300, "{method} {address}: {}", answer.body);
        assert_eq!(answer.header("vary"), Some(want.as_str()), "{method} {address}");
    }
}
