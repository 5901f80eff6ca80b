//! Damaged files, lost folders, a full disk, a second server, newer data: each ends in an answer that
//! says what to do, and never in lost data.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    client::{Answer, Client},
    disk::SmallDisk,
    run, run_in,
    server::{Ended, Server},
    token, token_in,
};

/// A data folder with some tickets in it, at rest.
struct Folder {
    dir: tempfile::TempDir,
    token: String,
    /// Counts and hashes of all sets, as `tessera check` prints them.
    sets: String,
}

const TICKETS: u64 = 40;
/// A block starts at a multiple of this, with these bytes.
const PAGE: usize = 4096;
const BLOCK: &[u8] = b"\xFF\xFETSRBLK";

impl Folder {
    fn filled() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let token = token(dir.path());
        let server = Server::start(dir.path());
        let client = server.client(&token);
        for number in 0..TICKETS {
            create(&client, number).expect(201);
        }
        server.stop();
        let sets = sets(dir.path());
        Self { dir, token, sets }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn workspace(&self) -> PathBuf {
        self.path().join("workspaces/default")
    }

    /// The one segment of the journal.
    fn segment(&self) -> PathBuf {
        self.workspace().join("journal/00000000000000000001.journal")
    }

    /// Where each block of the journal starts.
    fn blocks(&self) -> Vec<u64> {
        let bytes = fs::read(self.segment()).unwrap();
        let pages = bytes.chunks(PAGE).enumerate();
        pages
            .filter(|(_, page)| page.starts_with(BLOCK))
            .map(|(at, _)| (at * PAGE) as u64)
            .collect()
    }

    /// Changes one byte of the payload of the block at `offset`.
    fn flip(&self, offset: u64) {
        let file = OpenOptions::new().read(true).write(true).open(self.segment()).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset + 60).unwrap();
        file.write_all_at(&[byte[0] ^ 1], offset + 60).unwrap();
    }

    /// Starts, looks at what is there, stops; gives the log.
    #[track_caller]
    fn serves_everything(&self) -> String {
        let server = Server::start(self.path());
        let client = server.client(&self.token);
        assert_eq!(client.count("/odata/Tickets/$count"), TICKETS);
        let log = server.stop();
        assert_eq!(sets(self.path()), self.sets);
        log
    }
}

fn create(client: &Client, number: u64) -> Answer {
    let text = format!("what happened to {number}; ").repeat(50);
    let body = json!({"Title": format!("ticket {number}"), "Description": text, "ExternalReference": number.to_string()});
    client.post("/odata/Tickets", &body)
}

/// The lines of `tessera check` that tell counts and hashes, but for the use of tokens, which reading
/// them changes.
#[track_caller]
fn sets(dir: &Path) -> String {
    let report = run(dir, &["check"]).ok();
    let told = |line: &&str| !line.contains(':') && !line.starts_with("TokenUses");
    report.lines().filter(told).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_torn_tail_is_cut_with_one_line_in_the_log() {
    let folder = Folder::filled();
    let end = folder.blocks().last().unwrap() + PAGE as u64;
    let file = OpenOptions::new().write(true).open(folder.segment()).unwrap();
    // A block of which only the beginning got to the disk.
    file.write_all_at(BLOCK, end).unwrap();
    file.write_all_at(&[0x5A; 3000], end + 8).unwrap();
    drop(file);
    let report = run(folder.path(), &["check"]).ok();
    assert!(report.contains(&format!("an unfinished block at byte {end} ")), "{report}");
    let log = folder.serves_everything();
    let told = log.lines().filter(|line| line.contains("unfinished block")).count();
    assert_eq!(told, 1, "{log}");
    assert!(!folder.serves_everything().contains("unfinished block"));
}

#[test]
fn a_flipped_byte_stops_the_start_and_names_file_and_offset() {
    let folder = Folder::filled();
    let blocks = folder.blocks();
    let offset = blocks[blocks.len() / 2];
    folder.flip(offset);
    check_refused(&folder, offset);
}

#[test]
fn a_flipped_byte_in_the_last_confirmed_block_is_damage_too() {
    let folder = Folder::filled();
    let offset = *folder.blocks().last().unwrap();
    folder.flip(offset);
    check_refused(&folder, offset);
}

/// `serve` refuses with 1, `check` says the same, and nothing is changed by either.
#[track_caller]
fn check_refused(folder: &Folder, offset: u64) {
    let before = fs::read(folder.segment()).unwrap();
    let place = format!("00000000000000000001.journal' is damaged at byte {offset}: ");
    let Err(Ended { code, log }) = Server::try_start(folder.path(), &[], &[]) else {
        panic!("it started on a damaged journal");
    };
    assert_eq!(code, Some(1), "{log}");
    assert!(log.lines().last().unwrap().contains(&place), "{log}");
    assert!(log.contains("--recover"), "it does not say what to do: {log}");
    let done = run(folder.path(), &["check"]);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!((done.out + &done.err).contains(&place));
    assert!(fs::read(folder.segment()).unwrap() == before, "a refused start changed the journal");
}

#[test]
fn recover_starts_with_what_is_sound() {
    let folder = Folder::filled();
    let blocks = folder.blocks();
    folder.flip(blocks[blocks.len() / 2]);
    let server = Server::start_with(folder.path(), &["--recover"], &[]);
    let client = server.client(&folder.token);
    // The records had everything, so only the journal lost a transaction.
    assert_eq!(client.count("/odata/Tickets/$count"), TICKETS);
    create(&client, 1000).expect(201);
    let log = server.stop();
    assert!(log.contains("could not be recovered"), "{log}");
    assert!(
        fs::read_dir(folder.workspace().join("journal"))
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_str().unwrap().ends_with(".damaged") })
    );
    let server = Server::start(folder.path());
    assert_eq!(server.client(&folder.token).count("/odata/Tickets/$count"), TICKETS + 1);
    server.stop();
}

