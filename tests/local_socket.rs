//! Commands beside a running server: each works, nobody else may, and nothing they do harms the server.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;
use support::{Done, run, run_in, server::Server, tessera, token};

fn socket(data: &Path) -> PathBuf {
    data.join("local/tessera.sock")
}

/// A server with a token of its own and one ticket with a long text.
fn served(dir: &Path) -> (Server, support::client::Client) {
    let secret = token(dir);
    let server = Server::start(dir);
    let client = server.client(&secret);
    let ticket = json!({"Title": "Printer", "Description": "on fire ".repeat(500)});
    client.post("/odata/Tickets", &ticket).expect(201);
    (server, client)
}

/// Tickets as lines, numbered from 1.
fn tickets(count: usize) -> String {
    let line = |id| format!("{{\"Id\":{id},\"Title\":\"t{id}\",\"Description\":\"d{id}\"}}\n");
    (1..=count).map(line).collect()
}

#[test]
fn every_command_works_beside_a_running_server() {
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = served(dir.path());
    let secret = run(dir.path(), &["token", "create", "--name", "made", "--role", "Agent"]).ok();
    server.client(secret.trim()).get("/odata/Tickets").expect(200);
    let listed = run(dir.path(), &["token", "list"]).ok();
    let made = listed.lines().find(|line| line.ends_with(" made")).unwrap();
    assert!(made.contains(" active ") && !listed.contains(secret.trim()), "{listed}");
    let user = ["user", "create", "--name", "Ada", "--email", "ada@x.example", "--role", "Agent"];
    let id = run(dir.path(), &user).ok();
    let users = client.get("/odata/Users").expect(200).json();
    assert_eq!(users["value"][0]["Id"].to_string(), id.trim());
    let listed = run(dir.path(), &["user", "list"]).ok();
    assert!(listed.contains("active") && listed.contains("ada@x.example"), "{listed}");
    let exported = run(dir.path(), &["export", "--set", "Tickets"]).ok();
    assert!(exported.contains(&"on fire ".repeat(500)), "{exported}");
    let answer = run(dir.path(), &["query", "Tickets?$select=Title"]).ok();
    assert!(answer.contains("\"Title\":\"Printer\""), "{answer}");
    let context = format!(r#""@odata.context":"http://{}/odata/"#, server.address);
    assert!(answer.contains(&context), "links lead to the port really taken: {answer}");
    let steps = run(dir.path(), &["query", "--explain", "Tickets"]).ok();
    assert!(steps.starts_with("Tickets: "), "{steps}");
    let refused = run(dir.path(), &["query", "Tickets?$filter=Nothing eq 1"]);
    assert_eq!((refused.code, refused.err.lines().count()), (1, 1), "{}", refused.err);
    assert!(refused.err.starts_with("tessera: "), "{}", refused.err);
    let log = server.stop();
    assert!(!log.contains(secret.trim()) && log.contains("token create"), "{log}");
}

#[test]
fn a_token_revoked_beside_the_server_is_refused_at_the_very_next_request() {
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = served(dir.path());
    let secret = run(dir.path(), &["token", "create", "--name", "x", "--role", "Agent"]).ok();
    let other = server.client(secret.trim());
    other.get("/odata/Tickets").expect(200);
    let told = run(dir.path(), &["token", "revoke", "2"]).ok();
    assert_eq!(told, "token 2 is revoked\n");
    assert_eq!(other.get("/odata/Tickets").expect(401).code(), "TokenRevoked");
    client.get("/odata/Tickets").expect(200);
    let missing = run(dir.path(), &["token", "revoke", "99"]);
    assert_eq!(missing.code, 1, "{}", missing.err);
}

#[test]
fn a_user_is_changed_by_id_or_address_beside_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, client) = served(dir.path());
    let create = ["user", "create", "--name", "Ada", "--email", "ada@x.example", "--role", "Agent"];
    let id = run(dir.path(), &create).ok();
    let told = run(dir.path(), &["user", "disable", "ADA@x.example"]).ok();
    assert!(told.contains(" disabled Agent "), "{told}");
    let told = run(dir.path(), &["user", "role", id.trim(), "ReadOnlyAgent"]).ok();
    assert!(told.contains(" disabled ReadOnlyAgent "), "{told}");
    let told = run(dir.path(), &["user", "enable", id.trim()]).ok();
    assert!(told.contains(" active   ReadOnlyAgent "), "{told}");
    let user = client.get(&format!("/odata/Users({})", id.trim())).expect(200).json();
    assert_eq!((&user["Role"], &user["IsActive"]), (&"ReadOnlyAgent".into(), &true.into()));
    let unknown = run(dir.path(), &["user", "disable", "bob@x.example"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("nobody has the id or address"), "{}", unknown.err);
}

