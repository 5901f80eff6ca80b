//! Finds the first rows of an order by comparing all, with no more of them in memory than a bound.

use std::{cmp::Ordering, collections::BinaryHeap, ops::ControlFlow};

use roaring::RoaringBitmap;

use super::{found::each_chunk, order::SortKey, rank::Rank, sink::Sink, table::Table, walk::After};
use crate::{
    error::Error,
    model::{Key, Value},
    query::{compare::is_alike, list::bad_token},
};

/// Where a row stands.
#[derive(Clone)]
struct Placed<'a> {
    first: Sorted<'a>,
    rest: Vec<Sorted<'a>>,
    key: PlaceKey,
}

/// A rank in the direction that is asked for.
#[derive(Clone)]
struct Sorted<'a> {
    rank: Rank<'a>,
    descending: bool,
}

/// The row, by what orders as its key does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PlaceKey {
    /// One more than its position, where keys ascend as positions do.
    Behind(u32),
    Key(Key, u32),
}

impl Ord for Sorted<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.rank.order(&other.rank);
        if self.descending { order.reverse() } else { order }
    }
}

impl Ord for Placed<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let ranks = self.first.cmp(&other.first).then_with(|| self.rest.cmp(&other.rest));
        ranks.then_with(|| self.key.cmp(&other.key))
    }
}

macro_rules! ordered {
    ($($name:ident),+) => {$(
        impl PartialOrd for $name<'_> {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $name<'_> {}
    )+};
}
ordered!(Sorted, Placed);

/// Hands the rows of `rows` to `sink` in the order of `keys`, of which there is at least one.
pub(super) fn go<'a>(
    keys: &[SortKey<'a>],
    table: Table<'a>,
    rows: &RoaringBitmap,
    after: Option<After<'a>>,
    sink: &mut Sink<'_, 'a>,
) -> Result<ControlFlow<()>, Error> {
    let mut search = Search { keys, table, after: None, is_token: false };
    if let Some(after) = after {
        search.after = Some(search.of_token(after)?);
        search.is_token = true;
    }
    loop {
        let wanted =
            usize::try_from(sink.wanted()).unwrap_or(usize::MAX).min(table.limits().sorted);
        let first = search.first(wanted, rows, sink)?;
        let is_last = first.len() < wanted;
        for placed in &first {
            if sink.take(placed.at()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        match first.into_iter().next_back() {
            Some(last) if !is_last => search.after = Some(last),
            Some(_) | None => return Ok(ControlFlow::Continue(())),
        }
    }
}

impl Placed<'_> {
    fn at(&self) -> u32 {
        match self.key {
            PlaceKey::Behind(next) => next - 1,
            PlaceKey::Key(_, at) => at,
        }
    }
}

/// One search through the rows.
struct Search<'k, 'a> {
    keys: &'k [SortKey<'a>],
    table: Table<'a>,
    /// Rows up to this place are left out.
    after: Option<Placed<'a>>,
    /// Whether a token named the place rather than a row found before.
    is_token: bool,
}

impl<'a> Search<'_, 'a> {
    /// The first rows, sorted; the filter is true of them.
    fn first(
        &self,
        wanted: usize,
        rows: &RoaringBitmap,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<Vec<Placed<'a>>, Error> {
        // Where ranks are evaluated that may fail: not of rows that the reference would not ask.
        let is_asked_first = !self.keys.iter().all(|key| key.ranking.is_quick());
        let mut heap: BinaryHeap<Placed<'a>> = BinaryHeap::new();
        if wanted == 0 {
            return Ok(Vec::new());
        }
        each_chunk(rows, self.table.ctx, |_, rows| {
            for at in rows {
                if is_asked_first && !sink.holds(*at)? {
                    continue;
                }
                let first = self.sorted(0, *at)?;
                let is_full = heap.len() >= wanted;
                if is_full && heap.peek().is_some_and(|last| first > last.first) {
                    continue;
                }
                if self.after.as_ref().is_some_and(|after| first < after.first) {
                    continue;
                }
                let placed = self.placed(first, *at)?;
                let is_behind = self.after.as_ref().is_none_or(|after| placed > *after);
                if !is_behind || (is_full && heap.peek().is_some_and(|last| placed >= *last)) {
                    continue;
                }
                if is_asked_first || sink.holds(*at)? {
                    heap.push(placed);
                    #[cfg(test)]
                    kept::note(&heap);
                    if heap.len() > wanted {
                        heap.pop();
                    }
                }
            }
            Ok(())
        })?;
        Ok(heap.into_sorted_vec())
    }

    fn placed(&self, first: Sorted<'a>, at: u32) -> Result<Placed<'a>, Error> {
        let rest = (1..self.keys.len()).map(|index| self.sorted(index, at));
        let rest = rest.collect::<Result<_, _>>()?;
        let is_ascending = self.table.columns.keys_ascend();
        let key = if is_ascending {
            PlaceKey::Behind(at + 1)
        } else {
            PlaceKey::Key(self.table.columns.key(at), at)
        };
        Ok(Placed { first, rest, key })
    }

    fn sorted(&self, index: usize, at: u32) -> Result<Sorted<'a>, Error> {
        let key = &self.keys[index];
        let rank = key.ranking.rank(&self.table, at)?;
        if self.is_token && !key.ranking.is_quick() {
            self.check(index, &rank)?;
        }
        Ok(Sorted { rank, descending: key.descending })
    }

    /// A token of another order is refused where rows show that it is one.
    fn check(&self, index: usize, rank: &Rank<'_>) -> Result<(), Error> {
        let Some(after) = &self.after else { return Ok(()) };
        let named = index.checked_sub(1).map_or(&after.first, |rest| &after.rest[rest]);
        match (rank, &named.rank) {
            (Rank::Other(a), Rank::Other(b)) if !is_alike(a, b) => Err(bad_token()),
            _ => Ok(()),
        }
    }

    /// The place that a token names.
    fn of_token(&self, after: After<'a>) -> Result<Placed<'a>, Error> {
        let rank = |(key, value): (&SortKey<'a>, &'a Value)| {
            let rank = key.ranking.of_token(value).ok_or_else(bad_token)?;
            Ok(Sorted { rank, descending: key.descending })
        };
        let ranks = self.keys.iter().zip(after.values).map(rank);
        let mut ranks = ranks.collect::<Result<Vec<_>, Error>>()?.into_iter();
        let first = ranks.next().ok_or_else(bad_token)?;
        let columns = self.table.columns;
        let key = if columns.keys_ascend() {
            let next = columns.by_key_after(after.key).next();
            PlaceKey::Behind(next.unwrap_or(columns.len()))
        } else {
            PlaceKey::Key(after.key.clone(), u32::MAX)
        };
        Ok(Placed { first, rest: ranks.collect(), key })
    }
}

/// What was kept at most, for the tests of it.
#[cfg(test)]
pub(super) mod kept {
    use std::cell::Cell;

    use super::{BinaryHeap, Placed, Rank, Value};

    thread_local! {
        /// Rows that were kept at once, and bytes of the texts that were worked out for one of them.
        pub(in super::super) static MOST: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    }

    /// Remembers how much is kept now.
    pub(super) fn note(heap: &BinaryHeap<Placed<'_>>) {
        let text = heap.peek().map_or(0, |last| match &last.first.rank {
            Rank::Other(Value::Text(text)) => text.len(),
            Rank::Null | Rank::Number(_) | Rank::Text(_) | Rank::Other(_) => 0,
        });
        MOST.set((MOST.get().0.max(heap.len()), MOST.get().1.max(text)));
    }
}
