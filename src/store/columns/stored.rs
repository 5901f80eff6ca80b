//! The rows of one set as a state shows them: its columns, and over them what a block did so far.
//!
//! Transactions change what is over the columns, so that none copies a chunk; once a block is journaled
//! the columns take it in, and a published state has nothing over them.

use std::{iter::Peekable, sync::Arc};

use super::{Columns, fresh::Fresh};
use crate::{
    id::Strain,
    model::{Index, Key, Model, Prop, Row, SetId, Value},
};

/// The rows of a set. A copy shares everything.
#[derive(Clone, Debug)]
pub(in crate::store) struct Stored {
    columns: Arc<Columns>,
    fresh: Fresh,
    rows: u64,
}

type Positions<'a> = Box<dyn Iterator<Item = u32> + 'a>;

impl Stored {
    /// No rows yet.
    pub(in crate::store) fn new(model: &'static Model, set: SetId) -> Self {
        let (columns, fresh) = (Arc::new(Columns::new(model, set)), Fresh::new(model, set));
        Self { columns, fresh, rows: 0 }
    }

    /// Those of columns that have few bitmaps, see [`Columns::keep_few`].
    #[cfg(test)]
    pub(in crate::store) fn keep_few(&mut self, few_max: usize) {
        Arc::make_mut(&mut self.columns).keep_few(few_max);
    }

    /// Rows that are all in columns.
    pub(in crate::store) fn of(columns: Columns) -> Self {
        let fresh = Fresh::new(columns.model(), columns.set_id());
        let rows = columns.count();
        Self { columns: Arc::new(columns), fresh, rows }
    }

    /// The columns; all there is in a published state.
    pub(in crate::store) fn columns(&self) -> &Arc<Columns> {
        debug_assert!(self.fresh.is_empty(), "only a published state is read by its columns");
        &self.columns
    }

    /// How many rows there are.
    pub(in crate::store) fn count(&self) -> u64 {
        self.rows
    }

    /// The row with that key.
    pub(in crate::store) fn row(&self, key: &Key) -> Option<Row> {
        match self.fresh.get(key).filter(|_| !self.fresh.is_empty()) {
            Some(row) => row.clone(),
            None => self.columns.find(key).map(|at| self.columns.row(at)),
        }
    }

    /// As [`Stored::row`], packed when somebody looks at it. It keeps the columns.
    pub(in crate::store) fn row_late(&self, key: &Key) -> Option<Row> {
        if !self.fresh.is_empty() {
            return self.row(key);
        }
        let at = self.columns.find(key)?;
        self.columns.rows_late(&[at]).pop()
    }

    /// A stored property of the row with that key.
    pub(in crate::store) fn value(&self, key: &Key, prop: Prop) -> Option<Value> {
        if self.fresh.is_empty() {
            let at = self.columns.find(key)?;
            let column = self.columns.column(prop).filter(|_| !self.columns.odd().contains(at));
            if let Some(column) = column {
                return Some(column.value(at));
            }
        }
        let row = self.row(key)?;
        Some(row.record.get(self.columns.model().structure(row.type_id), prop))
    }

    /// What the Guids of the next rows have in common with those there are.
    pub(in crate::store) fn strain(&self) -> Strain {
        let of_fresh = || {
            let row = self.fresh.iter().find_map(|(_, row)| row.as_ref())?;
            let structure = self.columns.model().structure(row.type_id);
            let id = row.key(self.columns.model()).as_int()?;
            structure.props().find_map(|(prop, _)| match row.record.get(structure, prop) {
                Value::Guid(guid) => Strain::of(guid, id),
                _ => None,
            })
        };
        self.columns.strain().or_else(of_fresh).unwrap_or_else(Strain::random)
    }

    /// Whether there is a row with that key.
    pub(in crate::store) fn has(&self, key: &Key) -> bool {
        match self.fresh.get(key) {
            Some(row) => row.is_some(),
            None => self.columns.find(key).is_some(),
        }
    }

