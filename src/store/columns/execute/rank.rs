//! What a row is sorted by, in the form that is compared fastest; the order is that of `sorting`.

use std::{
    cell::{OnceCell, RefCell},
    cmp::Ordering,
};

use super::{
    children::Children,
    keys::ByKey,
    rows::{Asked, behind},
    table::Table,
};
use crate::{
    error::Error,
    model::{Prop, Relation, Value},
    query::{compare::sorting, list::sorted_text},
    store::columns::column::{Column, Kind},
};

/// One sort key's value of one row. Of one sort key all are of one kind, or null.
#[derive(Clone, Debug)]
pub(super) enum Rank<'a> {
    Null,
    Number(i64),
    Text(&'a str),
    Other(Value),
}

impl Rank<'_> {
    fn of(value: Value) -> Self {
        if value.is_null() { Self::Null } else { Self::Other(value) }
    }

    /// Null first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Other(a), Self::Other(b)) => sorting(a, b),
            _ => self.kind().cmp(&other.kind()),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Number(_) | Self::Text(_) | Self::Other(_) => 1,
        }
    }
}

/// Where the ranks of one sort key come from.
pub(super) enum Ranking<'a> {
    /// A column of numbers.
    Numbers(&'a Column),
    /// A column of texts.
    Texts(&'a Column),
    /// How many children each row has, by its key.
    Counts { children: Children<'a>, counts: OnceCell<ByKey>, key: &'a Column },
    /// Whatever the reference evaluator says.
    Asked(Asked),
    /// The same for all rows, and asked once.
    Same { asked: Asked, known: OnceCell<Value> },
    /// What it says of each number of the one column that is read, such as the key of a customer.
    Remembered { asked: Asked, column: &'a Column, known: Remembered, values: u64 },
}

/// Numbers from 0 on for which an answer is remembered; some MB for as many rows as have one.
const REMEMBERED_MAX: usize = 1 << 20;

/// Answers by number, and that for nothing.
#[derive(Default)]
pub(super) struct Remembered(RefCell<(Option<Value>, Vec<Option<Value>>)>);

impl Remembered {
    fn get(&self, number: Option<i64>) -> Option<Value> {
        let known = self.0.borrow();
        match number {
            None => known.0.clone(),
            Some(number) => known.1.get(usize::try_from(number).ok()?)?.clone(),
        }
    }

    fn put(&self, number: Option<i64>, value: &Value) {
        let (null, numbers) = &mut *self.0.borrow_mut();
        match number.map(usize::try_from) {
            None => *null = Some(value.clone()),
            Some(Ok(at)) if at < REMEMBERED_MAX => {
                if numbers.len() <= at {
                    numbers.resize((at + 1).next_power_of_two(), None);
                }
                numbers[at] = Some(value.clone());
            }
            Some(_) => {}
        }
    }
}

impl<'a> Ranking<'a> {
    /// Of an expression, asked once for each value where it reads one column of numbers.
    pub(super) fn asked(asked: Asked, table: Table<'a>) -> Self {
        if asked.reads.is_nothing() {
            return Self::Same { asked, known: OnceCell::new() };
        }
        let column = asked.reads.only().and_then(|only| table.column(only));
        match column.filter(|column| column.kind == Kind::Number) {
            Some(column) => {
                let values = asked.reads.only().and_then(|only| values_of(only, table));
                let values = values.unwrap_or_else(|| table.columns.count());
                Self::Remembered { asked, column, known: Remembered::default(), values }
            }
            None => Self::Asked(asked),
        }
    }

    pub(super) fn of_counts(children: Children<'a>, table: Table<'a>) -> Option<Self> {
        Some(Self::Counts { children, counts: OnceCell::new(), key: table.key_column()? })
    }

    /// About how many rows are looked at before the first rank is known.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Numbers(_)
            | Self::Texts(_)
            | Self::Asked(_)
            | Self::Same { .. }
            | Self::Remembered { .. } => 0,
            Self::Counts { children, .. } => children.cost(),
        }
    }

    /// How often the reference evaluator is asked at most while so many rows are ranked.
    pub(super) fn asked_for(&self, rows: u64) -> u64 {
        match self {
            Self::Numbers(_) | Self::Texts(_) | Self::Counts { .. } => 0,
            Self::Asked(_) => rows,
            Self::Same { .. } => rows.min(1),
            Self::Remembered { values, .. } => rows.min(*values),
        }
    }

    /// About how many rows of others are looked at meanwhile.
    pub(super) fn behind(&self, rows: u64, table: &Table<'_>) -> u64 {
        match self {
            Self::Numbers(_) | Self::Texts(_) | Self::Counts { .. } => 0,
            Self::Asked(asked) | Self::Same { asked, .. } | Self::Remembered { asked, .. } => {
                behind(&asked.expr, table).saturating_mul(self.asked_for(rows))
            }
        }
    }

    /// The rank of a row.
    pub(super) fn rank(&self, table: &Table<'_>, at: u32) -> Result<Rank<'a>, Error> {
        Ok(match self {
            Self::Numbers(column) => column.int(at).map_or(Rank::Null, Rank::Number),
            Self::Texts(column) => {
                column.text(at).map_or(Rank::Null, |text| Rank::Text(sorted_text(text)))
            }
            Self::Counts { children, counts, key } => {
                let counts = if let Some(counts) = counts.get() {
                    counts
                } else {
                    let found = children.numbers(table.live())?;
                    counts.get_or_init(|| found)
                };
                Rank::Number(key.int(at).map_or(0, |key| counts.get(key)).into())
            }
            Self::Asked(asked) => Rank::of(of_order(asked.of(table, at))?),
            Self::Same { asked, known } => {
                let value = if let Some(known) = known.get() {
                    known.clone()
                } else {
                    let value = of_order(asked.of(table, at))?;
                    known.get_or_init(|| value).clone()
                };
                Rank::of(value)
            }
            Self::Remembered { asked, column, known, .. } => {
                let number = column.int(at);
                if let Some(value) = known.get(number) {
                    Rank::of(value)
                } else {
                    let value = of_order(asked.of(table, at))?;
                    known.put(number, &value);
                    Rank::of(value)
                }
            }
        })
    }

    /// The rank of a place that a token names; none where it was made for another order.
    pub(super) fn of_token(&self, value: &'a Value) -> Option<Rank<'a>> {
        match (self, value) {
            (_, Value::Null) => Some(Rank::Null),
            (Self::Numbers(column), value) => column.number_of(value).map(Rank::Number),
            (Self::Texts(_), Value::Text(text)) => Some(Rank::Text(text)),
            (Self::Counts { .. }, Value::Int(number)) => Some(Rank::Number(*number)),
            (Self::Texts(_) | Self::Counts { .. }, _) => None,
            (Self::Asked(_) | Self::Same { .. } | Self::Remembered { .. }, value) => {
                Some(Rank::Other(value.clone()))
            }
        }
    }

    /// Whether it takes no evaluation, and so cannot fail.
    pub(super) fn is_quick(&self) -> bool {
        match self {
            Self::Numbers(_) | Self::Texts(_) | Self::Counts { .. } => true,
            Self::Asked(_) | Self::Same { .. } | Self::Remembered { .. } => false,
        }
    }
}

/// How many different values a property has at most that says where a reference leads, null among them; none
/// where not all of their answers are remembered.
fn values_of(prop: Prop, table: Table<'_>) -> Option<u64> {
    let structure = table.structure();
    let leads = structure.navs().find(|(_, navigation)| match navigation.relation {
        Relation::Reference { by } => structure.property(by) == Some(prop),
        Relation::Children { .. } => false,
    });
    let there = table.beside(table.model().target(leads?.1)?)?;
    // An answer for a greater one is asked for anew by every row.
    let greatest = usize::try_from(there.columns.greatest_id()?).ok()?;
    (greatest < REMEMBERED_MAX).then(|| there.columns.count().saturating_add(1))
}

/// A value to sort by: of a text the beginning alone, and errors as those of `$orderby`.
pub(super) fn of_order(value: Result<Value, Error>) -> Result<Value, Error> {
    match value {
        Ok(Value::Text(text)) => Ok(match sorted_text(&text) {
            short if short.len() < text.len() => Value::text(short),
            _ => Value::Text(text),
        }),
        Err(Error::InvalidOption { reason, .. }) => {
            Err(Error::InvalidOption { option: "$orderby".into(), reason })
        }
        other => other,
    }
}
