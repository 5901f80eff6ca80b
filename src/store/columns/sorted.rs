//! Positions in the order of a number each has: kept orders, rows by a reference, look-ups by a hash.
//!
//! Pages of some hundred entries in a persistent map: a change copies the pages it touches. Changes are
//! gathered and done together, since many of one block touch the same page.

use std::{
    io,
    ops::{Bound, Range},
    sync::Arc,
};

use imbl::OrdMap;

use super::{
    codec::{In, Out, sound},
    page::Page,
};

/// A rank and the position that has it.
pub(super) type Entry = (i64, u32);

/// Entries of a page.
pub(super) const PAGE_MAX: usize = 512;

/// Positions by rank, then by position.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorted {
    /// Each page by an entry that is not behind its first and behind all of the page before.
    pages: OrdMap<Entry, Held>,
    len: usize,
    /// What is still to be done: entries that are to be there, or not.
    pending: Vec<(Entry, bool)>,
}

/// A page, and how many entries it has: they are counted without a look into each.
#[derive(Clone, Debug)]
struct Held {
    page: Arc<Page>,
    len: u16,
}

impl Held {
    fn of(page: Page) -> Self {
        // No more than [`PAGE_MAX`].
        let len = u16::try_from(page.len()).unwrap_or(u16::MAX);
        Self { page: Arc::new(page), len }
    }

    fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// As [`Page::edit`].
    fn edit(&mut self, changes: &[(Entry, bool)]) -> bool {
        let page = Arc::make_mut(&mut self.page);
        let is_done = page.edit(changes);
        self.len = u16::try_from(page.len()).unwrap_or(u16::MAX);
        is_done
    }
}

