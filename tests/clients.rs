//! OData clients from the Python and npm registries against the real binary: what they promise their
//! users has to come true here, whatever the standard says.
//!
//! `scripts/test` installs them below `target/clients`, in the versions that `tests/clients/` names.

#![expect(clippy::unwrap_used, reason = "a test may fail where it cannot go on")]

mod support;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use support::server::Server;

#[test]
fn python_odata_reads_pages_and_writes() {
    check("venv/bin/python", "python_odata.py");
}

#[test]
fn sqlalchemy_odata_runs_sql_over_all_pages() {
    check("venv/bin/python", "sqlalchemy_odata.py");
}

#[test]
fn the_javascript_client_reads_pages_and_writes() {
    check("node", "odata_client.mjs");
}

/// Runs a script of `tests/clients` against a server with 2,500 tickets.
#[track_caller]
fn check(program: &str, script: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(clients) = installed(root) else { return };
    let dir = tempfile::tempdir().unwrap();
    let lines = dir.path().join("tickets.jsonl");
    fs::write(&lines, tickets()).unwrap();
    let data = dir.path().join("data");
    support::run(&data, &["import", lines.to_str().unwrap()]).ok();
    let token = support::token(&data);
    let server = Server::start(&data);
    let program = if program.contains('/') { clients.join(program) } else { program.into() };
    let done: support::Done = Command::new(program)
        .arg(root.join("tests/clients").join(script))
        .env("TESSERA_URL", format!("http://{}/odata/", server.address))
        .env("TESSERA_TOKEN", &token)
        .env("CLIENTS_MODULES", clients.join("package.json"))
        // A proxy of the machine has no business here.
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap()
        .into();
    done.ok();
}

/// Where the clients are; without them tests are skipped, but never in continuous integration.
#[track_caller]
fn installed(root: &Path) -> Option<PathBuf> {
    let clients = root.join("target/clients");
    if clients.join("venv/bin/python").exists() && clients.join("node_modules/@odata").exists() {
        return Some(clients);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "the clients are not installed: run scripts/test, which does it"
    );
    eprintln!("skipped: the clients are not installed; scripts/test does it");
    None
}

/// 2,500 tickets as `import` takes them: a third of them open, half of high priority, 100 requesters.
fn tickets() -> String {
    let mut lines = String::new();
    for number in 1..=2500 {
        let status = ["Pending", "Open", "Closed"][number % 3];
        let priority = ["High", "Low"][number % 2];
        let customer = number % 100;
        writeln!(
            lines,
            r#"{{"Title":"Zürich {number} é","Status":"{status}","Priority":"{priority}","RequesterEmail":"c{customer}@example.com","ExternalReference":"R{number}","Tags":["a"]}}"#
        )
        .unwrap();
    }
    lines
}
