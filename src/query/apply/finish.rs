//! The end of a run: sorted, counted, one page of it.
//!
//! A page continues behind a key where the items have one, so that new groups shift nothing; else, or
//! where keys are long, behind a number of items.

use std::collections::BinaryHeap;

use super::{
    Answer, Apply, Item,
    held::item_bytes,
    pipeline::{Items, Run},
    rank::{Placed, ranks},
};
use crate::{
    error::Error,
    model::Value,
    query::{compare::is_alike, list::bad_token, rank::Rank},
};

/// Bytes of text that a position may have in it; it goes into an address.
const POSITION_BYTES: usize = 512;

/// Where a page begins.
enum Begin {
    /// Behind that many items.
    Skip(u64),
    /// Behind the item with these ranks.
    Behind(Vec<Rank>),
}

/// One page of the items.
pub(super) fn finish(apply: &Apply, items: Items<'_>, run: Run<'_>) -> Result<Answer, Error> {
    let begin = begin(apply)?;
    let limit = apply.top.into_iter().chain(apply.page_size).min();
    let skip = match begin {
        Begin::Skip(skip) => usize::try_from(skip).unwrap_or(usize::MAX),
        Begin::Behind(_) => 0,
    };
    let most = limit
        .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
        .saturating_add(1)
        .saturating_add(skip);
    let (mut heap, mut held, mut count) = (BinaryHeap::new(), run.held(), 0);
    for (at, item) in items.enumerate() {
        let item = item?;
        run.in_time(at)?;
        count += 1;
        let ranks = place(apply, &item, run)?;
        if let Begin::Behind(after) = &begin {
            let mut pairs = after.iter().zip(&ranks);
            if !pairs.all(|(a, b)| is_alike(&a.value, &b.value)) {
                return Err(bad_token());
            }
            if ranks <= *after {
                continue;
            }
        }
        if heap.len() < most {
            held.more()?;
        }
        held.take(item_bytes(&item))?;
        heap.push(Placed { ranks, at, item });
        if heap.len() > most
            && let Some(last) = heap.pop()
        {
            held.give(item_bytes(&last.item));
        }
    }
    let mut found: Vec<Placed> = heap.into_sorted_vec().into_iter().skip(skip).collect();
    let wanted = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let has_more = found.len() > wanted;
    found.truncate(wanted);
    let is_top_reached = apply.top.is_some_and(|top| found.len() as u64 >= top);
    let next = match found.last() {
        Some(last) if has_more && !is_top_reached => {
            Some(position(apply, last, skip + found.len(), &begin))
        }
        Some(_) | None => None,
    };
    let items = found.into_iter().map(|placed| placed.item).collect();
    Ok(Answer { items, count: apply.count.then_some(count), next })
}

/// What an item is sorted by: the order, then its identity.
fn place(apply: &Apply, item: &Item, run: Run<'_>) -> Result<Vec<Rank>, Error> {
    let mut all = ranks(run, &apply.order, item)?;
    for key in apply.identity.iter().flatten() {
        all.push(Rank::ascending(run.value(key, item)?));
    }
    Ok(all)
}

/// Where the next page continues, told by `true` and ranks or by `false` and a number.
fn position(apply: &Apply, last: &Placed, passed: usize, begin: &Begin) -> Vec<Value> {
    let bytes: usize =
        last.ranks.iter().filter_map(|rank| rank.value.as_text()).map(str::len).sum();
    let is_told =
        apply.identity.is_some() && (bytes <= POSITION_BYTES || matches!(begin, Begin::Behind(_)));
    if is_told {
        let ranks = last.ranks.iter().map(|rank| rank.value.clone());
        return std::iter::once(Value::Bool(true)).chain(ranks).collect();
    }
    vec![Value::Bool(false), Value::Int(i64::try_from(passed).unwrap_or(i64::MAX))]
}

fn begin(apply: &Apply) -> Result<Begin, Error> {
    match apply.after.as_deref() {
        None => Ok(Begin::Skip(apply.skip)),
        Some([Value::Bool(false), Value::Int(passed)]) => {
            u64::try_from(*passed).map(Begin::Skip).map_err(|_| bad_token())
        }
        Some([Value::Bool(true), ranks @ ..]) => {
            let identity = apply.identity.as_ref().ok_or_else(bad_token)?;
            if ranks.len() != apply.order.len() + identity.len() {
                return Err(bad_token());
            }
            let directions = apply.order.iter().map(|order| order.descending);
            let directions = directions.chain(std::iter::repeat(false));
            let rank =
                |(value, descending): (&Value, bool)| Rank { value: value.clone(), descending };
            Ok(Begin::Behind(ranks.iter().zip(directions).map(rank).collect()))
        }
        Some(_) => Err(bad_token()),
    }
}
