//! The binary as a person at a terminal meets it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
};

fn tessera(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(args: &[&str]) -> Output {
    tessera(args).output().unwrap()
}

#[track_caller]
fn check(args: &[&str], code: i32, stdout: &str, stderr: &str) {
    let output = run(args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}: {out}{err}");
    assert!(out.contains(stdout), "{args:?}: {out}");
    assert!(err.contains(stderr), "{args:?}: {err}");
    if code == 2 && !args.is_empty() {
        assert_eq!(err.lines().count(), 1, "{err}");
    }
}

#[test]
fn help_and_pages_for_shells_go_to_standard_output() {
    check(&["--help"], 0, "Examples:", "");
    check(&["--version"], 0, "tessera ", "");
    for command in ["serve", "import", "export", "check", "query", "completions", "man"] {
        check(&[command, "--help"], 0, "Examples:", "");
    }
    check(&["completions", "bash"], 0, "_tessera", "");
    check(&["man"], 0, ".TH tessera", "");
    check(&["man", "token", "create"], 0, ".TH tessera-token-create", "");
    check(&[], 2, "", "Usage: tessera <COMMAND>");
}

#[test]
fn mistakes_are_one_line_and_exit_with_2() {
    check(&["serve", "--listn"], 2, "", "see 'tessera serve --help'\n");
    check(&["token", "revoke"], 2, "", "see 'tessera token revoke --help'\n");
    let takes = "takes the Id or KeyPrefix that 'tessera token list' shows";
    check(&["token", "revoke", "intake"], 2, "", takes);
    let takes = "takes 0h to 7d, in hours or days such as 24h";
    for overlap in ["30d", "169h", "1w", "-1h"] {
        check(&["token", "rotate", "7", &format!("--overlap={overlap}")], 2, "", takes);
    }
    check(&["completions", "tcsh"], 2, "", "[possible values: bash, ");
}

#[test]
fn failures_are_one_line_and_exit_with_1() {
    check(&["man", "nothing"], 1, "", "tessera: there is no command 'nothing'; ");
    check(&["serve", "--page-size", "0"], 1, "", "tessera: flag --page-size: page_size is '0'");
    let want = "is '24h', but takes a whole number from 0 to 8760\n";
    check(&["serve", "--backup-every-hours", "24h"], 1, "", want);
    check(&["serve", "--config", "/no/such.toml"], 1, "", "cannot read the settings file");
}

/// `token create` in the wrong folder silently made a new helpdesk, and left it behind even when it
/// was refused.
#[test]
fn a_folder_without_data_is_told_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("desk").display().to_string();
    let commands: [&[&str]; 5] = [
        &["token", "create", "--name", "x", "--role", "Agent"],
        &["token", "create", "--name", "x", "--role", "Agent", "--expires", "400d"],
        &["token", "list"],
        &["user", "create", "--name", "x", "--email", "x@x.example", "--role", "Agent"],
        &["user", "list"],
    ];
    for command in commands {
        let want = "/desk' holds no data; name its folder with --data, or make one with 'tessera ";
        check(&[command, &["--data", &data]].concat(), 1, "", want);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "{command:?}");
    }
}

#[test]
fn what_a_token_cannot_have_is_told_in_the_words_of_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let (data, nothing) = (dir.path().display().to_string(), dir.path().join("none.jsonl"));
    std::fs::write(&nothing, "").unwrap();
    check(&["import", nothing.to_str().unwrap(), "--data", &data], 0, "", "");
    let create = ["token", "create", "--name", "x", "--role", "ReadOnlyAgent", "--data", &data];
    for (more, want) in [
        (
            ["--scopes", "foo"],
            "tessera: --scopes: there is no scope 'foo'; there are tickets:read, ",
        ),
        (
            ["--scopes", "ticket:read"],
            "--scopes: there is no scope 'ticket:read'; did you mean 'tickets:read'?",
        ),
        (["--scopes", "tickets:write"], "tessera: asked for 'tickets:write', which is more than"),
        (["--expires", "400d"], "tessera: --expires: "),
        (["--expires", "400d"], "; a duration may be 365d at most\n"),
        (["--expires", "2020-01-01"], "--expires: 2020-01-01T23:59:59Z has passed"),
    ] {
        check(&[&create[..], &more].concat(), 1, "", want);
    }
    check(&create, 0, "tsr_ro_", "");
    let listed = String::from_utf8(run(&["token", "list", "--data", &data]).stdout).unwrap();
    let expires = listed.lines().nth(1).unwrap().split_whitespace().nth(3).unwrap();
    // Before, the time was cut in the midst of its seconds.
    assert!(expires.len() == 20 && expires.ends_with('Z'), "{listed}");
    assert!(expires.parse::<tessera::time::Timestamp>().is_ok(), "{listed}");
}

