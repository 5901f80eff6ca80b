//! Makes a damaged journal usable again: copies what is sound, keeps the damaged file aside, lists what is lost.
//!
//! One segment at a time, so that a crash at any moment leaves either the old file or the finished copy.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Seq,
    format::{Block, Body, HeadRead, PAGE, Place, SegmentHead, encode},
    scan::{self, Point, Spot},
    segment::{self, Segment, name_of},
};
use crate::store::{
    fault::Fault,
    files::{Access, File, Files},
};

/// The next segment while it is made; never holds entries.
pub(super) const PREPARED: &str = "next.prepared";
/// A sound copy while it is made.
const COPYING: &str = "segment.copying";
/// A finished copy, waiting to take the place of the damaged file.
const RECOVERED: &str = ".recovered";
const DAMAGED: &str = ".damaged";

/// Entries that could not be recovered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The file they were in, now kept under this name and `.damaged`.
    pub file: String,
    /// Byte offset at which the unsound bytes start.
    pub offset: u64,
    /// The first entry lost.
    pub first: Seq,
    /// The last; `None` at the end of the journal, where nobody can know how many there were.
    pub last: Option<Seq>,
}

fn fault(what: &'static str, path: &Path) -> impl Fn(io::Error) -> Fault {
    move |error| Fault::io(what, path, &error)
}

/// Clears away what an interrupted preparation or recovery left, and finishes the latter where its copy is whole.
pub(super) fn tidy(files: &dyn Files, dir: &Path) -> Result<(), Fault> {
    let names = files.list(dir).map_err(fault("list", dir))?;
    let mut changed = false;
    for name in &names {
        let path = dir.join(name);
        if name == PREPARED || name == COPYING {
            files.remove(&path).map_err(fault("remove", &path))?;
            changed = true;
        }
        let Some(target) = name.strip_suffix(RECOVERED) else { continue };
        if names.iter().any(|other| other == target) {
            files.remove(&path).map_err(fault("remove", &path))?;
        } else {
            files.rename(&path, &dir.join(target)).map_err(fault("rename", &path))?;
        }
        changed = true;
    }
    if changed { sync_dir(files, dir) } else { Ok(()) }
}

fn sync_dir(files: &dyn Files, dir: &Path) -> Result<(), Fault> {
    files.sync_dir(dir).map_err(|_| Fault::SyncFailed)
}

/// Repairs until a scan finds nothing wrong.
pub(super) fn repair(files: &Arc<dyn Files>, dir: &Path) -> Result<Vec<Lost>, Fault> {
    let mut lost = Vec::new();
    let mut rounds = 2 * segment::list(files.as_ref(), dir)?.len();
    while let Err(stop) = scan::scan(files.as_ref(), dir) {
        let Some(spot) = stop.spot.filter(|_| rounds > 0) else { return Err(stop.fault) };
        tracing::warn!("{}; recovering what is sound", stop.fault);
        rewrite(files.as_ref(), dir, spot, &mut lost)?;
        rounds -= 1;
    }
    Ok(lost)
}

/// Puts a sound copy in the place of one segment.
fn rewrite(files: &dyn Files, dir: &Path, spot: Spot, lost: &mut Vec<Lost>) -> Result<(), Fault> {
    let old = Segment::open(files, dir, spot.first, Access::Read)?;
    let start = spot.before.map_or(spot.first, |before| before.seq);
    let copying = dir.join(COPYING);
    let file = files.open(&copying, Access::Create).map_err(fault("create", &copying))?;
    let head = SegmentHead::new(
        u64::from_le_bytes(crate::id::random_bytes()),
        start,
        spot.before.map_or(0, |before| before.chain),
    );
    let mut copy = Copy {
        path: &copying,
        file: file.as_ref(),
        id: head.id,
        point: Point { seq: start, chain: head.crc },
        position: PAGE,
        buffer: Vec::new(),
    };
    file.write_at(&head.page(), 0).map_err(fault("write", &copying))?;
    copy.sound_blocks(&old, spot.next, lost)?;
    if let Some(next) = spot.next.filter(|next| copy.point.seq <= *next) {
        copy.bridge(files, dir, next)?;
    }
    file.sync_all().map_err(|_| Fault::SyncFailed)?;
    // A segment that only repeats what others hold leaves nothing to put in its place.
    let empty = copy.position == PAGE && spot.next.is_some_and(|next| next <= start);
    put_in_place(files, dir, spot.first, (!empty).then_some(start))
}

