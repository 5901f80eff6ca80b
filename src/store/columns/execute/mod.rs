//! Runs plans over columns: the same rows in the same order as the reference, in less time.
//!
//! A filter becomes sets of rows (`way` and what it names), an order a walk that stops behind the page
//! (`walk`) or a comparison of all rows (`topk`). What no way is known for is asked row by row with the
//! reference evaluator. Knows no text of a query and no HTTP.

pub(crate) mod apply;
mod by_value;
mod children;
mod compare;
mod cuts;
mod days;
mod explain;
mod filter;
mod found;
mod index;
mod keys;
mod memo;
mod order;
mod rank;
mod reads;
mod rows;
mod sink;
mod table;
mod target;
#[cfg(test)]
mod tests;
mod texts;
mod topk;
mod tree;
mod walk;
mod way;

use std::{borrow::Cow, sync::Arc};

use roaring::RoaringBitmap;

use self::{filter::Filter, order::SortKey, sink::Sink, table::Table, walk::After};
use super::Columns;
use crate::{
    error::Error,
    model::{Key, Relation, Row, SetId, Value},
    query::{
        Context, Hits, Page, Plan, Start,
        explain::Explained,
        list::{limit, reference, token},
        search::{Sought, seek},
    },
};

/// What counts as few; tests make it less.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Different values of a property that are asked one by one.
    pub(crate) values: usize,
    /// Rows that a navigation leads to, up to which they are best looked at one by one.
    pub(crate) related: usize,
    /// Rows of which each is asked for its children, rather than all children for their parents.
    pub(crate) parents: u64,
    /// Rows that are sorted at once; deeper pages take several goes over the rows. A row takes some
    /// hundred bytes where it is sorted by a computed text, so it is some MB.
    pub(crate) sorted: usize,
}

impl Limits {
    /// Those of a server.
    pub(crate) const SERVED: Self =
        Self { values: super::DISTINCT_MAX, related: 64, parents: 1024, sorted: 65_536 };
}

/// Where the executor finds columns.
pub(crate) trait Tables: Sync {
    /// The columns of a set that is stored.
    fn columns(&self, set: SetId) -> Option<&Arc<Columns>>;

    /// What counts as few.
    fn limits(&self) -> Limits {
        Limits::SERVED
    }

    /// How many rows there are to go through of a set that has no columns.
    fn rows_of(&self, set: SetId) -> u64 {
        self.columns(set).map_or(0, |columns| columns.count())
    }
}

/// What all parts of one query share.
#[derive(Clone, Copy)]
struct Ground<'a> {
    tables: &'a dyn Tables,
    ctx: &'a Context<'a>,
    /// Worked out for one condition, and used by all.
    days: &'a days::Known,
}

/// One page of a plan, as [`reference()`] finds it; `ctx` is of the source that `tables` belong to.
///
/// # Errors
/// As [`reference()`], though perhaps fewer.
pub(crate) fn list(
    tables: &dyn Tables,
    plan: &Plan,
    start: &Start,
    ctx: &Context<'_>,
) -> Result<Page, Error> {
    let ground = Ground { tables, ctx, days: &days::Known::default() };
    match Query::new(ground, plan, start)? {
        Some(query) => query.page(),
        None => reference(plan, start, ctx),
    }
}

/// As [`list`] where that looks at no more than about `most` rows of columns; else none, before it looked
/// at them.
///
/// # Errors
/// As [`list`].
pub(crate) fn list_light(
    tables: &dyn Tables,
    (plan, start): (&Plan, &Start),
    ctx: &Context<'_>,
    most: u64,
) -> Result<Option<Page>, Error> {
    let ground = Ground { tables, ctx, days: &days::Known::default() };
    // A search is run to know what it leaves.
    let searched = search_cost(plan, ctx);
    if searched > most {
        return Ok(None);
    }
    match Query::new(ground, plan, start)? {
        Some(query) if query.estimate().saturating_add(searched) > most => Ok(None),
        Some(query) => query.page().map(Some),
        None if without_columns(ground, plan, start) > most => Ok(None),
        None => reference(plan, start, ctx).map(Some),
    }
}

