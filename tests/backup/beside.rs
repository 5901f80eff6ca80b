//! Backups of an engine beside its writers, and beside each other.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tessera::{
    error::Error,
    model::{Key, helpdesk, props::ticket, set},
    query::Source,
    store::{
        Actor, Draft, Edit, Embedded, Fault,
        backup::{self, Pace, Report, Stop, Target},
        commit_blocking,
        embedded::Options,
        files::RealFiles,
    },
};

use crate::{
    support::{number_from, splitmix::SplitMix},
    verified,
};

/// An engine whose tickets are accounts: the title is what is on one, and all transfers together leave the sum alone.
struct Bank {
    dir: tempfile::TempDir,
    engine: Embedded,
    accounts: u64,
}

const WRITERS: u64 = 32;
const BALANCE: i64 = 1000;

fn open(dir: &Path) -> Embedded {
    let options = Options::new(dir);
    Embedded::open(helpdesk(), &(Arc::new(RealFiles) as _), options).unwrap().0
}

fn balance(source: &dyn Source, id: i64) -> i64 {
    let row = source.row(set::TICKETS, &Key::Int(id)).unwrap();
    let title = row.record.get(helpdesk().structure(row.type_id), ticket::TITLE);
    title.as_text().unwrap().parse().unwrap()
}

fn put(draft: &mut dyn Draft, id: i64, balance: i64) -> Result<(), Error> {
    let (model, text) = (helpdesk(), format!("account {id} has {balance}. "));
    let mut edit = Edit::new(model, set::TICKETS);
    edit.set(model, ticket::ID, id);
    edit.set(model, ticket::TITLE, balance.to_string().as_str());
    edit.set(model, ticket::DESCRIPTION, text.repeat(20).as_str());
    edit.set(model, ticket::EXTERNAL_REFERENCE, format!("A-{id}").as_str());
    draft.put(set::TICKETS, edit).map(drop)
}

impl Bank {
    fn new(accounts: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(&dir.path().join("data"));
        for start in (1..=accounts.cast_signed()).step_by(500) {
            commit_blocking(&engine, Actor::SYSTEM, move |draft| {
                let end = (start + 500).min(accounts.cast_signed() + 1);
                (start..end).try_for_each(|id| put(draft, id, BALANCE))
            })
            .unwrap();
        }
        Self { dir, engine, accounts }
    }

