//! PowerShell: what `Invoke-RestMethod` of 5.1 and 7 sends is taken, and what it gets reads right.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::fmt::Write as _;

use regex::Regex;
use serde_json::{Value, json};
use support::{
    powershell::{Body, Edition, PowerShell, next},
    run,
    server::Server,
    token,
    wire::exchange,
};

const EDITIONS: [Edition; 2] = [Edition::Windows, Edition::Core];

struct Desk {
    server: Server,
    token: String,
    _dir: tempfile::TempDir,
}

impl Desk {
    /// A helpdesk of five tickets in pages of two.
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for n in 1..=5 {
            let ticket = json!({
                "Title": format!("Café {n} €"), "RequesterEmail": "ada@example.com", "Tags": ["a"],
                "CreatedDateTime": format!("2026-01-0{n}T12:00:00.123456Z"),
                "Comments": [{"Body": "Hello"}],
            });
            writeln!(lines, "{ticket}").unwrap();
        }
        let file = dir.path().join("tickets.jsonl");
        std::fs::write(&file, lines).unwrap();
        run(dir.path(), &["import", file.to_str().unwrap()]).ok();
        let token = token(dir.path());
        let server = Server::start_with(dir.path(), &[], &[("TESSERA_PAGE_SIZE", "2")]);
        Self { server, token, _dir: dir }
    }

    fn shell(&self, edition: Edition) -> PowerShell<'_> {
        PowerShell { edition, address: &self.server.address, token: &self.token }
    }
}

