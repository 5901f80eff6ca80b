//! Reads a backup whole and says what it holds, or what is wrong with it; keeps little in memory.
//!
//! Twice: first for the keys that the journal in it touches, then the checkpoint, of which only those
//! must be kept to tell what every set counts at the end.

use std::{collections::BTreeMap, fs::File, io::BufReader, path::Path};

use super::{
    Pace, Report, Stop,
    frame::{Head, Kind, Reader, SectionReader},
    report,
    stop::UntilStopped,
    tail::Entries,
};
use crate::{
    model::{Key, Model, Record, SetId},
    store::{
        Change, Commit, Counts, Fault, Seq, change::set_code, checkpoint, records::Applied,
        root::hash_parts,
    },
};

/// Reads the backup in the file at `path`: every byte is checked, and every set must hash at its end as it did for
/// the engine that wrote it.
///
/// # Errors
/// `Damaged` naming the offset, `Newer` for a later format, `Io`.
pub fn verify(model: &'static Model, path: &Path, pace: Pace) -> Result<Report, Fault> {
    verify_input(model, Input { path, pace, stop: &Stop::default() })
}

/// What is to be verified, and how.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) path: &'a Path,
    pub(super) pace: Pace,
    /// Ends it with `Io`.
    pub(super) stop: &'a Stop,
}

/// As [`verify`], until it is stopped.
pub(super) fn verify_input(model: &'static Model, input: Input<'_>) -> Result<Report, Fault> {
    let mut tally = Tally::new(model);
    read(model, input, &mut Touching(&mut tally))?;
    let whole = read(model, input, &mut Counting(&mut tally))?;
    if tally.now() == whole.last {
        return Ok(report(model, whole.head, &whole.last, whole.bytes));
    }
    let reason = "its sets do not hash as they did when it was written".to_owned();
    Err(Fault::Damaged { file: input.path.display().to_string(), offset: 0, reason })
}

/// What the frame of a backup says.
struct Whole {
    head: Head,
    last: Applied,
    bytes: u64,
}

/// What looks at the parts of a backup.
trait Visit {
    /// Whether it looks at the checkpoint at all.
    fn wants_checkpoint(&self) -> bool;

    /// A piece of the checkpoint and the transaction that made it.
    fn piece(&mut self, change: Change, version: Seq);

    /// The checkpoint ends, and says it is that.
    fn checkpoint(&mut self, claimed: &Applied) -> Result<(), &'static str>;

    /// A transaction of the journal.
    fn commit(&mut self, commit: Commit);
}

fn read(model: &'static Model, input: Input<'_>, visit: &mut dyn Visit) -> Result<Whole, Fault> {
    let Input { path, pace, stop } = input;
    let file = File::open(path).map_err(|error| Fault::io("open", path, &error))?;
    let file = UntilStopped { file, stop };
    // Small, because it is asked to stop whenever this is empty.
    let mut reader = Reader::open(BufReader::with_capacity(64 << 10, file), path, pace)?;
    let head = reader.head();
    let start = reader.offset();
    let mut piece = reader.next()?;
    if piece.kind != Kind::Checkpoint {
        return Err(reader.damaged(start, "it has no checkpoint"));
    }
    let mut section = SectionReader::new(&mut reader, piece);
    if visit.wants_checkpoint() {
        let claimed = checkpoint::read_from(model, &mut section, path, &mut |change, version| {
            visit.piece(change, version);
            Ok(())
        });
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(fault) => return Err(section.fault_or(fault)),
        };
        visit.checkpoint(&claimed).map_err(|reason| section.damaged(start, reason))?;
    }
    piece = section.end()?;
    let start = reader.offset();
    if piece.kind == Kind::Journal {
        let section = SectionReader::new(&mut reader, piece);
        let mut entries = Entries::new(section, head.checkpoint + 1);
        let stopped = loop {
            match entries.read() {
                Ok(Some(entry)) => match Commit::from_bytes(entry.seq, &entry.bytes, model) {
                    Ok(commit) => visit.commit(commit),
                    Err(reason) => break Some(reason),
                },
                Ok(None) => break None,
                Err(reason) => break Some(reason),
            }
        };
        let section = entries.into_inner();
        if let Some(reason) = stopped {
            let fault = section.damaged(start, reason);
            return Err(section.fault_or(fault));
        }
        piece = section.end()?;
    }
    let last = Applied::from_bytes(&piece.payload).filter(|_| piece.kind == Kind::End);
    let last = last.ok_or_else(|| reader.damaged(start, "its end is not readable"))?;
    Ok(Whole { head, last, bytes: reader.offset() })
}

