//! Items in order, and the first of them.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::{
    Item,
    held::{Held, item_bytes},
    pipeline::Run,
};
use crate::{
    error::Error,
    model::Value,
    query::{list::sorted_text, plan::Order, rank::Rank},
};

/// An item with its place: its ranks, then when it came.
pub(super) struct Placed {
    pub(super) ranks: Vec<Rank>,
    pub(super) at: usize,
    pub(super) item: Item,
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ranks.cmp(&other.ranks).then(self.at.cmp(&other.at))
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

/// What an item is sorted by; of a text its first bytes.
pub(super) fn ranks(run: Run<'_>, order: &[Order], item: &Item) -> Result<Vec<Rank>, Error> {
    let rank = |order: &Order| {
        let value = match run.value(&order.expr, item)? {
            Value::Text(text) => Value::text(sorted_text(&text)),
            value => value,
        };
        Ok(Rank { value, descending: order.descending })
    };
    order.iter().map(rank).collect()
}

/// The first of an order, and no more than that is held; equal ones as they came.
pub(super) struct Best<'a> {
    order: &'a [Order],
    wanted: usize,
    /// The last of them on top.
    heap: BinaryHeap<Placed>,
    came: usize,
}

impl<'a> Best<'a> {
    /// So many of the order; all where no number is given.
    pub(super) fn new(order: &'a [Order], wanted: Option<u64>) -> Self {
        let wanted =
            wanted.map_or(usize::MAX, |wanted| usize::try_from(wanted).unwrap_or(usize::MAX));
        Self { order, wanted, heap: BinaryHeap::new(), came: 0 }
    }

    /// One item more.
    pub(super) fn add(&mut self, run: Run<'_>, item: Item, held: &mut Held) -> Result<(), Error> {
        if self.heap.len() < self.wanted {
            held.more()?;
        }
        let placed = Placed { ranks: ranks(run, self.order, &item)?, at: self.came, item };
        self.came += 1;
        held.take(item_bytes(&placed.item))?;
        self.heap.push(placed);
        if self.heap.len() > self.wanted
            && let Some(last) = self.heap.pop()
        {
            held.give(item_bytes(&last.item));
        }
        Ok(())
    }

    /// The items, in order.
    pub(super) fn end(self) -> Vec<Item> {
        self.heap.into_sorted_vec().into_iter().map(|placed| placed.item).collect()
    }
}
