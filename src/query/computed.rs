//! A source whose computed sets have rows: computed once for a state of the set they come from, and kept.
//!
//! Knows no set by name; what is computed, and how, is in the model.

mod cache;

use std::{
    cell::Cell,
    sync::{Arc, OnceLock},
    time::Instant,
};

use jiff::tz::TimeZone;

pub use cache::Cache;
use cache::State;

use super::{
    apply::Grouping,
    explain::{self, Explained},
    list::reference,
    plan::{Page, Plan, Start},
    resolve::Context,
    search::{Hits, Search},
    source::{Source, TakeText},
};
use crate::{
    error::Error,
    hash::Digest,
    model::{Computed, Contents, Entities, Key, Model, Prop, Record, Row, SetId, Value},
    time::{Date, Timestamp},
};

/// A source and, beside its rows, those computed from them.
pub struct WithComputed {
    source: Arc<dyn Source>,
    today: Date,
    cache: Arc<Cache>,
    /// What was read of each set in [`Cache::sets`]; the same for as long as this is read.
    read: Box<[OnceLock<Arc<dyn Computed>>]>,
}

impl WithComputed {
    /// The rows of `source` as of `now`, with those computed from them.
    #[must_use]
    pub fn new(source: Arc<dyn Source>, now: Timestamp, cache: &Arc<Cache>) -> Self {
        let today = now.date_in(source.zone());
        let read = cache.sets().map(|_| OnceLock::new()).collect();
        Self { source, today, cache: Arc::clone(cache), read }
    }

    /// The rows of a computed set; none for any other. Without a look at the clock: see [`Source::ready`].
    fn computed(&self, set: SetId) -> Option<&dyn Computed> {
        self.computed_until(set, None)
    }

    /// As [`Self::computed`]; none, too, where it is not there by the deadline.
    fn computed_until(&self, set: SetId, deadline: Option<Instant>) -> Option<&dyn Computed> {
        let at = self.cache.sets().position(|known| known == set)?;
        let Contents::Computed { from, by } = self.model().set(set).contents else { return None };
        let from = self.model().find_set(from)?;
        let read = self.read.get(at)?;
        if let Some(computed) = read.get() {
            return Some(&**computed);
        }
        let state = State { set, mark: self.source.mark(from), today: self.today };
        let computed = self.cache.get(state, deadline, || {
            let reading = Reading {
                source: &*self.source,
                set: from,
                today: self.today,
                deadline,
                is_late: Cell::new(false),
            };
            let made = by(&reading);
            (!reading.is_late.get()).then_some(made)
        })?;
        Some(&**read.get_or_init(|| computed))
    }

    /// The rows from the first that is not before `first`.
    fn made<'a>(
        &'a self,
        (set, computed): (SetId, &'a dyn Computed),
        first: Option<&Key>,
    ) -> impl Iterator<Item = Row> + 'a {
        let type_id = self.model().set(set).ty;
        let structure = self.model().structure(type_id);
        computed.entities(first).map(move |values| Row {
            set,
            type_id,
            version: 0,
            record: Record::pack(type_id, structure, &values, &[]),
        })
    }
}

impl Source for WithComputed {
    fn model(&self) -> &Model {
        self.source.model()
    }

    fn zone(&self) -> &TimeZone {
        self.source.zone()
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        match self.computed(set) {
            Some(computed) => Box::new(self.made((set, computed), None)),
            None => self.source.rows(set),
        }
    }

    fn rows_after<'a>(&'a self, set: SetId, key: &'a Key) -> Box<dyn Iterator<Item = Row> + 'a> {
        match self.computed(set) {
            Some(computed) => {
                let rows = self.made((set, computed), Some(key));
                Box::new(rows.skip_while(move |row| row.key(self.model()) <= *key))
            }
            None => self.source.rows_after(set, key),
        }
    }

