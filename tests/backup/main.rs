//! Backups and restores through the front door: killed, damaged, beside writers, without room.
//!
//! `TESSERA_BACKUP_KILLS` says how often each is killed (default 50), `TESSERA_BACKUP_SEED` with which seed;
//! `TESSERA_BACKUP_TICKETS` how many tickets the load test has (default 2,000).

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod beside;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fmt::Write as _,
    fs,
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use support::{disk::SmallDisk, number_from, run, server::Server, splitmix::SplitMix, tessera};
use tessera::{
    model::helpdesk,
    store::{
        Fault,
        backup::{Pace, Report, verify},
    },
};

/// A folder with that many tickets, and what is made of it.
struct Bench {
    dir: tempfile::TempDir,
    random: SplitMix,
}

impl Bench {
    fn new(tickets: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut random = SplitMix::new(number_from("TESSERA_BACKUP_SEED", 1));
        let mut lines = String::new();
        for id in 1..=tickets {
            // Hard to compress, so that the backup has some size.
            let mut text = String::new();
            (0..40).for_each(|_| write!(text, "{:016x}", random.next()).unwrap());
            let line = serde_json::json!({"Id": id, "Title": format!("Printer {id}"), "Description": text, "Tags": ["a"]});
            writeln!(lines, "{line}").unwrap();
        }
        let file = dir.path().join("tickets.jsonl");
        fs::write(&file, lines).unwrap();
        let bench = Self { dir, random };
        run(&bench.data(), &["import", file.to_str().unwrap()]).ok();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The counts and hashes that a command prints.
    fn backup(&self, name: &str) -> Vec<String> {
        let file = self.path(name);
        sets(&run(&self.data(), &["backup", "--force", file.to_str().unwrap()]).ok())
    }

    fn restore(&self, from: &str, to: &str) -> support::Done {
        run(&self.path(to), &["restore", self.path(from).to_str().unwrap()])
    }

    /// Starts a command and kills it at a random moment of the time it takes; false where that came too late, and
    /// then less time is taken for granted.
    fn kill(&mut self, args: &[&str], takes: &mut Duration) -> bool {
        let micros = u64::try_from(takes.as_micros()).unwrap();
        let delay = Duration::from_micros(self.random.below(micros));
        let mut child = tessera(args).spawn().unwrap();
        std::thread::sleep(delay);
        let is_done = child.try_wait().unwrap().is_some();
        if is_done {
            *takes = delay.max(*takes / 2);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        !is_done
    }

    /// What is in the folder, but for data and import file.
    fn left(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "data" && name != "tickets.jsonl");
        names.sort();
        names
    }
}

fn verified(path: &Path) -> Result<Report, Fault> {
    verify(helpdesk(), path, Pace::Full)
}

/// The lines with name, count and hash of a set.
fn sets(printed: &str) -> Vec<String> {
    let is_set = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.len() == 3 && words[1].parse::<u64>().is_ok() && words[2].len() == 16
    };
    printed.lines().filter(is_set).map(str::to_owned).collect()
}

fn kills() -> u64 {
    number_from("TESSERA_BACKUP_KILLS", 50)
}

#[test]
fn a_killed_backup_leaves_the_old_file_or_the_new() {
    let mut bench = Bench::new(1500);
    let started = Instant::now();
    let want = bench.backup("first");
    let mut takes = started.elapsed();
    let data = bench.data().to_str().unwrap().to_owned();
    let (mut whole, mut killed, mut round) = (0, 0, 0);
    while killed < kills() {
        round += 1;
        assert!(round < 20 * kills(), "nothing can be killed");
        // Every other round there is an older file to be replaced.
        let name = if round % 2 == 0 { format!("new-{round}") } else { "first".to_owned() };
        let file = bench.path(&name).to_str().unwrap().to_owned();
        let args = ["backup", "--force", &file, "--data", &data];
        killed += u64::from(bench.kill(&args, &mut takes));
        let file = Path::new(&file);
        if round % 2 == 1 || file.exists() {
            let report = verified(file).unwrap();
            let tickets = report.sets.iter().find(|(set, _)| *set == "Tickets").unwrap();
            assert_eq!(tickets.1.rows, 1500);
            whole += 1;
        }
    }
    eprintln!("{killed} backups killed in {round} rounds, {whole} times there was a whole file");
    assert_eq!(
        bench.backup("first"),
        want,
        "the data was not touched, the leftovers do not matter"
    );
    assert!(!bench.path("first.partial").exists());
}

