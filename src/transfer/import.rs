//! The import of one file: reads ahead on a thread of its own, writes batches of lines as transactions.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{
    apply::{Memo, Outcome, apply},
    lines::{LINE_BYTES_MAX, Line, Lines},
    read::{Entity, Reader, Unknown},
};
use crate::{
    auth::Principal,
    desk::audit::{Entry, Event, record},
    error::Error,
    model::{Model, SetId},
    store::{self, Actor, Draft, Fault, Pending, Store},
};

/// Lines of one transaction at most: few enough that the records take it in one go.
const BATCH_LINES: usize = 128;
/// Bytes of lines after which a transaction is full.
const BATCH_BYTES: usize = 1 << 20;
/// Batches read ahead.
const BATCHES_AHEAD: usize = 16;
/// Transactions on their way at once, so that they share a sync of the journal.
const IN_FLIGHT: usize = 16;
/// How many refusals are told with their reasons unless all are asked for.
pub const REASONS_TOLD: usize = 20;
/// How long to wait when the store is full of work.
const PAUSE: Duration = Duration::from_millis(20);

/// What an import is told.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The model of the store.
    pub model: &'static Model,
    /// The set of lines that do not say theirs in `@odata.type` or `@odata.context`.
    pub set: SetId,
    /// How many refusals are told with their reasons at most; each costs memory.
    pub reasons: usize,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Lines done, refused ones included.
    pub lines: u64,
    /// Bytes of the file read, packed if it is packed.
    pub bytes: u64,
}

/// What became of the entities of one set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entities made.
    pub created: u64,
    /// Entities changed.
    pub updated: u64,
    /// Entities that were as the file has them.
    pub unchanged: u64,
}

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its number in the file, from 1; where an object stands on several, that of the first.
    pub line: u64,
    /// Which entity of it, from 1, if it is a page of the feed.
    pub entity: Option<u64>,
    /// What is wrong with it.
    pub reason: String,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines read, blank ones aside; a page of the feed counts for its entities.
    pub lines: u64,
    /// What became of the entities, by set.
    pub sets: BTreeMap<SetId, Tally>,
    /// Lines refused.
    pub refused: u64,
    /// The first of them.
    pub refusals: Vec<Refusal>,
    /// Names of members that nobody knew, with how often they came.
    pub unknown: BTreeMap<String, u64>,
}

/// Why an import or an export ended early. What was done before stays done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The file cannot be read or written further.
    #[error("the file fails: {0}")]
    File(#[from] io::Error),
    /// The store gave or took no more.
    #[error("{0}")]
    Store(Error),
}

/// A line with its place: what it says, or what is wrong with it.
type Reading = (Place, Result<(SetId, Entity), String>);

/// The number of a line, and that of an entity in it if it is a page of the feed; both from 1.
type Place = (u64, Option<u64>);

/// Lines read together.
#[derive(Default)]
struct Batch {
    lines: Vec<Reading>,
    unknown: Unknown,
    bytes: u64,
}

