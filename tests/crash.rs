//! A server under 32 writers is killed at random moments; after each start everything that was
//! acknowledged is there exactly once, and nothing is half there.
//!
//! And clients that repeat their changes under idempotency keys make each of them once.
//!
//! `TESSERA_CRASH_ROUNDS` says how often (default 25), `TESSERA_CRASH_KEYED_ROUNDS` how often under
//! clients with keys (default 20), `TESSERA_CRASH_SEED` with which seed.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde_json::Value;
use support::{
    client::Client,
    keyed::{Keyed, check_pair, first_unheard},
    number_from, run, run_in,
    server::Server,
    splitmix::SplitMix,
    token_in,
    writers::{Writer, check_writer},
};

const WRITERS: u64 = 32;
/// Pairs of clients with the same keys.
const PAIRS: u64 = 8;
/// Rounds on one folder, so that what was acknowledged long ago is looked at again and again.
const ROUNDS_ON_A_FOLDER: u64 = 25;
/// Small files, so that segments fill, checkpoints are written and old journal goes while killed.
const SETTINGS: [(&str, &str); 4] = [
    ("TESSERA_SEGMENT_BYTES", "1MiB"),
    ("TESSERA_CHECKPOINT_JOURNAL_BYTES", "3MiB"),
    ("TESSERA_HISTORY_BYTES_MAX", "4MiB"),
    ("TESSERA_LOG_LEVEL", "warn"),
];

#[test]
fn no_acknowledged_write_is_lost_to_a_killed_server() {
    let rounds = number_from("TESSERA_CRASH_ROUNDS", 25);
    let mut random = SplitMix::new(number_from("TESSERA_CRASH_SEED", 20_261_121));
    let (mut acknowledged, mut unanswered) = (0, 0);
    let mut round = 0;
    while round < rounds {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(dir.path(), random.next());
        for _ in 0..ROUNDS_ON_A_FOLDER.min(rounds - round) {
            round += 1;
            folder.round(&mut random, round);
        }
        folder.verify_by_image_and_by_records();
        folder.verify_after_a_clean_stop();
        acknowledged += folder.writers.iter().map(|writer| writer.acknowledged).sum::<u64>();
        unanswered += folder.writers.iter().map(|writer| writer.unanswered).sum::<u64>();
        eprintln!("{round} rounds: {acknowledged} acknowledged, {unanswered} unanswered");
    }
    assert!(acknowledged > rounds, "hardly anything was written");
}

/// A data folder and what its writers know about it.
struct Folder<'a> {
    dir: &'a std::path::Path,
    token: String,
    writers: Vec<Writer>,
}

impl<'a> Folder<'a> {
    fn new(dir: &'a std::path::Path, seed: u64) -> Self {
        let token = token_in(dir, &SETTINGS);
        let writers = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
        Self { dir, token, writers }
    }