#[test]
fn deleted_records_are_rebuilt() {
    let folder = Folder::filled();
    fs::remove_dir_all(folder.workspace().join("records")).unwrap();
    folder.serves_everything();
}

#[test]
fn damaged_records_are_rebuilt() {
    let folder = Folder::filled();
    for path in files_below(&folder.workspace().join("records")) {
        let length = fs::metadata(&path).unwrap().len();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let mut at = 0;
        while at < length {
            file.write_all_at(b"rot", at).unwrap();
            at += 512;
        }
    }
    let log = folder.serves_everything();
    assert!(log.contains("records are rebuilt") || log.contains("records were rebuilt"), "{log}");
    assert!(folder.workspace().join("records.damaged").is_dir());
}

#[test]
fn records_cut_short_are_rebuilt() {
    let folder = Folder::filled();
    for path in files_below(&folder.workspace().join("records")) {
        let half = fs::metadata(&path).unwrap().len() / 2;
        OpenOptions::new().write(true).open(&path).unwrap().set_len(half).unwrap();
    }
    folder.serves_everything();
}

#[test]
fn a_damaged_image_of_the_columns_is_not_used() {
    let folder = Folder::filled();
    let image = folder.workspace().join("columns/image");
    let size = fs::metadata(&image).unwrap().len();
    let file = OpenOptions::new().write(true).open(&image).unwrap();
    file.write_all_at(b"rot", size / 2).unwrap();
    let log = folder.serves_everything();
    let told = log.lines().filter(|line| line.contains("image of the columns is not used"));
    assert_eq!(told.count(), 1, "{log}");
    assert!(!folder.serves_everything().contains("image of the columns"));
    OpenOptions::new().write(true).open(&image).unwrap().set_len(size / 3).unwrap();
    assert!(folder.serves_everything().contains("image of the columns is not used"));
}

/// What a server answers by its columns, in several ways.
fn answers(server: &Server, token: &str) -> Vec<String> {
    let client = server.client(token);
    let asked = [
        "Tickets?$orderby=UpdatedDateTime desc,Id&$expand=Comments",
        "Tickets?$filter=contains(Title,'1')&$count=true",
        "Tickets?$apply=groupby((Status,Priority),aggregate($count as Count))",
        "TicketHistory?$orderby=ChangedDateTime desc,Id desc",
        "Customers",
        "Statuses",
    ];
    // Links and contexts begin with the address of the server.
    let body = |path: &str| client.get(path).expect(200).body.replace(&server.address, "");
    asked.map(|address| body(&format!("/odata/{}", address.replace(' ', "%20")))).to_vec()
}