#[test]
fn pages_are_followed_by_their_link_header() {
    let desk = Desk::start();
    for edition in EDITIONS {
        let shell = desk.shell(edition);
        let all = shell.follow("/odata/Tickets?select=Id").unwrap();
        let sizes: Vec<usize> =
            all.pages.iter().map(|page| page["value"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [2, 2, 1]);
        assert_eq!(shell.get("/odata/Tickets").unwrap().pages.len(), 1);
        let none = shell.follow("/odata/Tickets?filter=Id eq 99").unwrap();
        assert_eq!((none.pages.len(), &none.pages[0]["value"]), (1, &json!([])));
        let one = shell.get("/odata/Tickets?filter=Id eq 1").unwrap();
        assert_eq!(one.pages[0]["value"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn only_a_relation_right_after_its_address_is_followed() {
    for (link, want) in [
        (r#"<http://a/b?c>; rel="next""#, Some("http://a/b?c")),
        ("<http://a>;rel=next", Some("http://a")),
        (r#"<http://a>; title="x"; rel="next""#, None),
        (r#"<http://a>; rel="prev", <http://b>; rel="next""#, Some("http://b")),
    ] {
        assert_eq!(next(link).as_deref(), want, "{link}");
    }
}

#[test]
fn option_names_need_no_dollar_which_would_be_a_variable() {
    let desk = Desk::start();
    for edition in EDITIONS {
        let shell = desk.shell(edition);
        let uri = "/odata/Tickets?filter=Id gt 1&orderby=Id desc&top=2&select=Id,Title&count=true";
        let page = &shell.get(uri).unwrap().pages[0];
        assert_eq!((&page["@odata.count"], &page["value"][0]["Id"]), (&json!(4), &json!(5)));
        // The query of a `GET` may come as a hashtable.
        let table = Body::Table(&[("$filter", "Title eq 'Café 3 €'"), ("$top", "1")]);
        let page = &shell.send("GET", "/odata/Tickets", table, None).unwrap().pages[0];
        assert_eq!(page["value"][0]["Id"], 3);
        let thrown = shell.get("/odata/Tickets?fitler=Id eq 1").unwrap_err();
        assert_eq!(thrown.status, 400);
    }
}

#[test]
fn json_posted_as_a_form_is_read_and_a_form_is_refused_with_what_to_do() {
    let desk = Desk::start();
    for edition in EDITIONS {
        let shell = desk.shell(edition);
        for (body, content_type) in [
            (r#"{"Title":"Printer"}"#, None),
            ("\r\n {\"Title\":\"Printer\"}", None),
            (r#"{"Title":"Printer"}"#, Some("application/json")),
            (r#"{"Title":"Dr\u00fccker"}"#, Some("application/json; charset=utf-8")),
        ] {
            let made =
                shell.send("POST", "/odata/Tickets", Body::Text(body), content_type).unwrap();
            let id = made.pages[0]["Id"].as_u64().unwrap();
            let uri = format!("/odata/Tickets({id})");
            let change = Body::Text(r#"{"Priority":"High"}"#);
            let changed = shell.send("PATCH", &uri, change, Some("application/json")).unwrap();
            assert_eq!(changed.pages[0]["Priority"], "High");
        }
        for body in
            [Body::Table(&[("Title", "Printer")]), Body::Text("Title=Printer"), Body::Text("[]")]
        {
            let thrown = shell.send("POST", "/odata/Tickets", body, None).unwrap_err();
            assert_eq!(thrown.status, 415);
            assert!(thrown.details.contains("-ContentType application/json"), "{}", thrown.details);
        }
    }
}

#[test]
fn every_letter_arrives_in_every_edition() {
    let desk = Desk::start();
    for edition in EDITIONS {
        let shell = desk.shell(edition);
        let read = |uri: &str| shell.get(uri).unwrap().pages.remove(0);
        assert_eq!(read("/odata/Tickets(1)")["Title"], "Café 1 €");
        assert_eq!(read("/odata/Tickets(1)/Title")["value"], "Café 1 €");
        assert_eq!(read("/odata/Tickets?expand=Comments")["value"][0]["Title"], "Café 1 €");
        assert_eq!(read("/odata/Tickets(1)/Title/$value"), "Café 1 €");
        let made = Body::Text(r#"{"Title":"Gr\u00fc\u00dfe 😀"}"#);
        let ty = Some("application/json; charset=utf-8");
        let made = shell.send("POST", "/odata/Tickets", made, ty).unwrap();
        assert_eq!(made.pages[0]["Title"], "Grüße 😀");
        let thrown = shell.get("/odata/Tickets?select=Größe").unwrap_err();
        assert!(thrown.details.contains("Größe") || thrown.details.contains("Gr\\u00f6\\u00dfe"));
        let error: Value = serde_json::from_str(&thrown.details).unwrap();
        assert!(error["error"]["message"].as_str().unwrap().contains("'Größe'"), "{error}");
    }
}

/// 5.1 sends a text as Latin-1 unless told otherwise: what came was refused as broken JSON.
#[test]
fn a_body_that_is_not_utf8_is_refused_with_what_to_do() {
    let desk = Desk::start();
    let body = b"{\"Title\":\"Caf\xe9\"}";
    let head = format!(
        "POST /odata/Tickets HTTP/1.1\r\nHost: desk\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        desk.token,
        body.len()
    );
    let answer = desk.server.raw_bytes(&[head.as_bytes(), body].concat());
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("-ContentType 'application/json; charset=utf-8'"), "{answer}");
}

#[test]
fn json_is_json_by_its_type_and_metadata_is_xml() {
    let desk = Desk::start();
    for edition in EDITIONS {
        let shell = desk.shell(edition);
        for uri in ["/odata", "/odata/Tickets", "/odata/Tickets(1)", "/odata/Tickets(1)/Title"] {
            assert_eq!(shell.get(uri).unwrap().content_type, "application/json", "{uri}");
        }
        assert_eq!(shell.get("/odata/$metadata").unwrap().content_type, "application/xml");
        let count = shell.get("/odata/Tickets/$count").unwrap();
        assert_eq!(
            (count.content_type.as_str(), &count.pages[0]),
            ("text/plain; charset=utf-8", &json!("5"))
        );
        let thrown = shell.get("/odata/Tickets(99)").unwrap_err();
        assert_eq!(thrown.status, 404);
        assert!(serde_json::from_str::<Value>(&thrown.details).is_ok());
    }
}

#[test]
fn no_address_of_the_feed_redirects() {
    let desk = Desk::start();
    let bearer = format!("Bearer {}", desk.token);
    for path in [
        "/odata",
        "/odata/",
        "/odata/Tickets",
        "/odata/Tickets/",
        "/odata//Tickets",
        "/ODATA/Tickets",
        "/odata/tickets",
        "/odata/Tickets(1)/",
        "/odata/Tickets/1",
        "/connect",
        "/connect/",
        "/healthz",
    ] {
        for headers in [
            &[("Authorization", bearer.as_str())][..],
            &[("Authorization", bearer.as_str()), ("Host", "other.example")],
            &[],
        ] {
            let answer = exchange(&desk.server.address, "GET", path, headers, "");
            assert!(!(300..400).contains(&answer.status), "{path}: {}", answer.status);
            assert!(!answer.headers.contains_key("location"), "{path}");
        }
    }
}

#[test]
fn who_is_not_signed_in_is_challenged() {
    let desk = Desk::start();
    for (token, code) in [("", "Unauthenticated"), ("tsr_wrong", "InvalidToken")] {
        let shell = PowerShell { token, ..desk.shell(Edition::Windows) };
        let thrown = shell.get("/odata/Tickets").unwrap_err();
        assert_eq!(thrown.status, 401);
        assert!(thrown.challenges.iter().any(|challenge| challenge.starts_with("Basic ")));
        assert!(thrown.challenges.iter().any(|challenge| challenge.starts_with("Bearer ")));
        assert!(thrown.details.contains(code), "{}", thrown.details);
    }
}

#[test]
fn an_error_reads_alone_and_names_its_target() {
    let desk = Desk::start();
    let shell = desk.shell(Edition::Core);
    let json = Some("application/json");
    for (thrown, target) in [
        (shell.get("/odata/Tickets?filter=Nam eq 1").unwrap_err(), "$filter"),
        (shell.send("POST", "/odata/Tickets", Body::Text(r#"{"Id":7}"#), json).unwrap_err(), "Id"),
        (
            shell
                .send("PATCH", "/odata/Tickets(1)", Body::Text(r#"{"Status":"Lost"}"#), json)
                .unwrap_err(),
            "Status",
        ),
    ] {
        let error: Value = serde_json::from_str(&thrown.details).unwrap();
        let error = &error["error"];
        assert_eq!(error["target"], target, "{error}");
        assert_eq!(error["details"][0]["target"], target, "{error}");
        assert_eq!(error["details"][0]["message"], error["message"]);
        let message = error["message"].as_str().unwrap();
        assert!(
            message.len() > 20 && !message.contains('\n') && !message.ends_with('.'),
            "{message}"
        );
    }
}

/// Everything an administrator can read, in full; the parser of the emulation refuses names that
/// differ only by case.
#[test]
fn no_names_differ_by_case_alone_and_every_time_ends_in_z() {
    let desk = Desk::start();
    let headers = [
        ("Authorization", format!("Bearer {}", desk.token)),
        ("Accept", "application/json;odata.metadata=full".to_owned()),
    ];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let shell = desk.shell(Edition::Core);
    let sets = shell.get("/odata").unwrap().pages.remove(0);
    let time = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d").unwrap();
    let exact = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$").unwrap();
    let mut times = 0;
    for set in sets["value"].as_array().unwrap() {
        let name = set["name"].as_str().unwrap();
        let expand = if name == "Tickets" { "?expand=*" } else { "" };
        let answer =
            exchange(&desk.server.address, "GET", &format!("/odata/{name}{expand}"), &headers, "");
        let page = answer.expect(200).json();
        support::powershell::check_keys(&page);
        walk(&page, &mut |text| {
            if time.is_match(text) {
                times += 1;
                assert!(exact.is_match(text), "{name}: {text}");
            }
        });
    }
    assert!(times > 20, "{times}");
    let xml = shell.get("/odata/$metadata").unwrap().pages.remove(0);
    for of_type in xml.as_str().unwrap().split("<EntityType ").skip(1) {
        let of_type = of_type.split("</EntityType>").next().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for tag in ["<Property Name=\"", "<NavigationProperty Name=\""] {
            for rest in of_type.split(tag).skip(1) {
                let name = rest.split('"').next().unwrap();
                assert!(seen.insert(name.to_lowercase()), "{name}");
            }
        }
        assert!(seen.len() > 1);
    }
}

fn walk(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Value::Object(members) => members.values().for_each(|member| walk(member, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
