//! `/readyz` when something is wrong, and compressed answers, of the running product.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::io::{Read, Write};

use flate2::read::GzDecoder;
use serde_json::json;
use support::{client::Client, disk::SmallDisk, server::Server, token, token_in};

/// The names of the checks that fail, as `/readyz` tells; its status must fit them.
#[track_caller]
fn failing(client: &Client) -> Vec<String> {
    let answer = client.get("/readyz");
    let body = answer.json();
    let checks = body["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["server", "journal", "records", "disk"]);
    let failed = checks.iter().filter(|check| check["ok"] == false);
    let failed: Vec<_> = failed.map(|check| check["name"].as_str().unwrap().to_owned()).collect();
    let (status, word) = if failed.is_empty() { (200, "ready") } else { (503, "not ready") };
    assert_eq!((answer.status, body["status"].as_str()), (status, Some(word)), "{}", answer.body);
    assert_eq!(answer.headers.contains_key("retry-after"), status == 503);
    assert!(!answer.body.contains('/'), "no path: {}", answer.body);
    failed
}

#[test]
fn readiness_follows_the_room_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let min = (1_u64 << 50).to_string();
    let settings = [("TESSERA_DISK_FREE_MIN_BYTES", min.as_str())];
    let server = Server::start_with(dir.path(), &[], &settings);
    assert_eq!(failing(&server.client("")), ["disk"]);
    // It only advises: requests are still answered.
    server.client(&secret).get("/odata/Tickets").expect(200);
    drop(server);
    let settings = [("TESSERA_DISK_FREE_MIN_BYTES", "0")];
    let server = Server::start_with(dir.path(), &[], &settings);
    assert_eq!(failing(&server.client("")), Vec::<String>::new());
}

#[test]
fn readiness_fails_with_a_full_journal_and_comes_back_with_room() {
    let Some(disk) = SmallDisk::mount("16m") else {
        eprintln!("skipped: this user may not mount a file system");
        return;
    };
    let dir = disk.path().join("data");
    let settings = [("TESSERA_SEGMENT_BYTES", "1MiB"), ("TESSERA_DISK_FREE_MIN_BYTES", "0")];
    let secret = token_in(&dir, &settings);
    let server = Server::start_with(&dir, &[], &settings);
    let client = server.client(&secret);
    assert_eq!(failing(&client), Vec::<String>::new());
    let filler = disk.path().join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    let ticket = json!({"Title": "t", "Description": "x".repeat(200_000)});
    let refused = (0..64).any(|_| client.post("/odata/Tickets", &ticket).status == 507);
    assert!(refused, "the disk never was full");
    assert!(failing(&client).contains(&"journal".to_owned()));
    client.get("/odata/Tickets/$count").expect(200);
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    assert!(!failing(&client).contains(&"journal".to_owned()));
    client.post("/odata/Tickets", &json!({"Title": "t"})).expect(201);
}

/// Head and body of what the server answers to a request with these further header lines.
fn ask(server: &Server, secret: &str, method: &str, path: &str, lines: &str) -> (String, Vec<u8>) {
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: desk\r\nAuthorization: Bearer {secret}\r\n{lines}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
}

#[test]
fn answers_are_compressed_for_those_who_ask() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&secret);
    for n in 0..300 {
        client.post("/odata/Tickets", &json!({"Title": format!("ticket {n}")})).expect(201);
    }
    let path = "/odata/Tickets?$orderby=Id";
    let (head, plain) = ask(&server, &secret, "GET", path, "");
    assert!(!head.contains("content-encoding") && plain.len() > 100_000, "{head}");
    assert!(head.contains("Accept-Encoding") && head.matches("vary: ").count() == 1, "{head}");
    for coding in ["gzip", "zstd"] {
        let line = format!("Accept-Encoding: {coding}\r\n");
        let (head, body) = ask(&server, &secret, "GET", path, &line);
        assert!(head.contains(&format!("content-encoding: {coding}")), "{head}");
        assert!(body.len() * 10 < plain.len(), "{coding}: {} of {}", body.len(), plain.len());
        let mut decoded = Vec::new();
        match coding {
            "gzip" => drop(GzDecoder::new(&body[..]).read_to_end(&mut decoded).unwrap()),
            _ => decoded = zstd::stream::decode_all(&body[..]).unwrap(),
        }
        assert!(decoded == plain, "{coding}");
        let (head, body) = ask(&server, &secret, "HEAD", path, &line);
        assert!(head.contains(&format!("content-encoding: {coding}")), "{head}");
        assert!(body.is_empty(), "{coding}");
    }
    let (head, _) = ask(&server, &secret, "GET", "/odata/Tickets(1)", "Accept-Encoding: gzip\r\n");
    assert!(!head.contains("content-encoding") && head.contains("etag: W/"), "{head}");
    let known = "Accept-Encoding: gzip\r\nIf-None-Match: *\r\n";
    let (head, body) = ask(&server, &secret, "GET", "/odata/Tickets(1)", known);
    assert!(head.contains(" 304 ") && body.is_empty() && !head.contains("content-enc"), "{head}");
    let refused = "Accept-Encoding: *;q=0\r\n";
    let (head, _) = ask(&server, &secret, "DELETE", "/odata/Tickets(1)", refused);
    assert!(head.contains(" 406 "), "{head}");
    client.get("/odata/Tickets(1)").expect(200);
    drop(server);
    let server = Server::start_with(dir.path(), &["--compression=false"], &[]);
    let (head, body) = ask(&server, &secret, "GET", path, "Accept-Encoding: gzip\r\n");
    assert!(!head.contains("content-encoding") && body == plain, "{head}");
}
