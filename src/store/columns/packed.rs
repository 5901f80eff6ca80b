//! Some hundred numbers in as many bits as the greatest of them takes.

use std::io;

use super::codec::{In, Out, sound};

/// Bits beyond which a number could straddle nine bytes: it takes eight whole ones then.
const BITS_MAX: u32 = 56;
/// Bytes behind the last number, so that eight can be read from wherever one begins.
const PAD: usize = 8;

/// Numbers, which are replaced as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    bits: u8,
    bytes: Box<[u8]>,
}

impl Packed {
    pub(super) fn of(numbers: &[u64]) -> Self {
        let most = numbers.iter().fold(0, |all, number| all | number);
        let bits = u64::BITS - most.leading_zeros();
        let bits = if bits > BITS_MAX { u64::BITS } else { bits } as usize;
        let mut bytes = vec![0; (numbers.len() * bits).div_ceil(8) + PAD];
        for (at, number) in numbers.iter().enumerate() {
            let bit = at * bits;
            if let Some(eight) = bytes[bit / 8..].first_chunk_mut::<8>() {
                *eight = (u64::from_le_bytes(*eight) | number << (bit % 8)).to_le_bytes();
            }
        }
        // At most 64.
        Self { bits: u8::try_from(bits).unwrap_or(64), bytes: bytes.into() }
    }

    /// The number at a place that there is.
    pub(super) fn get(&self, at: usize) -> u64 {
        let bits = usize::from(self.bits);
        let bit = at * bits;
        let eight = self.bytes.get(bit / 8..).and_then(|rest| rest.first_chunk::<8>());
        let word = eight.map_or(0, |eight| u64::from_le_bytes(*eight)) >> (bit % 8);
        if bits >= 64 { word } else { word & ((1 << bits) - 1) }
    }

    /// What no number is greater than.
    pub(super) fn most(&self) -> u64 {
        if self.bits >= 64 { u64::MAX } else { (1 << self.bits) - 1 }
    }

    /// The first `len` numbers.
    pub(super) fn numbers(&self, len: usize) -> Vec<u64> {
        (0..len).map(|at| self.get(at)).collect()
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.byte(self.bits)?;
        out.list(&self.bytes)
    }

    /// `len` numbers.
    pub(super) fn read_from(input: &mut In<'_>, len: usize) -> io::Result<Self> {
        let (bits, bytes) = (input.byte()?, input.list()?);
        sound(u32::from(bits) <= BITS_MAX || bits == 64, "numbers are too wide")?;
        let needed = (len * usize::from(bits)).div_ceil(8) + PAD;
        sound(bytes.len() == needed, "numbers are missing")?;
        Ok(Self { bits, bytes: bytes.into() })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_of_any_width_come_back(
            numbers in prop::collection::vec(any::<u64>(), 0..600), width in 0_u32..=64
        ) {
            let narrow = |number: &u64| number.checked_shr(64 - width).unwrap_or(0);
            let numbers: Vec<u64> = numbers.iter().map(narrow).collect();
            let packed = Packed::of(&numbers);
            prop_assert!(numbers.iter().all(|number| *number <= packed.most()));
            prop_assert_eq!(packed.numbers(numbers.len()), numbers);
            let most = if width > BITS_MAX { 64 } else { width };
            prop_assert!(u32::from(packed.bits) <= most);
        }
    }
}
