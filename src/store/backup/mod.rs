//! A backup: one self-contained stream of the whole state at one transaction, made beside writers.
//!
//! A checkpoint of the state as the backup begins, the journal from there to the state as it ends, and what
//! every set counts then. Layout in `docs/storage.md`. Knows no command line and no socket.

mod file;
mod frame;
mod restore;
pub mod schedule;
mod stop;
mod tail;
mod verify;

use std::{
    io::{self, Write},
    path::Path,
};

pub use self::{
    file::{Target, save},
    frame::FORMAT,
    restore::restore,
    schedule::{Plan, Schedule},
    stop::Stop,
    verify::verify,
};
use self::{
    frame::{Frames, Head, Kind},
    tail::Entry,
};
use super::{
    Counts, Embedded, Fault, Seq, Snapshot, change::set_of_code, checkpoint, records::Applied,
};
use crate::{model::Model, time::Timestamp};

/// How much a backup leaves to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it goes: nobody else is there.
    Full,
    /// Rests between pieces as long as it took for them, so that writers hardly notice.
    Beside,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When it was begun.
    pub begun: Timestamp,
    /// The last transaction in it.
    pub seq: Seq,
    /// What each stored set counts at that transaction.
    pub sets: Vec<(&'static str, Counts)>,
    /// Its size.
    pub bytes: u64,
}

/// Writes the state of `engine` to `out`: exactly what it is at one transaction, which is the newest when the bulk is
/// written. Any number may run at once, and writers go on; what a page reads or a checkpoint trims is not affected.
///
/// # Errors
/// `Full` or `Io` from `out`, `Io` if a long text or the journal cannot be read.
pub fn write(engine: &Embedded, pace: Pace, out: &mut dyn Write) -> Result<Report, Fault> {
    let name = Path::new("the backup");
    let fault = |error: io::Error| Fault::io("write", name, &error);
    let _held = engine.hold();
    let first = engine.root();
    let head = Head { begun: engine.options().clock.now(), checkpoint: first.seq() };
    let mut frames = Frames::begin(out, pace, head).map_err(fault)?;
    checkpoint::write_to(&first, frames.section(Kind::Checkpoint), name)?.end().map_err(fault)?;
    let (begins, last) = (first.seq() + 1, engine.root());
    drop(first);
    let mut entries = engine.entries(begins, last.seq())?.peekable();
    if entries.peek().is_some() {
        let mut section = tail::Writer::new(frames.section(Kind::Journal));
        for entry in entries {
            let (seq, bytes) = entry?;
            section.push(&Entry { seq, bytes }).map_err(fault)?;
        }
        section.end().map_err(fault)?;
    }
    let applied = Applied::of(&last, engine.model());
    let bytes = frames.end(&applied.to_bytes()).map_err(fault)?;
    Ok(report(engine.model(), head, &applied, bytes))
}

fn report(model: &'static Model, head: Head, applied: &Applied, bytes: u64) -> Report {
    let named = |(code, counts): &(u16, Counts)| {
        Some((model.set(set_of_code(model, *code)?).name, *counts))
    };
    let sets = applied.counts.iter().filter_map(named).collect();
    Report { begun: head.begun, seq: applied.seq, sets, bytes }
}

#[cfg(test)]
mod tests;
