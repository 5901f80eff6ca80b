//! `$apply` through the front door: what groups look like, what follows them, and what is refused.

use serde_json::json;
use warp::http::Method;

use crate::ask::Server;

const ROOT: &str = "http://shop.example:8420/odata/";

/// What a query gives, without its context.
#[track_caller]
fn check(query: &str, want: &serde_json::Value) {
    let mut json = Server::new().json(query);
    for row in json["value"].as_array_mut().unwrap() {
        row.as_object_mut().unwrap().retain(|name, _| !name.contains('@'));
    }
    assert_eq!(&json["value"], want, "{query}");
}

#[track_caller]
fn refuse(query: &str, want: &str) {
    assert_eq!(Server::new().get(query).error(), want, "{query}");
}

#[test]
fn groups_are_written_exactly() {
    let server = Server::new();
    let query = "/Products?$apply=groupby((Category/Name,InStock),aggregate($count as Cnt,Sales \
                 with sum as Sold,Price with max as Dearest))&$count=true";
    insta::assert_snapshot!(server.get(query).body);
    let full = [("accept", "application/json;odata.metadata=full;IEEE754Compatible=true")];
    insta::assert_snapshot!(server.send(Method::GET, query, &full, "").body);
    let none =
        [("accept", "application/json;odata.metadata=none"), ("prefer", "omit-values=nulls")];
    insta::assert_snapshot!(server.send(Method::GET, query, &none, "").body);
}

#[test]
fn types_that_json_does_not_show_stand_beside_values_nobody_declares() {
    let query = "/Products?$apply=filter(Id eq 1)/aggregate(ReleasedAt with min as First,Warranty \
                 with sum as Long,Weight with average as Heavy,Colour with max as Colour,ReleasedOn \
                 with max as Last,Maker with min as Maker,Views with max as Views,Name with min as Name)";
    insta::assert_snapshot!(Server::new().get(query).body);
    let infinite = "/Products?$apply=aggregate($count as N)/compute(N divby 0 as Rate)";
    let body = Server::new().get(infinite).body;
    assert!(body.contains("\"Rate@odata.type\":\"#Double\",\"Rate\":\"INF\""), "{body}");
    assert!(body.contains("\"N@odata.type\":\"#Int64\",\"N\":25"), "{body}");
}

#[test]
fn the_context_lists_what_there_is() {
    let server = Server::new();
    let check = |query: &str, want: &str| {
        let json = server.json(&format!("/Products?$apply={query}"));
        assert_eq!(json["@odata.context"], format!("{ROOT}$metadata#Products{want}"), "{query}");
    };
    check("identity", "");
    check("filter(Id eq 1)/top(1)", "");
    check("filter(Id eq 1)&$select=Id", "(Id)");
    check("top(1)&$select=Id&$expand=Category($select=Name)", "(Id,Category(Name))");
    check("groupby((category/name,CATEGORYID))", "(Category(Name),CategoryId)");
    check("groupby((Size/Width),aggregate($count as N))", "(Size(Width),N)");
    check("aggregate($count as N)&$select=n", "(N)");
    check("groupby((Category/Name,CategoryId))&$select=Category", "(Category(Name))");
}

#[test]
fn one_transformation_follows_another() {
    check("/Products?$apply=aggregate($count as N)", &json!([{"N": 25}]));
    check(
        "/Products?$apply=filter(Id gt 99)/aggregate($count as N,Id with sum as S)",
        &json!([{"N": 0, "S": null}]),
    );
    check("/Products?$apply=filter(Id gt 99)/groupby((Name))", &json!([]));
    check(
        "/Products?$apply=filter(CategoryId ne null)/groupby((Category/Name),aggregate($count as N))/filter(N gt 1)",
        &json!([{"Category": {"Name": null}, "N": 23}]),
    );
    check(
        "/Products?$apply=compute(Id mod 3 as Rest)/groupby((Rest),aggregate(Id with average as Mean))/orderby(Mean desc)/top(2)",
        &json!([{"Rest": 0, "Mean": 13.5}, {"Rest": 1, "Mean": 13.0}]),
    );
    check(
        "/Products?$apply=groupby((Sales),aggregate($count as N))/compute(N mul 2 as Twice,Sales add 1 as Next)/bottomcount(2,Sales)",
        &json!([
            {"Sales": 0, "N": 7, "Twice": 14, "Next": 1},
            {"Sales": 1, "N": 8, "Twice": 16, "Next": 2},
        ]),
    );
    check(
        "/Products?$apply=concat(groupby((InStock),aggregate($count as N)),aggregate($count as N))",
        &json!([
            {"InStock": null, "N": 24},
            {"InStock": true, "N": 1},
            {"InStock": null, "N": 25},
        ]),
    );
    check(
        "/Products?$apply=groupby((CategoryId),groupby((Sales),aggregate($count as N))/topcount(1,N))/aggregate(N with sum as Sum,$count as Rows)",
        &json!([{"Sum": 10, "Rows": 3}]),
    );
}

