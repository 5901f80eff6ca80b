//! The canonical functions on texts, collections and numbers; those on time are in `clock`.
//!
//! A null argument, or one of a wrong type, gives null. Source: OData 4.01 Part 2, 5.1.1.4 to 5.1.1.9.

use super::{
    arithmetic::{invalid, plain, rounded},
    clock,
    compare::equal,
    expr::Function,
    pattern,
    resolve::Context,
};
use crate::{error::Error, model::Value};

/// Bytes a text made by a query may have: 1 MiB.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;

/// Calls `function`.
pub(super) fn call(function: Function, args: &[Value], ctx: &Context<'_>) -> Result<Value, Error> {
    if args.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    match function {
        Function::Substring => substring(args),
        Function::MatchesPattern => pattern::matches(args),
        Function::Concat => concat(args),
        Function::Contains
        | Function::EndsWith
        | Function::IndexOf
        | Function::StartsWith
        | Function::HasSubset
        | Function::HasSubsequence => match args {
            [Value::Text(a), Value::Text(b)] => Ok(of_texts(function, a, b)),
            [Value::List(a), Value::List(b)] => of_lists(function, (a, b), ctx),
            _ => Ok(Value::Null),
        },
        Function::Length | Function::ToLower | Function::ToUpper | Function::Trim => {
            Ok(of_one(function, args))
        }
        Function::Ceiling | Function::Floor | Function::Round => Ok(whole(function, args)),
        Function::Date
        | Function::Day
        | Function::FractionalSeconds
        | Function::Hour
        | Function::MaxDateTime
        | Function::MinDateTime
        | Function::Minute
        | Function::Month
        | Function::Now
        | Function::Second
        | Function::Time
        | Function::TotalOffsetMinutes
        | Function::TotalSeconds
        | Function::Year => Ok(clock::call(function, args, ctx.now)),
    }
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn position(at: Option<usize>) -> Value {
    at.map_or(Value::Int(-1), count)
}

fn of_one(function: Function, args: &[Value]) -> Value {
    match (function, args) {
        (Function::Length, [Value::Text(text)]) => count(text.chars().count()),
        (Function::Length, [Value::List(items)]) => count(items.len()),
        (Function::ToLower, [Value::Text(text)]) => Value::text(&text.to_lowercase()),
        (Function::ToUpper, [Value::Text(text)]) => Value::text(&text.to_uppercase()),
        (Function::Trim, [Value::Text(text)]) => Value::text(text.trim()),
        _ => Value::Null,
    }
}

/// `concat`, of which calls within calls would make anything of any size.
fn concat(args: &[Value]) -> Result<Value, Error> {
    if args.iter().map(weight).fold(0, usize::saturating_add) > TEXT_BYTES_MAX {
        let (limit, max) = ("query_text_bytes_max", TEXT_BYTES_MAX as u64);
        return Err(Error::LimitExceeded { limit, max, target: "concat".into() });
    }
    Ok(match args {
        [Value::Text(a), Value::Text(b)] => Value::text(&format!("{a}{b}")),
        [Value::List(a), Value::List(b)] => Value::List(a.iter().chain(&**b).cloned().collect()),
        _ => Value::Null,
    })
}

/// The bytes of a text; of a list those of its items, and of the items themselves.
fn weight(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.iter().map(|item| size_of::<Value>() + weight(item)).sum(),
        _ => 0,
    }
}

fn of_texts(function: Function, a: &str, b: &str) -> Value {
    match function {
        Function::Contains => a.contains(b).into(),
        Function::EndsWith => a.ends_with(b).into(),
        Function::StartsWith => a.starts_with(b).into(),
        Function::IndexOf => position(a.find(b).map(|at| a[..at].chars().count())),
        _ => Value::Null,
    }
}

/// Two long lists take as many steps as both lengths multiplied, so each looks at the clock.
fn of_lists(
    function: Function,
    (a, b): (&[Value], &[Value]),
    ctx: &Context<'_>,
) -> Result<Value, Error> {
    let same = |a: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b));
    let ends = a.len().checked_sub(b.len());
    let index = || -> Result<Option<usize>, Error> {
        for at in 0..ends.map_or(0, |last| last + 1) {
            ctx.in_time()?;
            if same(&a[at..at + b.len()]) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    };
    Ok(match function {
        Function::Contains => index()?.is_some().into(),
        Function::IndexOf => position(index()?),
        Function::EndsWith => ends.is_some_and(|at| same(&a[at..])).into(),
        Function::StartsWith => ends.is_some_and(|_| same(&a[..b.len()])).into(),
        Function::HasSubset => has_subset(a, b, ctx)?.into(),
        Function::HasSubsequence => has_subsequence(a, b).into(),
        _ => Value::Null,
    })
}

