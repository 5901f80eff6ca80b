//! The first grouping of `$apply` by column: a number for each key, added up to the number of a group.
//!
//! Takes keys of few values and years, months and days of instants; says no to anything else, and the
//! reference makes the groups then. Makes the very groups the reference makes, in the same order.

mod key;
mod source;
#[cfg(test)]
mod tests;

use roaring::RoaringBitmap;

use self::{key::Key, source::Taken};
use super::{Ground, Tables, days::Known, filter::Filter, table::Table};
use crate::{
    error::Error,
    model::Value,
    query::{
        Context, Expr,
        apply::{Grouping, Held, Stage, Sums},
    },
    store::columns::{CHUNK_POSITIONS, CHUNK_ROWS, Columns},
};

/// Groups there could be at most: each has a place, whether it has rows or not.
const PLACES_MAX: usize = 1 << 18;

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
    let taken = grouping.aggregates.iter().map(|aggregate| Taken::of(columns, aggregate));
    let taken: Vec<Taken<'_>> = taken.collect::<Option<_>>()?;
    let places = keys.iter().try_fold(1_usize, |all, key| all.checked_mul(key.len()))?;
    if places > PLACES_MAX {
        return None;
    }
    let groups = Groups { columns, ctx, grouping, keys: &keys, taken: &taken };
    Some(left(table, grouping.filters).and_then(|rows| groups.run(&rows, places)))
}

/// The rows that the filters leave.
fn left(table: Table<'_>, filters: &[Stage]) -> Result<RoaringBitmap, Error> {
    let all: Vec<Expr> = filters.iter().filter_map(Stage::condition).cloned().collect();
    if all.is_empty() {
        return Ok(table.columns.live().clone());
    }
    let all = Expr::And(all);
    let filter = Filter::new(Some(&all), table)?;
    filter.all(filter.quick(table.columns.live())?).map_err(|error| match error {
        Error::InvalidOption { reason, .. } => {
            Error::InvalidOption { option: "$apply".to_owned(), reason }
        }
        other => other,
    })
}

/// One run.
struct Groups<'a> {
    columns: &'a Columns,
    ctx: &'a Context<'a>,
    grouping: &'a Grouping<'a>,
    keys: &'a [Key<'a>],
    taken: &'a [Taken<'a>],
}

impl<'a> Groups<'a> {
    fn run(&self, rows: &RoaringBitmap, places: usize) -> Result<Vec<Vec<Value>>, Error> {
        let mut held = Held::new(self.grouping.held_max);
        let mut sums: Vec<Option<Sums<'a>>> = vec![None; places];
        if self.keys.is_empty() {
            sums[0] = Some(Sums::new(self.grouping.aggregates));
        }
        let (mut place, mut codes) = (vec![0_u32; CHUNK_ROWS], vec![0_u32; CHUNK_ROWS]);
        let numbers = vec![0_i64; CHUNK_ROWS].into_boxed_slice();
        let mut numbers: Box<[i64; CHUNK_ROWS]> =
            numbers.try_into().map_err(|_| Error::internal(&"a chunk of another length"))?;
        for chunk in 0..self.columns.len().div_ceil(CHUNK_POSITIONS) {
            self.ctx.in_time()?;
            let first = chunk * CHUNK_POSITIONS;
            let positions = rows.range(first..first.saturating_add(CHUNK_POSITIONS));
            if positions.len() == 0 {
                continue;
            }
            place.fill(0);
            for key in self.keys {
                key.fill(chunk as usize, &mut numbers, &mut codes);
                let len = u32::try_from(key.len()).unwrap_or(u32::MAX);
                for (place, code) in place.iter_mut().zip(&codes) {
                    *place = *place * len + code;
                }
            }
            for at in positions {
                let place = place[(at - first) as usize] as usize;
                let sums = &mut sums[place];
                if sums.is_none() {
                    held.more()?;
                }
                let sums = sums.get_or_insert_with(|| Sums::new(self.grouping.aggregates));
                sums.put(
                    |index| Ok(self.taken[index].value(self.columns, at, self.ctx)),
                    &mut held,
                )?;
            }
        }
        let found = (0..).zip(sums).filter_map(|(place, sums)| sums.map(|sums| (place, sums)));
        found.map(|(place, sums)| self.tuple(place, sums)).collect()
    }

    /// The keys that a place stands for, and what was added up there.
    fn tuple(&self, mut place: usize, sums: Sums<'a>) -> Result<Vec<Value>, Error> {
        let mut values = vec![Value::Null; self.keys.len()];
        for (value, key) in values.iter_mut().zip(self.keys).rev() {
            *value = key.value(place % key.len());
            place /= key.len();
        }
        values.extend(sums.end()?);
        Ok(values)
    }
}