/// Sets the damaged file aside and gives the copy its name; durable step by step.
fn put_in_place(files: &dyn Files, dir: &Path, old: Seq, new: Option<Seq>) -> Result<(), Fault> {
    let (copying, old) = (dir.join(COPYING), dir.join(name_of(old)));
    let renamed = |from: &Path, to: &Path| {
        files.rename(from, to).map_err(fault("rename", from))?;
        sync_dir(files, dir)
    };
    let aside = free_name(files, dir, &old)?;
    let Some(new) = new else {
        files.remove(&copying).map_err(fault("remove", &copying))?;
        return renamed(&old, &aside);
    };
    let target = dir.join(name_of(new));
    let finished = with_suffix(&target, RECOVERED);
    renamed(&copying, &finished)?;
    renamed(&old, &aside)?;
    renamed(&finished, &target)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A name for the damaged file that no earlier recovery took.
fn free_name(files: &dyn Files, dir: &Path, old: &Path) -> Result<PathBuf, Fault> {
    let names = files.list(dir).map_err(fault("list", dir))?;
    let taken = |path: &Path| names.iter().any(|name| dir.join(name) == path);
    let plain = with_suffix(old, DAMAGED);
    let numbered = (2..).map(|n| with_suffix(old, &format!("{DAMAGED}-{n}")));
    Ok(std::iter::once(plain.clone()).chain(numbered).find(|path| !taken(path)).unwrap_or(plain))
}

/// The segment being written.
struct Copy<'a> {
    path: &'a Path,
    file: &'a dyn File,
    id: u64,
    point: Point,
    position: u64,
    buffer: Vec<u8>,
}

impl Copy<'_> {
    fn put(&mut self, body: Body<'_>, next_seq: Seq) -> Result<(), Fault> {
        let place = Place { segment: self.id, chain: self.point.chain, first: self.point.seq };
        let chain = encode(&mut self.buffer, place, body);
        self.file.write_at(&self.buffer, self.position).map_err(fault("write", self.path))?;
        self.position += self.buffer.len() as u64;
        self.point = Point { seq: next_seq, chain };
        Ok(())
    }

    fn gap(&mut self, to: Seq) -> Result<(), Fault> {
        self.put(Body::Gap(to - self.point.seq), to)
    }

    /// Copies every block of `old` that holds and is not yet there, and a gap for each run that is missing.
    fn sound_blocks(
        &mut self,
        old: &Segment,
        next: Option<Seq>,
        lost: &mut Vec<Lost>,
    ) -> Result<(), Fault> {
        let survey = old.survey(PAGE)?;
        let mut id = match old.head() {
            Ok(HeadRead::Sound(head)) => Some(head.id),
            Ok(HeadRead::Bad | HeadRead::Newer(_)) | Err(_) => None,
        };
        let mut end = PAGE;
        let missing = |offset: u64, first: Seq, last: Option<Seq>| Lost {
            file: old.path.display().to_string(),
            offset,
            first,
            last,
        };
        for start in survey.starts {
            let block = old.block(start).unwrap_or(None);
            let Some(block) = block.filter(|block| start >= end && self.fits(block, id, next))
            else {
                continue;
            };
            id = Some(block.segment);
            if block.first > self.point.seq {
                lost.push(missing(end, self.point.seq, Some(block.first - 1)));
                self.gap(block.first)?;
            }
            self.put(Body::Copied(&block), block.next_seq())?;
            end = start + block.bytes();
        }
        match next {
            Some(next) if self.point.seq < next => {
                lost.push(missing(end, self.point.seq, Some(next - 1)));
                self.gap(next)?;
            }
            None if survey.used_to.is_some_and(|used_to| used_to > end) => {
                lost.push(missing(end, self.point.seq, None));
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    fn fits(&self, block: &Block, id: Option<u64>, next: Option<Seq>) -> bool {
        // A bridge leads to what followed once; the copy gets its own.
        block.next_seq() > block.first
            && id.is_none_or(|id| block.segment == id)
            && block.first >= self.point.seq
            && next.is_none_or(|next| block.next_seq() <= next)
    }

    /// Leads to the next segment, whose head names the chain of the file that was here before.
    fn bridge(&mut self, files: &dyn Files, dir: &Path, next: Seq) -> Result<(), Fault> {
        let next = Segment::open(files, dir, next, Access::Read)?;
        match next.head() {
            Ok(HeadRead::Sound(head)) if head.previous != self.point.chain => {
                self.put(Body::Bridge(head.previous), self.point.seq)
            }
            // Without a sound head the next segment is rewritten in its turn, and then follows this one.
            Ok(HeadRead::Sound(_) | HeadRead::Bad | HeadRead::Newer(_)) | Err(_) => Ok(()),
        }
    }
}