#[test]
fn the_same_command_says_the_same_with_and_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = served(dir.path());
    let commands: [&[&str]; 4] = [
        &["export"],
        &["user", "list"],
        &["query", "--explain", "Tickets?$top=3"],
        &["query", "Tickets/$count"],
    ];
    let all =
        || -> Vec<String> { commands.iter().map(|args| run(dir.path(), args).ok()).collect() };
    let beside = all();
    server.stop();
    assert_eq!(beside, all());
}

#[test]
fn check_beside_the_server_compares_everything_confirmed_and_says_what_it_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = served(dir.path());
    let writing = client.apart();
    let writer = std::thread::spawn(move || {
        for at in 0..200 {
            writing.patch("/odata/Tickets(1)", &json!({"Description": format!("now {at}")})).ok();
        }
    });
    for _ in 0..5 {
        let told = run(dir.path(), &["check"]).ok();
        let first = told.lines().next().unwrap();
        assert!(
            first.starts_with("checked beside the running server, as of transaction "),
            "{told}"
        );
        assert!(told.ends_with("everything is as it must be\n"), "{told}");
    }
    writer.join().unwrap();
    let beside = run(dir.path(), &["check"]).ok();
    server.stop();
    let alone = run(dir.path(), &["check"]).ok();
    let sets = |told: &str| -> Vec<String> {
        told.lines()
            .skip_while(|line| !line.starts_with("long texts"))
            .skip(1)
            // Stored when the server ends.
            .filter(|line| !line.starts_with("TokenUses"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(sets(&beside), sets(&alone));
    assert!(sets(&alone).len() > 10 && !alone.contains("beside"), "{alone}");
}

#[test]
fn check_beside_the_server_finds_a_damaged_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = served(dir.path());
    let journal = dir.path().join("workspaces/default/journal");
    let mut names: Vec<PathBuf> =
        fs::read_dir(&journal).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "journal"));
    let file = fs::OpenOptions::new().write(true).open(&names[0]).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"damage", 4096 + 100).unwrap();
    let told = run(dir.path(), &["check"]);
    assert_eq!(told.code, 1, "{}", told.out);
    assert!(told.err.contains("is damaged at byte 4096"), "{}", told.err);
    drop(server);
}

#[test]
fn an_import_beside_the_server_is_seen_by_its_clients_and_tells_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = served(dir.path());
    let (good, bad) = (dir.path().join("good.jsonl"), dir.path().join("bad.jsonl"));
    fs::write(&good, tickets(3000)).unwrap();
    fs::write(&bad, "{\"Id\":1,\n{\"Id\":5000,\"Nonsense\":1}\n").unwrap();
    let told = run(dir.path(), &["import", good.to_str().unwrap()]).ok();
    assert!(told.starts_with("Tickets: 2999 created, 1 updated, 0 unchanged\n"), "{told}");
    assert_eq!(client.count("/odata/Tickets/$count"), 3000);
    let both = run(dir.path(), &["import", good.to_str().unwrap(), bad.to_str().unwrap()]);
    assert_eq!(both.code, 1, "{}", both.out);
    assert!(
        both.out.starts_with("Tickets: 1 created, 0 updated, 3000 unchanged\n"),
        "{}",
        both.out
    );
    assert!(both.out.contains("unknown members, not taken: Nonsense (1)"), "{}", both.out);
    assert!(both.err.contains("bad.jsonl: line 1: "), "{}", both.err);
    assert!(both.err.contains("1 of 3002 lines were refused"), "{}", both.err);
    drop(server);
}

#[test]
fn standard_input_is_imported_as_it_comes_beside_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = served(dir.path());
    let mut child = tessera(&["import", "-", "--data", dir.path().to_str().unwrap()])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // More than is read ahead, and the pipe stays open: what came first must be there before the end.
    input.write_all(tickets(20_000).as_bytes()).unwrap();
    let patience = Instant::now();
    while client.count("/odata/Tickets/$count") < 128 {
        assert!(patience.elapsed() < Duration::from_mins(1), "nothing came through");
    }
    input.write_all(b"{\"Id\":20001}\n").unwrap();
    drop(input);
    let told = Done::from(child.wait_with_output().unwrap()).ok();
    assert!(told.starts_with("Tickets: 20000 created, 1 updated, 0 unchanged\n"), "{told}");
    drop(server);
}

