//! Up to 4,096 texts or payloads in one piece, one behind the other.

use std::{io, ops::Range};

use super::{
    CHUNK_ROWS,
    codec::{In, Out, sound},
    nulls::Nulls,
};

/// Bytes by place, in one piece; null where nothing was put.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    nulls: Nulls,
}

impl Block {
    /// Places from the first to the last that something was put in.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes at a place.
    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(self.range(at)?)
    }

    /// Where in [`Block::bytes`] those at a place are.
    pub(crate) fn range(&self, at: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(at)?;
        (!self.nulls.is_null(at)).then(|| self.start(at)..end as usize)
    }

    /// All of it, to be gone through at once; what ends where is in [`Block::ends`].
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where each place's bytes end in [`Block::bytes`]; they begin where those before end.
    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends
    }

    pub(super) fn set(&mut self, at: usize, content: Option<&[u8]>) {
        if at >= self.len() {
            if content.is_none() {
                return;
            }
            let end = self.ends.last().copied().unwrap_or(0);
            for place in self.len()..=at {
                self.nulls.set(place, true);
                self.ends.push(end);
            }
        }
        self.nulls.set(at, content.is_none());
        let (start, end) = (self.start(at), self.ends[at] as usize);
        let content = content.unwrap_or_default();
        if at + 1 == self.len() {
            self.bytes.truncate(start);
            self.bytes.extend(content);
        } else {
            self.bytes.splice(start..end, content.iter().copied());
        }
        for place in &mut self.ends[at..] {
            // All payloads of a chunk together stay below 4 GiB, see `PAYLOAD_MAX`.
            *place = u32::try_from(*place as usize + content.len() + start - end).unwrap_or(*place);
        }
    }

    pub(super) fn trim(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.nulls.trim();
    }

    /// How many places hold something.
    pub(super) fn held(&self) -> usize {
        self.nulls.held(self.len())
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.numbers(&self.ends, u32::to_le_bytes)?;
        self.nulls.write_to(out)?;
        out.list(&self.bytes)
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let ends = input.numbers(CHUNK_ROWS, u32::from_le_bytes)?;
        let (nulls, bytes) = (Nulls::read_from(input)?, input.list()?);
        let end = ends.last().map_or(0, |end| *end as usize);
        sound(ends.is_sorted() && end == bytes.len(), "texts end where there is none")?;
        Ok(Self { bytes, ends, nulls })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4 + self.nulls.heap_bytes()
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }
}
