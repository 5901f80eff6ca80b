//! `$expand`: nested, in pages that go on, and `$ref`.

use serde_json::{Value, json};
use warp::http::Method;

use crate::ask::{Answer, Server};

const ROOT: &str = "http://shop.example:8420/odata/";

fn ids(list: &Value) -> Vec<i64> {
    let items = list.as_array().unwrap_or_else(|| panic!("{list}"));
    items.iter().map(|item| item["Id"].as_i64().unwrap()).collect()
}

/// A link as the address it is.
fn below(link: &Value) -> String {
    let link = link.as_str().unwrap_or_else(|| panic!("{link}"));
    format!("/{}", link.strip_prefix(ROOT).unwrap())
}

/// All there is, page by page, and how many pages that took.
fn follow(server: &Server, first: &Value) -> (Vec<Value>, usize) {
    let (mut found, mut pages, mut next) = (Vec::new(), 0, first.clone());
    while !next.is_null() {
        let page = server.json(&below(&next));
        found.extend(page["value"].as_array().unwrap().iter().cloned());
        (pages, next) = (pages + 1, page["@odata.nextLink"].clone());
        assert!(pages < 100);
    }
    (found, pages)
}

#[test]
fn each_level_has_its_own_options() {
    let server = Server::new();
    let address = "/Categories(2)?$select=Id&$expand=Products($filter=Id lt 9;$orderby=Id desc;\
        $skip=1;$top=2;$count=true;$select=Id;$expand=Category($select=Name;\
        $expand=Products/$count($filter=Id gt 20)),Reviews/$ref)";
    let told = server.json(address);
    assert_eq!(told["Products@odata.count"], 6);
    assert_eq!(ids(&told["Products"]), [7, 6]);
    assert_eq!(told.get("Products@odata.nextLink"), None);
    let seven = told["Products"][0].as_object().unwrap();
    assert_eq!(seven["Category"]["Products@odata.count"], 5);
    assert_eq!((&seven["Category"]["Name"], &seven["Reviews"]), (&Value::Null, &json!([])));
    assert_eq!(
        told["@odata.context"],
        format!("{ROOT}$metadata#Categories(Id,Products(Id,Category(Name)))/$entity")
    );
}

#[test]
fn what_is_named_goes_before_the_star() {
    let server = Server::new();
    let told = server.json("/Products(1)?$select=Id&$expand=*,Reviews($select=Id)");
    assert_eq!(told["Category"]["Name"], "Light");
    assert_eq!(told["Prices"].as_array().unwrap().len(), 2);
    assert_eq!(told["Reviews"][0].get("Text"), None);
    let references = server.json("/Products(1)?$select=Id&$expand=*/$ref");
    assert_eq!(references["Category"], json!({"@odata.id": format!("{ROOT}Categories(1)")}));
    assert_eq!(references["Reviews"][1], json!({"@odata.id": format!("{ROOT}Reviews(3)")}));
    let twice = server.get("/Products?$expand=Reviews,Prices,Reviews");
    assert_eq!(
        twice.error(),
        "400 InvalidQueryOption: $expand cannot be used: it names 'Reviews' twice"
    );
}

