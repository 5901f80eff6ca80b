//! Queries over a store's snapshot and over plain rows give the same, whatever the data and the plan.

use std::{collections::HashMap, fs::File, sync::Arc};

use super::{Actor, Change, Commit, Root, Seq, image::bytes, root::Texts};
use crate::{
    error::Error,
    model::{Key, SetId},
    query::random::{LARGE, Load, Made, SMALL, World, check},
    time::Timestamp,
};

/// All long texts are with the root.
struct NoTexts;

impl Texts for NoTexts {
    fn read(&self, _: SetId, _: &Key, _: u16, _: Seq) -> Result<Arc<str>, Error> {
        Err(Error::internal(&"a long text is missing from memory"))
    }
}

/// Long texts by place, as records keep them.
#[derive(Default)]
struct KeptTexts(HashMap<(SetId, Key, u16, Seq), Arc<str>>);

impl Texts for KeptTexts {
    fn read(&self, set: SetId, key: &Key, tag: u16, seq: Seq) -> Result<Arc<str>, Error> {
        let found = self.0.get(&(set, key.clone(), tag, seq)).cloned();
        found.ok_or_else(|| Error::internal(&"a long text was not kept"))
    }
}

/// The state that the deeds of a world make, each put a transaction.
fn root(world: &World) -> Root {
    done(world, Root::empty(world.model, world.zone.clone(), Arc::new(NoTexts)))
}

/// The same, where a property of three values has many.
fn root_of_many(world: &World) -> Root {
    let mut root = Root::empty(world.model, world.zone.clone(), Arc::new(NoTexts));
    root.keep_few(2);
    done(world, root)
}

fn done(world: &World, mut root: Root) -> Root {
    for commit in &commits(world) {
        root.apply(commit);
    }
    root
}

/// The same, half of it from an image and the rest repeated, as a start behind a kill does it.
fn imaged(world: &World) -> Root {
    let (model, commits) = (world.model, commits(world));
    let mut texts = KeptTexts::default();
    for commit in &commits {
        for change in &commit.changes {
            if let Change::Text { set, key, tag, text } = change {
                texts.0.insert((*set, key.clone(), *tag, commit.seq), Arc::clone(text));
            }
        }
    }
    let texts: Arc<dyn Texts> = Arc::new(texts);
    let mut before = Root::empty(model, world.zone.clone(), Arc::clone(&texts));
    let (early, late) = commits.split_at(commits.len() / 2);
    for commit in early {
        before.apply(commit);
    }
    before.fold();
    let file = tempfile::NamedTempFile::new().unwrap();
    bytes::write(&before, file.path(), &bytes::Pace::Full).unwrap();
    let read = bytes::read(model, File::open(file.path()).unwrap(), &|_| Ok(())).unwrap();
    let mut root = Root::of(model, world.zone.clone(), texts, (&read.applied, read.sets));
    for commit in late {
        root.replay(commit);
    }
    root.settle_loaded();
    root
}

fn commits(world: &World) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    let commit =
        |seq, changes| Commit { seq, at: Timestamp::from_micros(0), actor: Actor::SYSTEM, changes };
    world.play(|made| match made {
        Made::Put { row, key, texts } => {
            let text = |(tag, text)| Change::Text { set: row.set, key: key.clone(), tag, text };
            let mut changes: Vec<Change> = texts.into_iter().map(text).collect();
            changes.push(Change::Put { set: row.set, key, record: row.record });
            commits.push(commit(row.version, changes));
        }
        Made::Delete { set, key } => {
            let delete = Change::Delete { set, key };
            match commits.last_mut() {
                Some(last) => last.changes.push(delete),
                None => commits.push(commit(0, vec![delete])),
            }
        }
    });
    commits
}

#[test]
fn a_snapshot_answers_as_plain_rows_do() {
    check(SMALL, root);
}

#[test]
fn a_snapshot_of_many_values_answers_as_plain_rows_do() {
    check(Load { cases: SMALL.cases / 4, ..SMALL }, root_of_many);
}

#[test]
fn a_snapshot_of_many_chunks_answers_as_plain_rows_do() {
    check(LARGE, root);
}

#[test]
fn a_snapshot_of_an_image_and_the_journal_behind_it_answers_as_plain_rows_do() {
    check(SMALL, imaged);
}

#[test]
fn a_snapshot_of_an_image_of_many_chunks_answers_as_plain_rows_do() {
    check(LARGE, imaged);
}
