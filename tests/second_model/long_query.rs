//! `POST …/$query`: options in the body.

use warp::http::Method;

use crate::ask::{Answer, Server};

fn post(server: &Server, address: &str, body: &str) -> Answer {
    server.send(Method::POST, address, &[("content-type", "text/plain")], body)
}

fn ids(answer: &Answer) -> Vec<i64> {
    let json = answer.json();
    json["value"].as_array().unwrap().iter().map(|row| row["Id"].as_i64().unwrap()).collect()
}

#[test]
fn options_in_the_body_are_those_of_a_get() {
    let server = Server::new();
    let body = "$filter=Id%20in%20(1,3)&$select=Id";
    let answer = post(&server, "/Products/$query", body);
    assert_eq!(ids(&answer), [1, 3]);
    assert_eq!(answer.body, server.get(&format!("/Products?{body}")).body);
    let both =
        post(&server, "/Products/$query?$orderby=Id desc&@n=3", "$filter=Id le @n&$select=Id\r\n");
    assert_eq!(ids(&both), [3, 2, 1]);
    assert_eq!(post(&server, "/Products/$count/$query", "$filter=Id le 3").body, "3");
    assert_eq!(post(&server, "/Products(1)/$query", "$select=Name").json()["Name"], "Lämp 'O\"");
    assert_eq!(post(&server, "/Products/$query", "").json()["value"][0]["Id"], 1);
}

#[test]
fn a_list_of_ten_thousand_costs_each_row_a_few_comparisons() {
    let server = Server::new();
    let list = |count: i64| {
        let items: Vec<String> = (0..count).map(|n| (n * 7).to_string()).collect();
        format!("$select=Id&$filter=Id in ({})", items.join(","))
    };
    let answer = post(&server, "/Products/$query", &list(10_000));
    assert_eq!(ids(&answer), [7, 14, 21]);
    assert_eq!(
        post(&server, "/Products/$query", &list(10_001)).error(),
        "400 LimitExceeded: $filter passes the limit 'query_in_items_max' of 10000"
    );
}

#[test]
fn words_without_end_are_refused() {
    // Each word of a phrase was looked up, up to half a million of them.
    let server = Server::new();
    let phrase = |words: usize| format!("$search=\"{}\"", "a ".repeat(words));
    assert_eq!(post(&server, "/Products/$query", &phrase(1000)).status, 200);
    let refused = |option: &str| {
        format!("400 LimitExceeded: {option} passes the limit 'query_search_words_max' of 1000")
    };
    let limit = refused("$search");
    assert_eq!(post(&server, "/Products/$query", &phrase(500_000)).error(), limit);
    let without_blanks = format!("$search={}", "a-".repeat(1001));
    assert_eq!(post(&server, "/Products/$query", &without_blanks).error(), limit);
    let half = phrase(501);
    let two = format!("{half}&$expand=Reviews({half})");
    assert_eq!(post(&server, "/Products/$query", &two).error(), limit);
    let applied = format!("$apply=search({})", &phrase(1001)["$search=".len()..]);
    assert_eq!(post(&server, "/Products/$query", &applied).error(), refused("$apply"));
}

#[test]
fn a_link_that_is_too_long_for_a_header_is_in_the_body_alone() {
    let server = Server::new();
    let links = |items: usize| {
        let items: Vec<String> = (0..items).map(|n| n.to_string()).collect();
        let body = format!("$select=Id&$filter=Id in ({}) or Id gt 0", items.join(","));
        let answer = post(&server, "/Products/$query", &body);
        let next = answer.json()["@odata.nextLink"].is_string();
        (next, answer.header("link").is_some())
    };
    assert_eq!((links(10), links(2000)), ((true, true), (true, false)));
}

#[test]
fn its_pages_go_on_by_get_and_by_post() {
    let server = Server::new();
    let body = "$filter=Id gt 2&$select=Id";
    let first = post(&server, "/Products/$query", body).json();
    let next = first["@odata.nextLink"].as_str().unwrap().split_once("/odata").unwrap().1;
    let (path, query) = next.split_once('?').unwrap();
    assert_eq!(path, "/Products");
    let by_get = server.get(next);
    assert_eq!(ids(&by_get)[0], 13);
    let by_post = post(&server, "/Products/$query", query);
    assert_eq!(by_post.body, by_get.body);
}

#[test]
fn what_is_no_query_is_refused() {
    let server = Server::new();
    assert_eq!(server.get("/Products/$query").status, 405);
    let json = server.send(Method::POST, "/Products/$query", &[], "{}");
    assert_eq!(
        json.error(),
        "415 UnsupportedMediaType: the body of '$query' is what stands behind the '?' elsewhere; send 'Content-Type: text/plain'"
    );
    assert_eq!(
        post(&server, "/Products/$query?$top=1", "$top=2").error(),
        "400 DuplicateQueryOption: '$top' is given more than once"
    );
    assert_eq!(
        post(&server, "/Products/$query", "access_token=x").error()[..16],
        *"400 TokenInQuery"
    );
    assert_eq!(post(&server, "/Products/$query", "$filter=").status, 400);
    assert_eq!(post(&server, "/$query", "").status, 400);
    let stranger = [("authorization", "Bearer stranger"), ("content-type", "text/plain")];
    let stranger = server.send(Method::POST, "/Products/$query", &stranger, "$top=1");
    assert_eq!(stranger.status, 401);
}