/// What every set counts, and the rows that will be replaced or removed.
struct Tally {
    model: &'static Model,
    seq: Seq,
    counts: BTreeMap<SetId, Counts>,
    touched: BTreeMap<(SetId, Key), Option<(Seq, Record)>>,
}

impl Tally {
    fn new(model: &'static Model) -> Self {
        Self { model, seq: 0, counts: BTreeMap::new(), touched: BTreeMap::new() }
    }

    fn add(&mut self, set: SetId, key: Key, version: Seq, record: Record) {
        let counts = self.counts.entry(set).or_default();
        counts.rows += 1;
        counts.last_id = counts.last_id.max(key.as_int().unwrap_or(0));
        counts.hash.add(&hash_parts(self.model, set, &key, version, &record).parts());
        if let Some(kept) = self.touched.get_mut(&(set, key)) {
            *kept = Some((version, record));
        }
    }

    fn remove(&mut self, set: SetId, key: &Key) {
        let kept = self.touched.get_mut(&(set, key.clone())).and_then(Option::take);
        let Some((version, record)) = kept else { return };
        let counts = self.counts.entry(set).or_default();
        counts.rows = counts.rows.saturating_sub(1);
        counts.hash.remove(&hash_parts(self.model, set, key, version, &record).parts());
    }

    fn now(&self) -> Applied {
        let counts = self.counts.iter();
        let counts =
            counts.filter_map(|(set, counts)| Some((set_code(self.model, *set)?, *counts)));
        Applied { seq: self.seq, counts: counts.collect() }
    }
}

/// The first pass.
struct Touching<'a>(&'a mut Tally);

impl Visit for Touching<'_> {
    fn wants_checkpoint(&self) -> bool {
        false
    }

    fn piece(&mut self, _: Change, _: Seq) {}

    fn checkpoint(&mut self, _: &Applied) -> Result<(), &'static str> {
        Ok(())
    }

    fn commit(&mut self, commit: Commit) {
        for change in commit.changes {
            match change {
                Change::Put { set, key, .. } | Change::Delete { set, key } => {
                    self.0.touched.insert((set, key), None);
                }
                Change::Text { .. } => {}
            }
        }
    }
}

/// The second pass.
struct Counting<'a>(&'a mut Tally);

impl Visit for Counting<'_> {
    fn wants_checkpoint(&self) -> bool {
        true
    }

    fn piece(&mut self, change: Change, version: Seq) {
        match change {
            Change::Put { set, key, record } => self.0.add(set, key, version, record),
            Change::Text { .. } | Change::Delete { .. } => {}
        }
    }

    fn checkpoint(&mut self, claimed: &Applied) -> Result<(), &'static str> {
        let tally = &mut *self.0;
        tally.seq = claimed.seq;
        // Ids may have been used that no row has any more.
        for (code, counts) in &claimed.counts {
            let set = tally.model.set_ids().map(|(set, _)| set);
            let mut set = set.filter(|set| set_code(tally.model, *set) == Some(*code));
            if let Some(set) = set.next() {
                tally.counts.entry(set).or_default().last_id = counts.last_id;
            }
        }
        if tally.now() == *claimed {
            Ok(())
        } else {
            Err("the sets of its checkpoint do not hash as they did when it was written")
        }
    }

    fn commit(&mut self, commit: Commit) {
        for change in commit.changes {
            match change {
                Change::Put { set, key, record } => {
                    self.0.remove(set, &key);
                    self.0.add(set, key, commit.seq, record);
                }
                Change::Delete { set, key } => self.0.remove(set, &key),
                Change::Text { .. } => {}
            }
        }
        self.0.seq = commit.seq;
    }
}
