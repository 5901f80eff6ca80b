//! `add`, `sub`, `mul`, `div`, `divby`, `mod` and the minus sign, on numbers and on time.
//!
//! Null and operands that do not fit give null. Source: OData 4.01 Part 2, 5.1.1.2.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{compare::to_double, expr::BinaryOp};
use crate::{
    error::Error,
    model::Value,
    time::{Date, Timestamp},
};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// `op` must be an arithmetic one; any other gives null.
pub(super) fn calculate(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Error> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => integers(op, *a, *b),
        (Value::Int(_) | Value::Decimal(_), Value::Int(_) | Value::Decimal(_)) => {
            let (a, b) = (to_decimal(left), to_decimal(right));
            a.zip(b).map_or(Ok(Value::Null), |(a, b)| decimals(op, a, b))
        }
        (Value::Double(_), Value::Int(_) | Value::Decimal(_) | Value::Double(_))
        | (Value::Int(_) | Value::Decimal(_), Value::Double(_)) => {
            let (a, b) = (to_double(left), to_double(right));
            a.zip(b).map_or(Ok(Value::Null), |(a, b)| doubles(op, a, b))
        }
        _ => times(op, left, right),
    }
}

/// `-x` of a number or a duration.
pub(super) fn negate(operand: &Value) -> Result<Value, Error> {
    match operand {
        Value::Int(number) => number.checked_neg().map(Value::Int).ok_or_else(overflow),
        Value::Duration(micros) => micros.checked_neg().map(Value::Duration).ok_or_else(overflow),
        Value::Decimal(number) => Ok(Value::Decimal(-*number)),
        Value::Double(number) => Ok(Value::Double(-*number)),
        _ => Ok(Value::Null),
    }
}

pub(super) fn invalid(reason: impl Into<String>) -> Error {
    Error::InvalidOption { option: "$filter".into(), reason: reason.into() }
}

fn overflow() -> Error {
    invalid("arithmetic overflow: a result is out of the range of its type")
}

fn by_zero() -> Error {
    invalid("division by zero; put a condition such as 'x ne 0 and' before it")
}

/// An integer or decimal as a decimal; `None` for all else.
pub(super) fn to_decimal(number: &Value) -> Option<Decimal> {
    match number {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}

fn integers(op: BinaryOp, a: i64, b: i64) -> Result<Value, Error> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div | BinaryOp::Mod if b == 0 => return Err(by_zero()),
        BinaryOp::Div => a.checked_div(b),
        BinaryOp::Mod => Some(a.wrapping_rem(b)),
        _ => return decimals(op, Decimal::from(a), Decimal::from(b)),
    };
    result.map(Value::Int).ok_or_else(overflow)
}

fn decimals(op: BinaryOp, a: Decimal, b: Decimal) -> Result<Value, Error> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div | BinaryOp::Mod if b.is_zero() => return Err(by_zero()),
        BinaryOp::DivBy if b.is_zero() => return Ok(Value::Double(endless(a))),
        BinaryOp::Div | BinaryOp::DivBy => a.checked_div(b),
        BinaryOp::Mod => a.checked_rem(b),
        _ => return Ok(Value::Null),
    };
    result.map(Value::Decimal).ok_or_else(overflow)
}

/// What `divby` zero gives; unlike `div` it never fails.
fn endless(dividend: Decimal) -> f64 {
    match dividend.cmp(&Decimal::ZERO) {
        std::cmp::Ordering::Less => f64::NEG_INFINITY,
        std::cmp::Ordering::Equal => f64::NAN,
        std::cmp::Ordering::Greater => f64::INFINITY,
    }
}

fn doubles(op: BinaryOp, a: f64, b: f64) -> Result<Value, Error> {
    Ok(Value::Double(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div | BinaryOp::DivBy => a / b,
        // The remainder of a division by zero is an error whatever the type.
        BinaryOp::Mod if b.abs() <= 0.0 => return Err(by_zero()),
        BinaryOp::Mod => a % b,
        _ => return Ok(Value::Null),
    }))
}

fn times(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Error> {
    let result = match (op, left, right) {
        (BinaryOp::Add, Value::Instant(at), Value::Duration(by)) => instant(*at, Some(*by)),
        (BinaryOp::Sub, Value::Instant(at), Value::Duration(by)) => instant(*at, by.checked_neg()),
        (BinaryOp::Sub, Value::Instant(a), Value::Instant(b)) => {
            a.micros().checked_sub(b.micros()).map(Value::Duration)
        }
        (BinaryOp::Add, Value::Date(day), Value::Duration(by)) => date(*day, Some(*by)),
        (BinaryOp::Sub, Value::Date(day), Value::Duration(by)) => date(*day, by.checked_neg()),
        (BinaryOp::Sub, Value::Date(a), Value::Date(b)) => (i64::from(a.days())
            - i64::from(b.days()))
        .checked_mul(MICROS_PER_DAY)
        .map(Value::Duration),
        (BinaryOp::Add, Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(*b).map(Value::Duration)
        }
        (BinaryOp::Sub, Value::Duration(a), Value::Duration(b)) => {
            a.checked_sub(*b).map(Value::Duration)
        }
        (BinaryOp::Mul, Value::Duration(micros), number)
        | (BinaryOp::Mul, number, Value::Duration(micros)) => return scaled(op, *micros, number),
        (BinaryOp::Div | BinaryOp::DivBy, Value::Duration(micros), number) => {
            return scaled(op, *micros, number);
        }
        _ => return Ok(Value::Null),
    };
    result.ok_or_else(overflow)
}

fn instant(at: Timestamp, by: Option<i64>) -> Option<Value> {
    at.plus_micros(by?).map(Value::Instant)
}

/// The date on which midnight plus `by` falls.
fn date(day: Date, by: Option<i64>) -> Option<Value> {
    let midnight = i64::from(day.days()).checked_mul(MICROS_PER_DAY)?;
    let moved = Timestamp::from_micros(midnight).plus_micros(by?)?;
    i32::try_from(moved.micros().div_euclid(MICROS_PER_DAY))
        .ok()
        .map(|days| Value::Date(Date::from_days(days)))
}

/// A duration times or divided by a number, rounded to the microsecond.
fn scaled(op: BinaryOp, micros: i64, number: &Value) -> Result<Value, Error> {
    let op = if op == BinaryOp::DivBy { BinaryOp::Div } else { op };
    let exact = match number {
        Value::Int(_) | Value::Decimal(_) => {
            calculate(op, &Value::Decimal(Decimal::from(micros)), number)?
        }
        Value::Double(by) if op == BinaryOp::Div && by.abs() <= 0.0 => return Err(by_zero()),
        Value::Double(_) => calculate(op, &Value::Int(micros), number)?,
        _ => return Ok(Value::Null),
    };
    to_integer(&exact).map(Value::Duration).ok_or_else(overflow)
}

/// The nearest integer, halves away from zero; `None` where 64 bits do not hold it.
pub(super) fn to_integer(number: &Value) -> Option<i64> {
    match number {
        Value::Int(number) => Some(*number),
        Value::Decimal(number) => rounded(*number).try_into().ok(),
        Value::Double(number) => {
            // 2^63 is a double, i64::MAX is not; NaN fails the test too.
            let limit = 9_223_372_036_854_775_808.0;
            let number = number.round();
            #[expect(clippy::cast_possible_truncation, reason = "within the limits of i64")]
            (-limit..limit).contains(&number).then_some(number as i64)
        }
        _ => None,
    }
}

/// The nearest whole number, halves away from zero.
pub(super) fn rounded(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
}
