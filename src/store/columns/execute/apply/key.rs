//! One key of a grouping: the values there are, in order, and which of them a row has.
//!
//! What follows from one column of few values (its own, or that of the row it refers to) is looked up once
//! for each; of an instant, for the days on which it may change.

use crate::{
    model::{Model, Origin, Prop, Reads, Relation, StructType, Value},
    query::{Binding, Context, Expr, Function, Path, Step, Var, compare::sorting, eval},
    store::columns::{CHUNK_ROWS, Columns, cells::Cells, column::Column, ints::Ints},
    time::{MICROS_PER_DAY, Timestamp},
};

/// Numbers of a column, or days of its instants, that a table may span.
const SPAN_MAX: i64 = 1 << 16;
/// Days that are in no more than two months: a month or year changes at most once in so many.
const MONTH_DAYS_MIN: i64 = 28;

/// The values of a key and the way to them.
pub(super) struct Key<'a> {
    column: &'a Column,
    step: Alike,
    /// The first number, by `step`.
    least: i64,
    /// Which value belongs to each number from there on, and the last number up to which it is the same.
    ranks: Vec<(u32, usize)>,
    /// Which value belongs to nothing.
    null: u32,
    /// In sorting order, each once.
    values: Vec<Value>,
}

/// Numbers that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alike {
    /// Each is itself.
    One,
    /// Those of a day.
    Day,
}

impl Alike {
    fn of(self, number: i64) -> i64 {
        match self {
            Self::One => number,
            Self::Day => number.div_euclid(MICROS_PER_DAY),
        }
    }
}