/// Each item of `b` takes an equal one of `a`, which is then gone.
fn has_subset(a: &[Value], b: &[Value], ctx: &Context<'_>) -> Result<bool, Error> {
    let mut left: Vec<&Value> = a.iter().collect();
    for wanted in b {
        ctx.in_time()?;
        match left.iter().position(|item| equal(item, wanted)) {
            Some(at) => left.swap_remove(at),
            None => return Ok(false),
        };
    }
    Ok(true)
}

/// As [`has_subset`], in the same order.
fn has_subsequence(a: &[Value], b: &[Value]) -> bool {
    let mut left = a.iter();
    b.iter().all(|wanted| left.any(|item| equal(item, wanted)))
}

/// `substring`: of characters or items; a negative start counts from the end.
fn substring(args: &[Value]) -> Result<Value, Error> {
    let (whole, start, length) = match args {
        [whole, Value::Int(start)] => (whole, *start, i64::MAX),
        [whole, Value::Int(start), Value::Int(length)] => (whole, *start, *length),
        _ => return Ok(Value::Null),
    };
    let Ok(length) = usize::try_from(length) else {
        return Err(invalid(format!("substring takes a length of 0 or more, not {length}")));
    };
    let from = |available: usize| {
        let size = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
        if start < 0 { available.saturating_sub(size) } else { size }
    };
    Ok(match whole {
        Value::Text(text) => {
            let rest = text.chars().skip(from(text.chars().count()));
            Value::text(&rest.take(length).collect::<String>())
        }
        Value::List(items) => {
            Value::List(items.iter().skip(from(items.len())).take(length).cloned().collect())
        }
        _ => Value::Null,
    })
}

