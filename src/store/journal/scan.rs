//! Walks the whole chain of segments and tells a torn tail from damage. Changes nothing.
//!
//! At most one block is ever unsynced, and it is the last. So bytes that do not hold are the torn tail only if
//! nothing valid comes after them; otherwise they were confirmed once, and that is damage.

use std::{ops::RangeInclusive, path::Path};

use super::{
    Seq, TornTail,
    format::{Block, HeadRead, Kind, PAGE, SegmentHead},
    segment::{self, Segment},
};
use crate::store::{
    fault::Fault,
    files::{Access, Files},
};

/// Where the chain stands: what the next block must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) seq: Seq,
    pub(super) chain: u32,
}

/// The last segment, from the end of the chain on.
#[derive(Debug)]
pub(super) struct Tail {
    /// `None` where the segment was never used and its head is not sound.
    pub(super) head: Option<SegmentHead>,
    /// Offset after the last block.
    pub(super) position: u64,
    /// Offset of the last block; the same as `position` without any.
    pub(super) last_block: u64,
    /// Bytes after the last block which are not zero.
    pub(super) torn_bytes: u64,
}

/// A sound journal.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// First sequence number and size of each segment.
    pub(super) segments: Vec<(Seq, u64)>,
    /// Where the chain ended, and the rest of the last segment; `None` without any segment.
    pub(super) end: Option<(Point, Tail)>,
    pub(super) blocks: u64,
    pub(super) entries: u64,
    pub(super) gaps: Vec<RangeInclusive<Seq>>,
}

/// Why a scan stopped early.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) fault: Fault,
    /// For damage: the segment, and where the chain stood before it.
    pub(super) spot: Option<Spot>,
}

/// A segment that is not sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) first: Seq,
    /// The next segment's first sequence number.
    pub(super) next: Option<Seq>,
    /// `None` for the oldest segment, which may follow anything.
    pub(super) before: Option<Point>,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self { fault, spot: None }
    }
}

/// Scans the journal in `dir` up to entry `last`, which must be confirmed, while further ones may be written.
///
/// Nothing after it is looked at. The files are opened at once, because old ones may be removed meanwhile.
pub(super) fn scan_to(files: &dyn Files, dir: &Path, last: Seq) -> Result<Scan, Fault> {
    let firsts = segment::list(files, dir)?;
    let firsts: Vec<Seq> = firsts.into_iter().take_while(|first| *first <= last).collect();
    let opened: Result<Vec<Segment>, Fault> =
        firsts.iter().map(|first| Segment::open(files, dir, *first, Access::Read)).collect();
    let mut scan = Scan::default();
    let mut before = None;
    for (index, segment) in opened?.into_iter().enumerate() {
        let next = firsts.get(index + 1).copied().unwrap_or(last + 1);
        let spot = Spot { first: firsts[index], next: Some(next), before };
        let (point, tail) = scan.segment(&segment, spot)?;
        scan.segments.push((firsts[index], segment.size));
        scan.end = Some((point, tail));
        before = Some(point);
    }
    Ok(scan)
}

/// Scans the journal in `dir` from its oldest segment on.
pub(super) fn scan(files: &dyn Files, dir: &Path) -> Result<Scan, Stop> {
    let firsts = segment::list(files, dir)?;
    let mut scan = Scan::default();
    let mut before = None;
    for (index, first) in firsts.iter().enumerate() {
        let spot = Spot { first: *first, next: firsts.get(index + 1).copied(), before };
        let segment = Segment::open(files, dir, *first, Access::Read)?;
        let (point, tail) = scan.segment(&segment, spot).map_err(|fault| Stop {
            spot: matches!(fault, Fault::Damaged { .. }).then_some(spot),
            fault,
        })?;
        scan.segments.push((*first, segment.size));
        scan.end = Some((point, tail));
        before = Some(point);
    }
    Ok(scan)
}

impl Scan {
    /// The unfinished block at the end, if there is one.
    pub(super) fn torn(&self, dir: &Path) -> Option<TornTail> {
        let ((first, _), (_, tail)) = (self.segments.last()?, self.end.as_ref()?);
        let offset = if tail.head.is_some() { tail.position } else { 0 };
        (tail.torn_bytes > 0).then(|| TornTail {
            file: dir.join(segment::name_of(*first)).display().to_string(),
            offset,
            bytes: tail.torn_bytes,
        })
    }

