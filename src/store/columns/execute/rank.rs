//! What a row is sorted by, in the form that is compared fastest; the order is that of `sorting`.

use std::{cell::OnceCell, cmp::Ordering};

use super::{children::Children, keys::ByKey, rows::Asked, table::Table};
use crate::{
    error::Error,
    model::Value,
    query::{compare::sorting, list::sorted_text},
    store::columns::column::Column,
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
}

impl<'a> Ranking<'a> {
    pub(super) fn of_counts(children: Children<'a>, table: Table<'a>) -> Option<Self> {
        Some(Self::Counts { children, counts: OnceCell::new(), key: table.key_column()? })
    }

    /// About how many rows are looked at before the first rank is known.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Numbers(_) | Self::Texts(_) | Self::Asked(_) => 0,
            Self::Counts { children, .. } => children.cost(),
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
            Self::Asked(asked) => match of_order(asked.of(table, at))? {
                Value::Null => Rank::Null,
                value => Rank::Other(value),
            },
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
            (Self::Asked(_), value) => Some(Rank::Other(value.clone())),
        }
    }

    /// Whether it takes no evaluation, and so cannot fail.
    pub(super) fn is_quick(&self) -> bool {
        match self {
            Self::Numbers(_) | Self::Texts(_) | Self::Counts { .. } => true,
            Self::Asked(_) => false,
        }
    }
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
