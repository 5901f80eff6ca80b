//! The examples give what their page says: those for a shell and for Python are run against the binary,
//! those for Power BI and Excel are what the server hands out.

#![expect(clippy::unwrap_used, reason = "a test may fail where it cannot go on")]

mod support;

use std::{fs, path::Path, process::Command};

use regex::Regex;
use serde_json::{Value, json};
use support::{
    Done,
    powershell::{Body, Edition, PowerShell},
    server::Server,
};

const ADDRESS: &str = "127.0.0.1:8420";

fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The fenced block of the examples' page that follows the name of this one under its heading.
fn promised(name: &str) -> String {
    let page = example("README.md");
    let told = page.split_once("## Reading").unwrap().1;
    let told = told.split_once(&format!("`{name}` prints")).unwrap().1;
    let block = told.split("```").nth(1).unwrap();
    block.split_once('\n').unwrap().1.trim_end().to_owned()
}

/// What an example prints when its server is at `address`.
#[track_caller]
fn run(name: &str, program: &str, dir: &Path, (address, token): (&str, &str)) -> Option<String> {
    if Command::new(program).arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "'{program}' is missing");
        eprintln!("not run: this test needs '{program}'");
        return None;
    }
    let script = example(name).replace(ADDRESS, address);
    let done: Done = Command::new(program)
        .args(["-c", &script])
        .current_dir(dir)
        .env("TOKEN", token)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap()
        .into();
    Some(done.ok().trim_end().to_owned())
}

#[test]
fn the_reading_examples_give_what_their_page_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(&dir.path().join("tessera-demo"), &["--demo"], &[]);
    let at = (server.address.as_str(), "");
    if let Some(answer) = run("open-tickets.sh", "bash", dir.path(), at) {
        let page: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let titles: Vec<&str> = page["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["Title"].as_str().unwrap())
            .collect();
        let want: Vec<String> = serde_json::from_str(&promised("open-tickets.sh")).unwrap();
        assert_eq!(titles, want);
    }
    if let Some(printed) = run("open-tickets.py", "python3", dir.path(), at) {
        assert_eq!(printed, promised("open-tickets.py"));
    }
}

#[test]
fn the_writing_examples_give_what_their_page_says() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let token = support::token(&data);
    let server = Server::start(&data);
    for (name, program) in [
        ("a-tickets-life.sh", "bash"),
        ("new-ticket.py", "python3"),
        ("rotating-token.py", "python3"),
    ] {
        let printed = run(name, program, dir.path(), (&server.address, &token));
        assert!(printed.is_none_or(|printed| printed == promised(name)), "{name}");
    }
}

#[test]
fn the_files_for_power_bi_and_excel_are_what_the_server_hands_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    for (name, path) in [
        ("tickets.m", "powerquery.m"),
        ("tickets.pbids", "powerbi.pbids"),
        ("tickets.odc", "excel.odc"),
    ] {
        let url = format!("http://{}/connect/{path}?set=Tickets", server.address);
        let mut answer = ureq::get(&url).header("Host", ADDRESS).call().unwrap();
        assert_eq!(answer.body_mut().read_to_string().unwrap(), example(name), "{name}");
    }
}

/// A function of the module, from its name to the line that ends it.
#[track_caller]
fn function(name: &str) -> String {
    let module = example("Tessera.psm1");
    let (_, rest) = module.split_once(&format!("\nfunction {name}")).unwrap();
    rest.split_once("\n}").unwrap().0.to_owned()
}

/// What is found in `text`, one entry for each match: the groups of the pattern.
fn found<const N: usize>(pattern: &str, text: &str) -> Vec<[String; N]> {
    let pattern = Regex::new(pattern).unwrap();
    pattern.captures_iter(text).map(|found| found.extract().1.map(str::to_owned)).collect()
}

/// `[uri]::EscapeDataString`
fn escaped(text: &str) -> String {
    let escape = |byte: u8| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}

/// The entities of the pages that the module's loop would go through.
fn pages(shell: &PowerShell<'_>, first: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(target) = next {
        let page = shell.get(&target).unwrap().pages.remove(0);
        all.extend(page["value"].as_array().unwrap().iter().cloned());
        let link = page["@odata.nextLink"].as_str();
        next = link.map(|link| link.split_once(shell.address).unwrap().1.to_owned());
    }
    all
}

