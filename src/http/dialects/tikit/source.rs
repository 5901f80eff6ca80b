//! A snapshot of the helpdesk under Tikit's sets: the same records, read by other declarations.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{
    model::{ours, tikit},
    plan,
};
use crate::{
    error::Error,
    model::{Key, Model, Prop, Row, SetId, Value},
    query::{
        Context, Hits, Page, Plan, Search, Source, Start,
        apply::Grouping,
        behind::{Place, behind},
        explain::{self, Explained},
        list::reference,
        search::Found,
        source::TakeText,
    },
};

/// How many rows of a column could be looked at while one is asked by itself.
const WHOLE_COST: u64 = 64;

/// The snapshot; a set that we have nothing for is empty.
pub(super) struct Renamed {
    source: Arc<dyn Source>,
    /// What its searches found; sets have other numbers there than here.
    found: Found,
}

/// A row of ours as one of theirs: only set and type have other numbers.
fn theirs(set: SetId, row: Row) -> Row {
    Row { set, type_id: tikit().set(set).ty, ..row }
}

/// What is asked by our names, where there is a way to say it.
fn asked(plan: &Plan, start: &Start) -> Option<(Plan, Start)> {
    Some((plan::plan(plan)?, plan::start(start)?))
}

fn page(set: SetId, page: Page) -> Page {
    Page { rows: page.rows.into_iter().map(|row| theirs(set, row)).collect(), ..page }
}

impl Renamed {
    /// The rows of `source`.
    pub(super) fn new(source: Arc<dyn Source>) -> Self {
        Self { source, found: Found::default() }
    }

    /// What is shared by all that is asked of the helpdesk.
    fn ctx<'a>(&'a self, ctx: &Context<'a>) -> Context<'a> {
        Context { source: &*self.source, it: None, found: Some(&self.found), ..*ctx }
    }

    /// About how many rows are looked at where each is asked by itself, with those that its conditions lead to.
    fn each(&self, plan: &Plan, ctx: &Context<'_>) -> u64 {
        let rows = |there| self.source.estimate(&Plan::of(there), &Start::Set, &self.ctx(ctx));
        let count = |set| ours(set).map_or(0, rows);
        let it = ctx.it.map(|row| row.set);
        let place = Place { model: tikit(), set: Some(plan.set), it, count: &count };
        let asked = plan.filter.iter().chain(plan.order.iter().map(|order| &order.expr));
        let each = asked.fold(1, |sum: u64, expr| sum.saturating_add(behind(expr, place)));
        count(plan.set).saturating_mul(each).saturating_mul(WHOLE_COST)
    }
}

impl Source for Renamed {
    fn model(&self) -> &Model {
        tikit()
    }

    fn zone(&self) -> &TimeZone {
        self.source.zone()
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        match ours(set) {
            Some(there) => Box::new(self.source.rows(there).map(move |row| theirs(set, row))),
            None => Box::new(std::iter::empty()),
        }
    }

    fn rows_after<'a>(&'a self, set: SetId, key: &'a Key) -> Box<dyn Iterator<Item = Row> + 'a> {
        match ours(set) {
            Some(there) => {
                Box::new(self.source.rows_after(there, key).map(move |row| theirs(set, row)))
            }
            None => Box::new(std::iter::empty()),
        }
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        self.source.row(ours(set)?, key).map(|row| theirs(set, row))
    }

    fn stored_value(&self, set: SetId, key: &Key, property: Prop) -> Option<Value> {
        self.source.stored_value(ours(set)?, key, plan::property(set, property)?)
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        let found = ours(set).and_then(|there| {
            Some(self.source.rows_where(there, plan::property(set, property)?, value))
        });
        found.into_iter().flatten().map(|row| theirs(set, row)).collect()
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        let there = plan::row_of_ours(row).zip(plan::property(row.set, property));
        there.map_or(Ok(Value::Null), |(row, prop)| self.source.long_text(&row, prop))
    }

    fn is_at_hand(&self) -> bool {
        self.source.is_at_hand()
    }

    fn long_texts(&self, rows: &[Row], property: Prop, take: &mut TakeText<'_>) {
        let prop = rows.first().and_then(|row| plan::property(row.set, property));
        let there: Option<Vec<Row>> = rows.iter().map(plan::row_of_ours).collect();
        match (there, prop) {
            (Some(rows), Some(prop)) => self.source.long_texts(&rows, prop, take),
            _ => rows.iter().for_each(|_| take(Ok(None))),
        }
    }

    fn list(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
        match asked(plan, start) {
            Some((there, start)) => {
                Ok(page(plan.set, self.source.list(&there, &start, &self.ctx(ctx))?))
            }
            None => reference(plan, start, ctx),
        }
    }

    fn list_light(
        &self,
        (plan, start): (&Plan, &Start),
        ctx: &Context<'_>,
        most: u64,
    ) -> Result<Option<Page>, Error> {
        match asked(plan, start) {
            Some((there, start)) => {
                let found = self.source.list_light((&there, &start), &self.ctx(ctx), most)?;
                Ok(found.map(|found| page(plan.set, found)))
            }
            None if self.each(plan, ctx) > most => Ok(None),
            None => reference(plan, start, ctx).map(Some),
        }
    }

    fn explain(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Explained {
        match asked(plan, start) {
            Some((plan, start)) => self.source.explain(&plan, &start, &self.ctx(ctx)),
            None => explain::reference(plan, start, ctx),
        }
    }

    fn estimate(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> u64 {
        match asked(plan, start) {
            Some((plan, start)) => self.source.estimate(&plan, &start, &self.ctx(ctx)),
            None => self.each(plan, ctx),
        }
    }

    fn search(
        &self,
        set: SetId,
        search: &Search,
        ctx: &Context<'_>,
    ) -> Result<Option<Hits>, Error> {
        match (ours(set), plan::search(set, search)) {
            (Some(there), Some(search)) => self.source.search(there, &search, &self.ctx(ctx)),
            _ => Ok(None),
        }
    }

    fn search_cost(&self, set: SetId, search: &Search, ctx: &Context<'_>) -> u64 {
        match (ours(set), plan::search(set, search)) {
            (Some(there), Some(search)) => self.source.search_cost(there, &search, &self.ctx(ctx)),
            _ => 0,
        }
    }

    fn grouped(
        &self,
        grouping: &Grouping<'_>,
        ctx: &Context<'_>,
    ) -> Option<Result<Vec<Vec<Value>>, Error>> {
        let Grouping { set, filters, keys, aggregates, held_max } = *grouping;
        let there = ours(set)?;
        let (filters, keys, aggregates) = plan::grouping(set, (filters, keys, aggregates))?;
        let (filters, keys, aggregates) = (&filters[..], &keys[..], &aggregates[..]);
        let grouping = Grouping { set: there, filters, keys, aggregates, held_max };
        self.source.grouped(&grouping, &self.ctx(ctx))
    }
}
