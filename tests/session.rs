//! People: signing in and out, their sessions, their passwords and the links that set them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::{
    client::{Answer, Client},
    make_data,
    people::{PASSWORD, address, cookie, secret_in, sign_in, somebody, try_in, user},
    run,
    server::Server,
    token,
};

/// Data, a server on it and a client without a token.
fn started() -> (tempfile::TempDir, Server, Client) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let client = server.client("");
    (dir, server, client)
}

#[track_caller]
fn is_over(client: &Client, cookie: &str) {
    for path in ["/session", "/odata/Me()", "/odata/Tickets"] {
        let answer = client.by(cookie, "GET", path, None).expect(401);
        assert_eq!(answer.code(), "SessionEnded", "{path}");
    }
}

#[track_caller]
fn works(client: &Client, cookie: &str) -> Value {
    client.by(cookie, "GET", "/odata/Tickets?$top=1", None).expect(200);
    client.by(cookie, "GET", "/session", None).expect(200).json()
}

#[test]
fn the_first_administrator_comes_by_the_link_in_the_file_and_once() {
    let (dir, server, client) = started();
    let file = dir.path().join("setup-link");
    let link = std::fs::read_to_string(&file).unwrap();
    let secret = secret_in(&link);
    assert!(link.starts_with(&format!("http://{}/#setup=", server.address)), "{link}");
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(&file).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    }
    assert!(server.log().contains(&format!("removed once used): {}", file.display())));
    let set_up = |more: Value| {
        let mut body = json!({"Secret": secret, "Password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.post("/session/setup", &body)
    };
    let refused = set_up(json!({"Name": "Ada"})).expect(400);
    assert_eq!(
        (refused.code().as_str(), &refused.json()["error"]["target"]),
        ("InvalidValue", &"Email".into())
    );
    set_up(json!({"Name": "Ada", "Email": "ada@x.example", "Password": "short"})).expect(400);
    let answer = set_up(json!({"Name": "Ada", "Email": "ada@x.example"})).expect(200);
    assert_eq!(answer.json()["Role"], "Administrator");
    assert!(!file.exists());
    let ada = cookie(&answer);
    assert_eq!(works(&client, &ada)["Email"], "ada@x.example");
    client.by(&ada, "GET", "/odata/Users", None).expect(200);
    client.by(&ada, "GET", "/metrics", None).expect(200);
    let again = set_up(json!({"Name": "Eve", "Email": "eve@x.example"})).expect(400);
    assert_eq!(again.code(), "InvalidValue");
    let log = server.stop();
    for secret in [&secret, PASSWORD, ada.split('=').nth(1).unwrap()] {
        assert!(!log.contains(secret), "{log}");
    }
    let server = Server::start(dir.path());
    assert!(!file.exists());
    assert_eq!(works(&server.client(""), &ada)["UserId"], 1, "sessions outlive the process");
}

#[test]
fn the_link_goes_with_its_server_and_the_next_has_another() {
    let (dir, server, _) = started();
    let file = dir.path().join("setup-link");
    let first = secret_in(&std::fs::read_to_string(&file).unwrap());
    server.stop();
    assert!(!file.exists());
    let ada = user(dir.path(), "Ada", "Administrator");
    let server = Server::start(dir.path());
    let second = secret_in(&std::fs::read_to_string(&file).unwrap());
    assert_ne!(first, second);
    let set_up = |secret: &str, email: &str| {
        let body = json!({"Secret": secret, "Password": PASSWORD, "Name": "x", "Email": email});
        server.client("").post("/session/setup", &body)
    };
    set_up(&first, "ada@x.example").expect(400);
    user(dir.path(), "Bob", "Agent");
    set_up(&second, "bob@x.example").expect(409);
    let answer = set_up(&second, "ADA@x.example").expect(200).json();
    assert_eq!((&answer["UserId"], &answer["Name"]), (&ada.into(), &"Ada".into()));
}

#[test]
fn who_signs_in_learns_who_that_is_and_every_sign_in_is_a_new_session() {
    let (dir, server, client) = started();
    let first = somebody(&server, dir.path(), "Ada", "Agent");
    let answer = client.send(
        "POST",
        "/session",
        &[("cookie", &first)],
        Some(&json!({"Email": " ADA@X.example ", "Password": PASSWORD})),
    );
    let answer = answer.unwrap().expect(200);
    let second = cookie(&answer);
    assert_ne!(first, second);
    is_over(&client, &first);
    let who = answer.json();
    assert_eq!(works(&client, &second)["SessionId"], who["SessionId"]);
    assert_eq!(
        (&who["Name"], &who["Email"], &who["Role"]),
        (&"Ada".into(), &"ada@x.example".into(), &"Agent".into())
    );
    assert_eq!(who["ConfirmedUntilDateTime"], Value::Null);
    assert!(who["Scopes"].as_array().unwrap().contains(&"notes:read".into()), "{who}");
    let third = sign_in(&server, "Ada");
    works(&client, &second);
    works(&client, &third);
    let told = client.by(&third, "GET", "/odata/Me()", None).expect(200).json();
    assert_eq!((&told["Kind"], &told["UserName"]), (&"Session".into(), &"Ada".into()));
    let created = client.by(&third, "POST", "/odata/Tickets", Some(&json!({"Title": "t"})));
    assert_eq!(created.expect(201).json()["Title"], "t");
    client.by(&third, "GET", "/metrics", None).expect(403);
}

#[test]
fn no_answer_tells_which_accounts_there_are() {
    let (dir, server, client) = started();
    somebody(&server, dir.path(), "Ada", "Agent");
    somebody(&server, dir.path(), "Bob", "Agent");
    user(dir.path(), "Cleo", "Agent");
    run(dir.path(), &["user", "disable", "bob@x.example"]).ok();
    let bodies: Vec<String> =
        [("Ada", "wrong password"), ("Bob", PASSWORD), ("Cleo", PASSWORD), ("Nobody", PASSWORD)]
            .into_iter()
            .map(|(name, password)| {
                let answer = try_in(&client, &address(name), password).expect(401);
                assert_eq!(answer.code(), "SignInFailed");
                assert!(!answer.headers.contains_key("set-cookie"));
                answer.body
            })
            .collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[test]
fn after_five_failed_tries_there_is_a_pause_for_known_and_unknown_alike() {
    let (dir, server, client) = started();
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    for name in ["Ada", "Nobody", "Ada", "Nobody"] {
        try_in(&client, &address(name), "wrong password").expect(401);
    }
    sign_in(&server, "Ada");
    let confirm = |password| {
        client.by(&ada, "POST", "/session/confirm", Some(&json!({"Password": password})))
    };
    assert_eq!(confirm("wrong password").expect(401).code(), "SignInFailed");
    let answers = [
        try_in(&client, &address("Ada"), PASSWORD),
        try_in(&client, &address("Nobody"), PASSWORD),
        confirm(PASSWORD),
        client.post("/session/setup", &json!({"Secret": "x", "Password": PASSWORD})),
    ];
    for answer in answers {
        assert_eq!(answer.code(), "TooManyRequests");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        answer.expect(429);
    }
    works(&client, &ada);
}

#[test]
fn people_see_and_end_their_own_sessions_and_no_others() {
    let (dir, server, client) = started();
    let first = somebody(&server, dir.path(), "Ada", "Agent");
    let [second, third] = [sign_in(&server, "Ada"), sign_in(&server, "Ada")];
    let bob = somebody(&server, dir.path(), "Bob", "Agent");
    let list = client.by(&second, "GET", "/session/all", None).expect(200).json();
    let rows = list["value"].as_array().unwrap();
    let current: Vec<bool> = rows.iter().map(|row| row["IsCurrent"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true, false], "{list}");
    assert_eq!(rows[0]["Address"], "127.0.0.1");
    let id = |row: usize| format!("/session/{}", rows[row]["Id"]);
    assert_eq!(client.by(&bob, "DELETE", &id(0), None).expect(404).code(), "NotFound");
    client.by(&second, "DELETE", &id(0), None).expect(204);
    is_over(&client, &first);
    client.by(&second, "DELETE", &id(0), None).expect(404);
    client.by(&second, "DELETE", "/session/all", None).expect(204);
    is_over(&client, &third);
    works(&client, &second);
    works(&client, &bob);
    let gone = client.by(&second, "DELETE", "/session", None).expect(204);
    assert!(gone.header("set-cookie").starts_with("tessera=; Max-Age=0; "));
    is_over(&client, &second);
    client.by(&second, "DELETE", "/session", None).expect(204);
    client.delete("/session").expect(204);
    client.by(&bob, "DELETE", &id(1), None).expect(404);
}

/// What was refused: status, code and message.
#[track_caller]
fn refusal(answer: &Answer) -> String {
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    format!("{} {} {message}", answer.status, answer.code())
}

#[test]
fn a_link_comes_whole_and_only_the_first_brings_a_name() {
    let (dir, server, client) = started();
    user(dir.path(), "Ada", "Agent");
    let link = run(dir.path(), &["user", "link", "1"]).ok();
    let body = |more: Value| {
        let mut body = json!({"Secret": link, "Password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.post("/session/setup", &body)
    };
    for (member, more) in [("Name", json!({"Name": "A"})), ("Email", json!({"Email": "a@b"}))] {
        assert_eq!(
            refusal(&body(more)),
            format!(
                "400 InvalidValue '{member}' does not fit: this link is for somebody who is known already; \
                 leave it out, the link still works"
            )
        );
    }
    works(&client, &cookie(&body(json!({"Name": null})).expect(200)));
    works(&client, &sign_in(&server, "Ada"));
}

#[test]
fn what_is_wrong_with_a_sign_in_is_said() {
    let (dir, server, client) = started();
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    let wrong = json!({"Password": "wrong password", "NewPassword": "something else"});
    let confirm = json!({"Password": "wrong password"});
    for (path, body) in [("/session/confirm", confirm), ("/session/password", wrong)] {
        let answer = client.by(&ada, "POST", path, Some(&body));
        assert_eq!(refusal(&answer), "401 SignInFailed this is not your password");
    }
    let nobody = "401 Unauthenticated nobody is signed in here: POST Email and Password to /session; for a token ask \
                  /odata/Me()";
    assert_eq!(refusal(&client.get("/session")), nobody);
    let ended = client.by("tessera=tss_x", "GET", "/session", None);
    assert_eq!(refusal(&ended), "401 SessionEnded the session has ended; sign in again");
    let takes = "it takes nothing but 'Email', 'Password'";
    for (body, said) in [
        (
            json!({"email": "a", "Password": "b"}),
            format!("there is no 'email' here; did you mean 'Email'? {takes}"),
        ),
        (json!({"User": "a", "Password": "b"}), format!("there is no 'User' here; {takes}")),
        (json!({"correct horse battery": ""}), takes.to_owned()),
    ] {
        let answer = client.post("/session", &body);
        assert_eq!(
            refusal(&answer),
            format!("400 InvalidBody the body cannot be used: {said}"),
            "{body}"
        );
    }
    for _ in 0..5 {
        try_in(&client, "eve@x.example", "wrong password");
    }
    let late = try_in(&client, "eve@x.example", "wrong password").expect(429);
    let secs = late.header("retry-after");
    assert!(refusal(&late).ends_with(&format!("; try again in {secs} seconds")), "{}", late.body);
}

#[test]
fn whoever_is_disabled_is_signed_out_and_another_role_counts_at_once() {
    let (dir, server, client) = started();
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    let create = || client.by(&ada, "POST", "/odata/Tickets", Some(&json!({"Title": "t"})));
    create().expect(201);
    run(dir.path(), &["user", "role", "ada@x.example", "ReadOnlyAgent"]).ok();
    assert_eq!(create().expect(403).code(), "InsufficientScope");
    assert_eq!(works(&client, &ada)["Role"], "ReadOnlyAgent");
    let link = secret_in(&run(dir.path(), &["user", "link", "1"]).ok());
    run(dir.path(), &["user", "disable", "ada@x.example"]).ok();
    is_over(&client, &ada);
    let refused = run(dir.path(), &["user", "link", "ada@x.example"]);
    assert!(refused.code == 1 && refused.err.contains("disabled"), "{}", refused.err);
    run(dir.path(), &["user", "enable", "ada@x.example"]).ok();
    is_over(&client, &ada);
    client
        .post("/session/setup", &json!({"Secret": link, "Password": "another password"}))
        .expect(400);
    works(&client, &sign_in(&server, "Ada"));
}

#[test]
fn a_changed_password_ends_every_other_session_and_renews_this_one() {
    let (dir, server, client) = started();
    let first = somebody(&server, dir.path(), "Ada", "Agent");
    let second = sign_in(&server, "Ada");
    let change = |old: &str, new: &str| {
        let body = json!({"Password": old, "NewPassword": new});
        client.by(&second, "POST", "/session/password", Some(&body))
    };
    assert_eq!(change("wrong password", "something else").expect(401).code(), "SignInFailed");
    for easy in ["short", "ada@x.example", "1234567890", &"x".repeat(257)] {
        let refused = change(PASSWORD, easy).expect(400);
        assert_eq!(refused.json()["error"]["target"], "NewPassword");
        assert!(!refused.body.contains(easy), "{}", refused.body);
    }
    works(&client, &first);
    let third = cookie(&change(PASSWORD, " something else ").expect(204));
    is_over(&client, &first);
    is_over(&client, &second);
    works(&client, &third);
    try_in(&client, "ada@x.example", PASSWORD).expect(401);
    try_in(&client, "ada@x.example", "something else").expect(401);
    try_in(&client, "ada@x.example", " something else ").expect(200);
}

#[test]
fn a_link_sets_the_password_once_ends_the_sessions_and_replaces_the_link_before() {
    let (dir, server, client) = started();
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    let [former, link] = [(); 2].map(|()| secret_in(&run(dir.path(), &["user", "link", "1"]).ok()));
    let set_up = |secret: &str| {
        client.post("/session/setup", &json!({"Secret": secret, "Password": "another password"}))
    };
    let refused = set_up(&former).expect(400);
    assert_eq!(refused.json()["error"]["target"], "Secret");
    assert!(!refused.body.contains("tsl_"), "{}", refused.body);
    works(&client, &ada);
    works(&client, &cookie(&set_up(&link).expect(200)));
    is_over(&client, &ada);
    set_up(&link).expect(400);
    try_in(&client, "ada@x.example", PASSWORD).expect(401);
    server.stop();
    let link = run(dir.path(), &["user", "link", "ADA@x.example"]).ok();
    assert!(link.starts_with("http://127.0.0.1:8420/#setup=tsl_"), "{link}");
    let refused = run(dir.path(), &["user", "link", "eve@x.example"]);
    assert!(refused.err.contains("nobody has the id or address"), "{}", refused.err);
}

#[test]
fn a_confirmation_needs_the_password_and_shows() {
    let (dir, server, client) = started();
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    let confirm = |password| {
        client.by(&ada, "POST", "/session/confirm", Some(&json!({"Password": password})))
    };
    confirm("wrong password").expect(401);
    assert_eq!(works(&client, &ada)["ConfirmedUntilDateTime"], Value::Null);
    confirm(PASSWORD).expect(204);
    assert!(works(&client, &ada)["ConfirmedUntilDateTime"].is_string());
    client.post("/session/confirm", &json!({"Password": PASSWORD})).expect(401);
}

#[test]
fn a_password_opens_no_other_door_and_two_credentials_none() {
    let dir = tempfile::tempdir().unwrap();
    let all = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client("");
    let ada = somebody(&server, dir.path(), "Ada", "Administrator");
    let secret = ada.split_once('=').unwrap().1;
    // "ada@x.example:correct horse battery"
    let basic = "Basic YWRhQHguZXhhbXBsZTpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=";
    let bearer = format!("Bearer {secret}");
    for (name, value) in [
        ("x-api-key", PASSWORD),
        ("x-api-key", secret),
        ("authorization", basic),
        ("authorization", &bearer),
    ] {
        let answer = server.raw(&format!(
            "GET /odata/Tickets HTTP/1.1\r\nhost: x\r\n{name}: {value}\r\nconnection: close\r\n\r\n"
        ));
        assert!(answer.starts_with("HTTP/1.1 401 "), "{name}: {answer}");
        assert!(answer.contains("InvalidToken"), "{name}: {answer}");
    }
    let answer = client.get(&format!("/odata/Tickets?x={secret}")).expect(400);
    assert_eq!(answer.code(), "TokenInQuery");
    for path in ["/odata/Tickets", "/session", "/metrics", "/api/ticket"] {
        let answer = client.send("GET", path, &[("cookie", &ada), ("x-api-key", &all)], None);
        assert_eq!(answer.unwrap().expect(400).code(), "AmbiguousCredentials", "{path}");
    }
    let twice = format!("{ada}; tessera=tss_other");
    assert_eq!(
        client.by(&twice, "GET", "/session", None).expect(400).code(),
        "AmbiguousCredentials"
    );
    server.client(&all).get("/session").expect(401);
}

#[test]
fn only_what_is_asked_for_is_taken_and_no_secret_comes_back() {
    let (dir, server, client) = started();
    let ada = somebody(&server, dir.path(), "Ada", "Agent");
    let post = |path: &str, body: Value| client.post(path, &body);
    for (path, body, code) in [
        ("/session", json!({"Email": "ada@x.example"}), "InvalidValue"),
        (
            "/session",
            json!({"Email": "ada@x.example", "Password": 12_345_678_901_u64}),
            "InvalidValue",
        ),
        ("/session", json!({"Email": 1, "Password": "12345678901"}), "InvalidValue"),
        ("/session", json!({"Email": "a", "Password": "b", "12345678901": "c"}), "InvalidBody"),
        ("/session", json!(["12345678901"]), "InvalidBody"),
        ("/session/setup", json!({"Secret": "12345678901"}), "InvalidValue"),
    ] {
        let answer = post(path, body).expect(400);
        assert_eq!(answer.code(), code, "{}", answer.body);
        assert!(!answer.body.contains("12345678901"), "{}", answer.body);
    }
    let plain = "POST /session HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    assert!(server.raw(plain).starts_with("HTTP/1.1 415 "));
    for (method, path, status, allow) in [
        ("PUT", "/session", 405, "GET, HEAD, POST, DELETE"),
        ("GET", "/session/confirm", 405, "POST"),
        ("POST", "/session/all", 405, "GET, HEAD, DELETE"),
        ("GET", "/session/7", 405, "DELETE"),
        ("GET", "/session/nothing", 404, ""),
    ] {
        let answer = client.by(&ada, method, path, None).expect(status);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.headers.get("allow").map_or("", |allow| allow.to_str().unwrap()), allow);
    }
    let log = server.stop();
    assert!(log.contains("token=\"session 1\"") || log.contains("session 1"), "{log}");
    assert!(!log.contains("tss_") && !log.contains("tsl_"), "{log}");
}

#[test]
fn behind_tls_the_cookie_is_bound_to_this_host_and_to_tls() {
    let dir = tempfile::tempdir().unwrap();
    make_data(dir.path(), &[]);
    user(dir.path(), "Ada", "Agent");
    let server = Server::start_with(dir.path(), &["--public-url", "https://desk.example.com"], &[]);
    let first = std::fs::read_to_string(dir.path().join("setup-link")).unwrap();
    assert!(first.starts_with("https://desk.example.com/#setup=tsl_"), "{first}");
    let secret = secret_in(&run(dir.path(), &["user", "link", "1"]).ok());
    let body = json!({"Secret": secret, "Password": PASSWORD});
    let answer: Answer = server.client("").post("/session/setup", &body).expect(200);
    let line = answer.header("set-cookie");
    let (cookie, attributes) = line.split_once("; ").unwrap();
    assert!(cookie.starts_with("__Host-tessera=tss_"), "{cookie}");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict; Secure");
    let client = server.client("");
    works(&client, cookie);
    let tossed = cookie.replace("__Host-", "");
    client.by(&tossed, "GET", "/session", None).expect(401);
}

#[test]
fn an_administrator_ends_sessions_and_makes_links_once_confirmed() {
    let (dir, server, client) = started();
    let ada = somebody(&server, dir.path(), "Ada", "Administrator");
    let bob = somebody(&server, dir.path(), "Bob", "Agent");
    let post = |cookie: &str, action: &str, of: i64| {
        client.by(cookie, "POST", &format!("/odata/Users({of})/Tessera.{action}"), None)
    };
    assert_eq!(post(&bob, "EndSessions", 1).expect(403).code(), "InsufficientScope");
    post(&ada, "EndSessions", 2).expect(204);
    is_over(&client, &bob);
    assert_eq!(post(&ada, "MakeSetupLink", 2).expect(403).code(), "ConfirmationRequired");
    client.by(&ada, "POST", "/session/confirm", Some(&json!({"Password": PASSWORD}))).expect(204);
    let made = post(&ada, "MakeSetupLink", 2).expect(200);
    assert_eq!(made.header("cache-control"), "no-store");
    assert!(made.json()["ExpiresDateTime"].is_string());
    let url = made.json()["Url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&format!("http://{}/#setup=", server.address)), "{url}");
    let body = json!({"Secret": secret_in(&url), "Password": "another password"});
    client.post("/session/setup", &body).expect(200);
    post(&ada, "MakeSetupLink", 9).expect(404);
    let key = [("cookie", ada.as_str()), ("idempotency-key", "k")];
    let twice =
        || client.send("POST", "/odata/Users(2)/Tessera.MakeSetupLink", &key, None).unwrap();
    let first = twice().expect(200);
    let again = twice().expect(409);
    assert_eq!(again.code(), "SecretAlreadyShown");
    assert!(!again.body.contains("tsl_") && !again.body.contains("AccessTokens"), "{}", again.body);
    let secret = secret_in(first.json()["Url"].as_str().unwrap());
    server.stop();
    for file in walk(dir.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let holds = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!holds, "{}", file.display());
    }
}

/// Every file below a folder.
fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
