//! `add`, `sub`, `mul`, `div`, `divby`, `mod` and the minus sign, on numbers and on time.
//!
//! Null and operands that do not fit give null. Source: OData 4.01 Part 2, 5.1.1.2.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{compare::to_double, expr::BinaryOp};
use crate::{
    error::Error,
    model::Value,
    time::{Date, MICROS_PER_DAY, Timestamp},
};

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
        Value::Decimal(number) => Ok(plain(-*number)),
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
        BinaryOp::Div | BinaryOp::DivBy => a.checked_div(b).map(|result| result.normalize()),
        BinaryOp::Mod => a.checked_rem(b),
        _ => return Ok(Value::Null),
    };
    result.map(plain).ok_or_else(overflow)
}

/// A decimal that writes zero without a minus sign.
pub(super) fn plain(mut number: Decimal) -> Value {
    if number.is_zero() {
        number.set_sign_positive(true);
    }
    Value::Decimal(number)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Primitive,
        query::{
            BinaryOp::{Add, Div, DivBy, Mod, Mul, Sub},
            fixture::show,
            literal::from_text,
        },
    };

    const OVERFLOW: &str = "$filter: arithmetic overflow: a result is out of the range of its type";
    const BY_ZERO: &str =
        "$filter: division by zero; put a condition such as 'x ne 0 and' before it";

    /// `7` is an integer, `7m` a decimal, `7d` a double, `P..` a duration, `..Z` an instant.
    fn operand(text: &str) -> Value {
        let kind = match text {
            "null" => return Value::Null,
            "'x'" => return Value::text("x"),
            _ if text.contains('P') => Primitive::Duration,
            _ if text.ends_with('Z') => Primitive::DateTimeOffset,
            _ if text.ends_with('m') => Primitive::Decimal,
            _ if text.ends_with('d') => Primitive::Double,
            _ if text.len() == 10 && text.contains("-0") => Primitive::Date,
            _ => Primitive::Int64,
        };
        from_text(text.trim_end_matches(['m', 'd']), kind).expect(text)
    }

    #[track_caller]
    fn check(left: &str, op: BinaryOp, right: &str, want: &str) {
        assert_eq!(show(&calculate(op, &operand(left), &operand(right))), want);
    }

    #[test]
    fn integers_stay_integers_except_in_divby() {
        check("2", Add, "3", "5");
        check("2", Sub, "3", "-1");
        check("2", Mul, "3", "6");
        check("7", Div, "2", "3");
        check("-7", Div, "2", "-3");
        check("7", DivBy, "2", "3.5");
        check("-7", Mod, "3", "-1");
        check("-9223372036854775808", Mod, "-1", "0");
    }

    #[test]
    fn numbers_are_promoted_to_the_wider_type() {
        check("2", Add, "0.5m", "2.5");
        check("0.1m", Add, "0.2m", "0.3");
        check("1", Add, "0.5d", "1.5");
        check("0.5m", Mul, "0.5d", "0.25");
        check("7m", Div, "2", "3.5");
        check("7.5m", Mod, "2", "1.5");
        check("7.5d", Mod, "2", "1.5");
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_not_a_wrong_number() {
        check("9223372036854775807", Add, "1", OVERFLOW);
        check("-9223372036854775808", Sub, "1", OVERFLOW);
        check("-9223372036854775808", Div, "-1", OVERFLOW);
        check("9223372036854775807", Mul, "2", OVERFLOW);
        check("79228162514264337593543950335m", Add, "1", OVERFLOW);
        check("9999-12-31T23:59:59Z", Add, "PT1S", OVERFLOW);
        check("0001-01-01", Sub, "P1D", OVERFLOW);
        check("P106751991D", Mul, "2", OVERFLOW);
    }

    #[test]
    fn division_by_zero_fails_except_where_infinity_exists() {
        check("1", Div, "0", BY_ZERO);
        check("1", Mod, "0", BY_ZERO);
        check("1m", Div, "0", BY_ZERO);
        check("1m", Mod, "0.0m", BY_ZERO);
        check("1d", Mod, "0", BY_ZERO);
        check("PT1S", Div, "0", BY_ZERO);
        check("PT1S", DivBy, "0d", BY_ZERO);
        check("1d", Div, "0", "INF");
        check("-1d", Div, "0", "-INF");
        check("0d", Div, "0", "NaN");
        check("1", DivBy, "0", "INF");
        check("-1m", DivBy, "0", "-INF");
        check("0", DivBy, "0", "NaN");
    }

    #[test]
    fn time_is_added_and_subtracted() {
        check("2026-02-28T23:00:00Z", Add, "PT2H", "2026-03-01T01:00:00Z");
        check("2026-03-01T01:00:00Z", Sub, "PT2H", "2026-02-28T23:00:00Z");
        check("2026-03-01T01:00:00Z", Sub, "2026-02-28T23:00:00.5Z", "PT1H59M59.5S");
        check("2026-03-01", Add, "PT23H", "2026-03-01");
        check("2026-03-01", Sub, "PT1H", "2026-02-28");
        check("2026-03-01", Sub, "2026-02-28", "P1D");
        check("PT1H", Add, "PT30M", "PT1H30M");
        check("PT1H", Sub, "PT90M", "-PT30M");
    }

    #[test]
    fn durations_are_scaled_by_numbers() {
        check("PT1H", Mul, "3", "PT3H");
        check("2", Mul, "PT1H", "PT2H");
        check("PT1H", Mul, "0.5m", "PT30M");
        check("PT1H", Mul, "1.5d", "PT1H30M");
        check("PT1H", Div, "4", "PT15M");
        check("PT1S", DivBy, "3", "PT0.333333S");
        check("PT1H", Div, "0.5d", "PT2H");
        check("PT1H", Mul, "NaNd", OVERFLOW);
    }

    #[test]
    fn null_and_operands_that_do_not_fit_give_null() {
        check("null", Add, "1", "null");
        check("1", Mul, "null", "null");
        check("null", Div, "0", "null");
        check("'x'", Add, "1", "null");
        check("2026-03-01", Add, "1", "null");
        check("2026-03-01", Add, "2026-03-01", "null");
        check("3", Div, "PT1H", "null");
        check("2026-03-01T01:00:00Z", Sub, "2026-03-01", "null");
    }

    #[test]
    fn a_minus_sign_turns_numbers_and_durations() {
        let check = |text: &str, want: &str| assert_eq!(show(&negate(&operand(text))), want);
        check("7", "-7");
        check("-0.5m", "0.5");
        check("0m", "0");
        check("1.5d", "-1.5");
        check("PT5S", "-PT5S");
        check("-9223372036854775808", OVERFLOW);
        check("null", "null");
        check("2026-03-01", "null");
    }
}
