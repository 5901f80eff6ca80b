//! Power BI and Excel: the requests their engine sends, headers and all, and what broke it elsewhere.
//!
//! The headers are those of a server's log; what is asked is what its documentation and the reports
//! of others tell. The engine itself does not run here.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::fmt::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use support::{
    client::{Answer, encode},
    run, run_in,
    server::Server,
    token,
    wire::exchange,
};

const MASHUP: [(&str, &str); 5] = [
    ("User-Agent", "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)"),
    ("Accept-Encoding", "gzip, deflate"),
    ("MaxDataServiceVersion", "3.0"),
    ("OData-MaxVersion", "4.0"),
    (
        "Accept",
        "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,\
         application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7",
    ),
];
const TICKETS: u64 = 7;

/// A helpdesk of seven tickets in pages of three, asked as Power Query asks.
struct Desk {
    server: Server,
    token: String,
    _dir: tempfile::TempDir,
}

impl Desk {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for n in 1..=TICKETS {
            let mut ticket = json!({
                "Title": format!("Ticket {n}"), "Priority": "High", "Tags": ["a"],
                "CreatedDateTime": format!("2026-0{n}-01T00:00:00Z"),
                "UpdatedDateTime": format!("2026-0{n}-02T00:00:00Z"),
                "Comments": [{"Body": "Hello"}],
            });
            if n < TICKETS {
                ticket["RequesterName"] = json!("Ada");
                ticket["RequesterEmail"] = json!("ada@example.com");
            }
            writeln!(lines, "{ticket}").unwrap();
        }
        let file = dir.path().join("tickets.jsonl");
        std::fs::write(&file, lines).unwrap();
        run(dir.path(), &["import", file.to_str().unwrap()]).ok();
        let token = token(dir.path());
        let settings = [&[("TESSERA_PAGE_SIZE", "3")], settings].concat();
        let server = Server::start_with(dir.path(), &[], &settings);
        Self { server, token, _dir: dir }
    }

    /// A request with the engine's headers, signed in as it does by Basic, and further ones.
    #[track_caller]
    fn ask(&self, target: &str, more: &[(&str, &str)]) -> Answer {
        self.ask_as(&basic(&format!("powerbi:{}", self.token)), target, more)
    }

    #[track_caller]
    fn ask_as(&self, authorization: &str, target: &str, more: &[(&str, &str)]) -> Answer {
        let headers = [&MASHUP, &[("Authorization", authorization)][..], more].concat();
        let answer = exchange(&self.server.address, "GET", target, &headers, "");
        assert_eq!(answer.all("odata-version"), ["4.0"], "{target}");
        assert!(!(300..400).contains(&answer.status), "{target} redirects");
        answer
    }

    #[track_caller]
    fn json(&self, target: &str) -> Value {
        let answer = self.ask(target, &[]).expect(200);
        assert_eq!(answer.header("content-type"), "application/json;odata.metadata=minimal");
        answer.json()
    }

    /// Every row, by next links as they stand; and the number of pages.
    fn rows(&self, target: &str) -> (Vec<Value>, usize) {
        let (mut rows, mut pages, mut next) = (Vec::new(), 0, Some(target.to_owned()));
        while let Some(target) = next {
            let mut page = self.json(&target);
            rows.append(page["value"].as_array_mut().unwrap());
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
            pages += 1;
            assert!(pages < 100, "the pages do not end");
        }
        (rows, pages)
    }

    fn context(&self, of: &str) -> String {
        format!("http://{}/odata/$metadata{of}", self.server.address)
    }
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

fn ids(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["Id"].as_u64().unwrap()).collect()
}

#[test]
fn the_first_requests_say_that_this_is_a_feed() {
    let desk = Desk::start();
    for root in ["/odata", "/odata/"] {
        let document = desk.json(root);
        assert_eq!(document["@odata.context"], desk.context(""));
        let tickets = json!({"name": "Tickets", "kind": "EntitySet", "url": "Tickets"});
        assert!(document["value"].as_array().unwrap().contains(&tickets));
    }
    let xml = desk.ask("/odata/$metadata", &[]).expect(200);
    assert_eq!(xml.header("content-type"), "application/xml");
    let page = desk.json("/odata/Tickets");
    assert_eq!(page["@odata.context"], desk.context("#Tickets"));
    assert_eq!(ids(page["value"].as_array().unwrap()), [1, 2, 3]);
    assert_eq!(desk.ask("/odata/Tickets/$count", &[]).expect(200).body, TICKETS.to_string());
    assert_eq!(ids(desk.json("/odata/Tickets?%24top=2")["value"].as_array().unwrap()), [1, 2]);
}

