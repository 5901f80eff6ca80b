//! What the README promises, done word for word against a server with the demo data.

#![expect(clippy::unwrap_used, reason = "a test may fail where it cannot go on")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const ADDRESS: &str = "127.0.0.1:8420";

/// A server in a folder of its own, on a free port.
struct Desk {
    dir: tempfile::TempDir,
    child: Child,
    address: String,
}

impl Desk {
    /// `serve` with these further arguments.
    fn start(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tessera"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .current_dir(dir.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut address = None;
        while address.is_none() {
            let line = lines.next().expect("the server ended before it listened").unwrap();
            address = line.strip_prefix("listening on http://").map(str::to_owned);
        }
        // Whoever stops reading would stop the server's log.
        std::thread::spawn(move || lines.for_each(drop));
        Self { dir, child, address: address.unwrap() }
    }

    /// Runs a snippet with this server's address in place of the default one, and this binary.
    fn run(&self, program: &str, flag: &str, snippet: &str) -> Output {
        let here = snippet
            .replace(ADDRESS, &self.address)
            .replace("./target/release/tessera", env!("CARGO_BIN_EXE_tessera"));
        Command::new(program).args([flag, &here]).current_dir(self.dir.path()).output().unwrap()
    }

    fn token(&self) -> String {
        fs::read_to_string(self.dir.path().join("tessera-demo/demo-token"))
            .unwrap()
            .trim()
            .to_owned()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The fenced blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let text = file("README.md");
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[track_caller]
fn stdout(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Whether what the snippets use is there; where everything must be tested, it must be.
fn has_tools() -> bool {
    let missing = ["sh", "curl", "python3"]
        .into_iter()
        .find(|tool| Command::new(tool).arg("-c").stdin(Stdio::null()).output().is_err());
    if let Some(tool) = missing {
        assert!(std::env::var_os("CI").is_none(), "'{tool}' is missing; scripts/test installs it");
        eprintln!("not run: this test needs '{tool}'");
    }
    missing.is_none()
}

#[test]
fn the_readmes_changes_are_made_as_it_says() {
    if !has_tools() {
        return;
    }
    let desk = Desk::start(&[]);
    let answers = stdout(&desk.run("sh", "-c", &blocks("sh")[3]));
    let mut answers = serde_json::Deserializer::from_str(&answers).into_iter::<serde_json::Value>();
    let (made, changed) = (answers.next().unwrap().unwrap(), answers.next().unwrap().unwrap());
    assert_eq!(
        (&made["Title"], &made["RequesterName"]),
        (&"Printer on fire".into(), &"ada".into())
    );
    assert_eq!((&changed["Id"], &changed["Status"]), (&made["Id"], &"Resolved".into()));
}

/// The one about tokens: made, listed, and told of in the audit log.
#[test]
fn the_readmes_token_is_made_listed_and_told_of() {
    if !has_tools() {
        return;
    }
    let desk = Desk::start(&[]);
    let answers = stdout(&desk.run("sh", "-c", &blocks("sh")[4]));
    let mut answers = serde_json::Deserializer::from_str(&answers).into_iter::<serde_json::Value>();
    let [made, tokens, told] = [(); 3].map(|()| answers.next().unwrap().unwrap());
    assert!(made["Secret"].as_str().unwrap().starts_with("tsr_custom_"), "{made}");
    let listed = tokens["value"].as_array().unwrap().iter();
    let listed = listed.filter(|token| token["KeyPrefix"] == made["KeyPrefix"]);
    let listed: Vec<&serde_json::Value> = listed.collect();
    assert_eq!(listed.len(), 1, "{tokens}");
    assert_eq!((&listed[0]["Name"], &listed[0]["State"]), (&"Power BI".into(), &"active".into()));
    assert_eq!(listed[0]["EffectiveScopes"], serde_json::json!(["tickets:read"]));
    let names = told["value"].as_array().unwrap().iter().map(|event| &event["EntityName"]);
    assert!(names.clone().any(|name| name == "Power BI"), "{told}");
    assert!(!told.to_string().contains(made["Secret"].as_str().unwrap()));
}

/// The one about people: the link is used, a token made, and somebody signs out and in.
#[test]
fn the_readmes_administrator_comes_by_the_link_and_signs_in() {
    if !has_tools() {
        return;
    }
    let desk = Desk::start(&[]);
    let answers = stdout(&desk.run("sh", "-c", &blocks("sh")[5]));
    let mut answers = serde_json::Deserializer::from_str(&answers).into_iter::<serde_json::Value>();
    let [came, made, again] = [(); 3].map(|()| answers.next().unwrap().unwrap());
    assert_eq!((&came["Name"], &came["Role"]), (&"Ada".into(), &"Administrator".into()));
    assert!(made["Secret"].as_str().unwrap().starts_with("tsr_admin_"), "{made}");
    assert_eq!(again["UserId"], came["UserId"]);
    assert_ne!(again["SessionId"], came["SessionId"]);
}

#[test]
fn the_readmes_requests_answer_as_it_says() {
    if !has_tools() {
        return;
    }
    let demo = Desk::start(&["--demo"]);
    let answer = stdout(&demo.run("sh", "-c", &blocks("sh")[1]));
    let page: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let tickets = page["value"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert!((1..=3).contains(&tickets.len()), "{answer}");
    assert!(tickets.iter().all(|t| t["Title"].is_string() && t["RequesterName"].is_string()));

    let listed = stdout(&demo.run("python3", "-c", &blocks("python")[0]));
    assert!(
        listed.lines().count() > 0 && listed.lines().all(|line| line.contains("printer")),
        "{listed}"
    );
}

#[test]
fn the_readmes_powershell_sends_what_the_server_takes() {
    let demo = Desk::start(&["--demo"]);
    let snippet = &blocks("powershell")[0];
    let quoted = snippet.split("Invoke-RestMethod \"").nth(1).unwrap().split('"').next().unwrap();
    // As PowerShell would: variables put in, blanks escaped.
    let url =
        quoted.replace("$feed", &format!("http://{}/odata", demo.address)).replace(' ', "%20");
    assert!(!url.contains('$'), "{url}");
    let mut answer = ureq::get(&url)
        .header("Authorization", format!("Bearer {}", demo.token()))
        .header("User-Agent", "Mozilla/5.0 (Linux) PowerShell/7.5.0")
        .call()
        .unwrap();
    assert_eq!(
        answer.headers()["content-type"].to_str().unwrap().split(';').next(),
        Some("application/json")
    );
    let page: serde_json::Value = answer.body_mut().read_json().unwrap();
    let columns = snippet.split("Format-Table ").nth(1).unwrap().trim();
    let first = &page["value"][0];
    for column in columns.split(", ") {
        assert!(first.get(column).is_some(), "{column} in {first}");
    }
}

#[test]
fn the_examples_are_the_readmes_snippets() {
    for (language, at, name) in [
        ("sh", 1, "examples/open-tickets.sh"),
        ("powershell", 0, "examples/open-tickets.ps1"),
        ("python", 0, "examples/open-tickets.py"),
    ] {
        assert!(file(name).ends_with(&blocks(language)[at]), "{name}");
    }
}
