//! What answers look like, byte by byte where it matters.

use serde_json::json;
use warp::http::Method;

use crate::ask::Server;

const ROOT: &str = "http://shop.example:8420/odata/";

#[test]
fn the_service_document_lists_what_may_be_read() {
    let server = Server::new();
    insta::assert_snapshot!(server.get("").body);
    let reader = [("x-api-key", "prices:read")];
    let json = server.send(Method::GET, "/", &reader, "").json();
    assert_eq!(json["value"], json!([{"name": "Prices", "kind": "EntitySet", "url": "Prices"}]));
}

#[test]
fn an_entity_with_everything_is_written_exactly() {
    insta::assert_snapshot!(Server::new().get("/Products(1)").body);
}

#[test]
fn an_entity_with_nothing_has_nulls_and_empty_collections() {
    insta::assert_snapshot!(Server::new().get("/Products(2)").body);
}

#[test]
fn a_derived_entity_says_its_type_and_its_own_properties() {
    let server = Server::new();
    let song = server.json("/Products(3)");
    assert_eq!(song["@odata.type"], "#Shop.DigitalProduct");
    assert_eq!(song["Link"], "https://x.example/");
    assert_eq!(song["Weight"], "NaN");
    assert_eq!(song["Size"]["@odata.type"], "#Shop.Box");
    let cast = server.json("/Products/Shop.DigitalProduct?$select=Link");
    assert_eq!(
        cast["@odata.context"],
        format!("{ROOT}$metadata#Products/Shop.DigitalProduct(Link)")
    );
    assert_eq!(cast["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        server.get("/Products(3)/Shop.DigitalProduct/Link/$value").body,
        "https://x.example/"
    );
    assert_eq!(
        server.get("/Products(1)/Shop.DigitalProduct").error(),
        "404 NotFound: there is no 'DigitalProduct' at this address"
    );
}

#[test]
fn the_metadata_level_decides_how_much_is_said() {
    let server = Server::new();
    let of = |level: &str| {
        let accept = format!("application/json;odata.metadata={level};IEEE754Compatible=true");
        let address = "/Products(1)?$select=Id,Price,Colour,Labels,Size";
        server.send(Method::GET, address, &[("accept", &accept)], "")
    };
    let full = of("full");
    assert_eq!(
        full.header("content-type"),
        Some("application/json;odata.metadata=full;IEEE754Compatible=true")
    );
    insta::assert_snapshot!("full", full.body);
    insta::assert_snapshot!("none", of("none").body);
    let all = server
        .send(Method::GET, "/Products(1)", &[("accept", "application/json;metadata=full")], "")
        .json();
    assert_eq!(all["Category@odata.navigationLink"], format!("{ROOT}Products(1)/Category"));
}

#[test]
fn context_urls_name_what_was_selected() {
    let server = Server::new();
    for (address, want) in [
        ("/Products", "Products"),
        ("/Products?$select=Name,Id", "Products(Id,Name)"),
        ("/Products?$select=*", "Products"),
        ("/Products?$select=Id,Category", "Products(Id,Category)"),
        ("/Products?$expand=Category", "Products"),
        ("/Products?$select=Id&$expand=Category($select=Name)", "Products(Id,Category(Name))"),
        ("/Products?$expand=Category($select=Name)", "Products(Category(Name))"),
        ("/Products(1)", "Products/$entity"),
        ("/Products(1)?$select=Id", "Products(Id)/$entity"),
        ("/Products(1)/Category", "Categories/$entity"),
        ("/Products(1)/Prices", "Prices"),
        ("/Products(1)/Name", "Products(1)/Name"),
        ("/Products(1)/Size/Width", "Products(1)/Size/Width"),
        ("/Products(1)/Category/Name", "Categories(1)/Name"),
        (
            "/Prices(ProductId=1,Currency='U%2FS')/Amount",
            "Prices(ProductId=1,Currency='U%2FS')/Amount",
        ),
    ] {
        let context = server.json(address)["@odata.context"].clone();
        assert_eq!(context, format!("{ROOT}$metadata#{want}"), "{address}");
    }
}

#[test]
fn related_entities_come_along_or_are_counted_or_linked() {
    let server = Server::new();
    let one = |query: &str| server.json(&format!("/Products(1)?$select=Id&$expand={query}"));
    assert_eq!(one("Category")["Category"]["Name"], "Light");
    assert_eq!(one("Prices($orderby=Amount desc;$top=1;$count=true)")["Prices@odata.count"], 2);
    let prices = one("Prices($filter=Amount gt 10.6;$select=Amount)");
    assert_eq!(prices["Prices"][0]["Amount"].to_string(), "11");
    assert_eq!(one("Prices/$count")["Prices@odata.count"], 2);
    assert_eq!(
        one("Category/$ref")["Category"],
        json!({"@odata.id": format!("{ROOT}Categories(1)")})
    );
    assert_eq!(server.json("/Products(2)?$expand=Category")["Category"], serde_json::Value::Null);
    let link = server.json("/Products(1)?$select=Category");
    assert_eq!(link["Category@odata.navigationLink"], format!("{ROOT}Products(1)/Category"));
    assert_eq!(one("Reviews")["Reviews"].as_array().unwrap().len(), 2);
    let names =
        server.json("/Categories(2)/Products?$filter=Id lt 5&$select=Name&$expand=Category");
    assert_eq!(names["value"][1]["Category"]["Id"], 2);
}

#[test]
fn single_values_are_told_as_json_and_as_text() {
    let server = Server::new();
    for (path, value, text) in [
        ("Name", json!("Lämp 'O\""), "Lämp 'O\""),
        ("ReleasedAt", json!("2024-02-29T12:30:00.5Z"), "2024-02-29T12:30:00.5Z"),
        ("Warranty", json!("P1DT2H3M4.5S"), "P1DT2H3M4.5S"),
        ("Uses", json!("Home,Garden"), "Home,Garden"),
        ("Size/Width", json!(1.5), "1.5"),
        ("InStock", json!(true), "true"),
    ] {
        assert_eq!(server.json(&format!("/Products(1)/{path}"))["value"], value, "{path}");
        let raw = server.get(&format!("/Products(1)/{path}/$value"));
        assert_eq!(
            (raw.body.as_str(), raw.header("content-type")),
            (text, Some("text/plain; charset=utf-8"))
        );
    }
    assert_eq!(server.json("/Products(1)/Labels")["value"], json!(["new", "a/b"]));
    assert_eq!(server.json("/Products(1)/Size")["Width"], 1.5);
    for nothing in ["/Products(2)/Shelf", "/Products(2)/Shelf/$value", "/Products(2)/Category"] {
        assert_eq!(server.get(nothing).status, 204, "{nothing}");
    }
    for (path, count) in [
        ("Products", "25"),
        ("Products/$count?$filter=Sales eq 1", "8"),
        ("Products(1)/Reviews", "2"),
        ("Products(1)/Labels", "2"),
        ("Products/Shop.DigitalProduct", "1"),
    ] {
        let path = if path.contains('?') { path.to_owned() } else { format!("{path}/$count") };
        assert_eq!(server.get(&format!("/{path}")).body, count, "{path}");
    }
}

#[test]
fn what_is_hidden_is_nowhere() {
    let server = Server::new();
    for (address, want) in [
        ("/Products(1)/Secret", "404 UnknownResource: there is no resource 'Secret'"),
        ("/Products(1)/Margin", "404 UnknownResource: there is no resource 'Margin'"),
        ("/Reviews(2)", "404 NotFound: there is no 'Review' with this key"),
        ("/Products(1)/Reviews(2)", "404 NotFound: there is no 'Review' with this key"),
        ("/Products(77)", "404 NotFound: there is no 'Product' with this key"),
        ("/Products(77)/Category", "404 NotFound: there is no 'Product' with this key"),
        ("/Products(2)/Category/Name", "404 NotFound: there is no entity at this address"),
        ("/Nothing", "404 UnknownResource: there is no resource 'Nothing'"),
        ("/Reviews/$count?$search=x", "501 NotImplemented: $search is not implemented"),
    ] {
        assert_eq!(server.get(address).error(), want, "{address}");
    }
    assert_eq!(server.get("/Reviews/$count").body, "2");
    let moderator = [("x-api-key", "shop:read,reviews:moderate")];
    assert_eq!(server.send(Method::GET, "/Reviews/$count", &moderator, "").body, "3");
    assert_eq!(server.send(Method::GET, "/Reviews(2)", &moderator, "").status, 200);
    let boss = [("x-api-key", "shop:read,margins:read")];
    assert_eq!(server.send(Method::GET, "/Products(1)", &boss, "").json()["Margin"], 0.25);
    let blind = [("x-api-key", "shop:read")];
    let prices = server.send(Method::GET, "/Products(1)/Prices", &blind, "");
    assert_eq!(
        prices.error(),
        "404 UnknownResource: there is no resource 'Prices'; did you mean 'Price'?"
    );
    let prices = server.send(Method::GET, "/Prices", &blind, "");
    assert_eq!(
        prices.error(),
        "403 InsufficientScope: this needs the scope 'prices:read', which this token does not have"
    );
}

#[test]
fn a_query_is_explained_with_the_names_of_what_it_reads() {
    let server = Server::new();
    for address in ["Products?$expand=Reviews", "Products/Shop.DigitalProduct?$expand=Reviews"] {
        let told = server.explain(address);
        assert!(told.contains("for each, read the rows of Reviews by"), "{address}: {told}");
    }
    let told = server.explain("Categories(1)/Products");
    assert!(told.starts_with("look up one row by its key, then its rows of Products by"), "{told}");
}
