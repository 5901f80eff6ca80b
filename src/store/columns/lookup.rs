//! Rows by a value of one property: by the number itself, or by a short hash that is looked at again.

use std::hash::{BuildHasher, RandomState};

use super::{cells::Cell, sorted::Sorted};
use crate::{id::told_id, model::Index};

/// So few bits that the ranks of a page of a big set fit two bytes, and so many that hashes rarely meet.
const HASH_BITS: u32 = 26;

/// Positions by number or hash.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    pub index: Index,
    pub sorted: Sorted,
    /// Its keys are drawn at random, so that nobody can make many values meet.
    hasher: RandomState,
}

impl Lookup {
    pub(super) fn new(index: Index) -> Self {
        Self { index, sorted: Sorted::default(), hasher: RandomState::new() }
    }

    /// What the cell of an entity is found under; nothing for null, nor for a Guid that tells its id.
    pub(super) fn rank_of(&self, cell: Cell<'_>, id: Option<i64>) -> Option<i64> {
        match cell {
            Cell::Guid(guid) if id == Some(told_id(&guid)) => None,
            cell => self.rank(cell),
        }
    }

    /// What `cell` is found under; nothing for null.
    pub(super) fn rank(&self, cell: Cell<'_>) -> Option<i64> {
        match cell {
            Cell::Null | Cell::Ref(_) => None,
            Cell::Number(number) => Some(number),
            Cell::Guid(guid) => Some(self.hash(&guid)),
            Cell::Raw(payload) => Some(self.hash(payload)),
            Cell::Text(text) if self.ignores_case() => {
                Some(self.hash(text.to_lowercase().as_bytes()))
            }
            Cell::Text(text) => Some(self.hash(text.as_bytes())),
        }
    }

    /// Whether a cell found under the rank of `wanted` is what was meant.
    pub(super) fn is_same(&self, found: Cell<'_>, wanted: Cell<'_>) -> bool {
        match (found, wanted) {
            (Cell::Text(found), Cell::Text(wanted)) if self.ignores_case() => {
                found == wanted || found.to_lowercase() == wanted.to_lowercase()
            }
            (found, wanted) => found == wanted,
        }
    }

    fn ignores_case(&self) -> bool {
        match self.index {
            Index::UniqueIgnoringCase => true,
            Index::None | Index::Many | Index::Unique => false,
        }
    }

    fn hash(&self, bytes: &[u8]) -> i64 {
        (self.hasher.hash_one(bytes) >> (u64::BITS - HASH_BITS)).cast_signed()
    }
}