/// How the rows of a plan would be found, and about how many would be looked at.
pub(crate) fn explain(
    tables: &dyn Tables,
    plan: &Plan,
    start: &Start,
    ctx: &Context<'_>,
) -> Explained {
    let ground = Ground { tables, ctx, days: &days::Known::default() };
    match Query::new(ground, plan, start) {
        Ok(Some(query)) => {
            let told = query.explained();
            Explained { rows: told.rows.saturating_add(search_cost(plan, ctx)), ..told }
        }
        Ok(None) | Err(_) => crate::query::explain::reference(plan, start, ctx),
    }
}

/// About how many rows of columns would be looked at.
pub(crate) fn estimate(tables: &dyn Tables, plan: &Plan, start: &Start, ctx: &Context<'_>) -> u64 {
    let ground = Ground { tables, ctx, days: &days::Known::default() };
    match Query::new(ground, plan, start) {
        Ok(Some(query)) => query.estimate().saturating_add(search_cost(plan, ctx)),
        Ok(None) => without_columns(ground, plan, start),
        // Whoever runs it is told why it cannot be.
        Err(_) => 0,
    }
}

/// About how many rows of columns could be looked at while an index is searched.
fn search_cost(plan: &Plan, ctx: &Context<'_>) -> u64 {
    plan.search.as_ref().map_or(0, |search| ctx.source.search_cost(plan.set, search, ctx))
}

/// About how many rows of columns could be looked at while the reference finds a page.
fn without_columns(ground: Ground<'_>, plan: &Plan, start: &Start) -> u64 {
    let all = ground.tables.rows_of(plan.set);
    let is_walked =
        plan.filter.is_none() && plan.search.is_none() && plan.order.is_empty() && !plan.count;
    let looked_at = match start {
        // What an index leads to is few, or there would be a query.
        Start::Related(..) if plan.after.is_none() && Table::new(ground, plan.set).is_some() => 0,
        Start::Set if is_walked => match limit(plan) {
            Some(limit) => plan.skip.saturating_add(limit as u64 + 1).min(all),
            None => all,
        },
        Start::Set | Start::Related(..) => all,
    };
    looked_at.saturating_mul(WHOLE_COST)
}

/// How many rows of a column could be looked at while a row is made whole and looked at.
const WHOLE_COST: u64 = 16;

/// A plan, ready to be run.
struct Query<'a> {
    plan: &'a Plan,
    table: Table<'a>,
    among: Cow<'a, RoaringBitmap>,
    filter: Filter<'a>,
    order: Vec<SortKey<'a>>,
    /// The key in `after`.
    after: Option<Key>,
}

impl<'a> Query<'a> {
    /// None where the reference is to be asked: there are no columns, or few rows, or a position that
    /// was made for another order.
    fn new(ground: Ground<'a>, plan: &'a Plan, start: &Start) -> Result<Option<Self>, Error> {
        let Some(table) = Table::new(ground, plan.set) else { return Ok(None) };
        let among = match start {
            Start::Set => Some(Cow::Borrowed(table.live())),
            Start::Related(row, nav) => related(table, row, *nav).map(Cow::Owned),
        };
        let Some(mut among) = among else { return Ok(None) };
        let order: Vec<_> = plan.order.iter().map(|order| SortKey::new(order, table)).collect();
        let after = match &plan.after {
            Some(values) => match position(values, &order, table) {
                Some(key) => Some(key),
                None => return Ok(None),
            },
            None => None,
        };
        let mut filter = Filter::new(plan.filter.as_ref(), table)?;
        if let Some(search) = &plan.search {
            match seek(search, plan.set, ground.ctx)? {
                Sought::Hits(hits) => among = Cow::Owned(listed(&hits, &among, table)),
                Sought::Each(search) => filter.search(search),
            }
        }
        Ok(Some(Self { plan, table, among, filter, order, after }))
    }

