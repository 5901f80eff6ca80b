//! What the engine's threads count while they work, each with an atomic of its own.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use super::{Embedded, Options, Shared};
use crate::{
    store::{
        Fault, Seq, Snapshot, checkpoint,
        files::os,
        gauges::{Checkpointed, Gauges, Writing},
    },
    tally::{Count, Durations, Level},
    time::Timestamp,
};

/// The counts of one engine.
#[derive(Debug)]
pub(super) struct Counts {
    pub transactions: Count,
    pub refused: Count,
    pub blocks: Count,
    pub syncs: Durations,
    pub queue: Level,
    pub journal_bytes: AtomicU64,
    writing: AtomicU8,
    checkpoint_seq: AtomicU64,
    /// When it was written, microseconds since 1970.
    checkpoint_at: AtomicI64,
    started: Instant,
    /// When a change last began to wait for the records, or last got there; milliseconds after `started`.
    moved: AtomicU64,
}

const POSSIBLE: u8 = 0;
const FULL: u8 = 1;
const STOPPED: u8 = 2;

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            transactions: Count::default(),
            refused: Count::default(),
            blocks: Count::default(),
            syncs: Durations::default(),
            queue: Level::default(),
            journal_bytes: AtomicU64::new(0),
            writing: AtomicU8::new(POSSIBLE),
            checkpoint_seq: AtomicU64::new(0),
            checkpoint_at: AtomicI64::new(0),
            started: Instant::now(),
            moved: AtomicU64::new(0),
        }
    }

    /// Tells how a write of the journal ended.
    pub(super) fn wrote(&self, fault: Option<&Fault>) {
        let writing = match fault {
            None => POSSIBLE,
            Some(Fault::Full) => FULL,
            Some(Fault::SyncFailed) => STOPPED,
            // These pass, or concern one transaction.
            Some(
                Fault::Damaged { .. }
                | Fault::Newer { .. }
                | Fault::Unknown { .. }
                | Fault::Busy
                | Fault::TooLarge { .. }
                | Fault::Trimmed { .. }
                | Fault::Locked { .. }
                | Fault::Io(..)
                | Fault::Closed,
            ) => return,
        };
        self.writing.store(writing, Ordering::Relaxed);
    }

    /// Whether writing stopped, since nobody knows what is on the disk.
    pub(super) fn is_stopped(&self) -> bool {
        self.writing.load(Ordering::Relaxed) == STOPPED
    }

    /// Tells that changes began to wait for the records, or got there.
    pub(super) fn moved(&self) {
        let since = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(since, Ordering::Relaxed);
    }

    /// Tells of a checkpoint written at `at`.
    pub(super) fn checkpointed(&self, seq: Seq, at: Timestamp) {
        self.checkpoint_at.store(at.micros(), Ordering::Relaxed);
        self.checkpoint_seq.store(seq, Ordering::Release);
    }

    fn checkpoint(&self, now: Timestamp) -> Option<Checkpointed> {
        let seq = self.checkpoint_seq.load(Ordering::Acquire);
        let micros = now.micros().saturating_sub(self.checkpoint_at.load(Ordering::Relaxed));
        let age = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        (seq > 0).then_some(Checkpointed { seq, age })
    }
}

/// When the newest checkpoint in `dir` was written, where the system tells.
pub(super) fn written_at(dir: &Path) -> Option<Timestamp> {
    let (_, path) = checkpoint::list(dir).ok()?.pop()?;
    let modified = path.metadata().ok()?.modified().ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?))
}

/// The engine's figures; asks the file system once.
pub(super) fn gauges(engine: &Embedded) -> Gauges {
    let (shared, options): (&Shared, &Options) = (&engine.shared, &engine.options);
    let counts = &shared.counts;
    let (overlay_bytes, room) = (engine.pending_bytes(), os::room(&options.dir));
    let segment_bytes = options.journal.segment_bytes;
    let writing = match counts.writing.load(Ordering::Relaxed) {
        // Where a new segment fits again, the next write will find room.
        FULL if room.is_none_or(|room| room.free < segment_bytes) => Writing::Full,
        STOPPED => Writing::Stopped,
        _ => Writing::Possible,
    };
    let waited = Duration::from_millis(counts.moved.load(Ordering::Relaxed));
    let stalled = counts.started.elapsed().saturating_sub(waited);
    Gauges {
        writing,
        committed: engine.root().seq(),
        applied: engine.applied(),
        searched: engine.searched(),
        checkpoint: counts.checkpoint(options.clock.now()),
        backed_up: engine.last_backup(),
        transactions: counts.transactions.get(),
        refused: counts.refused.get(),
        blocks: counts.blocks.get(),
        syncs: counts.syncs.read(),
        queue: counts.queue.get(),
        queue_max: options.queue_max as u64,
        overlay_bytes,
        overlay_bytes_max: options.overlay_bytes_max,
        stalled: if overlay_bytes == 0 { Duration::ZERO } else { stalled },
        journal_bytes: counts.journal_bytes.load(Ordering::Relaxed),
        segment_bytes,
        room,
    }
}
