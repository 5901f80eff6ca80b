//! A condition on a number that is the same within each of a few ranges: whole chunks are decided by
//! their bounds, the others in a tight loop.

use roaring::RoaringBitmap;

use super::{
    compare::{Comparison, is_property, one_of},
    found::{Found, each_chunk, place},
    table::Table,
    way::Leaf,
};
use crate::{
    error::Error,
    model::{Prop, Value},
    query::{BinaryOp, Expr, compare::compare},
    store::columns::{
        cells::Cells,
        column::{Column, Kind},
    },
};

/// Constants of one `in` that become ranges.
const ITEMS_MAX: usize = 1024;

/// What holds of numbers, by range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cuts {
    /// Where each range begins, ascending, and what holds in it; the first begins at the least number.
    ranges: Vec<(i64, Option<bool>)>,
    /// What holds of null.
    null: Option<bool>,
}

impl Cuts {
    /// Ranges by where each begins; neighbours alike become one.
    pub(super) fn new(begins: Vec<(i64, Option<bool>)>, null: Option<bool>) -> Self {
        let mut ranges: Vec<(i64, Option<bool>)> = Vec::new();
        for (begin, holds) in begins {
            if ranges.last().is_none_or(|(_, before)| *before != holds) {
                ranges.push((begin, holds));
            }
        }
        Self { ranges, null }
    }

    /// True between `least` and `most`, of each of these and nowhere else.
    pub(super) fn within(mut ranges: Vec<(i64, i64)>, null: bool) -> Self {
        ranges.sort_unstable();
        let mut begins = vec![(i64::MIN, Some(false))];
        let mut reached = None;
        for (least, most) in ranges {
            // Where it meets the one before, that one goes on.
            let meets = reached.is_some_and(|reached: i64| least <= reached.saturating_add(1));
            if meets || least == i64::MIN {
                begins.pop();
            }
            if !meets {
                begins.push((least, Some(true)));
            }
            let end = reached.filter(|_| meets).map_or(most, |reached| reached.max(most));
            reached = Some(end);
            let Some(behind) = end.checked_add(1) else { break };
            begins.push((behind, Some(false)));
        }
        Self::new(begins, Some(null))
    }

    /// What holds of numbers compared with a constant: those less, equal, and greater stand together.
    fn compared(test: &Comparison<'_>, column: &Column) -> Option<Self> {
        let null = Some(test.holds(&Value::Null));
        let (less, same, greater) = match test.op {
            BinaryOp::Eq => (false, true, false),
            BinaryOp::Ne => (true, false, true),
            BinaryOp::Gt => (false, false, true),
            BinaryOp::Ge => (false, true, true),
            BinaryOp::Lt => (true, false, false),
            BinaryOp::Le => (true, true, false),
            BinaryOp::Has
            | BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::DivBy
            | BinaryOp::Mod => return None,
        };
        let Some((from, behind)) = equal_to(test.right, column)? else {
            // Nothing is comparable to null or to what is no number.
            let none = test.op == BinaryOp::Ne;
            return Some(Self::new(vec![(i64::MIN, Some(none))], null));
        };
        let mut begins = vec![(i64::MIN, Some(less))];
        for (begin, holds) in [(from, same), (behind, greater)] {
            let Some(begin) = begin else { break };
            if begins.last().is_some_and(|(before, _)| *before == begin) {
                begins.pop();
            }
            begins.push((begin, Some(holds)));
        }
        Some(Self::new(begins, null))
    }

    /// What holds of a number.
    pub(super) fn at(&self, number: Option<i64>) -> Option<bool> {
        match number {
            None => self.null,
            Some(number) => self.ranges[self.range(number)].1,
        }
    }

    /// The index of a number's range.
    fn range(&self, number: i64) -> usize {
        self.ranges.partition_point(|(begin, _)| *begin <= number).saturating_sub(1)
    }
}

/// Where the numbers begin that are equal to a value, and where those do that are greater; neither of
/// them where no number is that great. The inner `None`: none can be compared with it. The outer one:
/// only one by one.
type Equal = Option<(Option<i64>, Option<i64>)>;

fn equal_to(value: &Value, column: &Column) -> Option<Equal> {
    if let Some(number) = column.number_of(value) {
        return Some(Some((Some(number), number.checked_add(1))));
    }
    match value {
        Value::Null => Some(None),
        Value::Decimal(_) | Value::Double(_) if super::table::is_integer(column) => {
            let order = |number: i64| compare(&Value::Int(number), value);
            if order(0).is_none() {
                return Some(None);
            }
            let first = |is_reached: fn(std::cmp::Ordering) -> bool| {
                first_of(|number| order(number).is_some_and(is_reached))
            };
            Some(Some((first(std::cmp::Ordering::is_ge), first(std::cmp::Ordering::is_gt))))
        }
        _ => None,
    }
}

