//! Tickets as CSV over a connection: all of them in one answer, in pieces, and never a part that looks whole.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use serde_json::json;
use support::{run, run_in, server::Server, token};

const TICKETS: usize = 2500;
/// What a spreadsheet would run.
const FORMULA: &str = "=cmd|' /C calc'!A0";

/// A folder with tickets whose text is some megabytes, and a token for it.
fn filled() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let (token, file) = (token(dir.path()), dir.path().join("tickets.jsonl"));
    let lines = (1..=TICKETS).map(|at| {
        let title = match at {
            1 => FORMULA.to_owned(),
            2 => "Grüße, \"Öl\"\nund mehr".to_owned(),
            _ => format!("Ticket {at}"),
        };
        let text = format!("ticket {at} tells: ").repeat(200);
        json!({"Title": title, "Description": text, "Tags": ["b", "a"]}).to_string() + "\n"
    });
    fs::write(&file, lines.collect::<String>()).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    (dir, token)
}

fn with_pages_of_1000(dir: &Path, settings: &[(&str, &str)]) -> Server {
    let settings = [&[("TESSERA_PAGE_SIZE_MAX", "1000")], settings].concat();
    Server::start_with(dir, &["--log-level", "debug"], &settings)
}

#[test]
fn all_tickets_come_in_one_answer_from_one_moment() {
    let (dir, token) = filled();
    let server = with_pages_of_1000(dir.path(), &[]);
    let client = server.client(&token);
    let whole = client.get("/odata/Tickets?$format=csv").expect(200);
    assert_eq!(whole.header("transfer-encoding"), "chunked");
    assert_eq!(whole.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(whole.header("content-disposition"), "attachment; filename=\"Tickets.csv\"");
    assert!(whole.body.starts_with("\u{feff}Id,Guid,Title,Description,StatusId,Status,"));
    assert!(whole.headers.get("link").is_none());
    // Only the title of ticket 2 has a line end of its own.
    assert_eq!(whole.body.matches("\r\n").count(), TICKETS + 1);
    for id in [1, 3, 1000, 1001, 2000, 2001, TICKETS] {
        assert_eq!(whole.body.matches(&format!("\r\n{id},")).count(), 1, "{id}");
    }
    let few = "/odata/Tickets?$select=Title,TagsText,Tags,Id&$top=2&$format=csv";
    assert_eq!(
        client.get(few).expect(200).body,
        "\u{feff}Title,TagsText,Tags,Id\r\n\
         '=cmd|' /C calc'!A0,\"b; a\",\"b; a\",1\r\n\
         \"Grüße, \"\"Öl\"\"\nund mehr\",\"b; a\",\"b; a\",2\r\n"
    );
    let ordered = "/odata/Tickets?$select=Id&$format=text/csv&$skip=1&$top=2400&$orderby=Id%20desc";
    let ordered = client.get(ordered).expect(200);
    let ids: Vec<usize> = ordered.body.lines().skip(1).map(|id| id.parse().unwrap()).collect();
    assert_eq!(ids, (100..TICKETS).rev().collect::<Vec<_>>());
    let head = client.send("HEAD", "/odata/Tickets?$format=csv", &[], None).unwrap().expect(200);
    assert_eq!(head.header("content-type"), "text/csv; charset=utf-8");
    drop(server);
    let told = run_in(dir.path(), &["query", "Tickets?$select=Id&$format=csv"], &[]).ok();
    assert_eq!(told.lines().count(), TICKETS + 1);
}

/// With one turn in all, the command held it while the rest of its answer waited for it.
#[test]
fn a_long_answer_over_the_local_socket_does_not_wait_for_itself() {
    let (dir, _) = filled();
    let _server = with_pages_of_1000(dir.path(), &[("TESSERA_READS_MAX", "1")]);
    for (query, lines) in [("Tickets?$format=csv", TICKETS + 1), ("Tickets?$top=500", 0)] {
        let told = run_in(dir.path(), &["query", query], &[]).ok();
        assert!(told.len() > 1 << 20, "{query}");
        assert!(told.matches("\r\n").count() == lines, "{query}");
    }
}

/// A part taken for the whole is silent corruption of a report; a CSV has no end of its own to tell by.
#[test]
fn an_answer_that_is_cut_off_has_no_proper_end() {
    let (dir, token) = filled();
    let server = with_pages_of_1000(dir.path(), &[("TESSERA_ANSWER_TIMEOUT_SECS", "1")]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let request = format!(
        "GET /odata/Tickets?$format=csv HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    server.until_logged("an answer has run out of time");
    let mut bytes = Vec::new();
    // A connection that is cut may be reset.
    let _ = stream.read_to_end(&mut bytes);
    assert!(bytes.starts_with(b"HTTP/1.1 200"));
    assert!(!bytes.ends_with(b"\r\n0\r\n\r\n"), "{} bytes", bytes.len());
    server.until_logged("an answer was cut off");
}
