mod unfinished;

use std::{fs, path::Path, sync::Arc, time::Duration};

use super::*;
use crate::{
    error::Error,
    model::{Key, Value, helpdesk, props::ticket, set},
    query::Source,
    store::{
        Actor, Draft, Edit,
        check::{Report, check},
        commit_blocking,
        files::RealFiles,
    },
    time::{Clock, Timestamp},
};

fn real() -> Arc<dyn Files> {
    Arc::new(RealFiles)
}

fn open(dir: &Path) -> Embedded {
    open_with(dir, |_| {}).0
}

fn open_with(dir: &Path, change: impl FnOnce(&mut Options)) -> (Embedded, Opened) {
    let mut options = Options::new(dir);
    options.journal.segment_bytes = 64 << 10;
    change(&mut options);
    Embedded::open(helpdesk(), &real(), options).unwrap()
}

fn report(dir: &Path) -> Report {
    let mut options = Options::new(dir);
    options.journal.segment_bytes = 64 << 10;
    let (report, _) = check(helpdesk(), &real(), &options).unwrap();
    assert_eq!(report.faults, Vec::<String>::new());
    report
}

/// Makes or replaces a ticket of that number.
fn write(
    id: i64,
    title: &str,
) -> impl FnMut(&mut dyn Draft) -> Result<i64, Error> + Send + 'static {
    let title = title.to_owned();
    move |draft| {
        let model = helpdesk();
        let mut edit = Edit::new(model, set::TICKETS);
        edit.set(model, ticket::ID, id);
        edit.set(model, ticket::TITLE, title.as_str());
        edit.set(model, ticket::EXTERNAL_REFERENCE, format!("X-{id}").as_str());
        edit.set(model, ticket::DESCRIPTION, "long ".repeat(100).as_str());
        edit.set(model, ticket::UPDATED, draft.now());
        draft.put(set::TICKETS, edit)?;
        Ok(id)
    }
}

fn fill(engine: &Embedded, count: i64) {
    for id in 1..=count {
        commit_blocking(engine, Actor::SYSTEM, write(id, "printer")).unwrap();
    }
}

fn titles(engine: &Embedded) -> Vec<String> {
    let structure = helpdesk().entity_type(set::TICKETS);
    let root = engine.root();
    let title = |row: crate::model::Row| {
        let text = root.long_text(&row, ticket::DESCRIPTION).unwrap();
        assert_eq!(text.as_text().map(str::len), Some(500));
        row.record.get(structure, ticket::TITLE).as_text().unwrap().to_owned()
    };
    root.rows(set::TICKETS).map(title).collect()
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 20);
    commit_blocking(&engine, Actor::SYSTEM, write(3, "scanner")).unwrap();
    let before = engine.root().counts(set::TICKETS);
    drop(engine);
    report(dir.path());
    let (engine, opened) = open_with(dir.path(), |_| {});
    assert_eq!((opened.seq, opened.rebuilt, opened.replayed), (21, None, 0));
    assert_eq!(engine.root().counts(set::TICKETS), before);
    assert_eq!(titles(&engine)[2], "scanner");
    assert_eq!(report_after(engine, &dir).texts, 20);
}

fn report_after(engine: Embedded, dir: &tempfile::TempDir) -> Report {
    drop(engine);
    report(dir.path())
}

#[test]
fn lost_or_damaged_records_are_rebuilt_from_the_journal() {
    for damage in [remove, scramble] {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        fill(&engine, 30);
        commit_blocking(&engine, Actor::SYSTEM, |draft| {
            Ok(draft.delete(set::TICKETS, &Key::Int(30)))
        })
        .unwrap();
        let before = engine.root().counts(set::TICKETS);
        let records = engine.options().records_dir();
        drop(engine);
        damage(&records);
        let (engine, _) = open_with(dir.path(), |_| {});
        assert_eq!(engine.root().counts(set::TICKETS), before);
        assert_eq!(titles(&engine).len(), 29);
        assert_eq!(engine.root().next_id(set::TICKETS), 31, "an id is never used again");
        report_after(engine, &dir);
    }
}