#[test]
fn what_power_query_folds_is_answered() {
    let desk = Desk::start();
    let range = |property: &str| {
        format!("{property} ge 2026-02-01T00:00:00Z and {property} lt 2026-04-01T00:00:00Z")
    };
    for (query, want) in [
        (format!("$filter={}", range("CreatedDateTime")), vec![2, 3]),
        (format!("$filter={}&$select=Id,UpdatedDateTime", range("UpdatedDateTime")), vec![2, 3]),
        (
            "$filter=Id gt 2 and Id lt 6 and (Priority eq 'High' or Priority eq null)".into(),
            vec![3, 4, 5],
        ),
        ("$filter=CreatedDate ge 2026-06-01&$orderby=Id desc".into(), vec![7, 6]),
        ("$filter=contains(Title,'et 4') and IsClosed eq false".into(), vec![4]),
        ("$filter=RequesterName eq 'Ada'&$orderby=CreatedDateTime desc&$top=2".into(), vec![6, 5]),
        ("$filter=Requester/Name ne 'Ada'".into(), vec![7]),
        ("$orderby=Id desc&$skip=4&$top=2".into(), vec![3, 2]),
        ("$select=Id&$expand=Requester($select=Name)&$top=1".into(), vec![1]),
        ("$count=true&$top=0".into(), vec![]),
    ] {
        let (rows, _) = desk.rows(&format!(
            "/odata/Tickets?{}",
            encode(&query).replace("%26", "&").replace("%3D", "=")
        ));
        assert_eq!(ids(&rows), want, "{query}");
    }
    assert_eq!(desk.json("/odata/Tickets?$count=true&$top=0")["@odata.count"], TICKETS);
}

#[test]
fn rows_are_found_one_by_one_by_key_and_navigation() {
    let desk = Desk::start();
    for id in 1..TICKETS {
        assert_eq!(desk.json(&format!("/odata/Tickets({id})"))["Id"], id);
        assert_eq!(desk.json(&format!("/odata/Tickets({id})/Requester"))["Name"], "Ada");
        let comments = desk.json(&format!("/odata/Tickets({id})/Comments"));
        assert_eq!(comments["value"].as_array().unwrap().len(), 1);
    }
    let nobody = desk.ask(&format!("/odata/Tickets({TICKETS})/Requester"), &[]);
    assert_eq!((nobody.status, nobody.body.as_str()), (204, ""));
}

#[test]
fn nulls_stay_away_where_the_service_confirms_it() {
    let desk = Desk::start();
    let prefer = [("Prefer", "odata.omit-values=nulls,odata.include-annotations=\"*\"")];
    let answer = desk.ask("/odata/Tickets", &prefer).expect(200);
    assert_eq!(answer.header("preference-applied"), "odata.omit-values=nulls");
    assert!(!answer.body.contains(":null"), "{}", answer.body);
    assert!(desk.ask("/odata/Tickets", &[]).body.contains(":null"));
}

#[test]
fn the_sign_in_probe_is_challenged_cleanly() {
    let desk = Desk::start();
    for empty in ["Bearer", "Bearer ", "Basic Og=="] {
        for target in ["/odata", "/odata/Tickets", "/odata/$metadata"] {
            let answer = desk.ask_as(empty, target, &[]).expect(401);
            let challenges = answer.all("www-authenticate");
            assert_eq!(
                challenges,
                [r#"Bearer realm="tessera""#, r#"Basic realm="tessera", charset="UTF-8""#]
            );
            assert_eq!(answer.code(), "Unauthenticated");
        }
    }
}

#[test]
fn the_token_opens_in_every_form_the_engine_keeps_it() {
    let desk = Desk::start();
    let token = desk.token.as_str();
    for authorization in [
        basic(&format!("anything:{token}")),
        basic(&format!("{token}:")),
        basic(&format!("{token}:x")),
        // The kind "Web API" sends its key so.
        basic(&format!(":{token}")),
        format!("Bearer {token}"),
    ] {
        desk.ask_as(&authorization, "/odata/Tickets", &[]).expect(200);
    }
    desk.ask_as("Basic Og==", "/odata/Tickets", &[("X-Api-Key", token)]).expect(200);
}

#[test]
fn a_key_in_the_address_is_refused_and_the_doors_are_named() {
    let desk = Desk::start();
    let answer = desk.ask_as("", &format!("/odata/Tickets?apikey={}", desk.token), &[]).expect(400);
    assert_eq!(answer.code(), "TokenInQuery");
    for door in ["Authorization: Bearer", "HTTP Basic", "X-Api-Key"] {
        assert!(answer.body.contains(door), "{}", answer.body);
    }
    assert!(!answer.body.contains(&desk.token));
}

#[test]
fn an_expired_token_is_told_so_with_its_time() {
    let dir = tempfile::tempdir().unwrap();
    support::make_data(dir.path(), &[]);
    let args = ["token", "create", "--name", "old", "--role", "ReadOnlyAgent", "--expires", "1s"];
    let token = run_in(dir.path(), &args, &[]).ok();
    let server = Server::start(dir.path());
    let authorization = basic(&format!("powerbi:{}", token.trim_end()));
    let headers = [&MASHUP[..], &[("Authorization", authorization.as_str())]].concat();
    let answer = loop {
        let answer = exchange(&server.address, "GET", "/odata", &headers, "");
        if answer.status != 200 {
            break answer.expect(401);
        }
    };
    assert_eq!(answer.code(), "TokenExpired");
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("expired") && message.contains('Z') && message.contains("20"),
        "{message}"
    );
    assert!(answer.all("www-authenticate")[0].contains("invalid_token"));
}