#[test]
fn levels_are_written_out_as_far_as_the_limit() {
    let server = Server::new();
    let depth = |address: &str, name: &str| {
        let told = server.json(address);
        let next = |at: &Value| match &at[name] {
            Value::Array(items) => items.first().cloned(),
            Value::Object(one) => Some(Value::Object(one.clone())),
            _ => None,
        };
        std::iter::successors(next(&told), next).count()
    };
    for (levels, want) in [("1", 1), ("3", 3), ("5", 5)] {
        assert_eq!(depth(&format!("/Bins(1)?$expand=Bins($levels={levels})"), "Bins"), want);
    }
    let most = depth("/Bins(1)?$expand=Bins($levels=max)", "Bins");
    assert!((5..=6).contains(&most), "{most}");
    assert_eq!(depth("/Bins(1111)?$expand=Within($levels=max)", "Within"), 3);
    assert_eq!(depth("/Bins(1)?$expand=*($levels=2)", "Bins"), 2);
    let chosen = server.json("/Bins(1)?$expand=Bins($levels=2;$filter=Id ne 12;$select=Id)");
    assert_eq!((ids(&chosen["Bins"]), ids(&chosen["Bins"][0]["Bins"])), (vec![11], vec![111]));
    let deep = "Bins($expand=Within($expand=".repeat(6) + "Bins" + &"))".repeat(6);
    for (expand, want) in [
        ("Bins($levels=99)", "400 LimitExceeded: $expand passes the limit 'expand_depth_max' of"),
        (deep.as_str(), "400 LimitExceeded: $expand passes the limit 'expand_depth_max' of"),
        ("*($levels=99)", "400 LimitExceeded: $expand passes the limit 'expand_depth_max' of"),
        ("Bins($levels=0)", "400 InvalidSyntax: $expand stops making sense"),
    ] {
        let error = server.get(&format!("/Bins?$expand={expand}")).error();
        assert!(error.starts_with(want), "{expand}: {error}");
    }
    let error = server.get("/Categories?$expand=Products($levels=2)").error();
    let want = "$levels needs a navigation property that leads from 'Category' to 'Category' again";
    assert!(error.ends_with(want), "{error}");
}