impl Sorted {
    /// All of `entries`, in whatever order they come, each once.
    pub(super) fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable();
        let pages = entries.chunks(PAGE_MAX);
        let pages = pages.map(|page| (page[0], Held::of(Page::of(page)))).collect();
        Self { pages, len: entries.len(), pending: Vec::new() }
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        debug_assert!(!self.is_unsettled(), "only what is settled is written");
        out.count(self.pages.len())?;
        self.pages.values().try_for_each(|held| held.page.write_to(out))
    }

    /// An order of positions below `positions`.
    pub(super) fn read_from(input: &mut In<'_>, positions: u32) -> io::Result<Self> {
        let (mut pages, mut len, mut last) = (OrdMap::new(), 0, None);
        for _ in 0..input.count(positions as usize)? {
            let page = Page::read_from(input, positions)?;
            let first = page.get(0);
            sound(first > last, "an order is none")?;
            last = page.get(page.len() - 1);
            len += page.len();
            if let Some(first) = first {
                pages.insert(first, Held::of(page));
            }
        }
        sound(len <= positions as usize, "an order has more than there is")?;
        Ok(Self { pages, len, pending: Vec::new() })
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The position of the entry number `k`, from 0. Counts pages, not entries.
    pub(crate) fn nth(&self, mut k: usize) -> Option<u32> {
        for held in self.pages.values() {
            if k < held.len() {
                return held.page.position(k);
            }
            k -= held.len();
        }
        None
    }

    /// How many entries have a lesser rank. Counts pages, as [`Sorted::nth`].
    pub(crate) fn below(&self, rank: i64) -> usize {
        let first = (rank, 0);
        let Some((last, held)) = self.pages.get_prev(&first) else { return 0 };
        let before: usize = self.pages.range(..*last).map(|(_, held)| held.len()).sum();
        before + held.page.search(first).unwrap_or_else(|at| at)
    }

    /// Ranks and positions, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> {
        self.pages.values().flat_map(|held| held.page.entries())
    }

    /// Those from that entry on, ascending.
    pub(crate) fn from(&self, rank: i64, position: u32) -> impl Iterator<Item = Entry> {
        let stretches = self.stretches_from(Some((rank, position)));
        stretches.flat_map(|(page, range)| range.filter_map(move |at| page.get(at)))
    }

    /// Page by page from that entry on, or from the first, and which places of it.
    pub(crate) fn stretches_from(
        &self,
        first: Option<Entry>,
    ) -> impl Iterator<Item = (&Page, Range<usize>)> {
        let key = first.map(|first| self.pages.get_prev(&first).map_or(first, |(key, _)| *key));
        let bound = key.map_or(Bound::Unbounded, Bound::Included);
        let pages = self.pages.range((bound, Bound::Unbounded)).map(|(_, held)| &*held.page);
        let mut first = first;
        pages.map(move |page| {
            let start = first.take().map_or(0, |first| page.search(first).unwrap_or_else(|at| at));
            (page, start..page.len())
        })
    }

    /// Page by page from the last, or from that entry, to the first, and which places of it.
    pub(crate) fn stretches_down(
        &self,
        last: Option<Entry>,
    ) -> impl Iterator<Item = (&Page, Range<usize>)> {
        let bound = last.map_or(Bound::Unbounded, Bound::Included);
        let pages = self.pages.range((Bound::Unbounded, bound)).rev().map(|(_, held)| &*held.page);
        let mut last = last;
        pages.map(move |page| {
            let end = last
                .take()
                .map_or(page.len(), |last| page.search(last).map_or_else(|at| at, |at| at + 1));
            (page, 0..end)
        })
    }

    /// Positions with a rank between the two, both included, by rank and then position.
    pub(crate) fn range(&self, least: i64, most: i64) -> impl Iterator<Item = u32> {
        self.from(least, 0).take_while(move |(rank, _)| *rank <= most).map(|(_, at)| at)
    }

    /// The position with exactly that rank; where several have it, the first.
    pub(crate) fn find(&self, rank: i64) -> Option<u32> {
        self.range(rank, rank).next()
    }

    /// Remembers that an entry is to be there; see [`Sorted::settle`].
    pub(super) fn add(&mut self, rank: i64, position: u32) {
        self.pending.push(((rank, position), true));
    }

    /// Remembers that an entry is to go.
    pub(super) fn remove(&mut self, rank: i64, position: u32) {
        self.pending.push(((rank, position), false));
    }

    /// Whether there is something to do.
    pub(super) fn is_unsettled(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Does what was remembered.
    pub(super) fn settle(&mut self) {
        let mut todo = std::mem::take(&mut self.pending);
        // Stable: of several about the same entry the last counts.
        todo.sort_by_key(|(entry, _)| *entry);
        let mut rest = todo.as_slice();
        while let Some((first, _)) = rest.first() {
            let before = self.pages.get_prev(first).map(|(key, _)| *key);
            let key = before.or_else(|| self.pages.get_min().map(|(key, _)| *key));
            let next = key.and_then(|key| self.next_key(key));
            let count = rest.iter().take_while(|(entry, _)| next.is_none_or(|next| *entry < next));
            let (now, later) = rest.split_at(count.count());
            rest = later;
            self.change_page(key, now, next.is_none());
        }
    }

    fn next_key(&self, key: Entry) -> Option<Entry> {
        let behind = (Bound::Excluded(key), Bound::Unbounded);
        self.pages.range(behind).next().map(|(key, _)| *key)
    }

    fn change_page(&mut self, key: Option<Entry>, changes: &[(Entry, bool)], is_last: bool) {
        let mut before = 0;
        if let Some((key, held)) = key.and_then(|key| Some((key, self.pages.get_mut(&key)?))) {
            before = held.len();
            let is_inside = changes.first().is_some_and(|(entry, _)| *entry >= key);
            if is_inside && changes.len() <= PAGE_MAX && held.edit(changes) {
                self.len = self.len + held.len() - before;
                return;
            }
        }
        let page = key.and_then(|key| self.pages.remove(&key));
        let old: Vec<Entry> = page.iter().flat_map(|held| held.page.entries()).collect();
        let merged = merge(&old, changes);
        self.len = self.len + merged.len() - before;
        let count = merged.len().div_ceil(PAGE_MAX).max(1);
        // A page at the end of an order that only grows is filled before the next is begun.
        let size = if is_last { PAGE_MAX } else { merged.len().div_ceil(count).max(1) };
        for entries in merged.chunks(size) {
            self.pages.insert(entries[0], Held::of(Page::of(entries)));
        }
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.pages.values().map(|held| held.page.heap_bytes() + 56).sum::<usize>()
            + self.pending.capacity() * size_of::<(Entry, bool)>()
    }
}

