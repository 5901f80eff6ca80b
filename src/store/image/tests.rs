use std::{fs, path::Path, sync::Arc};

use super::*;
use crate::{
    error::Error,
    model::{Key, Row, Value, helpdesk, props::ticket, set},
    store::{
        Actor, Draft, Edit, Embedded, Snapshot, commit_blocking,
        embedded::{Opened, Options},
    },
};

fn open(dir: &Path) -> (Embedded, Opened) {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let mut options = Options::new(dir);
    options.journal.segment_bytes = 64 << 10;
    Embedded::open(helpdesk(), &files, options).unwrap()
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

fn filled(dir: &Path) -> Embedded {
    let (engine, opened) = open(dir);
    assert!(!opened.imaged);
    for id in 1..=30 {
        write(&engine, id, "Ärger");
    }
    write(&engine, 5, "printer");
    commit_blocking(&engine, Actor::SYSTEM, |draft| Ok(draft.delete(set::TICKETS, &Key::Int(7))))
        .unwrap();
    engine
}

/// Everything a state shows, and what it finds by an index.
type Shown = (Applied, Vec<Vec<Row>>, Vec<usize>);

fn shown(engine: &Embedded) -> Shown {
    let (root, model) = (engine.root(), helpdesk());
    let rows = stored(model).map(|(set, _)| root.rows(set).collect()).collect();
    let found = (0..=31).map(|id| {
        let wanted = Value::text(&format!("X-{id}"));
        root.rows_where(set::TICKETS, ticket::EXTERNAL_REFERENCE, &wanted).len()
    });
    let found = found.collect();
    (Applied::of(&root, model), rows, found)
}

fn image(dir: &Path) -> std::path::PathBuf {
    Options::new(dir).columns_dir().join(NAME)
}

/// What stands there after a start, which must show the same as before.
#[track_caller]
fn check(dir: &Path, before: &Shown, imaged: bool) {
    let (engine, opened) = open(dir);
    assert_eq!((opened.imaged, opened.rebuilt), (imaged, None));
    assert_eq!(shown(&engine), *before);
    assert!(!image(dir).exists(), "it could outlive what is written from now on");
}

#[test]
fn a_start_behind_a_clean_stop_has_the_columns_of_the_image() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path());
    let before = shown(&engine);
    drop(engine);
    let bytes = fs::read(image(dir.path())).unwrap();
    check(dir.path(), &before, true);
    check(dir.path(), &before, true);
    assert!(fs::read(image(dir.path())).unwrap() == bytes, "nothing changed");
    // Without it, the columns are made of the records, and are the same.
    fs::remove_file(image(dir.path())).unwrap();
    check(dir.path(), &before, false);
    check(dir.path(), &before, true);
    // What is written from there on is in the next.
    let (engine, _) = open(dir.path());
    write(&engine, 5, "scanner");
    write(&engine, 40, "scanner");
    let before = shown(&engine);
    assert_eq!(engine.root().next_id(set::TICKETS), 41);
    drop(engine);
    check(dir.path(), &before, true);
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
        check(dir.path(), &before, false);
    }
    check(dir.path(), &before, true);
}

#[test]
fn an_image_of_another_time_or_folder_is_not_used() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(dir.path()));
    drop(filled(other.path()));
    let older = fs::read(image(dir.path())).unwrap();
    let (engine, _) = open(dir.path());
    write(&engine, 1, "later");
    let before = shown(&engine);
    drop(engine);
    let newer = fs::read(image(dir.path())).unwrap();
    for stale in [older.clone(), fs::read(image(other.path())).unwrap()] {
        fs::write(image(dir.path()), stale).unwrap();
        check(dir.path(), &before, false);
    }
    // One that is ahead of journal and records, as of a folder whose rest was put back from before.
    fs::write(image(other.path()), newer).unwrap();
    let (engine, opened) = open(other.path());
    assert!(!opened.imaged);
    assert_eq!(engine.root().seq() + 1, before.0.seq);
}

#[test]
fn a_stop_that_was_none_leaves_no_image() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(dir.path()));
    let (engine, opened) = open(dir.path());
    assert!(opened.imaged);
    write(&engine, 3, "unheard of");
    let before = shown(&engine);
    // As a killed process leaves it: the image is not under its name.
    copy_all(dir.path(), copy.path());
    drop(engine);
    let (engine, opened) = open(copy.path());
    assert!(!opened.imaged);
    assert_eq!(shown(&engine).0, before.0);
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

#[test]
fn a_recovery_uses_no_image() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path());
    let before = shown(&engine);
    drop(engine);
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let mut options = Options::new(dir.path());
    options.journal.segment_bytes = 64 << 10;
    options.recover = true;
    let (engine, opened) = Embedded::open(helpdesk(), &files, options).unwrap();
    assert!(!opened.imaged);
    assert_eq!(shown(&engine), before);
    drop(engine);
    check(dir.path(), &before, true);
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