fn remove(records: &Path) {
    fs::remove_dir_all(records).unwrap();
}

fn scramble(records: &Path) {
    let path = records.join("db");
    let mut bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(97) {
        bytes[at] ^= 0x5A;
    }
    fs::write(&path, bytes).unwrap();
}

#[test]
fn a_checkpoint_lets_old_journal_go_and_rebuilds_the_records() {
    let dir = tempfile::tempdir().unwrap();
    let small = |options: &mut Options| {
        options.checkpoint_journal_bytes = 20 << 10;
        options.history = Duration::ZERO;
    };
    let (engine, _) = open_with(dir.path(), small);
    for round in 0..40 {
        for id in 1..=10 {
            commit_blocking(&engine, Actor::SYSTEM, write(id, &format!("round {round}"))).unwrap();
        }
    }
    let before = engine.root().counts(set::TICKETS);
    let records = engine.options().records_dir();
    drop(engine);
    let found = report(dir.path());
    assert!(found.checkpoint_seq > 0);
    assert!(found.journal.first_seq > 1, "the journal was trimmed");
    fs::remove_dir_all(records).unwrap();
    let (engine, opened) = open_with(dir.path(), small);
    assert!(opened.rebuilt.is_some() && opened.seq == 400);
    assert_eq!(engine.root().counts(set::TICKETS), before);
    assert_eq!(titles(&engine), vec!["round 39"; 10]);
    assert!(matches!(engine.changes_since(0).err(), Some(Fault::Trimmed { .. })));
    report_after(engine, &dir);
}

#[test]
fn a_journal_that_ends_before_its_checkpoint_is_refused_and_recovers_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let small = |options: &mut Options| options.checkpoint_journal_bytes = 20 << 10;
    let (engine, _) = open_with(dir.path(), small);
    for round in 0..400 {
        commit_blocking(&engine, Actor::SYSTEM, write(1 + round % 5, &format!("{round}"))).unwrap();
    }
    let options = engine.options().clone();
    drop(engine);
    let covered = report(dir.path()).checkpoint_seq;
    assert!(covered > 10);
    fs::remove_dir_all(options.journal_dir()).unwrap();
    fs::remove_dir_all(options.records_dir()).unwrap();
    // An empty journal where a checkpoint says there was more: begun behind the checkpoint.
    let (engine, opened) = open_with(dir.path(), |options| options.recover = true);
    assert_eq!((engine.root().seq(), opened.checkpoint_seq), (covered, covered));
    commit_blocking(&engine, Actor::SYSTEM, write(9, "after")).unwrap();
    assert_eq!(engine.root().seq(), covered + 1);
    drop(engine);
    let (engine, _) = open_with(dir.path(), |_| {});
    assert_eq!(engine.root().counts(set::TICKETS).rows, 6);
    report_after(engine, &dir);
}

#[test]
fn a_refused_or_panicking_transaction_spares_the_others_and_spends_no_id() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 1);
    let refused = commit_blocking(&engine, Actor::SYSTEM, |draft| {
        write(2, "half")(draft)?;
        Err::<(), _>(Error::TokenInQuery)
    });
    assert_eq!(refused, Err(Error::TokenInQuery));
    let panicked = commit_blocking(&engine, Actor::SYSTEM, |draft| {
        write(2, "half")(draft)?;
        let beyond = usize::try_from(draft.next_id(set::TICKETS).unwrap()).unwrap();
        Ok([0][beyond])
    });
    assert!(matches!(panicked, Err(Error::Internal { .. })));
    let rival = commit_blocking(&engine, Actor::SYSTEM, |draft| {
        let mut edit = Edit::new(helpdesk(), set::TICKETS);
        edit.set(helpdesk(), ticket::ID, draft.next_id(set::TICKETS)?);
        edit.set(helpdesk(), ticket::EXTERNAL_REFERENCE, "X-1");
        draft.put(set::TICKETS, edit).map(drop)
    });
    assert!(matches!(rival, Err(Error::Conflict { target, .. }) if target == "ExternalReference"));
    assert_eq!(engine.root().next_id(set::TICKETS), 2);
    assert_eq!(engine.root().seq(), 1);
    assert_eq!(report_after(engine, &dir).journal.last_seq, 1);
}

