//! `$apply`: stages over entities and over what they make of them, and the reference that runs them.
//!
//! Slow and obviously right; a store may take the first grouping upon itself ([`Source::grouped`]).
//! Source: OData Extension for Data Aggregation 4.0, 3.
//!
//! [`Source::grouped`]: super::Source::grouped

mod accumulate;
mod finish;
mod group;
mod held;
mod pipeline;
mod rank;
#[cfg(test)]
mod tests;

use std::slice;

use self::pipeline::{Items, Run};
pub(crate) use self::{
    accumulate::{Sums, as_double, whole},
    held::Held,
};
use super::{
    expr::Expr,
    plan::{Order, Start},
    resolve::{Context, related},
    search::Search,
};
use crate::{
    error::Error,
    model::{Row, SetId, Value},
};

/// Name of the limit on what a stage holds, as errors give it.
pub const GROUPS_MAX: &str = "query_groups_max";

/// What to make of the entities of one set.
#[derive(Clone, Debug, PartialEq)]
pub struct Apply {
    /// The entity set.
    pub set: SetId,
    /// One after the other; the first leaves out what the caller may not see.
    pub stages: Vec<Stage>,
    /// Most significant first; the identity is added. Empty: as the stages leave it.
    pub order: Vec<Order>,
    /// What tells one item of the result from all others; none where there may be equal ones. Without
    /// an order the result is sorted by it.
    pub identity: Option<Vec<Expr>>,
    /// Items left out at the start.
    pub skip: u64,
    /// Items wanted at most, over all pages.
    pub top: Option<u64>,
    /// Whether the number of all items is wanted, paging aside.
    pub count: bool,
    /// Items in one page at most.
    pub page_size: Option<u64>,
    /// Continue behind what [`Answer::next`] named.
    pub after: Option<Vec<Value>>,
    /// Groups, items and distinct values that one stage holds at most.
    pub held_max: u64,
}

/// One step. Expressions of a stage see an entity as variable 0, or the values of a tuple as the
/// variables of their positions.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Keeps what the condition is true of.
    Filter(Expr),
    /// Keeps the entities a search finds.
    Search(Search),
    /// Adds values to tuples.
    Compute(Vec<Expr>),
    /// Makes one tuple of everything.
    Aggregate(Vec<Aggregate>),
    /// Makes groups, in the order of their keys, and runs stages over each.
    Group {
        /// What the items of a group have in common.
        keys: Vec<Expr>,
        /// What is done with a group. Its tuples get the keys before them, unless `keeps`.
        then: Vec<Stage>,
        /// Whether `then` gives what came in, and so the keys are in it.
        keeps: bool,
    },
    /// Sorts; what is equal stays as it came.
    Order(Vec<Order>),
    /// The first of the order.
    First {
        /// The order.
        order: Vec<Order>,
        /// How many.
        count: u64,
    },
    /// Leaves out the first.
    Skip(u64),
    /// Keeps the first.
    Top(u64),
    /// Runs each over the same items and gives one result after the other.
    Concat(Vec<Vec<Stage>>),
    /// Puts the values of tuples in other places; null where none is named.
    Arrange(Vec<Option<usize>>),
}

impl Stage {
    /// The condition of a filter.
    #[must_use]
    pub fn condition(&self) -> Option<&Expr> {
        match self {
            Self::Filter(condition) => Some(condition),
            Self::Search(_)
            | Self::Compute(_)
            | Self::Aggregate(_)
            | Self::Group { .. }
            | Self::Order(_)
            | Self::First { .. }
            | Self::Skip(_)
            | Self::Top(_)
            | Self::Concat(_)
            | Self::Arrange(_) => None,
        }
    }
}

/// One aggregated value.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// How.
    pub method: Method,
    /// Of what; nothing for [`Method::Count`].
    pub of: Option<Expr>,
}

/// How values are aggregated. Nulls are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// How many items there are.
    Count,
    /// The sum of numbers of items, 0 of nothing.
    Tally,
    /// The sum; null of nothing.
    Sum(Number),
    /// The mean; null of nothing.
    Average(Number),
    /// The first in sorting order; null of nothing.
    Min,
    /// The last in sorting order; null of nothing.
    Max,
    /// How many different values there are.
    CountDistinct,
}

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Whole numbers; their mean is a double.
    Whole,
    /// Microseconds.
    Duration,
    /// Decimals.
    Decimal,
    /// Doubles.
    Double,
}

