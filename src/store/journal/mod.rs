//! The journal: every change, in order, on the disk before anyone is told it happened.
//!
//! Knows nothing of what an entry means: entries are bytes with consecutive sequence numbers. One thread writes;
//! any number read through [`JournalReader`]. Formats are in `docs/storage.md`.

mod active;
mod format;
mod reader;
mod recover;
mod scan;
mod segment;
mod writer;

use std::{ops::RangeInclusive, path::Path};

pub use format::{BLOCK_BYTES_MAX, FORMAT, PAGE};
pub use reader::{Entries, JournalReader};
pub use recover::Lost;
pub use writer::Journal;
pub(super) use writer::ends_too_early;

use crate::store::{fault::Fault, files::Files};

/// Position of an entry in the one order of changes; the first is 1, and 0 means "before everything".
pub type Seq = u64;

/// Sizes of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// Size of a segment file, bytes; rounded up to whole pages.
    pub segment_bytes: u64,
    /// The largest entry, bytes; the limit `transaction_bytes_max` of the settings.
    pub transaction_bytes_max: u64,
    /// Sequence number of the first entry of a journal that does not exist yet.
    pub first_seq: Seq,
    /// An entry known to have been confirmed, 0 if none is: a journal that ends before it is damaged, not torn.
    pub confirmed: Seq,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            transaction_bytes_max: 16 << 20,
            first_seq: 1,
            confirmed: 0,
        }
    }
}

/// What to do about damage when a journal is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Refuse with [`Fault::Damaged`].
    Strict,
    /// Copy what is sound, keep the damaged files as `*.damaged`, list what is lost.
    Recover,
}

/// What opening a journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The last entry there is; one less than the first to come.
    pub last_seq: Seq,
    /// The unfinished block that was cut, if there was one.
    pub torn: Option<TornTail>,
    /// What [`Open::Recover`] could not save, in order.
    pub lost: Vec<Lost>,
    /// The last entry that this recovery or an earlier one lost with others behind it; 0 if there is none.
    pub last_gap: Seq,
}

/// An unfinished block at the end of the journal; nobody was told that it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Path of the segment.
    pub file: String,
    /// Byte offset at which it starts.
    pub offset: u64,
    /// How far it reaches.
    pub bytes: u64,
}

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Segment files.
    pub segments: u64,
    /// Blocks in them.
    pub blocks: u64,
    /// Entries in those.
    pub entries: u64,
    /// The oldest entry kept; one more than `last_seq` where there is none.
    pub first_seq: Seq,
    /// The newest entry.
    pub last_seq: Seq,
    /// Size of all segment files.
    pub bytes: u64,
    /// An unfinished block that the next start will cut.
    pub torn: Option<TornTail>,
    /// Runs of entries lost in an earlier recovery.
    pub gaps: Vec<RangeInclusive<Seq>>,
}

/// Reads the whole journal in `dir` and changes nothing; for `tessera check`.
///
/// # Errors
/// [`Fault::Damaged`] naming file and offset, [`Fault::Newer`] for a later format.
pub fn verify(files: &dyn Files, dir: &Path) -> Result<Summary, Fault> {
    let scan = scan::scan(files, dir).map_err(|stop| stop.fault)?;
    let torn = scan.torn(dir);
    Ok(Summary { torn, ..Summary::of(scan) })
}

/// As [`verify`], but of a journal that is being written, and only up to `last`, which must be confirmed.
///
/// # Errors
/// As there; [`Fault::Io`] where a file went while they were opened, because it is no longer needed.
pub fn verify_to(files: &dyn Files, dir: &Path, last: Seq) -> Result<Summary, Fault> {
    scan::scan_to(files, dir, last).map(Summary::of)
}

impl Summary {
    /// What a scan saw, the torn tail aside.
    fn of(scan: scan::Scan) -> Self {
        let first_seq = scan.segments.first().map_or(1, |(first, _)| *first);
        let end = scan.end.as_ref().map_or(first_seq, |(point, _)| point.seq);
        Self {
            segments: scan.segments.len() as u64,
            blocks: scan.blocks,
            entries: scan.entries,
            first_seq,
            last_seq: end.saturating_sub(1),
            bytes: scan.segments.iter().map(|(_, size)| size).sum(),
            torn: None,
            gaps: scan.gaps,
        }
    }
}
