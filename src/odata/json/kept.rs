//! What was written of values that many entities of one answer share, found again by a number.

use super::outline::KEPT_MAX;

/// Places at first: most answers have few such values.
const FIRST: usize = 16;
/// Bytes kept; beyond it everything is forgotten and begun again.
const BYTES_MAX: usize = 1 << 20;

/// Texts by number, one behind the other.
#[derive(Default)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    /// A power of two of them, or none yet, at most half of them taken.
    places: Vec<Option<Place>>,
    taken: usize,
    /// That of no number.
    none: Option<Place>,
}

/// A text among the bytes, and its number.
#[derive(Clone, Copy)]
struct Place {
    number: i64,
    from: u32,
    to: u32,
}

impl Kept {
    pub(super) fn get(&self, number: Option<i64>) -> Option<&[u8]> {
        let place = match number {
            Some(number) => self.places.get(self.find(number)?).copied().flatten(),
            None => self.none,
        }?;
        self.bytes.get(place.from as usize..place.to as usize)
    }

    /// Keeps a text, which comes in parts.
    pub(super) fn put(&mut self, number: Option<i64>, text: &[&[u8]]) {
        let len: usize = text.iter().map(|part| part.len()).sum();
        if self.taken >= KEPT_MAX || self.bytes.len() + len > BYTES_MAX {
            *self = Self::default();
        }
        let from = self.bytes.len();
        let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(from + len)) else {
            return;
        };
        for part in text {
            self.bytes.extend_from_slice(part);
        }
        let place = Place { number: number.unwrap_or(0), from, to };
        if number.is_none() {
            self.none = Some(place);
            return;
        }
        if self.taken * 2 >= self.places.len() {
            let size = (self.places.len() * 2).max(FIRST);
            let places = std::mem::replace(&mut self.places, vec![None; size]);
            places.into_iter().flatten().for_each(|place| self.settle(place));
        }
        self.taken += usize::from(self.get(number).is_none());
        self.settle(place);
    }

    fn settle(&mut self, place: Place) {
        if let Some(at) = self.find(place.number) {
            self.places[at] = Some(place);
        }
    }

    /// Where a number is or belongs; none where there are no places yet.
    fn find(&self, number: i64) -> Option<usize> {
        let mask = self.places.len().checked_sub(1)?;
        let mut at = spread(number) & mask;
        while self.places[at].is_some_and(|place| place.number != number) {
            at = (at + 1) & mask;
        }
        Some(at)
    }
}

/// Numbers that follow one another, or have something in common, are put far from each other.
fn spread(number: i64) -> usize {
    let mixed = number.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 40).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_or_forgotten_and_never_another() {
        let mut kept = Kept::default();
        let text = |number: i64| number.to_string().into_bytes();
        assert_eq!((kept.get(None), kept.get(Some(0))), (None, None));
        for step in [1, 4096, -7, 1 << 40, i64::MAX] {
            let numbers = (0..9_000).map(|at: i64| at.wrapping_mul(step));
            for number in numbers.clone() {
                kept.put(Some(number), &[b"", &text(number)]);
                assert_eq!(kept.get(Some(number)), Some(&*text(number)));
            }
            for number in numbers {
                assert!(kept.get(Some(number)).is_none_or(|found| found == text(number)));
            }
        }
        assert!(kept.places.len() <= 2 * KEPT_MAX && kept.taken <= KEPT_MAX);
        kept.put(None, &[b"nu", b"ll"]);
        assert_eq!((kept.get(None), kept.get(Some(-1))), (Some(&b"null"[..]), None));
        kept.put(Some(5), &[&vec![b'x'; BYTES_MAX]]);
        assert_eq!((kept.get(None), kept.bytes.len()), (None, BYTES_MAX));
    }

    #[test]
    fn as_many_as_there_may_be_are_all_kept() {
        let mut kept = Kept::default();
        let most = i64::try_from(KEPT_MAX).unwrap();
        (1..=most).for_each(|number| kept.put(Some(number), &[b"text"]));
        assert!((1..=most).all(|number| kept.get(Some(number)).is_some()));
    }
}
