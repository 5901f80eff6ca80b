//! `cast` and `isof` on values.
//!
//! Source: OData 4.01 Part 2, 5.1.1.10.

use super::{
    arithmetic::{to_decimal, to_integer},
    clock::{day_of, time_of},
    compare::to_double,
    literal,
};
use crate::{
    model::{EnumId, EnumType, Model, Primitive, Type, Value},
    time::{MICROS_PER_DAY, Timestamp},
};

/// `value` in the type `to`; null where it cannot be had in that type.
///
/// `from` is the value's own type if it is an enumeration.
pub(super) fn cast(value: &Value, to: &Type, from: Option<EnumId>, model: &Model) -> Value {
    let result = match to {
        Type::Collection(item) => return cast_items(value, item, from, model),
        Type::Complex(_) => is_of(value, to, model).is_true().then(|| value.clone()),
        Type::Enum(id) => to_enum(value, enumeration(model, *id)).map(Value::Enum),
        Type::Primitive(Primitive::String) => {
            let from = from.and_then(|id| enumeration(model, id));
            literal::to_text(value, from).map(|text| Value::text(&text))
        }
        Type::Primitive(primitive) => match value {
            Value::Text(text) => literal::from_text(text, *primitive),
            _ => to_primitive(value, *primitive),
        },
    };
    result.unwrap_or(Value::Null)
}

/// Item by item; if one fails, all do.
fn cast_items(value: &Value, to: &Type, from: Option<EnumId>, model: &Model) -> Value {
    let Value::List(items) = value else { return Value::Null };
    let cast: Vec<Value> = items.iter().map(|item| cast(item, to, from, model)).collect();
    let has_failed =
        cast.iter().zip(items.iter()).any(|(new, old)| new.is_null() && !old.is_null());
    if has_failed { Value::Null } else { Value::List(cast.into()) }
}

fn enumeration(model: &Model, id: EnumId) -> Option<&EnumType> {
    model.enums.get(usize::from(id.0))
}

fn to_enum(value: &Value, ty: Option<&EnumType>) -> Option<i64> {
    let ty = ty?;
    match value {
        Value::Enum(number) | Value::Int(number) => {
            literal::has_number(*number, ty).then_some(*number)
        }
        Value::Text(text) => literal::enum_number(text, ty),
        _ => None,
    }
}

fn to_primitive(value: &Value, to: Primitive) -> Option<Value> {
    if let Some((least, greatest)) = to.integer_range() {
        let number = if let Value::Enum(number) = value { *number } else { to_integer(value)? };
        return (least..=greatest).contains(&number).then_some(Value::Int(number));
    }
    match (to, value) {
        (Primitive::Decimal, Value::Double(number)) => {
            // The shortest digits that read back as that double, as they would be written.
            literal::decimal(&format!("{number:e}")).map(Value::Decimal)
        }
        (Primitive::Decimal, _) => to_decimal(value).map(Value::Decimal),
        (Primitive::Double, _) => to_double(value).map(Value::Double),
        (Primitive::Single, _) => to_double(value).and_then(literal::single).map(Value::Double),
        (Primitive::Date, Value::Instant(at)) => Some(Value::Date(day_of(*at))),
        (Primitive::TimeOfDay, Value::Instant(at)) => Some(Value::TimeOfDay(time_of(*at))),
        (Primitive::DateTimeOffset, Value::Date(date)) => i64::from(date.days())
            .checked_mul(MICROS_PER_DAY)
            .map(|micros| Value::Instant(Timestamp::from_micros(micros))),
        _ => is_primitive(value, to).then(|| value.clone()),
    }
}

/// Whether a value is of a type as it stands; null for null. An integer is of every integer type
/// that holds it, as values do not know their declared width.
pub(super) fn is_of(value: &Value, of: &Type, model: &Model) -> Value {
    let is_of_type = match (value, of) {
        (Value::Null, _) => return Value::Null,
        (Value::List(items), Type::Collection(item)) => {
            items.iter().all(|value| value.is_null() || is_of(value, item, model).is_true())
        }
        (Value::Complex(complex), Type::Complex(ancestor)) => {
            model.is_a(complex.type_id, *ancestor)
        }
        (Value::Enum(number), Type::Enum(id)) => {
            enumeration(model, *id).is_some_and(|ty| literal::has_number(*number, ty))
        }
        (_, Type::Primitive(primitive)) => is_primitive(value, *primitive),
        (_, Type::Collection(_) | Type::Complex(_) | Type::Enum(_)) => false,
    };
    Value::Bool(is_of_type)
}

