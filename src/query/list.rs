//! Runs a plan: which rows, in which order, how many. What of each is written is the caller's.
//!
//! Order is total: the sort keys, then the key as the store orders it. Text sorts by its first 256
//! bytes, so that a position fits in a token; null sorts first, and last where descending.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::{
    cast,
    compare::{is_alike, sorting},
    eval::{matches, of_row},
    expr::{Expr, Path, Step, Var},
    plan::{Order, Page, Plan, Start},
    resolve::{Context, related},
};
use crate::{
    error::Error,
    model::{Key, Row, SetId, Value},
};

/// Bytes of a text that count when rows are sorted.
const SORTED_BYTES: usize = 256;

/// One page of a plan.
///
/// `count` is the number of rows the filter leaves, whatever `after`, `skip` and `top` say. `next`
/// is given only if the page size, not `top`, ended the page: whoever continues with it puts it in
/// `after`, sets `skip` to 0 and takes the rows of this page off `top`.
///
/// # Errors
/// As [`super::eval()`]; `InvalidOption` for `$skiptoken` if `after` does not fit the order.
pub fn list(plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
    let after = plan.after.as_deref().map(|after| position(plan, after, ctx)).transpose()?;
    let (found, count) = match start {
        Start::Set if is_by_key(plan, ctx) => walk(plan, after.as_ref(), ctx)?,
        Start::Set => select(plan, ctx.source.rows(plan.set), after.as_ref(), ctx)?,
        Start::Related(row, nav) => {
            select(plan, related(ctx, row, *nav).into_iter(), after.as_ref(), ctx)?
        }
    };
    let limit = limit(plan);
    let has_more = limit.is_some_and(|limit| found.len() > limit);
    let rows: Vec<Row> = found.into_iter().take(limit.unwrap_or(usize::MAX)).collect();
    let is_top_reached = plan.top.is_some_and(|top| rows.len() as u64 >= top);
    let next = match rows.last() {
        Some(last) if has_more && !is_top_reached => Some(token(plan, last, ctx)?),
        Some(_) | None => None,
    };
    Ok(Page { rows, count: plan.count.then_some(count), next })
}

/// The row of a set with that key; whether the caller may see it is for [`matches`] to tell.
#[must_use]
pub fn get(ctx: &Context<'_>, set: SetId, key: &Key) -> Option<Row> {
    ctx.source.row(set, key)
}

/// Rows on the page at most.
fn limit(plan: &Plan) -> Option<usize> {
    let limit = plan.top.into_iter().chain(plan.page_size).min();
    limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

fn skip(plan: &Plan) -> usize {
    usize::try_from(plan.skip).unwrap_or(usize::MAX)
}

/// Whether the order asked for is the one the source has anyway.
fn is_by_key(plan: &Plan, ctx: &Context<'_>) -> bool {
    match (plan.order.as_slice(), ctx.model().entity_type(plan.set).key.as_slice()) {
        ([], _) => true,
        ([Order { expr: Expr::Path(Path { from: Var(0), steps }), descending: false }], [key]) => {
            // Only integers are sure to sort as their keys do.
            let ty = &ctx.model().entity_type(plan.set).property_at(*key).ty;
            steps.as_slice() == [Step::Property(*key)]
                && matches!(ty, crate::model::Type::Primitive(kind) if kind.integer_range().is_some())
        }
        _ => false,
    }
}

/// Goes along the keys and stops one row behind the page, unless all are to be counted.
fn walk(plan: &Plan, after: Option<&Place>, ctx: &Context<'_>) -> Result<(Vec<Row>, u64), Error> {
    let (mut found, mut count, mut skipped) = (Vec::new(), 0, 0);
    let most = limit(plan).map_or(usize::MAX, |limit| limit.saturating_add(1));
    let rows = match after {
        Some(place) if !plan.count => ctx.source.rows_after(plan.set, &place.key),
        Some(_) | None => ctx.source.rows(plan.set),
    };
    for row in rows {
        if !matches(plan.filter.as_ref(), &row, ctx)? {
            continue;
        }
        count += 1;
        if after.is_some_and(|place| row.key(ctx.model()) <= place.key) {
            continue;
        }
        if skipped < skip(plan) {
            skipped += 1;
        } else if found.len() < most {
            found.push(row);
        }
        if found.len() >= most && !plan.count {
            break;
        }
    }
    Ok((found, count))
}

/// Keeps the first rows of the order, one more than the page holds.
fn select(
    plan: &Plan,
    rows: impl Iterator<Item = Row>,
    after: Option<&Place>,
    ctx: &Context<'_>,
) -> Result<(Vec<Row>, u64), Error> {
    let most =
        limit(plan).map_or(usize::MAX, |limit| limit.saturating_add(1).saturating_add(skip(plan)));
    let mut heap = BinaryHeap::new();
    let mut count = 0;
    for row in rows {
        if !matches(plan.filter.as_ref(), &row, ctx)? {
            continue;
        }
        count += 1;
        let place = place(plan, &row, ctx)?;
        if let Some(after) = after {
            if !after.is_like(&place) {
                return Err(bad_token());
            }
            if place <= *after {
                continue;
            }
        }
        heap.push(Placed { place, row });
        if heap.len() > most {
            heap.pop();
        }
    }
    let sorted = heap.into_sorted_vec().into_iter().skip(skip(plan));
    Ok((sorted.map(|placed| placed.row).collect(), count))
}

/// Where a row stands in the order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    ranks: Vec<Rank>,
    key: Key,
}

