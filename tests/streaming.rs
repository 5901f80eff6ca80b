//! Long pages through a socket: written as the client takes them, and never cut short without a sign.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{run, run_in, server::Server, token};

const TICKETS: usize = 3000;
/// Of all descriptions together, bytes.
const PAGE_BYTES: usize = TICKETS * 4096;

/// A folder with tickets whose page is some megabytes, and a token for it.
fn filled() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let (token, file) = (token(dir.path()), dir.path().join("tickets.jsonl"));
    let lines = (0..TICKETS).map(|at| {
        let text = format!("ticket {at} tells: ").repeat(300);
        json!({"Title": format!("Ticket {at}"), "Description": &text[..4096]}).to_string() + "\n"
    });
    fs::write(&file, lines.collect::<String>()).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    (dir, token)
}

/// A connection on which the whole page was asked for and nothing was read.
fn ask(server: &Server, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let request = format!(
        "GET /odata/Tickets HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// All that comes until the server closes: the head, the text of its chunks, and whether it ended well.
fn read_all(mut stream: TcpStream) -> (String, String, bool) {
    let mut bytes = Vec::new();
    // A connection that is cut may be reset.
    let _ = stream.read_to_end(&mut bytes);
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
    let (mut rest, mut text) = (&bytes[at + 4..], Vec::new());
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        let Some(chunk) = rest.get(line + 2..line + 2 + size) else { break };
        if size == 0 {
            return (head, String::from_utf8(text).unwrap(), true);
        }
        text.extend(chunk);
        rest = rest.get(line + 2 + size + 2..).unwrap_or_default();
    }
    (head, String::from_utf8_lossy(&text).into_owned(), false)
}

fn whole_page(dir: &Path, args: &[&str], settings: &[(&str, &str)]) -> Server {
    let settings = [&[("TESSERA_PAGE_SIZE", "10000")], settings].concat();
    Server::start_with(dir, args, &settings)
}

#[test]
fn a_long_page_is_the_same_in_pieces_and_at_once() {
    let (dir, token) = filled();
    let settings = [("TESSERA_PUBLIC_URL", "http://desk"), ("TESSERA_PAGE_SIZE", "2500")];
    let queries = [
        "Tickets",
        "Tickets?$select=Title,Description&$count=true&$orderby=Title desc",
        "Tickets?$expand=Requester,Comments&$top=2800",
    ];
    let whole = queries.map(|query| run_in(dir.path(), &["query", query], &settings).ok());
    let server = Server::start_with(dir.path(), &[], &settings);
    let client = server.client(&token);
    for (query, whole) in queries.iter().zip(&whole) {
        let answer = client.get(&format!("/odata/{}", query.replace(' ', "%20"))).expect(200);
        assert_eq!(answer.header("transfer-encoding"), "chunked", "{query}");
        assert!(answer.body == whole.trim_end_matches('\n'), "{query} differs");
        let next = answer.json()["@odata.nextLink"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("link"), format!("<{next}>; rel=\"next\""));
        let next = next.replace("http://desk", "");
        let rest = client.get(&next).expect(200).json();
        assert!(rest["value"].as_array().unwrap().len() >= 300);
    }
}

#[test]
fn a_short_page_has_a_length() {
    let (dir, token) = filled();
    let server = Server::start(dir.path());
    let client = server.client(&token);
    for query in ["Tickets?$top=0", "Tickets?$top=10", "Tickets?$select=Id&$filter=Id%20eq%207"] {
        let answer = client.get(&format!("/odata/{query}")).expect(200);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{query}");
    }
}

#[test]
fn what_goes_wrong_in_the_first_piece_has_its_status() {
    let (dir, token) = filled();
    let server = whole_page(dir.path(), &[], &[]);
    let client = server.client(&token);
    let path = "/odata/Tickets?$filter=Id%20ge%201%20and%201%20div%20(Id%20sub%202999)%20lt%209";
    assert_eq!(client.get(path).expect(400).code(), "InvalidQueryOption");
}

/// Before, a thread and a turn were held until the page was written, and all of it was kept.
///
/// With `TESSERA_SLOW_CLIENTS=100` and `--nocapture` it tells the figures of docs/operations.md.
#[test]
fn clients_that_do_not_read_hold_neither_turns_nor_pages() {
    let count = support::number_from("TESSERA_SLOW_CLIENTS", 20);
    let (dir, token) = filled();
    let server = whole_page(dir.path(), &[], &[("TESSERA_READS_MAX", "1")]);
    let client = server.client(&token);
    let read = || {
        let started = Instant::now();
        let page = client.get("/odata/Tickets").expect(200);
        assert!(page.body.len() > PAGE_BYTES);
        (page.body.len(), started.elapsed())
    };
    let (bytes, alone) = read();
    let before = server.resident();
    let mut idle: Vec<TcpStream> = (0..count).map(|_| ask(&server, &token)).collect();
    for stream in &mut idle {
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
    }
    assert_eq!(client.count("/odata/Tickets/$count"), TICKETS as u64);
    let grown = server.resident().saturating_sub(before);
    assert!(grown < count * PAGE_BYTES as u64 / 4, "{grown} bytes more");
    let (each, (_, beside)) = (grown / count, read());
    eprintln!(
        "{count} clients that do not read a page of {bytes} bytes: {each} bytes each; another read it in \
         {beside:?}, and in {alone:?} without them"
    );
    for stream in idle.drain(..2) {
        let mut rest = Vec::new();
        let mut stream = stream;
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.len() > PAGE_BYTES && rest.ends_with(b"\r\n0\r\n\r\n"));
    }
}

/// A part taken for the whole is silent corruption of a report.
#[test]
fn an_answer_that_is_cut_off_has_no_proper_end() {
    let (dir, token) = filled();
    let settings = [("TESSERA_ANSWER_TIMEOUT_SECS", "1")];
    let server = whole_page(dir.path(), &["--log-level", "debug"], &settings);
    let slow = ask(&server, &token);
    server.until_logged("an answer has run out of time");
    let (head, text, ended_well) = read_all(slow);
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("transfer-encoding: chunked"));
    assert!(!ended_well && text.len() < PAGE_BYTES, "{} bytes", text.len());
    assert!(serde_json::from_str::<Value>(&text).is_err());
    server.until_logged("an answer was cut off");
    drop(server);
    let server = whole_page(dir.path(), &[], &[]);
    let (_, text, ended_well) = read_all(ask(&server, &token));
    assert!(ended_well);
    let page: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(page["value"].as_array().unwrap().len(), TICKETS);
}