    /// Moves one between two accounts; false where more comes in than can be written, and one has to wait.
    fn transfer(&self, random: &mut SplitMix) -> bool {
        let mut account = || 1 + random.below(self.accounts).cast_signed();
        let (from, to) = (account(), account());
        if from == to {
            return true;
        }
        let moved = commit_blocking(&self.engine, Actor::SYSTEM, move |draft| {
            let (left, right) = (balance(draft, from), balance(draft, to));
            put(draft, from, left - 1)?;
            put(draft, to, right + 1)
        });
        match moved {
            Ok(()) => true,
            Err(Error::Overloaded { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Transfers from many threads until `act` is done; how long each took, and what `act` gave.
    fn beside<T>(&self, act: impl FnOnce() -> T) -> (Vec<Duration>, T) {
        let (done, all) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let acted = std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (done, all) = (&done, &all);
                scope.spawn(move || {
                    let (mut random, mut took) = (SplitMix::new(writer), Vec::new());
                    while !done.load(Ordering::Relaxed) {
                        let started = Instant::now();
                        if self.transfer(&mut random) {
                            took.push(started.elapsed());
                        } else {
                            std::thread::sleep(Duration::from_millis(10));
                        }
                    }
                    all.lock().unwrap().extend(took);
                });
            }
            let acted = act();
            done.store(true, Ordering::Relaxed);
            acted
        });
        let mut took = all.into_inner().unwrap();
        took.sort();
        (took, acted)
    }

    fn save(&self, name: &str) -> Report {
        let path = self.dir.path().join(name);
        let stop = &Stop::default();
        let target = Target { path: &path, replace: false, pace: Pace::Beside, stop };
        backup::save(helpdesk(), target, |out| {
            backup::write(&self.engine, Pace::Beside, out).map(drop)
        })
        .unwrap()
    }

    /// Makes a backup while nobody writes, as fast as it goes, and tells what it and restoring it took.
    fn measure(&self) {
        let (path, stop) = (self.dir.path().join("alone"), &Stop::default());
        let target = Target { path: &path, replace: false, pace: Pace::Full, stop };
        let started = Instant::now();
        let report: Result<Report, Fault> = backup::save(helpdesk(), target, |out| {
            backup::write(&self.engine, Pace::Full, out).map(drop)
        });
        let (report, took) = (report.unwrap(), started.elapsed());
        eprintln!("backup without writers: {} bytes in {took:?}", report.bytes);
        eprintln!("its data folder: {} bytes", bytes_in(&self.dir.path().join("data")));
        let took = self.check("alone", &report);
        eprintln!("restore of it: {took:?}");
    }

    /// Restores a backup and counts what is on all accounts; how long restoring took.
    fn check(&self, name: &str, report: &Report) -> Duration {
        let new = self.dir.path().join(format!("{name}-restored"));
        let files = Arc::new(RealFiles) as _;
        let from = self.dir.path().join(name);
        let started = Instant::now();
        let restored = backup::restore(helpdesk(), &files, &from, Options::new(&new)).unwrap();
        let took = started.elapsed();
        assert_eq!(restored, *report);
        let engine = open(&new);
        let root = engine.root();
        let sum: i64 = (1..=self.accounts.cast_signed()).map(|id| balance(&*root, id)).sum();
        assert_eq!(sum, BALANCE * self.accounts.cast_signed(), "at {}", report.seq);
        took
    }
}

/// What the files below a folder hold.
fn bytes_in(dir: &Path) -> u64 {
    let below = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    below
        .map(|entry| match entry.metadata().unwrap() {
            found if found.is_dir() => bytes_in(&entry.path()),
            found => found.len(),
        })
        .sum()
}

fn percentile(took: &[Duration], percent: usize) -> Duration {
    took[(took.len() - 1) * percent / 100]
}

#[test]
fn backups_beside_writers_hold_whole_transactions_and_hardly_slow_them() {
    let tickets = number_from("TESSERA_BACKUP_TICKETS", 2000);
    let bank = Bank::new(tickets);
    let calm = Duration::from_secs(if tickets > 10_000 { 10 } else { 1 });
    let (before, ()) = bank.beside(|| std::thread::sleep(calm));
    let started = Instant::now();
    let (during, reports) = bank.beside(|| {
        std::thread::scope(|scope| {
            let second = scope.spawn(|| (tickets <= 10_000).then(|| bank.save("second")));
            (bank.save("first"), second.join().unwrap())
        })
    });
    let took = started.elapsed();
    for (name, took) in [("without", &before), ("with", &during)] {
        let (half, p99) = (percentile(took, 50), percentile(took, 99));
        eprintln!("{name} a backup: {} transfers, p50 {half:?}, p99 {p99:?}", took.len());
    }
    let (first, second) = reports;
    eprintln!("backup of {tickets} tickets: {} bytes in {took:?}", first.bytes);
    bank.check("first", &first);
    if let Some(second) = second {
        bank.check("second", &second);
    }
    bank.measure();
    if tickets > 10_000 {
        assert!(percentile(&during, 99) <= 2 * percentile(&before, 99), "the writers noticed");
    }
}

#[test]
fn of_two_backups_to_one_file_one_is_refused() {
    let bank = Bank::new(50);
    let path = bank.dir.path().join("one");
    let stop = &Stop::default();
    let target = Target { path: &path, replace: true, pace: Pace::Full, stop };
    let save = |meanwhile: &dyn Fn()| {
        backup::save(helpdesk(), target, |out| {
            meanwhile();
            backup::write(&bank.engine, Pace::Full, out).map(drop)
        })
    };
    save(&|| {
        let refused = save(&|| {}).unwrap_err().to_string();
        assert!(refused.ends_with("another backup is writing it"), "{refused}");
    })
    .unwrap();
    verified(&path).unwrap();
    save(&|| {}).unwrap();
}
