//! A sort key's value as it is compared: wherever rows, groups or items are put in order.

use std::cmp::Ordering;

use super::compare::sorting;
use crate::model::Value;

/// A sort key's value, ordered as asked.
#[derive(Clone, Debug)]
pub(super) struct Rank {
    pub(super) value: Value,
    pub(super) descending: bool,
}

impl Rank {
    /// Smallest first, the whole of a text.
    pub(super) fn ascending(value: Value) -> Self {
        Self { value, descending: false }
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = sorting(&self.value, &other.value);
        if self.descending { order.reverse() } else { order }
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rank {}