#[test]
fn casts_choose_before_and_behind_a_navigation_property() {
    let server = Server::new();
    let behind = server.json("/Categories(2)?$expand=Products/Shop.DigitalProduct($select=Link)");
    assert_eq!(behind["Products"].as_array().unwrap().len(), 1);
    assert_eq!(behind["Products"][0]["Link"], "https://x.example/");
    assert_eq!(
        behind["@odata.context"],
        format!("{ROOT}$metadata#Categories(Products/Shop.DigitalProduct(Link))/$entity")
    );
    let before = "/Products?$filter=Id le 4&$select=Id&$expand=Shop.DigitalProduct/Category";
    let before = server.json(before);
    let has: Vec<bool> = before["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.get("Category").is_some())
        .collect();
    assert_eq!(has, [false, false, true, false]);
    for (expand, want) in [
        ("Shop.Category/Products", "'Shop.Category' is no type derived from 'Product'"),
        ("Shop.DigitalProduct", "a navigation property must follow 'Shop.DigitalProduct'"),
        (
            "Category/Products",
            "what 'Category' leads to is expanded by 'Category($expand=Products)'",
        ),
        ("Size", "'Size' is not a navigation property; it needs no expanding"),
    ] {
        let error = server.get(&format!("/Products?$expand={expand}")).error();
        assert!(error.ends_with(want), "{expand}: {error}");
    }
}

/// What a client has to do to get all products of a category, and what it gets.
#[track_caller]
fn check(options: &str, want_pages: usize) {
    let server = Server::new();
    let all: Vec<Value> = {
        let first = json!(format!("{ROOT}Categories(2)/Products?{}", options.replace(';', "&")));
        follow(&server, &first).0
    };
    let told = server.json(&format!("/Categories?$filter=Id eq 2&$expand=Products({options})"));
    let products = &told["value"][0]["Products"];
    let mut found = products.as_array().unwrap().clone();
    assert!(found.len() <= 7);
    let next = &told["value"][0]["Products@odata.nextLink"];
    let (rest, pages) = follow(&server, next);
    found.extend(rest);
    assert_eq!(found, all, "{options}");
    assert_eq!(pages + 1, want_pages, "{options}");
}

#[test]
fn an_expanded_collection_goes_on_where_its_page_ended() {
    check("$select=Id", 3);
    check("$orderby=Sales;$select=Id,Sales", 3);
    check("$orderby=Sales desc,Name;$select=Id", 3);
    check("$filter=Sales eq 1;$orderby=InStock;$select=Id", 2);
    check("$top=7", 1);
    check("$top=8;$select=Name", 2);
    check("$top=20;$orderby=Sales;$count=true", 3);
    check("$skip=3;$top=19;$orderby=Name;$select=Id", 3);
    check("$skip=17;$select=Id", 1);
    check("$filter=contains(Name,'a') and Id gt 4;$expand=Category($select=Name);$select=Id", 3);
    check("$filter=Name ne 'a%26b %2B c%25' and Id gt 4;$select=Id", 3);
    check("$filter=Sales eq @p;@p=2;$select=Id", 1);
    check(
        "$compute=Sales mul 2 as Twice;$filter=Twice gt 1;$orderby=Twice desc;$select=Id,Twice",
        2,
    );
}

/// At an address of its own `$it` would be something else, so all of it is here.
#[test]
fn what_depends_on_the_outermost_entity_comes_whole() {
    let server = Server::new();
    let own = "Products($select=Id;$filter=CategoryId eq $it/Id)";
    let all = server.get("/Products/$count?$filter=CategoryId eq 2").body;
    let all: usize = all.parse().unwrap();
    assert!(all > 7, "more than a page of an expanded collection holds");
    for address in [
        format!("/Categories(2)?$expand={own}"),
        format!("/Categories?$filter=Id eq 2&$expand={own}"),
        format!("/Categories(2)?$expand=Products($top=1;$expand=Category($expand={own}))"),
    ] {
        for prefer in ["maxpagesize=2", "maxpagesize=20"] {
            let told = server.send(Method::GET, &address, &[("prefer", prefer)], "").json();
            let text = told.to_string();
            assert!(!text.contains("Products@odata.nextLink"), "{address}: {text}");
            let entity = if told["value"].is_array() { &told["value"][0] } else { &told };
            let inner = &entity["Products"][0]["Category"]["Products"];
            let found = if inner.is_array() { inner } else { &entity["Products"] };
            assert_eq!(found.as_array().unwrap().len(), all, "{address}");
        }
    }
    // A text is no path.
    let told = server.json("/Categories(2)?$expand=Products($filter=Name ne '$it')");
    assert!(told["Products@odata.nextLink"].is_string());
}

#[test]
fn aliases_and_the_format_go_along() {
    let server = Server::new();
    let full = "/Categories(2)?$expand=Products($filter=Id gt @least)&@least=4\
        &$format=json;odata.metadata=none";
    let next = server.json(full)["Products@odata.nextLink"].clone();
    let page = server.json(&below(&next));
    assert_eq!(page["value"][0]["Id"], 12);
    assert_eq!(page.get("@odata.context"), None);
    // It is signed for its own query and path.
    let (path, query) = next.as_str().unwrap().split_once('?').unwrap();
    for other in [
        format!("{path}?{}", query.replace("gt", "ge")),
        format!("{}?{query}", path.replace("(2)", "(1)")),
    ] {
        let answer = server.get(&below(&json!(other)));
        assert!(answer.error().starts_with("400 InvalidQueryOption: $skiptoken"), "{other}");
    }
}

#[test]
fn nothing_more_is_told_further_on_than_at_once() {
    let server = Server::new();
    let reader = [("x-api-key", "shop:read,reviews:moderate"), ("prefer", "maxpagesize=1")];
    let ask = |address: &str, headers: &[(&'static str, &str)]| {
        server.send(Method::GET, address, headers, "").json()
    };
    let told = ask("/Products(1)?$expand=Reviews($count=true)", &reader);
    assert_eq!((ids(&told["Reviews"]), &told["Reviews@odata.count"]), (vec![1], &json!(3)));
    let next = below(&told["Reviews@odata.nextLink"]);
    assert_eq!(ids(&ask(&next, &reader)["value"]), [2]);
    // The place is no secret; what is there is told by the rights of who asks.
    let blind = [("x-api-key", "shop:read")];
    let page = ask(&next, &blind);
    assert_eq!((ids(&page["value"]), &page["@odata.count"]), (vec![3], &json!(2)));
}

#[test]
fn the_page_size_a_client_prefers_holds_for_what_is_expanded() {
    let server = Server::new();
    let ask = |prefer: &str, address: &str| -> Answer {
        server.send(Method::GET, address, &[("prefer", prefer)], "")
    };
    let address = "/Categories?$select=Id&$expand=Products($select=Id)";
    for (prefer, pages) in [("maxpagesize=2", 2), ("odata.maxpagesize=3", 3), ("maxpagesize=9", 7)]
    {
        let told = ask(prefer, address).json();
        assert_eq!(ids(&told["value"][1]["Products"]).len(), pages, "{prefer}");
        assert!(told["value"][1]["Products@odata.nextLink"].is_string());
        assert_eq!(told["value"][0].get("Products@odata.nextLink"), None);
    }
    let one = ask("maxpagesize=2", "/Categories(2)?$expand=Products($select=Id)").json();
    assert_eq!(ids(&one["Products"]), [3, 4]);
}

#[test]
fn references_are_the_ids_of_what_a_path_leads_to() {
    let server = Server::new();
    let one = |path: &str, id: &str| {
        let want = json!({"@odata.context": format!("{ROOT}$metadata#$ref"),
            "@odata.id": format!("{ROOT}{id}")});
        assert_eq!(server.json(path), want, "{path}");
    };
    one("/Products(1)/Category/$ref", "Categories(1)");
    one("/Products(1)/$ref", "Products(1)");
    one("/Reviews(1)/Product/Category/$ref", "Categories(1)");
    let many = |path: &str, want: &[&str]| {
        let told = server.json(path);
        assert_eq!(told["@odata.context"], format!("{ROOT}$metadata#Collection($ref)"), "{path}");
        let want: Vec<Value> =
            want.iter().map(|id| json!({"@odata.id": format!("{ROOT}{id}")})).collect();
        assert_eq!(told["value"], json!(want), "{path}");
    };
    many("/Products(1)/Reviews/$ref", &["Reviews(1)", "Reviews(3)"]);
    many("/Products(2)/Reviews/$ref", &[]);
    many(
        "/Products/$ref?$filter=Id gt 3&$orderby=Id desc&$skip=1&$top=2",
        &["Products(24)", "Products(23)"],
    );
    many("/Prices/$ref?$top=1", &["Prices(ProductId=1,Currency='EUR')"]);
    many("/Categories(2)/Products/Shop.DigitalProduct/$ref", &["Products(3)"]);
    let counted = server.json("/Products/$ref?$count=true&$filter=Id gt 3");
    assert_eq!(counted["@odata.count"], 22);
    let first = json!(format!("{ROOT}Products/$ref?$top=23"));
    let (all, pages) = follow(&server, &first);
    assert_eq!((all.len(), pages), (23, 3));
    let expanded = server.json("/Categories(2)?$expand=Products/$ref($orderby=Sales)");
    let (rest, _) = follow(&server, &expanded["Products@odata.nextLink"]);
    assert_eq!(expanded["Products"].as_array().unwrap().len() + rest.len(), 23);
    assert_eq!(server.get("/Products(2)/Category/$ref").status, 204);
    for (address, want) in [
        ("/Products/$ref?$select=Id", "400 InvalidQueryOption: $select cannot be used"),
        ("/Products(1)/$ref?$top=1", "400 InvalidQueryOption: $top cannot be used"),
        ("/Reviews(2)/$ref", "404 NotFound"),
        ("/Products(1)/Name/$ref", "501 NotImplemented"),
    ] {
        let error = server.get(address).error();
        assert!(error.starts_with(want), "{address}: {error}");
    }
    let post = server.send(Method::POST, "/Products(1)/Reviews/$ref", &[], "{}");
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")));
}

#[test]
fn top_holds_over_all_pages_and_skip_on_the_first() {
    let server = Server::new();
    for (options, want, pages) in [
        ("$top=10", (1..=10).collect::<Vec<i64>>(), 1),
        ("$top=15", (1..=15).collect(), 2),
        ("$top=20&$skip=5", (6..=25).collect(), 2),
        ("$skip=5", (6..=25).collect(), 2),
        ("$top=99&$skip=4", (5..=25).collect(), 3),
        ("$skip=15", (16..=25).collect(), 1),
    ] {
        let first = json!(format!("{ROOT}Products?$select=Id&{options}"));
        let (all, told) = follow(&server, &first);
        assert_eq!((ids(&json!(all)), told), (want, pages), "{options}");
    }
}
