//! Reads entries while others are written: only what the caller knows to be confirmed.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Seq,
    format::{Block, HeadRead, PAGE},
    segment::{self, Segment},
};
use crate::store::{
    fault::Fault,
    files::{Access, Files},
};

/// A reader of a journal that another thread may be writing. Cheap to clone; opens files only while reading.
#[derive(Clone, Debug)]
pub struct JournalReader {
    files: Arc<dyn Files>,
    dir: PathBuf,
}

impl JournalReader {
    /// A reader of the journal in `dir`.
    #[must_use]
    pub fn new(files: Arc<dyn Files>, dir: &Path) -> Self {
        Self { files, dir: dir.to_owned() }
    }

    /// The entries `from..=last`, ascending. `last` must be confirmed: a number `append` answered for.
    ///
    /// Costs a walk over the block heads of one segment to find `from`. Numbers lost to damage are left out.
    ///
    /// # Errors
    /// [`Fault::Trimmed`] where `from` is older than what is kept.
    pub fn entries(&self, from: Seq, last: Seq) -> Result<Entries, Fault> {
        let mut entries = Entries {
            reader: self.clone(),
            segments: VecDeque::new(),
            current: None,
            block: None,
            wanted: from,
            last,
        };
        if from > last {
            return Ok(entries);
        }
        // Listed after `last` was confirmed, so the segment that holds `last` is among them.
        let firsts = segment::list(self.files.as_ref(), &self.dir)?;
        let Some(start) = firsts.iter().rposition(|first| *first <= from) else {
            return Err(Fault::Trimmed { first: firsts.first().copied().unwrap_or(1) });
        };
        entries.segments = firsts.into_iter().skip(start).collect();
        Ok(entries)
    }
}

/// Entries in order, each with its sequence number; ends after the first fault.
#[derive(Debug)]
pub struct Entries {
    reader: JournalReader,
    segments: VecDeque<Seq>,
    current: Option<Current>,
    /// The block being given out.
    block: Option<Open>,
    wanted: Seq,
    last: Seq,
}

#[derive(Debug)]
struct Current {
    segment: Segment,
    id: u64,
    position: u64,
    seq: Seq,
}

/// A block, and its next entry by number and by offset.
#[derive(Debug)]
struct Open {
    block: Block,
    seq: Seq,
    offset: usize,
}

impl Iterator for Entries {
    type Item = Result<(Seq, Vec<u8>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.wanted > self.last {
                return None;
            }
            if let Some(open) = &mut self.block {
                let Some((entry, next)) = open.block.entry_at(open.offset) else {
                    self.wanted = self.wanted.max(open.block.next_seq());
                    self.block = None;
                    continue;
                };
                let seq = open.seq;
                (open.seq, open.offset) = (seq + 1, next);
                if seq < self.wanted {
                    continue;
                }
                self.wanted = seq + 1;
                return Some(Ok((seq, entry.to_vec())));
            }
            match self.advance() {
                Ok(block) => {
                    self.block = block.map(|block| Open { seq: block.first, offset: 0, block });
                }
                Err(fault) => {
                    self.wanted = Seq::MAX;
                    self.last = 0;
                    return Some(Err(fault));
                }
            }
        }
    }
}

impl Entries {
    /// One step: a segment opened, a block skipped, or the block that holds `wanted`.
    fn advance(&mut self) -> Result<Option<Block>, Fault> {
        let ends = |current: &Current| self.segments.front() == Some(&current.seq);
        let Some(current) = self.current.as_mut().filter(|current| !ends(current)) else {
            self.current = Some(self.open_next()?);
            return Ok(None);
        };
        let missing = |current: &Current| {
            current
                .segment
                .damaged(current.position, format!("entry {} should follow here", current.seq))
        };
        let head = current.segment.block_head(current.position)?.ok_or_else(|| missing(current))?;
        let next = head.first.saturating_add(u64::from(head.count));
        if head.segment == current.id
            && head.kind == super::format::Kind::Entries
            && next <= self.wanted
        {
            current.position += head.len().next_multiple_of(PAGE);
            current.seq = next;
            return Ok(None);
        }
        let block = current
            .segment
            .block(current.position)?
            .filter(|block| block.segment == current.id && block.first == current.seq)
            .ok_or_else(|| missing(current))?;
        current.position += block.bytes();
        current.seq = block.next_seq();
        Ok((current.seq > self.wanted).then_some(block))
    }

    fn open_next(&mut self) -> Result<Current, Fault> {
        let files = self.reader.files.as_ref();
        let first = self.segments.pop_front().ok_or_else(|| {
            Fault::Io(
                format!("cannot read entry {}", self.wanted),
                "the journal ends before it".into(),
            )
        })?;
        let segment = Segment::open(files, &self.reader.dir, first, Access::Read)?;
        match segment.head()? {
            HeadRead::Sound(head) if head.first == first => {
                Ok(Current { segment, id: head.id, position: PAGE, seq: first })
            }
            HeadRead::Sound(_) | HeadRead::Bad => Err(segment.damaged(0, "its head does not hold")),
            HeadRead::Newer(found) => Err(Fault::Newer { found, supported: super::format::FORMAT }),
        }
    }
}