    fn rows_since(&self, set: SetId, seq: u64) -> Box<dyn Iterator<Item = Row> + '_> {
        self.source.rows_since(set, seq)
    }

    fn values(&self, set: SetId, props: &[Prop], take: &mut dyn FnMut(&[Value])) {
        let Some(computed) = self.computed(set) else {
            return self.source.values(set, props, take);
        };
        for entity in computed.entities(None) {
            let of = |prop: &Prop| entity.get(usize::from(prop.0)).cloned().unwrap_or(Value::Null);
            take(&props.iter().map(of).collect::<Vec<_>>());
        }
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        match self.computed(set) {
            Some(computed) => {
                let row = self.made((set, computed), Some(key)).next();
                row.filter(|row| row.key(self.model()) == *key)
            }
            None => self.source.row(set, key),
        }
    }

    fn row_late(&self, set: SetId, key: &Key) -> Option<Row> {
        match self.computed(set) {
            Some(_) => self.row(set, key),
            None => self.source.row_late(set, key),
        }
    }

    fn stored_value(&self, set: SetId, key: &Key, property: Prop) -> Option<Value> {
        match self.computed(set) {
            Some(_) => {
                let row = self.row(set, key)?;
                Some(row.record.get(self.model().structure(row.type_id), property))
            }
            None => self.source.stored_value(set, key, property),
        }
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        match self.computed(set) {
            Some(computed) => {
                let structure = self.model().entity_type(set);
                let rows = self.made((set, computed), None);
                rows.filter(|row| row.record.get(structure, property) == *value).collect()
            }
            None => self.source.rows_where(set, property, value),
        }
    }

    fn count_where(&self, set: SetId, property: Prop, value: &Value, unless: Option<Prop>) -> u64 {
        match self.computed(set) {
            Some(_) => {
                let structure = self.model().entity_type(set);
                let is_left_out =
                    |row: &Row| unless.is_some_and(|at| row.record.get(structure, at).is_true());
                let rows = self.rows_where(set, property, value);
                rows.iter().filter(|row| !is_left_out(row)).count() as u64
            }
            None => self.source.count_where(set, property, value, unless),
        }
    }

    fn counts_where(
        &self,
        set: SetId,
        property: Prop,
        values: &[Value],
        unless: Option<Prop>,
    ) -> Vec<u64> {
        match self.computed(set) {
            Some(_) => {
                let count = |value| self.count_where(set, property, value, unless);
                values.iter().map(count).collect()
            }
            None => self.source.counts_where(set, property, values, unless),
        }
    }

    fn changed(&self, sets: &[SetId]) -> Option<u64> {
        self.source.changed(sets)
    }

    fn mark(&self, set: SetId) -> Option<Digest> {
        self.source.mark(set)
    }

    fn ready(&self, set: SetId, ctx: &Context<'_>) -> Result<(), Error> {
        let is_computed = self.cache.sets().any(|known| known == set);
        if !is_computed || self.computed_until(set, ctx.deadline).is_some() {
            return self.source.ready(set, &Context { source: &*self.source, ..*ctx });
        }
        ctx.in_time()?;
        Err(Error::internal(&"what is computed of a set is not there"))
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        self.source.long_text(row, property)
    }

    fn is_at_hand(&self) -> bool {
        self.source.is_at_hand()
    }

    fn long_texts(&self, rows: &[Row], property: Prop, take: &mut TakeText<'_>) {
        self.source.long_texts(rows, property, take);
    }

    fn list(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
        self.ready(plan.set, ctx)?;
        match self.computed(plan.set) {
            Some(_) => reference(plan, start, ctx),
            // Nothing leads from there to computed rows.
            None => self.source.list(plan, start, &Context { source: &*self.source, ..*ctx }),
        }
    }

    fn list_light(
        &self,
        (plan, start): (&Plan, &Start),
        ctx: &Context<'_>,
        most: u64,
    ) -> Result<Option<Page>, Error> {
        // What it is computed from may have to be gone through first.
        if self.cache.sets().any(|set| set == plan.set) {
            return Ok(None);
        }
        let ctx = Context { source: &*self.source, ..*ctx };
        self.source.list_light((plan, start), &ctx, most)
    }

    fn explain(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Explained {
        match self.computed(plan.set) {
            Some(_) => explain::reference(plan, start, ctx),
            None => self.source.explain(plan, start, &Context { source: &*self.source, ..*ctx }),
        }
    }

    fn estimate(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> u64 {
        // What it is computed from may have to be gone through first.
        if self.cache.sets().any(|set| set == plan.set) {
            return u64::MAX;
        }
        self.source.estimate(plan, start, &Context { source: &*self.source, ..*ctx })
    }

    fn search(
        &self,
        set: SetId,
        search: &Search,
        ctx: &Context<'_>,
    ) -> Result<Option<Hits>, Error> {
        match self.computed(set) {
            Some(_) => Ok(None),
            None => self.source.search(set, search, &Context { source: &*self.source, ..*ctx }),
        }
    }

    fn search_cost(&self, set: SetId, search: &Search, ctx: &Context<'_>) -> u64 {
        if self.cache.sets().any(|known| known == set) {
            return 0;
        }
        self.source.search_cost(set, search, &Context { source: &*self.source, ..*ctx })
    }

    fn grouped(
        &self,
        grouping: &Grouping<'_>,
        ctx: &Context<'_>,
    ) -> Option<Result<Vec<Vec<Value>>, Error>> {
        match self.computed(grouping.set) {
            Some(_) => None,
            None => self.source.grouped(grouping, &Context { source: &*self.source, ..*ctx }),
        }
    }
}

/// What a computed set is computed from.
struct Reading<'a> {
    source: &'a dyn Source,
    set: SetId,
    today: Date,
    deadline: Option<Instant>,
    /// Whether entities were left out, as there was no time left.
    is_late: Cell<bool>,
}

/// Entities from one look at the clock to the next.
const ENTITIES_IN_ONE_GO: usize = 4096;

impl Entities for Reading<'_> {
    fn each(&self, props: &[Prop], take: &mut dyn FnMut(&[Value])) {
        let mut count = 0_usize;
        self.source.values(self.set, props, &mut |values| {
            let is_past = |deadline| Instant::now() >= deadline;
            if count.is_multiple_of(ENTITIES_IN_ONE_GO) && self.deadline.is_some_and(is_past) {
                self.is_late.set(true);
            }
            count += 1;
            if !self.is_late.get() {
                take(values);
            }
        });
    }

    fn today(&self) -> Date {
        self.today
    }

    fn day_of(&self, instant: Timestamp) -> Date {
        instant.date_in(self.source.zone())
    }
}

#[cfg(test)]
mod tests;