#[test]
fn a_backup_beside_the_server_restores_to_the_same() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (server, _) = served(dir.path());
    let file = dir.path().join("desk.backup");
    let told = run(dir.path(), &["backup", file.to_str().unwrap()]).ok();
    assert!(told.contains("backed up and verified: "), "{told}");
    assert_eq!(run(dir.path(), &["backup", file.to_str().unwrap()]).code, 1, "it is there already");
    let restored = other.path().join("data");
    run(&restored, &["restore", file.to_str().unwrap()]).ok();
    let export = |data: &Path| run(data, &["export"]).ok();
    assert_eq!(export(&restored), export(dir.path()));
    server.stop();
    assert!(!dir.path().join("desk.backup.partial").exists());
}

#[test]
fn the_socket_is_for_its_owner_alone_and_goes_with_the_server() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (server, _) = served(dir.path());
    let folder = fs::metadata(dir.path().join("local")).unwrap();
    assert_eq!(folder.mode() & 0o777, 0o700);
    assert!(fs::metadata(socket(dir.path())).unwrap().file_type().is_socket());
    server.stop();
    assert!(!socket(dir.path()).exists());
}

#[test]
fn another_user_is_refused_even_where_the_folder_was_opened_to_all() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = served(dir.path());
    for path in ["", "local", "local/tessera.sock", "tessera.lock", "format"] {
        let path = dir.path().join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    // A copy, for the other user may not reach the folder this was built in.
    let binary = dir.path().join("tessera");
    fs::copy(env!("CARGO_BIN_EXE_tessera"), &binary).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&binary)
        .args(["token", "list", "--data"])
        .arg(dir.path())
        .current_dir("/")
        .output();
    let Ok(output) = output.map(Done::from) else { return };
    if output.err.contains("setpriv: ") {
        eprintln!("not run: only root can become another user");
        return;
    }
    assert_eq!((output.code, output.out.as_str()), (1, ""), "{}", output.err);
    assert!(output.err.contains("only the user who runs the server, and root"), "{}", output.err);
    assert!(server.stop().contains("a local call of another user was refused"));
}

#[test]
fn a_killed_servers_socket_is_replaced_and_does_not_stop_commands() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = served(dir.path());
    server.kill();
    assert!(socket(dir.path()).exists());
    run(dir.path(), &["token", "list"]).ok();
    let server = Server::start(dir.path());
    run(dir.path(), &["token", "list"]).ok();
    server.stop();
}

#[test]
fn a_folder_held_by_what_takes_no_calls_is_told_with_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = served(dir.path());
    fs::remove_file(socket(dir.path())).unwrap();
    let gone = run(dir.path(), &["token", "list"]);
    assert_eq!((gone.code, gone.err.lines().count()), (1, 1), "{}", gone.err);
    assert!(gone.err.contains(&format!("is in use by process {}", server.pid())), "{}", gone.err);
    drop(UnixListener::bind(socket(dir.path())).unwrap());
    let stale = run(dir.path(), &["token", "list"]);
    assert_eq!(stale.code, 1);
    assert!(stale.err.contains("so it is left over; restart the server"), "{}", stale.err);
    server.stop();
}

#[test]
fn commands_at_once_are_answered_each_with_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (server, client) = served(dir.path());
    let names = ["one", "two", "three", "four"];
    let started = names.map(|name| {
        let mut command = tessera(&["token", "create", "--role", "Agent", "--name", name]);
        command.arg("--data").arg(dir.path()).spawn().unwrap()
    });
    for child in started {
        let secret = Done::from(child.wait_with_output().unwrap()).ok();
        server.client(secret.trim()).get("/odata/Tickets").expect(200);
    }
    assert_eq!(client.count("/odata/AccessTokens/$count"), 5);
}

