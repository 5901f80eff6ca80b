//! One segment file: its name, its head, the blocks in it. Reads only.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Seq,
    format::{Block, BlockHead, HeadRead, PAGE, PAGE_LEN, SegmentHead},
};
use crate::store::{
    fault::Fault,
    files::{Access, File, Files},
};

const EXTENSION: &str = ".journal";
/// How much is read at once when looking through the end of a segment.
const STRETCH: usize = 1 << 20;

/// The file name of the segment that starts with `first`.
pub(super) fn name_of(first: Seq) -> String {
    format!("{first:020}{EXTENSION}")
}

/// The inverse of [`name_of`]; `None` for every other name.
pub(super) fn first_of(name: &str) -> Option<Seq> {
    let digits = name.strip_suffix(EXTENSION)?;
    let first = digits.parse().ok()?;
    (name_of(first) == name).then_some(first)
}

/// First sequence numbers of the segments in `dir`, ascending.
pub(super) fn list(files: &dyn Files, dir: &Path) -> Result<Vec<Seq>, Fault> {
    let names = files.list(dir).map_err(|error| Fault::io("list", dir, &error))?;
    Ok(names.iter().filter_map(|name| first_of(name)).collect())
}

/// An open segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: Box<dyn File>,
    pub(super) size: u64,
}

/// What lies in a segment from some offset on.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Offsets at which a block seems to start.
    pub(super) starts: Vec<u64>,
    /// Offset after the last page that is not all zeros; `None` where all are.
    pub(super) used_to: Option<u64>,
}

impl Segment {
    pub(super) fn open(
        files: &dyn Files,
        dir: &Path,
        first: Seq,
        access: Access,
    ) -> Result<Self, Fault> {
        let path = dir.join(name_of(first));
        let file = files.open(&path, access).map_err(|error| Fault::io("open", &path, &error))?;
        let size = file.size().map_err(|error| Fault::io("measure", &path, &error))?;
        Ok(Self { path, file, size })
    }

    /// A fault that names this file.
    pub(super) fn damaged(&self, offset: u64, reason: impl Into<String>) -> Fault {
        Fault::Damaged { file: self.path.display().to_string(), offset, reason: reason.into() }
    }

    /// Bytes the disk refuses to give back are damage, never the end of the journal.
    fn unreadable(&self, offset: u64, error: &io::Error) -> Fault {
        self.damaged(offset, format!("cannot be read: {error}"))
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Fault> {
        self.file.read_at(buffer, offset).map_err(|error| self.unreadable(offset, &error))
    }

    pub(super) fn head(&self) -> Result<HeadRead, Fault> {
        let mut page = [0; PAGE_LEN];
        let read = self.read(&mut page, 0)?;
        Ok(SegmentHead::read(&page[..read]))
    }

    /// The head of the block at `offset`, its payload unread and unchecked.
    pub(super) fn block_head(&self, offset: u64) -> Result<Option<BlockHead>, Fault> {
        let mut bytes = [0; super::format::HEAD];
        let read = self.read(&mut bytes, offset)?;
        Ok(BlockHead::read(&bytes[..read]))
    }

    /// The block at `offset`; `None` where there is none that holds.
    pub(super) fn block(&self, offset: u64) -> Result<Option<Block>, Fault> {
        let mut raw = vec![0; PAGE_LEN];
        let read = self.read(&mut raw, offset)?;
        raw.truncate(read);
        let Some(head) = BlockHead::read(&raw) else { return Ok(None) };
        let Ok(length) = usize::try_from(head.len()) else { return Ok(None) };
        if head.len() > self.size.saturating_sub(offset) {
            return Ok(None);
        }
        let known = raw.len();
        raw.resize(length, 0);
        if length > known {
            let more = self.read(&mut raw[known..], offset + known as u64)?;
            raw.truncate(known + more);
        }
        Ok(Block::read(raw))
    }

    /// Looks at every page from `offset` (a multiple of [`PAGE`]) to the end of the file.
    pub(super) fn survey(&self, mut offset: u64) -> Result<Survey, Fault> {
        let mut survey = Survey::default();
        let rest = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut stretch = vec![0; STRETCH.min(rest)];
        while offset < self.size {
            let read = self.read(&mut stretch, offset)?;
            if read == 0 {
                break;
            }
            for page in stretch[..read].chunks(PAGE_LEN) {
                if page != &[0; PAGE_LEN][..page.len()] {
                    survey.used_to = Some(offset + page.len() as u64);
                    survey.starts.extend(BlockHead::read(page).map(|_| offset));
                }
                offset += PAGE;
            }
        }
        Ok(survey)
    }

    /// The first block at or after `offset` that holds, is of segment `id` (if known) and starts at `seq` or later.
    pub(super) fn later_block(
        &self,
        survey: &Survey,
        id: Option<u64>,
        seq: Seq,
    ) -> Result<Option<(u64, Block)>, Fault> {
        for start in &survey.starts {
            let found = self.block(*start)?;
            if let Some(block) =
                found.filter(|b| id.is_none_or(|id| b.segment == id) && b.first >= seq)
            {
                return Ok(Some((*start, block)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_first_sequence_number_and_sorts_by_it() {
        assert_eq!(name_of(17), "00000000000000000017.journal");
        assert_eq!(first_of(&name_of(17)), Some(17));
        assert_eq!(first_of(&name_of(u64::MAX)), Some(u64::MAX));
        assert!(name_of(9) < name_of(10));
        for other in
            ["17.journal", "next.prepared", "00000000000000000017.journal.damaged", "+000.journal"]
        {
            assert_eq!(first_of(other), None, "{other}");
        }
    }
}
