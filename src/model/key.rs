//! Keys in the order the store keeps them.

use std::sync::Arc;

use super::value::Value;

/// The greatest id: what every client's number type can hold.
pub const ID_MAX: i64 = (1 << 53) - 1;

/// An entity's key, ordered by its values; one integer takes no memory of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// One integer.
    Int(i64),
    /// Anything else, in bytes that sort as the values do.
    Bytes(Arc<[u8]>),
}

impl Key {
    /// The key made of `values` in key order.
    #[must_use]
    pub fn new(values: &[Value]) -> Self {
        if let [Value::Int(id)] = values {
            return Self::Int(*id);
        }
        let mut bytes = Vec::new();
        for value in values {
            push(&mut bytes, value);
        }
        Self::Bytes(bytes.into())
    }

    /// The integer, where the key is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(id) => Some(*id),
            Self::Bytes(_) => None,
        }
    }

    /// The first of its values, where that is an integer; what kind its values are, the model tells.
    #[must_use]
    pub fn leading_int(&self) -> Option<i64> {
        match self {
            Self::Int(id) => Some(*id),
            Self::Bytes(bytes) => match bytes.split_first_chunk::<9>()?.0 {
                [1, number @ ..] => Some(unordered(*number)),
                _ => None,
            },
        }
    }

    /// As stored: integers as 8 bytes, big-endian, sign bit turned.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Int(id) => ordered(*id).to_vec(),
            Self::Bytes(bytes) => bytes.to_vec(),
        }
    }

    /// The inverse of [`Key::to_bytes`]; `is_int` tells which kind the entity set has.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], is_int: bool) -> Option<Self> {
        if !is_int {
            return Some(Self::Bytes(bytes.into()));
        }
        let eight: [u8; 8] = bytes.try_into().ok()?;
        Some(Self::Int(unordered(eight)))
    }
}

/// Bytes that sort as the value does among values of its type. Null sorts first.
#[must_use]
pub fn sortable(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(&mut bytes, value);
    bytes
}

fn ordered(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn unordered(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed()
}

/// Text and binary end with 00 00 and write 00 as 00 FF, so that a prefix sorts first.
fn push_terminated(bytes: &mut Vec<u8>, content: &[u8]) {
    for byte in content {
        bytes.push(*byte);
        if *byte == 0 {
            bytes.push(0xFF);
        }
    }
    bytes.extend([0, 0]);
}

fn push(bytes: &mut Vec<u8>, value: &Value) {
    if value.is_null() {
        bytes.push(0);
        return;
    }
    bytes.push(1);
    match value {
        Value::Null => {}
        Value::Bool(flag) => bytes.push(u8::from(*flag)),
        Value::Int(number) | Value::Duration(number) | Value::Enum(number) => {
            bytes.extend(ordered(*number));
        }
        Value::Decimal(number) => push_terminated(bytes, number.normalize().to_string().as_bytes()),
        Value::Double(number) => {
            let bits = number.to_bits();
            let sortable = if bits >> 63 == 1 { !bits } else { bits ^ (1 << 63) };
            bytes.extend(sortable.to_be_bytes());
        }
        Value::Text(text) => push_terminated(bytes, text.as_bytes()),
        Value::Guid(guid) => bytes.extend(guid.as_bytes()),
        Value::Instant(at) => bytes.extend(ordered(at.micros())),
        Value::Date(date) => bytes.extend(ordered(i64::from(date.days()))),
        Value::TimeOfDay(time) => bytes.extend(ordered(time.micros())),
        Value::Binary(content) => push_terminated(bytes, content),
        Value::Complex(complex) => complex.values.iter().for_each(|value| push(bytes, value)),
        Value::List(items) => items.iter().for_each(|value| push(bytes, value)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn integers_sort_as_bytes_and_come_back(a: i64, b: i64) {
            let (ka, kb) = (Key::new(&[Value::Int(a)]), Key::new(&[Value::Int(b)]));
            prop_assert_eq!(ka.to_bytes().cmp(&kb.to_bytes()), a.cmp(&b));
            prop_assert_eq!(Key::from_bytes(&ka.to_bytes(), true), Some(ka));
        }

        #[test]
        fn the_first_integer_of_a_key_can_be_read(n: i64, text: String) {
            let of = |values: &[Value]| Key::new(values).leading_int();
            prop_assert_eq!(of(&[n.into()]), Some(n));
            prop_assert_eq!(of(&[n.into(), Value::text(&text)]), Some(n));
            prop_assert_eq!(of(&[Value::Null, n.into()]), None);
            prop_assert_eq!(of(&[]), None);
        }

        #[test]
        fn texts_sort_by_code_point_also_before_another_part(a: String, b: String, n: i64) {
            let key = |text: &str| Key::new(&[Value::text(text), Value::Int(n)]).to_bytes();
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }

        #[test]
        fn doubles_sort_as_bytes(a: f64, b: f64) {
            let (x, y) = (sortable(&Value::Double(a)), sortable(&Value::Double(b)));
            prop_assert_eq!(x.cmp(&y), a.total_cmp(&b));
        }
    }
}
