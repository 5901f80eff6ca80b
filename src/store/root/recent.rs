//! Long texts that were lately read one by one: the newest tickets are asked for again and again.
//!
//! A text is found by its place, which names the transaction that wrote it and so is never another's, and
//! only where it is what the record vouches for: whichever state it is read from, and whatever was written
//! since. A scan of many texts leaves nothing here.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use arc_swap::ArcSwapOption;

use super::TextKey;
use crate::model::TextRef;

/// Texts kept at most: some thousand rows are what people look at within an hour.
const SLOTS: usize = 4096;
/// Bytes of the longest text that is kept, and so 16 MiB of all of them.
const BYTES_MAX: u64 = 4 << 10;

/// Texts, each in one of two slots that its digest tells.
pub(super) struct Recent {
    slots: Box<[ArcSwapOption<Kept>]>,
    /// Counts those put, so that now one and now the other of two gives way.
    put: AtomicUsize,
}

struct Kept {
    place: TextKey,
    text: TextRef,
    found: Arc<str>,
}

impl Default for Recent {
    fn default() -> Self {
        let slots = (0..SLOTS).map(|_| ArcSwapOption::empty()).collect();
        Self { slots, put: AtomicUsize::new(0) }
    }
}

impl Recent {
    /// The text in a place that is referred to, if it is here.
    pub(super) fn get(&self, (place, text): (&TextKey, &TextRef)) -> Option<Arc<str>> {
        slots(text).into_iter().find_map(|slot| {
            let kept = self.slots[slot].load();
            let is_it = |kept: &&Arc<Kept>| kept.text == *text && kept.place == *place;
            kept.as_ref().filter(is_it).map(|kept| Arc::clone(&kept.found))
        })
    }

    /// Keeps a text that was found in a place to be what `text` refers to, in the slot of some other.
    pub(super) fn put(&self, (place, text): (&TextKey, &TextRef), found: &Arc<str>) {
        if text.bytes > BYTES_MAX {
            return;
        }
        let two = slots(text);
        let turn = self.put.fetch_add(1, Ordering::Relaxed) % two.len();
        let free = two.into_iter().find(|slot| self.slots[*slot].load().is_none());
        let slot = free.unwrap_or(two[turn]);
        let kept = Kept { place: place.clone(), text: *text, found: Arc::clone(found) };
        self.slots[slot].store(Some(Arc::new(kept)));
    }
}

fn slots(text: &TextRef) -> [usize; 2] {
    let slot = |low: usize| {
        usize::from(u16::from_le_bytes([text.digest[low], text.digest[low + 1]])) % SLOTS
    };
    [slot(0), slot(2)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Key, SetId};

    fn place(number: usize) -> TextKey {
        (SetId(1), Key::Int(i64::try_from(number).unwrap()), 4, 3)
    }

    #[test]
    fn what_is_found_is_what_is_referred_to_or_nothing() {
        let recent = Recent::default();
        let text = |number: usize| -> Arc<str> { format!("text {number}").into() };
        let all = |numbers: std::ops::Range<usize>| {
            let found = numbers.clone().filter(|number| {
                let (text, other) = (text(*number), text(number + 1));
                let found = recent.get((&place(*number), &TextRef::to(&text, 3)));
                assert!(found.as_ref().is_none_or(|found| *found == text), "{number}");
                assert_ne!(found.as_ref(), Some(&other));
                found.is_some()
            });
            (found.count(), numbers.len())
        };
        assert_eq!(all(0..100), (0, 100));
        for number in 0..20_000 {
            let to = TextRef::to(&text(number), 3);
            recent.put((&place(number), &to), &text(number));
            assert_eq!(recent.get((&place(number), &to)), Some(text(number)));
            // What is digested alike is still another's.
            assert_eq!(recent.get((&place(number + 1), &to)), None);
            assert_eq!(recent.get((&place(number), &TextRef { bytes: 1, ..to })), None);
        }
        let (found, of) = all(0..20_000);
        assert!(found <= SLOTS && found > SLOTS / 2, "{found} of {of}");
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        let recent = Recent::default();
        for (bytes, want) in [(4096, true), (4097, false)] {
            let text: Arc<str> = "x".repeat(bytes).into();
            let to = TextRef::to(&text, 1);
            recent.put((&place(1), &to), &text);
            assert_eq!(recent.get((&place(1), &to)).is_some(), want, "{bytes}");
        }
    }
}
