//! The segment being written, and how a file becomes it: at a start, and when the one before is full.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Seq,
    format::{PAGE, PAGE_LEN, SegmentHead},
    recover::PREPARED,
    scan::{Point, Tail},
    segment::{Segment, name_of},
};
use crate::store::{
    fault::Fault,
    files::{Access, File, Files},
};

/// The segment being written.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) path: PathBuf,
    pub(super) file: Box<dyn File>,
    pub(super) id: u64,
    pub(super) first: Seq,
    pub(super) size: u64,
    pub(super) position: u64,
}

/// A file with room reserved for the next segment, still without a head.
#[derive(Debug)]
pub(super) struct Spare {
    pub(super) file: Box<dyn File>,
    pub(super) size: u64,
}

/// Why a segment could not be put to use.
pub(super) enum Step {
    /// Nothing happened; try again later.
    Failed(Fault),
    /// A sync failed: nobody knows.
    Unsynced(io::Error),
}

impl Step {
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Self::Failed(fault) => fault,
            Self::Unsynced(_) => Fault::SyncFailed,
        }
    }
}

/// A file under a working name with room for `size` bytes.
pub(super) fn spare(files: &dyn Files, dir: &Path, size: u64) -> Result<Spare, Fault> {
    let path = dir.join(PREPARED);
    let file =
        files.open(&path, Access::Create).map_err(|error| Fault::io("create", &path, &error))?;
    if let Err(error) = file.allocate(size) {
        // What was reserved so far is room others may need.
        let _ = files.remove(&path);
        return Err(Fault::io("reserve room for", &path, &error));
    }
    Ok(Spare { file, size })
}

/// Gives a spare file its head and then its name, each durable before the next step.
pub(super) fn activate(
    files: &dyn Files,
    dir: &Path,
    spare: Spare,
    at: Point,
) -> Result<(Point, Active), Step> {
    let prepared = dir.join(PREPARED);
    let path = dir.join(name_of(at.seq));
    let head = new_head(at);
    let failed = |error: io::Error| {
        let _ = files.remove(&prepared);
        Step::Failed(Fault::io("start", &path, &error))
    };
    spare.file.write_at(&head.page(), 0).map_err(failed)?;
    spare.file.sync_all().map_err(Step::Unsynced)?;
    files.rename(&prepared, &path).map_err(failed)?;
    files.sync_dir(dir).map_err(Step::Unsynced)?;
    let Spare { file, size } = spare;
    let active = Active { path, file, id: head.id, first: at.seq, size, position: PAGE };
    Ok((Point { seq: at.seq, chain: head.crc }, active))
}

/// Makes the last segment the active one: what lies after its last block becomes zeros, so that it is never read.
///
/// What was read may be in memory alone (the process was killed, or a sync failed, and the machine went on), so the
/// head, the last block and the page after it are written once more, and names are synced, before anyone relies on it.
pub(super) fn reopen(
    files: &dyn Files,
    dir: &Path,
    first: Seq,
    at: Point,
    tail: &Tail,
) -> Result<(Point, Active), Fault> {
    let Segment { path, file, size } = Segment::open(files, dir, first, Access::Write)?;
    let write = |bytes: &[u8], offset| {
        file.write_at(bytes, offset).map_err(|error| Fault::io("write", &path, &error))
    };
    let head = tail.head.unwrap_or_else(|| new_head(at));
    let chain = if tail.head.is_some() { at.chain } else { head.crc };
    let torn_from = if tail.head.is_some() { tail.position } else { 0 };
    let torn_to = (torn_from + tail.torn_bytes).max(tail.position + PAGE).min(size);
    let mut offset = torn_from;
    while offset < torn_to {
        let part = PAGE.min(torn_to - offset);
        write(&[0; PAGE_LEN][..usize::try_from(part).unwrap_or(PAGE_LEN)], offset)?;
        offset += part;
    }
    write(&head.page(), 0)?;
    let mut last_block = vec![0; usize::try_from(tail.position - tail.last_block).unwrap_or(0)];
    let read = file.read_at(&mut last_block, tail.last_block);
    let read = read.map_err(|error| Fault::io("read", &path, &error))?;
    write(&last_block[..read], tail.last_block)?;
    file.sync_all().map_err(|_| Fault::SyncFailed)?;
    files.sync_dir(dir).map_err(|_| Fault::SyncFailed)?;
    let active =
        Active { path, file, id: head.id, first, size: size.max(PAGE), position: tail.position };
    Ok((Point { chain, ..at }, active))
}

fn new_head(at: Point) -> SegmentHead {
    SegmentHead::new(u64::from_le_bytes(crate::id::random_bytes()), at.seq, at.chain)
}
