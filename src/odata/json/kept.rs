//! What was written of values that many entities of one answer share, found again by a number.

use super::outline::KEPT_MAX;

/// Places at first: most answers have few such values.
const FIRST: usize = 16;

/// Texts by number, each in a place the number tells; of two for one place the later is kept.
#[derive(Default)]
pub(super) struct Kept {
    places: Vec<Option<(i64, Box<[u8]>)>>,
    /// That of no number.
    none: Option<Box<[u8]>>,
}

impl Kept {
    pub(super) fn get(&self, number: Option<i64>) -> Option<&[u8]> {
        let Some(number) = number else { return self.none.as_deref() };
        match self.places.get(place(number, self.places.len())) {
            Some(Some((kept, text))) if *kept == number => Some(text),
            Some(_) | None => None,
        }
    }

    pub(super) fn put(&mut self, number: Option<i64>, text: &[u8]) {
        let Some(number) = number else {
            self.none = Some(text.into());
            return;
        };
        while self.places.len() < KEPT_MAX && !self.is_free(number) {
            let size = (self.places.len() * 2).max(FIRST);
            let places = std::mem::replace(&mut self.places, (0..size).map(|_| None).collect());
            for (number, text) in places.into_iter().flatten() {
                self.places[place(number, size)] = Some((number, text));
            }
        }
        let at = place(number, self.places.len());
        self.places[at] = Some((number, text.into()));
    }

    fn is_free(&self, number: i64) -> bool {
        matches!(self.places.get(place(number, self.places.len())), Some(None))
    }
}

/// Where a number belongs among `size` places, a power of two; numbers that follow one another get one each.
fn place(number: i64, size: usize) -> usize {
    let mask = size.saturating_sub(1);
    usize::try_from(number.cast_unsigned() & mask as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_or_forgotten_and_never_another() {
        let mut kept = Kept::default();
        let text = |number: i64| number.to_string().into_bytes();
        assert_eq!((kept.get(None), kept.get(Some(0))), (None, None));
        kept.put(None, b"null");
        for step in [1, 4096, -7, 1 << 40, i64::MAX] {
            let numbers = (0..9_000).map(|at: i64| at.wrapping_mul(step));
            for number in numbers.clone() {
                kept.put(Some(number), &text(number));
                assert_eq!(kept.get(Some(number)), Some(&*text(number)));
            }
            for number in numbers {
                assert!(kept.get(Some(number)).is_none_or(|found| found == text(number)));
            }
        }
        assert_eq!(kept.get(None), Some(&b"null"[..]));
        assert_eq!(kept.places.len(), KEPT_MAX);
    }

    #[test]
    fn as_many_as_there_are_places_are_all_kept() {
        let mut kept = Kept::default();
        let most = i64::try_from(KEPT_MAX).unwrap();
        (1..=most).for_each(|number| kept.put(Some(number), b"text"));
        assert!((1..=most).all(|number| kept.get(Some(number)).is_some()));
    }
}
