//! Where a row stands in the order of a plan, and the values that name such a place in a token.

use crate::{
    error::Error,
    model::{Key, Row, Value},
    query::{
        cast,
        compare::is_alike,
        eval::of_row,
        plan::{Order, Plan},
        rank::Rank,
        resolve::Context,
    },
};

/// Bytes of a text that count when rows are sorted.
const SORTED_BYTES: usize = 256;

/// Where a row stands in the order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    ranks: Vec<Rank>,
    pub(super) key: Key,
}

impl Place {
    /// Whether a token's place was made for the same order.
    pub(super) fn is_like(&self, other: &Place) -> bool {
        let mut pairs = self.ranks.iter().zip(&other.ranks);
        pairs.all(|(a, b)| is_alike(&a.value, &b.value))
    }
}

/// Where a row of a plan stands.
pub(super) fn place(plan: &Plan, row: &Row, ctx: &Context<'_>) -> Result<Place, Error> {
    let ranks = plan.order.iter().map(|order| rank(order, row, ctx)).collect::<Result<_, _>>()?;
    Ok(Place { ranks, key: row.key(ctx.model()) })
}

fn rank(order: &Order, row: &Row, ctx: &Context<'_>) -> Result<Rank, Error> {
    Ok(Rank { value: sort_value(order, row, ctx)?, descending: order.descending })
}

/// What a row is sorted by: a text by its beginning alone.
///
/// # Errors
/// As [`of_row`], as of `$orderby`.
pub fn sort_value(order: &Order, row: &Row, ctx: &Context<'_>) -> Result<Value, Error> {
    let value = of_row(&order.expr, row, ctx).map_err(|error| match error {
        Error::InvalidOption { reason, .. } => {
            Error::InvalidOption { option: "$orderby".into(), reason }
        }
        other => other,
    })?;
    Ok(match &value {
        Value::Text(text) if text.len() > SORTED_BYTES => Value::text(sorted_text(text)),
        _ => value,
    })
}

/// What of a text counts when rows are sorted.
#[must_use]
pub fn sorted_text(text: &str) -> &str {
    &text[..text.floor_char_boundary(SORTED_BYTES)]
}

/// The values of a row's place, for [`Plan::after`].
///
/// # Errors
/// As [`sort_value`].
pub fn token(plan: &Plan, row: &Row, ctx: &Context<'_>) -> Result<Vec<Value>, Error> {
    let structure = ctx.structure(row);
    let mut values: Vec<Value> =
        place(plan, row, ctx)?.ranks.into_iter().map(|rank| rank.value).collect();
    values.extend(structure.key.iter().map(|prop| row.record.get(structure, *prop)));
    Ok(values)
}

/// The place that a token's values name.
pub(super) fn position(plan: &Plan, after: &[Value], ctx: &Context<'_>) -> Result<Place, Error> {
    let structure = ctx.model().entity_type(plan.set);
    if after.len() != plan.order.len() + structure.key.len() {
        return Err(bad_token());
    }
    let (ranks, key) = after.split_at(plan.order.len());
    for (prop, value) in structure.key.iter().zip(key) {
        if !cast::is_of(value, &structure.property_at(*prop).ty, ctx.model()).is_true() {
            return Err(bad_token());
        }
    }
    let ranks = plan.order.iter().zip(ranks);
    let rank = |(order, value): (&Order, &Value)| Rank {
        value: value.clone(),
        descending: order.descending,
    };
    Ok(Place { ranks: ranks.map(rank).collect(), key: Key::new(key) })
}

/// The error for a position that was made for another order.
#[must_use]
pub fn bad_token() -> Error {
    let reason = "it was made for another query; begin again without it".into();
    Error::InvalidOption { option: "$skiptoken".into(), reason }
}
