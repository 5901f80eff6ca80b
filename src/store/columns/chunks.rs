//! The chunks of one property in groups: a copy shares the groups, and a change copies one of them.

use std::sync::Arc;

use super::cells::Cells;

/// Chunks of a group: about as many groups as chunks in one for some millions of rows.
const GROUP: usize = 64;

/// Chunks by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunks(Vec<Arc<Vec<Arc<Cells>>>>);

impl Chunks {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * GROUP + last.len())
    }

    pub(super) fn get(&self, index: usize) -> Option<&Arc<Cells>> {
        self.0.get(index / GROUP)?.get(index % GROUP)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Cells>> {
        self.0.iter().flat_map(|group| group.iter())
    }

    /// The chunk at `index`, to be changed or replaced.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Arc<Cells>> {
        Arc::make_mut(self.0.get_mut(index / GROUP)?).get_mut(index % GROUP)
    }

    /// Adds one behind all others.
    pub(super) fn push(&mut self, cells: Arc<Cells>) {
        match self.0.last_mut().filter(|last| last.len() < GROUP) {
            Some(last) => Arc::make_mut(last).push(cells),
            None => self.0.push(Arc::new(vec![cells])),
        }
    }

    /// Adds empty ones, until there are so many.
    pub(super) fn grow(&mut self, len: usize) {
        while self.len() < len {
            self.push(Arc::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_not_changed_and_shares_all_other_groups() {
        let mut chunks = Chunks::default();
        assert_eq!((chunks.len(), chunks.get(0).is_none()), (0, true));
        chunks.grow(3 * GROUP + 1);
        let before = chunks.clone();
        *chunks.get_mut(GROUP).unwrap() =
            Arc::new(Cells::Codes(super::super::ints::Ints::default()));
        assert!(matches!(**before.get(GROUP).unwrap(), Cells::Nothing));
        assert!(matches!(**chunks.get(GROUP).unwrap(), Cells::Codes(_)));
        let is_shared = |at: usize| Arc::ptr_eq(&before.0[at], &chunks.0[at]);
        assert_eq!([0, 1, 2, 3].map(is_shared), [true, false, true, true]);
        assert_eq!((chunks.len(), chunks.iter().count()), (3 * GROUP + 1, 3 * GROUP + 1));
        assert!(chunks.get_mut(3 * GROUP + 1).is_none());
    }
}
