//! From a key to the position of its row, and the order of keys.

use imbl::OrdMap;

use super::{CHUNK_POSITIONS, Columns, sorted::Sorted};
use crate::model::Key;

/// How the rows of a set are found by key.
#[derive(Clone, Debug)]
pub(super) enum Keys {
    /// Integers that ascend as the positions do, also those of rows that are gone: nothing is kept.
    Ascending,
    /// Integers in any order.
    Sorted(Sorted),
    /// Anything else.
    Map {
        /// The position of each key.
        by: OrdMap<Key, u32>,
        /// The key of each position.
        of: OrdMap<u32, Key>,
    },
}

impl Columns {
    /// Whether rows in the order of their positions are in the order of their keys.
    pub(crate) fn keys_ascend(&self) -> bool {
        matches!(self.keys, Keys::Ascending)
    }

    /// The position of the row with that key.
    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        self.place(key).filter(|at| self.live.contains(*at))
    }

    /// The key of a row.
    pub(crate) fn key(&self, at: u32) -> Key {
        match &self.keys {
            Keys::Ascending | Keys::Sorted(_) => Key::Int(self.id(at)),
            Keys::Map { of, .. } => of.get(&at).cloned().unwrap_or(Key::Int(0)),
        }
    }

    /// The integer key of a row; 0 where keys are no integers.
    pub(crate) fn id(&self, at: u32) -> i64 {
        self.id_column.and_then(|index| self.props[index].int(at)).unwrap_or(0)
    }

    /// The greatest integer key of all rows; 0 where there are none.
    pub(crate) fn greatest_id(&self) -> Option<i64> {
        let last = match &self.keys {
            Keys::Ascending => self.live().max(),
            Keys::Sorted(sorted) => sorted.len().checked_sub(1).and_then(|last| sorted.nth(last)),
            Keys::Map { .. } => return None,
        };
        Some(last.map_or(0, |at| self.id(at)))
    }

    /// The positions of all rows, by key.
    pub(crate) fn by_key(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match &self.keys {
            Keys::Ascending => Box::new(self.live().iter()),
            Keys::Sorted(sorted) => Box::new(sorted.iter().map(|(_, at)| at)),
            Keys::Map { by, .. } => Box::new(by.values().copied()),
        }
    }

    /// The positions of the rows whose keys come after `key`, by key.
    pub(crate) fn by_key_after(&self, key: &Key) -> Box<dyn Iterator<Item = u32> + '_> {
        use std::ops::Bound::{Excluded, Unbounded};
        match (&self.keys, key) {
            (Keys::Ascending, Key::Int(id)) => match id.checked_add(1) {
                Some(next) => Box::new(self.live().range(self.lower_bound(next)..)),
                None => Box::new(std::iter::empty()),
            },
            (Keys::Sorted(sorted), Key::Int(id)) => match id.checked_add(1) {
                Some(next) => Box::new(sorted.from(next, 0).map(|(_, at)| at)),
                None => Box::new(std::iter::empty()),
            },
            (Keys::Map { by, .. }, key) => {
                let behind = (Excluded(key.clone()), Unbounded);
                Box::new(by.range(behind).map(|(_, at)| *at))
            }
            // Integers come before all other keys.
            (Keys::Ascending | Keys::Sorted(_), Key::Bytes(_)) => Box::new(std::iter::empty()),
        }
    }

    /// Positions in the order of their keys.
    pub(super) fn sort_by_key(&self, positions: &mut [u32]) {
        match &self.keys {
            Keys::Ascending => positions.sort_unstable(),
            Keys::Sorted(_) => positions.sort_by_cached_key(|at| self.id(*at)),
            Keys::Map { .. } => positions.sort_by_cached_key(|at| self.key(*at)),
        }
    }

    /// The position that has or had that key.
    pub(super) fn place(&self, key: &Key) -> Option<u32> {
        match (&self.keys, key) {
            (Keys::Ascending, Key::Int(id)) => {
                let at = self.lower_bound(*id);
                (at < self.len && self.id(at) == *id).then_some(at)
            }
            (Keys::Sorted(sorted), Key::Int(id)) => sorted.find(*id),
            (Keys::Map { by, .. }, key) => by.get(key).copied(),
            (Keys::Ascending | Keys::Sorted(_), Key::Bytes(_)) => None,
        }
    }

    /// Takes in the key of the new position `at`; of an integer its cell has to be put besides.
    pub(super) fn add_key(&mut self, key: &Key, at: u32) {
        if let (Keys::Ascending, Key::Int(id)) = (&self.keys, key)
            && at > 0
            && *id <= self.id(at - 1)
        {
            let mut sorted = Sorted::default();
            for at in self.live.get() {
                sorted.add(self.id(at), at);
            }
            sorted.settle();
            self.keys = Keys::Sorted(sorted);
        }
        match (&mut self.keys, key) {
            (Keys::Sorted(sorted), Key::Int(id)) => {
                sorted.add(*id, at);
                sorted.settle();
            }
            (Keys::Map { by, of }, key) => {
                by.insert(key.clone(), at);
                of.insert(at, key.clone());
            }
            (Keys::Ascending, _) | (Keys::Sorted(_), Key::Bytes(_)) => {}
        }
    }

    /// Forgets the key of a row that goes.
    pub(super) fn remove_key(&mut self, key: &Key, at: u32) {
        match (&mut self.keys, key) {
            (Keys::Sorted(sorted), Key::Int(id)) => {
                sorted.remove(*id, at);
                sorted.settle();
            }
            (Keys::Map { by, of }, key) => {
                by.remove(key);
                of.remove(&at);
            }
            (Keys::Ascending, _) | (Keys::Sorted(_), Key::Bytes(_)) => {}
        }
    }

    /// The first position whose key is not below `id`, where keys ascend.
    fn lower_bound(&self, id: i64) -> u32 {
        // Ids mostly follow one another without a gap.
        let guess = u32::try_from(id.saturating_sub(self.id(0))).ok().filter(|at| *at < self.len);
        if let Some(at) = guess.filter(|at| self.id(*at) == id) {
            return at;
        }
        let chunk = CHUNK_POSITIONS;
        let chunks = partition(0, self.len.div_ceil(chunk), |index| self.id(index * chunk) < id);
        let first = chunks.saturating_sub(1) * chunk;
        partition(first, self.len.min(first + chunk), |at| self.id(at) < id)
    }
}

/// The first of `low..high` for which it is not so; it is so for all before and for none behind.
fn partition(mut low: u32, mut high: u32, is_so: impl Fn(u32) -> bool) -> u32 {
    while low < high {
        let middle = low + (high - low) / 2;
        if is_so(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
