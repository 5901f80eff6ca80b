//! What the transactions of a block did to a set, until the block is published and the columns have it.

use std::ops::Bound;

use imbl::{OrdMap, OrdSet};

use crate::model::{Index, Key, Model, Prop, Row, SetId, Value, sortable};

/// The index of one property: its values, each with the key of a row that has it.
type Entries = (Prop, Index, OrdSet<(Key, Key)>);

/// Rows by key, or that there is none any more. A copy shares everything.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    model: &'static Model,
    rows: OrdMap<Key, Option<Row>>,
    indexes: Vec<Entries>,
}

impl Fresh {
    /// Nothing yet.
    pub(super) fn new(model: &'static Model, set: SetId) -> Self {
        let structure = model.entity_type(set);
        let asked = structure.props().filter(|(_, property)| property.index() != Index::None);
        let indexes = asked.map(|(prop, property)| (prop, property.index(), OrdSet::new()));
        Self { model, rows: OrdMap::new(), indexes: indexes.collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What became of a key, if anything did.
    pub(super) fn get(&self, key: &Key) -> Option<&Option<Row>> {
        self.rows.get(key)
    }

    /// What became of each key, by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Option<Row>)> {
        self.rows.iter()
    }

    /// What became of each key behind one, or of all, by key.
    pub(super) fn after<'a>(
        &'a self,
        key: Option<&Key>,
    ) -> impl Iterator<Item = (&'a Key, &'a Option<Row>)> + use<'a> {
        let from = key.map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
        self.rows.range((from, Bound::Unbounded))
    }

    /// Puts a row in the place of what has its key, or takes that out.
    pub(super) fn put(&mut self, key: Key, row: Option<Row>) {
        let model = self.model;
        if let Some(Some(former)) = self.rows.get(&key) {
            for (prop, index, entries) in &mut self.indexes {
                if let Some(value) = indexed(model, former, *prop, *index) {
                    entries.remove(&(value, key.clone()));
                }
            }
        }
        for (prop, index, entries) in &mut self.indexes {
            if let Some(value) = row.as_ref().and_then(|row| indexed(model, row, *prop, *index)) {
                entries.insert((value, key.clone()));
            }
        }
        self.rows.insert(key, row);
    }

    /// The rows with that value of a property, by key.
    pub(super) fn where_equal(&self, prop: Prop, value: &Value) -> Vec<(&Key, &Row)> {
        let row = |key: &'_ Key| self.rows.get_key_value(key);
        let Some((_, index, entries)) = self.indexes.iter().find(|(at, ..)| *at == prop) else {
            let rows = self.rows.iter().filter_map(|(key, row)| Some((key, row.as_ref()?)));
            return rows.filter(|(_, row)| self.value(row, prop) == *value).collect();
        };
        let Some(wanted) = index_key(value, *index) else { return vec![] };
        let from = (wanted.clone(), Key::Int(i64::MIN));
        let found = entries.range(from..).take_while(|(found, _)| *found == wanted);
        let rows = found.filter_map(|(_, key)| row(key));
        rows.filter_map(|(key, row)| Some((key, row.as_ref()?)))
            .filter(|(_, row)| self.holds(row, prop, value))
            .collect()
    }

    /// Whether a row found by an index has the value: of a binary only the beginning is in the index.
    fn holds(&self, row: &Row, prop: Prop, value: &Value) -> bool {
        match value {
            Value::Binary(wanted) => {
                row.record.bytes(self.model.structure(row.type_id), prop) == Some(wanted)
            }
            _ => true,
        }
    }

    fn value(&self, row: &Row, prop: Prop) -> Value {
        row.record.get(self.model.structure(row.type_id), prop)
    }
}

/// The index entry of a row's property; none for null.
fn indexed(model: &Model, row: &Row, prop: Prop, index: Index) -> Option<Key> {
    index_key(&row.record.get(model.structure(row.type_id), prop), index)
}

fn index_key(value: &Value, index: Index) -> Option<Key> {
    match (value, index) {
        (Value::Null, _) => None,
        (Value::Int(number), _) => Some(Key::Int(*number)),
        // Digests differ in their first bytes, and a number is compared without a look elsewhere.
        (Value::Binary(bytes), _) if bytes.len() >= 8 => {
            bytes.first_chunk().map(|first| Key::Int(i64::from_be_bytes(*first)))
        }
        (Value::Text(text), Index::UniqueIgnoringCase) => {
            Some(Key::Bytes(sortable(&Value::text(&text.to_lowercase())).into()))
        }
        (value, _) => Some(Key::Bytes(sortable(value).into())),
    }
}
