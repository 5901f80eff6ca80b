use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{bytes::stored, *};
use crate::{
    error::Error,
    model::{Key, Row, Value, helpdesk, props::ticket, set},
    query::Source,
    store::{
        Actor, Draft, Edit, Embedded, Snapshot, Store,
        columns::image::shape,
        commit_blocking,
        embedded::{Opened, Options},
        trust::Trust,
    },
};

fn open_with(dir: &Path, change: impl FnOnce(&mut Options)) -> (Embedded, Opened) {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let mut options = Options::new(dir);
    options.journal.segment_bytes = 64 << 10;
    change(&mut options);
    Embedded::open(helpdesk(), &files, options).unwrap()
}

fn open(dir: &Path) -> (Embedded, Opened) {
    open_with(dir, |_| {})
}

/// Makes or replaces a ticket of that number, in each fourth without a long text.
fn write(engine: &Embedded, id: i64, title: &str) {
    let title = title.to_owned();
    let run = move |draft: &mut dyn Draft| -> Result<(), Error> {
        let model = helpdesk();
        let mut edit = Edit::new(model, set::TICKETS);
        edit.set(model, ticket::ID, id);
        edit.set(model, ticket::TITLE, title.as_str());
        edit.set(model, ticket::EXTERNAL_REFERENCE, format!("X-{id}").as_str());
        edit.set(model, ticket::TAGS, Value::List([Value::text(&title)].into()));
        edit.set(model, ticket::UPDATED, draft.now());
        if id % 4 != 0 {
            edit.set(model, ticket::DESCRIPTION, "long ".repeat(100).as_str());
        }
        draft.put(set::TICKETS, edit).map(drop)
    };
    commit_blocking(engine, Actor::SYSTEM, run).unwrap();
}

fn delete(engine: &Embedded, id: i64) {
    let run = move |draft: &mut dyn Draft| Ok(draft.delete(set::TICKETS, &Key::Int(id)));
    commit_blocking(engine, Actor::SYSTEM, run).unwrap();
}

fn filled(dir: &Path) -> Embedded {
    let (engine, opened) = open(dir);
    assert_eq!(opened.imaged, None);
    for id in 1..=30 {
        write(&engine, id, "Ärger");
    }
    write(&engine, 5, "printer");
    delete(&engine, 7);
    engine
}

/// Everything a state shows, and what it finds by an index and in a kept order.
type Shown = (Applied, Vec<Vec<Row>>, Vec<usize>, Vec<Vec<(i64, Key)>>);

fn shown(engine: &Embedded) -> Shown {
    let (root, model) = (engine.root(), helpdesk());
    let rows = stored(model).map(|(set, _)| root.rows(set).collect()).collect();
    let found = (0..=41).map(|id| {
        let wanted = Value::text(&format!("X-{id}"));
        root.rows_where(set::TICKETS, ticket::EXTERNAL_REFERENCE, &wanted).len()
    });
    let found = found.collect();
    let orders = stored(model).flat_map(|(set, _)| {
        let columns = root.columns(set);
        let orders = model.entity_type(set).props().filter_map(|(prop, _)| columns.ordered(prop));
        let by_key = |(rank, at)| (rank, columns.key(at));
        orders.map(|order| order.iter().map(by_key).collect()).collect::<Vec<_>>()
    });
    let orders = orders.collect();
    (Applied::of(&root, model), rows, found, orders)
}

fn image(dir: &Path) -> std::path::PathBuf {
    Options::new(dir).columns_dir().join(NAME)
}

/// What stands there after a start must be what stood there before; `imaged` says up to which
/// transaction it comes from the image. What journal and records make must be the same.
#[track_caller]
fn check(dir: &Path, before: &Shown, imaged: Option<Seq>) {
    let (engine, opened) = open(dir);
    assert_eq!((opened.imaged, opened.rebuilt), (imaged, None));
    assert_eq!(shown(&engine), *before);
    assert_eq!(engine.check().unwrap().faults, Vec::<String>::new());
}

