//! What a start that was killed half-way leaves to the next.

use super::*;
use crate::store::{checkpoint, records::Applied};

/// What a recovery could not save is nowhere but in the records, until a checkpoint has it.
#[test]
fn a_journal_with_a_gap_gets_its_checkpoint_even_if_the_recovery_was_killed_before() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 5);
    let options = engine.options().clone();
    engine.close();
    drop(engine);
    let path = fs::read_dir(options.journal_dir()).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&path).unwrap();
    let page = usize::try_from(crate::store::journal::PAGE).unwrap();
    bytes[2 * page + 100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (engine, opened) = open_with(dir.path(), |options| options.recover = true);
    assert_eq!((opened.lost.len(), opened.checkpoint_seq), (1, 5));
    assert_eq!((titles(&engine).len(), opened.rebuilt), (5, None));
    drop(engine);
    fs::remove_dir_all(options.checkpoints_dir()).unwrap();
    for has_written in [5, 5] {
        let (engine, opened) = open_with(dir.path(), |_| {});
        assert_eq!((opened.lost.len(), opened.checkpoint_seq), (0, has_written));
        assert_eq!((titles(&engine).len(), opened.rebuilt), (5, None));
        drop(engine);
    }
    fs::remove_dir_all(options.records_dir()).unwrap();
    assert_eq!(titles(&open(dir.path())).len(), 5);
}

#[test]
fn what_was_set_aside_first_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let records = dir.path().join("records");
    for number in 1..=5 {
        fs::create_dir(&records).unwrap();
        fs::write(records.join("number"), number.to_string()).unwrap();
        let aside = recovery::set_aside(&records).unwrap().unwrap();
        assert_eq!(fs::read_to_string(aside.join("number")).unwrap(), number.to_string());
        assert!(!records.exists());
    }
    assert_eq!(recovery::set_aside(&records).unwrap(), None);
    let number = |name: &str| fs::read_to_string(dir.path().join(name).join("number")).unwrap();
    let kept = ["records.damaged", "records.damaged-2", "records.damaged-3"].map(number);
    assert_eq!(kept, ["1", "2", "5"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    recovery::remove_aside(&records);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_restarted_journal_gets_its_checkpoint_even_if_the_start_was_killed_before() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 5);
    let options = engine.options().clone();
    drop(engine);
    fs::remove_dir_all(options.journal_dir()).unwrap();
    let (engine, opened) = open_with(dir.path(), |options| options.recover = true);
    assert!(opened.restarted && opened.checkpoint_seq == 5);
    drop(engine);
    fs::remove_dir_all(options.checkpoints_dir()).unwrap();
    let (engine, opened) = open_with(dir.path(), |_| {});
    assert_eq!((opened.restarted, opened.checkpoint_seq), (false, 5));
    drop(engine);
    fs::remove_dir_all(options.records_dir()).unwrap();
    assert_eq!(titles(&open(dir.path())).len(), 5);
}

/// Such records have no position yet; the whole journal was repeated over them, and they lost records and
/// long texts.
#[test]
fn records_that_a_killed_start_left_half_made_are_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 20);
    commit_blocking(&engine, Actor::SYSTEM, |draft| rewrite(draft, 3, &"other ".repeat(100)))
        .unwrap();
    let (options, root) = (engine.options().clone(), engine.root());
    let going_on = AtomicBool::new(false);
    checkpoint::write(&root, &options.checkpoints_dir(), &going_on).unwrap();
    let counts = root.counts(set::TICKETS);
    drop(root);
    engine.close();
    // As after all pieces of the checkpoint but the last.
    engine.records().write(&[], &Applied::default()).unwrap();
    drop(engine);
    let (engine, opened) = open_with(dir.path(), |_| {});
    assert!(opened.rebuilt.is_some());
    assert_eq!(engine.root().counts(set::TICKETS), counts);
    assert_eq!(engine.check().unwrap().faults, Vec::<String>::new());
    report_after(engine, &dir);
}
