//! A state as a source of rows: sets that are stored, sets that are made of them, and plans over both.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Root;
use crate::{
    error::Error,
    hash::Digest,
    model::{Contents, Key, Model, Prop, Record, Row, SetId, Value},
    query::{
        Context, Hits, Page, Plan, Search, Source, Start,
        apply::Grouping,
        explain::Explained,
        source::{TakeText, values_by_row},
    },
    store::{
        Seq,
        change::has_int_key,
        columns::{Columns, execute},
    },
};

impl Root {
    /// The rows of a set that is made of the items of another set's collection.
    fn unfolded(&self, set: SetId, from: SetId, items: Prop, row: &Row) -> Vec<Row> {
        let structure = self.model.entity_type(from);
        let [key] = structure.key.as_slice() else { return Vec::new() };
        let target = self.model.entity_type(set);
        let type_id = self.model.set(set).ty;
        let id = row.record.get(structure, *key);
        let items = row.record.get(structure, items);
        let pack = |item: &Value| Row {
            set,
            type_id,
            version: row.version,
            record: Record::pack(type_id, target, &[id.clone(), item.clone()], &[]),
        };
        let mut rows: Vec<Row> = items.items().iter().map(pack).collect();
        rows.sort_by_cached_key(|row| row.key(self.model));
        rows
    }

    /// The rows of `from` that the row of an unfolded set with this key, and all after it, are made of;
    /// where `from` has integer keys the first is the one for this key, if there is one.
    pub(super) fn sources(&self, from: SetId, items: Prop, key: &Key) -> impl Iterator<Item = Row> {
        let stored = &self.state(from).stored;
        // Such a key begins with the key of its source, which can be read back where it is an integer.
        let first = key.leading_int().filter(|_| has_int_key(self.model, from)).map(Key::Int);
        let its_own = first.as_ref().and_then(|first| stored.row(first));
        its_own.into_iter().chain(stored.rows_with(items, first.as_ref()))
    }

    /// The last transaction that changed a set; none where its rows are made elsewhere.
    fn changed_at(&self, set: SetId) -> Option<Seq> {
        match self.model.set(set).contents {
            Contents::Stored { .. } => Some(self.state(set).changed),
            Contents::Unfolded { set, .. } => self.changed_at(self.model.find_set(set)?),
            Contents::Computed { .. } => None,
        }
    }

    fn unfolds(&self, set: SetId) -> Option<(SetId, Prop)> {
        match self.model.set(set).contents {
            // Computed rows are none of the store's.
            Contents::Stored { .. } | Contents::Computed { .. } => None,
            Contents::Unfolded { set, property } => {
                let from = self.model.find_set(set)?;
                Some((from, self.model.entity_type(from).property(property)?))
            }
        }
    }
}

impl execute::Tables for Root {
    fn columns(&self, set: SetId) -> Option<&Arc<Columns>> {
        match self.model.set(set).contents {
            // Within a transaction its own changes are over the columns.
            Contents::Stored { .. } if self.state(set).stored.is_folded() => {
                Some(Self::columns(self, set))
            }
            Contents::Stored { .. } | Contents::Unfolded { .. } | Contents::Computed { .. } => None,
        }
    }

    fn rows_of(&self, set: SetId) -> u64 {
        self.state(self.unfolds(set).map_or(set, |(from, _)| from)).stored.count()
    }
}

impl Source for Root {
    fn model(&self) -> &Model {
        self.model
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        match self.unfolds(set) {
            None => Box::new(self.state(set).stored.rows()),
            Some((from, items)) => {
                let rows = self.state(from).stored.rows_with(items, None);
                Box::new(rows.flat_map(move |row| self.unfolded(set, from, items, &row)))
            }
        }
    }

    fn rows_after<'a>(&'a self, set: SetId, key: &'a Key) -> Box<dyn Iterator<Item = Row> + 'a> {
        match self.unfolds(set) {
            None => Box::new(self.state(set).stored.rows_after(key)),
            Some((from, items)) => {
                let rows = self.sources(from, items, key);
                let rows = rows.flat_map(move |row| self.unfolded(set, from, items, &row));
                Box::new(rows.skip_while(move |row| row.key(self.model) <= *key))
            }
        }
    }