    fn page(&self) -> Result<Page, Error> {
        let (plan, table) = (self.plan, self.table);
        table.ctx.in_time()?;
        let mut rows = self.filter.quick(&self.among)?;
        let mut late = self.filter.has_late().then_some(&self.filter);
        if plan.count && late.is_some() {
            rows = Cow::Owned(self.filter.all(&rows)?);
            late = None;
        }
        let count = plan.count.then_some(rows.len());
        let limit = limit(plan);
        if limit == Some(0) {
            return Ok(Page { rows: Vec::new(), count, next: None });
        }
        let most = limit.map_or(usize::MAX, |limit| limit.saturating_add(1));
        let mut sink = Sink::new(late, table.ctx, (plan.skip, most));
        let values = plan.after.as_deref().unwrap_or_default();
        let after = self.after.as_ref().map(|key| After { values, key });
        // What the walk stops for is in the sink.
        let _ = walk::go(&self.order, table, &rows, after, &mut sink)?;
        let has_more = limit.is_some_and(|limit| sink.found.len() > limit);
        sink.found.truncate(limit.unwrap_or(usize::MAX));
        let rows = table.columns.rows_late(&sink.found);
        let is_top_reached = plan.top.is_some_and(|top| rows.len() as u64 >= top);
        let next = match rows.last() {
            Some(last) if has_more && !is_top_reached => Some(token(plan, last, table.ctx)?),
            Some(_) | None => None,
        };
        Ok(Page { rows, count, next })
    }
}

/// The rows behind a to-many navigation; none where they are few.
fn related(table: Table<'_>, row: &Row, nav: crate::model::Nav) -> Option<RoaringBitmap> {
    let structure = table.model().structure(row.type_id);
    let navigation = structure.navigations.get(usize::from(nav.0))?;
    if table.model().target(navigation) != Some(table.set) {
        return None;
    }
    match navigation.relation {
        Relation::Children { by } => {
            let [own] = structure.key.as_slice() else { return None };
            let by = table.structure().property(by)?;
            let found = table.columns.where_equal(by, &row.record.get(structure, *own));
            (found.len() > table.limits().related).then(|| found.into_iter().collect())
        }
        Relation::Reference { .. } => None,
    }
}

/// The rows of `among` that an index found.
fn listed(hits: &Hits, among: &RoaringBitmap, table: Table<'_>) -> RoaringBitmap {
    let positions = |ids: &[i64]| -> RoaringBitmap {
        ids.iter().filter_map(|id| table.columns.find(&Key::Int(*id))).collect()
    };
    let few = |ids: &[i64]| among.len() < ids.len() as u64;
    match (hits.ids(), hits.left_out()) {
        (Some(ids), _) | (None, Some(ids)) if few(ids) => {
            among.iter().filter(|at| hits.has(&table.columns.key(*at))).collect()
        }
        (Some(ids), _) => positions(ids) & among,
        (None, Some(ids)) => among - positions(ids),
        (None, None) => among.clone(),
    }
}

/// The key in a position, if it is one of this order.
fn position(values: &[Value], order: &[SortKey<'_>], table: Table<'_>) -> Option<Key> {
    let structure = table.structure();
    if values.len() != order.len() + structure.key.len() {
        return None;
    }
    let (ranks, key) = values.split_at(order.len());
    let is_of_order = |(sort, value): (&SortKey<'_>, &Value)| {
        sort.fits(value)
            && sort.ranking.of_token(value).is_some()
            && (!matches!(sort.how, order::How::Key) || key == std::slice::from_ref(value))
    };
    let fits = |(prop, value): (&crate::model::Prop, &Value)| {
        let ty = &structure.property_at(*prop).ty;
        matches!(
            (value, ty),
            (Value::Int(_) | Value::Text(_) | Value::Guid(_), crate::model::Type::Primitive(_))
        ) && table.column(*prop).is_some_and(|column| match value {
            Value::Int(_) => column.number_of(value).is_some(),
            _ => true,
        })
    };
    let is_key = structure.key.iter().zip(key).all(fits);
    (is_key && order.iter().zip(ranks).all(is_of_order)).then(|| Key::new(key))
}
