//! The canonical functions on dates and times, all in UTC.
//!
//! Source: OData 4.01 Part 2, 5.1.1.8.

use rust_decimal::Decimal;

use super::expr::Function;
use crate::{
    model::Value,
    time::{Date, TimeOfDay, Timestamp},
};

const MICROS_PER_SEC: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SEC;

/// Calls a function on time; null for any other and for arguments that do not fit.
pub(super) fn call(function: Function, args: &[Value], now: Timestamp) -> Value {
    match (function, args) {
        (Function::Now, []) => Value::Instant(now),
        (Function::MinDateTime, []) => Value::Instant(Timestamp::MIN),
        (Function::MaxDateTime, []) => Value::Instant(Timestamp::MAX),
        (Function::TotalOffsetMinutes, [Value::Instant(_)]) => Value::Int(0),
        (Function::TotalSeconds, [Value::Duration(micros)]) => seconds(*micros),
        (Function::Date, [Value::Instant(at)]) => Value::Date(day_of(*at)),
        (Function::Date, [Value::Date(day)]) => Value::Date(*day),
        (Function::Time, [Value::Instant(at)]) => Value::TimeOfDay(time_of(*at)),
        (Function::Time, [Value::TimeOfDay(time)]) => Value::TimeOfDay(*time),
        (Function::Year | Function::Month | Function::Day, [argument]) => match argument {
            Value::Instant(at) => calendar(function, day_of(*at)),
            Value::Date(day) => calendar(function, *day),
            _ => Value::Null,
        },
        (_, [Value::Instant(at)]) => time(function, time_of(*at)),
        (_, [Value::TimeOfDay(at)]) => time(function, *at),
        _ => Value::Null,
    }
}

/// The date of an instant in UTC.
pub(super) fn day_of(at: Timestamp) -> Date {
    let days = at.micros().div_euclid(MICROS_PER_DAY);
    Date::from_days(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
}

/// The time of day of an instant in UTC.
pub(super) fn time_of(at: Timestamp) -> TimeOfDay {
    TimeOfDay::from_micros(at.micros())
}

fn calendar(function: Function, day: Date) -> Value {
    let date = day.civil();
    match function {
        Function::Year => Value::Int(date.year().into()),
        Function::Month => Value::Int(date.month().into()),
        Function::Day => Value::Int(date.day().into()),
        _ => Value::Null,
    }
}

fn time(function: Function, at: TimeOfDay) -> Value {
    let whole = at.micros() / MICROS_PER_SEC;
    match function {
        Function::Hour => Value::Int(whole / 3600),
        Function::Minute => Value::Int(whole / 60 % 60),
        Function::Second => Value::Int(whole % 60),
        Function::FractionalSeconds => seconds(at.micros() % MICROS_PER_SEC),
        _ => Value::Null,
    }
}

fn seconds(micros: i64) -> Value {
    Value::Decimal(Decimal::new(micros, 6).normalize())
}
