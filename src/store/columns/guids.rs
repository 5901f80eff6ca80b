//! Up to 4,096 Guids: the six bytes that begin them, which are a time in most, as narrow numbers.

use std::io;

use super::{
    CHUNK_ROWS,
    codec::{In, Out, sound},
    ints::Ints,
};

/// Guids by place; null where nothing was put.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guids {
    heads: Ints,
    tails: Vec<[u8; 10]>,
}

impl Guids {
    /// The Guid at a place.
    pub(crate) fn get(&self, at: usize) -> Option<[u8; 16]> {
        let head = self.heads.get(at)?.to_be_bytes();
        let mut guid = [0; 16];
        guid[..6].copy_from_slice(&head[2..]);
        guid[6..].copy_from_slice(self.tails.get(at)?);
        Some(guid)
    }

    pub(super) fn set(&mut self, at: usize, guid: Option<[u8; 16]>) {
        let Some(guid) = guid else { return self.heads.set(at, None) };
        let mut head = [0; 8];
        head[2..].copy_from_slice(&guid[..6]);
        self.heads.set(at, Some(i64::from_be_bytes(head)));
        if self.tails.len() <= at {
            self.tails.resize(at + 1, [0; 10]);
        }
        self.tails[at].copy_from_slice(&guid[6..]);
    }

    pub(super) fn trim(&mut self) {
        self.heads.trim();
        self.tails.shrink_to_fit();
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.heads.is_nothing()
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.heads.write_to(out)?;
        out.numbers(&self.tails, |tail| tail)
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let heads = Ints::read_from(input)?;
        let tails = input.numbers(CHUNK_ROWS, |tail| tail)?;
        sound(tails.len() == heads.len(), "a Guid is cut short")?;
        Ok(Self { heads, tails })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.heads.heap_bytes() + self.tails.capacity() * 10
    }
}
