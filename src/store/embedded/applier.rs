//! The thread that brings the records after the journal. Only it writes them while the engine runs.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::Shared;
use crate::{
    model::{Key, Model, Row, SetId},
    query::Source,
    store::{
        Change, Commit, Fault, Root,
        records::{Applied, Place, Records, Step},
    },
};

/// Steps written to the records at once, unless one transaction has more. Larger batches cost sled 0.34 many times
/// the memory and twice the disk.
pub(super) const STEPS_AT_ONCE: usize = 1024;
/// How long the records may lag behind what they were given before sled writes everything.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// How much they may lag behind.
const FLUSH_BYTES: u64 = 16 << 20;
/// How long to wait before the records are opened again after an error.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// What one transaction, or several, mean for the records.
#[derive(Default)]
pub(super) struct Block {
    /// In order.
    pub steps: Vec<Step>,
    /// Long texts nothing refers to any more, but an older snapshot may.
    pub superseded: Vec<Place>,
    /// The position the records then have.
    pub applied: Applied,
    /// What it counts in `pending_bytes`.
    pub bytes: u64,
}

impl Block {
    /// Adds what `commit` does to the state `before` it.
    pub(super) fn add(&mut self, model: &Model, before: &Root, commit: &Commit, bytes: u64) {
        self.bytes += bytes;
        let outcome = Outcome::of(commit);
        for change in &commit.changes {
            match change {
                Change::Text { set, key, tag, .. }
                    if !outcome.keeps_text(model, (*set, key, *tag)) => {}
                Change::Put { .. } | Change::Delete { .. } if !outcome.is_last(change) => {}
                Change::Text { set, key, tag, text } => {
                    let (set, key, tag) = (*set, key.clone(), *tag);
                    let place = Place::Text { set, key, tag, version: commit.seq };
                    self.steps.push(Step::Write(place, text.as_bytes().into()));
                }
                Change::Put { set, key, record } => {
                    let place = Place::Row { set: *set, key: key.clone(), version: commit.seq };
                    self.steps.push(Step::Write(place, record.as_bytes().into()));
                    let row = Row {
                        set: *set,
                        type_id: record.type_id(),
                        version: commit.seq,
                        record: record.clone(),
                    };
                    self.supersede(model, before, *set, key, Some(&row));
                }
                Change::Delete { set, key } => self.supersede(model, before, *set, key, None),
            }
        }
    }

    /// Adds what the block after this one means.
    fn append(&mut self, next: Self) {
        self.steps.extend(next.steps);
        self.superseded.extend(next.superseded);
        self.bytes += next.bytes;
        self.applied = next.applied;
    }

    fn supersede(
        &mut self,
        model: &Model,
        before: &Root,
        set: SetId,
        key: &Key,
        successor: Option<&Row>,
    ) {
        let Some(former) = before.row(set, key) else { return };
        self.steps.push(Step::Remove(Place::Row {
            set,
            key: key.clone(),
            version: former.version,
        }));
        let structure = model.structure(former.type_id);
        for (prop, property) in structure.props().filter(|(_, property)| property.is_long()) {
            let Some(tag) = property.tag() else { continue };
            let text = |row: &Row| row.record.text_ref(model.structure(row.type_id), prop);
            let Some(old) = text(&former) else { continue };
            if successor.and_then(text) != Some(old) {
                let key = key.clone();
                self.superseded.push(Place::Text { set, key, tag, version: old.seq });
            }
        }
    }
}

/// What a transaction left of each entity it touched: it may change one several times, and make one
/// that it deletes again.
struct Outcome<'a> {
    seq: u64,
    last: HashMap<(SetId, &'a Key), &'a Change>,
}

impl<'a> Outcome<'a> {
    fn of(commit: &'a Commit) -> Self {
        let of_entity = |change: &'a Change| match change {
            Change::Put { set, key, .. } | Change::Delete { set, key } => {
                Some(((*set, key), change))
            }
            Change::Text { .. } => None,
        };
        Self { seq: commit.seq, last: commit.changes.iter().filter_map(of_entity).collect() }
    }

    /// Whether nothing after `change` did something to the same entity.
    fn is_last(&self, change: &Change) -> bool {
        let (Change::Put { set, key, .. }
        | Change::Delete { set, key }
        | Change::Text { set, key, .. }) = change;
        self.last.get(&(*set, key)).is_some_and(|last| std::ptr::eq(*last, change))
    }

    /// Whether the entity in its last form refers to the text written for it here.
    fn keeps_text(&self, model: &Model, (set, key, tag): (SetId, &Key, u16)) -> bool {
        match self.last.get(&(set, key)) {
            Some(Change::Put { record, .. }) => {
                let structure = model.structure(record.type_id());
                let prop = structure.props().find(|(_, property)| property.tag() == Some(tag));
                let text = prop.and_then(|(prop, _)| record.text_ref(structure, prop));
                text.is_some_and(|text| text.seq == self.seq)
            }
            Some(Change::Delete { .. }) => false,
            Some(Change::Text { .. }) | None => true,
        }
    }
}

/// The handle of the applier's thread.
pub(super) struct Applier {
    blocks: Sender<Block>,
    thread: JoinHandle<()>,
}

