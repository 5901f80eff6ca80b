//! The canonical functions on dates and times, all in UTC.
//!
//! Source: OData 4.01 Part 2, 5.1.1.8.

use rust_decimal::Decimal;

use super::expr::Function;
use crate::{
    model::Value,
    time::{Date, MICROS_PER_DAY, MICROS_PER_SEC, TimeOfDay, Timestamp},
};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{
        Function::{
            Date as DateOf, Day, FractionalSeconds, Hour, MaxDateTime, MinDateTime, Minute, Month,
            Now, Second, Time, TotalOffsetMinutes, TotalSeconds, Year,
        },
        fixture::{at, show},
    };

    #[track_caller]
    fn check(function: Function, args: &[Value], want: &str) {
        assert_eq!(show(&Ok(call(function, args, Timestamp::from_micros(1)))), want);
    }

    #[test]
    fn parts_of_an_instant_are_those_in_utc() {
        let instant = [at("2026-02-28T23:59:58.25-05:00")];
        check(Year, &instant, "2026");
        check(Month, &instant, "3");
        check(Day, &instant, "1");
        check(Hour, &instant, "4");
        check(Minute, &instant, "59");
        check(Second, &instant, "58");
        check(FractionalSeconds, &instant, "0.25");
        check(DateOf, &instant, "2026-03-01");
        check(Time, &instant, "04:59:58.25");
        check(TotalOffsetMinutes, &instant, "0");
        let before_1970 = [at("1969-12-31T23:59:59.75Z")];
        check(Year, &before_1970, "1969");
        check(Second, &before_1970, "59");
        check(FractionalSeconds, &before_1970, "0.75");
    }

    #[test]
    fn dates_and_times_of_day_have_their_own_parts_only() {
        let date = [Value::Date("2026-11-21".parse().unwrap())];
        let time = [Value::TimeOfDay("07:08:09.5".parse().unwrap())];
        check(Year, &date, "2026");
        check(Day, &date, "21");
        check(Hour, &date, "null");
        check(Hour, &time, "7");
        check(FractionalSeconds, &time, "0.5");
        check(Year, &time, "null");
        check(TotalOffsetMinutes, &date, "null");
    }

    #[test]
    fn the_ends_of_time_and_now_are_told() {
        check(Now, &[], "1970-01-01T00:00:00.000001Z");
        check(MinDateTime, &[], "0001-01-01T00:00:00Z");
        check(MaxDateTime, &[], "9999-12-31T23:59:59.999999Z");
        check(Year, &[Value::Instant(Timestamp::MAX)], "9999");
        check(TotalSeconds, &[Value::Duration(-1_500_000)], "-1.5");
        check(TotalSeconds, &[Value::Int(1)], "null");
    }
}
