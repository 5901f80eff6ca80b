//! All rows of a set by property instead of by row: what a snapshot is made of.
//!
//! A row has a position, given in the order of arrival. Properties are kept in chunks of 4,096 positions,
//! each in the form that takes least, and so exactly that a record is packed again from them byte for
//! byte. Everything is shared between copies until it is changed: a reader's copy never changes. Long
//! texts are not here, only where they are. Knows the model as data; nothing of queries, files or rights.

mod arena;
mod block;
#[cfg(test)]
mod bytes;
mod cells;
mod chunks;
pub(super) mod codec;
mod column;
mod column_image;
mod dictionary;
mod distinct;
pub(crate) mod execute;
mod find;
mod fresh;
mod guids;
pub(super) mod image;
mod ints;
mod keys;
mod lookup;
mod marked;
mod nulls;
mod packed;
mod page;
mod put;
mod refs;
mod rows;
mod sorted;
mod stored;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use imbl::OrdMap;
use roaring::RoaringBitmap;

pub(in crate::store) use self::stored::Stored;
use self::{cells::Cell, column::Column, keys::Keys, marked::Marked, sorted::Sorted};
use super::change::has_int_key;
use crate::{
    id::{Guid, Strain},
    model::{Model, Prop, Property, Record, SetId, StructId},
};

/// Positions of a chunk: small enough to be copied for a change, big enough to cost little each.
pub(crate) const CHUNK_ROWS: usize = 4096;
/// The same as a distance between positions.
pub(crate) const CHUNK_POSITIONS: u32 = 4096;
/// Different values up to which each has a bitmap of its positions.
pub(crate) const DISTINCT_MAX: usize = 4096;
/// Rows up to which records are kept whole besides, so that people and tokens are read at once.
const KEPT_MAX: u64 = 16_384;
/// Rows among which one is looked for whose Guid was made here.
const STRAIN_ROWS: u32 = 32;
/// The longest payload that goes into a column: a chunk of them stays below 4 GiB.
const PAYLOAD_MAX: usize = (1 << 20) - 1;

/// The rows of one stored set. A copy costs little and shares what is not changed.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    model: &'static Model,
    set: SetId,
    type_id: StructId,
    /// Positions given out.
    len: u32,
    /// How often in this process they were given out anew.
    moved: u32,
    live: Marked,
    keys: Keys,
    /// Which column has the keys, where they are integers.
    id_column: Option<usize>,
    /// By the numbers of their properties in records.
    props: Vec<Arc<Column>>,
    versions: Arc<Column>,
    /// Records as they are: of all rows while they are few, else of those in `odd`.
    kept: OrdMap<u32, Record>,
    keeps_all: bool,
    /// Rows whose record has more than the properties of the set's type.
    odd: RoaringBitmap,
}

impl Columns {
    /// Has bitmaps only of properties with so many different values; before there are rows.
    #[cfg(test)]
    pub(crate) fn keep_few(&mut self, few_max: usize) {
        self.props.iter_mut().for_each(|column| Arc::make_mut(column).few_max = few_max);
    }

    /// Those of an empty set.
    pub(crate) fn new(model: &'static Model, set: SetId) -> Self {
        let (type_id, structure) = (model.set(set).ty, model.entity_type(set));
        let id = structure.key.first().filter(|_| has_int_key(model, set)).copied();
        let stored = structure.props().filter(|(_, property)| property.tag().is_some());
        let mut props: Vec<Arc<Column>> = stored
            .map(|(prop, property): (Prop, &Property)| {
                Arc::new(Column::new(prop, property, Some(prop) == id))
            })
            .collect();
        props.sort_by_key(|column| column.tag);
        let id_column = props.iter().position(|column| Some(column.prop) == id);
        let keys = match id_column {
            Some(_) => Keys::Ascending,
            None => Keys::Map { by: OrdMap::new(), of: OrdMap::new() },
        };
        let versions = crate::model::declare::stored(1, "", crate::model::Primitive::Int64);
        Self {
            model,
            set,
            type_id,
            len: 0,
            moved: 0,
            live: Marked::default(),
            keys,
            id_column,
            props,
            versions: Arc::new(Column::new(Prop(0), &versions, true)),
            kept: OrdMap::new(),
            keeps_all: true,
            odd: RoaringBitmap::new(),
        }
    }

    /// The model.
    pub(crate) fn model(&self) -> &'static Model {
        self.model
    }

    /// The set.
    pub(crate) fn set_id(&self) -> SetId {
        self.set
    }

    /// How many positions were given out, those of rows that are gone included.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The positions of rows that are there.
    pub(crate) fn live(&self) -> &RoaringBitmap {
        self.live.get()
    }

    /// How many rows are there.
    pub(crate) fn count(&self) -> u64 {
        self.live.len()
    }

    /// The property that is the integer key.
    pub(crate) fn id_prop(&self) -> Option<Prop> {
        self.id_column.map(|index| self.props[index].prop)
    }

    /// The transaction that wrote a row.
    pub(crate) fn version(&self, at: u32) -> u64 {
        self.versions.int(at).unwrap_or(0).cast_unsigned()
    }

    /// The type of a row.
    pub(crate) fn type_id(&self, at: u32) -> StructId {
        if self.odd.is_empty() || !self.odd.contains(at) {
            return self.type_id;
        }
        self.kept.get(&at).map_or(self.type_id, Record::type_id)
    }

    /// The rows of another type than the set's, or with something their type does not have: what the
    /// columns have of them is right, and not all.
    pub(crate) fn odd(&self) -> &RoaringBitmap {
        &self.odd
    }

    /// The column of a stored property of the set's own type; of a long text, the references.
    pub(crate) fn column(&self, prop: Prop) -> Option<&Column> {
        self.props.iter().find(|column| column.prop == prop).map(|column| &**column)
    }

    /// The kept order of a property, if there is one and every row is in it. Of the integer key there is
    /// none where [`Columns::keys_ascend`]: positions are in its order then.
    pub(crate) fn ordered(&self, prop: Prop) -> Option<&Sorted> {
        if self.id_prop() == Some(prop) {
            return match &self.keys {
                Keys::Sorted(sorted) => Some(sorted),
                Keys::Ascending | Keys::Map { .. } => None,
            };
        }
        let order = self.column(prop)?.order.as_ref()?;
        (order.len() as u64 == self.count()).then_some(order)
    }

    /// What the Guid of one of the last rows has in common with those to come; none if it has nothing.
    pub(crate) fn strain(&self) -> Option<Strain> {
        let column = self.props.iter().find(|column| column.kind == column::Kind::Guid)?;
        let mut last = (self.len.saturating_sub(STRAIN_ROWS)..self.len).rev();
        last.find_map(|at| match column.cell(at) {
            Cell::Guid(guid) => Strain::of(Guid::from_bytes(guid), self.id(at)),
            Cell::Null | Cell::Number(_) | Cell::Text(_) | Cell::Ref(_) | Cell::Raw(_) => None,
        })
    }
}
