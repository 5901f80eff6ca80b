//! Up to 4,096 references to long texts, which are not in memory themselves.

use std::io;

use super::{
    codec::{In, Out, sound},
    ints::Ints,
};
use crate::model::TextRef;

/// References by place; null where there is no text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refs {
    seqs: Ints,
    bytes: Ints,
    /// Digests in halves: the second is 0 but in older records.
    digests: [Ints; 2],
}

impl Refs {
    /// The reference at a place.
    pub(crate) fn get(&self, at: usize) -> Option<TextRef> {
        let seq = self.seqs.get(at)?.cast_unsigned();
        let bytes = self.bytes.get(at)?.cast_unsigned();
        let mut digest = [0; 16];
        for (half, ints) in digest.as_chunks_mut::<8>().0.iter_mut().zip(&self.digests) {
            *half = ints.get(at)?.to_be_bytes();
        }
        Some(TextRef { seq, bytes, digest })
    }

    pub(super) fn set(&mut self, at: usize, text: Option<TextRef>) {
        self.seqs.set(at, text.map(|text| text.seq.cast_signed()));
        self.bytes.set(at, text.map(|text| text.bytes.cast_signed()));
        for (which, ints) in self.digests.iter_mut().enumerate() {
            let half = |text: &TextRef| text.digest.as_chunks::<8>().0.get(which).copied();
            ints.set(at, text.as_ref().and_then(half).map(i64::from_be_bytes));
        }
    }

    pub(super) fn trim(&mut self) {
        self.all_mut().for_each(Ints::trim);
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.seqs.is_nothing()
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.all().try_for_each(|ints| ints.write_to(out))
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let mut read = || Ints::read_from(input);
        let refs = Self { seqs: read()?, bytes: read()?, digests: [read()?, read()?] };
        let is_whole = refs.all().all(|ints| ints.len() == refs.seqs.len());
        sound(is_whole, "a reference is cut short")?;
        Ok(refs)
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.all().map(Ints::heap_bytes).sum()
    }

    fn all(&self) -> impl Iterator<Item = &Ints> {
        [&self.seqs, &self.bytes].into_iter().chain(&self.digests)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Ints> {
        [&mut self.seqs, &mut self.bytes].into_iter().chain(&mut self.digests)
    }
}
