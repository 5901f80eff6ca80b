//! Which of up to 4,096 places hold nothing. Takes no memory while all hold something.

use super::CHUNK_ROWS;

const WORDS: usize = CHUNK_ROWS / 64;

/// A bit for each place, set where there is nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nulls(Option<Box<[u64; WORDS]>>);

impl Nulls {
    /// Whether place `at` holds nothing.
    pub(crate) fn is_null(&self, at: usize) -> bool {
        self.0.as_ref().is_some_and(|words| words[at / 64] >> (at % 64) & 1 == 1)
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

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |_| WORDS * 8)
    }
}