#[test]
fn a_killed_restore_leaves_nothing_or_the_whole_folder() {
    let mut bench = Bench::new(1500);
    let want = bench.backup("backup");
    let started = Instant::now();
    assert_eq!(sets(&bench.restore("backup", "first").ok()), want);
    let mut takes = started.elapsed();
    let (file, new) = (bench.path("backup"), bench.path("new"));
    let args = ["restore", file.to_str().unwrap(), "--data", new.to_str().unwrap()];
    let (mut whole, mut killed, mut round) = (0, 0, 0);
    while killed < kills() {
        round += 1;
        assert!(round < 20 * kills(), "nothing can be killed");
        if round % 3 == 0 {
            fs::create_dir(&new).unwrap();
        }
        killed += u64::from(bench.kill(&args, &mut takes));
        if new.exists() && fs::read_dir(&new).unwrap().next().is_some() {
            let checked = run(&new, &["check"]).ok();
            assert!(checked.ends_with("everything is as it must be\n"), "{checked}");
            assert_eq!(sets(&checked), want);
            whole += 1;
        }
        let _ = fs::remove_dir_all(&new);
    }
    eprintln!("{killed} restores killed in {round} rounds, {whole} times there was a whole folder");
    assert_eq!(sets(&bench.restore("backup", "new").ok()), want);
    assert_eq!(bench.left(), ["backup", "first", "new"], "what a killed one left was cleared");
}

#[test]
fn what_is_restored_is_what_was_backed_up() {
    let bench = Bench::new(300);
    run(&bench.data(), &["token", "create", "--name", "t", "--role", "Agent"]).ok();
    let want = bench.backup("backup");
    assert_eq!(sets(&run(&bench.data(), &["check"]).ok()), want);
    assert_eq!(sets(&bench.restore("backup", "new").ok()), want);
    let export = |name: &str| run(&bench.path(name), &["export"]).ok();
    assert!(export("data").lines().count() > 300);
    assert_eq!(export("data"), export("new"));
    let tokens = |name: &str| run(&bench.path(name), &["token", "list"]).ok();
    assert_eq!(tokens("data"), tokens("new"));
    // It goes on where it was: a further write, and another backup of it.
    run(&bench.path("new"), &["token", "create", "--name", "u", "--role", "Agent"]).ok();
    let checked = run(&bench.path("new"), &["check"]).ok();
    assert!(checked.ends_with("everything is as it must be\n"), "{checked}");
}

#[test]
fn neither_takes_the_place_of_what_is_there() {
    let bench = Bench::new(5);
    bench.backup("backup");
    let file = bench.path("backup");
    let before = fs::read(&file).unwrap();
    let again = run(&bench.data(), &["backup", file.to_str().unwrap()]);
    assert_eq!((again.code, again.err.lines().count()), (1, 1));
    assert!(again.err.contains("it is there already; name another file, or say --force"));
    assert_eq!(fs::read(&file).unwrap(), before);
    let over = bench.restore("backup", "data");
    assert_eq!((over.code, over.err.lines().count()), (1, 1));
    assert!(over.err.contains("it is not empty"), "{}", over.err);
    let missing = run(&bench.path("none"), &["backup", bench.path("x").to_str().unwrap()]);
    assert_eq!(missing.code, 1);
    assert_eq!(bench.left(), ["backup"]);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn every_flipped_bit_and_every_cut_is_found() {
    let mut bench = Bench::new(200);
    bench.backup("backup");
    let sound = fs::read(bench.path("backup")).unwrap();
    let bad = bench.path("bad");
    let try_out = |bytes: &[u8], what: &str, at: usize| {
        fs::write(&bad, bytes).unwrap();
        let Err(Fault::Damaged { offset, .. }) = verified(&bad) else {
            panic!("{what} at {at} of {} was not found", sound.len())
        };
        assert!(usize::try_from(offset).unwrap() <= at.max(36), "{what} at {at}: said {offset}");
    };
    for round in 0..300 {
        let at = usize::try_from(bench.random.below(sound.len() as u64)).unwrap();
        // Head and end are small, so a random place seldom hits them.
        let at = match round {
            0..36 => round,
            36..68 => sound.len() - 1 - (round - 36),
            _ => at,
        };
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << bench.random.below(8);
        try_out(&bytes, "a flipped bit", at);
    }
    for round in 0..100 {
        let at = usize::try_from(bench.random.below(sound.len() as u64)).unwrap();
        let at = if round < 40 { round } else { at };
        try_out(&sound[..at], "a cut", at);
    }
    let mut longer = sound.clone();
    longer.push(0);
    try_out(&longer, "a further byte", sound.len());
}

#[test]
fn a_damaged_backup_is_named_and_leaves_nothing_behind() {
    let mut bench = Bench::new(200);
    bench.backup("backup");
    let sound = fs::read(bench.path("backup")).unwrap();
    for round in 0..12 {
        let at = 36 + usize::try_from(bench.random.below(sound.len() as u64 - 36)).unwrap();
        let mut bytes = sound.clone();
        if round % 3 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 0x10;
        }
        fs::write(bench.path("bad"), bytes).unwrap();
        let refused = bench.restore("bad", "new");
        assert_eq!((refused.code, refused.err.lines().count()), (1, 1), "{}", refused.err);
        assert!(refused.err.contains("bad' is damaged at byte "), "{}", refused.err);
        assert_eq!(bench.left(), ["backup", "bad"]);
    }
}