/// `ceiling`, `floor` and `round`; an integer is whole already.
fn whole(function: Function, args: &[Value]) -> Value {
    match (function, args) {
        (_, [Value::Int(number)]) => Value::Int(*number),
        (Function::Ceiling, [Value::Decimal(number)]) => plain(number.ceil()),
        (Function::Floor, [Value::Decimal(number)]) => plain(number.floor()),
        (Function::Round, [Value::Decimal(number)]) => plain(rounded(*number)),
        (Function::Ceiling, [Value::Double(number)]) => Value::Double(number.ceil()),
        (Function::Floor, [Value::Double(number)]) => Value::Double(number.floor()),
        (Function::Round, [Value::Double(number)]) => Value::Double(number.round()),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{
        Function::{
            Ceiling, Concat, Contains, EndsWith, Floor, HasSubsequence, HasSubset, IndexOf, Length,
            Now, Round, StartsWith, Substring, ToLower, ToUpper, Trim,
        },
        fixture::{context, show, source, texts},
    };

    #[track_caller]
    fn check(function: Function, args: &[Value], want: &str) {
        let source = source();
        assert_eq!(show(&call(function, args, &context(&source))), want);
    }

    #[track_caller]
    fn check_texts(function: Function, a: &str, b: &str, want: &str) {
        check(function, &[a.into(), b.into()], want);
    }

    fn numbers(items: &[i64]) -> Value {
        Value::List(items.iter().map(|item| Value::Int(*item)).collect())
    }

    #[track_caller]
    fn check_lists(function: Function, a: &[i64], b: &[i64], want: &str) {
        check(function, &[numbers(a), numbers(b)], want);
    }

    #[test]
    fn texts_are_searched_by_code_point_and_counted_in_characters() {
        check_texts(Concat, "ä", "b", "'äb'");
        check_texts(Contains, "Drucker", "uck", "true");
        check_texts(Contains, "Drucker", "UCK", "false");
        check_texts(StartsWith, "Drucker", "Dr", "true");
        check_texts(EndsWith, "Drucker", "er", "true");
        check_texts(EndsWith, "Drucker", "", "true");
        check_texts(IndexOf, "äöü", "ü", "2");
        check_texts(IndexOf, "äöü", "x", "-1");
        check(Length, &["äö😀".into()], "3");
        check(ToLower, &["ÄB".into()], "'äb'");
        check(ToUpper, &["straße".into()], "'STRASSE'");
        check(Trim, &["\u{a0} x\t".into()], "'x'");
    }

    #[test]
    fn concat_makes_nothing_of_more_than_a_mebibyte() {
        let half = Value::text(&"x".repeat(TEXT_BYTES_MAX / 2));
        let source = source();
        let join = |a: &Value, b: &Value| call(Concat, &[a.clone(), b.clone()], &context(&source));
        let whole = join(&half, &half).unwrap();
        assert_eq!(whole.as_text().map(str::len), Some(TEXT_BYTES_MAX));
        let refused = join(&whole, &"x".into()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "concat passes the limit 'query_text_bytes_max' of 1048576"
        );
        let many = Value::List(vec![half; 2].into());
        assert_eq!(join(&many, &texts(&[])).unwrap_err().code(), "LimitExceeded");
    }

    #[test]
    fn substring_counts_characters_and_gives_what_there_is() {
        let cut = |start: i64, want| check(Substring, &["äbcd".into(), start.into()], want);
        cut(0, "'äbcd'");
        cut(1, "'bcd'");
        cut(4, "''");
        cut(i64::MAX, "''");
        cut(-2, "'cd'");
        cut(-9, "'äbcd'");
        cut(i64::MIN, "'äbcd'");
        let take = |start: i64, length: i64, want| {
            check(Substring, &["äbcd".into(), start.into(), length.into()], want);
        };
        take(0, 1, "'ä'");
        take(1, 99, "'bcd'");
        take(-3, 2, "'bc'");
        take(0, 0, "''");
        take(0, -1, "$filter: substring takes a length of 0 or more, not -1");
        check(Substring, &[texts(&["a", "b", "c"]), 1.into(), 1.into()], "['b']");
    }

    #[test]
    fn collections_are_searched_item_by_item() {
        check_lists(Concat, &[1], &[2, 3], "[1,2,3]");
        check_lists(Contains, &[1, 2, 3], &[2, 3], "true");
        check_lists(Contains, &[1, 2, 3], &[1, 3], "false");
        check_lists(StartsWith, &[1, 2], &[1], "true");
        check_lists(EndsWith, &[1, 2], &[1], "false");
        check_lists(EndsWith, &[1], &[1, 1], "false");
        check_lists(IndexOf, &[1, 2, 3], &[3], "2");
        check_lists(IndexOf, &[1], &[], "0");
        check(Length, &[numbers(&[1, 2])], "2");
        for (a, b, subset, subsequence) in [
            (&[4, 1, 3][..], &[4, 1, 3][..], "true", "true"),
            (&[4, 1, 3], &[1, 3, 4], "true", "false"),
            (&[4, 1, 3], &[3, 1], "true", "false"),
            (&[4, 1, 3], &[4, 3], "true", "true"),
            (&[4, 1, 3, 1], &[1, 1], "true", "true"),
            (&[1, 2], &[1, 1, 2], "false", "false"),
            (&[1], &[], "true", "true"),
        ] {
            check_lists(HasSubset, a, b, subset);
            check_lists(HasSubsequence, a, b, subsequence);
        }
    }

    #[test]
    fn long_lists_are_given_up_at_the_deadline() {
        let source = source();
        let passed = Some(std::time::Instant::now());
        let ctx = Context { deadline: passed, ..context(&source) };
        let list = || numbers(&[1; 1_000]);
        for function in [HasSubset, Contains, IndexOf] {
            let error = call(function, &[list(), list()], &ctx).unwrap_err();
            assert_eq!(error.code(), "Overloaded", "{function:?}");
        }
    }

    #[test]
    fn rounding_goes_away_from_zero_at_halves() {
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        for (text, ceiling, floor, round) in [
            ("0.5", "1", "0", "1"),
            ("-0.5", "0", "-1", "-1"),
            ("2.5", "3", "2", "3"),
            ("1.2", "2", "1", "1"),
        ] {
            check(Ceiling, &[decimal(text)], ceiling);
            check(Floor, &[decimal(text)], floor);
            check(Round, &[decimal(text)], round);
        }
        check(Round, &[Value::Double(-2.5)], "-3.0");
        check(Ceiling, &[Value::Double(1.2)], "2.0");
        check(Floor, &[Value::Double(f64::INFINITY)], "INF");
        check(Round, &[7.into()], "7");
    }

    #[test]
    fn a_null_argument_or_one_of_a_wrong_type_gives_null() {
        check(Contains, &[Value::Null, "x".into()], "null");
        check(Contains, &["x".into(), Value::Null], "null");
        check(Contains, &["x".into(), 1.into()], "null");
        check(Length, &[1.into()], "null");
        check(Substring, &["x".into(), Value::Null], "null");
        check(Round, &["x".into()], "null");
        check(Now, &[1.into()], "null");
    }
}
