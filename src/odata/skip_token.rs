//! `$skiptoken`: where the next page continues, opaque to clients and read strictly.
//!
//! Base64url of a JSON array of texts: how many entities are still wanted (empty: all), then a letter
//! and a text for each value of [`crate::query::Plan::after`].

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    error::Error,
    id::Guid,
    model::Value,
    time::{Date, TimeOfDay, Timestamp},
};

/// A place in an ordered collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// Behind which row: values of the order, then of the key.
    pub after: Vec<Value>,
    /// How many entities are still wanted, over all further pages.
    pub top: Option<u64>,
}

/// The text for a position.
#[must_use]
pub fn encode(position: &Position) -> String {
    let mut parts = vec![position.top.map_or_else(String::new, |top| top.to_string())];
    parts.extend(position.after.iter().map(part));
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::json!(parts).to_string())
}

/// The position of a text that [`encode`] made.
///
/// # Errors
/// `InvalidOption` for any other text.
pub fn decode(token: &str) -> Result<Position, Error> {
    read(token).filter(|position| encode(position) == token).ok_or_else(|| Error::InvalidOption {
        option: "$skiptoken".to_owned(),
        reason: "it is not one of ours; follow '@odata.nextLink' as it is".to_owned(),
    })
}

fn read(token: &str) -> Option<Position> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let parts: Vec<String> = serde_json::from_slice(&bytes).ok()?;
    let (top, values) = parts.split_first()?;
    let top = if top.is_empty() { None } else { Some(top.parse().ok()?) };
    let after = values.iter().map(|part| value(part)).collect::<Option<_>>()?;
    Some(Position { after, top })
}

fn part(value: &Value) -> String {
    match value {
        Value::Null => "n".to_owned(),
        Value::Bool(flag) => format!("b{flag}"),
        Value::Int(number) => format!("i{number}"),
        Value::Decimal(number) => format!("m{number}"),
        Value::Double(number) => format!("f{:x}", number.to_bits()),
        Value::Text(text) => format!("s{text}"),
        Value::Guid(guid) => format!("g{guid}"),
        Value::Instant(at) => format!("t{}", at.micros()),
        Value::Date(date) => format!("y{}", date.days()),
        Value::TimeOfDay(time) => format!("h{}", time.micros()),
        Value::Duration(micros) => format!("p{micros}"),
        Value::Binary(bytes) => format!("x{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)),
        Value::Enum(number) => format!("e{number}"),
        // Neither has an order, so no position holds one.
        Value::Complex(_) | Value::List(_) => "?".to_owned(),
    }
}

fn value(part: &str) -> Option<Value> {
    let kind = part.chars().next()?;
    let text = &part[kind.len_utf8()..];
    Some(match kind {
        'n' if text.is_empty() => Value::Null,
        'b' => Value::Bool(text.parse().ok()?),
        'i' => Value::Int(text.parse().ok()?),
        'm' => Value::Decimal(text.parse().ok()?),
        'f' => Value::Double(f64::from_bits(u64::from_str_radix(text, 16).ok()?)),
        's' => Value::text(text),
        'g' => Value::Guid(Guid::try_parse(text).ok()?),
        't' => Value::Instant(Timestamp::from_micros(text.parse().ok()?)),
        'y' => Value::Date(Date::from_days(text.parse().ok()?)),
        'h' => Value::TimeOfDay(TimeOfDay::from_micros(text.parse().ok()?)),
        'p' => Value::Duration(text.parse().ok()?),
        'x' => Value::Binary(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.into()),
        'e' => Value::Enum(text.parse().ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_whatever_its_values() {
        let after = vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Decimal("1.50".parse().unwrap()),
            Value::Double(-0.0),
            Value::Double(f64::NAN),
            Value::text("ü\"\u{0}"),
            Value::Guid(Guid::from_bytes([7; 16])),
            Value::Instant(Timestamp::MAX),
            Value::Date(Date::from_days(-1)),
            Value::TimeOfDay(TimeOfDay::from_micros(1)),
            Value::Duration(-5),
            Value::Binary([0, 255].into()),
            Value::Enum(3),
        ];
        for top in [None, Some(0), Some(u64::MAX)] {
            let position = Position { after: after.clone(), top };
            assert_eq!(decode(&encode(&position)), Ok(position));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let of = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
        for bad in [
            "",
            "x",
            "!!",
            &of("[]"),
            &of("{}"),
            &of("[1]"),
            &of(r#"["-1"]"#),
            &of(r#"["","i"]"#),
            &of(r#"["","i07"]"#),
            &of(r#"["","nx"]"#),
            &of(r#"["","?"]"#),
            &of(r#"["", "n"]"#),
            &format!("{}=", of(r#"["","n"]"#)),
            &of(r#"["","ü"]"#),
        ] {
            assert_eq!(decode(bad).unwrap_err().code(), "InvalidQueryOption", "{bad}");
        }
    }
}
