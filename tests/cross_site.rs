//! What a page of another site can have a browser send: nothing of it has an effect.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use support::{
    client::{Answer, Client},
    people::{PASSWORD, secret_in, somebody},
    run,
    server::Server,
    token,
};

/// Whose page sends the request, as a browser sees it.
const SITES: [&str; 4] = ["same-origin", "same-site", "cross-site", "none"];
/// How it asks.
const VERBS: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "GET"];

/// What the browser adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// `Sec-Fetch-Site`, as every browser of today.
    Site,
    /// `Origin` alone.
    Origin,
    /// Neither: no browser.
    Nothing,
}

/// What a browser adds for a page of `site`, and whether the request may do something.
fn headers(server: &Server, site: &'static str, says: Says) -> (Vec<(&'static str, String)>, bool) {
    let is_ours = matches!(site, "same-origin" | "none");
    match says {
        Says::Site => (vec![("sec-fetch-site", site.to_owned())], is_ours),
        Says::Origin => {
            let origin = match site {
                "same-origin" | "none" => format!("http://{}", server.address),
                "same-site" => "http://127.0.0.1:1".to_owned(),
                _ => "https://evil.example".to_owned(),
            };
            (vec![("origin", origin)], is_ours)
        }
        Says::Nothing => (Vec::new(), true),
    }
}

/// Everything there is, but for what requests that only read may change.
fn everything(client: &Client) -> Value {
    let all = ["Tickets", "Comments", "Users", "SavedViews", "Teams"];
    all.iter().map(|set| client.get(&format!("/odata/{set}")).expect(200).json()).collect()
}

/// Sends a request that does something, and tells what it answered.
fn send(client: &Client, verb: &str, credentials: (&str, &str), more: &[(&str, String)]) -> Answer {
    let mut headers = vec![credentials];
    headers.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
    let (path, body) = match verb {
        "POST" => ("/odata/Tickets", Some(json!({"Title": "another"}))),
        "PUT" => ("/odata/Tickets(1)/Title", Some(json!({"value": "put"}))),
        "PATCH" => ("/odata/Tickets(1)", Some(json!({"Title": "patched"}))),
        "DELETE" => ("/odata/Tickets(2)", None),
        _ => ("/odata/Tickets(1)", None),
    };
    client.send(verb, path, &headers, body.as_ref()).unwrap()
}

#[test]
fn of_60_requests_by_cookie_those_of_other_sites_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let server = Server::start(dir.path());
    let ada = somebody(&server, dir.path(), "Ada", "Administrator");
    let (reader, client) = (server.client(&all), server.client(""));
    let mut cases = 0;
    for says in [Says::Site, Says::Origin, Says::Nothing] {
        for site in SITES {
            for verb in VERBS {
                for _ in reader.count("/odata/Tickets/$count")..2 {
                    reader.post("/odata/Tickets", &json!({"Title": "t"})).expect(201);
                }
                if verb == "DELETE" {
                    restore(&reader);
                }
                let (more, is_let_in) = headers(&server, site, says);
                let before = everything(&reader);
                let answer = send(&client, verb, ("cookie", &ada), &more);
                let what = format!("{verb} {site} {says:?}: {} {}", answer.status, answer.body);
                if is_let_in || verb == "GET" {
                    assert!((200..300).contains(&answer.status), "{what}");
                } else {
                    assert_eq!(
                        (answer.status, answer.code().as_str()),
                        (403, "CrossSiteRequest"),
                        "{what}"
                    );
                    assert_eq!(everything(&reader), before, "{what}");
                }
                for name in answer.headers.keys() {
                    assert!(!name.as_str().starts_with("access-control-"), "{name}: {what}");
                }
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 60);
}

#[test]
fn no_page_of_another_site_listens_to_what_happens() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let server = Server::start(dir.path());
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    let client = server.client("");
    let bearer = format!("Bearer {all}");
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("x:{all}")));
    let check = |credentials: (&str, &str), more: &[(&str, String)], status: u16, code: &str| {
        let mut headers = vec![credentials];
        headers.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
        let answer = client.send("GET", "/events?for_secs=0", &headers, None).unwrap();
        let what = format!("{} {more:?}: {}", credentials.0, answer.body);
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(if status == 200 { String::new() } else { answer.code() }, code, "{what}");
    };
    for says in [Says::Site, Says::Origin, Says::Nothing] {
        for site in SITES {
            let (more, is_let_in) = headers(&server, site, says);
            let (status, code) = if is_let_in { (200, "") } else { (403, "CrossSiteRequest") };
            check(("cookie", &ada), &more, status, code);
            check(("authorization", &bearer), &more, 200, "");
        }
    }
    let cross = [("sec-fetch-site", "cross-site".to_owned())];
    check(("authorization", &basic), &cross, 403, "CrossSiteRequest");
    check(("accept", "*/*"), &cross, 403, "CrossSiteRequest");
}