/// The least number for which it is so, where it is so for all greater ones too.
fn first_of(is_so: impl Fn(i64) -> bool) -> Option<i64> {
    if !is_so(i64::MAX) {
        return None;
    }
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    while low < high {
        let middle =
            low.wrapping_add(high.wrapping_sub(low).cast_unsigned().div_euclid(2).cast_signed());
        if is_so(middle) { high = middle } else { low = middle + 1 }
    }
    Some(low)
}

/// A condition on one property that is a number.
pub(super) struct Ranges<'a> {
    pub(super) cuts: Cuts,
    pub(super) column: &'a Column,
    pub(super) table: Table<'a>,
    pub(super) told: String,
}

/// A way for comparisons of a number with constants.
pub(super) fn way<'a>(expr: &Expr, only: Prop, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
    let column = table.column(only).filter(|column| column.kind == Kind::Number)?;
    let cuts = match (Comparison::of(expr), one_of(expr)) {
        (Some(test), _) if is_property(test.left, only) => Cuts::compared(&test, column)?,
        (None, Some((left, items))) if is_property(left, only) && items.len() <= ITEMS_MAX => {
            let mut ranges = Vec::new();
            for item in &items {
                if let Some((Some(from), behind)) = equal_to(item, column)? {
                    let last = behind.map_or(i64::MAX, |behind| behind.saturating_sub(1));
                    ranges.extend((from <= last).then_some((from, last)));
                }
            }
            Cuts::within(ranges, items.iter().any(|item| item.is_null()))
        }
        _ => return None,
    };
    let told = format!("{} in a range", table.name(only));
    Some(Box::new(Ranges { cuts, column, table, told }))
}

/// What is known of all rows of a chunk at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alike {
    /// It holds of all of them or of none.
    All(Option<bool>),
    Mixed,
}

impl Ranges<'_> {
    /// What is known of the rows of a chunk up to `last`.
    fn of_chunk(&self, cells: &Cells, last: u32) -> Alike {
        match cells {
            Cells::Nothing => Alike::All(self.cuts.null),
            Cells::Ints(ints) => match ints.bounds() {
                Some((low, high)) if !ints.nulls().any() && place(last) < ints.len() => {
                    let range = self.cuts.range(low);
                    let is_one = range == self.cuts.range(high);
                    if is_one { Alike::All(self.cuts.ranges[range].1) } else { Alike::Mixed }
                }
                Some(_) | None => Alike::Mixed,
            },
            Cells::Codes(_)
            | Cells::Texts(_)
            | Cells::Guids(_)
            | Cells::Refs(_)
            | Cells::Raw(_) => Alike::Mixed,
        }
    }
}

impl Leaf for Ranges<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let mut found = Found::default();
        each_chunk(within, self.table.ctx, |chunk, rows| {
            let cells = self.column.chunk(chunk);
            match (self.of_chunk(cells, rows[rows.len() - 1]), cells) {
                (Alike::All(all), _) => {
                    if all == Some(wanted) {
                        found.push_all(rows);
                    }
                }
                (Alike::Mixed, Cells::Ints(ints)) => {
                    let holds = |at: &&u32| self.cuts.at(ints.get(place(**at))) == Some(wanted);
                    rows.iter().filter(holds).for_each(|at| found.push(*at));
                }
                (Alike::Mixed, _) => {
                    let holds = |at: &&u32| self.cuts.at(self.column.int(**at)) == Some(wanted);
                    rows.iter().filter(holds).for_each(|at| found.push(*at));
                }
            }
            Ok(())
        })?;
        Ok(found.rows())
    }

    fn cost(&self) -> u64 {
        let size = crate::store::columns::CHUNK_ROWS as u64;
        let is_open = |chunk: &usize| self.of_chunk(self.column.chunk(*chunk), 0) == Alike::Mixed;
        let open = (0..self.column.chunks()).filter(is_open).count();
        open as u64 * size + self.column.chunks() as u64
    }

    fn told(&self) -> String {
        self.told.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_for_which_it_is_so_is_found() {
        for limit in [i64::MIN, i64::MIN + 1, -7, -1, 0, 1, 8, i64::MAX - 1, i64::MAX] {
            assert_eq!(first_of(|number| number >= limit), Some(limit), "{limit}");
        }
        assert_eq!(first_of(|_| false), None);
    }

    #[test]
    fn ranges_that_meet_are_one() {
        let cuts = Cuts::within(vec![(5, 5), (1, 4), (2, 3), (5, 5), (9, i64::MAX)], true);
        let want =
            vec![(i64::MIN, Some(false)), (1, Some(true)), (6, Some(false)), (9, Some(true))];
        assert_eq!((cuts.ranges.clone(), cuts.null), (want, Some(true)));
        for (number, holds) in [(0, false), (1, true), (5, true), (6, false), (8, false), (9, true)]
        {
            assert_eq!(cuts.at(Some(number)), Some(holds), "{number}");
        }
        let all = Cuts::within(vec![(i64::MIN, 3)], false);
        assert_eq!(all.ranges, [(i64::MIN, Some(true)), (4, Some(false))]);
    }
}