impl Applier {
    /// Hands over what was published; false if the thread has ended, which only a panic can do.
    pub(super) fn send(&self, block: Block) -> bool {
        self.blocks.send(block).is_ok()
    }

    /// Waits until everything handed over is in the records and on disk.
    pub(super) fn finish(self) {
        drop(self.blocks);
        if self.thread.join().is_err() {
            tracing::error!("the applier ended with a panic; the next start repeats its work");
        }
    }
}

/// Starts the thread.
pub(super) fn start(
    shared: Arc<Shared>,
    records: Arc<Records>,
    text_grace: Duration,
) -> Result<Applier, Fault> {
    let (blocks, queue) = channel();
    let worker = Worker {
        shared,
        records,
        text_grace,
        superseded: VecDeque::new(),
        held: None,
        last_flush: Instant::now(),
        unflushed: Vec::new(),
    };
    let thread = std::thread::Builder::new()
        .name("applier".into())
        .spawn(move || worker.run(&queue))
        .map_err(|error| Fault::Io("cannot start the applier".into(), error.to_string()))?;
    Ok(Applier { blocks, thread })
}

struct Worker {
    shared: Arc<Shared>,
    records: Arc<Records>,
    text_grace: Duration,
    superseded: VecDeque<(Instant, Place)>,
    /// Taken from the queue, but too much for the batch at hand.
    held: Option<Block>,
    last_flush: Instant,
    /// Given to sled, but nobody knows whether it reached the disk: lost if sled must be opened again.
    unflushed: Vec<Block>,
}

impl Worker {
    fn run(mut self, queue: &Receiver<Block>) {
        loop {
            let next = self.held.take().map_or_else(|| queue.recv_timeout(FLUSH_EVERY), Ok);
            match next {
                Ok(block) => {
                    if !self.apply(block, queue) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.forget_superseded(false);
            let is_due = self.last_flush.elapsed() >= FLUSH_EVERY;
            if (is_due || self.unflushed_bytes() >= FLUSH_BYTES) && !self.flush() {
                return;
            }
        }
        self.forget_superseded(true);
        self.flush();
    }

    /// Applies a block, and those behind it while they are few; false if the engine stopped before that.
    fn apply(&mut self, mut block: Block, queue: &Receiver<Block>) -> bool {
        while let Ok(next) = queue.try_recv() {
            if block.steps.len() + next.steps.len() > STEPS_AT_ONCE {
                self.held = Some(next);
                break;
            }
            block.append(next);
        }
        let now = Instant::now();
        let superseded = std::mem::take(&mut block.superseded);
        self.superseded.extend(superseded.into_iter().map(|place| (now, place)));
        let written = self.records.write(&block.steps, &block.applied);
        self.unflushed.push(block);
        match written {
            Ok(()) => true,
            Err(fault) => self.repeat(&fault),
        }
    }

    /// Has everything written to the disk; false if the engine stopped before that.
    fn flush(&mut self) -> bool {
        if self.unflushed.is_empty() {
            return true;
        }
        match self.records.flush() {
            Ok(()) => {
                self.settle();
                true
            }
            Err(fault) => self.repeat(&fault),
        }
    }

    fn unflushed_bytes(&self) -> u64 {
        self.unflushed.iter().map(|block| block.bytes).sum()
    }

    /// What was given to the records is on the disk, so memory need not hold it any longer.
    fn settle(&mut self) {
        let bytes = self.unflushed_bytes();
        if let Some(last) = self.unflushed.last() {
            self.shared.applied.store(last.applied.seq, Ordering::Release);
        }
        self.unflushed.clear();
        self.shared.pending_bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.shared.counts.moved();
        self.last_flush = Instant::now();
    }

    /// Opens the records again and repeats what they may have lost, until that works; gives up only when
    /// the engine stops, for the next start repeats it from the journal.
    fn repeat(&mut self, first: &Fault) -> bool {
        tracing::warn!("the records cannot be written, trying again until they can: {first}");
        loop {
            if self.shared.stopping.load(Ordering::Acquire) {
                return false;
            }
            std::thread::sleep(RETRY_AFTER);
            let done = self.records.reopen().and_then(|()| {
                for block in &self.unflushed {
                    self.records.write(&block.steps, &block.applied)?;
                }
                self.records.flush()
            });
            match done {
                Ok(()) => break,
                Err(fault) => tracing::debug!("the records still cannot be written: {fault}"),
            }
        }
        tracing::info!("the records can be written again");
        self.settle();
        true
    }

    /// Removes long texts whose readers' time is over; at the end all of them.
    fn forget_superseded(&mut self, at_end: bool) {
        if self.shared.pins.load(Ordering::Acquire) > 0 {
            return;
        }
        let old = |(since, _): &&(Instant, Place)| at_end || since.elapsed() >= self.text_grace;
        let count = self.superseded.iter().take_while(old).count();
        let places: Vec<Place> = self.superseded.drain(..count).map(|(_, place)| place).collect();
        for places in places.chunks(STEPS_AT_ONCE) {
            let steps: Vec<Step> = places.iter().cloned().map(Step::Remove).collect();
            let removed = self.records.applied().and_then(|at| self.records.write(&steps, &at));
            if let Err(fault) = removed {
                tracing::warn!("superseded texts stay: {fault}");
            }
        }
    }
}
