//! Where secrets must not be: every byte the product leaves behind is searched for every secret it made.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use support::{
    client::{Answer, Client},
    minted::{mint_many, rotate},
    number_from, people, run,
    server::Server,
};

/// Bytes of a secret that are looked for; of its random digits these are 71 bits and more.
const PIECE: usize = 12;
/// Marks for the beginnings of pieces, so that most places are passed over without a closer look.
const MARKS: usize = 1 << 20;

/// What is looked for.
struct Scanner {
    pieces: HashSet<[u8; PIECE]>,
    marks: Vec<bool>,
}

impl Scanner {
    fn new() -> Self {
        Self { pieces: HashSet::new(), marks: vec![false; MARKS] }
    }

    /// Looks for two pieces of it, as it stands. How it begins is shown, to recognise a token by.
    fn add(&mut self, secret: &str) {
        let inner = &secret[..secret.len().saturating_sub(2 * PIECE)];
        assert!(secret.len() >= PIECE);
        for piece in [secret, inner].iter().filter_map(|part| part.as_bytes().last_chunk()) {
            self.marks[mark(piece)] = true;
            self.pieces.insert(*piece);
        }
    }

    /// Looks for it as it stands, and as it is written elsewhere.
    fn add_in_every_form(&mut self, secret: &str) {
        self.add(secret);
        let middle = &secret[..secret.len() - 3];
        self.add(middle);
        let escaped = escaped(secret);
        self.add(&escaped);
        self.add(&escaped.to_lowercase());
        let hex = escaped.replace('%', "");
        self.add(&hex);
        self.add(&hex.to_lowercase());
        for before in ["", "x", "xx"] {
            let encoded = BASE64_STANDARD.encode(format!("{before}{secret}"));
            // Its last digits also tell of what comes behind the secret.
            self.add(&encoded[..encoded.len() - 4]);
        }
        let wide: Vec<u8> = secret.bytes().flat_map(|byte| [byte, 0]).collect();
        self.add(std::str::from_utf8(&wide).unwrap());
    }

    /// The first place with a secret, with what stands around it.
    fn find(&self, bytes: &[u8]) -> Option<String> {
        let at = bytes.array_windows().position(|piece: &[u8; PIECE]| {
            self.marks[mark(piece)] && self.pieces.contains(piece)
        })?;
        let around = &bytes[at.saturating_sub(60)..(at + 40).min(bytes.len())];
        Some(format!("at {at}: {}", String::from_utf8_lossy(around)))
    }
}

/// Every byte as a percent escape.
fn escaped(secret: &str) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    })
}

fn mark(piece: &[u8; PIECE]) -> usize {
    let bits = piece[..4].iter().fold(0usize, |bits, byte| bits << 5 ^ usize::from(*byte));
    bits % MARKS
}

/// Every file below `dir`.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Everything read over HTTP that is no new secret.
struct Heard(Vec<u8>);

impl Heard {
    fn note(&mut self, answer: &Answer) {
        self.0.extend(format!("{:?}\n{}\n", answer.headers, answer.body).bytes());
    }

    fn ask(&mut self, client: &Client, path: &str, headers: &[(&str, &str)]) -> u16 {
        let answer = client.send("GET", path, headers, None).unwrap();
        self.note(&answer);
        answer.status
    }

    /// Sends requests that are none, and one that breaks off.
    fn break_off(&mut self, server: &Server, secret: &str) {
        for start in ["{}", "GET {} HTTP/1.1", "GET / HTTP/9.9\r\nX-Api-Key: {}"] {
            let start = start.replace("{}", secret);
            let told = server.raw(&format!("{start}\r\nConnection: close\r\n\r\n"));
            self.0.extend(told.bytes());
        }
        let start = format!("GET / HTTP/1.1\r\nX-Api-Key: {secret}");
        let _ = server.connect().write_all(start.as_bytes());
    }

    /// Presents a secret at every door, and where it must not be.
    fn present(&mut self, server: &Server, secret: &str) {
        let nobody = server.client("");
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("me:{secret}")));
        let bearer = format!("Bearer {secret}");
        let path = "/odata/Me()";
        assert_eq!(self.ask(&nobody, path, &[("Authorization", &bearer)]), 200);
        assert_eq!(self.ask(&nobody, path, &[("Authorization", &basic)]), 200);
        assert_eq!(self.ask(&nobody, path, &[("X-Api-Key", secret)]), 200);
        for name in ["access_token", "token", "$filter", "anything"] {
            self.ask(&nobody, &format!("{path}?{name}={secret}"), &[]);
        }
        // Wrong by a letter, twice at once, and with another scheme.
        let wrong = format!("{bearer}x");
        assert_eq!(self.ask(&nobody, path, &[("Authorization", &wrong)]), 401);
        self.ask(&nobody, path, &[("Authorization", &bearer), ("X-Api-Key", &secret[1..])]);
        self.ask(&nobody, path, &[("Authorization", &format!("Digest {secret}"))]);
    }
}