/// A sort key's value, ordered as the plan asks.
struct Rank {
    value: Value,
    descending: bool,
}

/// A row with its place.
struct Placed {
    place: Place,
    row: Row,
}

impl Place {
    /// Whether a token's place was made for the same order.
    fn is_like(&self, other: &Place) -> bool {
        let mut pairs = self.ranks.iter().zip(&other.ranks);
        pairs.all(|(a, b)| is_alike(&a.value, &b.value))
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

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Placed {}

fn place(plan: &Plan, row: &Row, ctx: &Context<'_>) -> Result<Place, Error> {
    let ranks = plan.order.iter().map(|order| rank(order, row, ctx)).collect::<Result<_, _>>()?;
    Ok(Place { ranks, key: row.key(ctx.model()) })
}

fn rank(order: &Order, row: &Row, ctx: &Context<'_>) -> Result<Rank, Error> {
    let value = of_row(&order.expr, row, ctx).map_err(|error| match error {
        Error::InvalidOption { reason, .. } => {
            Error::InvalidOption { option: "$orderby".into(), reason }
        }
        other => other,
    })?;
    let value = match &value {
        Value::Text(text) if text.len() > SORTED_BYTES => {
            Value::text(&text[..text.floor_char_boundary(SORTED_BYTES)])
        }
        _ => value,
    };
    Ok(Rank { value, descending: order.descending })
}

/// The values of a row's place, for [`Plan::after`].
fn token(plan: &Plan, row: &Row, ctx: &Context<'_>) -> Result<Vec<Value>, Error> {
    let structure = ctx.structure(row);
    let mut values: Vec<Value> =
        place(plan, row, ctx)?.ranks.into_iter().map(|rank| rank.value).collect();
    values.extend(structure.key.iter().map(|prop| row.record.get(structure, *prop)));
    Ok(values)
}

/// The place that a token's values name.
fn position(plan: &Plan, after: &[Value], ctx: &Context<'_>) -> Result<Place, Error> {
    let structure = ctx.model().entity_type(plan.set);
    if after.len() != plan.order.len() + structure.key.len() {
        return Err(bad_token());
    }
    let (ranks, key) = after.split_at(plan.order.len());
    for (prop, value) in structure.key.iter().zip(key) {
        if !cast::is_of(value, &structure.property_at(*prop).ty, ctx.model()).is_true() {
            return Err(bad_token());
        }
    }
    let ranks = plan.order.iter().zip(ranks);
    let rank = |(order, value): (&Order, &Value)| Rank {
        value: value.clone(),
        descending: order.descending,
    };
    Ok(Place { ranks: ranks.map(rank).collect(), key: Key::new(key) })
}

fn bad_token() -> Error {
    let reason = "it was made for another query; begin again without it".into();
    Error::InvalidOption { option: "$skiptoken".into(), reason }
}
