//! One key of a grouping: the values there are, in order, and which of them a row has.
//!
//! What follows from one column of few values (its own, or that of the row it refers to) is looked up once
//! for each; of an instant, once for each day.

use crate::{
    model::{Model, Origin, Prop, Reads, Relation, StructType, Value},
    query::{Binding, Context, Expr, Function, Path, Step, Var, compare::sorting, eval},
    store::columns::{CHUNK_ROWS, Columns, cells::Cells, column::Column},
    time::{MICROS_PER_DAY, Timestamp},
};

/// Numbers of a column that a table may span.
const SPAN_MAX: i64 = 1 << 16;

/// The values of a key and the way to them.
pub(super) struct Key<'a> {
    column: &'a Column,
    /// Numbers that are alike: 1, or the microseconds of a day.
    step: i64,
    /// The first number, divided by `step`.
    least: i64,
    /// Which value belongs to each number from there on.
    ranks: Vec<u32>,
    /// Which value belongs to nothing.
    null: u32,
    /// In sorting order, each once.
    values: Vec<Value>,
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
        Self::table(column, 1, &found, null)
    }

    /// Worked out for each day from the first to the last.
    fn by_day(column: &'a Column, expr: &Expr, ctx: &Context<'_>) -> Option<Self> {
        let is_instant = matches!(column.value_of(0), Value::Instant(_));
        let Expr::Call { function, .. } = expr else { return None };
        let day = |micros: i64| micros.div_euclid(MICROS_PER_DAY);
        let (least, most) = column.bounds().map_or((1, 0), |(low, high)| (day(low), day(high)));
        if !is_instant || (least <= most && most - least >= SPAN_MAX) {
            return None;
        }
        let mut found = Vec::new();
        for day in least..=most {
            if day % 64 == 0 {
                ctx.in_time().ok()?;
            }
            let at = Timestamp::from_micros(day * MICROS_PER_DAY);
            let args = vec![Expr::Literal(Value::Instant(at))];
            let call = Expr::Call { function: *function, args };
            found.push((day, eval(&call, ctx, &mut Vec::new()).ok()?));
        }
        Self::table(column, MICROS_PER_DAY, &found, Some(Value::Null))
    }

    /// The values in order, and the numbers of each.
    fn table(
        column: &'a Column,
        step: i64,
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
        let mut ranks = vec![0; usize::try_from(span + 1).ok()?];
        for (number, value) in found {
            ranks[usize::try_from(number - least).ok()?] = rank(value)?;
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

    /// The ranks of all places of a chunk, by way of its numbers; of places without a row, any.
    pub(super) fn fill(&self, chunk: usize, numbers: &mut [i64; CHUNK_ROWS], out: &mut [u32]) {
        let (Cells::Ints(ints) | Cells::Codes(ints)) = self.column.chunk(chunk) else {
            out.fill(self.null);
            return;
        };
        ints.fill(numbers);
        let has_nulls = ints.nulls().any();
        for (at, (out, number)) in out.iter_mut().zip(&*numbers).enumerate() {
            let is_null = at >= ints.len() || (has_nulls && ints.nulls().is_null(at));
            let number = if self.step == 1 { *number } else { number.div_euclid(self.step) };
            let place = usize::try_from(number.wrapping_sub(self.least)).ok();
            let rank = place.and_then(|place| self.ranks.get(place));
            *out = if is_null { self.null } else { rank.copied().unwrap_or(0) };
        }
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
            Origin::Computed(_, Reads::Only([only])) => {
                let is_stored =
                    matches!(structure.property_at(*only).origin, Origin::Stored { .. });
                is_stored.then_some(*only)
            }
            Origin::Computed(..) | Origin::LongText { .. } | Origin::Count { .. } => None,
        },
        Step::Navigation(navigation) => reference(*navigation),
        Step::Cast(_) => None,
    }
}
