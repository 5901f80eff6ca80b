//! Columns as bytes: written plainly, and read back without trust in what was found.
//!
//! Numbers are little-endian. No length is believed beyond what is left of the file. Knows nothing of
//! what the bytes mean.

use std::io::{self, Read, Write};

use roaring::RoaringBitmap;

/// Where an image is written to.
pub(in crate::store) struct Out<'a>(&'a mut dyn Write);

impl<'a> Out<'a> {
    /// Writes to `out`, which should take small pieces well.
    pub(in crate::store) fn new(out: &'a mut dyn Write) -> Self {
        Self(out)
    }

    /// Bytes without their number.
    pub(in crate::store) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Bytes behind their number.
    pub(in crate::store) fn list(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count(bytes.len())?;
        self.raw(bytes)
    }

    /// How many of something follow.
    pub(in crate::store) fn count(&mut self, count: usize) -> io::Result<()> {
        let count = u32::try_from(count).map_err(|_| io::Error::other("a list is too long"))?;
        self.raw(&count.to_le_bytes())
    }

    pub(super) fn byte(&mut self, byte: u8) -> io::Result<()> {
        self.raw(&[byte])
    }

    pub(in crate::store) fn u16(&mut self, number: u16) -> io::Result<()> {
        self.raw(&number.to_le_bytes())
    }

    pub(super) fn u64(&mut self, number: u64) -> io::Result<()> {
        self.raw(&number.to_le_bytes())
    }

    pub(super) fn i64(&mut self, number: i64) -> io::Result<()> {
        self.raw(&number.to_le_bytes())
    }

    /// Numbers behind how many they are, each as `N` bytes.
    pub(super) fn numbers<T: Copy, const N: usize>(
        &mut self,
        numbers: &[T],
        to_bytes: impl Fn(T) -> [u8; N],
    ) -> io::Result<()> {
        self.count(numbers.len())?;
        let mut bytes = Vec::with_capacity(numbers.len() * N);
        for number in numbers {
            bytes.extend_from_slice(&to_bytes(*number));
        }
        self.raw(&bytes)
    }

    /// A set of positions, in roaring's own format.
    pub(super) fn bitmap(&mut self, positions: &RoaringBitmap) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(positions.serialized_size());
        positions.serialize_into(&mut bytes)?;
        self.list(&bytes)
    }
}

/// Where an image is read from.
pub(in crate::store) struct In<'a> {
    inner: &'a mut dyn Read,
    rest: u64,
}

impl<'a> In<'a> {
    /// Reads `rest` bytes of `inner`, which should give small pieces well.
    pub(in crate::store) fn new(inner: &'a mut dyn Read, rest: u64) -> Self {
        Self { inner, rest }
    }

    /// Bytes not read yet.
    pub(in crate::store) fn rest(&self) -> u64 {
        self.rest
    }

    /// The next `count` bytes; nothing is reserved for more than there are.
    pub(in crate::store) fn raw(&mut self, count: usize) -> io::Result<Vec<u8>> {
        self.spend(count)?;
        let mut bytes = vec![0; count];
        self.inner.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub(in crate::store) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        self.spend(N)?;
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Bytes behind their number.
    pub(in crate::store) fn list(&mut self) -> io::Result<Vec<u8>> {
        let count = self.count(u32::MAX as usize)?;
        self.raw(count)
    }

    /// How many of something follow, at most `most`.
    pub(in crate::store) fn count(&mut self, most: usize) -> io::Result<usize> {
        let count = u32::from_le_bytes(self.array()?) as usize;
        sound(count <= most, "a list is longer than it can be")?;
        Ok(count)
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(in crate::store) fn u16(&mut self) -> io::Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> io::Result<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// At most `most` numbers of `N` bytes each, behind how many they are.
    pub(super) fn numbers<T, const N: usize>(
        &mut self,
        most: usize,
        of_bytes: impl Fn([u8; N]) -> T,
    ) -> io::Result<Vec<T>> {
        let count = self.count(most)?;
        let bytes = self.raw(count.saturating_mul(N))?;
        Ok(bytes.as_chunks::<N>().0.iter().map(|bytes| of_bytes(*bytes)).collect())
    }

    /// A set of positions below `len`.
    pub(super) fn bitmap(&mut self, len: u32) -> io::Result<RoaringBitmap> {
        let bytes = self.list()?;
        let positions = RoaringBitmap::deserialize_from(&bytes[..])?;
        sound(positions.max().is_none_or(|most| most < len), "a position is beyond the last")?;
        Ok(positions)
    }

    fn spend(&mut self, count: usize) -> io::Result<()> {
        let rest = self.rest.checked_sub(count as u64);
        self.rest = rest.ok_or_else(|| damaged("it ends too early"))?;
        Ok(())
    }
}

/// What is not as it can have been written.
pub(in crate::store) fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Refuses what is not as it can have been written.
pub(in crate::store) fn sound(is_sound: bool, reason: &'static str) -> io::Result<()> {
    if is_sound { Ok(()) } else { Err(damaged(reason)) }
}