    /// Puts a row in place of whatever has its key.
    pub(in crate::store) fn put(&mut self, key: Key, row: Row) {
        self.rows += u64::from(!self.has(&key));
        self.fresh.put(key, Some(row));
    }

    /// Takes a row out.
    pub(in crate::store) fn remove(&mut self, key: &Key) {
        self.rows -= u64::from(self.has(key));
        self.fresh.put(key.clone(), None);
    }

    /// As [`Stored::put`], into the columns at once, for many rows that nobody reads yet but by key:
    /// [`Stored::settle_loaded`] has to follow.
    pub(in crate::store) fn load(&mut self, key: &Key, row: &Row) {
        Arc::make_mut(&mut self.columns).write(key, row);
        self.rows = self.columns.count();
    }

    /// As [`Stored::remove`], out of the columns at once; see [`Stored::load`].
    pub(in crate::store) fn unload(&mut self, key: &Key) {
        Arc::make_mut(&mut self.columns).erase(key);
        self.rows = self.columns.count();
    }

    /// Ends a series of [`Stored::load`].
    pub(in crate::store) fn settle_loaded(&mut self) {
        Arc::make_mut(&mut self.columns).settle_loaded();
    }

    /// Has the columns take in what is over them.
    pub(in crate::store) fn fold(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let columns = Arc::make_mut(&mut self.columns);
        for (key, row) in self.fresh.iter() {
            match row {
                Some(row) => columns.write(key, row),
                None => {
                    columns.erase(key);
                }
            }
        }
        columns.settle();
        self.fresh = Fresh::new(columns.model(), columns.set_id());
        debug_assert_eq!(self.rows, self.columns.count());
    }

    /// Whether there is nothing over the columns.
    pub(in crate::store) fn is_folded(&self) -> bool {
        self.fresh.is_empty()
    }

    /// All rows, by key.
    pub(in crate::store) fn rows(&self) -> impl Iterator<Item = Row> {
        self.merge(self.columns.by_key(), None)
    }

