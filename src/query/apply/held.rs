//! What a stage may hold: so many things, and so many bytes of them.

use super::Item;
use crate::{error::Error, model::Value};

/// Bytes of entities and values that one stage holds at most: a few hundred thousand entities. The
/// number of things alone would let long texts take all memory there is.
const BYTES_MAX: u64 = 256 << 20;

/// Name of the limit on bytes, as errors give it.
const BYTES: &str = "query_groups_bytes_max";

/// What one stage holds.
pub(crate) struct Held {
    left: u64,
    max: u64,
    bytes: u64,
}

impl Held {
    /// Nothing held yet, and that much at most.
    pub(crate) fn new(max: u64) -> Self {
        Self { left: max, max, bytes: 0 }
    }

    /// Holds one thing more.
    pub(crate) fn more(&mut self) -> Result<(), Error> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(refused(super::GROUPS_MAX, self.max)),
        }
    }

    /// Holds these bytes, too.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= BYTES_MAX { Ok(()) } else { Err(refused(BYTES, BYTES_MAX)) }
    }

    /// Lets these bytes go.
    pub(super) fn give(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Holds one item more.
    pub(super) fn item(&mut self, item: &Item) -> Result<(), Error> {
        self.more()?;
        self.take(item_bytes(item))
    }
}

fn refused(limit: &'static str, max: u64) -> Error {
    Error::LimitExceeded { limit, max, target: "$apply".to_owned() }
}

/// What an item takes; what it shares with others counts for each.
pub(super) fn item_bytes(item: &Item) -> u64 {
    let own = size_of::<Item>() as u64;
    own + match item {
        Item::Row(row) => row.record.as_bytes().len() as u64,
        Item::Tuple(values) => values.iter().map(value_bytes).sum(),
    }
}

/// What a value takes.
pub(super) fn value_bytes(value: &Value) -> u64 {
    let own = size_of::<Value>() as u64;
    own + match value {
        Value::Text(text) => text.len() as u64,
        Value::Binary(bytes) => bytes.len() as u64,
        Value::List(items) => items.iter().map(value_bytes).sum(),
        Value::Complex(complex) => complex.values.iter().map(value_bytes).sum(),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::Guid(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::TimeOfDay(_)
        | Value::Duration(_)
        | Value::Enum(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_refused_by_their_bytes_and_room_comes_back() {
        let text = Item::Tuple(vec![Value::text(&"x".repeat(1 << 20))]);
        let mut held = Held::new(1000);
        for _ in 0..255 {
            held.item(&text).unwrap();
        }
        let error = held.item(&text).unwrap_err().to_string();
        assert_eq!(error, "$apply passes the limit 'query_groups_bytes_max' of 268435456");
        held.give(item_bytes(&text));
        held.give(item_bytes(&text));
        held.item(&text).unwrap();
    }
}
