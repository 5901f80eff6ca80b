//! The methods of aggregation. Nulls are passed over; whole numbers add up exactly.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    Aggregate, Item, Method, Number,
    held::{Held, value_bytes},
    pipeline::Run,
};
use crate::{
    error::Error,
    model::Value,
    query::{
        arithmetic::to_decimal,
        compare::{sorting, to_double},
        rank::Rank,
    },
};

/// All aggregates of one group.
#[derive(Clone)]
pub(crate) struct Sums<'a> {
    aggregates: &'a [Aggregate],
    states: Vec<State>,
}

#[derive(Clone)]
enum State {
    /// Whole numbers, and how many there were.
    Whole(i128, u64),
    Decimal(Decimal, u64),
    /// Doubles, what rounding lost of them, and how many there were.
    Double(f64, f64, u64),
    Extreme(Value),
    Distinct(BTreeSet<Rank>),
}

impl<'a> Sums<'a> {
    /// Of nothing.
    pub(crate) fn new(aggregates: &'a [Aggregate]) -> Self {
        let state = |aggregate: &Aggregate| match aggregate.method {
            Method::Count | Method::Tally => State::Whole(0, 0),
            Method::Sum(number) | Method::Average(number) => match number {
                Number::Whole | Number::Duration => State::Whole(0, 0),
                Number::Decimal => State::Decimal(Decimal::ZERO, 0),
                Number::Double => State::Double(0.0, 0.0, 0),
            },
            Method::Min | Method::Max => State::Extreme(Value::Null),
            Method::CountDistinct => State::Distinct(BTreeSet::new()),
        };
        Self { aggregates, states: aggregates.iter().map(state).collect() }
    }

    /// One item more.
    pub(super) fn add(&mut self, run: Run<'_>, item: &Item, held: &mut Held) -> Result<(), Error> {
        let aggregates = self.aggregates;
        self.put(
            |index| match &aggregates[index].of {
                Some(expr) => run.value(expr, item),
                None => Ok(Value::Int(1)),
            },
            held,
        )
    }

    /// One item more, of which `value` tells what each aggregate takes.
    pub(crate) fn put(
        &mut self,
        mut value: impl FnMut(usize) -> Result<Value, Error>,
        held: &mut Held,
    ) -> Result<(), Error> {
        for (index, (aggregate, state)) in self.aggregates.iter().zip(&mut self.states).enumerate()
        {
            let value = value(index)?;
            if !value.is_null() {
                state.add(aggregate.method, value, held)?;
            }
        }
        Ok(())
    }

    /// The values, in the order of the aggregates.
    pub(crate) fn end(self) -> Result<Vec<Value>, Error> {
        let pairs = self.aggregates.iter().zip(self.states);
        pairs.map(|(aggregate, state)| state.end(aggregate.method)).collect()
    }
}

impl State {
    fn add(&mut self, method: Method, value: Value, held: &mut Held) -> Result<(), Error> {
        match self {
            Self::Whole(sum, count) => {
                if let Value::Int(number) | Value::Duration(number) = value {
                    *sum += i128::from(number);
                    *count += 1;
                }
            }
            Self::Decimal(sum, count) => {
                if let Some(number) = to_decimal(&value) {
                    *sum = sum.checked_add(number).ok_or_else(|| out_of_range("Edm.Decimal"))?;
                    *count += 1;
                }
            }
            Self::Double(sum, lost, count) => {
                if let Some(number) = to_double(&value) {
                    add_double(sum, lost, number);
                    *count += 1;
                }
            }
            Self::Extreme(best) => {
                let order = sorting(&value, best);
                let is_better = if method == Method::Min { order.is_lt() } else { order.is_gt() };
                if best.is_null() || is_better {
                    held.give(value_bytes(best));
                    held.take(value_bytes(&value))?;
                    *best = value;
                }
            }
            Self::Distinct(seen) => {
                let bytes = value_bytes(&value);
                if seen.insert(Rank::ascending(value)) {
                    held.more()?;
                    held.take(bytes)?;
                }
            }
        }
        Ok(())
    }

    fn end(self, method: Method) -> Result<Value, Error> {
        Ok(match self {
            Self::Whole(sum, count) => return whole(method, sum, count),
            Self::Decimal(_, 0) | Self::Double(_, _, 0) => Value::Null,
            Self::Decimal(sum, count) => Value::Decimal(match method {
                Method::Average(_) => (sum / Decimal::from(count)).normalize(),
                _ => sum,
            }),
            Self::Double(sum, lost, count) => {
                let sum = if sum.is_finite() { sum + lost } else { sum };
                Value::Double(match method {
                    Method::Average(_) => sum / as_double(i128::from(count)),
                    _ => sum,
                })
            }
            Self::Extreme(best) => best,
            Self::Distinct(seen) => Value::Int(i64::try_from(seen.len()).unwrap_or(i64::MAX)),
        })
    }
}

/// Adds, and keeps what rounding loses (Neumaier), so that the order of the items hardly matters.
fn add_double(sum: &mut f64, lost: &mut f64, number: f64) {
    let next = *sum + number;
    *lost +=
        if sum.abs() >= number.abs() { (*sum - next) + number } else { (number - next) + *sum };
    *sum = next;
}

/// What whole numbers come to; `count` of them were not null.
pub(crate) fn whole(method: Method, sum: i128, count: u64) -> Result<Value, Error> {
    let narrow = |ty| i64::try_from(sum).map_err(|_| out_of_range(ty));
    Ok(match method {
        Method::Count | Method::Tally => Value::Int(narrow("Edm.Int64")?),
        _ if count == 0 => Value::Null,
        Method::Average(Number::Duration) => {
            Value::Duration(i64::try_from(sum / i128::from(count)).unwrap_or(i64::MAX))
        }
        Method::Average(_) => Value::Double(as_double(sum) / as_double(i128::from(count))),
        Method::Sum(Number::Duration) => Value::Duration(narrow("Edm.Duration")?),
        Method::Sum(_) | Method::Min | Method::Max | Method::CountDistinct => {
            Value::Int(narrow("Edm.Int64")?)
        }
    })
}

/// The nearest double.
#[expect(clippy::cast_precision_loss, reason = "a mean takes the nearest double")]
pub(crate) fn as_double(number: i128) -> f64 {
    number as f64
}

fn out_of_range(ty: &str) -> Error {
    Error::InvalidOption {
        option: "$apply".to_owned(),
        reason: format!("a sum is out of the range of {ty}; cast(…,Edm.Double) before adding up"),
    }
}