#[test]
fn a_killed_server_starts_from_the_image_and_the_journal_behind_it() {
    let folder = Folder::filled();
    let image = folder.workspace().join("columns/image");
    let before = fs::read(&image).unwrap();
    let server = Server::start(folder.path());
    let client = server.client(&folder.token);
    create(&client, TICKETS).expect(201);
    client.delete("/odata/Tickets(3)").expect(204);
    server.kill();
    assert!(fs::read(&image).unwrap() == before, "nothing called for another");
    let server = Server::start(folder.path());
    server.until_logged("imaged=");
    let by_image = answers(&server, &folder.token);
    server.kill();
    // As after a power cut: nothing tells that the records are what was written.
    let state = folder.workspace().join("records.state");
    fs::write(&state, fs::read_to_string(&state).unwrap().replace('-', "_")).unwrap();
    let server = Server::start(folder.path());
    server.until_logged("the records are read and compared");
    server.until_logged("data opened");
    assert!(!server.log().contains("imaged="), "{}", server.log());
    assert_eq!(answers(&server, &folder.token), by_image);
    server.stop();
    run(folder.path(), &["check"]).ok();
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_second_server_on_the_same_folder_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Server::start(dir.path());
    let holder = format!("is in use by process {}; stop it first", server.pid());
    let Err(Ended { code, log }) = Server::try_start(dir.path(), &[], &[]) else {
        panic!("two servers on one folder");
    };
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains(&holder), "{log}");
    server.client(&token).get("/odata/Tickets").expect(200);
}

#[test]
fn newer_data_ends_every_command_with_3_and_is_left_alone() {
    let folder = Folder::filled();
    fs::write(folder.path().join("format"), "2\n").unwrap();
    let file = folder.path().join("tickets.jsonl");
    fs::write(&file, "{\"Title\": \"x\"}\n").unwrap();
    let before = fs::read(folder.segment()).unwrap();
    let commands: [&[&str]; 9] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["serve", "--recover", "--listen", "127.0.0.1:0"],
        &["import", file.to_str().unwrap()],
        &["export"],
        &["token", "create", "--name", "x", "--role", "Agent"],
        &["token", "list"],
        &["user", "create", "--name", "x", "--email", "x@example.com", "--role", "Agent"],
        &["check"],
        &["query", "Tickets"],
    ];
    for command in commands {
        let done = run(folder.path(), command);
        assert_eq!(done.code, 3, "{command:?}: {}{}", done.out, done.err);
        assert!(
            done.err.contains("format 2") && done.err.contains("newer version"),
            "{}",
            done.err
        );
        assert_eq!(done.out, "", "{command:?}");
    }
    assert!(fs::read(folder.segment()).unwrap() == before);
    fs::write(folder.path().join("format"), "1\n").unwrap();
    folder.serves_everything();
}

#[test]
fn a_full_disk_refuses_writes_goes_on_reading_and_recovers() {
    let Some(disk) = SmallDisk::mount("24m") else {
        // `tests/power_cut.rs` fills its simulated disk in every one of its seeds.
        eprintln!("this user may not mount a small disk; the file layer's full disk stands alone");
        return;
    };
    let settings = [("TESSERA_SEGMENT_BYTES", "1MiB"), ("TESSERA_RECORDS_CACHE_BYTES", "1MiB")];
    let dir = disk.path().join("data");
    let ballast = disk.path().join("ballast");
    let token = token_in(&dir, &settings);
    let server = Server::start_with(&dir, &[], &settings);
    let client = server.client(&token);
    for number in 0..20 {
        create(&client, number).expect(201);
    }
    fill_up(&ballast);
    let mut granted = 20;
    let full = loop {
        let answer = create(&client, granted);
        match answer.status {
            201 => granted += 1,
            507 => break answer,
            other => panic!("{other}: {}", answer.body),
        }
        assert!(granted < 20_000, "the disk never gets full");
    };
    assert_eq!(full.code(), "StorageFull");
    // Longer than the records take to find out that there is no room for them either.
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(3) {
        create(&client, granted).expect(507);
        assert_eq!(client.count("/odata/Tickets/$count"), granted);
        let rows = client.all("/odata/Tickets?$select=Title,Description");
        assert_eq!(rows.len() as u64, granted);
    }
    fs::remove_file(&ballast).unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        create(&client, granted).expect(201);
        granted += 1;
        let rows = client.all("/odata/Tickets?$select=Title,Description");
        assert_eq!(rows.len() as u64, granted);
    }
    assert_eq!(client.count("/odata/Tickets/$count"), granted);
    server.stop();
    run_in(&dir, &["check"], &settings).ok();
    let server = Server::start_with(&dir, &[], &settings);
    assert_eq!(server.client(&token).count("/odata/Tickets/$count"), granted);
    server.stop();
}

/// Writes a file until the disk has no room left.
fn fill_up(ballast: &Path) {
    let mut file = fs::File::create(ballast).unwrap();
    for size in [1 << 16, 4096, 1] {
        while file.write_all(&vec![0xB7; size]).is_ok() {}
    }
}
