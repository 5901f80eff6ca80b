//! The examples give what their page says: those for a shell and for Python are run against the binary,
//! those for Power BI and Excel are what the server hands out.

#![expect(clippy::unwrap_used, reason = "a test may fail where it cannot go on")]

mod support;

use std::{fs, path::Path, process::Command};

use support::{Done, server::Server};

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
    for (name, program) in [("a-tickets-life.sh", "bash"), ("new-ticket.py", "python3")] {
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
