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
fn full_metadata_tells_where_each_entity_is_read_changed_and_related() {
    let server = Server::new();
    let full = [("accept", "application/json;odata.metadata=full")];
    let of = |address| server.send(Method::GET, address, &full, "").json();
    let song = of("/Products(3)");
    let edit = format!("{ROOT}Products(3)/Shop.DigitalProduct");
    assert_eq!(song["@odata.id"], format!("{ROOT}Products(3)"));
    assert_eq!(song["@odata.readLink"], format!("{ROOT}Products(3)"));
    assert_eq!(song["@odata.editLink"], edit);
    assert_eq!(song["Category@odata.navigationLink"], format!("{edit}/Category"));
    for link in [edit.clone(), format!("{edit}/Category")] {
        let path = link.strip_prefix(ROOT).unwrap();
        assert!(server.get(&format!("/{path}")).status < 300, "{link}");
    }
    let path = edit.strip_prefix(ROOT).unwrap();
    let changed = server.send(Method::PATCH, &format!("/{path}"), &[], r#"{"Name":"Hymn"}"#);
    assert_eq!(changed.status, 200, "{}", changed.body);
    let category = of("/Categories(1)");
    assert!(category.get("@odata.editLink").is_none(), "nobody changes categories: {category}");
    assert_eq!(category["@odata.readLink"], format!("{ROOT}Categories(1)"));
    let some = of("/Products(1)?$select=Id,Category");
    assert!(some.get("Category@odata.navigationLink").is_some(), "{some}");
    assert!(some.get("Prices@odata.navigationLink").is_none(), "{some}");
}

#[test]
fn a_link_stands_right_before_what_it_leads_to() {
    // A reader took the link for the whole property and the entity after others for a second one.
    let server = Server::new();
    let body = server.get("/Products(1)?$select=Category,Prices&$expand=Category").body;
    let at = |text: &str| body.find(text).unwrap_or_else(|| panic!("{text} in {body}"));
    let link =
        format!(r#""Category@odata.navigationLink":"{ROOT}Products(1)/Category","Category":{{"#);
    assert!(at("Prices@odata.navigationLink") < at(&link), "{body}");
    let none = [("accept", "application/json;odata.metadata=none")];
    let body = server.send(Method::GET, "/Products(1)?$select=Category", &none, "").body;
    assert_eq!(body, "{}");
}

#[test]
fn nulls_are_left_out_for_those_who_prefer_it() {
    let server = Server::new();
    let ask =
        |address: &str, prefer: &str| server.send(Method::GET, address, &[("prefer", prefer)], "");
    for words in ["omit-values=nulls", "odata.omit-values=nulls", "omit-values=defaults"] {
        for address in ["/Products(2)", "/Products?$filter=Id eq 2", "/Products(1)/Size"] {
            let answer = ask(address, words);
            assert_eq!(answer.header("preference-applied"), Some(words), "{address}");
            assert!(!answer.body.contains("null"), "{}", answer.body);
        }
    }
    let plain = server.json("/Products(2)");
    let short = ask("/Products(2)", "omit-values=nulls").json();
    let plain = plain.as_object().unwrap();
    let kept: Vec<_> = plain.iter().filter(|(_, value)| !value.is_null()).collect();
    assert_eq!(short.as_object().unwrap().iter().collect::<Vec<_>>(), kept);
    assert!(kept.len() < plain.len());
    let ignored = ask("/Products(2)", "omit-values=zeros,respond-async,include-annotations=\"*\"");
    assert_eq!(ignored.header("preference-applied"), None);
    assert!(ignored.body.contains("null"));
    let paged = ask("/Products", "odata.maxpagesize=3,omit-values=nulls,return=minimal");
    assert_eq!(paged.header("preference-applied"), Some("omit-values=nulls, odata.maxpagesize=3"));
    let capped = ask("/Products", "maxpagesize=1000");
    assert_eq!(capped.header("preference-applied"), None);
    let expanded = ask("/Products(2)?$expand=Category", "omit-values=nulls").json();
    assert!(expanded["Category"].is_null() && expanded.get("Category").is_some(), "{expanded}");
}

#[test]
fn what_a_change_made_null_is_told_whatever_is_preferred() {
    let server = Server::new();
    let prefer = [("prefer", "omit-values=nulls, return=representation")];
    let send = |body| server.send(Method::PATCH, "/Products(1)", &prefer, body);
    let named = send(r#"{"Name":"Lamp"}"#);
    assert_eq!(
        named.header("preference-applied"),
        Some("omit-values=nulls, return=representation")
    );
    assert!(named.json().as_object().unwrap().values().all(|value| !value.is_null()));
    let emptied = send(r#"{"Colour":null}"#);
    assert_eq!(emptied.status, 200, "{}", emptied.body);
    assert_eq!(emptied.header("preference-applied"), Some("return=representation"));
    assert!(emptied.json().as_object().unwrap()["Colour"].is_null());
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
    ] {
        assert_eq!(server.get(address).error(), want, "{address}");
    }
    assert_eq!(server.get("/Reviews/$count").body, "2");
    assert_eq!(server.get("/Reviews/$count?$search=NOT x").body, "2");
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
        "403 InsufficientScope: this needs the scope 'prices:read', which is not in force for you; Me() tells what is"
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
