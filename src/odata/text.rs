//! Single values as they stand in an address: in a key, as a literal, and back from its text.
//!
//! Source: OData 4.01 ABNF, `primitiveValue` and `primitiveLiteral`.

use super::literal;
use crate::{
    model::{EnumType, Model, Primitive, Type, Value},
    query::literal::{enum_number, from_text, has_number, to_text},
    time::Date,
};

/// The value of a primitive or enumeration type that `text` (without quotes) stands for.
#[must_use]
pub fn parse(text: &str, ty: &Type, model: &Model) -> Option<Value> {
    match ty {
        Type::Primitive(primitive) => parse_primitive(text, *primitive),
        Type::Enum(id) => parse_enum(text, &model.enums[usize::from(id.0)]),
        Type::Complex(_) | Type::Collection(_) => None,
    }
}

/// As [`parse`]; a bare date stands for the midnight in UTC it begins with.
#[must_use]
pub fn parse_primitive(text: &str, primitive: Primitive) -> Option<Value> {
    match primitive {
        Primitive::Boolean => from_text(&text.to_ascii_lowercase(), primitive),
        Primitive::DateTimeOffset => {
            let midnight = || Some(Value::Instant(text.parse::<Date>().ok()?.start_utc()));
            let instant = || Some(Value::Instant(text.parse().ok()?));
            instant().or_else(midnight)
        }
        // Many clients send the plain alphabet.
        Primitive::Binary => from_text(&text.replace('+', "-").replace('/', "_"), primitive),
        Primitive::Byte
        | Primitive::Date
        | Primitive::Decimal
        | Primitive::Double
        | Primitive::Duration
        | Primitive::Guid
        | Primitive::Int16
        | Primitive::Int32
        | Primitive::Int64
        | Primitive::SByte
        | Primitive::Single
        | Primitive::String
        | Primitive::TimeOfDay => from_text(text, primitive),
    }
}

/// A member, or members joined by commas for flags, by name (exactly, then ignoring case) or number.
#[must_use]
pub fn parse_enum(text: &str, declared: &EnumType) -> Option<Value> {
    let number = enum_number(text, declared).or_else(|| {
        let members = declared.members.iter();
        members.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, n)| *n)
    })?;
    has_number(number, declared).then_some(Value::Enum(number))
}

/// The text of a single value of type `ty`, without quotes; empty for null, complex, collections.
#[must_use]
pub fn print(value: &Value, ty: &Type, model: &Model) -> String {
    if let (Value::Double(number), Type::Primitive(Primitive::Single)) = (value, ty)
        && number.is_finite()
    {
        return print_single(*number);
    }
    let declared = match ty {
        Type::Enum(id) => model.enums.get(usize::from(id.0)),
        Type::Primitive(_) | Type::Complex(_) | Type::Collection(_) => None,
    };
    to_text(value, declared).unwrap_or_default()
}

#[allow(clippy::cast_possible_truncation)] // it was single before
fn print_single(number: f64) -> String {
    format!("{:?}", number as f32)
}

/// As a literal: `7`, `'O''Neil'`, `duration'PT1H'`; not percent-encoded.
#[must_use]
pub fn print_literal(value: &Value, ty: &Type, model: &Model) -> String {
    let text = print(value, ty, model);
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(_) => literal::quote(&text),
        Value::Duration(_) => format!("duration'{text}'"),
        Value::Binary(_) => format!("binary'{text}'"),
        Value::Enum(_) => match ty {
            Type::Enum(id) => {
                format!("{}.{}'{text}'", model.namespace, model.enums[usize::from(id.0)].name)
            }
            Type::Primitive(_) | Type::Complex(_) | Type::Collection(_) => text,
        },
        Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::Guid(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::TimeOfDay(_)
        | Value::Complex(_)
        | Value::List(_) => text,
    }
}

/// Escapes everything that is not unreserved or harmless within one segment or value of an address.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b','
                    | b':'
                    | b'@'
                    | b'='
            );
        if is_plain {
            encoded.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}
