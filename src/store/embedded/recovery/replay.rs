//! What the journal has is repeated: on the columns alone, where the records have it, or on both.

use super::Progress;
use crate::{
    model::Model,
    store::{
        Commit, Fault, Root, Seq, Snapshot,
        embedded::{
            applier::{Block, STEPS_AT_ONCE},
            unreadable,
        },
        journal::Journal,
        records::{Applied, Records, Step},
    },
};

/// Changes after which the orders of the columns take in what they were told: it waits in memory until then.
const SETTLE_EVERY: usize = 1 << 19;

/// How much was repeated.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Replayed {
    pub transactions: u64,
    /// Bytes of journal that they are.
    pub bytes: u64,
}

/// Brings the columns up to `last`, which the records show already.
pub(super) fn columns(
    model: &'static Model,
    root: &mut Root,
    journal: &Journal,
    last: Seq,
) -> Result<Replayed, Fault> {
    let mut progress = Progress::new("bringing the columns up to the records");
    let (mut replayed, mut unsettled) = (Replayed::default(), 0);
    for entry in journal.reader().entries(root.seq() + 1, last)? {
        let (seq, bytes) = entry?;
        let commit = Commit::from_bytes(seq, &bytes, model).map_err(|why| unreadable(seq, why))?;
        replayed.add(bytes.len());
        repeat(root, &commit, &mut unsettled);
        progress.step();
    }
    if replayed.transactions > 0 {
        root.settle_loaded();
    }
    // A recovered journal may have a gap there.
    root.set_seq(last);
    Ok(replayed)
}

/// Repeats what the journal has beyond `root`, on it and on the records.
pub(super) fn both(
    model: &'static Model,
    root: &mut Root,
    records: &Records,
    journal: &Journal,
) -> Result<Replayed, Fault> {
    let mut progress = Progress::new("replaying the journal");
    let (mut block, mut replayed, mut unsettled) = (Block::default(), Replayed::default(), 0);
    for entry in journal.read_from(root.seq() + 1)? {
        let (seq, bytes) = entry?;
        let commit = Commit::from_bytes(seq, &bytes, model).map_err(|why| unreadable(seq, why))?;
        block.add(model, root, &commit, bytes.len() as u64);
        replayed.add(bytes.len());
        repeat(root, &commit, &mut unsettled);
        progress.step();
        if block.steps.len() >= STEPS_AT_ONCE {
            persist(model, root, records, std::mem::take(&mut block))?;
        }
    }
    if replayed.transactions > 0 {
        persist(model, root, records, block)?;
        records.flush()?;
        root.settle_loaded();
    }
    // A recovered journal may end with a gap; new numbers come after it.
    root.set_seq(root.seq().max(journal.last_seq()));
    Ok(replayed)
}

fn repeat(root: &mut Root, commit: &Commit, unsettled: &mut usize) {
    root.replay(commit);
    *unsettled += commit.changes.len();
    if *unsettled >= SETTLE_EVERY {
        root.settle_loaded();
        *unsettled = 0;
    }
}

fn persist(model: &Model, root: &Root, records: &Records, block: Block) -> Result<(), Fault> {
    let mut steps = block.steps;
    steps.extend(block.superseded.into_iter().map(Step::Remove));
    records.write(&steps, &Applied::of(root, model))
}

impl Replayed {
    fn add(&mut self, bytes: usize) {
        self.transactions += 1;
        self.bytes += bytes as u64;
    }
}
