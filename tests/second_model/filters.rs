//! Filters over every type, paging and order.

use crate::ask::Server;

/// The ids a filter leaves, among the first three products unless it says otherwise.
#[track_caller]
fn check(filter: &str, want: &[i64]) {
    let server = Server::new();
    let address = format!("/Products?$select=Id&$filter=Id le 3 and ({filter})");
    let json = server.json(&address.replace('+', "%2B"));
    let ids: Vec<i64> =
        json["value"].as_array().unwrap().iter().map(|row| row["Id"].as_i64().unwrap()).collect();
    assert_eq!(ids, want, "{filter}");
}

#[track_caller]
fn refuse(filter: &str, want: &str) {
    let server = Server::new();
    assert_eq!(server.get(&format!("/Products?$filter={filter}")).error(), want, "{filter}");
}

#[test]
fn every_type_is_compared_with_its_literals() {
    for filter in [
        "Photo eq binary'-_8B'",
        "InStock",
        "InStock eq true",
        "Shelf eq 255",
        "ReleasedOn eq 2024-02-29",
        "ReleasedOn lt '2024-03-01'",
        "ReleasedAt eq 2024-02-29T13:30:00.5+01:00",
        "ReleasedAt ge 2024-02-29 and ReleasedAt lt 2024-03-01",
        "Price eq 12345678901234567.89",
        "Weight gt 1e299",
        "Warranty eq duration'P1DT2H3M4.5S' and Warranty gt 'PT1H'",
        "Maker eq 09090909-0909-0909-0909-090909090909",
        "Maker eq '09090909-0909-0909-0909-090909090909'",
        "Pages eq -32768",
        "Sales ge 2147483647.0",
        "Views eq 9007199254740993",
        "Trend lt -127",
        "Rating gt 0.09 and Rating lt 0.11",
        "OpensAt eq 07:30 and hour(OpensAt) eq 7",
        "Colour eq Shop.Colour'Green'",
        "Colour eq 'Green' and Colour in ('Green','Blue')",
        "Uses has Shop.Uses'Garden' and Uses has 'Home' and not (Uses has 'Work')",
        "Uses eq 'Home,Garden'",
        "Size/Width eq 1.5 and Size/Note ne null",
        "Labels/any(l:l eq 'new') and Labels/$count eq 2",
        "'a/b' in Labels",
        "FormerSizes/any(s:s/Width lt 1.2)",
        "FormerSizes/any(s:isof(s,Shop.Box))",
        "Description eq 'A long text'",
        "contains(Description,'long')",
        "Category/Name eq 'Light'",
        "Prices/any(p:p/Currency eq 'EUR' and p/Amount gt 10)",
        "Reviews/$count eq 2",
        "Reviews/all(r:startswith(r/Text,'Review'))",
    ] {
        check(filter, if filter.starts_with("Reviews/all") { &[1, 2, 3] } else { &[1] });
    }
}

#[test]
fn null_and_derived_types_are_asked_for() {
    check("InStock eq null", &[2, 3]);
    check("Size eq null", &[2]);
    check("Category eq null", &[2]);
    check("Category ne null", &[1, 3]);
    check("Shelf ne 255", &[2, 3]);
    check("not (Shelf gt 1)", &[2, 3]);
    check("isof(Shop.DigitalProduct)", &[3]);
    check("Shop.DigitalProduct/Link ne null", &[3]);
    check("Size/Shop.Box/Depth eq 3", &[3]);
    check("Weight eq NaN", &[]);
    check("Labels/any()", &[1]);
}

#[test]
fn a_filter_that_cannot_be_is_refused_with_its_reason() {
    refuse(
        "Colour eq 'Pink'",
        "400 TypeMismatch: '$filter' does not fit: 'Pink' is not a value of type Shop.Colour",
    );
    refuse(
        "Photo lt binary'AA'",
        "400 TypeMismatch: '$filter' does not fit: Edm.Binary has no order; use 'eq' or 'ne'",
    );
    refuse(
        "Secret eq 'hush'",
        "400 UnknownProperty: $filter names 'Secret', which 'Product' does not have",
    );
    refuse(
        "Margin gt 1",
        "400 UnknownProperty: $filter names 'Margin', which 'Product' does not have",
    );
    refuse(
        "Link eq 'x'",
        "400 UnknownProperty: $filter names 'Link', which 'Product' does not have",
    );
    refuse(
        "Name eq",
        "400 InvalidSyntax: $filter stops making sense at byte 7: expected an expression",
    );
    refuse(
        "Sales div 0 eq 1",
        "400 InvalidQueryOption: $filter cannot be used: division by zero; put a condition such as 'x ne 0 and' before it",
    );
}