fn is_primitive(value: &Value, of: Primitive) -> bool {
    match of {
        Primitive::Binary => matches!(value, Value::Binary(_)),
        Primitive::Boolean => matches!(value, Value::Bool(_)),
        Primitive::Byte
        | Primitive::SByte
        | Primitive::Int16
        | Primitive::Int32
        | Primitive::Int64 => {
            let number = value.as_int().zip(of.integer_range());
            number.is_some_and(|(number, (least, greatest))| (least..=greatest).contains(&number))
        }
        Primitive::Date => matches!(value, Value::Date(_)),
        Primitive::DateTimeOffset => matches!(value, Value::Instant(_)),
        Primitive::Decimal => matches!(value, Value::Decimal(_)),
        Primitive::Double | Primitive::Single => matches!(value, Value::Double(_)),
        Primitive::Duration => matches!(value, Value::Duration(_)),
        Primitive::Guid => matches!(value, Value::Guid(_)),
        Primitive::String => matches!(value, Value::Text(_)),
        Primitive::TimeOfDay => matches!(value, Value::TimeOfDay(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::fixture::{COLOURS, PLACE, SITE, SIZE, at, model, place, show, texts};

    #[track_caller]
    fn check(value: impl Into<Value>, to: Primitive, want: &str) {
        check_type(value, &Type::Primitive(to), want);
    }

    #[track_caller]
    fn check_type(value: impl Into<Value>, to: &Type, want: &str) {
        assert_eq!(show(&Ok(cast(&value.into(), to, Some(COLOURS), &model()))), want);
    }

    fn decimal(text: &str) -> Value {
        Value::Decimal(text.parse().unwrap())
    }

    #[test]
    fn everything_primitive_has_a_text() {
        let cases = [
            (Value::Bool(true), "'true'"),
            (Value::Int(-7), "'-7'"),
            (decimal("1.50"), "'1.50'"),
            (Value::Double(0.1), "'0.1'"),
            (Value::Double(f64::NEG_INFINITY), "'-INF'"),
            (Value::text("x"), "'x'"),
            (at("2026-01-01T00:00:00Z"), "'2026-01-01T00:00:00Z'"),
            (Value::Duration(60_000_000), "'PT1M'"),
            (Value::Binary([255, 1].into()), "'_wE='"),
            (Value::Enum(3), "'Red,Green'"),
            (Value::Null, "null"),
            (texts(&["a"]), "null"),
        ];
        for (value, want) in cases {
            check(value, Primitive::String, want);
        }
    }

    #[test]
    fn texts_are_read_where_they_stand_for_a_value() {
        check("true", Primitive::Boolean, "true");
        check("True", Primitive::Boolean, "null");
        check("-128", Primitive::SByte, "-128");
        check("128", Primitive::SByte, "null");
        check("1.5", Primitive::Int32, "null");
        check("1.50", Primitive::Decimal, "1.50");
        check("1e3", Primitive::Decimal, "1000");
        check("INF", Primitive::Double, "INF");
        check("infinity", Primitive::Double, "null");
        check("0.1", Primitive::Single, "0.10000000149011612");
        check("2026-01-01", Primitive::Date, "2026-01-01");
        check("2026-02-30", Primitive::Date, "null");
        check("2026-01-01T05:00:00+05:00", Primitive::DateTimeOffset, "2026-01-01T00:00:00Z");
        check("2026-01-01T05:00:00", Primitive::DateTimeOffset, "2026-01-01T05:00:00Z");
        check("05:00", Primitive::TimeOfDay, "05:00:00");
        check("P1D", Primitive::Duration, "P1D");
        check("_wE", Primitive::Binary, "_wE=");
        check(
            "00000000-0000-0000-0000-000000000007",
            Primitive::Guid,
            "00000000-0000-0000-0000-000000000007",
        );
        check("00000000000000000000000000000007", Primitive::Guid, "null");
    }

    #[test]
    fn numbers_are_rounded_and_refused_out_of_range() {
        check(300, Primitive::Byte, "null");
        check(255, Primitive::Byte, "255");
        check(decimal("2.5"), Primitive::Int32, "3");
        check(Value::Double(-2.5), Primitive::Int32, "-3");
        check(Value::Double(1e300), Primitive::Int64, "null");
        check(Value::Double(9.3e18), Primitive::Int64, "null");
        check(Value::Double(f64::NAN), Primitive::Int64, "null");
        check(7, Primitive::Decimal, "7");
        check(7, Primitive::Double, "7.0");
        check(decimal("0.1"), Primitive::Double, "0.1");
        check(Value::Double(0.1), Primitive::Decimal, "0.1");
        check(Value::Double(1e300), Primitive::Decimal, "null");
        check(Value::Double(f64::NAN), Primitive::Decimal, "null");
        check(Value::Double(1e300), Primitive::Single, "null");
        check(Value::Double(f64::INFINITY), Primitive::Single, "INF");
    }

    #[test]
    fn time_casts_to_its_parts_and_nothing_casts_to_what_it_is_not() {
        let instant = at("2026-01-01T05:00:00.5Z");
        check(instant.clone(), Primitive::Date, "2026-01-01");
        check(instant.clone(), Primitive::TimeOfDay, "05:00:00.5");
        check(instant.clone(), Primitive::DateTimeOffset, "2026-01-01T05:00:00.5Z");
        check(
            Value::Date("2026-01-01".parse().unwrap()),
            Primitive::DateTimeOffset,
            "2026-01-01T00:00:00Z",
        );
        check(instant, Primitive::Int64, "null");
        check(true, Primitive::Int32, "null");
        check(1, Primitive::Boolean, "null");
        check(1, Primitive::Guid, "null");
    }

    #[test]
    fn enumerations_cast_by_number_and_by_name() {
        let (colours, size) = (Type::Enum(COLOURS), Type::Enum(SIZE));
        check(Value::Enum(5), Primitive::Int32, "5");
        check(Value::Enum(500), Primitive::Byte, "null");
        check_type(3, &size, "3");
        check_type(2, &size, "null");
        check_type(8, &colours, "8");
        check_type("Large", &size, "3");
        check_type("Red,Blue", &colours, "5");
        check_type("Huge", &size, "null");
        check_type(1.5.to_string().as_str(), &size, "null");
    }

    #[test]
    fn complex_values_and_collections_keep_to_their_types() {
        let model = model();
        let (city, site) = (place(PLACE, &["x".into()]), place(SITE, &["x".into()]));
        let to_site = Type::Complex(SITE);
        assert_eq!(cast(&site, &Type::Complex(PLACE), None, &model), site);
        assert_eq!(cast(&city, &to_site, None, &model), Value::Null);
        let numbers = Type::Collection(Box::new(Type::Primitive(Primitive::Int32)));
        check_type(texts(&["1", "2"]), &numbers, "[1,2]");
        check_type(texts(&["1", "x"]), &numbers, "null");
        check_type(Value::List([Value::Null].into()), &numbers, "[null]");
        check_type(1, &numbers, "null");
    }

    #[test]
    fn isof_tells_the_type_a_value_has_as_it_stands() {
        let check = |value: Value, of: Type, want: &str| {
            assert_eq!(show(&Ok(is_of(&value, &of, &model()))), want, "{value:?} {of:?}");
        };
        let site = place(SITE, &[]);
        check(site.clone(), Type::Complex(PLACE), "true");
        check(place(PLACE, &[]), Type::Complex(SITE), "false");
        check(site, Type::Primitive(Primitive::String), "false");
        check(Value::Int(300), Type::Primitive(Primitive::Byte), "false");
        check(Value::Int(300), Type::Primitive(Primitive::Int16), "true");
        check(Value::Int(300), Type::Primitive(Primitive::Decimal), "false");
        check("7".into(), Type::Primitive(Primitive::Int64), "false");
        check(Value::Enum(1), Type::Enum(SIZE), "true");
        check(Value::Null, Type::Primitive(Primitive::String), "null");
        let list = Type::Collection(Box::new(Type::Primitive(Primitive::String)));
        check(texts(&["a"]), list.clone(), "true");
        check(Value::List([1.into()].into()), list, "false");
    }
}