fn merge(old: &[Entry], changes: &[(Entry, bool)]) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::with_capacity(old.len() + changes.len());
    let mut old = old.iter().copied().peekable();
    for (at, (entry, is_there)) in changes.iter().enumerate() {
        if changes.get(at + 1).is_some_and(|(next, _)| next == entry) {
            continue;
        }
        while let Some(before) = old.next_if(|before| before < entry) {
            merged.push(before);
        }
        old.next_if_eq(entry);
        if *is_there {
            merged.push(*entry);
        }
    }
    merged.extend(old);
    merged
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    use super::*;

    #[track_caller]
    fn check(sorted: &Sorted, want: &BTreeSet<Entry>) {
        let all: Vec<Entry> = want.iter().copied().collect();
        assert_eq!(sorted.len(), want.len());
        assert_eq!(sorted.iter().collect::<Vec<_>>(), all);
        let down = |last: Option<Entry>| -> Vec<Entry> {
            let stretches = sorted.stretches_down(last);
            stretches
                .flat_map(|(page, range)| range.rev().filter_map(move |at| page.get(at)))
                .collect()
        };
        let mut back = down(None);
        back.reverse();
        assert_eq!(back, all);
        for rows in [all.iter().step_by(3), all.iter().step_by(90)] {
            let rows: RoaringBitmap = rows.map(|(_, at)| *at).collect();
            let mut among = Vec::new();
            for (page, range) in sorted.stretches_from(None) {
                page.among(range, &rows, &mut among);
            }
            let is_among = |(_, at): &&Entry| rows.contains(*at);
            assert_eq!(among, all.iter().filter(is_among).copied().collect::<Vec<_>>());
        }
        for (k, (_, at)) in all.iter().enumerate().step_by(37) {
            assert_eq!(sorted.nth(k), Some(*at));
        }
        assert_eq!(sorted.nth(all.len()), None);
        for (rank, at) in [(-3, 5), (0, 0), (7, 9), (i64::MAX, 1), (i64::MIN, 0)] {
            let up: Vec<Entry> = want.range((rank, at)..).copied().collect();
            assert_eq!(sorted.from(rank, at).collect::<Vec<_>>(), up);
            let back: Vec<Entry> = want.range(..=(rank, at)).rev().copied().collect();
            assert_eq!(down(Some((rank, at))), back);
            assert_eq!(sorted.below(rank), want.range(..(rank, 0)).count());
        }
        let few: Vec<u32> = want.range((2, 0)..=(9, u32::MAX)).map(|(_, at)| *at).collect();
        assert_eq!(sorted.range(2, 9).collect::<Vec<_>>(), few);
        let is_counted = |held: &Held| held.len() == held.page.len();
        assert!(sorted.pages.values().all(is_counted));
        assert!(sorted.pages.values().all(|held| held.len() > 0 && held.len() <= PAGE_MAX));
    }

    #[test]
    fn an_order_that_only_grows_has_full_pages() {
        let (mut sorted, mut want) = (Sorted::default(), BTreeSet::new());
        for at in 0..2_000 {
            sorted.add(i64::from(at) * 60_000_000, at);
            want.insert((i64::from(at) * 60_000_000, at));
            if at % 10 == 0 {
                sorted.settle();
            }
        }
        sorted.settle();
        check(&sorted, &want);
        assert_eq!(sorted.pages.len(), 4);
    }

    fn rank() -> impl Strategy<Value = i64> {
        prop_oneof![-9i64..9, (0i64..99).prop_map(|n| n << 33), any::<i64>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn entries_come_in_order_whatever_was_put_and_taken_away(
            blocks in prop::collection::vec(
                prop::collection::vec((rank(), 0u32..300, prop::bool::weighted(0.8)), 1..600),
                1..9,
            )
        ) {
            let (mut sorted, mut want) = (Sorted::default(), BTreeSet::new());
            for block in blocks {
                let (before, as_it_was) = (sorted.clone(), want.clone());
                for (rank, at, is_there) in block {
                    if is_there {
                        sorted.add(rank, at);
                        want.insert((rank, at));
                    } else {
                        sorted.remove(rank, at);
                        want.remove(&(rank, at));
                    }
                }
                sorted.settle();
                check(&sorted, &want);
                check(&before, &as_it_was);
                // Few changes go another way.
                let some: Vec<Entry> = want.iter().copied().step_by(50).collect();
                for (rank, at) in some {
                    sorted.remove(rank, at);
                    want.remove(&(rank, at));
                    sorted.add(rank, at + 1000);
                    want.insert((rank, at + 1000));
                    sorted.settle();
                }
                check(&sorted, &want);
            }
        }
    }
}