#[test]
fn no_secret_is_anywhere_but_with_whom_it_was_given_to() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = Server::start_with(&data, &["--log-level", "trace"], &[]);
    // The first token lies in its file until it is used; from then on nowhere.
    let first = fs::read_to_string(data.join("first-token")).unwrap().trim().to_owned();
    let all = server.client(&first);
    let count = usize::try_from(number_from("TESSERA_SECRETS", 10_000)).unwrap();
    let made = mint_many(&all, count);
    assert!(!data.join("first-token").exists());
    let mut scanner = Scanner::new();
    scanner.add_in_every_form(&first);
    for minted in &made {
        scanner.add(&minted.secret);
    }
    let mut heard = Heard(Vec::new());
    for minted in made.iter().step_by(count / 40) {
        scanner.add_in_every_form(&minted.secret);
        heard.present(&server, &minted.secret);
        let rotated = rotate(&all, minted.id, &json!({}));
        scanner.add_in_every_form(&rotated.secret);
        heard.present(&server, &rotated.secret);
        heard.present(&server, &minted.secret);
    }
    heard.break_off(&server, &first);
    for path in ["/metrics", "/odata/", "/odata/$metadata", "/readyz", "/odata/AccessTokens(2)"] {
        heard.ask(&all, path, &[]);
    }
    for path in ["/odata/AccessTokens?$top=5000", "/odata/AuditEvents?$top=5000"] {
        assert_eq!(heard.ask(&all, path, &[]), 200);
    }
    check(&scanner, home.path(), server, &heard);
}

/// Stops the server and searches everything: what it answered, what it wrote, and what commands make of
/// it. The folder of data is `data`.
#[track_caller]
fn check(scanner: &Scanner, home: &Path, server: Server, heard: &Heard) {
    let dir = home.join("data");
    let dir = dir.as_path();
    let backup = home.join("backup");
    let exported = run(dir, &["export"]).ok();
    run(dir, &["backup", backup.to_str().unwrap()]).ok();
    let listed = run(dir, &["token", "list"]).ok();
    let log = server.stop();
    assert!(log.contains("DEBUG") && log.contains("/odata/Me()"), "the log tells too little");
    for (what, bytes) in [
        ("the log", log.as_bytes()),
        ("what is exported", exported.as_bytes()),
        ("the list of tokens", listed.as_bytes()),
        ("answers", &heard.0),
    ] {
        assert!(!bytes.is_empty(), "{what}");
        assert_eq!(scanner.find(bytes), None, "{what}");
    }
    let found = files(home);
    assert!(found.len() > 5 && found.contains(&backup), "{found:?}");
    for file in found {
        assert_eq!(scanner.find(&fs::read(&file).unwrap()), None, "{}", file.display());
    }
}

/// As many people as it takes to see every way of theirs; each costs a slow hash or two.
const PEOPLE: usize = 4;

#[test]
fn no_password_link_or_cookie_is_anywhere_either() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = Server::start_with(&data, &["--log-level", "trace"], &[]);
    let (client, mut scanner, mut heard) = (server.client(""), Scanner::new(), Heard(Vec::new()));
    for at in 0..PEOPLE {
        let name = format!("Ann{at}");
        people::user(&data, &name, "Administrator");
        let address = people::address(&name);
        let link = people::secret_in(&run(&data, &["user", "link", &address]).ok());
        let [first, second, third] =
            ["first", "second", "third"].map(|word| format!("the {word} battery staple of {name}"));
        let set_up = json!({"Secret": link, "Password": first});
        let answer = client.post("/session/setup", &set_up).expect(200);
        let one = people::cookie(&answer);
        let two = people::cookie(&people::try_in(&client, &address, &first).expect(200));
        // Wrong ones, also where an address belongs; more are not let through.
        if at == 0 {
            heard.note(&client.post("/session/setup", &set_up).expect(400));
            heard.note(&people::try_in(&client, &address, &third).expect(401));
            heard.note(&people::try_in(&client, &third, &first));
        }
        let change = json!({"Password": first, "NewPassword": second});
        let answer = client.by(&two, "POST", "/session/password", Some(&change)).ok();
        let three = people::cookie(&answer);
        let confirm = json!({"Password": second});
        heard.note(&client.by(&three, "POST", "/session/confirm", Some(&confirm)).ok());
        for secret in [&link, &first, &second, &third] {
            scanner.add_in_every_form(secret);
        }
        for cookie in [&one, &two, &three] {
            let (_, secret) = cookie.split_once('=').unwrap();
            scanner.add_in_every_form(secret);
            heard.note(&client.by(cookie, "GET", "/odata/Me()", None));
            heard.note(&client.by(cookie, "GET", "/session/all", None));
            heard.note(&client.by(cookie, "GET", &format!("/session?tessera={secret}"), None));
            let bearer = format!("Bearer {secret}");
            heard.ask(&client, "/odata/Me()", &[("Authorization", &bearer), ("cookie", cookie)]);
            heard.ask(&client, "/odata/Me()", &[("X-Api-Key", secret)]);
            heard.break_off(&server, secret);
        }
        heard.note(&client.by(&three, "GET", "/odata/AuditEvents", None).expect(200));
        heard.note(&client.by(&three, "GET", "/metrics", None).expect(200));
    }
    // The link for the first administrator lies in its file until somebody has used one.
    assert!(!data.join("setup-link").exists());
    check(&scanner, home.path(), server, &heard);
}

#[test]
fn the_search_finds_a_secret_in_every_form() {
    let secret = "tsr_agent_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh012345";
    let mut scanner = Scanner::new();
    scanner.add_in_every_form(secret);
    let wide: String = secret.chars().flat_map(|letter| [letter, '\0']).collect();
    let (escaped, hex) = (escaped(secret), escaped(secret).replace('%', "").to_lowercase());
    let forms = [secret.to_owned(), wide, hex, escaped, format!("{secret}x"), secret[..56].into()];
    let base64 =
        ["me:", "user:", "a:"].map(|user| BASE64_STANDARD.encode(format!("{user}{secret}")));
    for form in forms.iter().chain(&base64) {
        assert!(scanner.find(format!("so {form} is it").as_bytes()).is_some(), "{form}");
    }
    assert_eq!(scanner.find(b"so tsr_agent_012345 is how it begins"), None);
}
