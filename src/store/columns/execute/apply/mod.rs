//! The first grouping of `$apply` by column: a number for each key, added up to the number of a group.
//!
//! Takes keys of few values and years, months and days of instants; says no to anything else, and the
//! reference makes the groups then. Makes the very groups the reference makes, in the same order.

mod key;
mod lane;
mod source;
#[cfg(test)]
mod tests;

use roaring::RoaringBitmap;

use self::{
    key::Key,
    lane::{Lane, Rows},
};
use super::{
    Ground, Tables,
    days::Known,
    filter::Filter,
    found::{each_chunk, place, zeros},
    table::Table,
};
use crate::{
    error::Error,
    model::Value,
    query::{
        Context, Expr,
        apply::{Grouping, Held, Stage},
    },
    store::columns::{CHUNK_ROWS, Columns},
};

/// Groups there could be at most: each has its place, whether it has rows or not.
const GROUPS_MAX: usize = 1 << 18;

/// The tuples of a grouping; `None` where the reference is to make them. `ctx` is of the source that
/// `tables` belong to.
pub(crate) fn grouped(
    tables: &dyn Tables,
    grouping: &Grouping<'_>,
    ctx: &Context<'_>,
) -> Option<Result<Vec<Vec<Value>>, Error>> {
    let ground = Ground { tables, ctx, days: &Known::default() };
    let table = Table::new(ground, grouping.set)?;
    let columns = table.columns;
    let keys = grouping.keys.iter().map(|key| Key::of(columns, key, ctx));
    let keys: Vec<Key<'_>> = keys.collect::<Option<_>>()?;
    let groups = keys.iter().try_fold(1_usize, |all, key| all.checked_mul(key.len()))?;
    if groups > GROUPS_MAX {
        return None;
    }
    let lanes = grouping.aggregates.iter().map(|aggregate| Lane::of(columns, aggregate, groups));
    let lanes: Vec<Lane<'_>> = lanes.collect::<Option<_>>()?;
    let held = Held::new(grouping.held_max);
    let run = Run { columns, ctx, keys: &keys, lanes, held, counts: vec![0; groups] };
    Some(left(table, grouping.filters).and_then(|rows| run.groups(&rows)))
}

/// The rows that the filters leave.
fn left(table: Table<'_>, filters: &[Stage]) -> Result<RoaringBitmap, Error> {
    let all: Vec<Expr> = filters.iter().filter_map(Stage::condition).cloned().collect();
    if all.is_empty() {
        return Ok(table.columns.live().clone());
    }
    let all = Expr::And(all);
    let filter = Filter::new(Some(&all), table)?;
    let quick = filter.quick(table.columns.live())?;
    filter.all(&quick).map_err(|error| match error {
        Error::InvalidOption { reason, .. } => {
            Error::InvalidOption { option: "$apply".to_owned(), reason }
        }
        other => other,
    })
}

/// One run.
struct Run<'a> {
    columns: &'a Columns,
    ctx: &'a Context<'a>,
    keys: &'a [Key<'a>],
    lanes: Vec<Lane<'a>>,
    held: Held,
    /// Rows of each group.
    counts: Vec<u64>,
}

impl Run<'_> {
    fn groups(mut self, rows: &RoaringBitmap) -> Result<Vec<Vec<Value>>, Error> {
        let (mut groups, mut ranks) = (zeros(), zeros());
        each_chunk(rows, self.ctx, |chunk, rows| {
            groups.fill(0);
            for key in self.keys {
                key.fold(chunk, &mut ranks, &mut groups);
            }
            self.add(chunk, rows, &groups)
        })?;
        let is_one = self.keys.is_empty();
        let counts = std::mem::take(&mut self.counts);
        let found = counts.into_iter().enumerate().filter(|(_, count)| is_one || *count > 0);
        found.map(|(group, count)| self.tuple(group, count)).collect()
    }

    fn add(&mut self, chunk: usize, rows: &[u32], groups: &[u32; CHUNK_ROWS]) -> Result<(), Error> {
        // What is made of all rows together is no group that is held.
        let is_one = self.keys.is_empty();
        for at in rows {
            let count = &mut self.counts[groups[place(*at)] as usize];
            if *count == 0 && !is_one {
                self.held.more()?;
            }
            *count += 1;
        }
        let rows = Rows { chunk, positions: rows, groups };
        let of = (self.columns, self.ctx);
        self.lanes.iter_mut().try_for_each(|lane| lane.add(rows, of, &mut self.held))
    }

    /// The keys that a group stands for, and what was made of its rows.
    fn tuple(&mut self, group: usize, count: u64) -> Result<Vec<Value>, Error> {
        let mut values = vec![Value::Null; self.keys.len()];
        let mut rest = group;
        for (value, key) in values.iter_mut().zip(self.keys).rev() {
            *value = key.value(rest % key.len());
            rest /= key.len();
        }
        for lane in &mut self.lanes {
            values.push(lane.end(group, count)?);
        }
        Ok(values)
    }
}