/// The folder as a killed process leaves it, in the same run of the machine.
fn killed(engine: &Embedded, to: &Path) {
    let from = &engine.options().dir;
    copy_all(from, to);
    Trust::read(&Options::new(to).workspace()).unwrap().in_use().unwrap();
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Waits until the records have everything.
fn settle(engine: &Embedded) {
    let started = Instant::now();
    while engine.applied() < engine.root().seq() {
        assert!(started.elapsed() < Duration::from_mins(1), "the records do not come up");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_start_has_the_columns_of_the_image_and_of_the_journal_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path());
    let before = shown(&engine);
    let seq = before.0.seq;
    drop(engine);
    let bytes = fs::read(image(dir.path())).unwrap();
    check(dir.path(), &before, Some(seq));
    check(dir.path(), &before, Some(seq));
    // Changes, deletions and new rows that the image does not have.
    let (engine, _) = open(dir.path());
    for (id, title) in [(5, "scanner"), (40, "scanner"), (7, "back"), (41, "gone")] {
        write(&engine, id, title);
    }
    delete(&engine, 9);
    delete(&engine, 41);
    let before = shown(&engine);
    assert_eq!(engine.root().next_id(set::TICKETS), 42);
    drop(engine);
    assert!(fs::read(image(dir.path())).unwrap() == bytes, "it will do, and is not written again");
    check(dir.path(), &before, Some(seq));
    // Without it, the columns are made of the records, and are the same.
    fs::remove_file(image(dir.path())).unwrap();
    check(dir.path(), &before, None);
    check(dir.path(), &before, Some(before.0.seq));
}

#[test]
fn a_killed_process_leaves_an_image_of_before_and_the_next_start_uses_it() {
    let (dir, killed_at) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(dir.path()));
    let (engine, opened) = open(dir.path());
    let imaged = opened.imaged;
    assert!(imaged.is_some());
    for id in 20..=35 {
        write(&engine, id, "unheard of");
    }
    delete(&engine, 3);
    settle(&engine);
    let before = shown(&engine);
    killed(&engine, killed_at.path());
    check(killed_at.path(), &before, imaged);
    fs::remove_file(image(killed_at.path())).unwrap();
    check(killed_at.path(), &before, None);
}

#[test]
fn records_that_lag_behind_the_journal_are_brought_up_behind_the_image() {
    let (dir, killed_at) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(dir.path()));
    let (engine, opened) = open(dir.path());
    write(&engine, 31, "in the records");
    settle(&engine);
    killed(&engine, killed_at.path());
    write(&engine, 32, "in the journal only");
    delete(&engine, 2);
    let before = shown(&engine);
    let (from, to) = (engine.options().journal_dir(), Options::new(killed_at.path()).journal_dir());
    copy_all(&from, &to);
    let (engine, again) = open(killed_at.path());
    assert_eq!((again.imaged, again.replayed), (opened.imaged, 2));
    assert_eq!(shown(&engine), before);
    drop(engine);
    check(killed_at.path(), &before, opened.imaged);
}

#[test]
fn a_folder_of_another_run_of_the_machine_has_its_records_read() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(dir.path()));
    let (engine, _) = open(dir.path());
    write(&engine, 3, "unheard of");
    settle(&engine);
    let before = shown(&engine);
    // Nothing tells this copy of a running process from what a power cut leaves.
    copy_all(dir.path(), copy.path());
    check(copy.path(), &before, None);
    check(copy.path(), &before, Some(before.0.seq));
}

#[test]
fn an_image_is_written_beside_the_work_and_named_once_the_records_have_it() {
    let (dir, killed_at) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (engine, _) = open_with(dir.path(), |options| options.image_journal_bytes = 8 << 10);
    let started = Instant::now();
    let mut id = 0;
    while !image(dir.path()).exists() {
        id = id % 40 + 1;
        write(&engine, id, &format!("{id}"));
        assert!(started.elapsed() < Duration::from_mins(1), "none was written");
    }
    settle(&engine);
    let before = shown(&engine);
    killed(&engine, killed_at.path());
    let (again, opened) = open(killed_at.path());
    assert!(opened.imaged.is_some_and(|seq| 0 < seq && seq <= before.0.seq), "{opened:?}");
    assert_eq!(shown(&again), before);
}