/// What `Send-Tessera` is told by a function of the module, sent: its method and path are read from the text.
#[track_caller]
fn send(shell: &PowerShell<'_>, of: &str, action: &str, body: &Value) -> Value {
    let text = function(of);
    let calls = found::<2>(r#"Send-Tessera -Method (\w+) -Path ['"]([^'"]+)['"] -Body"#, &text);
    let [[method, path]] = &calls[..] else { panic!("{of} sends once: {calls:?}") };
    let path = path.replace("$Id", "1").replace("$action", action);
    let (target, method) = (format!("/odata/{path}"), method.to_uppercase());
    let [[ty]] = &found::<1>("-ContentType '([^']+)'", &function("Send-Tessera"))[..] else {
        panic!("the module says what it sends")
    };
    let body = body.to_string();
    let sent = shell.send(&method, &target, Body::Text(&body), Some(ty));
    sent.unwrap_or_else(|thrown| panic!("{of}: {thrown:?}")).pages.remove(0)
}

/// No PowerShell runs here. The paths, methods and option names are read from the text of the module, and what
/// `Invoke-RestMethod` would send for them is sent: a name that the server does not take fails, a slip in the syntax
/// of PowerShell does not.
#[test]
fn what_the_powershell_module_sends_is_taken() {
    for edition in [Edition::Windows, Edition::Core] {
        let dir = tempfile::tempdir().unwrap();
        let token = support::token(dir.path());
        let server = Server::start_with(dir.path(), &[], &[("TESSERA_PAGE_SIZE", "2")]);
        let shell = PowerShell { edition, address: &server.address, token: &token };
        for title in ["Printer on fire", "Café", "Third"] {
            let body = json!({"Title": title, "RequesterEmail": "ada@example.com"});
            let made = send(&shell, "New-TesseraTicket", "", &body);
            assert_eq!(made["Title"], title, "{edition:?}");
        }
        let changed = send(&shell, "Set-TesseraTicket", "", &json!({"Priority": "High"}));
        assert_eq!(changed["Priority"], "High");
        let text = function("Add-TesseraReply");
        let [[note, reply]] = &found::<2>(r"\{ '(\w+)' \} else \{ '(\w+)' \}", &text)[..] else {
            panic!("two actions: {text}")
        };
        assert!(text.contains("-Body @{ Body = $Body }"), "{text}");
        // Notes are not counted.
        for (action, count) in [(reply, 1), (note, 1)] {
            let answered = send(&shell, "Add-TesseraReply", action, &json!({"Body": "On it"}));
            assert_eq!(answered["CommentCount"], count, "{action}");
        }
        let text = function("Get-TesseraTicket");
        let [[one]] = &found::<1>(r#"-Uri "\$script:Feed/([^"]+)""#, &text)[..] else {
            panic!("one by its Id: {text}")
        };
        let one = shell.get(&format!("/odata/{}", one.replace("$Id", "1"))).unwrap();
        assert_eq!(one.pages[0]["Title"], "Printer on fire");
    }
}

/// As above, of the script that uses the module: its filter, its order, and what its table shows.
#[test]
fn what_the_script_with_the_module_asks_for_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let token = support::token(dir.path());
    let server = Server::start_with(dir.path(), &[], &[("TESSERA_PAGE_SIZE", "2")]);
    let shell = PowerShell { edition: Edition::Windows, address: &server.address, token: &token };
    for title in ["a", "b", "c"] {
        send(&shell, "New-TesseraTicket", "", &json!({"Title": title}));
    }
    let options = found::<1>(r"\$options \+= '(\w+)='", &function("Get-TesseraEntity")).concat();
    assert_eq!(options, ["filter", "select", "orderby"]);
    let script = example("use-module.ps1");
    let asked = r#"Get-TesseraTicket -Filter "([^"]+)" -OrderBy (\w+)"#;
    let [[filter, order]] = &found::<2>(asked, &script)[..] else { panic!("{script}") };
    let [[set]] = &found::<1>(r"-Set (\w+)", &function("Get-TesseraTicket"))[..] else {
        panic!("one set")
    };
    let [[columns]] = &found::<1>(r"Format-Table (.+)", &script)[..] else { panic!("{script}") };
    let asked = [(&options[0], filter.as_str()), (&options[2], order.as_str())];
    let asked = asked.map(|(name, value)| format!("{name}={}", escaped(value))).join("&");
    let tickets = pages(&shell, &format!("/odata/{set}?{asked}"));
    assert_eq!(tickets.len(), 3);
    let select = format!("{}={}", options[1], escaped(&columns.replace(' ', "")));
    for ticket in tickets.iter().chain(&pages(&shell, &format!("/odata/{set}?{select}"))) {
        for column in columns.split(", ") {
            assert!(ticket.get(column).is_some(), "{column}: {ticket}");
        }
    }
}
