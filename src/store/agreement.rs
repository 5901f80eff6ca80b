//! Queries over a store's snapshot and over plain rows give the same, whatever the data and the plan.

use std::sync::Arc;

use super::{Actor, Change, Commit, Root, Seq, root::Texts};
use crate::{
    error::Error,
    model::{Key, SetId},
    query::random::{LARGE, Made, SMALL, World, check},
    time::Timestamp,
};

/// All long texts are with the root.
struct NoTexts;

impl Texts for NoTexts {
    fn read(&self, _: SetId, _: &Key, _: u16, _: Seq) -> Result<Arc<str>, Error> {
        Err(Error::internal(&"a long text is missing from memory"))
    }
}

/// The state that the deeds of a world make, each put a transaction.
fn root(world: &World) -> Root {
    let mut root = Root::empty(world.model, world.zone.clone(), Arc::new(NoTexts));
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
    for commit in &commits {
        root.apply(commit);
    }
    root
}

#[test]
fn a_snapshot_answers_as_plain_rows_do() {
    check(SMALL, root);
}

#[test]
fn a_snapshot_of_many_chunks_answers_as_plain_rows_do() {
    check(LARGE, root);
}