#[test]
fn a_part_that_is_refused_leaves_no_trace_in_its_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    commit_blocking(&engine, Actor::SYSTEM, |draft| {
        write(1, "whole")(draft)?;
        let part = draft.attempt(&mut |draft| {
            write(2, "half")(draft)?;
            Err(Error::TokenInQuery)
        });
        assert_eq!(part, Err(Error::TokenInQuery));
        write(3, "whole")(draft).map(drop)
    })
    .unwrap();
    let ids: Vec<Key> = engine.root().rows(set::TICKETS).map(|row| row.key(helpdesk())).collect();
    assert_eq!(ids, [Key::Int(1), Key::Int(3)]);
    report_after(engine, &dir);
}

#[test]
fn the_same_again_is_no_change() {
    let dir = tempfile::tempdir().unwrap();
    let at: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
    let (engine, _) = open_with(dir.path(), |options| options.clock = Clock::fixed(at));
    fill(&engine, 3);
    fill(&engine, 3);
    assert_eq!(engine.root().seq(), 3);
}

/// A token that was revoked and deleted in one transaction stayed in the records, and every later start
/// rebuilt them.
#[test]
fn a_transaction_may_do_several_things_to_one_entity() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let mut dice = 7_u64;
    let mut next = move |below: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % below
    };
    for _ in 0..200 {
        let steps: Vec<(i64, u64)> =
            (0..=next(6)).map(|_| (next(4).cast_signed() + 1, next(4))).collect();
        let run = move |draft: &mut dyn Draft| {
            for (id, what) in &steps {
                match what {
                    0 => {
                        draft.delete(set::TICKETS, &Key::Int(*id));
                    }
                    1 => {
                        write(*id, "printer")(draft)?;
                    }
                    2 => rewrite(draft, *id, &"other ".repeat(100))?,
                    _ => rewrite(draft, *id, "short")?,
                }
            }
            Ok(())
        };
        commit_blocking(&engine, Actor::SYSTEM, run).unwrap();
    }
    let rows = engine.root().rows(set::TICKETS).count() as u64;
    let told = report_after(engine, &dir);
    let tickets = told.sets.iter().find(|(name, _)| *name == "Tickets").unwrap();
    assert_eq!(tickets.1.rows, rows);
    let (engine, opened) = open_with(dir.path(), |_| {});
    assert_eq!(opened.rebuilt, None);
    report_after(engine, &dir);
}

/// Makes or replaces a ticket with that description.
fn rewrite(draft: &mut dyn Draft, id: i64, description: &str) -> Result<(), Error> {
    let model = helpdesk();
    let mut edit = Edit::new(model, set::TICKETS);
    edit.set(model, ticket::ID, id);
    edit.set(model, ticket::DESCRIPTION, description);
    draft.put(set::TICKETS, edit).map(|_| ())
}

#[test]
fn writers_from_many_threads_are_all_in_the_journal_in_one_order() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let engine = &engine;
            scope.spawn(move || {
                for n in 0..25 {
                    commit_blocking(engine, Actor::SYSTEM, write(thread * 25 + n + 1, "t"))
                        .unwrap();
                }
            });
        }
    });
    let commits: Vec<Commit> = engine.changes_since(0).unwrap().collect::<Result<_, _>>().unwrap();
    let seqs: Vec<Seq> = commits.iter().map(|commit| commit.seq).collect();
    assert_eq!(seqs, (1..=200).collect::<Vec<Seq>>());
    assert_eq!(engine.root().counts(set::TICKETS).rows, 200);
    report_after(engine, &dir);
}

