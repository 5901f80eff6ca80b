//! Callers, methods, versions, formats and entity tags.

use warp::http::Method;

use crate::ask::Server;

#[test]
fn path_and_method_come_before_the_caller() {
    let server = Server::new();
    let nobody = [("authorization", "Bearer ")];
    for (method, address, status) in [
        (Method::GET, "/Nothing", 404),
        (Method::GET, "/Products(1)/Nothing", 404),
        (Method::PUT, "/Products(1)", 401),
        (Method::PUT, "/Products(1)/Name", 401),
        (Method::PUT, "/Products(1)/Id", 405),
        (Method::POST, "/Products(1)/Name", 405),
        (Method::POST, "/Products(1)/Shop.Restock", 401),
        (Method::GET, "/Products(1)/Shop.Restock", 405),
        (Method::POST, "/Products(1)/Shop.Nothing", 404),
        (Method::POST, "/Categories(1)/Shop.Restock", 404),
        (Method::POST, "/Categories", 405),
        (Method::DELETE, "/Products", 405),
        (Method::GET, "/Products", 401),
        (Method::GET, "/Products(77)", 401),
        (Method::GET, "/Products(@k)?@k=1", 401),
        (Method::GET, "/$metadata", 401),
        (Method::GET, "/", 401),
        (Method::GET, "/Products?$filter=(", 401),
        (Method::POST, "/Products", 401),
        (Method::GET, "/Products?token=x", 400),
    ] {
        let answer = server.send(method.clone(), address, &nobody, "");
        assert_eq!(answer.status, status, "{method} {address}: {}", answer.body);
    }
    let stranger = server.send(Method::GET, "/Products", &[("x-api-key", "stranger")], "");
    assert_eq!(stranger.error(), "401 InvalidToken: the access token is not valid");
    assert_eq!(stranger.headers.get_all("www-authenticate").iter().count(), 2);
}

#[test]
fn a_method_that_is_not_taken_names_those_that_are() {
    let server = Server::new();
    for (address, allow) in [
        ("/", "GET, HEAD"),
        ("/$metadata", "GET, HEAD"),
        ("/Products", "GET, HEAD, POST"),
        ("/Products(1)", "GET, HEAD, PATCH, PUT, DELETE"),
        ("/Products(1)/Name", "GET, HEAD, PATCH, PUT, DELETE"),
        ("/Products(1)/Name/$value", "GET, HEAD, PUT, DELETE"),
        ("/Products(1)/Size/Width", "GET, HEAD, PATCH, PUT, DELETE"),
        ("/Products(1)/Labels", "GET, HEAD, POST, PUT, DELETE"),
        ("/Products(1)/Labels/$count", "GET, HEAD"),
        ("/Products(1)/Stamp", "GET, HEAD"),
        ("/Products(1)/Shop.Restock", "POST"),
        ("/products/1/restock", "POST"),
        ("/Categories(1)", "GET, HEAD"),
        ("/Categories(1)/Name", "GET, HEAD"),
    ] {
        let answer = server.send(Method::OPTIONS, address, &[], "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{address}");
    }
}

#[test]
fn the_version_is_said_once_and_old_clients_are_told() {
    let server = Server::new();
    let answer = server.get("/Products?$top=1");
    assert_eq!(answer.headers.get_all("odata-version").iter().count(), 1);
    assert_eq!(answer.header("odata-version"), Some("4.0"));
    let old = server.send(Method::GET, "/Products", &[("odata-maxversion", "3.0")], "");
    assert_eq!(
        old.error(),
        "400 InvalidHeader: header OData-MaxVersion cannot be used: answers are of version 4.0; ask for that or more"
    );
}

#[test]
fn what_cannot_be_written_is_not_acceptable() {
    let server = Server::new();
    let xml = server.send(Method::GET, "/Products", &[("accept", "application/atom+xml")], "");
    assert_eq!(
        xml.error(),
        "406 NotAcceptable: this resource comes as application/json, which takes the parameters odata.metadata (none, minimal or full), IEEE754Compatible and charset=utf-8; a collection of entities comes as text/csv too; ask for that in 'Accept' or '$format'"
    );
    assert_eq!(server.get("/Products?$format=json").status, 200);
    assert_eq!(server.get("/Products?$format=atom").status, 406);
    let json = server.send(Method::GET, "/$metadata", &[("accept", "application/json")], "");
    assert_eq!((json.status, json.header("content-type")), (501, Some("application/json")));
}

#[test]
fn an_entity_known_already_is_not_sent_again() {
    let server = Server::new();
    let first = server.get("/Products(1)");
    let tag = first.header("etag").unwrap();
    assert_eq!(first.json()["@odata.etag"], tag);
    let again = server.send(Method::GET, "/Products(1)", &[("if-none-match", tag)], "");
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag)));
    let other = server.send(Method::GET, "/Products(2)", &[("if-none-match", tag)], "");
    assert_eq!(other.status, 200);
}

#[test]
fn an_entity_with_expanded_ones_is_sent_again() {
    // Its version said "unchanged" while a review of it had come.
    let server = Server::new();
    let tag = server.get("/Products(1)").header("etag").unwrap().to_owned();
    for known in [tag.as_str(), "*"] {
        let address = "/Products(1)?$expand=Reviews";
        let again = server.send(Method::GET, address, &[("if-none-match", known)], "");
        assert_eq!((again.status, again.header("etag")), (200, None));
        assert!(again.json()["Reviews"].is_array());
    }
}