#[test]
fn what_is_no_call_is_answered_and_does_not_harm_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, client) = served(dir.path());
    let hello = frame(1, br#"{"version":"0.0.0"}"#);
    let ours = frame(1, format!("{{\"version\":\"{}\"}}", env!("CARGO_PKG_VERSION")).as_bytes());
    let (call, input) = (|json: &[u8]| frame(2, json), frame(3, b"x"));
    for (sent, want) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "what is no local call"),
        (vec![0; 100_000], "what is no local call"),
        ([&[1][..], &u32::MAX.to_le_bytes()].concat(), "what is no local call"),
        ([&ours[..], &[2], &u32::MAX.to_le_bytes()].concat(), "what is no local call"),
        ([&ours[..], &input].concat(), "what is no local call"),
        (hello, "this command is 0.0.0; restart the server"),
        ([&ours[..], &call(b"\"Nothing\"")].concat(), "does not know this command"),
        ([&ours[..], &call(b"{")].concat(), "does not know this command"),
    ] {
        let mut stream = UnixStream::connect(socket(dir.path())).unwrap();
        // The server may close before it has read everything.
        let _ = stream.write_all(&sent);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains(want), "{answer}");
    }
    // One that says nothing, and one that goes in the midst of a frame.
    let _silent = UnixStream::connect(socket(dir.path())).unwrap();
    drop(UnixStream::connect(socket(dir.path())).unwrap().write_all(&ours[..7]));
    run(dir.path(), &["token", "list"]).ok();
    client.get("/odata/Tickets").expect(200);
}

fn frame(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [&[kind][..], &length, bytes].concat()
}

#[test]
fn more_commands_than_places_are_refused_and_places_come_free_again() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, _) = served(dir.path());
    let silent: Vec<UnixStream> =
        (0..8).map(|_| UnixStream::connect(socket(dir.path())).unwrap()).collect();
    let refused = run(dir.path(), &["token", "list"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("8 commands run on the server already"), "{}", refused.err);
    drop(silent);
    let started = Instant::now();
    while run(dir.path(), &["token", "list"]).code != 0 {
        assert!(started.elapsed() < Duration::from_mins(1), "no place comes free");
    }
}

/// A server with so much data that an export does not fit into what lies between two processes.
fn served_much(dir: &Path, settings: &[(&str, &str)]) -> Server {
    let file = dir.join("tickets.jsonl");
    fs::write(&file, tickets(20_000)).unwrap();
    run(dir, &["import", file.to_str().unwrap()]).ok();
    Server::start_with(dir, &[], settings)
}

#[test]
fn a_command_killed_in_the_midst_of_an_export_leaves_the_server_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let server = served_much(dir.path(), &[]);
    for _ in 0..10 {
        let mut child = tessera(&["export"])
            .arg("--data")
            .arg(dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0; 1000]).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let started = Instant::now();
    while run(dir.path(), &["token", "list"]).code != 0 {
        assert!(started.elapsed() < Duration::from_mins(1), "no place comes free");
    }
    assert_eq!(run(dir.path(), &["export", "--set", "Tickets"]).ok().lines().count(), 20_000);
    server.stop();
}

#[test]
fn a_command_still_running_after_the_drain_is_cut_off_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = served_much(dir.path(), &[("TESSERA_DRAIN_SECS", "1")]);
    let mut child = tessera(&["export"]).arg("--data").arg(dir.path()).spawn().unwrap();
    // Nobody reads on, so the export cannot end.
    let mut pipe = child.stdout.take().unwrap();
    pipe.read_exact(&mut [0; 1000]).unwrap();
    let log = server.stop();
    assert!(log.contains("local calls still running after drain_secs are cut off"), "{log}");
    std::io::copy(&mut pipe, &mut std::io::sink()).unwrap();
    let done = Done::from(child.wait_with_output().unwrap());
    assert_eq!((done.code, done.err.lines().count()), (1, 1), "{}", done.err);
    assert!(done.err.contains("the server ended the command before it was done"), "{}", done.err);
}

#[test]
fn a_command_running_at_the_end_is_finished_first() {
    let dir = tempfile::tempdir().unwrap();
    let server = served_much(dir.path(), &[]);
    let mut child =
        tessera(&["export", "--set", "Tickets"]).arg("--data").arg(dir.path()).spawn().unwrap();
    let mut pipe = child.stdout.take().unwrap();
    pipe.read_exact(&mut [0; 1]).unwrap();
    server.signal("TERM");
    // The socket goes when the server takes no more calls; nobody has read on until then.
    let started = Instant::now();
    while socket(dir.path()).exists() {
        assert!(started.elapsed() < Duration::from_mins(1), "the server does not stop");
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut rest = String::new();
    pipe.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.lines().count(), 20_000);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_data_folder_with_a_long_path_takes_commands_too() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("d".repeat(120));
    let server = Server::start(&data);
    run(&data, &["token", "list"]).ok();
    server.stop();
    assert!(!socket(&data).exists());
}

#[test]
fn tokens_of_a_server_without_any_are_made_beside_it_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let secret =
        run_in(dir.path(), &["token", "create", "--name", "x", "--role", "Agent"], &[]).ok();
    server.client(secret.trim()).get("/odata/Tickets").expect(200);
}
