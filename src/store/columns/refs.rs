//! Up to 4,096 references to long texts, which are not in memory themselves.

use std::io;

use super::{
    CHUNK_ROWS,
    codec::{In, Out, sound},
    ints::Ints,
};
use crate::model::TextRef;

/// References by place; null where there is no text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refs {
    seqs: Ints,
    bytes: Ints,
    digests: Vec<[u8; 16]>,
}

impl Refs {
    /// The reference at a place.
    pub(crate) fn get(&self, at: usize) -> Option<TextRef> {
        let seq = self.seqs.get(at)?.cast_unsigned();
        let bytes = self.bytes.get(at)?.cast_unsigned();
        Some(TextRef { seq, bytes, digest: *self.digests.get(at)? })
    }

    pub(super) fn set(&mut self, at: usize, text: Option<TextRef>) {
        self.seqs.set(at, text.map(|text| text.seq.cast_signed()));
        self.bytes.set(at, text.map(|text| text.bytes.cast_signed()));
        let Some(text) = text else { return };
        if self.digests.len() <= at {
            self.digests.resize(at + 1, [0; 16]);
        }
        self.digests[at] = text.digest;
    }

    pub(super) fn trim(&mut self) {
        self.seqs.trim();
        self.bytes.trim();
        self.digests.shrink_to_fit();
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.seqs.is_nothing()
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.seqs.write_to(out)?;
        self.bytes.write_to(out)?;
        out.numbers(&self.digests, |digest| digest)
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let (seqs, bytes) = (Ints::read_from(input)?, Ints::read_from(input)?);
        let digests = input.numbers(CHUNK_ROWS, |digest| digest)?;
        let is_whole = bytes.len() == seqs.len() && digests.len() == seqs.len();
        sound(is_whole, "a reference is cut short")?;
        Ok(Self { seqs, bytes, digests })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.seqs.heap_bytes() + self.bytes.heap_bytes() + self.digests.capacity() * 16
    }
}