#[test]
fn a_backup_of_a_newer_version_ends_with_3_and_one_line() {
    let bench = Bench::new(5);
    bench.backup("backup");
    let mut bytes = fs::read(bench.path("backup")).unwrap();
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..32]);
    bytes[32..36].copy_from_slice(&crc.to_le_bytes());
    fs::write(bench.path("newer"), bytes).unwrap();
    let refused = bench.restore("newer", "new");
    assert_eq!((refused.code, refused.out.as_str()), (3, ""));
    assert_eq!(
        refused.err,
        "tessera: the data has format 2, and this version reads up to 1; use the newer version\n"
    );
    assert_eq!(bench.left(), ["backup", "newer"]);
}

#[test]
fn without_room_the_old_backup_stays_and_nothing_is_left() {
    let Some(disk) = SmallDisk::mount("400k") else {
        eprintln!("skipped: this user may not mount a small disk");
        return;
    };
    let bench = Bench::new(2000);
    let file = disk.path().join("backup");
    fs::write(&file, "an older one").unwrap();
    let full = run(&bench.data(), &["backup", "--force", file.to_str().unwrap()]);
    assert_eq!((full.code, full.err.as_str()), (1, "tessera: the disk is full\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "an older one");
    bench.backup("backup");
    let new = disk.path().join("new");
    let full = run(&new, &["restore", bench.path("backup").to_str().unwrap()]);
    assert_eq!((full.code, full.err.as_str()), (1, "tessera: the disk is full\n"));
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 1);
}

/// A server that makes its own backups, with a writer at work.
#[test]
fn a_server_backs_up_while_it_serves_by_command_and_by_itself() {
    let bench = Bench::new(200);
    let token = support::token(&bench.data());
    let kept = bench.path("kept");
    let settings = [
        ("TESSERA_BACKUP_EVERY_HOURS", "1"),
        ("TESSERA_BACKUP_DIR", kept.to_str().unwrap()),
        ("TESSERA_METRICS_OPEN", "true"),
    ];
    let server = Server::start_with(&bench.data(), &[], &settings);
    let (client, done) = (server.client(&token), AtomicBool::new(false));
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                client.post("/odata/Tickets", &serde_json::json!({"Title": "More"})).expect(201);
                written += 1;
            }
            written
        });
        bench.backup("by-command");
        let found = wait_for(|| fs::read_dir(&kept).ok()?.find_map(finished));
        let report = verified(&found).unwrap();
        assert!(report.sets.iter().any(|(set, counts)| *set == "Tickets" && counts.rows >= 200));
        wait_for(|| {
            let text = client.get("/metrics").expect(200).body;
            text.contains("tessera_backup_last_success_timestamp_seconds 1").then_some(())
        });
        done.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    let printed = bench.backup("at-the-end");
    server.stop();
    assert!(written > 0);
    let kept = sets(&run(&bench.data(), &["check"]).ok());
    // How its token was used is written when the server stops.
    let but_use = |sets: &[String]| -> Vec<String> {
        sets.iter().filter(|line| !line.starts_with("TokenUses")).cloned().collect()
    };
    assert_eq!(but_use(&kept), but_use(&printed));
    let restored = sets(&bench.restore("at-the-end", "new").ok());
    assert_eq!(restored, printed);
    bench.restore("by-command", "earlier").ok();
}

fn finished(entry: std::io::Result<fs::DirEntry>) -> Option<PathBuf> {
    let path = entry.ok()?.path();
    path.extension().is_some_and(|extension| extension == "backup").then_some(path)
}

#[track_caller]
fn wait_for<T>(mut find: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A scheduled backup was told of the end only when the last request was done, so that closing the data came late.
#[test]
fn a_scheduled_backup_is_given_up_as_soon_as_the_server_is_told_to_stop() {
    let bench = Bench::new(8000);
    let (folder, secret) = (bench.path("backups"), support::token(&bench.data()));
    let settings = [
        ("TESSERA_BACKUP_DIR", folder.to_str().unwrap()),
        ("TESSERA_BACKUP_EVERY_HOURS", "24"),
        ("TESSERA_DRAIN_SECS", "60"),
    ];
    let server = Server::start_with(&bench.data(), &[], &settings);
    let names = || fs::read_dir(&folder).into_iter().flatten().count();
    while names() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    // A request whose body does not come.
    let mut request = TcpStream::connect(&server.address).unwrap();
    let head = "POST /odata/Tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 9\r\nExpect: 100-continue\r\n";
    write!(request, "{head}Authorization: Bearer {secret}\r\n\r\n").unwrap();
    // Asked for its body, it is at hand for certain.
    let mut asked = [0; 25];
    request.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.signal("TERM");
    let told = Instant::now();
    while !server.log().contains("scheduled backup") {
        assert!(told.elapsed() < Duration::from_secs(30), "{}", server.log());
        std::thread::sleep(Duration::from_millis(10));
    }
    request.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let waits = request.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(waits, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{waits}");
    drop(request);
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("the scheduled backup was given up: the server stops"), "{log}");
    assert_eq!(names(), 0, "a part of a backup stays");
}
