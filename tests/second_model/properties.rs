//! Writes to one property.

use serde_json::{Value, json};
use warp::http::Method;

use crate::ask::{Answer, Server};

/// Sends to a property of `Products(1)` and reads it back: its JSON, `null` for none, or the error.
fn send(server: &Server, method: Method, path: &str, body: &str) -> String {
    let address = format!("/Products(1)/{path}");
    let is_raw = path.ends_with("$value");
    let headers = [("content-type", if is_raw { "text/plain" } else { "application/json" })];
    let answer = server.send(method, &address, &headers, body);
    if answer.status != 204 {
        return answer.error();
    }
    assert!(answer.body.is_empty() && answer.header("etag").is_some());
    let read = server.get(address.trim_end_matches("/$value"));
    if read.status == 204 { "null".to_owned() } else { told(&read) }
}

/// A property's value, without its context.
fn told(answer: &Answer) -> String {
    let mut json = answer.json();
    json.as_object_mut().unwrap().remove("@odata.context");
    json.get("value").unwrap_or(&json).to_string()
}

#[track_caller]
fn check(method: &Method, path: &str, body: &str, want: &str) {
    assert_eq!(send(&Server::new(), method.clone(), path, body), want, "{method} {path} {body}");
}

#[test]
fn a_single_value_is_put_and_taken_away() {
    for method in [Method::PUT, Method::PATCH] {
        check(&method, "Name", r#"{"value":"New"}"#, r#""New""#);
        check(&method, "name", r#"{"@odata.context":"x","value":"New"}"#, r#""New""#);
        check(&method, "Colour", r#"{"value":"Red"}"#, r#""Red""#);
        check(&method, "Shelf", r#"{"value":null}"#, "null");
        check(&method, "Description", r#"{"value":"long"}"#, r#""long""#);
        let must = "400 InvalidValue: 'Name' does not fit: it must not be null";
        check(&method, "Name", r#"{"value":null}"#, must);
        let usage = r#"400 InvalidBody: the body cannot be used: 'Name' is set by {"value": …}"#;
        for body in ["{}", r#"{"Name":"x"}"#, r#"{"value":"x","Name":"y"}"#] {
            check(&method, "Name", body, usage);
        }
        check(
            &method,
            "Name",
            r#"{"value":"a","value":"b"}"#,
            "400 InvalidBody: the body cannot be used: 'value' is given twice at line 1 column 25",
        );
        let range = "400 InvalidValue: 'Shelf' does not fit: it takes a whole number from 0 to 255";
        check(&method, "Shelf", r#"{"value":256}"#, range);
    }
    check(&Method::DELETE, "Shelf", "", "null");
    check(&Method::DELETE, "Shelf/$value", "", "null");
    check(
        &Method::DELETE,
        "Name",
        "",
        "400 InvalidValue: 'Name' does not fit: it must not be null",
    );
}

#[test]
fn a_bare_value_is_text() {
    check(&Method::PUT, "Name/$value", "Ü \"x\"", r#""Ü \"x\"""#);
    check(&Method::PUT, "Price/$value", "1.50", "1.5");
    check(&Method::PUT, "Colour/$value", "blue", r#""Blue""#);
    check(&Method::PUT, "ReleasedOn/$value", "2026-11-21", r#""2026-11-21""#);
    check(&Method::PUT, "Photo/$value", "ab", r#""YWI=""#);
    check(
        &Method::PUT,
        "Photo/$value",
        "123456789",
        "400 InvalidValue: 'Photo' does not fit: it is 9 long, 8 at most",
    );
    check(
        &Method::PUT,
        "Shelf/$value",
        "x",
        "400 InvalidValue: 'Shelf' does not fit: it takes a whole number from 0 to 255",
    );
    check(
        &Method::PUT,
        "Colour/$value",
        "pink",
        "400 InvalidValue: 'Colour' does not fit: it takes one of Red, Green, Blue",
    );
    let server = Server::new();
    let headers = [("content-type", "application/json")];
    let answer = server.send(Method::PUT, "/Products(1)/Name/$value", &headers, "{}");
    assert_eq!(
        answer.error(),
        "415 UnsupportedMediaType: a bare value is text in UTF-8; send 'Content-Type: text/plain'"
    );
}

#[test]
fn a_complex_value_is_replaced_or_merged() {
    let size = |width: f64, height: Value, note: Value| {
        json!({"Width": width, "Height": height, "Note": note}).to_string()
    };
    let none = Value::Null;
    check(&Method::PUT, "Size", r#"{"Width":7}"#, &size(7.0, none.clone(), none.clone()));
    check(&Method::PATCH, "Size", r#"{"Width":7}"#, &size(7.0, none.clone(), json!("ü\"")));
    check(&Method::PUT, "Size/Width", r#"{"value":2}"#, &size_width("2.0"));
    check(&Method::PUT, "Size/Width/$value", "2", &size_width("2.0"));
    check(&Method::PATCH, "Size/Height", r#"{"value":2}"#, &size_width("2.0"));
    check(&Method::DELETE, "Size/Note", "", "null");
    check(&Method::DELETE, "Size", "", "null");
    check(&Method::PUT, "Size", r#"{"value":null}"#, "null");
    check(
        &Method::PUT,
        "Size",
        r#"{"Height":1}"#,
        "400 InvalidValue: 'Size' does not fit: 'Width' is missing in it",
    );
    check(
        &Method::PATCH,
        "Size",
        r#"{"Widht":1}"#,
        "400 UnknownProperty: the body names 'Widht', which 'Size' does not have; did you mean 'Width'?",
    );
    check(
        &Method::PATCH,
        "Size",
        r#"{"Width":1,"width":2}"#,
        "400 InvalidValue: 'Size/Width' does not fit: it is given twice",
    );
    check(
        &Method::PATCH,
        "Size",
        r##"{"@odata.type":"#Shop.Box","Depth":1}"##,
        "400 InvalidValue: '@odata.type' does not fit: the value is of type 'Size' and stays so",
    );
    check(
        &Method::DELETE,
        "Size/Width",
        "",
        "400 InvalidValue: 'Width' does not fit: it must not be null",
    );
    check(
        &Method::PUT,
        "Size/Shop.Box/Depth",
        r#"{"value":1}"#,
        "404 NotFound: there is no value at this address",
    );
    let server = Server::new();
    let deep = |method, body| server.send(method, "/Products(3)/Size/Shop.Box/Depth", &[], body);
    assert_eq!(deep(Method::PUT, r#"{"value":9}"#).status, 204);
    assert_eq!(deep(Method::GET, "").json()["value"], json!(9.0));
    let nothing = server.send(Method::PUT, "/Products(2)/Size/Width", &[], r#"{"value":9}"#);
    assert_eq!(nothing.status, 404);
}

fn size_width(value: &str) -> String {
    value.to_owned()
}

#[test]
fn a_collection_is_replaced_added_to_and_emptied() {
    let (put, post) = (Method::PUT, Method::POST);
    check(&put, "Labels", r#"{"value":["x"]}"#, r#"["x"]"#);
    check(&post, "Labels", r#"{"value":"x"}"#, r#"["new","a/b","x"]"#);
    check(&post, "Labels", r#"{"value":["x","y"]}"#, r#"["new","a/b","x","y"]"#);
    check(&post, "Labels", r#""x""#, r#"["new","a/b","x"]"#);
    check(&Method::DELETE, "Labels", "", "[]");
    let items = "400 InvalidValue: 'Labels' does not fit: its items must not be null";
    check(&post, "Labels", r#"{"value":null}"#, items);
    let text = "400 InvalidValue: 'Labels' does not fit: it takes text in double quotes";
    check(&post, "Labels", r#"{"value":7}"#, text);
    check(&post, "Labels", r#"{"x":7}"#, text);
    let array = "400 InvalidValue: 'Labels' does not fit: it takes an array";
    check(&post, "Labels", r#""x"],["#, array);
    check(&put, "Labels", r#"{"value":"x"}"#, array);
    let server = Server::new();
    let sizes = |body| send(&server, Method::POST, "FormerSizes", body);
    assert!(sizes(r#"{"Width":5}"#).contains(r#""Width":5.0"#));
    assert!(sizes(r#"{"value":{"Width":6}}"#).contains(r#""Width":6.0"#));
    let kinds = server.json("/Products(1)/FormerSizes/$count");
    assert_eq!(kinds, json!(4));
    assert_eq!(
        server.send(Method::PATCH, "/Products(1)/Labels", &[], "{}").header("allow"),
        Some("GET, HEAD, POST, PUT, DELETE")
    );
}

#[test]
fn the_value_comes_back_where_it_is_asked_for() {
    let server = Server::new();
    let prefer = |what| [("prefer", what)];
    let put = |headers: &[(&'static str, &str)], body| {
        server.send(Method::PUT, "/Products(1)/Name", headers, body)
    };
    let told = put(&prefer("return=representation"), r#"{"value":"a"}"#);
    assert_eq!((told.status, &told.json()["value"]), (200, &json!("a")));
    assert_eq!(told.header("preference-applied"), Some("return=representation"));
    let context = "http://shop.example:8420/odata/$metadata#Products(1)/Name";
    assert_eq!(told.json()["@odata.context"], json!(context));
    let quiet = put(&prefer("return=minimal"), r#"{"value":"b"}"#);
    assert_eq!((quiet.status, quiet.header("preference-applied")), (204, Some("return=minimal")));
    let form = put(&[("content-type", "application/x-www-form-urlencoded")], r#"{"value":"c"}"#);
    assert_eq!(form.status, 204);
    let reader = put(&[("x-api-key", "shop:read")], r#"{"value":"d"}"#);
    assert!(reader.error().contains("'shop:write'"));
    assert_eq!(server.json("/Products(1)/Name")["value"], json!("c"));
    let hidden = [("x-api-key", "shop:read,shop:write")];
    let margin = server.send(Method::PUT, "/Products(1)/Margin", &hidden, r#"{"value":1}"#);
    assert_eq!(margin.status, 404, "{}", margin.body);
    assert_eq!(server.send(Method::PUT, "/Products(77)/Name", &[], "{}").status, 404);
}
