//! One aggregate of all groups: chunk by chunk, numbers without making a value of each row's.

use super::{
    super::found::{place, zeros},
    source::Taken,
};
use crate::{
    error::Error,
    model::{Origin, Primitive, Prop, Reads, Type, Value},
    query::{
        Context,
        apply::{Aggregate, Held, Method, Number, Sums, as_double, whole},
    },
    store::columns::{
        CHUNK_ROWS, Columns,
        cells::Cells,
        column::{Column, Kind},
        nulls::WORDS,
    },
    time::MICROS_PER_HOUR,
};

/// One number for each place of a chunk.
type Numbers = Box<[i64; CHUNK_ROWS]>;

/// The rows of a chunk that count, and the group of each place.
#[derive(Clone, Copy)]
pub(super) struct Rows<'r> {
    pub(super) chunk: usize,
    /// Ascending.
    pub(super) positions: &'r [u32],
    pub(super) groups: &'r [u32; CHUNK_ROWS],
}

/// How one aggregate is worked out.
pub(super) enum Lane<'a> {
    /// How many rows there are, which is known anyway.
    Count,
    Sum(Sum<'a>),
    Extreme(Extreme<'a>),
    /// Row by row.
    Each {
        taken: Taken<'a>,
        sums: Vec<Option<Sums<'a>>>,
        empty: Sums<'a>,
    },
}

impl<'a> Lane<'a> {
    /// Of an aggregate of that many groups, if it is one of those that are quick.
    pub(super) fn of(
        columns: &'a Columns,
        aggregate: &'a Aggregate,
        groups: usize,
    ) -> Option<Self> {
        let taken = Taken::of(columns, aggregate)?;
        let sum = |from, until, unit| {
            Self::Sum(Sum {
                from,
                until,
                unit,
                method: aggregate.method,
                sums: vec![(0, 0); groups],
                numbers: [zeros(), zeros()],
            })
        };
        let lane = match (&taken, aggregate.method) {
            (Taken::Row, Method::Count) => Some(Self::Count),
            (Taken::Column(column), method) => match method {
                Method::Sum(Number::Whole | Number::Duration)
                | Method::Average(Number::Whole | Number::Duration)
                | Method::Tally
                    if is_added(column) =>
                {
                    Some(sum(None, *column, Unit::One))
                }
                Method::Min | Method::Max if column.kind == Kind::Number => {
                    let best = vec![None; groups];
                    let numbers = zeros();
                    Some(Self::Extreme(Extreme { column, method, best, numbers }))
                }
                _ => None,
            },
            (
                Taken::Made(prop, _),
                Method::Sum(Number::Double) | Method::Average(Number::Double),
            ) => between(columns, *prop).map(|(from, until)| sum(Some(from), until, Unit::Hours)),
            (Taken::Row | Taken::Made(..), _) => None,
        };
        Some(lane.unwrap_or_else(|| {
            let empty = Sums::new(std::slice::from_ref(aggregate));
            Self::Each { taken, sums: vec![None; groups], empty }
        }))
    }

    /// Takes in the rows of a chunk.
    pub(super) fn add(
        &mut self,
        rows: Rows<'_>,
        (columns, ctx): (&Columns, &Context<'_>),
        held: &mut Held,
    ) -> Result<(), Error> {
        match self {
            Self::Count => {}
            Self::Sum(sum) => sum.add(rows),
            Self::Extreme(extreme) => extreme.add(rows),
            Self::Each { taken, sums, empty } => {
                for at in rows.positions {
                    let group = rows.groups[place(*at)] as usize;
                    let value = taken.value(columns, *at, ctx);
                    let sums = sums[group].get_or_insert_with(|| empty.clone());
                    sums.put(|_| Ok(value.clone()), held)?;
                }
            }
        }
        Ok(())
    }

    /// What there is of a group of so many rows.
    pub(super) fn end(&mut self, group: usize, count: u64) -> Result<Value, Error> {
        match self {
            Self::Count => Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX))),
            Self::Sum(sum) => sum.end(group),
            Self::Extreme(extreme) => Ok(extreme.end(group)),
            Self::Each { sums, empty, .. } => {
                let sums = sums[group].take().unwrap_or_else(|| empty.clone());
                Ok(sums.end()?.pop().unwrap_or(Value::Null))
            }
        }
    }
}