/// Row 1 of the breakages: "4.0,4.0".
#[test]
fn the_version_is_said_once_and_is_4_0() {
    let desk = Desk::start();
    for target in
        ["/odata", "/odata/$metadata", "/odata/Tickets(1)", "/odata/Tickets/$count", "/odata/No"]
    {
        for max in ["4.0", "4.01"] {
            let headers = [
                ("Authorization", format!("Bearer {}", desk.token)),
                ("OData-MaxVersion", max.into()),
            ];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = exchange(&desk.server.address, "GET", target, &headers, "");
            assert_eq!(answer.all("odata-version"), ["4.0"], "{target}");
        }
    }
}

/// Row 2: a context URL with `Nav()`; row 6: one that does not name what is there.
#[test]
fn the_context_names_exactly_what_was_selected_and_in_the_form_of_4_0() {
    let desk = Desk::start();
    for (query, want) in [
        ("", "#Tickets"),
        ("?$expand=Requester", "#Tickets"),
        ("?$select=Id,Title", "#Tickets(Id,Title)"),
        ("?$select=Id,Requester", "#Tickets(Id,Requester)"),
        ("?$select=Id&$expand=Requester", "#Tickets(Id)"),
        ("?$select=Id,Requester&$expand=Requester", "#Tickets(Id,Requester)"),
        ("?$select=Id&$expand=Requester($select=Name)", "#Tickets(Id,Requester(Name))"),
        ("?$expand=Comments($select=Body)", "#Tickets(Comments(Body))"),
    ] {
        for max in ["4.0", "4.01"] {
            let headers = [
                ("Authorization", format!("Bearer {}", desk.token)),
                ("OData-MaxVersion", max.into()),
            ];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let page = exchange(
                &desk.server.address,
                "GET",
                &format!("/odata/Tickets{query}"),
                &headers,
                "",
            );
            assert_eq!(page.expect(200).json()["@odata.context"], desk.context(want), "{query}");
        }
        let row = desk.json(&format!("/odata/Tickets{query}"))["value"][0].clone();
        let named: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        if query.contains("$select=Id") {
            let of_ticket =
                named.iter().filter(|name| !name.contains('@') && **name != "Requester");
            assert!(of_ticket.count() <= 2, "{query}: {named:?}");
        }
        assert_eq!(query.contains("$expand=Requester"), named.contains(&"Requester"), "{query}");
    }
}

/// Row 3: "the hostname could not be parsed".
#[test]
fn every_address_is_whole_and_of_the_public_host() {
    let public = "https://desk.example.com";
    let desk = Desk::start_with(&[("TESSERA_PUBLIC_URL", public)]);
    let page = desk.json("/odata/Tickets?$select=Id,Requester");
    let links = [
        &page["@odata.context"],
        &page["@odata.nextLink"],
        &page["value"][0]["Requester@odata.navigationLink"],
        &desk.json("/odata")["@odata.context"],
    ];
    for link in links {
        assert!(link.as_str().unwrap().starts_with("https://desk.example.com/odata/"), "{link}");
    }
}