    fn segment(&mut self, segment: &Segment, spot: Spot) -> Result<(Point, Tail), Fault> {
        let before = spot.before.unwrap_or(Point { seq: spot.first, chain: 0 });
        if spot.first != before.seq {
            let wanted = before.seq;
            return Err(segment
                .damaged(0, format!("starts with entry {}, but {wanted} is next", spot.first)));
        }
        let head = match segment.head()? {
            HeadRead::Newer(found) => {
                return Err(Fault::Newer { found, supported: super::format::FORMAT });
            }
            HeadRead::Bad => return headless(segment, spot, before),
            HeadRead::Sound(head) => head,
        };
        if head.first != spot.first {
            return Err(
                segment.damaged(0, format!("its head says it starts with entry {}", head.first))
            );
        }
        if spot.before.is_some_and(|before| before.chain != head.previous) {
            return Err(segment.damaged(0, "it does not continue the segment before it"));
        }
        self.blocks_of(segment, spot, head)
    }

    fn blocks_of(
        &mut self,
        segment: &Segment,
        spot: Spot,
        head: SegmentHead,
    ) -> Result<(Point, Tail), Fault> {
        let mut walk = Walk {
            point: Point { seq: spot.first, chain: head.crc },
            tail: Tail { head: Some(head), position: PAGE, last_block: PAGE, torn_bytes: 0 },
        };
        // The next segment's name says where this one ends: a block that failed and was never confirmed may lie beyond.
        while Some(walk.point.seq) != spot.next {
            let found = segment.block(walk.tail.position)?;
            match found.filter(|block| follows(block, &head, walk.point, spot.next)) {
                Some(block) => self.take(&block, &mut walk),
                None => return stopped(segment, spot, head, walk),
            }
        }
        let bridge = segment.block(walk.tail.position)?.filter(|block| {
            block.kind == Kind::Bridge && follows(block, &head, walk.point, spot.next)
        });
        if let Some(bridge) = bridge {
            self.take(&bridge, &mut walk);
        }
        Ok((walk.point, walk.tail))
    }

    fn take(&mut self, block: &Block, walk: &mut Walk) {
        self.blocks += 1;
        self.entries += u64::from(block.count);
        if block.kind == Kind::Gap {
            self.gaps.push(block.first..=block.next_seq().saturating_sub(1));
        }
        walk.point = Point { seq: block.next_seq(), chain: block.chain() };
        walk.tail.last_block = walk.tail.position;
        walk.tail.position += block.bytes();
    }
}

/// How far a segment was read.
struct Walk {
    point: Point,
    tail: Tail,
}

fn follows(block: &Block, head: &SegmentHead, point: Point, next: Option<Seq>) -> bool {
    block.segment == head.id
        && block.previous == point.chain
        && block.first == point.seq
        && next.is_none_or(|next| block.next_seq() <= next)
}

/// No block holds where the next should be: the end of the journal, or damage.
fn stopped(
    segment: &Segment,
    spot: Spot,
    head: SegmentHead,
    walk: Walk,
) -> Result<(Point, Tail), Fault> {
    let Walk { point, mut tail } = walk;
    if let Some(next) = spot.next {
        let (from, to) = (point.seq, next - 1);
        let reason = format!("entries {from} to {to} should follow here");
        return Err(segment.damaged(tail.position, reason));
    }
    let survey = segment.survey(tail.position)?;
    if let Some((later, block)) = segment.later_block(&survey, Some(head.id), point.seq)? {
        let reason = format!(
            "entry {} should be here; a sound block with entry {} follows at byte {later}",
            point.seq, block.first
        );
        return Err(segment.damaged(tail.position, reason));
    }
    tail.torn_bytes = survey.used_to.map_or(0, |end| end - tail.position);
    Ok((point, tail))
}

/// The head does not hold: a last segment that was never used, or damage.
fn headless(segment: &Segment, spot: Spot, before: Point) -> Result<(Point, Tail), Fault> {
    let survey = segment.survey(0)?;
    if spot.next.is_some() || segment.later_block(&survey, None, before.seq)?.is_some() {
        return Err(segment.damaged(0, "its head does not hold, but entries follow"));
    }
    let torn_bytes = survey.used_to.unwrap_or(0);
    Ok((before, Tail { head: None, position: PAGE, last_block: PAGE, torn_bytes }))
}
