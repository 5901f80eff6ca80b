//! Which of up to 4,096 places hold nothing. Takes no memory while all hold something.

use std::io;

use super::{
    CHUNK_ROWS,
    codec::{In, Out, damaged},
};

/// Words of a bit for each place.
pub(crate) const WORDS: usize = CHUNK_ROWS / 64;

/// A bit for each place, set where there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nulls(Option<Box<[u64; WORDS]>>);

impl Nulls {
    /// Whether place `at` holds nothing.
    pub(crate) fn is_null(&self, at: usize) -> bool {
        self.0.as_ref().is_some_and(|words| words[at / 64] >> (at % 64) & 1 == 1)
    }

    /// As a bit for each of the first `len` places, set where one holds something.
    pub(crate) fn held_bits(&self, len: usize) -> [u64; WORDS] {
        let mut bits = [0; WORDS];
        for (at, word) in bits.iter_mut().enumerate() {
            let there = len.saturating_sub(at * 64);
            let within = if there >= 64 { u64::MAX } else { (1 << there) - 1 };
            *word = within & !self.0.as_ref().map_or(0, |words| words[at]);
        }
        bits
    }

    /// Whether any place holds nothing.
    pub(crate) fn any(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn set(&mut self, at: usize, is_null: bool) {
        if is_null {
            let words = self.0.get_or_insert_with(|| Box::new([0; WORDS]));
            words[at / 64] |= 1 << (at % 64);
        } else if let Some(words) = &mut self.0 {
            words[at / 64] &= !(1 << (at % 64));
        }
    }

    /// Forgets the bits where none is set.
    pub(super) fn trim(&mut self) {
        if self.0.as_ref().is_some_and(|words| words.iter().all(|word| *word == 0)) {
            self.0 = None;
        }
    }

    /// How many of the first `len` places hold something.
    pub(super) fn held(&self, len: usize) -> usize {
        (0..len).filter(|at| !self.is_null(*at)).count()
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        let Some(words) = &self.0 else { return out.byte(0) };
        out.byte(1)?;
        words.iter().try_for_each(|word| out.u64(*word))
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        match input.byte()? {
            0 => Ok(Self(None)),
            1 => {
                let bytes = input.array::<{ WORDS * 8 }>()?;
                let mut words = Box::new([0; WORDS]);
                for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
                    *word = u64::from_le_bytes(*bytes);
                }
                Ok(Self(Some(words)))
            }
            _ => Err(damaged("what is null is not readable")),
        }
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |_| WORDS * 8)
    }
}
