//! The files: right in form for any address, and without a secret.

use http_body_util::BodyExt;
use quick_xml::{Reader, events::Event};
use serde_json::Value;
use warp::http::Method;

use super::*;
use crate::{
    config::{Config, PublicUrl},
    http::request::fake,
};

/// Content type, disposition and body; or the error.
fn get_from(
    public_url: Option<&str>,
    host: &str,
    address: &'static str,
) -> Result<(String, String, String), Error> {
    let public_url = public_url.map(|url| PublicUrl::new(url).unwrap());
    let app = App::in_memory(Config { public_url, ..Config::default() });
    let request = fake::request(Method::GET, address, &[("host", host)], &[]);
    let response = answer(&app, &request)?;
    let header = |name| {
        let value = response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    };
    let (ty, name) = (header("content-type"), header("content-disposition"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
    Ok((ty, name, String::from_utf8(body.to_vec()).unwrap()))
}

fn get(address: &'static str) -> (String, String, String) {
    get_from(None, "desk.example:8420", address).unwrap()
}

/// The text of every element of a document, which must be well-formed to its end.
fn texts(document: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(document);
    let (mut open, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.push(());
                let name: &str = start.as_ref();
                let name = name.split(' ').next().unwrap().to_owned();
                found.push((name, String::new()));
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => found.last_mut().unwrap().1.push_str(text.as_ref()),
            Event::GeneralRef(name) => {
                let c = match name.as_ref() {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("{other}"),
                };
                found.last_mut().unwrap().1.push(c);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

fn text_of(document: &str, element: &str) -> String {
    let all = texts(document);
    all.iter().find(|(name, _)| name == element).unwrap_or_else(|| panic!("{element}")).1.clone()
}

#[test]
fn power_bi_opens_the_feed_or_one_set_of_it() {
    for (address, url, file) in [
        ("/connect/powerbi.pbids", "http://desk.example:8420/odata/", "tessera.pbids"),
        (
            "/connect/powerbi.pbids?set=comments",
            "http://desk.example:8420/odata/Comments",
            "tessera-Comments.pbids",
        ),
    ] {
        let (ty, name, body) = get(address);
        assert_eq!(ty, "application/json");
        assert_eq!(name, format!("attachment; filename=\"{file}\""));
        let json: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["version"], "0.1");
        let connection = &json["connections"][0];
        assert_eq!((&connection["mode"], &connection["options"]), (&json!("Import"), &json!({})));
        assert_eq!(connection["details"], json!({"protocol": "odata", "address": {"url": url}}));
    }
}

#[test]
fn excel_opens_a_query_within_a_document_within_a_page() {
    let (ty, name, page) = get("/connect/excel.odc?set=Customers");
    assert_eq!(ty, "text/x-ms-odc; charset=utf-8");
    assert_eq!(name, "attachment; filename=\"tessera-Customers.odc\"");
    assert_eq!(text_of(&page, "odc:CommandText"), "SELECT * FROM [Customers]");
    assert_eq!(
        text_of(&page, "odc:ConnectionString"),
        "Provider=Microsoft.Mashup.OleDb.1;Data Source=$Workbook$;Location=Customers;Extended Properties=\"\""
    );
    let mashup = text_of(&page, "odc:PowerQueryMashupData");
    let formula = text_of(&mashup, "Formula");
    assert_eq!(
        formula,
        "let\n    Feed = OData.Feed(\"http://desk.example:8420/odata/\", null, [Implementation = \"2.0\", \
         ODataVersion = 4, OmitValues = ODataOmitValues.Nulls]),\n    Rows = Feed{[Name = \"Customers\", \
         Signature = \"table\"]}[Data]\nin\n    Rows"
    );
    assert!(mashup.contains("<Query Name=\"Customers\">"), "{mashup}");
}

#[test]
fn the_query_for_power_bi_reads_a_range_where_there_is_one_to_read() {
    let (ty, name, script) = get("/connect/powerquery.m");
    assert_eq!(ty, "text/plain; charset=utf-8");
    assert_eq!(name, "inline; filename=\"tessera-Tickets.m\"");
    for part in [
        "Implementation = \"2.0\"",
        "{[Name = \"Tickets\", Signature = \"table\"]}[Data],\n",
        "    From = DateTime.AddZone(RangeStart, 0),\n    Before = DateTime.AddZone(RangeEnd, 0),\n",
        "each [CreatedDateTime] >= From and [CreatedDateTime] < Before)\nin\n    InRange\n",
        "meta [IsParameterQuery = true, Type = \"DateTime\", IsParameterQueryRequired = true]",
    ] {
        assert!(script.contains(part), "{part:?} in {script}");
    }
    let code: Vec<&str> = script.lines().filter(|line| !line.starts_with("//")).collect();
    assert_eq!((code.first(), code.last()), (Some(&"let"), Some(&"    InRange")));
    let (_, _, plain) = get("/connect/powerquery.m?set=TicketTags");
    assert!(!plain.contains("RangeStart") && plain.ends_with("in\n    Rows\n"), "{plain}");
}

#[test]
fn a_query_is_opened_as_it_is_asked() {
    let options = "?set=tickets&query=%24filter%3DStatus%2520eq%2520'Open'%26%24orderby%3DId";
    let url = "http://desk.example:8420/odata/Tickets?$filter=Status%20eq%20'Open'&$orderby=Id";
    let of = |file: &str| get(Box::leak(format!("/connect/{file}{options}").into_boxed_str())).2;
    let file: Value = serde_json::from_str(&of("powerbi.pbids")).unwrap();
    assert_eq!(file["connections"][0]["details"]["address"]["url"], url);
    let rows = format!("Rows = OData.Feed(\"{url}\", null, [");
    let mashup = text_of(&of("excel.odc"), "odc:PowerQueryMashupData");
    assert!(text_of(&mashup, "Formula").contains(&rows), "{mashup}");
    let script = of("powerquery.m");
    assert!(script.contains(&rows) && !script.contains("RangeStart"), "{script}");
    assert!(of("").contains("?set=Tickets&query=$filter=Status%2520eq"), "{}", of(""));
}

#[test]
fn a_query_that_cannot_stand_in_an_address_is_refused() {
    for (options, code) in [
        ("query=%24top%3D1", "InvalidQueryOption"),
        ("set=Tickets&query=a%20b", "InvalidQueryOption"),
        ("set=Tickets&query=%22)%20evil(%22", "InvalidQueryOption"),
        ("set=Tickets&query=%23(lf)", "InvalidQueryOption"),
        ("set=Tickets&query=%C3%A4", "InvalidQueryOption"),
        ("set=Tickets&query=%24top%3D1&query=x", "DuplicateQueryOption"),
        ("set=Tickets&query=access_token%3Dtsr_x", "TokenInQuery"),
    ] {
        for file in ["", "powerbi.pbids", "excel.odc", "powerquery.m"] {
            let address = Box::leak(format!("/connect/{file}?{options}").into_boxed_str());
            let error = get_from(None, "desk.example", address).unwrap_err();
            assert_eq!(error.code(), code, "{address}");
        }
    }
}

#[test]
fn no_file_holds_a_secret_and_every_file_the_address_clients_use() {
    for address in
        ["/connect/", "/connect/powerbi.pbids", "/connect/excel.odc", "/connect/powerquery.m"]
    {
        for (public, host, want) in [
            (Some("https://desk.example.com"), "other", "https://desk.example.com/"),
            (None, "[::1]:8420", "http://[::1]:8420/"),
        ] {
            let (_, _, body) = get_from(public, host, address).unwrap();
            assert!(body.contains(want) && !body.contains("other"), "{address}: {body}");
            assert!(!body.contains("tsr_"), "{body}");
        }
        for host in ["a b", "a/b", "\"+Evil()+\"", "x\\y", "<x>"] {
            let error = get_from(None, host, address).unwrap_err();
            assert_eq!(error.code(), "InvalidHeader", "{host}");
        }
    }
}

#[test]
fn an_odd_address_stays_a_text_in_every_form() {
    let odd = "https://desk.example/it's&co/%22)";
    let root = format!("{odd}/odata/");
    let of = |address| get_from(Some(odd), "x", address).unwrap().2;
    let file: Value = serde_json::from_str(&of("/connect/powerbi.pbids")).unwrap();
    assert_eq!(file["connections"][0]["details"]["address"]["url"], root);
    let mashup = text_of(&of("/connect/excel.odc"), "odc:PowerQueryMashupData");
    assert!(text_of(&mashup, "Formula").contains(&format!("OData.Feed(\"{root}\", ")));
    assert!(of("/connect/powerquery.m").contains(&format!("OData.Feed(\"{root}\", ")));
}

#[test]
fn texts_of_m_are_escaped() {
    for (plain, want) in [
        ("a", "\"a\""),
        ("a\"b", "\"a\"\"b\""),
        ("#(lf) #x", "\"#(#)(lf) #x\""),
        ("a\nb\u{85}", "\"a#(000a)b#(0085)\""),
        ("é#", "\"é#\""),
    ] {
        assert_eq!(power_query::text(plain), want);
    }
}

#[test]
fn the_index_names_every_file_and_set() {
    let (ty, _, body) = get("/connect/?set=tickets");
    assert_eq!(ty, "application/json");
    let index: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(index["feed"], "http://desk.example:8420/odata/");
    let urls: Vec<&str> = index["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["url"].as_str().unwrap())
        .collect();
    assert_eq!(
        urls,
        [
            "http://desk.example:8420/connect/powerbi.pbids?set=Tickets",
            "http://desk.example:8420/connect/excel.odc?set=Tickets",
            "http://desk.example:8420/connect/powerquery.m?set=Tickets",
        ]
    );
    assert!(index["sets"].as_array().unwrap().contains(&json!("Comments")));
    assert!(!index["sets"].as_array().unwrap().contains(&json!("Credentials")));
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    for (address, want) in [
        (
            "/connect/powerbi.pbix",
            "there is no resource '/connect/powerbi.pbix'; did you mean '/connect/powerbi.pbids'?",
        ),
        (
            "/connect/excel.odc?set=Ticket",
            "set cannot be used: there is no entity set 'Ticket'; did you mean 'Tickets'?",
        ),
        (
            "/connect/excel.odc?table=Tickets",
            "there is no query option 'table'; did you mean 'set'?",
        ),
        ("/connect/?set=Tickets&set=Tickets", "'set' is given more than once"),
        (
            "/connect/powerbi.pbids?token=x",
            "a token in the address ends up in logs; send it as 'Authorization: Bearer', as the password of HTTP Basic, or as 'X-Api-Key'",
        ),
    ] {
        let error = get_from(None, "desk", address).unwrap_err();
        assert_eq!(error.to_string(), want, "{address}");
    }
}