#[test]
fn behind_root_names_are_those_of_the_items_there() {
    let group = json!([{"CategoryId": 2, "N": 23}]);
    for condition in [
        "filter($root/Categories(1)/Products/$count($filter=CategoryId eq 1) eq 1 and CategoryId eq 2)",
        "filter($root/Categories(2)/Products/any(p:p/Id eq N))",
        "filter($root/Categories(2)/Products/any(N:N/Id eq 25) and N gt 1)",
        "filter($root/Categories(2)/Products/$count($filter=$this/Id gt 2) eq N)",
        "filter(@r/Products/$count eq N)&@r=$root/Categories(2)",
        "compute(1 as One)/filter(not $root/Categories(2)/Products/all(p:p/Id gt N))/filter(N gt One)/groupby((CategoryId,N))",
    ] {
        let query =
            format!("/Products?$apply=groupby((CategoryId),aggregate($count as N))/{condition}");
        check(&query, &group);
    }
}

#[test]
fn entities_that_are_only_chosen_stay_entities() {
    let ids = |query: &str| -> Vec<i64> {
        let json = Server::new().json(&format!("/Products?{query}"));
        json["value"].as_array().unwrap().iter().map(|row| row["Id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids("$apply=filter(Id gt 20)/filter(Id lt 23)&$select=Id"), [21, 22]);
    assert_eq!(ids("$apply=orderby(Id desc)/top(3)&$select=Id"), [25, 24, 23]);
    assert_eq!(ids("$apply=topcount(3,Id)&$orderby=Id&$filter=Id ne 24"), [23, 25]);
    assert_eq!(ids("$apply=bottomcount(2,Sales)"), [6, 9]);
    assert_eq!(ids("$apply=skip(2)/top(2)"), [3, 4]);
    assert_eq!(ids("$apply=groupby((CategoryId),topcount(1,Id))"), [2, 1, 25]);
    assert_eq!(ids("$apply=concat(topcount(1,Id),bottomcount(1,Id),identity)&$top=3"), [25, 1, 1]);
    assert_eq!(ids("$apply=search(song)/filter(Id gt 2)"), [3]);
    assert_eq!(ids("$apply=search(plain)/top(2)&$search=4 OR 5"), [4, 5]);
}

#[test]
fn options_come_after_and_see_only_the_result() {
    let groups = "/Products?$apply=groupby((Sales,CategoryId),aggregate($count as N))";
    check(
        &format!("{groups}&$filter=N gt 7 and sales ne null&$orderby=N desc,Sales&$select=N,Sales"),
        &json!([{"Sales": 1, "N": 8}]),
    );
    check(&format!("{groups}&$skip=1&$top=1&$select=N"), &json!([{"N": 1}]));
    let server = Server::new();
    let counted = server.json(&format!("{groups}&$count=true&$top=1&$filter=N lt 8"));
    assert_eq!(counted["@odata.count"], 5);
    let count = "/Products/$count?$apply=groupby((Sales,CategoryId))&$filter=Sales ne null";
    assert_eq!(server.get(count).body, "4");
    assert_eq!(server.get("/Products/$count?$apply=filter(Id gt 20)").body, "5");
    assert_eq!(server.get("/Products/$count?$apply=topcount(7,Id)").body, "7");
    let has = "it has Sales, CategoryId, N";
    refuse(
        &format!("{groups}&$filter=Name eq 'x'"),
        &format!(
            "400 InvalidQueryOption: $filter cannot be used: the result has no 'Name', {has}; $filter comes after $apply, filter(…) in it before"
        ),
    );
    refuse(
        &format!("{groups}&$orderby=Sale"),
        &format!(
            "400 InvalidQueryOption: $orderby cannot be used: the result has no 'Sale', {has}; did you mean 'Sales'?"
        ),
    );
    refuse(
        &format!("{groups}&$select=Id"),
        &format!("400 InvalidQueryOption: $select cannot be used: the result has no 'Id', {has}"),
    );
    refuse(
        &format!("{groups}&$expand=Category"),
        "400 InvalidQueryOption: $expand cannot be used: what $apply made has no related entities; group by what is wanted of them, as in groupby((Team/Name))",
    );
}

#[test]
fn pages_of_groups_follow_their_links() {
    let server = Server::new();
    let mut address =
        "/Products?$apply=groupby((Id,Name))&$orderby=Name desc&$top=24&$select=Id".to_owned();
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = server.json(&address);
        pages += 1;
        let rows = page["value"].as_array().unwrap();
        ids.extend(rows.iter().map(|row| row["Id"].as_i64().unwrap()));
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        address = next.strip_prefix("http://shop.example:8420/odata").unwrap().to_owned();
    }
    assert_eq!((ids.len(), pages), (24, 3));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 24);
    let other = address.replace("Name%20desc", "Id").replace("Name desc", "Id");
    assert_eq!(server.get(&other).status, 400);
    let few = [("prefer", "maxpagesize=2")];
    let page = server.send(Method::GET, "/Products?$apply=groupby((Sales))", &few, "");
    assert_eq!(page.json()["value"].as_array().unwrap().len(), 2);
    assert_eq!(page.header("preference-applied"), Some("maxpagesize=2"));
    assert!(page.header("link").is_some());
    let all = server.json("/Products?$apply=groupby((CategoryId))");
    assert_eq!(all["@odata.nextLink"], json!(null));
}

#[test]
fn what_the_caller_may_not_see_is_not_counted_and_not_named() {
    let server = Server::new();
    let all = [("x-api-key", "shop:read,prices:read,reviews:moderate,margins:read")];
    let query = "/Products?$apply=aggregate(Reviews/$count as N)";
    let (few, more) = (server.json(query), server.send(Method::GET, query, &all, "").json());
    assert!(few["value"][0]["N"].as_i64() < more["value"][0]["N"].as_i64(), "{few} {more}");
    let reviews = "/Reviews?$apply=aggregate($count as N)";
    assert_eq!(server.json(reviews)["value"][0]["N"], few["value"][0]["N"]);
    let margin = "/Products?$apply=aggregate(Margin with sum as M)";
    assert_eq!(server.get(margin).status, 400);
    assert_eq!(server.send(Method::GET, margin, &all, "").json()["value"][0]["M"], json!(0.25));
    for query in ["groupby((Secret))", "compute(Secret as S)/groupby((S))", "topcount(1,Secret)"] {
        let answer = server.send(Method::GET, &format!("/Products?$apply={query}"), &all, "");
        assert_eq!(answer.status, 400, "{query}");
    }
    let related = server.json("/Products(1)/Reviews?$apply=aggregate($count as N)");
    let count = server.get("/Products(1)/Reviews/$count").body;
    assert_eq!(related["value"][0]["N"].to_string(), count);
}

const MISMATCH: &str = "400 TypeMismatch: '$apply' does not fit:";
const INVALID: &str = "400 InvalidQueryOption: $apply cannot be used:";

#[track_caller]
fn check_refused(apply: &str, want: &str) {
    let error = Server::new().get(&format!("/Products?$apply={apply}")).error();
    assert_eq!(error, want, "{apply}");
}

#[test]
fn what_has_no_such_aggregate_says_why() {
    check_refused(
        "aggregate(Name with sum as S)",
        &format!("{MISMATCH} 'sum' takes numbers or durations, not Edm.String"),
    );
    check_refused(
        "aggregate(Size with max as S)",
        &format!("{MISMATCH} 'max' needs an order, Shop.Size has none"),
    );
    check_refused(
        "aggregate(Sales with avg as S)",
        &format!(
            "{INVALID} there is no aggregation method 'avg'; it is one of sum, min, max, average, countdistinct"
        ),
    );
    check_refused(
        "aggregate(Sales with summ as S)",
        &format!("{INVALID} there is no aggregation method 'summ'; did you mean 'sum'?"),
    );
    check_refused(
        "aggregate($count as N,Id with sum as n)",
        &format!("{INVALID} there is already a 'n'; choose another name after 'as'"),
    );
    check_refused(
        "compute(Id mul 2 as Name)",
        "400 InvalidQueryOption: $compute cannot be used: 'Product' has a property 'Name'; choose another name",
    );
}

#[test]
fn what_cannot_be_grouped_by_says_why() {
    check_refused(
        "groupby((Category))",
        &format!(
            "{MISMATCH} 'Category' is an entity; group by a property of it, such as 'Category/Id'"
        ),
    );
    check_refused(
        "groupby((Labels))",
        &format!("{MISMATCH} 'Labels' must be a single value, not Collection(Edm.String)"),
    );
    check_refused(
        "groupby((Sales,Sales))",
        &format!("{INVALID} groupby names 'Sales' twice, or both it and a part of it"),
    );
    check_refused(
        "groupby((Sales))/groupby((Name))",
        &format!("{INVALID} the result has no 'Name', it has Sales"),
    );
    check_refused(
        "groupby((Nam))",
        "400 UnknownProperty: $apply names 'Nam', which 'Product' does not have; did you mean 'Name'?",
    );
    check_refused(
        "aggregate(Views with sum as S)/compute(S add 9223372036854775807 as T)",
        &format!("{INVALID} arithmetic overflow: a result is out of the range of its type"),
    );
}

#[test]
fn what_is_not_there_yet_says_so() {
    check_refused(
        "aggregate(Sales with Custom.mean as S)",
        "501 NotImplemented: the aggregation method 'Custom.mean' is not implemented",
    );
    check_refused(
        "toppercent(5,Sales)",
        "501 NotImplemented: 'toppercent' in $apply is not implemented",
    );
    check_refused(
        "groupby((rollup(Sales,Name)))",
        "501 NotImplemented: 'rollup' in groupby is not implemented",
    );
    refuse(
        "/Products(1)?$apply=identity",
        "400 InvalidQueryOption: $apply cannot be used: a single entity does not take it",
    );
}

#[test]
fn names_and_blanks_are_as_free_as_everywhere() {
    check(
        "/Products?apply= Filter( Id le 3 ) / GROUPBY( ( categoryid ) , Aggregate( $count As Cnt ) )&orderby=cnt desc&top=1",
        &json!([{"CategoryId": null, "Cnt": 1}]),
    );
    check(
        "/Products?$apply=aggregate(Category with CountDistinct as Kinds,Colour with countdistinct as Colours)",
        &json!([{"Kinds": 2, "Colours": 1}]),
    );
    check(
        "/Products?$apply=filter(Id le @most)/aggregate(id with MAX as Last)&@most=4",
        &json!([{"Last": 4}]),
    );
}

#[test]
fn groups_are_lines_of_a_table_too() {
    let server = Server::new();
    let csv = |query: &str| server.get(&format!("/Products?{query}&$format=csv")).body;
    assert_eq!(
        csv("$apply=groupby((Category/Name,Sales),aggregate($count as N))&$orderby=N desc&$top=2"),
        "\u{feff}Category/Name,Sales,N\r\n,1,8\r\n,0,7\r\n"
    );
    assert_eq!(csv("$apply=topcount(2,Id)&$select=Id"), "\u{feff}Id\r\n25\r\n24\r\n");
    assert_eq!(csv("$apply=filter(Id lt 3)&$select=Id"), "\u{feff}Id\r\n1\r\n2\r\n");
    let all = csv("$apply=groupby((Id))");
    assert_eq!(all.lines().count(), 26);
    let as_csv = [("accept", "text/csv")];
    for query in ["groupby((Id))", "skip(0)", "filter(Id gt 0)"] {
        let page = server.json(&format!("/Products?$apply={query}&$select=Id"));
        let next = page["@odata.nextLink"].as_str().unwrap().strip_prefix(ROOT).unwrap();
        let rest = server.send(Method::GET, &format!("/{next}"), &as_csv, "").body;
        assert_eq!(rest.lines().nth(1), Some("11"), "{query}");
        assert_eq!(rest.lines().count(), 16, "{query}");
        let other = server.send(Method::GET, &format!("/{next}&$top=1"), &as_csv, "");
        assert_eq!(other.status, 400, "{query}");
    }
    assert_eq!(server.get("/Products?$apply=identity&$count=true&$format=csv").status, 400);
}

#[test]
fn a_computed_property_is_filtered_by_and_told() {
    let json = Server::new().json(
        "/Products?$apply=compute(Id mul 2 as Twice,Twice add 1 as More)/filter(More gt 49)&$select=More,Id",
    );
    assert_eq!((&json["value"][0]["Id"], &json["value"][0]["More"]), (&json!(25), &json!(51)));
    assert_eq!(json["value"].as_array().unwrap().len(), 1);
}