#[test]
fn print_config_shows_each_setting_with_its_origin() {
    let mut command = tessera(&["serve", "--print-config", "--demo", "--listen=127.0.0.1:1"]);
    let output = command.env("TESSERA_PAGE_SIZE", "7").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    for (setting, origin) in [
        ("data = \"./tessera-demo\" ", "# --demo"),
        ("listen = \"127.0.0.1:1\" ", "# flag --listen"),
        ("page_size = 7 ", "# environment TESSERA_PAGE_SIZE"),
        ("log_level = \"info\" ", "# default"),
    ] {
        let line = out.lines().find(|line| line.starts_with(setting)).unwrap();
        assert!(line.ends_with(origin), "{line}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = tessera(&["completions", "zsh"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

/// A running server, killed when dropped.
struct Server {
    child: Child,
    address: String,
    /// What it wrote until it listened.
    told: String,
    log: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(args);
        Self::of(tessera(&all).spawn().unwrap())
    }

    fn of(mut child: Child) -> Self {
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut line, mut told) = (String::new(), String::new());
        let start = "listening on http://";
        while !line.starts_with(start) {
            told.push_str(&line);
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server ended: {told}");
        }
        Self { child, address: line[start.len()..].trim().to_owned(), told, log }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn a_server_logs_without_secrets_and_ends_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().display().to_string();
    let mut server = Server::start(&["--log-format", "json", "--data", &data]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream
        .write_all(b"GET /nowhere?token=tsr_ro_x&$top=5 HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n")
        .unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
    let mut log = String::new();
    server.log.read_to_string(&mut log).unwrap();
    let line = log.lines().find(|line| line.contains("\"message\":\"request\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["method"], &line["path"], &line["options"], &line["status"]),
        (&"GET".into(), &"/nowhere".into(), &"token,$top".into(), &404.into())
    );
    assert!(line["duration_ms"].is_number() && line["bytes"].is_number(), "{line}");
    assert!(!log.contains("tsr_"), "{log}");
    let messages: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once("\"message\":\"")?.1.split('"').next())
        .filter(|message| message.starts_with("stop"))
        .collect();
    assert_eq!(messages, ["stopping", "stopped"], "{log}");
    assert!(log.contains("\"connections\":") && log.contains("\"requests\":0"), "{log}");
}

/// Whoever missed the first start was never told where the token lies.
#[test]
fn an_unused_first_token_is_mentioned_at_every_start() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().display().to_string();
    let place = format!("removed once used): {}", dir.path().join("first-token").display());
    for _ in 0..2 {
        let server = Server::start(&["--data", &data]);
        assert!(server.told.contains(&place), "{}", server.told);
    }
    std::fs::remove_file(dir.path().join("first-token")).unwrap();
    let server = Server::start(&["--data", &data]);
    assert!(!server.told.contains("first token"), "{}", server.told);
}

#[test]
fn a_misspelt_variable_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = tessera(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    serve.arg(dir.path()).env("TESSERA_BACKUP_EVERY_HOUR", "24");
    let server = Server::of(serve.spawn().unwrap());
    let want = "did you mean TESSERA_BACKUP_EVERY_HOURS?";
    assert!(server.told.contains(want), "{}", server.told);
    let shown = serve.arg("--print-config").output().unwrap();
    assert!(String::from_utf8(shown.stderr).unwrap().contains(want));
}

// The first 20 were shown, and nothing said that there were others.
#[test]
fn refused_lines_that_are_not_shown_are_counted_and_can_be_had() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("bad.jsonl"));
    std::fs::write(&file, "{\"Id\":1}\n".to_owned() + &"x\n".repeat(48)).unwrap();
    let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
    let told = |more: &[&str]| {
        let output = run(&[&["import", "--data", data, file], more].concat());
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = told(&[]);
    assert_eq!(first.len(), 22, "{first:?}");
    assert!(first[19].contains(": line 21: "), "{first:?}");
    assert_eq!(first[20], format!("{file}: and 28 more; --all-errors prints every one"));
    assert!(first[21].starts_with("tessera: 48 of 49 lines were refused; "), "{first:?}");
    let all = told(&["--all-errors"]);
    assert_eq!(all.len(), 49);
    assert!(all[47].contains(": line 49: "), "{all:?}");
}

/// What a command printed that read `input`, if it ended well.
#[track_caller]
fn fed(args: &[&str], input: &[u8]) -> String {
    let mut child = tessera(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

// 48 of the demo's 60 tickets were refused by a new helpdesk, and standard input was a file called '-'.
#[test]
fn the_demos_tickets_go_into_a_new_helpdesk_through_a_pipe_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (demo, new) = (dir.path().join("demo"), dir.path().join("new"));
    let (demo, new) = (demo.to_str().unwrap(), new.to_str().unwrap());
    let server = Server::start(&["--demo", "--data", demo]);
    let exported = run(&["export", "--data", demo, "--set", "Tickets"]).stdout;
    drop(server);
    let import = ["import", "--data", new, "-"];
    let first = fed(&import, &exported);
    assert!(first.starts_with("Tickets: 60 created, 0 updated, 0 unchanged\n"), "{first}");
    let whole = run(&["export", "--data", new]).stdout;
    let again = fed(&import, &exported);
    assert!(again.starts_with("Tickets: 0 created, 0 updated, 60 unchanged\n"), "{again}");
    assert!(run(&["export", "--data", new]).stdout == whole, "something changed");
}

#[test]
fn standard_input_has_a_name_in_what_is_said_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    check(&["import", "--data", data, "-"], 0, "0 lines in ", "");
    let mut child =
        tessera(&["import", "--data", data, "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"x\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.starts_with("standard input: line 1: it is not a JSON object: "), "{err}");
}