    /// The rows whose keys come after `key`, by key.
    pub(in crate::store) fn rows_after<'a>(
        &'a self,
        key: &Key,
    ) -> impl Iterator<Item = Row> + use<'a> {
        self.merge(self.columns.by_key_after(key), Some(key))
    }

    /// The rows that a transaction after `seq` wrote, by key.
    pub(in crate::store) fn rows_since(&self, seq: u64) -> impl Iterator<Item = Row> {
        let columns = &*self.columns;
        let young = columns.by_key().filter(move |at| columns.version(*at) > seq);
        self.merge(Box::new(young), None).filter(move |row| row.version > seq)
    }

    /// The rows whose collection `prop` is not empty, by key, and perhaps others.
    pub(in crate::store) fn rows_with<'a>(
        &'a self,
        prop: Prop,
        after: Option<&Key>,
    ) -> impl Iterator<Item = Row> + use<'a> {
        let positions = match after {
            Some(key) => self.columns.by_key_after(key),
            None => self.columns.by_key(),
        };
        let column = self.columns.column(prop);
        let has_any = move |at: &u32| {
            column.is_none_or(|column| column.payload(*at).is_some_and(|items| !items.is_empty()))
        };
        self.merge(Box::new(positions.filter(has_any)), after)
    }

    /// The rows of other types than the set's, or with properties that their type does not have.
    pub(in crate::store) fn odd_rows(&self) -> impl Iterator<Item = Row> {
        let columns = &*self.columns;
        columns.odd().iter().map(|at| columns.row(at)).chain(self.fresh_rows())
    }

    fn fresh_rows(&self) -> impl Iterator<Item = Row> {
        self.fresh.iter().filter_map(|(_, row)| row.clone())
    }

    /// The rows whose stored property has that value, by key; see [`Columns::where_equal`].
    pub(in crate::store) fn rows_where(&self, prop: Prop, value: &Value) -> Vec<Row> {
        let found = self.columns.where_equal(prop, value);
        if self.fresh.is_empty() {
            return self.columns.rows(&found);
        }
        let is_as_before = |at: &u32| self.fresh.get(&self.columns.key(*at)).is_none();
        let found = found.into_iter().filter(is_as_before);
        let mut rows: Vec<(Key, Row)> =
            found.map(|at| (self.columns.key(at), self.columns.row(at))).collect();
        let old = rows.len();
        let fresh = self.fresh.where_equal(prop, value);
        rows.extend(fresh.into_iter().map(|(key, row)| (key.clone(), row.clone())));
        if old > 0 && rows.len() > old {
            rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// How many rows have that value of a property, without those of which `unless` is true.
    pub(in crate::store) fn count_where(
        &self,
        prop: Prop,
        value: &Value,
        unless: Option<Prop>,
    ) -> u64 {
        if self.fresh.is_empty() {
            return self.columns.count_equal(prop, value, unless);
        }
        let is_left_out = |row: &Row| {
            let structure = self.columns.model().structure(row.type_id);
            unless.is_some_and(|unless| row.record.get(structure, unless).is_true())
        };
        self.rows_where(prop, value).iter().filter(|row| !is_left_out(row)).count() as u64
    }

    /// [`Stored::count_where`] for each of `values`.
    pub(in crate::store) fn counts_where(
        &self,
        prop: Prop,
        values: &[Value],
        unless: Option<Prop>,
    ) -> Vec<u64> {
        let at_once = if self.fresh.is_empty() {
            self.columns.counts_equal(prop, values, unless)
        } else {
            None
        };
        let count = |value| self.count_where(prop, value, unless);
        at_once.unwrap_or_else(|| values.iter().map(count).collect())
    }

    /// Whether a row with another key than `key` has that value of a property, found by an index.
    pub(in crate::store) fn is_taken(&self, prop: Prop, value: &Value, key: &Key) -> bool {
        let is_other = |at: &u32| {
            let other = self.columns.key(*at);
            other != *key && self.fresh.get(&other).is_none()
        };
        self.columns.where_equal(prop, value).iter().any(is_other)
            || self.fresh.where_equal(prop, value).iter().any(|(other, _)| *other != key)
    }

    /// The properties whose values belong to one row.
    pub(in crate::store) fn unique_props(&self) -> impl Iterator<Item = Prop> {
        let structure = self.columns.model().entity_type(self.columns.set_id());
        let is_unique = |index| match index {
            Index::None | Index::Many => false,
            Index::Unique | Index::UniqueIgnoringCase => true,
        };
        structure
            .props()
            .filter(move |(_, property)| is_unique(property.index()))
            .map(|(prop, _)| prop)
    }

    fn merge<'a>(
        &'a self,
        old: Positions<'a>,
        after: Option<&Key>,
    ) -> Box<dyn Iterator<Item = Row> + 'a> {
        let columns = &*self.columns;
        if self.fresh.is_empty() {
            return Box::new(old.map(move |at| columns.row(at)));
        }
        Box::new(Merged { columns, old: old.peekable(), new: self.fresh.after(after).peekable() })
    }
}

/// Rows of the columns and those over them, by key.
struct Merged<'a, N: Iterator<Item = (&'a Key, &'a Option<Row>)>> {
    columns: &'a Columns,
    old: Peekable<Positions<'a>>,
    new: Peekable<N>,
}

impl<'a, N: Iterator<Item = (&'a Key, &'a Option<Row>)>> Iterator for Merged<'a, N> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let old = self.old.peek().map(|at| self.columns.key(*at));
            let Some((key, _)) = self.new.peek() else {
                return self.old.next().map(|at| self.columns.row(at));
            };
            if let Some(old) = old.filter(|old| old <= key) {
                let is_same = old == **key;
                let at = self.old.next()?;
                if !is_same {
                    return Some(self.columns.row(at));
                }
            }
            if let (_, Some(row)) = self.new.next()? {
                return Some(row.clone());
            }
        }
    }
}
