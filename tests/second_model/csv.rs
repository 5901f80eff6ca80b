//! Collections as CSV: columns, cells, formats and what has no place in them.

use serde_json::json;
use warp::http::Method;

use crate::ask::Server;

/// The CSV of a `GET` that must work, without its byte order mark.
#[track_caller]
fn lines(server: &Server, address: &str) -> Vec<String> {
    let answer = server.get(address);
    assert_eq!(answer.status, 200, "{address}: {}", answer.body);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = answer.body.strip_prefix('\u{feff}').expect("a byte order mark");
    let text = text.strip_suffix("\r\n").expect("a line end");
    text.split("\r\n").map(str::to_owned).collect()
}

#[test]
fn every_type_is_written_as_in_json_but_for_quotes() {
    let server = Server::new();
    let names = "Id,Guid,Name,Photo,InStock,Shelf,ReleasedOn,ReleasedAt,Price,Weight,Warranty,Maker,Pages,Sales,\
         Views,Trend,Rating,OpensAt,Colour,Uses,Size,Labels,FormerSizes,Description,CategoryId,Stamp";
    let all = lines(&server, "/Products?$filter=Id le 3&$format=csv");
    assert_eq!(all[0], names);
    insta::assert_snapshot!(all[1..].join("\n"), @r##"
    1,01010101-0101-0101-0101-010101010101,"Lämp 'O""",-_8B,true,255,2024-02-29,2024-02-29T12:30:00.5Z,12345678901234567.8900,1e300,P1DT2H3M4.5S,09090909-0909-0909-0909-090909090909,-32768,2147483647,9007199254740993,-128,0.1,07:30:00,Green,"Home,Garden","{""Width"":1.5,""Height"":null,""Note"":""ü\""""}","new; a/b","[{""Width"":1.5,""Height"":null,""Note"":""ü\""""},{""@odata.type"":""#Shop.Box"",""Width"":1.0,""Height"":2.0,""Note"":null,""Depth"":3.0}]",A long text,1,
    2,02020202-0202-0202-0202-020202020202,Nothing,,,,,,,,,,,,,,,,,,,"",[],,,
    3,03030303-0303-0303-0303-030303030303,Song,,,,,,,NaN,,,,,,,,,,,"{""@odata.type"":""#Shop.Box"",""Width"":1.0,""Height"":2.0,""Note"":null,""Depth"":3.0}","",[],,2,
    "##);
}

#[test]
fn columns_stand_as_they_are_selected() {
    let server = Server::new();
    let of = |options: &str| lines(&server, &format!("/Products?$top=1&$format=csv&{options}"));
    assert_eq!(of("$select=Sales,Id,name"), ["Sales,Id,Name", "2147483647,1,\"Lämp 'O\"\"\""]);
    assert_eq!(of("$select=Id,Id"), ["Id", "1"]);
    assert_eq!(
        lines(&server, "/Products/Shop.DigitalProduct?$select=Link,Id&$format=csv"),
        ["Link,Id", "https://x.example/,3"]
    );
    let computed = "$compute=Sales mul 2 as Twice&$select=Twice,Id&$filter=Id eq 5";
    assert_eq!(lines(&server, &format!("/Products?{computed}&$format=csv")), ["Twice,Id", "4,5"]);
    let secret = server.get("/Products?$select=Margin&$format=csv");
    assert_eq!(secret.status, 400);
    assert!(!lines(&server, "/Products?$format=csv")[0].contains("Margin"));
}

#[test]
fn all_rows_come_in_one_answer_whatever_the_page_size() {
    let server = Server::new();
    let ids = |options: &str| -> Vec<u64> {
        let all = lines(&server, &format!("/Products?$select=Id&$format=csv{options}"));
        all[1..].iter().map(|id| id.parse().unwrap()).collect()
    };
    assert_eq!(ids(""), (1..=25).collect::<Vec<_>>());
    assert_eq!(ids("&$orderby=Id desc"), (1..=25).rev().collect::<Vec<_>>());
    assert_eq!(ids("&$top=23&$skip=1"), (2..=24).collect::<Vec<_>>());
    assert_eq!(ids("&$top=0"), Vec::<u64>::new());
    assert_eq!(ids("&$skip=22&$orderby=Name"), [8, 9, 3]);
    let answer = server.get("/Products?$format=csv");
    assert_eq!(answer.header("link"), None);
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"Products.csv\""));
    let size = [("prefer", "maxpagesize=2")];
    let paged = server.send(Method::GET, "/Products?$select=Id&$format=csv", &size, "");
    assert_eq!((paged.body.lines().count(), paged.header("preference-applied")), (26, None));
    assert_eq!(lines(&server, "/Categories(2)/Products?$select=Id&$format=csv").len(), 24);
    assert_eq!(
        lines(&server, "/Products(1)/Reviews?$select=Text&$format=csv"),
        ["Text", "Review 1", "Review 3"]
    );
}

/// A line with nothing in it was passed over by readers: one row less than there are.
#[test]
fn a_line_is_never_empty() {
    let server = Server::new();
    assert_eq!(lines(&server, "/Categories?$select=Name&$format=csv"), ["Name", "Light", "\"\""]);
    assert_eq!(lines(&server, "/Categories?$format=csv"), ["Id,Name", "1,Light", "2,"]);
}

#[test]
fn programs_that_name_the_media_type_get_no_byte_order_mark() {
    let server = Server::new();
    let accept = [("accept", "text/csv")];
    let by_header = server.send(Method::GET, "/Categories", &accept, "");
    assert_eq!(by_header.body, "Id,Name\r\n1,Light\r\n2,\r\n");
    assert_eq!(server.get("/Categories?$format=text/csv").body, by_header.body);
    let both = [("accept", "text/csv, application/json;q=0.9")];
    assert_eq!(server.send(Method::GET, "/Categories", &both, "").body, by_header.body);
    let one = server.send(Method::GET, "/Categories(1)", &both, "");
    assert_eq!(one.json()["Name"], "Light");
    assert_eq!(server.send(Method::GET, "/Categories(1)", &accept, "").status, 406);
    assert_eq!(server.get("/Categories(1)?$format=csv").status, 406);
    assert_eq!(server.get("/?$format=csv").status, 406);
    assert_eq!(server.get("/Categories/$count?$format=csv").body, "2");
}

#[test]
fn what_has_no_place_in_a_table_is_refused() {
    let server = Server::new();
    for (options, want) in [
        (
            "$expand=Reviews",
            "400 InvalidQueryOption: $expand cannot be used: CSV has no place for related entities; ask for them as JSON, or for their own set",
        ),
        (
            "$select=Id,Reviews",
            "400 InvalidQueryOption: $select cannot be used: CSV has no place for links; select no navigation property",
        ),
        (
            "$count=true",
            "400 InvalidQueryOption: $count cannot be used: CSV has no place for a number; ask '/$count' for it",
        ),
    ] {
        assert_eq!(server.get(&format!("/Products?$format=csv&{options}")).error(), want);
    }
    assert_eq!(lines(&server, "/Categories?$format=csv&$count=false").len(), 3);
    let bad = server.get("/Products?$format=csv&$filter=1 div (Id sub 24) lt 9");
    assert_eq!((bad.status, bad.header("content-type")), (400, Some("application/json")));
}

#[test]
fn a_cell_is_no_formula() {
    let server = Server::new();
    let name = "=cmd|' /C calc'!A0";
    let body = json!({"Id": 70, "Name": name, "Labels": ["-1", "b"], "Sales": -5, "Description": "=1,\"2\"\n3"});
    let made = server.send(Method::POST, "/Products", &[], &body.to_string());
    assert_eq!(made.status, 201, "{}", made.body);
    let select = "$select=Name,Labels,Sales,Description&$filter=Id eq 70&$format=csv";
    assert_eq!(
        lines(&server, &format!("/Products?{select}"))[1..],
        ["'=cmd|' /C calc'!A0,\"'-1; b\",-5,\"'=1,\"\"2\"\"\n3\""]
    );
}