/// Row 4: "neither points to an OData service or a feed".
#[test]
fn every_json_answer_has_a_context_and_none_is_a_page_for_people() {
    let desk = Desk::start();
    for target in [
        "/odata",
        "/odata/Tickets",
        "/odata/Tickets(1)",
        "/odata/Tickets(1)/Title",
        "/odata/Tickets(1)/Comments",
    ] {
        assert!(desk.json(target)["@odata.context"].is_string(), "{target}");
    }
    let html = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for target in ["/odata", "/odata/", "/odata/No", "/odata/Tickets?$filter=("] {
        for authorization in [basic(&format!(":{}", desk.token)), String::new()] {
            let headers = [&html[..], &[("Authorization", authorization.as_str())]].concat();
            let answer = exchange(&desk.server.address, "GET", target, &headers, "");
            assert!(answer.header("content-type").starts_with("application/json"), "{target}");
            assert!(!(300..400).contains(&answer.status), "{target}");
        }
    }
}

/// Row 5: "metadata document appears to be invalid".
#[test]
fn the_metadata_is_csdl_of_4_0() {
    let desk = Desk::start();
    let xml = desk.ask("/odata/$metadata", &[]).expect(200).body;
    assert!(xml.contains("Version=\"4.0\""));
    for newer in
        ["Version=\"4.01\"", "Edm.Untyped", "Edm.ComplexType", "Edm.PrimitiveType\"", "xml:lang"]
    {
        assert!(!xml.contains(newer), "{newer}");
    }
    assert!(
        xml.contains("<ReferentialConstraint Property=\"RequesterId\" ReferencedProperty=\"Id\"")
    );
}

/// Row 7: a navigation property in `$select` without `$expand`.
#[test]
fn a_selected_navigation_property_comes_as_its_link() {
    let desk = Desk::start();
    let page = desk.json("/odata/Tickets?$select=Id,Requester,Comments");
    let row = &page["value"][0];
    for name in ["Requester", "Comments"] {
        let link = row[format!("{name}@odata.navigationLink")].as_str().unwrap();
        assert_eq!(link, format!("http://{}/odata/Tickets(1)/{name}", desk.server.address));
        desk.ask(link, &[]).expect(200);
        assert_eq!(row.get(name), None);
    }
}

#[test]
fn a_navigation_property_one_may_not_follow_is_unknown() {
    let dir = tempfile::tempdir().unwrap();
    support::make_data(dir.path(), &[]);
    let args = ["token", "create", "--name", "t", "--role", "Agent", "--scopes", "tickets:read"];
    let token = run(dir.path(), &args).ok();
    let server = Server::start(dir.path());
    let client = server.client(token.trim_end());
    for name in ["Requester", "Comments", "Nothing"] {
        let answer = client.get(&format!("/odata/Tickets?$select=Id,{name}")).expect(400);
        assert_eq!(answer.code(), "UnknownProperty");
    }
}

/// Row 8: endless paging; row 9: `$top` beyond a page, and parts taken for the whole.
#[test]
fn pages_end_with_the_last_row_and_keep_what_top_leaves() {
    let desk = Desk::start();
    for (query, want, pages) in [
        ("", 7, 3),
        ("?$filter=Id%20le%206", 6, 2),
        ("?$filter=Id%20le%203", 3, 1),
        ("?$filter=Id%20gt%2099", 0, 1),
        ("?$top=3", 3, 1),
        ("?$top=5", 5, 2),
        ("?$top=6", 6, 2),
        ("?$top=100", 7, 3),
        ("?$top=4&$skip=2&$orderby=Id%20desc", 4, 2),
    ] {
        let (rows, seen) = desk.rows(&format!("/odata/Tickets{query}"));
        assert_eq!((rows.len(), seen), (want, pages), "{query}");
    }
}

#[test]
fn the_files_to_connect_with_need_no_token_and_lead_to_the_feed() {
    let desk = Desk::start();
    let get = |target: &str| exchange(&desk.server.address, "GET", target, &[], "").expect(200);
    let file = get("/connect/powerbi.pbids");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"tessera.pbids\"");
    let url =
        file.json()["connections"][0]["details"]["address"]["url"].as_str().unwrap().to_owned();
    assert_eq!(desk.json(&url)["@odata.context"], desk.context(""));
    let set = get("/connect/powerbi.pbids?set=Tickets").json();
    let url = set["connections"][0]["details"]["address"]["url"].as_str().unwrap();
    assert_eq!(desk.json(url)["@odata.context"], desk.context("#Tickets"));
    for name in ["excel.odc", "powerquery.m"] {
        let text = get(&format!("/connect/{name}"));
        assert!(text.body.contains(&format!("http://{}/odata/", desk.server.address)), "{name}");
        assert!(!text.body.contains("tsr_"));
    }
    for file in get("/connect/").json()["files"].as_array().unwrap() {
        get(file["url"].as_str().unwrap());
    }
}