#[test]
fn an_image_that_is_not_as_it_was_written_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path());
    let before = shown(&engine);
    drop(engine);
    let path = image(dir.path());
    let sound = fs::read(&path).unwrap();
    let length = sound.len();
    let mut damaged: Vec<Vec<u8>> = Vec::new();
    for at in
        [0, 7, 8, 39, 40, 44, 60, length / 3, length / 2, length - 33, length - 32, length - 1]
    {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        damaged.push(bytes);
    }
    damaged.extend([0, 8, 31, 32, 50, length / 2, length - 1].map(|at| sound[..at].to_vec()));
    damaged.push([&sound[..], b"\0"].concat());
    damaged.push([&sound[..length - 32], b"\0", &sound[length - 32..]].concat());
    for bytes in damaged {
        fs::write(&path, bytes).unwrap();
        check(dir.path(), &before, None);
    }
    check(dir.path(), &before, Some(before.0.seq));
}

#[test]
fn an_image_that_does_not_lead_to_what_the_records_count_is_not_used() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(other.path()));
    let engine = filled(dir.path());
    let (before, early) = (shown(&engine), engine.root().seq());
    drop(engine);
    // Of a folder where other things happened up to the same transaction.
    let foreign = fs::read(image(other.path())).unwrap();
    fs::write(image(dir.path()), &foreign).unwrap();
    check(dir.path(), &before, None);
    // Of that folder again, with journal of ours behind it.
    let (engine, opened) = open(dir.path());
    assert_eq!(opened.imaged, Some(early));
    write(&engine, 1, "later");
    let before = shown(&engine);
    drop(engine);
    fs::write(image(dir.path()), &foreign).unwrap();
    check(dir.path(), &before, None);
    // One that is ahead of journal and records, as of a folder whose rest was put back from before.
    let newer = fs::read(image(dir.path())).unwrap();
    fs::write(image(other.path()), newer).unwrap();
    let (engine, opened) = open(other.path());
    assert_eq!(opened.imaged, None);
    assert_eq!(engine.root().seq() + 1, before.0.seq);
}

#[test]
fn an_image_whose_journal_is_gone_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path());
    let seq = engine.root().seq();
    drop(engine);
    let old = fs::read(image(dir.path())).unwrap();
    let (engine, _) = open_with(dir.path(), |options| {
        options.checkpoint_journal_bytes = 20 << 10;
        options.history = Duration::ZERO;
    });
    let started = Instant::now();
    while engine.changes_since(seq).is_ok() {
        (1..=10).for_each(|id| write(&engine, id, "round"));
        assert!(started.elapsed() < Duration::from_mins(1), "the journal is not trimmed");
    }
    let before = shown(&engine);
    drop(engine);
    fs::write(image(dir.path()), old).unwrap();
    check(dir.path(), &before, None);
}

#[test]
fn a_recovery_uses_no_image() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path());
    let before = shown(&engine);
    drop(engine);
    let (engine, opened) = open_with(dir.path(), |options| options.recover = true);
    assert_eq!(opened.imaged, None);
    assert_eq!(shown(&engine), before);
    drop(engine);
    check(dir.path(), &before, Some(before.0.seq));
}

#[test]
fn columns_of_another_model_have_another_shape() {
    let ours = shape(helpdesk());
    let mut other = helpdesk().clone();
    let tickets = other.set(set::TICKETS).ty;
    let properties = &mut other.structs[usize::from(tickets.0)].properties;
    properties[usize::from(ticket::TITLE.0)].kept = crate::model::Kept::Plainly;
    assert_ne!(shape(&other), ours);
    assert_eq!(shape(helpdesk()), ours);
}