/// Imports the lines of `source`, plain or in gzip, and tells how far it is after each batch.
///
/// # Errors
/// Where the file cannot be read or the store takes no more; a bad line is no such error.
pub fn import(
    store: &dyn Store,
    source: impl io::Read + Send,
    options: Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, Failure> {
    let memo = Arc::new(Mutex::new(Memo::new(options.model)));
    let (sender, batches) = sync_channel(BATCHES_AHEAD);
    thread::scope(|scope| {
        let reading = scope.spawn(move || read(source, options, &sender));
        let mut summary = Summary::default();
        let to = (&mut summary, options.reasons);
        let written = write(store, batches, (&memo, to), progress);
        // A reader whose batches nobody takes any more has ended by itself.
        let read = reading.join().unwrap_or_else(|_| Err(io::Error::other("the reader panicked")));
        // What was done before it ended early stays done, so it is told.
        let told = tell(store, options.model, &summary);
        written.and(told).map_err(Failure::Store)?;
        read?;
        Ok(summary)
    })
}

/// Writes into the audit log what an import did, if it did anything: one row, not one for each line.
fn tell(store: &dyn Store, model: &Model, summary: &Summary) -> Result<(), Error> {
    let changed = summary.sets.iter().filter(|(_, tally)| tally.created + tally.updated > 0);
    let told: Vec<String> = changed
        .map(|(set, Tally { created, updated, .. })| {
            format!("{}: {created} created, {updated} changed", model.set(*set).name)
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    let entry = Entry::new(Event::Imported).detail(told.join("; "));
    store::commit_blocking(store, Actor::SYSTEM, move |draft| {
        record(draft, &Principal::system(), &entry)
    })
}

/// Reads lines into batches until the file ends or nobody wants more.
fn read(source: impl io::Read + Send, options: Options, to: &SyncSender<Batch>) -> io::Result<()> {
    let reader = Reader::new(options.model, options.set);
    let mut lines = Lines::new(source)?;
    let (mut batch, mut size) = (Batch::default(), 0);
    let mut result = Ok(());
    loop {
        let (number, line) = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                result = Err(error);
                break;
            }
        };
        let (found, bytes) = match line {
            Line::Text(text) => (reader.entities(&text, &mut batch.unknown), text.len()),
            Line::TooLong(start) => (vec![(None, Err(too_long(&start)))], 0),
        };
        let share = bytes / found.len().max(1);
        for (entity, reading) in found {
            batch.lines.push(((number, entity), reading));
            size += share;
            if size >= BATCH_BYTES || batch.lines.len() >= BATCH_LINES {
                batch.bytes = lines.consumed();
                size = 0;
                if to.send(std::mem::take(&mut batch)).is_err() {
                    return Ok(());
                }
            }
        }
    }
    batch.bytes = lines.consumed();
    let _ = to.send(batch);
    result
}

fn too_long(start: &[u8]) -> String {
    let start = String::from_utf8_lossy(start);
    if start.contains("@odata.context") || start.contains("\"value\"") {
        return format!(
            "this looks like a page of the feed of more than {LINE_BYTES_MAX} bytes; write its entities one a line"
        );
    }
    format!("it is longer than {LINE_BYTES_MAX} bytes")
}

/// Writes the batches in their order, some on their way at once.
fn write(
    store: &dyn Store,
    batches: Receiver<Batch>,
    (memo, (summary, reasons)): (&Arc<Mutex<Memo>>, (&mut Summary, usize)),
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Error> {
    let mut in_flight = VecDeque::new();
    for batch in batches {
        if in_flight.len() >= IN_FLIGHT {
            finish(&mut in_flight, summary, progress)?;
            summary.refusals.truncate(reasons);
        }
        let bytes = batch.bytes;
        in_flight.push_back((bytes, submit(store, &Arc::new(batch), memo)?));
    }
    while !in_flight.is_empty() {
        finish(&mut in_flight, summary, progress)?;
        summary.refusals.truncate(reasons);
    }
    Ok(())
}

/// Waits for the oldest transaction on its way.
fn finish(
    in_flight: &mut VecDeque<(u64, Pending<Summary>)>,
    summary: &mut Summary,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Error> {
    if let Some((bytes, pending)) = in_flight.pop_front() {
        summary.add(pending.wait()?);
        progress(Progress { lines: summary.lines, bytes });
    }
    Ok(())
}

/// Queues one batch; waits while the store is full of work.
fn submit(
    store: &dyn Store,
    batch: &Arc<Batch>,
    memo: &Arc<Mutex<Memo>>,
) -> Result<Pending<Summary>, Error> {
    loop {
        let (batch, memo) = (Arc::clone(batch), Arc::clone(memo));
        let queued = store::submit(store, Actor::SYSTEM, move |draft| {
            let mut memo = memo.lock().unwrap_or_else(PoisonError::into_inner);
            run(draft, &mut memo, &batch)
        });
        match queued {
            Ok(pending) => return Ok(pending),
            Err(Fault::Busy) => thread::sleep(PAUSE),
            Err(fault) => return Err(fault.into()),
        }
    }
}

/// Does a batch: all of it at once, and line by line only if something in it is refused, because
/// being able to take back each single line has its price.
fn run(draft: &mut dyn Draft, memo: &mut Memo, batch: &Batch) -> Result<Summary, Error> {
    let mut summary = Summary::of(batch);
    let mut all = |draft: &mut dyn Draft| {
        summary = Summary::of(batch);
        for (_, line) in &batch.lines {
            if let Ok((set, entity)) = line {
                summary.count(apply(draft, memo, *set, entity)?);
            }
        }
        Ok(())
    };
    if draft.attempt(&mut all).is_ok() {
        return Ok(summary);
    }
    summary = Summary::of(batch);
    for (place, line) in &batch.lines {
        let Ok((set, entity)) = line else { continue };
        let mut outcomes = Vec::new();
        let done = draft.attempt(&mut |draft| {
            outcomes = apply(draft, memo, *set, entity)?;
            Ok(())
        });
        match done {
            Ok(()) => summary.count(outcomes),
            Err(error) if error.status() < 500 => summary.refuse(*place, error.to_string()),
            Err(error) => return Err(error),
        }
    }
    summary.refusals.sort_by_key(|refusal| (refusal.line, refusal.entity));
    Ok(summary)
}

impl Summary {
    /// What reading alone tells of a batch.
    fn of(batch: &Batch) -> Self {
        let mut summary = Self {
            lines: batch.lines.len() as u64,
            unknown: batch.unknown.clone(),
            ..Self::default()
        };
        for (place, line) in &batch.lines {
            if let Err(reason) = line {
                summary.refuse(*place, reason.clone());
            }
        }
        summary
    }

    /// Adds what came of another file, or of further lines.
    pub fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.refused += other.refused;
        for (set, tally) in other.sets {
            let sum = self.sets.entry(set).or_default();
            sum.created += tally.created;
            sum.updated += tally.updated;
            sum.unchanged += tally.unchanged;
        }
        for (name, count) in other.unknown {
            *self.unknown.entry(name).or_default() += count;
        }
        self.refusals.extend(other.refusals);
    }

    /// What became of the entities of one set.
    #[must_use]
    pub fn tally(&self, set: SetId) -> Tally {
        self.sets.get(&set).copied().unwrap_or_default()
    }

    fn refuse(&mut self, (line, entity): Place, reason: String) {
        self.refused += 1;
        self.refusals.push(Refusal { line, entity, reason });
    }

    fn count(&mut self, outcomes: Vec<(SetId, Outcome)>) {
        for (set, outcome) in outcomes {
            let tally = self.sets.entry(set).or_default();
            match outcome {
                Outcome::Created => tally.created += 1,
                Outcome::Updated => tally.updated += 1,
                Outcome::Unchanged => tally.unchanged += 1,
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entity {
            None => write!(f, "line {}: {}", self.line, self.reason),
            Some(at) => write!(f, "line {}, entity {at}: {}", self.line, self.reason),
        }
    }
}
