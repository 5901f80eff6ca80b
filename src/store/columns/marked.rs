//! A set of positions of which a copy costs little, and little is copied for a change.
//!
//! Bitmaps of millions of rows are not copied for each block: what changed lies beside until it is much.
//! Who reads gets both in one, made once for all who read the same copy.

use std::sync::{Arc, OnceLock};

use imbl::OrdMap;
use roaring::RoaringBitmap;

/// Changes beside a bitmap at most: put into it they cost a copy of it, and whoever reads goes over them.
const CHANGES_MAX: usize = 2048;

/// Positions.
#[derive(Clone, Debug, Default)]
pub(super) struct Marked {
    base: Arc<RoaringBitmap>,
    /// What is otherwise than in `base`: whether it is there.
    changes: OrdMap<u32, bool>,
    /// Both in one, once somebody wanted it.
    merged: OnceLock<Arc<RoaringBitmap>>,
    len: u64,
}

impl Marked {
    /// Those of a bitmap.
    pub(super) fn of(positions: RoaringBitmap) -> Self {
        Self { len: positions.len(), base: Arc::new(positions), ..Self::default() }
    }

    /// All of them.
    pub(super) fn get(&self) -> &RoaringBitmap {
        if self.changes.is_empty() {
            return &self.base;
        }
        self.merged.get_or_init(|| Arc::new(self.merge()))
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn contains(&self, at: u32) -> bool {
        let changed = if self.changes.is_empty() { None } else { self.changes.get(&at) };
        changed.copied().unwrap_or_else(|| self.base.contains(at))
    }

    pub(super) fn insert(&mut self, at: u32) {
        self.put(at, true);
    }

    pub(super) fn remove(&mut self, at: u32) {
        self.put(at, false);
    }

    /// Gives back memory, once many were put.
    pub(super) fn optimize(&mut self) {
        self.fold();
        Arc::make_mut(&mut self.base).optimize();
    }

    fn put(&mut self, at: u32, is_there: bool) {
        // Nobody else has it: as many are put while there are no readers.
        if self.changes.is_empty()
            && let Some(base) = Arc::get_mut(&mut self.base)
        {
            let is_changed = if is_there { append(base, at) } else { base.remove(at) };
            return self.count(is_changed, is_there);
        }
        if self.contains(at) == is_there {
            return;
        }
        if let Some(merged) = self.merged.take() {
            (self.base, self.changes) = (merged, OrdMap::new());
        }
        if self.base.contains(at) == is_there {
            self.changes.remove(&at);
        } else {
            self.changes.insert(at, is_there);
        }
        self.count(true, is_there);
        if self.changes.len() > CHANGES_MAX {
            self.fold();
        }
    }

    fn count(&mut self, is_changed: bool, is_there: bool) {
        match (is_changed, is_there) {
            (true, true) => self.len += 1,
            (true, false) => self.len -= 1,
            (false, _) => {}
        }
    }

    fn fold(&mut self) {
        if !self.changes.is_empty() {
            self.base = self.merged.take().unwrap_or_else(|| Arc::new(self.merge()));
            self.changes = OrdMap::new();
        }
    }

    fn merge(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::clone(&self.base);
        for (at, is_there) in &self.changes {
            if *is_there {
                append(&mut all, *at);
            } else {
                all.remove(*at);
            }
        }
        all
    }
}

/// Adds a position, which in most cases is the greatest so far; whether it was not there.
fn append(positions: &mut RoaringBitmap, at: u32) -> bool {
    positions.try_push(at).is_ok() || positions.insert(at)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(marked: &Marked, want: &BTreeSet<u32>) {
        assert_eq!((marked.len(), marked.is_empty()), (want.len() as u64, want.is_empty()));
        assert!((0..300).all(|at| marked.contains(at) == want.contains(&at)));
        assert!(marked.changes.len() <= CHANGES_MAX);
    }

    proptest! {
        #[test]
        fn positions_are_those_put_and_not_taken_whoever_holds_a_copy(
            puts in prop::collection::vec((0_u32..300, prop::bool::ANY, 0_u8..12), 1..400)
        ) {
            let (mut marked, mut want) = (Marked::default(), BTreeSet::new());
            let mut copies = Vec::new();
            for (at, is_there, also) in puts {
                if is_there {
                    marked.insert(at);
                    want.insert(at);
                } else {
                    marked.remove(at);
                    want.remove(&at);
                }
                check(&marked, &want);
                match also {
                    0 => copies.push((marked.clone(), want.clone())),
                    1 => prop_assert!(marked.get().iter().eq(want.iter().copied())),
                    2 => copies.clear(),
                    3 => marked.optimize(),
                    _ => {}
                }
            }
            for (marked, want) in copies {
                check(&marked, &want);
                prop_assert!(marked.get().iter().eq(want.iter().copied()));
            }
        }
    }

    #[test]
    fn many_changes_become_one_bitmap() {
        let mut marked = Marked::of((0..10_000).collect());
        let _held = marked.clone();
        for at in (0..10_000).step_by(3) {
            marked.remove(at);
        }
        assert_eq!(marked.get().len(), marked.len());
        assert!(marked.changes.len() < CHANGES_MAX);
    }
}
