//! Who is asking, behind proxies and behind those who pretend to be one, seen in the log line and in
//! the links of the answer.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::fmt::Write as _;

use serde_json::Value;
use support::{server::Server, splitmix::SplitMix, token};

/// What the server made of a request.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    client: String,
    /// Scheme and host of its links, or [`REFUSED`].
    origin: String,
}

/// What stands for the links of a request that was refused for its headers.
const REFUSED: &str = "refused";

/// Asks with each list of header lines in turn; what the server made of each.
fn ask(settings: &[(&str, &str)], requests: &[Vec<String>]) -> Vec<Seen> {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let server = Server::start_with(dir.path(), &["--log-format", "json"], settings);
    let mut origins = Vec::new();
    for lines in requests {
        let mut request = format!(
            "GET /odata/ HTTP/1.1\r\nHost: inside:1\r\nAuthorization: Bearer {secret}\r\n\
             Connection: close\r\n"
        );
        for line in lines {
            write!(request, "{line}\r\n").unwrap();
        }
        let answer = server.raw(&format!("{request}\r\n"));
        if answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""code":"InvalidHeader""#) {
            origins.push(REFUSED.to_owned());
            continue;
        }
        let context = answer.split(r#""@odata.context":""#).nth(1);
        let context = context.unwrap_or_else(|| panic!("{lines:?}: {answer}"));
        origins.push(context.split("/odata/").next().unwrap().to_owned());
    }
    let log = server.stop();
    let lines = log.lines().filter(|line| line.contains(r#""message":"request""#));
    let clients = lines.map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["client"].as_str().unwrap().to_owned()
    });
    let seen: Vec<Seen> =
        clients.zip(origins).map(|(client, origin)| Seen { client, origin }).collect();
    assert_eq!(seen.len(), requests.len());
    seen
}

/// The networks whose proxies are trusted in these tests; the test itself is one.
const TRUSTED: (&str, &str) = ("TESSERA_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8, fd00::/8");

