//! Goes along the order of a plan and stops behind the page.

use std::{cmp::Ordering, ops::ControlFlow};

use roaring::RoaringBitmap;

use super::{
    order::{Group, How, SortKey},
    sink::Sink,
    table::Table,
    topk,
};
use crate::{
    error::Error,
    model::{Key, Value},
    query::compare::sorting,
    store::columns::{column::Column, sorted::Sorted},
};

/// Where the page before ended: the values of the sort keys still to be looked at, and the key.
#[derive(Clone, Copy)]
pub(super) struct After<'a> {
    pub(super) values: &'a [Value],
    pub(super) key: &'a Key,
}

impl After<'_> {
    /// The same for the sort keys behind the first.
    fn tail(self) -> Self {
        Self { values: self.values.get(1..).unwrap_or_default(), ..self }
    }
}

/// How many steps along a kept order may be taken for each row that is wanted, before comparing all
/// rows is better.
const STEPS_MAX: u64 = 4;

/// Hands the rows of `rows` to `sink` in the order of `keys`, then of the key.
pub(super) fn go<'a>(
    keys: &[SortKey<'a>],
    table: Table<'a>,
    rows: &RoaringBitmap,
    after: Option<After<'a>>,
    sink: &mut Sink<'_, 'a>,
) -> Result<ControlFlow<()>, Error> {
    if after.is_none() && sink.is_decided() && rows.len() <= sink.skip {
        sink.skip -= rows.len();
        return Ok(ControlFlow::Continue(()));
    }
    let Some((first, rest)) = keys.split_first() else {
        return by_key(table, rows, after.map(|after| after.key), false, sink);
    };
    match &first.how {
        How::Key => by_key(table, rows, after.map(|after| after.key), first.descending, sink),
        How::Groups(groups) => by_group(groups, (first, rest), table, rows, after, sink),
        How::Kept { sorted, column } if is_near(rows, table, after, sink) => {
            let way = Kept { sorted, column, descending: first.descending, rest, table };
            way.walk(rows, after, sink)
        }
        How::Kept { .. } | How::Compare => topk::go(keys, table, rows, after, sink),
    }
}

/// Whether the page is found sooner along a kept order than by comparing all rows.
fn is_near(
    rows: &RoaringBitmap,
    table: Table<'_>,
    after: Option<After<'_>>,
    sink: &Sink<'_, '_>,
) -> bool {
    let all = table.columns.count();
    if rows.len() == all && after.is_none() {
        return true;
    }
    let share = all / rows.len().max(1) + 1;
    // Of conditions still to be asked nobody knows how many rows they leave: as many as not.
    let doubt = if sink.is_decided() { 1 } else { 2 };
    let steps = sink.wanted().saturating_mul(share).saturating_mul(doubt);
    steps <= rows.len().saturating_mul(STEPS_MAX)
}

