//! Runs a plan: which rows, in which order, how many. What of each is written is the caller's.
//!
//! Order is total: the sort keys, then the key as the store orders it. Text sorts by its first 256
//! bytes, so that a position fits in a token; null sorts first, and last where descending.

mod place;

use std::{cmp::Ordering, collections::BinaryHeap, ops::ControlFlow};

use self::place::{Place, place, position};
pub use self::place::{bad_token, sort_value, sorted_text, token};
use super::{
    eval::matches,
    expr::{Expr, Path, Step, Var},
    plan::{Order, Page, Plan, Start},
    resolve::{Context, related},
    search::{Sought, seek},
};
use crate::{
    error::Error,
    model::{Key, Row, SetId},
};

/// Rows between two looks at the clock; one row can be a long text to search.
const ROWS_BETWEEN: usize = 64;

/// Related rows up to which a search looks at each: fewer than an index hands over.
const FEW_ROWS: usize = 64;

/// One page of a plan, in the way the source has for it; see [`reference()`].
///
/// # Errors
/// As [`reference()`].
pub fn list(plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
    ctx.source.list(plan, start, ctx)
}

/// One page of a plan, found by looking at one row after the other. Any faster way must agree with it.
///
/// `count` is the number of rows the filter leaves, whatever `after`, `skip` and `top` say. `next`
/// is given only if the page size, not `top`, ended the page: whoever continues with it puts it in
/// `after`, sets `skip` to 0 and takes the rows of this page off `top`.
///
/// # Errors
/// As [`super::eval()`]; `InvalidOption` for `$skiptoken` if `after` does not fit the order;
/// `Overloaded` once the deadline has passed.
pub fn reference(plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
    let after = plan.after.as_deref().map(|after| position(plan, after, ctx)).transpose()?;
    let (found, count) = match start {
        Start::Set => {
            let sought = sought(plan, usize::MAX, ctx)?;
            let sought = sought.as_ref();
            if is_by_key(plan, ctx) {
                let behind = after.as_ref().filter(|_| !plan.count).map(|place| &place.key);
                let rows = rows(plan, sought, behind, ctx);
                walk(plan, (rows, sought), after.as_ref(), ctx)?
            } else {
                select(plan, (rows(plan, sought, None, ctx), sought), after.as_ref(), ctx)?
            }
        }
        Start::Related(row, nav) => {
            let rows = related(ctx, row, *nav);
            let sought = sought(plan, rows.len(), ctx)?;
            let rows = (rows.into_iter(), sought.as_ref());
            if is_by_key(plan, ctx) {
                walk(plan, rows, after.as_ref(), ctx)?
            } else {
                select(plan, rows, after.as_ref(), ctx)?
            }
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

/// The row of a set with that key; whether the caller may see it is for [`matches()`] to tell.
#[must_use]
pub fn get(ctx: &Context<'_>, set: SetId, key: &Key) -> Option<Row> {
    ctx.source.row(set, key)
}

/// What the plan searches for among so many rows; few are looked at each.
fn sought<'a>(plan: &'a Plan, rows: usize, ctx: &Context<'_>) -> Result<Option<Sought<'a>>, Error> {
    let search = plan.search.as_ref();
    if rows <= FEW_ROWS {
        return Ok(search.map(Sought::Each));
    }
    search.map(|search| seek(search, plan.set, ctx)).transpose()
}

/// The rows of the set behind `after`, by key: those an index lists, or all.
fn rows<'a>(
    plan: &'a Plan,
    sought: Option<&'a Sought<'_>>,
    after: Option<&'a Key>,
    ctx: &Context<'a>,
) -> Box<dyn Iterator<Item = Row> + 'a> {
    let source = ctx.source;
    match (sought.and_then(Sought::ids), after) {
        (Some(ids), _) => {
            let from = after.and_then(Key::as_int);
            let first = from.map_or(0, |from| ids.partition_point(|id| *id <= from));
            let found = ids[first..].iter().map(|id| source.row(plan.set, &Key::Int(*id)));
            Box::new(found.flatten())
        }
        (None, Some(after)) => source.rows_after(plan.set, after),
        (None, None) => source.rows(plan.set),
    }
}

/// Rows on the page at most.
#[must_use]
pub fn limit(plan: &Plan) -> Option<usize> {
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

/// Hands on the rows the filter leaves, until `take` wants no more; how many there were.
fn sift(
    plan: &Plan,
    (rows, sought): (impl Iterator<Item = Row>, Option<&Sought<'_>>),
    ctx: &Context<'_>,
    mut take: impl FnMut(Row) -> Result<ControlFlow<()>, Error>,
) -> Result<u64, Error> {
    let mut count = 0;
    for (at, row) in rows.enumerate() {
        if at % ROWS_BETWEEN == 0 {
            ctx.in_time()?;
        }
        // An index is asked before the filter; a look into texts comes last.
        let (hits, each) = match sought {
            Some(Sought::Hits(_)) => (sought, None),
            Some(Sought::Each(_)) | None => (None, sought),
        };
        let is_found =
            |sought: Option<&Sought<'_>>| sought.map_or(Ok(true), |sought| sought.holds(&row, ctx));
        if is_found(hits)? && matches(plan.filter.as_ref(), &row, ctx)? && is_found(each)? {
            count += 1;
            if take(row)?.is_break() {
                break;
            }
        }
    }
    Ok(count)
}

/// Goes along the keys and stops one row behind the page, unless all are to be counted.
fn walk(
    plan: &Plan,
    rows: (impl Iterator<Item = Row>, Option<&Sought<'_>>),
    after: Option<&Place>,
    ctx: &Context<'_>,
) -> Result<(Vec<Row>, u64), Error> {
    let (mut found, mut skipped) = (Vec::new(), 0);
    let most = limit(plan).map_or(usize::MAX, |limit| limit.saturating_add(1));
    let count = sift(plan, rows, ctx, |row| {
        if after.is_some_and(|place| row.key(ctx.model()) <= place.key) {
            return Ok(ControlFlow::Continue(()));
        }
        if skipped < skip(plan) {
            skipped += 1;
        } else if found.len() < most {
            found.push(row);
        }
        let is_enough = found.len() >= most && !plan.count;
        Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok((found, count))
}

/// Keeps the first rows of the order, one more than the page holds.
fn select(
    plan: &Plan,
    (rows, sought): (impl Iterator<Item = Row>, Option<&Sought<'_>>),
    after: Option<&Place>,
    ctx: &Context<'_>,
) -> Result<(Vec<Row>, u64), Error> {
    let most =
        limit(plan).map_or(usize::MAX, |limit| limit.saturating_add(1).saturating_add(skip(plan)));
    let mut heap = BinaryHeap::new();
    let count = sift(plan, (rows, sought), ctx, |row| {
        let place = place(plan, &row, ctx)?;
        if let Some(after) = after {
            if !after.is_like(&place) {
                return Err(bad_token());
            }
            if place <= *after {
                return Ok(ControlFlow::Continue(()));
            }
        }
        heap.push(Placed { place, row });
        if heap.len() > most {
            heap.pop();
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let sorted = heap.into_sorted_vec().into_iter().skip(skip(plan));
    Ok((sorted.map(|placed| placed.row).collect(), count))
}

/// A row with its place.
struct Placed {
    place: Place,
    row: Row,
}

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

#[cfg(test)]
mod tests;
