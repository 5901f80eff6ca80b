//! The index finds what is there, whatever happened to it and to the engine in between.

use std::{fs, path::Path};

use super::*;
use crate::{
    error::Error,
    model::{helpdesk, props::ticket, set},
    query::{
        Hits, Search,
        search::{Place, Term, Words},
    },
    search::WRITER_BYTES_MIN,
    store::{
        Actor, Draft, Edit, Embedded, Store, commit_blocking, embedded::Options, files::RealFiles,
    },
};

fn open_as(dir: &Path, search: Option<u64>) -> Embedded {
    let files: Arc<dyn Files> = Arc::new(RealFiles);
    let mut options = Options::new(dir);
    options.journal.segment_bytes = 64 << 10;
    options.search_writer_bytes = search;
    Embedded::open(helpdesk(), &files, options).unwrap().0
}

fn open(dir: &Path) -> Embedded {
    open_as(dir, Some(WRITER_BYTES_MIN))
}

fn put(engine: &Embedded, id: i64, title: &str, description: &str) {
    let (title, description) = (title.to_owned(), description.to_owned());
    let run = move |draft: &mut dyn Draft| {
        let model = helpdesk();
        let mut edit = Edit::new(model, set::TICKETS);
        edit.set(model, ticket::ID, id);
        edit.set(model, ticket::TITLE, title.as_str());
        edit.set(model, ticket::DESCRIPTION, description.as_str());
        edit.set(model, ticket::UPDATED, draft.now());
        draft.put(set::TICKETS, edit).map(|_| ())
    };
    commit_blocking(engine, Actor::SYSTEM, run).unwrap();
}

fn delete(engine: &Embedded, id: i64) {
    let run = move |draft: &mut dyn Draft| -> Result<bool, Error> {
        Ok(draft.delete(set::TICKETS, &Key::Int(id)))
    };
    assert!(commit_blocking(engine, Actor::SYSTEM, run).unwrap());
}

fn ask(engine: &Embedded, text: &str) -> Result<Option<Hits>, Error> {
    let term = Term::Words(Words::of(text, true).unwrap());
    let places = [ticket::TITLE, ticket::DESCRIPTION].map(Place::Own).to_vec();
    let root = engine.root();
    root.search(set::TICKETS, &Search { term, places }, &context(&*root))
}

/// What is found once the index shows what was committed so far.
fn found(engine: &Embedded, text: &str) -> Vec<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let current = engine.wait_for_search(engine.snapshot().seq());
    let waited =
        runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), current).await });
    waited.expect("the index stays behind");
    ask(engine, text).unwrap().unwrap().ids().unwrap().to_vec()
}

fn index_of(dir: &Path) -> PathBuf {
    Options::new(dir).search_dir()
}

#[test]
fn what_is_written_changed_and_deleted_is_found_so() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    put(&engine, 1, "printer down", "since monday");
    put(&engine, 2, "mail", "monday again");
    assert_eq!(found(&engine, "monday"), [1, 2]);
    put(&engine, 1, "printer down", "since tuesday");
    delete(&engine, 2);
    assert_eq!((found(&engine, "monday"), found(&engine, "print*")), (vec![], vec![1]));
    // A change that leaves the texts alone.
    put(&engine, 1, "printer down", "since tuesday");
    put(&engine, 3, "printer", "");
    assert_eq!((found(&engine, "tuesday"), found(&engine, "printer")), (vec![1], vec![1, 3]));
}

#[test]
fn what_was_written_without_the_index_is_found_after_a_start() {
    let dir = tempfile::tempdir().unwrap();
    put(&open_as(dir.path(), None), 1, "printer", "");
    let engine = open(dir.path());
    assert_eq!(found(&engine, "printer"), [1]);
    drop(engine);
    let files = fs::read_dir(index_of(dir.path())).unwrap().count();
    let engine = open_as(dir.path(), None);
    assert_eq!(ask(&engine, "printer"), Ok(None));
    put(&engine, 1, "scanner", "");
    put(&engine, 2, "printer", "");
    drop(engine);
    let engine = open(dir.path());
    assert_eq!((found(&engine, "printer"), found(&engine, "scanner")), (vec![2], vec![1]));
    drop(engine);
    // It was brought up to date, not built anew.
    assert!(!index_of(dir.path()).with_extension("damaged").exists() && files > 0);
}

#[test]
fn an_index_that_is_gone_or_damaged_is_built_anew() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    put(&engine, 1, "printer", "down");
    put(&engine, 2, "printer", "");
    assert_eq!(found(&engine, "printer"), [1, 2]);
    drop(engine);
    let index = index_of(dir.path());
    let file = |extension: &str| {
        let mut files = fs::read_dir(&index).unwrap().map(|file| file.unwrap().path());
        files.find(|file| file.extension().is_some_and(|found| found == extension)).unwrap()
    };
    let spoil: [&dyn Fn(); 5] = [
        &|| fs::remove_dir_all(&index).unwrap(),
        &|| fs::write(index.join("meta.json"), "{").unwrap(),
        &|| fs::write(file("idx"), [7; 900]).unwrap(),
        &|| fs::remove_file(file("fast")).unwrap(),
        &|| fs::write(file("term"), "").unwrap(),
    ];
    for spoil in spoil {
        spoil();
        let engine = open(dir.path());
        assert_eq!((found(&engine, "printer"), found(&engine, "down")), (vec![1, 2], vec![1]));
        drop(engine);
        assert!(!index.with_extension("damaged").exists(), "it was set aside for nothing");
    }
}

#[test]
fn an_index_of_another_history_is_built_anew() {
    let one = tempfile::tempdir().unwrap();
    let make = |dir: &Path, titles: &[&str]| {
        let engine = open(dir);
        for (id, title) in (1..).zip(titles) {
            put(&engine, id, title, "");
        }
        assert_eq!(found(&engine, titles[0]), [1]);
    };
    make(one.path(), &["printer", "mail"]);
    for titles in [&["scanner"][..], &["scanner", "phone"]] {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), titles);
        fs::remove_dir_all(index_of(dir.path())).unwrap();
        // One that knows more, then one of other transactions with the same numbers.
        fs::create_dir(index_of(dir.path())).unwrap();
        for file in fs::read_dir(index_of(one.path())).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), index_of(dir.path()).join(file.file_name())).unwrap();
        }
        let engine = open(dir.path());
        assert_eq!((found(&engine, "scanner"), found(&engine, "printer")), (vec![1], vec![]));
    }
}

#[test]
fn too_many_changes_at_once_are_read_from_the_journal() {
    let batch = |count: i64| Batch {
        touched: (0..count).map(|id| (set::TICKETS, Key::Int(id))).collect(),
        is_over: false,
        newest: None,
    };
    let mut all = batch(1 << 16);
    assert!(!all.is_over);
    all.append(batch(1));
    assert!(all.is_over && all.touched.is_empty());
    all.append(batch(1));
    assert!(all.is_over && all.touched.is_empty());
}