    fn rows_since(&self, set: SetId, seq: Seq) -> Box<dyn Iterator<Item = Row> + '_> {
        match self.unfolds(set) {
            None => Box::new(self.state(set).stored.rows_since(seq)),
            Some(_) => Box::new(self.rows(set).filter(move |row| row.version > seq)),
        }
    }

    fn values(&self, set: SetId, props: &[Prop], take: &mut dyn FnMut(&[Value])) {
        let columns = execute::Tables::columns(self, set);
        if !columns.is_some_and(|columns| columns.values(props, take)) {
            values_by_row(self, set, props, take);
        }
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        match self.unfolds(set) {
            None => self.state(set).stored.row(key),
            Some((from, items)) => {
                let is_key = |row: &Row| row.key(self.model) == *key;
                let one = if has_int_key(self.model, from) { 1 } else { usize::MAX };
                let mut sources = self.sources(from, items, key).take(one);
                sources
                    .find_map(|row| self.unfolded(set, from, items, &row).into_iter().find(is_key))
            }
        }
    }

    fn row_late(&self, set: SetId, key: &Key) -> Option<Row> {
        match self.unfolds(set) {
            None => self.state(set).stored.row_late(key),
            Some(_) => self.row(set, key),
        }
    }

    fn stored_value(&self, set: SetId, key: &Key, property: Prop) -> Option<Value> {
        if self.unfolds(set).is_none() {
            return self.state(set).stored.value(key, property);
        }
        let row = self.row(set, key)?;
        Some(row.record.get(self.model.structure(row.type_id), property))
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        let Some((from, items)) = self.unfolds(set) else {
            return self.state(set).stored.rows_where(property, value);
        };
        if property == Prop(0) {
            let row = self.state(from).stored.row(&Key::new(std::slice::from_ref(value)));
            return row.map_or_else(Vec::new, |row| self.unfolded(set, from, items, &row));
        }
        let structure = self.model.entity_type(set);
        let holds = |row: &Row| row.record.get(structure, property) == *value;
        self.rows(set).filter(holds).collect()
    }

    fn count_where(&self, set: SetId, property: Prop, value: &Value, unless: Option<Prop>) -> u64 {
        if self.unfolds(set).is_none() {
            return self.state(set).stored.count_where(property, value, unless);
        }
        // The rows of such a set have no property that could leave one out.
        self.rows_where(set, property, value).len() as u64
    }

    fn counts_where(
        &self,
        set: SetId,
        property: Prop,
        values: &[Value],
        unless: Option<Prop>,
    ) -> Vec<u64> {
        if self.unfolds(set).is_none() {
            return self.state(set).stored.counts_where(property, values, unless);
        }
        values.iter().map(|value| self.count_where(set, property, value, unless)).collect()
    }

    fn changed(&self, sets: &[SetId]) -> Option<Seq> {
        sets.iter().map(|set| self.changed_at(*set)).try_fold(0, |last, at| Some(last.max(at?)))
    }

    fn mark(&self, set: SetId) -> Option<Digest> {
        Some(self.state(set).hash.to_bytes())
    }

    fn grouped(
        &self,
        grouping: &Grouping<'_>,
        ctx: &Context<'_>,
    ) -> Option<Result<Vec<Vec<Value>>, Error>> {
        execute::apply::grouped(self, grouping, ctx)
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        self.read_text(row, property)
    }

    fn is_at_hand(&self) -> bool {
        !self.texts.may_wait()
    }

    fn long_texts(&self, rows: &[Row], property: Prop, take: &mut TakeText<'_>) {
        self.read_texts(rows, property, take);
    }

    fn list(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
        execute::list(self, plan, start, ctx)
    }

    fn list_light(
        &self,
        (plan, start): (&Plan, &Start),
        ctx: &Context<'_>,
        most: u64,
    ) -> Result<Option<Page>, Error> {
        execute::list_light(self, (plan, start), ctx, most)
    }

    fn explain(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Explained {
        execute::explain(self, plan, start, ctx)
    }

    fn estimate(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> u64 {
        execute::estimate(self, plan, start, ctx)
    }

    fn search_cost(&self, set: SetId, search: &Search, ctx: &Context<'_>) -> u64 {
        match &self.finder {
            Some(finder) if self.model.set(set).searched.is_indexed => {
                finder.cost(set, search, ctx)
            }
            Some(_) | None => 0,
        }
    }

    fn search(
        &self,
        set: SetId,
        search: &Search,
        ctx: &Context<'_>,
    ) -> Result<Option<Hits>, Error> {
        match &self.finder {
            // Of other sets there is nothing in it that could be waited for.
            Some(finder) if self.model.set(set).searched.is_indexed => {
                finder.find(set, search, ctx)
            }
            Some(_) | None => Ok(None),
        }
    }
}
