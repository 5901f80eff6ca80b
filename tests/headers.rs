//! What every answer carries, whatever was asked and whatever came of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::json;
use support::{
    client::{Answer, Client},
    run,
    server::Server,
    token,
};

/// Which answers may be kept, and by whom.
const NEVER: &str = "no-store";
const ASK_FIRST: &str = "private, no-cache";
const PAGE: &str = "no-cache";

#[track_caller]
fn check(answer: &Answer, status: u16, cached: &str, is_https: bool) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), cached);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    let policy = answer.header("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for leak in ["server", "x-powered-by", "via", "access-control-allow-origin"] {
        assert!(!answer.headers.contains_key(leak), "{leak}");
    }
    let held = answer.headers.get("strict-transport-security").map(|value| value.to_str().unwrap());
    assert_eq!(held, is_https.then_some("max-age=31536000"));
    for name in answer.headers.keys() {
        let count = answer.headers.get_all(name).iter().count();
        assert!(count == 1 || name == "www-authenticate", "{name} comes {count} times");
    }
    assert!(!answer.body.contains("tsr_"), "{}", answer.body);
}

/// Clients with all rights, few rights, a secret nobody knows, and none.
struct Callers {
    all: Client,
    few: Client,
    wrong: Client,
    none: Client,
    is_https: bool,
}

impl Callers {
    #[track_caller]
    fn check(&self, answer: &Answer, status: u16, cached: &str) {
        check(answer, status, cached, self.is_https);
    }
}

fn post(client: &Client, path: &str) -> Answer {
    client.post(path, &json!({"Title": "t"}))
}

fn callers(server: &Server, all: &str, few: &str, is_https: bool) -> Callers {
    Callers {
        is_https,
        all: server.client(all),
        few: server.client(few),
        wrong: server.client("tsr_ro_nobody"),
        none: server.client(""),
    }
}

/// Where the page says its style sheet lies: below an address of its build.
#[track_caller]
fn style_of(page: &str) -> String {
    let (_, link) = page.split_once("href=\"/ui/").unwrap();
    let (build, _) = link.split_once('/').unwrap();
    assert!(build.len() == 16 && build.bytes().all(|byte| byte.is_ascii_hexdigit()), "{build}");
    format!("/ui/{build}/style.css")
}

/// The page, and what else needs no token.
fn walk_open(callers: &Callers) {
    let Callers { all, few, none, .. } = callers;
    let check = |answer: Answer, status, cached| callers.check(&answer, status, cached);
    let sheet = style_of(&none.get("/").body);
    for path in ["/", "/tickets", "/tickets/7", "/connect", &sheet] {
        check(none.get(path), 200, PAGE);
        let tag = none.get(path).header("etag").to_owned();
        let known = none.send("GET", path, &[("if-none-match", &tag)], None).unwrap();
        check(known, 304, PAGE);
        check(post(none, path), 405, NEVER);
    }
    let opener = "cross-origin-opener-policy";
    assert_eq!(none.get("/tickets").header(opener), "same-origin");
    assert!(!none.get("/healthz").headers.contains_key(opener));
    check(none.get(&sheet.replace("style", "nothing")), 404, NEVER);
    check(none.get("/ui/style.css"), 404, NEVER);
    check(none.get("/tickets/seven"), 404, NEVER);
    check(none.get("/nowhere"), 404, NEVER);
    for path in ["/healthz", "/readyz"] {
        check(none.get(path), 200, NEVER);
        check(post(none, path), 405, NEVER);
    }

    check(all.get("/metrics"), 200, ASK_FIRST);
    check(none.get("/metrics"), 401, NEVER);
    check(few.get("/metrics"), 403, NEVER);
    check(post(all, "/metrics"), 405, NEVER);

    for path in [
        "/connect/",
        "/connect/powerbi.pbids",
        "/connect/excel.odc?set=Tickets",
        "/connect/powerquery.m",
    ] {
        check(none.get(path), 200, NEVER);
        check(post(none, path), 405, NEVER);
    }
    check(none.get("/connect/nothing.txt"), 404, NEVER);
}

