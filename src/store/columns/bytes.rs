//! What the rows of a set take in memory, about.

use std::collections::HashMap;

use super::{Columns, column::Column, distinct::bitmap_bytes, keys::Keys, sorted::Sorted};

/// Bytes of one property.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// Its values.
    pub values: usize,
    /// Bitmaps of the positions of each value.
    pub distinct: usize,
    /// Orders: kept ones, and those by which rows are found.
    pub sorted: usize,
}

impl Columns {
    /// Bytes of each property by name, of what is not a property by a name in brackets.
    pub(crate) fn bytes(&self) -> HashMap<&'static str, Bytes> {
        let structure = self.model.entity_type(self.set);
        let named = |column: &Column| structure.property_at(column.prop).name;
        let mut told: HashMap<_, _> =
            self.props.iter().map(|column| (named(column), column.bytes())).collect();
        told.insert("(version)", self.versions.bytes());
        let keys = match &self.keys {
            Keys::Ascending => 0,
            Keys::Sorted(sorted) => sorted.heap_bytes(),
            Keys::Map { by, .. } => by.keys().map(|key| 2 * (key.to_bytes().len() + 48)).sum(),
        };
        told.insert("(key)", Bytes { sorted: keys, ..Bytes::default() });
        let kept = self.kept.values().map(|record| record.as_bytes().len() + 40).sum();
        told.insert("(kept)", Bytes { values: kept, ..Bytes::default() });
        let live = bitmap_bytes(self.live.get()) + bitmap_bytes(&self.odd);
        told.insert("(live)", Bytes { distinct: live, ..Bytes::default() });
        told
    }
}

impl Column {
    fn bytes(&self) -> Bytes {
        let chunks: usize = self.chunks.iter().map(|cells| cells.heap_bytes() + 16).sum();
        let dictionary = self.dictionary.as_ref().map_or(0, |texts| texts.heap_bytes());
        let lookup = self.lookup.as_ref().map_or(0, |lookup| lookup.sorted.heap_bytes());
        Bytes {
            values: chunks + self.chunks.len() * 8 + dictionary,
            distinct: self.bitmaps.as_ref().map_or(0, super::distinct::Bitmaps::heap_bytes),
            sorted: lookup + self.order.as_ref().map_or(0, Sorted::heap_bytes),
        }
    }
}
