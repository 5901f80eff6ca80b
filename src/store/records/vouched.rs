//! Which long texts were compared with what their records vouch for, so that each is compared once after a start:
//! to digest a description takes longer than to read and write it.
//!
//! What is read again later comes through the record engine, which has checksums of its own. Only texts that were
//! there at the start are remembered, for of those there is one for each property of an entity.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    model::{Key, Model, Origin, SetId},
    store::Seq,
};

/// Entities of one part of the memory, which is made when the first of them is read: 128 KiB.
const PART: usize = 1 << 20;
/// Parts of a property: entities with greater keys are compared each time.
const PARTS: usize = 16;

type Part = OnceLock<Box<[AtomicU64]>>;

/// What is remembered.
pub(super) struct Vouched {
    /// The last transaction before the start.
    until: AtomicU64,
    of: Vec<((SetId, u16), [Part; PARTS])>,
}

impl Vouched {
    /// Nothing is known yet of the texts up to transaction `until`.
    pub(super) fn new(model: &Model, until: Seq) -> Self {
        let long = |set| {
            let structure = model.entity_type(set);
            structure.props().filter_map(move |(_, property)| match property.origin {
                Origin::LongText { tag } => Some((set, tag)),
                Origin::Stored { .. }
                | Origin::LookUp { .. }
                | Origin::Count { .. }
                | Origin::Computed(..) => None,
            })
        };
        let all = model.set_ids().flat_map(|(set, _)| long(set));
        Self { until: AtomicU64::new(until), of: all.map(|of| (of, Default::default())).collect() }
    }

    /// Has every text compared each time from now on.
    pub(super) fn forget(&self) {
        self.until.store(0, Ordering::Relaxed);
    }

    /// Whether the text of a property, as written by transaction `seq`, was compared.
    pub(super) fn is_known(&self, of: (SetId, u16), key: &Key, seq: Seq) -> bool {
        let Some((part, word, bit)) = self.place(of, key, seq) else { return false };
        part.get().is_some_and(|words| words[word].load(Ordering::Relaxed) & bit != 0)
    }

    /// It was compared, and is what it should be.
    pub(super) fn note(&self, of: (SetId, u16), key: &Key, seq: Seq) {
        let Some((part, word, bit)) = self.place(of, key, seq) else { return };
        let words = part.get_or_init(|| (0..PART / 64).map(|_| AtomicU64::new(0)).collect());
        words[word].fetch_or(bit, Ordering::Relaxed);
    }

    fn place(&self, of: (SetId, u16), key: &Key, seq: Seq) -> Option<(&Part, usize, u64)> {
        if seq > self.until.load(Ordering::Relaxed) {
            return None;
        }
        let Key::Int(id) = key else { return None };
        let id = usize::try_from(*id).ok()?;
        let (_, parts) = self.of.iter().find(|(known, _)| *known == of)?;
        Some((parts.get(id / PART)?, id % PART / 64, 1 << (id % 64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{helpdesk, set};

    #[test]
    fn only_what_was_there_at_the_start_is_remembered_until_it_is_forgotten() {
        let vouched = Vouched::new(helpdesk(), 7);
        let of = (set::TICKETS, 4);
        let known = |id, seq| vouched.is_known(of, &Key::Int(id), seq);
        for id in [0, 63, 64, 1 << 20, (1 << 24) - 1] {
            assert!(!known(id, 7), "{id}");
            vouched.note(of, &Key::Int(id), 7);
            assert!(known(id, 7) && !known(id + 1, 7) && !known(id, 8), "{id}");
        }
        for (id, seq) in [(3, 8), (-1, 7), (1 << 24, 7)] {
            vouched.note(of, &Key::Int(id), seq);
            assert!(!known(id, seq), "{id}");
        }
        vouched.note((set::TEAMS, 4), &Key::Int(1), 7);
        assert!(!vouched.is_known((set::TEAMS, 4), &Key::Int(1), 7));
        vouched.forget();
        assert!(!known(63, 7));
    }
}