/// Whether a column's numbers are added up as they are.
fn is_added(column: &Column) -> bool {
    match column.ty() {
        Type::Primitive(Primitive::Duration) => true,
        Type::Primitive(primitive) => primitive.integer_range().is_some(),
        Type::Enum(_) | Type::Complex(_) | Type::Collection(_) => false,
    }
}

/// The instants of which a property is the hours between.
fn between(columns: &Columns, prop: Prop) -> Option<(&Column, &Column)> {
    let structure = columns.model().entity_type(columns.set_id());
    let Origin::Computed(_, Reads::Hours([from, until])) = structure.property_at(prop).origin
    else {
        return None;
    };
    Some((columns.column(*from)?, columns.column(*until)?))
}

/// What one is of what is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    One,
    /// Microseconds, told as hours.
    Hours,
}

/// Adds numbers, or the distances between the numbers of two columns.
pub(super) struct Sum<'a> {
    from: Option<&'a Column>,
    until: &'a Column,
    unit: Unit,
    method: Method,
    /// Of each group, and of how many.
    sums: Vec<(i128, u64)>,
    numbers: [Numbers; 2],
}

impl Sum<'_> {
    fn add(&mut self, rows: Rows<'_>) {
        let [until, from] = &mut self.numbers;
        let Some(mut held) = filled(self.until, rows.chunk, until) else { return };
        if let Some(column) = self.from {
            let Some(also) = filled(column, rows.chunk, from) else { return };
            for (held, also) in held.iter_mut().zip(also) {
                *held &= also;
            }
        }
        for at in rows.positions {
            let at = place(*at);
            // Without a branch, for nobody knows which rows have a value.
            let is_held = held[at / 64] >> (at % 64) & 1;
            let number = until[at].wrapping_sub(from[at]) & is_held.wrapping_neg().cast_signed();
            let (sum, count) = &mut self.sums[rows.groups[at] as usize];
            *sum += i128::from(number);
            *count += is_held;
        }
    }

    fn end(&self, group: usize) -> Result<Value, Error> {
        let (sum, count) = self.sums[group];
        match self.unit {
            Unit::One => whole(self.method, sum, count),
            Unit::Hours if count == 0 => Ok(Value::Null),
            Unit::Hours => {
                let hours = as_double(sum) / as_double(MICROS_PER_HOUR.into());
                Ok(Value::Double(match self.method {
                    Method::Average(_) => hours / as_double(i128::from(count)),
                    _ => hours,
                }))
            }
        }
    }
}

/// The numbers of a chunk, and a bit for each place that has one; none where no place has.
fn filled(column: &Column, chunk: usize, numbers: &mut Numbers) -> Option<[u64; WORDS]> {
    let Cells::Ints(ints) = column.chunk(chunk) else { return None };
    ints.fill(numbers);
    Some(ints.nulls().held_bits(ints.len()))
}

/// The least or the greatest number.
pub(super) struct Extreme<'a> {
    column: &'a Column,
    method: Method,
    best: Vec<Option<i64>>,
    numbers: Numbers,
}

impl Extreme<'_> {
    fn add(&mut self, rows: Rows<'_>) {
        let Some(held) = filled(self.column, rows.chunk, &mut self.numbers) else { return };
        for at in rows.positions {
            let at = place(*at);
            if held[at / 64] >> (at % 64) & 1 == 0 {
                continue;
            }
            let (number, best) = (self.numbers[at], &mut self.best[rows.groups[at] as usize]);
            *best = Some(match (*best, self.method) {
                (None, _) => number,
                (Some(best), Method::Min) => best.min(number),
                (Some(best), _) => best.max(number),
            });
        }
    }

    fn end(&self, group: usize) -> Value {
        self.best[group].map_or(Value::Null, |number| self.column.value_of(number))
    }
}
