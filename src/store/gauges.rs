//! How an engine fares: plain figures for whoever watches it. Knows no format they are shown in.

use std::time::Duration;

use super::Seq;
use crate::{tally::Spread, time::Timestamp};

/// Whether changes can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writing {
    /// They can, as far as anybody knows.
    #[default]
    Possible,
    /// The last one found no room on the disk, and there still is none.
    Full,
    /// Not before a restart.
    Stopped,
}

/// Bytes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What this process may still use.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

/// The newest checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpointed {
    /// The last transaction it covers.
    pub seq: Seq,
    /// How long ago it was written.
    pub age: Duration,
}

/// The figures of an engine at one moment; those it does not have are zero or absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Whether changes can be written.
    pub writing: Writing,
    /// The last transaction in the journal.
    pub committed: Seq,
    /// The last transaction the records show.
    pub applied: Seq,
    /// The last transaction that a search finds; none where there is no index, or it is being built.
    pub searched: Option<Seq>,
    /// The newest checkpoint, if there is one.
    pub checkpoint: Option<Checkpointed>,
    /// When the last scheduled backup that was verified was begun, if there was one.
    pub backed_up: Option<Timestamp>,
    /// Transactions committed since the start.
    pub transactions: u64,
    /// Transactions refused since the start, by their own rules or for want of room.
    pub refused: u64,
    /// Blocks written since the start.
    pub blocks: u64,
    /// How long the disk took to confirm each of them.
    pub syncs: Spread,
    /// Transactions waiting for the committer.
    pub queue: u64,
    /// How many may wait.
    pub queue_max: u64,
    /// Bytes of changes that the records do not have yet.
    pub overlay_bytes: u64,
    /// How many of those there may be.
    pub overlay_bytes_max: u64,
    /// How long changes have waited for the records without any of them getting there.
    pub stalled: Duration,
    /// Size of the journal's files.
    pub journal_bytes: u64,
    /// Size of one of them when it is new.
    pub segment_bytes: u64,
    /// Room on the disk with the data, where the system tells.
    pub room: Option<Room>,
}
