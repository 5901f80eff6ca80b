//! `eq`, `gt` and the order of sorted rows. Knows values only.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::model::Value;

/// The `eq` of a query: null equals null, numbers are promoted, `NaN` equals nothing.
///
/// Source: OData 4.01 Part 2, 5.1.1.1.1 and 5.1.1.14.
#[must_use]
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Complex(a), Value::Complex(b)) => {
            a.type_id == b.type_id && all_equal(&a.values, &b.values)
        }
        (Value::List(a), Value::List(b)) => all_equal(a, b),
        _ => compare(left, right) == Some(Ordering::Equal),
    }
}

fn all_equal(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(a, b)| equal(a, b))
}

/// How two values stand; `None` if either is null or `NaN`, or they cannot be compared.
#[must_use]
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b))
        | (Value::Duration(a), Value::Duration(b))
        | (Value::Enum(a), Value::Enum(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Decimal(b)) => Some(Decimal::from(*a).cmp(b)),
        (Value::Decimal(a), Value::Int(b)) => Some(a.cmp(&Decimal::from(*b))),
        (Value::Double(_), Value::Int(_) | Value::Decimal(_) | Value::Double(_))
        | (Value::Int(_) | Value::Decimal(_), Value::Double(_)) => {
            to_double(left)?.partial_cmp(&to_double(right)?)
        }
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Guid(a), Value::Guid(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::TimeOfDay(a), Value::TimeOfDay(b)) => Some(a.cmp(b)),
        (Value::Binary(a), Value::Binary(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// A number as the nearest double; `None` for what is not a number.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "promotion to Double takes the nearest")]
pub fn to_double(number: &Value) -> Option<f64> {
    match number {
        Value::Int(number) => Some(*number as f64),
        // By way of its digits: 0.1 must become the very double that `0.1` is read as.
        Value::Decimal(number) => number.to_string().parse().ok(),
        Value::Double(number) => Some(*number),
        _ => None,
    }
}

/// The order rows are sorted in: total, null first, then `NaN` last among numbers.
#[must_use]
pub fn sorting(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Double(a), Value::Double(b)) => total(*a).total_cmp(&total(*b)),
        (Value::List(a), Value::List(b)) => sorting_all(a, b),
        (Value::Complex(a), Value::Complex(b)) => {
            a.type_id.cmp(&b.type_id).then_with(|| sorting_all(&a.values, &b.values))
        }
        (Value::Int(_) | Value::Decimal(_) | Value::Double(_), _)
            if is_number(right) && kind(left) != kind(right) =>
        {
            // Two kinds of numbers compare as doubles and tie by kind, or the order would not be total.
            let (a, b) = (to_double(left).map(total), to_double(right).map(total));
            let by_size = a.zip(b).map_or(Ordering::Equal, |(a, b)| a.total_cmp(&b));
            by_size.then_with(|| kind(left).cmp(&kind(right)))
        }
        _ => compare(left, right).unwrap_or_else(|| kind(left).cmp(&kind(right))),
    }
}

fn sorting_all(left: &[Value], right: &[Value]) -> Ordering {
    let differing = left.iter().zip(right).map(|(a, b)| sorting(a, b)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// One zero and one `NaN`, as `total_cmp` knows several.
fn total(number: f64) -> f64 {
    if number.is_nan() { f64::NAN } else { number + 0.0 }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Decimal(_) | Value::Double(_))
}

/// Whether the two can stand in one sort key: alike, both numbers, or one of them null.
#[must_use]
pub fn is_alike(left: &Value, right: &Value) -> bool {
    let is_either_null = left.is_null() || right.is_null();
    is_either_null || kind(left) == kind(right) || (is_number(left) && is_number(right))
}

pub(super) fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) => 2,
        Value::Decimal(_) => 3,
        Value::Double(_) => 4,
        Value::Text(_) => 5,
        Value::Guid(_) => 6,
        Value::Instant(_) => 7,
        Value::Date(_) => 8,
        Value::TimeOfDay(_) => 9,
        Value::Duration(_) => 10,
        Value::Binary(_) => 11,
        Value::Enum(_) => 12,
        Value::Complex(_) => 13,
        Value::List(_) => 14,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::fixture::{PLACE, SITE, at, place, texts};

    fn decimal(text: &str) -> Value {
        Value::Decimal(text.parse().unwrap())
    }

    #[track_caller]
    fn check(left: impl Into<Value>, right: impl Into<Value>, want: Option<Ordering>) {
        let (left, right) = (left.into(), right.into());
        assert_eq!(compare(&left, &right), want, "{left:?} {right:?}");
        assert_eq!(compare(&right, &left), want.map(Ordering::reverse), "{right:?} {left:?}");
        let is_equal = want == Some(Ordering::Equal);
        assert_eq!((equal(&left, &right), equal(&right, &left)), (is_equal, is_equal));
    }

    #[test]
    fn values_of_a_kind_compare_and_numbers_are_promoted() {
        let (less, same) = (Some(Ordering::Less), Some(Ordering::Equal));
        check(false, true, less);
        check(1, 2, less);
        check(1, decimal("1.0"), same);
        check(decimal("1.50"), decimal("1.5"), same);
        check(1, Value::Double(1.5), less);
        check(decimal("0.1"), Value::Double(0.1), same);
        check(Value::Double(f64::NEG_INFINITY), i64::MIN, less);
        check(Value::Double(-0.0), Value::Double(0.0), same);
        check("Z", "a", less);
        check("z", "ä", less);
        check("\u{ffff}", "😀", less);
        check("a", "a ", less);
        check(at("2026-01-01T00:00:00Z"), at("2026-01-01T01:00:00+01:00"), same);
        check(Value::Duration(1), Value::Duration(2), less);
        check(Value::Enum(1), Value::Enum(1), same);
        check(Value::Binary([1].into()), Value::Binary([1, 0].into()), less);
    }

    #[test]
    fn null_nan_and_unlike_kinds_do_not_compare() {
        check(1, Value::Null, None);
        check(Value::Double(f64::NAN), Value::Double(f64::NAN), None);
        check(Value::Double(f64::NAN), 1, None);
        check(Value::Date("2026-01-01".parse().unwrap()), at("2026-01-01T00:00:00Z"), None);
        check("1", 1, None);
        check(Value::Enum(1), 1, None);
        check(Value::Duration(1), 1, None);
        check(true, 1, None);
    }

    #[test]
    fn structures_are_equal_member_by_member() {
        let parts = |city: Value| place(PLACE, &[city, 1.into()]);
        assert!(equal(&parts(Value::Null), &parts(Value::Null)));
        assert!(equal(&parts(1.into()), &parts(decimal("1.0"))));
        assert!(!equal(&parts("a".into()), &parts("b".into())));
        assert!(!equal(&place(PLACE, &[]), &place(SITE, &[])));
        assert!(equal(&texts(&["a", "b"]), &texts(&["a", "b"])));
        assert!(!equal(&texts(&["a", "b"]), &texts(&["b", "a"])));
        assert!(!equal(&texts(&["a"]), &texts(&["a", "a"])));
        assert!(equal(&Value::Null, &Value::Null));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            prop_oneof![any::<i64>(), -2..3_i64, Just((1 << 53) + 1), Just(1 << 53)]
                .prop_map(Value::Int),
            (any::<i64>(), 0..4_u32).prop_map(|(n, scale)| Value::Decimal(Decimal::new(n, scale))),
            prop_oneof![
                any::<f64>(),
                Just(f64::NAN),
                Just(-f64::NAN),
                Just(-0.0),
                Just(0.0),
                Just(9_007_199_254_740_992.0)
            ]
            .prop_map(Value::Double),
            "[ab]{0,2}".prop_map(|text| Value::text(&text)),
        ]
    }

    proptest! {
        #[test]
        fn sorting_is_total_and_null_comes_first(a in any_value(), b in any_value(), c in any_value()) {
            prop_assert_eq!(sorting(&a, &b), sorting(&b, &a).reverse());
            prop_assert_eq!(sorting(&a, &a), Ordering::Equal);
            if sorting(&a, &b).is_le() && sorting(&b, &c).is_le() {
                prop_assert!(sorting(&a, &c).is_le());
            }
            prop_assert!(sorting(&Value::Null, &a).is_le());
        }

        #[test]
        fn sorting_agrees_with_what_a_filter_finds_greater(a in any_value(), b in any_value()) {
            if let Some(order @ (Ordering::Less | Ordering::Greater)) = compare(&a, &b) {
                prop_assert_eq!(sorting(&a, &b), order);
            }
        }
    }
}