/// What stages pass on.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An entity.
    Row(Row),
    /// Values by position.
    Tuple(Vec<Value>),
}

/// One page of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The items, in order.
    pub items: Vec<Item>,
    /// The number of all items, if it was asked for.
    pub count: Option<u64>,
    /// Where the next page continues; only if a further item exists.
    pub next: Option<Vec<Value>>,
}

/// The beginning of an [`Apply`] that a store may be quicker at.
#[derive(Clone, Copy, Debug)]
pub struct Grouping<'a> {
    /// The entity set.
    pub set: SetId,
    /// Which of its entities: [`Stage::Filter`] and nothing else.
    pub filters: &'a [Stage],
    /// As for [`Stage::Group`]; none makes one group of everything, even of nothing.
    pub keys: &'a [Expr],
    /// The values behind the keys.
    pub aggregates: &'a [Aggregate],
    /// Groups and distinct values at most.
    pub held_max: u64,
}

/// One page of the result.
///
/// # Errors
/// As [`super::eval()`]; `LimitExceeded` where a stage would hold more than it may; `InvalidOption`
/// for a sum out of range and for a position that does not fit; `Overloaded` once the deadline has
/// passed.
pub fn apply(apply: &Apply, start: &Start, ctx: &Context<'_>) -> Result<Answer, Error> {
    let run = Run { ctx, set: apply.set, held_max: apply.held_max };
    let mut stages = apply.stages.as_slice();
    let grouped = match start {
        Start::Set => grouped(apply, ctx),
        Start::Related(..) => None,
    };
    let items: Items<'_> = match grouped {
        Some((tuples, rest)) => {
            stages = rest;
            Box::new(tuples?.into_iter().map(|tuple| Ok(Item::Tuple(tuple))))
        }
        None => match start {
            Start::Set => run.rows(ctx.source.rows(apply.set)),
            Start::Related(row, nav) => run.rows(related(ctx, row, *nav).into_iter()),
        },
    };
    finish::finish(apply, run.stages(stages, items)?, run)
}

type Tuples = Result<Vec<Vec<Value>>, Error>;

/// What the store makes of the first grouping, and the stages after it; `None` where it declines.
fn grouped<'a>(apply: &'a Apply, ctx: &Context<'_>) -> Option<(Tuples, &'a [Stage])> {
    let filters = apply.stages.iter().map_while(Stage::condition).count();
    let (filters, rest) = apply.stages.split_at(filters);
    let (first, rest) = rest.split_first()?;
    let (keys, aggregates) = match first {
        Stage::Aggregate(aggregates) => (&[][..], aggregates.as_slice()),
        // Of nothing there is no group at all, not even one without keys.
        Stage::Group { keys, then, keeps: false } if !keys.is_empty() => match then.as_slice() {
            [Stage::Aggregate(aggregates)] => (keys.as_slice(), aggregates.as_slice()),
            [] => (keys.as_slice(), &[][..]),
            _ => return None,
        },
        Stage::Filter(_)
        | Stage::Search(_)
        | Stage::Compute(_)
        | Stage::Group { .. }
        | Stage::Order(_)
        | Stage::First { .. }
        | Stage::Skip(_)
        | Stage::Top(_)
        | Stage::Concat(_)
        | Stage::Arrange(_) => return None,
    };
    let held_max = apply.held_max;
    let grouping = Grouping { set: apply.set, filters, keys, aggregates, held_max };
    Some((ctx.source.grouped(&grouping, ctx)?, rest))
}

/// The tuples of a grouping as the reference makes them, in the order of their keys.
///
/// # Errors
/// As [`apply`].
pub fn reference(grouping: &Grouping<'_>, ctx: &Context<'_>) -> Result<Vec<Vec<Value>>, Error> {
    let Grouping { set, filters, keys, aggregates, held_max } = *grouping;
    let run = Run { ctx, set, held_max };
    let rows = run.stages(filters, run.rows(ctx.source.rows(set)))?;
    let last = if keys.is_empty() {
        Stage::Aggregate(aggregates.to_vec())
    } else {
        let then = vec![Stage::Aggregate(aggregates.to_vec())];
        Stage::Group { keys: keys.to_vec(), then, keeps: false }
    };
    let tuples = run.stages(slice::from_ref(&last), rows)?.map(|item| {
        Ok(match item? {
            Item::Tuple(values) => values,
            Item::Row(_) => Vec::new(),
        })
    });
    tuples.collect()
}