#[test]
fn three_pages_make_the_whole_and_say_so_in_the_header() {
    let server = Server::new();
    let first = server.get("/Products?$orderby=Sales desc,Name&$count=true&$select=Id,Name");
    let mut json = first.json();
    assert_eq!(json["@odata.count"], 25);
    let mut ids = Vec::new();
    let mut pages = 0;
    loop {
        pages += 1;
        ids.extend(json["value"].as_array().unwrap().iter().map(|row| row["Id"].as_i64().unwrap()));
        let Some(next) = json["@odata.nextLink"].as_str() else { break };
        assert!(next.starts_with("http://shop.example:8420/odata/Products?$orderby=Sales%20desc"));
        let answer = server.get(next.split_once("/odata").unwrap().1);
        json = answer.json();
    }
    assert_eq!(first.header("link").map(|link| link.ends_with(">; rel=\"next\"")), Some(true));
    assert_eq!((pages, ids.len()), (3, 25));
    assert_eq!(ids[..4], [1, 11, 14, 17]);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 25);
}

#[test]
fn top_and_skip_hold_over_all_pages() {
    let server = Server::new();
    let json = server.json("/Products?$top=13&$skip=2&$select=Id");
    assert_eq!(json["value"].as_array().unwrap().len(), 10);
    let next = json["@odata.nextLink"].as_str().unwrap();
    assert!(!next.contains("$skip=") && next.contains("$top=13"), "{next}");
    let json = server.json(next.split_once("/odata").unwrap().1);
    let ids: Vec<&serde_json::Value> =
        json["value"].as_array().unwrap().iter().map(|row| &row["Id"]).collect();
    assert_eq!(ids, [13, 14, 15]);
    assert_eq!(json.get("@odata.nextLink"), None);
    assert_eq!(server.json("/Products?$top=10")["@odata.nextLink"], serde_json::Value::Null);
    assert_eq!(server.json("/Products?$top=0")["value"], serde_json::json!([]));
}

#[test]
fn a_page_is_as_long_as_preferred_up_to_a_limit() {
    let server = Server::new();
    for (prefer, rows, applied) in [
        ("odata.maxpagesize=3", 3, Some("odata.maxpagesize=3")),
        ("maxpagesize=20", 20, Some("maxpagesize=20")),
        ("maxpagesize=500", 20, None),
        ("maxpagesize=0", 10, None),
    ] {
        let answer = server.send(warp::http::Method::GET, "/Products", &[("prefer", prefer)], "");
        assert_eq!(answer.json()["value"].as_array().unwrap().len(), rows, "{prefer}");
        assert_eq!(answer.header("preference-applied"), applied, "{prefer}");
    }
}

#[test]
fn a_position_that_is_not_ours_is_refused() {
    let server = Server::new();
    let bad = server.get("/Products?$skiptoken=abc");
    assert_eq!(
        bad.error(),
        "400 InvalidQueryOption: $skiptoken cannot be used: it is not one of ours; follow '@odata.nextLink' as it is"
    );
    let next = server.json("/Products")["@odata.nextLink"].as_str().unwrap().to_owned();
    let token = next.split_once("$skiptoken=").unwrap().1;
    let other = server.get(&format!("/Products?$orderby=Name&$skiptoken={token}"));
    assert!(other.error().starts_with("400 InvalidQueryOption: $skiptoken"), "{}", other.body);
}

#[test]
fn a_query_as_deep_and_long_as_the_limits_allow_is_answered() {
    let server = Server::new();
    let nested = format!("{}Id eq 1{}", "(".repeat(60), ")".repeat(60));
    assert_eq!(server.get(&format!("/Products?$filter={nested}")).status, 200);
    let chain = format!("Id{} gt 0", " add 1".repeat(250));
    assert_eq!(server.get(&format!("/Products?$filter={chain}")).status, 200);
    let many: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
    assert_eq!(server.get(&format!("/Products?$filter=Id in ({})", many.join(","))).status, 200);
}
