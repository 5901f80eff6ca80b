//! `$compute`: what clients see of properties that are calculated.

use serde_json::{Value, json};
use warp::http::Method;

use crate::ask::Server;

/// What product 1 has under the name `It`, and how its type is told.
#[track_caller]
fn check(expr: &str, ty: Option<&str>, want: &Value) {
    let address = format!("/Products(1)?$compute={expr} as It&$select=It");
    let json = Server::new().json(&address.replace('+', "%2B"));
    assert_eq!(json["It"], *want, "{expr}");
    assert_eq!(json.get("It@odata.type").and_then(Value::as_str), ty, "{expr}");
}

#[test]
fn a_type_is_told_unless_json_tells_it() {
    check("Sales add 1", Some("#Int64"), &json!(2_147_483_648_i64));
    check("Sales divby 2", Some("#Decimal"), &json!(1_073_741_823.5));
    check("1 divby 0", Some("#Double"), &json!("INF"));
    check("Shelf", Some("#Byte"), &json!(255));
    check("Weight", None, &json!(1e300));
    check("Weight div 0.0", Some("#Double"), &json!("INF"));
    check("Name", None, &json!("Lämp 'O\""));
    check("InStock", None, &json!(true));
    check("Colour", Some("#Shop.Colour"), &json!("Green"));
    check("ReleasedOn", Some("#Date"), &json!("2024-02-29"));
    check("ReleasedAt add 'PT1H'", Some("#DateTimeOffset"), &json!("2024-02-29T13:30:00.5Z"));
    check("Warranty mul 2", Some("#Duration"), &json!("P2DT4H6M9S"));
    check("Labels", Some("#Collection(String)"), &json!(["new", "a/b"]));
    check("Reviews/$count", Some("#Int64"), &json!(2));
    check("Reviews/any(r:r/Id eq 3)", None, &json!(true));
    check("Category/Name", None, &json!("Light"));
    check("length(Name)", Some("#Int32"), &json!(8));
    check("null", None, &Value::Null);
    check("null add 1", None, &Value::Null);
}

#[test]
fn it_filters_orders_and_is_selected_like_a_property() {
    let server = Server::new();
    let json = server.json(
        "/Products?$compute=Sales add 1 as Next,Next mul 2 as Twice&$filter=Twice gt 5&$select=Id,Twice&$orderby=Twice desc,Id&$top=2&$count=true",
    );
    let root = "http://shop.example:8420/odata/$metadata#Products";
    assert_eq!(json["@odata.context"], format!("{root}(Id,Twice)"));
    assert_eq!(json["@odata.count"], 8);
    let rows: Vec<(i64, i64)> = json["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["Id"].as_i64().unwrap(), row["Twice"].as_i64().unwrap()))
        .collect();
    assert_eq!(rows, [(1, 4_294_967_296), (5, 6)]);
    let all = server.json("/Products(2)?$compute=Id mul 2 as Twice");
    assert_eq!(all["@odata.context"], format!("{root}(*,Twice)/$entity"));
    assert_eq!((&all["Twice"], &all["Name"]), (&json!(4), &json!("Nothing")));
    assert_eq!(server.json("/Products(2)?$compute=1 as A&$select=Id").get("A"), None);
    let star = server.json("/Products(2)?$compute=1 as A&$select=*");
    assert_eq!((&star["A"], &star["Id"]), (&json!(1), &json!(2)));
    assert_eq!(server.get("/Products/$count?$compute=Id mul 2 as D&$filter=D lt 7").body, "3");
}

#[test]
fn it_goes_on_over_pages() {
    let server = Server::new();
    let mut address =
        "/Products?$compute=Id mod 7 as Rest&$orderby=Rest desc,Id&$select=Id,Rest".to_owned();
    let mut seen = Vec::new();
    loop {
        let json = server.json(&address);
        let rows = json["value"].as_array().unwrap();
        seen.extend(
            rows.iter().map(|row| (-row["Rest"].as_i64().unwrap(), row["Id"].as_i64().unwrap())),
        );
        let Some(next) = json["@odata.nextLink"].as_str() else { break };
        address = next.split_once("/odata").unwrap().1.to_owned();
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted() && seen[0] == (-6, 6), "{seen:?}");
}

#[test]
fn it_stands_in_expansions_too() {
    let server = Server::new();
    let json = server.json(
        "/Products(1)?$select=Id&$expand=Reviews($compute=Id mul 10 as Ten,Ten add $it/Id as More;$filter=Ten gt 10;$select=More),Category($compute=concat(Name,'!') as Loud)",
    );
    assert_eq!(
        json["@odata.context"],
        "http://shop.example:8420/odata/$metadata#Products(Id,Reviews(More),Category(*,Loud))/$entity"
    );
    let reviews = json["Reviews"].as_array().unwrap();
    assert_eq!(reviews.len(), 1);
    assert_eq!(
        (&reviews[0]["More"], &reviews[0]["More@odata.type"]),
        (&json!(31), &json!("#Int64"))
    );
    assert_eq!(json["Category"]["Loud"], "Light!");
}

#[test]
fn formats_and_preferences_hold_for_it() {
    let server = Server::new();
    let get = |accept: &str, prefer: &str| {
        let headers = [("accept", accept), ("prefer", prefer)];
        let address =
            "/Products(2)?$compute=Id add 1 as Next,Sales add 1 as None&$select=Next,None";
        server.send(Method::GET, address, &headers, "")
    };
    let answer =
        get("application/json;odata.metadata=none;IEEE754Compatible=true", "omit-values=nulls");
    assert_eq!(answer.json(), json!({"Next": "3"}));
    // It may change while the entity does not.
    assert_eq!(answer.header("etag"), None);
    let full = get("application/json;odata.metadata=full", "").json();
    assert_eq!((&full["Next@odata.type"], &full["None"]), (&json!("#Int64"), &Value::Null));
}

#[test]
fn what_cannot_be_computed_is_refused_before_anything_is_sent() {
    let server = Server::new();
    let refuse =
        |address: &str, want: &str| assert_eq!(server.get(address).error(), want, "{address}");
    let by_zero = "400 InvalidQueryOption: $compute cannot be used: division by zero; put a condition such as 'x ne 0 and' before it";
    refuse("/Products?$compute=1 div (Id sub 7) as A", by_zero);
    refuse("/Products(7)?$compute=1 div (Id sub 7) as A", by_zero);
    assert_eq!(server.get("/Products(6)?$compute=1 div (Id sub 7) as A").status, 200);
    refuse(
        "/Products?$compute=1 as link",
        "400 InvalidQueryOption: $compute cannot be used: 'DigitalProduct' has a property 'link'; choose another name",
    );
    refuse(
        "/Products?$compute=Size as A",
        "501 NotImplemented: a complex value in $compute is not implemented",
    );
    // Nobody may tell by a name that is taken what may not be seen.
    assert_eq!(server.json("/Products(1)?$compute=7 as Margin")["Margin"], 7);
    let change = server.send(Method::PATCH, "/Products(2)?$compute=1 as A", &[], r#"{"Name":"x"}"#);
    assert_eq!(
        change.error(),
        "501 NotImplemented: $compute in the answer to a change is not implemented"
    );
    assert_eq!(server.json("/Products(2)")["Name"], "Nothing");
}