impl<'a> Key<'a> {
    /// Of an expression, if it is one of those that are quick.
    pub(super) fn of(columns: &'a Columns, expr: &Expr, ctx: &Context<'_>) -> Option<Self> {
        match expr {
            Expr::Path(path) => {
                let prop = read_by(path, columns.model(), structure(columns))?;
                Self::by_value(columns, columns.column(prop)?, expr, ctx)
            }
            Expr::Call {
                function: Function::Year | Function::Month | Function::Day | Function::Date,
                args,
            } => match args.as_slice() {
                [Expr::Path(Path { from: Var(0), steps })] => {
                    let [Step::Property(prop)] = steps.as_slice() else { return None };
                    Self::by_day(columns.column(*prop)?, expr, ctx)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Looked up for one row of each value of the column.
    fn by_value(
        columns: &'a Columns,
        column: &'a Column,
        expr: &Expr,
        ctx: &Context<'_>,
    ) -> Option<Self> {
        let distinct = column.distinct()?;
        let at = |position: Option<u32>| {
            let row = columns.row(position?);
            eval(expr, ctx, &mut vec![Binding::Row(row)]).ok()
        };
        let mut found = Vec::with_capacity(distinct.len());
        for (number, positions) in distinct.numbers() {
            found.push((number, at(positions.min())?));
        }
        let nulls = distinct.nulls(columns.live());
        let null = if nulls.is_empty() { None } else { Some(at(nulls.min())?) };
        Self::table(column, Alike::One, &found, null)
    }

    /// Worked out for each day from the first to the last, or for those on which it may change.
    fn by_day(column: &'a Column, expr: &Expr, ctx: &Context<'_>) -> Option<Self> {
        let is_instant = matches!(column.value_of(0), Value::Instant(_));
        let Expr::Call { function, .. } = expr else { return None };
        let day = |micros| Alike::Day.of(micros);
        let (least, most) = column.bounds().map_or((1, 0), |(low, high)| (day(low), day(high)));
        if !is_instant || (least <= most && most - least >= SPAN_MAX) {
            return None;
        }
        let on = |day: i64| {
            ctx.in_time().ok()?;
            let at = Timestamp::from_micros(day * MICROS_PER_DAY);
            let args = vec![Expr::Literal(Value::Instant(at))];
            eval(&Expr::Call { function: *function, args }, ctx, &mut Vec::new()).ok()
        };
        let stride = match function {
            Function::Year | Function::Month => MONTH_DAYS_MIN,
            _ => 1,
        };
        let mut found: Vec<(i64, Value)> = Vec::new();
        for day in (least..=most).step_by(usize::try_from(stride).ok()?) {
            let end = most.min(day + stride - 1);
            let (first, value) = (on(day)?, on(end)?);
            let mut begin = day;
            if first != value {
                let mut behind = end;
                while behind - begin > 1 {
                    let middle = begin + (behind - begin) / 2;
                    if on(middle)? == first { begin = middle } else { behind = middle }
                }
                found.extend((day..behind).map(|day| (day, first.clone())));
                begin = behind;
            }
            found.extend((begin..=end).map(|day| (day, value.clone())));
        }
        Self::table(column, Alike::Day, &found, Some(Value::Null))
    }

    /// The values in order, and the numbers of each.
    fn table(
        column: &'a Column,
        step: Alike,
        found: &[(i64, Value)],
        null: Option<Value>,
    ) -> Option<Self> {
        let mut values: Vec<Value> =
            found.iter().map(|(_, value)| value.clone()).chain(null.clone()).collect();
        values.sort_by(sorting);
        values.dedup_by(|a, b| sorting(a, b).is_eq());
        let rank = |value: &Value| {
            let rank = values.partition_point(|known| sorting(known, value).is_lt());
            u32::try_from(rank).ok()
        };
        let least = found.iter().map(|(number, _)| *number).min().unwrap_or(0);
        let most = found.iter().map(|(number, _)| *number).max().unwrap_or(0);
        let span = most.checked_sub(least).filter(|span| *span < SPAN_MAX)?;
        let mut ranks = vec![(0, 0); usize::try_from(span + 1).ok()?];
        for (number, value) in found {
            ranks[usize::try_from(number - least).ok()?].0 = rank(value)?;
        }
        let mut run = (u32::MAX, 0);
        for (at, (rank, end)) in ranks.iter_mut().enumerate().rev() {
            if *rank != run.0 {
                run = (*rank, at);
            }
            *end = run.1;
        }
        let null = null.map_or(Some(0), |null| rank(&null))?;
        Some(Self { column, step, least, ranks, null, values })
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.values.len().max(1)
    }

    /// The value of that rank.
    pub(super) fn value(&self, rank: usize) -> Value {
        self.values.get(rank).cloned().unwrap_or(Value::Null)
    }

    /// Multiplies all of `groups` by the number of values, and adds the rank of each place of a chunk; of
    /// places without a row, any.
    pub(super) fn fold(
        &self,
        chunk: usize,
        ranks: &mut [u32; CHUNK_ROWS],
        groups: &mut [u32; CHUNK_ROWS],
    ) {
        let len = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let (Cells::Ints(ints) | Cells::Codes(ints)) = self.column.chunk(chunk) else {
            return groups.iter_mut().for_each(|group| *group = *group * len + self.null);
        };
        if let Some(only) = self.only(ints) {
            return groups.iter_mut().for_each(|group| *group = *group * len + only);
        }
        let rank = |number: i64| self.rank(number).map_or(0, |(rank, _)| rank);
        ints.map(rank, ranks);
        let held = ints.nulls().held_bits(ints.len());
        for (at, word) in held.iter().enumerate().filter(|(_, word)| **word != u64::MAX) {
            let ranks = &mut ranks[at * 64..][..64];
            (0..64).filter(|bit| word >> bit & 1 == 0).for_each(|bit| ranks[bit] = self.null);
        }
        for (group, rank) in groups.iter_mut().zip(ranks) {
            *group = *group * len + *rank;
        }
    }

    /// The rank that all places of a chunk have, where its bounds tell.
    fn only(&self, ints: &Ints) -> Option<u32> {
        let (low, high) =
            ints.bounds().filter(|_| !ints.nulls().any() && ints.len() == CHUNK_ROWS)?;
        let (rank, end) = self.rank(low)?;
        let last = self.least.checked_add(i64::try_from(end).ok()?)?;
        (self.step.of(high) <= last).then_some(rank)
    }

    /// The rank of a number, and up to where it is the same.
    fn rank(&self, number: i64) -> Option<(u32, usize)> {
        let at = usize::try_from(self.step.of(number).wrapping_sub(self.least)).ok()?;
        self.ranks.get(at).copied()
    }
}

fn structure(columns: &Columns) -> &'static StructType {
    columns.model().entity_type(columns.set_id())
}

/// The one stored property that decides what a path from a row leads to.
fn read_by(path: &Path, model: &Model, structure: &StructType) -> Option<Prop> {
    if path.from != Var(0) {
        return None;
    }
    let reference = |navigation| {
        let navigation = structure.navigation_at(navigation);
        // The rows there must be found by their key alone.
        model.target(navigation)?;
        match navigation.relation {
            Relation::Reference { by } => structure.property(by),
            Relation::Children { .. } => None,
        }
    };
    match path.steps.first()? {
        Step::Property(prop) => match structure.property_at(*prop).origin {
            Origin::Stored { .. } => Some(*prop),
            Origin::LookUp { navigation, .. } => reference(structure.navigation(navigation)?),
            Origin::Computed(_, Reads::Only([only], _)) => {
                let is_stored =
                    matches!(structure.property_at(*only).origin, Origin::Stored { .. });
                is_stored.then_some(*only)
            }
            Origin::Computed(..) | Origin::LongText { .. } | Origin::Count { .. } => None,
        },
        Step::Navigation(navigation) => reference(*navigation),
        Step::Cast(_) | Step::Find(_) => None,
    }
}