#[track_caller]
fn check(settings: &[(&str, &str)], rows: &[(&[&str], &str, &str)]) {
    let own = |lines: &&[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let requests: Vec<Vec<String>> = rows.iter().map(|(lines, ..)| own(lines)).collect();
    for (seen, (lines, client, origin)) in ask(settings, &requests).iter().zip(rows) {
        let want = Seen { client: (*client).to_owned(), origin: (*origin).to_owned() };
        assert_eq!(*seen, want, "{lines:?}");
    }
}

/// What somebody might send who wants to be taken for another.
const LIES: [&str; 3] =
    ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example.com"];

#[test]
fn without_trusted_proxies_nobody_is_believed() {
    let forwarded = "Forwarded: for=6.6.6.6;host=evil.example.com;proto=https";
    let rows: [(&[&str], &str, &str); 3] = [
        (&[], "127.0.0.1", "http://inside:1"),
        (&LIES, "127.0.0.1", "http://inside:1"),
        (&[forwarded], "127.0.0.1", "http://inside:1"),
    ];
    check(&[], &rows);
    check(&[("TESSERA_TRUSTED_PROXIES", "10.0.0.0/8, ::1")], &rows);
}

#[test]
fn a_trusted_proxy_tells_who_asks_and_by_which_address() {
    check(
        &[TRUSTED],
        &[
            (&LIES, "6.6.6.6", "https://evil.example.com"),
            (&["Forwarded: for=1.1.1.1;host=\"desk:9\";proto=https"], "1.1.1.1", "https://desk:9"),
            (&["X-Forwarded-For: 2001:db8::7"], "2001:db8::7", "http://inside:1"),
            (&["X-Forwarded-For: ::ffff:1.1.1.1, fd00::3"], "1.1.1.1", "http://inside:1"),
            (&["X-Forwarded-Prefix: /evil", "X-Forwarded-Port: 9"], "127.0.0.1", "http://inside:1"),
        ],
    );
}

#[test]
fn nobody_gets_past_a_list_of_addresses_as_the_proxy() {
    let dir = tempfile::tempdir().unwrap();
    let admin = token(dir.path());
    let server = Server::start_with(dir.path(), &["--log-format", "json"], &[TRUSTED]);
    let body = r#"{"Name":"near","Role":"ReadOnlyAgent","AllowedAddresses":["127.0.0.0/8"]}"#;
    let minted = server.raw(&format!(
        "POST /odata/AccessTokens/Tessera.Mint HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Authorization: Bearer {admin}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let secret = minted.split(r#""Secret":""#).nth(1);
    let secret = secret.and_then(|rest| rest.split('"').next());
    let secret = secret.unwrap_or_else(|| panic!("{minted}")).to_owned();
    let ask = |lines: &[&[u8]]| {
        let mut request = format!(
            "GET /odata/Me() HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {secret}\r\n"
        )
        .into_bytes();
        for line in lines {
            request.extend_from_slice(line);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let answer = server.raw_bytes(&request);
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(ask(&[]), "200");
    assert_eq!(ask(&[b"X-Forwarded-For: 127.0.0.9"]), "200");
    let real: &[u8] = b"X-Forwarded-For: 6.6.6.6";
    assert_eq!(ask(&[real]), "403");
    let spoofs: [&[u8]; 5] = [
        b"Forwarded: for=9.9.9.9",
        b"Forwarded: junk",
        b"Forwarded:",
        b"Forwarded: proto=https",
        b"Forwarded: for=127.0.0.1",
    ];
    for spoof in spoofs {
        assert_eq!(ask(&[real, spoof]), "400", "{}", String::from_utf8_lossy(spoof));
    }
    assert_eq!(ask(&[b"Forwarded: for=6.6.6.6", b"X-Forwarded-For: unknown"]), "400");
    assert_eq!(ask(&[b"X-Forwarded-For: 6.6.6.6, \xff"]), "400");
    let log = server.stop();
    let refused = log.lines().filter(|line| line.contains(r#""status":400"#));
    let refused: Vec<&str> =
        refused.filter(|line| line.contains(r#""client":"127.0.0.1""#)).collect();
    assert_eq!(refused.len(), 7, "{log}");
}

#[test]
fn the_public_address_goes_before_everything_a_request_says() {
    let url = ("TESSERA_PUBLIC_URL", "https://desk.example.com/help");
    check(&[TRUSTED, url], &[(&LIES, "6.6.6.6", "https://desk.example.com/help")]);
}

/// How a proxy of the made-up ways here tells what it saw.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Appends to the addresses, sets scheme and host anew if it is the first, else leaves them.
    Habitual,
    /// Appends an element to the last line.
    Standard,
    /// Appends a line of its own.
    StandardLine,
}

/// Random lies, then what `proxies` honest proxies make of them: the lines that arrive here.
struct Way {
    lines: Vec<String>,
    client: String,
    /// True where lies and truth cannot be told apart for certain: both kinds of header are there,
    /// or one line holds a lie and the truth.
    is_mixed: bool,
}

const CLIENTS: [&str; 4] = ["1.1.1.1", "8.8.4.4", "2001:db8::1", "198.51.100.7"];
const INNER: [&str; 3] = ["10.0.0.9", "127.0.0.9", "fd00::9"];

/// Text that would bring a careless reader to take the liar's word.
fn lie(random: &mut SplitMix) -> String {
    let pieces = [
        "6.6.6.6",
        "10.0.0.1",
        "127.0.0.1",
        "::1",
        "[::1]:80",
        "unknown",
        "_x",
        ",",
        ", ",
        ";",
        "for=6.6.6.6",
        "for=\"6.6.6.6\"",
        "for=\"[::6]:1\"",
        "for=127.0.0.1",
        "host=evil",
        "proto=https",
        "\"",
        "\\",
        "x=\"",
        "=",
        " ",
        "for=",
        "::ffff:10.0.0.1",
        "by=\"\\\"",
        "6.6.6.6\t",
    ];
    let count = random.below(6);
    (0..count)
        .map(|_| pieces[usize::try_from(random.below(pieces.len() as u64)).unwrap()])
        .collect()
}

fn way(random: &mut SplitMix) -> Way {
    let mut pick =
        |list: &[&str]| list[usize::try_from(random.below(list.len() as u64)).unwrap()].to_owned();
    let client = pick(&CLIENTS);
    let inner: Vec<String> = (0..2).map(|_| pick(&INNER)).collect();
    let proxies = 1 + usize::try_from(random.below(3)).unwrap();
    let manner = [Manner::Habitual, Manner::Standard, Manner::StandardLine]
        [usize::try_from(random.below(3)).unwrap()];
    let mut habitual: Vec<String> = (0..random.below(3)).map(|_| lie(random)).collect();
    let mut standard: Vec<String> = (0..random.below(3)).map(|_| lie(random)).collect();
    let (mut scheme, mut host) = (lie(random), lie(random));
    let is_habitual = matches!(manner, Manner::Habitual);
    let lies_habitually = is_habitual || random.below(2) == 0;
    let is_mixed = match manner {
        Manner::Habitual => !standard.is_empty(),
        Manner::Standard => lies_habitually || !standard.is_empty(),
        Manner::StandardLine => lies_habitually,
    };
    for at in 0..proxies {
        let from = if at == 0 { client.clone() } else { inner[at - 1].clone() };
        let node = if from.contains(':') { format!("\"[{from}]:7\"") } else { from.clone() };
        let (seen_scheme, seen_host) = if at == 0 { ("https", "desk") } else { ("http", "inner") };
        let element = format!("for={node};host={seen_host};proto={seen_scheme}");
        match manner {
            Manner::Habitual => {
                append(&mut habitual, &from);
                if at == 0 {
                    (scheme, host) = ("https".to_owned(), "desk".to_owned());
                }
            }
            Manner::Standard => append(&mut standard, &element),
            Manner::StandardLine => standard.push(element),
        }
    }
    let mut lines = Vec::new();
    if lies_habitually {
        lines.extend(habitual.iter().map(|line| format!("X-Forwarded-For: {line}")));
        lines.push(format!("X-Forwarded-Proto: {scheme}"));
        lines.push(format!("X-Forwarded-Host: {host}"));
    }
    lines.extend(standard.iter().map(|line| format!("Forwarded: {line}")));
    Way { lines, client, is_mixed }
}

/// Adds to the end of the last line, or makes one.
fn append(lines: &mut Vec<String>, text: &str) {
    match lines.last_mut() {
        None => lines.push(text.to_owned()),
        Some(last) => write!(last, ", {text}").unwrap(),
    }
}

#[test]
fn no_lie_before_an_honest_proxy_changes_who_asks() {
    let mut random = SplitMix::new(20_26);
    let ways: Vec<Way> = (0..600).map(|_| way(&mut random)).collect();
    let requests: Vec<Vec<String>> = ways.iter().map(|way| way.lines.clone()).collect();
    let (mut exact, mut hidden) = (0, 0);
    for (seen, way) in ask(&[TRUSTED], &requests).iter().zip(&ways) {
        let is_exact = seen.client == way.client && seen.origin == "https://desk";
        if is_exact {
            exact += 1;
            continue;
        }
        // A lie may have the request refused, or links fall back to what the connection says; it may
        // never put another in the client's place, the proxy least of all.
        hidden += 1;
        assert!(way.is_mixed, "{seen:?} {:?}", way.lines);
        if seen.origin == REFUSED {
            assert_eq!(seen.client, "127.0.0.1", "{:?}", way.lines);
            continue;
        }
        assert_eq!(seen.client, way.client, "{:?}", way.lines);
        assert!(
            ["https://desk", "http://inside:1", "https://inside:1", "http://desk"]
                .contains(&seen.origin.as_str()),
            "{seen:?} {:?}",
            way.lines
        );
    }
    assert!(exact > 100 && hidden > 100, "{exact} {hidden}");
}