    /// Start, verify, write, kill; now and then a start that is killed itself.
    fn round(&mut self, random: &mut SplitMix, round: u64) {
        if round.is_multiple_of(4) {
            let mut child = Server::spawn(self.dir, &[], &SETTINGS);
            std::thread::sleep(Duration::from_millis(random.below(60)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        if round.is_multiple_of(5) {
            run(self.dir, &["check"]).ok();
        }
        let server = Server::start_with(self.dir, &[], &SETTINGS);
        self.verify(&server);
        if round.is_multiple_of(3) {
            // What the server shows, journal and records: the same, row by row.
            run(self.dir, &["check"]).ok();
        }
        self.write_until_killed(server, Duration::from_millis(20 + random.below(400)));
    }

    /// Lets all writers loose and kills the server under them.
    fn write_until_killed(&mut self, server: Server, after: Duration) {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in &mut self.writers {
                let (client, over) = (server.client(&self.token), &over);
                scope.spawn(move || {
                    // The killed server shows as an error of the connection.
                    while !over.load(Ordering::Relaxed) && writer.step(&client) {}
                });
            }
            std::thread::sleep(after);
            server.kill();
            over.store(true, Ordering::Relaxed);
        });
    }

    /// Compares all there is with what every writer was told.
    fn verify(&mut self, server: &Server) {
        let client = server.client(&self.token);
        let tickets = by_reference(
            &client,
            "/odata/Tickets?$select=Id,ExternalReference,Title,Tags,Description,CommentCount",
        );
        let comments =
            by_reference(&client, "/odata/Comments?$select=Id,TicketId,ExternalReference,Body");
        let mut known = 0;
        for writer in &mut self.writers {
            known += check_writer(writer, &tickets, &comments);
        }
        assert_eq!(known, tickets.len() + comments.len(), "something nobody wrote is there");
        // Creation writes a row for each of the five tracked properties, in the same transaction.
        let history = client.count("/odata/TicketHistory/$count");
        assert_eq!(history, 5 * tickets.len() as u64, "a ticket and its history were torn apart");
    }

    /// What comes of an image and the journal behind it is what comes of all records.
    fn verify_by_image_and_by_records(&self) {
        let image = self.dir.join("workspaces/default/columns/image");
        assert!(image.is_file(), "none was written beside the writers");
        let ask = |args: &[&str]| run_in(self.dir, args, &SETTINGS).ok();
        let all = || {
            [
                ask(&["export"]),
                ask(&["query", "Tickets?$orderby=UpdatedDateTime desc,Id&$top=500"]),
                ask(&["query", "Tickets?$filter=Status eq 'New'&$count=true&$top=500"]),
                ask(&["query", "Comments?$filter=TicketId eq 7&$orderby=Id desc"]),
                ask(&["query", "Tickets?$apply=groupby((Status,TagsText),aggregate($count as N))"]),
            ]
        };
        let by_image = all();
        std::fs::remove_file(&image).unwrap();
        assert!(all() == by_image, "the image and the records show different things");
    }

    fn verify_after_a_clean_stop(&mut self) {
        run(self.dir, &["check"]).ok();
        let server = Server::start_with(self.dir, &[], &SETTINGS);
        self.verify(&server);
        server.stop();
        run(self.dir, &["check"]).ok();
        // This one begins with the image of the columns.
        let server = Server::start_with(self.dir, &[], &SETTINGS);
        self.verify(&server);
        server.stop();
        run(self.dir, &["check"]).ok();
    }
}

/// Every entity by its external reference; each once.
fn by_reference(client: &Client, path: &str) -> BTreeMap<String, Value> {
    once(client, path, |entity| &entity["ExternalReference"])
}

/// Every entity by a name of its own; each once.
fn once(client: &Client, path: &str, name: fn(&Value) -> &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for entity in client.all(path) {
        let name = name(&entity).as_str().unwrap().to_owned();
        let twice = found.insert(name, entity);
        assert!(twice.is_none(), "there twice: {twice:?}");
    }
    found
}

#[test]
fn a_change_repeated_under_its_key_is_made_once_whenever_the_server_is_killed() {
    let rounds = number_from("TESSERA_CRASH_KEYED_ROUNDS", 20);
    let mut random = SplitMix::new(number_from("TESSERA_CRASH_SEED", 20_261_121));
    let (mut made, mut replayed, mut unheard, mut round) = (0, 0, 0, 0);
    while round < rounds {
        let dir = tempfile::tempdir().unwrap();
        let token = token_in(dir.path(), &SETTINGS);
        let mut clients: Vec<[Keyed; 2]> =
            (0..PAIRS).map(|pair| [0; 2].map(|_| Keyed::new(pair, random.next()))).collect();
        for _ in 0..ROUNDS_ON_A_FOLDER.min(rounds - round) {
            round += 1;
            let server = Server::start_with(dir.path(), &[], &SETTINGS);
            verify_keys(&server.client(&token), &clients);
            let after = Duration::from_millis(20 + random.below(250));
            repeat_until_killed(&mut clients, server, (&token, after));
        }
        let server = Server::start_with(dir.path(), &[], &SETTINGS);
        made += verify_keys(&server.client(&token), &clients);
        server.stop();
        replayed += clients.iter().flatten().map(|client| client.replayed).sum::<u64>();
        unheard += clients.iter().map(first_unheard).sum::<u64>();
        run(dir.path(), &["check"]).ok();
        eprintln!("{round} rounds: {made} made, {replayed} replayed, {unheard} heard only so");
    }
    assert!(made > rounds && replayed > rounds, "hardly anything was written");
}

/// Lets all clients loose and kills the server under them.
fn repeat_until_killed(
    clients: &mut [[Keyed; 2]],
    server: Server,
    (token, after): (&str, Duration),
) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for keyed in clients.iter_mut().flatten() {
            let (client, over) = (server.client(token), &over);
            scope.spawn(move || while !over.load(Ordering::Relaxed) && keyed.step(&client) {});
        }
        std::thread::sleep(after);
        server.kill();
        over.store(true, Ordering::Relaxed);
    });
}

/// Compares all there is with what the clients were told; how many tickets and comments that are.
fn verify_keys(client: &Client, clients: &[[Keyed; 2]]) -> u64 {
    let tickets = once(client, "/odata/Tickets?$select=Tags", |ticket| &ticket["Tags"][0]);
    let comments = once(client, "/odata/Comments?$select=Body", |comment| &comment["Body"]);
    let found: usize =
        clients.iter().map(|[one, other]| check_pair([one, other], &tickets, &comments)).sum();
    assert_eq!(found, tickets.len() + comments.len(), "something nobody wrote is there");
    found as u64
}
