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
    time::Timestamp,
};

const MICROS_PER_DAY: i64 = 86_400_000_000;

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