/// Brings back the ticket that a case before deleted.
fn restore(client: &Client) {
    for deleted in client.all("/odata/DeletedTickets") {
        let path = format!("/odata/DeletedTickets({})/Tessera.Restore", deleted["Id"]);
        client.send("POST", &path, &[], None).unwrap().ok();
    }
}

#[test]
fn nobody_is_signed_in_or_set_up_by_another_site() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    let link = secret_in(&run(dir.path(), &["user", "link", "1"]).ok());
    let client = server.client("");
    let sign_in = json!({"Email": "ada@x.example", "Password": PASSWORD});
    let set_up = json!({"Secret": link, "Password": PASSWORD});
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        for (method, path, body) in [
            ("POST", "/session", Some(&sign_in)),
            ("POST", "/session/setup", Some(&set_up)),
            ("POST", "/session/confirm", Some(&json!({"Password": PASSWORD}))),
            ("DELETE", "/session", None),
            ("DELETE", "/session/all", None),
        ] {
            let answer =
                client.send(method, path, &[("cookie", &ada), (name, value)], body).unwrap();
            assert_eq!(answer.expect(403).code(), "CrossSiteRequest", "{method} {path}");
            let answer = client.send(method, path, &[(name, value)], body).unwrap();
            assert_eq!(answer.expect(403).code(), "CrossSiteRequest", "{method} {path}");
        }
    }
    client.by(&ada, "GET", "/session", None).expect(200);
    client.post("/session/setup", &set_up).expect(200);
}

#[test]
fn a_token_in_a_header_of_its_own_comes_from_anywhere_and_a_cached_one_from_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client("");
    let cross = [
        ("sec-fetch-site", "cross-site".to_owned()),
        ("origin", "https://evil.example".to_owned()),
    ];
    send(&client, "POST", ("x-api-key", &all), &cross).expect(201);
    let bearer = format!("Bearer {all}");
    let request = |scheme: &str, more: &str| {
        let body = r#"{"Title": "t"}"#;
        let length = body.len();
        server.raw(&format!(
            "POST /odata/Tickets HTTP/1.1\r\nhost: {}\r\nauthorization: {scheme}\r\n{more}\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}",
            server.address
        ))
    };
    let other = "sec-fetch-site: cross-site\r\n";
    assert!(request(&bearer, other).starts_with("HTTP/1.1 201 "));
    // "x:" and the token.
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("x:{all}")));
    assert!(request(&basic, "").starts_with("HTTP/1.1 201 "));
    assert!(request(&basic, other).starts_with("HTTP/1.1 403 "));
    assert!(request(&basic, "origin: https://evil.example\r\n").starts_with("HTTP/1.1 403 "));
    let own = "sec-fetch-site: same-origin\r\n";
    assert!(request(&basic, own).starts_with("HTTP/1.1 401 "), "browsers do not get in by Basic");
}

#[test]
fn a_session_writes_json_only() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    for media in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let body = r#"{"Title": "t"}"#;
        let answer = server.raw(&format!(
            "POST /odata/Tickets HTTP/1.1\r\nhost: x\r\ncookie: {ada}\r\ncontent-type: {media}\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert!(answer.starts_with("HTTP/1.1 415 "), "{media}: {answer}");
    }
    let answer = server.client("").by(&ada, "GET", "/odata/Tickets/$count", None).expect(200);
    assert_eq!(answer.body, "0");
}