#[test]
fn a_snapshot_does_not_change_under_its_reader() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 2);
    let before = engine.snapshot();
    commit_blocking(&engine, Actor::SYSTEM, write(1, "changed")).unwrap();
    let structure = helpdesk().entity_type(set::TICKETS);
    let title = |snapshot: &dyn Snapshot| {
        let row = snapshot.row(set::TICKETS, &Key::Int(1)).unwrap();
        snapshot.long_text(&row, ticket::DESCRIPTION).unwrap();
        row.record.get(structure, ticket::TITLE)
    };
    assert_eq!(title(&*before), Value::text("printer"));
    assert_eq!(title(&*engine.snapshot()), Value::text("changed"));
}

#[test]
fn a_second_engine_on_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _engine = open(dir.path());
    let second = Embedded::open(helpdesk(), &real(), Options::new(dir.path()));
    assert!(matches!(second.err(), Some(Fault::Locked { .. })));
}

#[test]
fn a_journal_that_lost_its_confirmed_end_is_refused_until_asked_to_recover() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 5);
    let journal = engine.options().journal_dir();
    drop(engine);
    let segment = fs::read_dir(&journal).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    let last = (0..bytes.len() / 4096).rev().find(|page| bytes[page * 4096] != 0).unwrap();
    bytes[last * 4096 + 60] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let refused = Embedded::open(helpdesk(), &real(), Options::new(dir.path())).err();
    assert!(matches!(refused, Some(Fault::Damaged { offset, .. }) if offset > 0));
    let checked = check(helpdesk(), &real(), &Options::new(dir.path())).err();
    assert_eq!(checked, refused, "the check says what the start says");
    let (engine, opened) = open_with(dir.path(), |options| options.recover = true);
    // The records still had what the journal lost, and the journal goes on behind them.
    assert_eq!(engine.root().counts(set::TICKETS).rows, 5);
    assert!(opened.restarted && opened.checkpoint_seq == 5);
    commit_blocking(&engine, Actor::SYSTEM, write(6, "after")).unwrap();
    drop(engine);
    assert_eq!(report(dir.path()).journal.last_seq, 6);
    let (engine, opened) = open_with(dir.path(), |_| {});
    assert_eq!((engine.root().counts(set::TICKETS).rows, opened.restarted), (6, false));
}

/// The refusal of an older version whose model is ours after `change`, with records and without.
#[track_caller]
fn check_older(change: impl FnOnce(&mut Model), want: &str) {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 3);
    engine.close();
    drop(engine);
    let mut older = helpdesk().clone();
    change(&mut older);
    let older: &'static Model = Box::leak(Box::new(older));
    let refused = || Embedded::open(older, &real(), Options::new(dir.path())).err().unwrap();
    let fault = refused();
    assert!(matches!(fault, Fault::Unknown { .. }), "{fault}");
    assert!(fault.to_string().starts_with(want), "{fault}");
    fs::remove_dir_all(Options::new(dir.path()).records_dir()).unwrap();
    let fault = refused();
    assert!(matches!(fault, Fault::Unknown { .. }), "{fault}");
    assert!(!dir.path().join("workspaces/default/journal.damaged").exists());
    fs::remove_dir_all(Options::new(dir.path()).records_dir()).unwrap();
    assert_eq!(titles(&open(dir.path())), ["printer"; 3], "nothing was changed");
}

/// An older version took what it did not know for damage, and set its records aside.
#[test]
fn what_a_newer_version_added_is_not_taken_for_damage() {
    check_older(
        |older| {
            let tickets = &mut older.sets[usize::from(set::TICKETS.0)];
            tickets.contents = crate::model::Contents::Stored { code: 999 };
        },
        "the data holds entity set 1, which this version does not know; use the newer version",
    );
    check_older(
        |older| {
            let tickets = older.set(set::TICKETS).ty;
            let properties = &mut older.structs[usize::from(tickets.0)].properties;
            let title = &mut properties[usize::from(ticket::TITLE.0)];
            title.origin =
                crate::model::Origin::Stored { tag: 999, index: crate::model::Index::None };
        },
        "the data holds property 3 of Tickets, which this version does not know",
    );
}