fn by_group<'a>(
    groups: &[Group<'a>],
    (first, rest): (&SortKey<'a>, &[SortKey<'a>]),
    table: Table<'a>,
    rows: &RoaringBitmap,
    after: Option<After<'a>>,
    sink: &mut Sink<'_, 'a>,
) -> Result<ControlFlow<()>, Error> {
    let in_order: Vec<&Group<'a>> =
        if first.descending { groups.iter().rev().collect() } else { groups.iter().collect() };
    for group in in_order {
        let stand = after.and_then(|after| after.values.first()).map(|value| {
            let order = sorting(&group.value, value);
            if first.descending { order.reverse() } else { order }
        });
        let tail = match stand {
            Some(Ordering::Less) => continue,
            Some(Ordering::Equal) => after.map(After::tail),
            Some(Ordering::Greater) | None => None,
        };
        if go(rest, table, &(rows & &*group.rows), tail, sink)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// In the order of the key.
fn by_key(
    table: Table<'_>,
    rows: &RoaringBitmap,
    after: Option<&Key>,
    descending: bool,
    sink: &mut Sink<'_, '_>,
) -> Result<ControlFlow<()>, Error> {
    if !table.columns.keys_ascend() {
        return by_any_key(table, rows, after, descending, sink);
    }
    let behind = |key: &Key| table.columns.by_key_after(key).next().unwrap_or(u32::MAX);
    let (mut from, mut to) = (0, u32::MAX);
    match after {
        Some(key) if descending => to = table.columns.find(key).unwrap_or_else(|| behind(key)),
        Some(key) => from = behind(key),
        None => {}
    }
    if sink.is_decided() && sink.skip > 0 {
        // The rows left out are counted, not gone through.
        let before = |at: u32| at.checked_sub(1).map_or(0, |last| rows.rank(last));
        let (low, high) = (before(from), before(to));
        let left_out = sink.skip.min(high.saturating_sub(low));
        sink.skip -= left_out;
        let nth = |n: u64| u32::try_from(n).ok().and_then(|n| rows.select(n));
        if descending {
            to = nth(high - left_out).unwrap_or(to);
        } else {
            from = nth(low + left_out).unwrap_or(u32::MAX);
        }
    }
    if from >= to {
        return Ok(ControlFlow::Continue(()));
    }
    let mut range = rows.range(from..to);
    while let Some(at) = if descending { range.next_back() } else { range.next() } {
        if sink.offer(at)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// In the order of keys that do not ascend as the positions do.
fn by_any_key(
    table: Table<'_>,
    rows: &RoaringBitmap,
    after: Option<&Key>,
    descending: bool,
    sink: &mut Sink<'_, '_>,
) -> Result<ControlFlow<()>, Error> {
    let columns = table.columns;
    let is_sparse = rows.len() < columns.count() / 16;
    let all: Box<dyn Iterator<Item = u32> + '_> = if is_sparse || descending {
        let mut keyed: Vec<(Key, u32)> = rows.iter().map(|at| (columns.key(at), at)).collect();
        keyed.retain(|(key, _)| {
            after.is_none_or(|after| if descending { key < after } else { key > after })
        });
        keyed.sort_unstable();
        if descending {
            keyed.reverse();
        }
        Box::new(keyed.into_iter().map(|(_, at)| at))
    } else {
        match after {
            Some(key) => columns.by_key_after(key),
            None => columns.by_key(),
        }
    };
    for at in all.filter(|at| rows.contains(*at)) {
        if sink.offer(at)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Along a kept order; rows that tie in it follow the rest of the order.
struct Kept<'k, 'a> {
    sorted: &'a Sorted,
    column: &'a Column,
    descending: bool,
    rest: &'k [SortKey<'a>],
    table: Table<'a>,
}

impl<'a> Kept<'_, 'a> {
    fn walk(
        &self,
        rows: &RoaringBitmap,
        after: Option<After<'a>>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<ControlFlow<()>, Error> {
        let from = after.and_then(|after| self.column.number_of(after.values.first()?));
        let start = match from {
            Some(rank) => Some(rank),
            None => self.jump(rows, after, sink),
        };
        let stretches: Box<dyn Iterator<Item = _> + '_> = if self.descending {
            Box::new(self.sorted.stretches_down(start.map(|rank| (rank, u32::MAX))))
        } else {
            Box::new(self.sorted.stretches_from(start.map(|rank| (rank, 0))))
        };
        let (mut tied, mut rank) = (Vec::new(), None);
        let mut entries = Vec::new();
        for (page, places) in stretches {
            self.table.ctx.in_time()?;
            entries.clear();
            page.among(places, rows, &mut entries);
            if self.descending {
                entries.reverse();
            }
            for (now, at) in &entries {
                if rank != Some(*now) {
                    let tail = after.filter(|_| rank.is_some() && rank == from).map(After::tail);
                    if self.tied(&mut tied, tail, sink)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    rank = Some(*now);
                }
                tied.push(*at);
            }
        }
        let tail = after.filter(|_| rank.is_some() && rank == from).map(After::tail);
        self.tied(&mut tied, tail, sink)
    }

    /// Rows of one rank.
    fn tied(
        &self,
        tied: &mut Vec<u32>,
        after: Option<After<'a>>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<ControlFlow<()>, Error> {
        let flow = match tied.as_slice() {
            [] => ControlFlow::Continue(()),
            [only] if after.is_none() => sink.offer(*only)?,
            many => {
                let rows: RoaringBitmap = many.iter().copied().collect();
                go(self.rest, self.table, &rows, after, sink)?
            }
        };
        tied.clear();
        Ok(flow)
    }

    /// Where all rows count, the rank of the first that is not left out; those before are taken as
    /// left out.
    fn jump(
        &self,
        rows: &RoaringBitmap,
        after: Option<After<'a>>,
        sink: &mut Sink<'_, 'a>,
    ) -> Option<i64> {
        let all = self.sorted.len();
        let skip = usize::try_from(sink.skip).ok().filter(|skip| *skip > 0 && *skip < all)?;
        if after.is_some() || !sink.is_decided() || rows.len() != all as u64 {
            return None;
        }
        let nth = if self.descending { all - 1 - skip } else { skip };
        let rank = self.column.int(self.sorted.nth(nth)?)?;
        let before = if self.descending {
            all - rank.checked_add(1).map_or(all, |next| self.sorted.below(next))
        } else {
            self.sorted.below(rank)
        };
        sink.skip -= before as u64;
        Some(rank)
    }
}