/// The feed and Tikit's API, to read.
fn walk_reads(callers: &Callers) {
    let Callers { all, wrong, none, .. } = callers;
    let check = |answer: Answer, status, cached| callers.check(&answer, status, cached);
    let created = post(all, "/odata/Tickets");
    let id = created.json()["Id"].to_string();
    check(created, 201, NEVER);
    for path in ["/odata", "/odata/", "/odata/$metadata", "/odata/Tickets", "/odata/Tickets/$count"]
    {
        check(all.get(path), 200, ASK_FIRST);
        check(none.get(path), 401, NEVER);
        check(wrong.get(path), 401, NEVER);
        check(all.delete(path), 405, NEVER);
    }
    let theirs = format!("/api/ticket/{id}");
    for path in ["/api", "/api/", "/api/$metadata", "/api/ticket", &theirs] {
        check(all.get(path), 200, ASK_FIRST);
        check(none.get(path), 401, NEVER);
        check(wrong.get(path), 401, NEVER);
        check(post(all, path), 405, NEVER);
    }
    check(all.get("/api/nothing"), 404, NEVER);
    check(all.get("/api/ticket/999"), 404, NEVER);
    check(all.get("/api/ticket?$filter=("), 400, NEVER);
}

/// One ticket until it is deleted, and every way to be refused.
fn walk_one(callers: &Callers) {
    let Callers { all, few, .. } = callers;
    let check = |answer: Answer, status, cached| callers.check(&answer, status, cached);
    let path = format!("/odata/Tickets({})", post(all, "/odata/Tickets").json()["Id"]);
    let read = all.get(&path);
    let tag = read.header("etag").to_owned();
    assert!(tag.starts_with("W/"), "{tag}");
    check(read, 200, ASK_FIRST);
    check(all.send("GET", &path, &[("if-none-match", &tag)], None).unwrap(), 304, ASK_FIRST);
    check(few.get("/odata/AccessTokens"), 403, NEVER);
    check(all.get("/odata/Tickets(999)"), 404, NEVER);
    check(all.get("/odata/Nothing"), 404, NEVER);
    check(all.get("/odata/Tickets?$filter=("), 400, NEVER);
    check(all.send("GET", "/odata/Tickets", &[("accept", "text/html")], None).unwrap(), 406, NEVER);
    let stale = [("if-match", "W/\"1\"")];
    check(all.send("PATCH", &path, &stale, Some(&json!({"Title": "x"}))).unwrap(), 412, NEVER);
    let long = json!({"Title": "x".repeat(5000)});
    check(all.post("/odata/Tickets", &long), 413, NEVER);
    check(all.get(&format!("/odata/Tickets?{}", "a".repeat(2000))), 414, NEVER);
    let unread = [("accept-encoding", "br, *;q=0")];
    check(all.send("POST", "/odata/Tickets", &unread, Some(&json!({}))).unwrap(), 406, NEVER);
    check(all.delete(&path), 204, NEVER);
}

fn walk(callers: &Callers) {
    walk_open(callers);
    walk_reads(callers);
    walk_one(callers);
}

#[test]
fn every_answer_carries_the_security_headers_whatever_came_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let args = ["token", "create", "--name", "few", "--role", "ReadOnlyAgent"];
    let few = run(dir.path(), &args).ok().trim_end().to_owned();
    let limits = [("TESSERA_BODY_BYTES_MAX", "4096"), ("TESSERA_QUERY_BYTES_MAX", "1024")];
    let server = Server::start_with(dir.path(), &[], &limits);
    walk(&callers(&server, &all, &few, false));
    drop(server);
    let args = ["--public-url", "https://desk.example.com"];
    let server = Server::start_with(dir.path(), &args, &limits);
    walk(&callers(&server, &all, &few, true));
}
