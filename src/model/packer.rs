//! Records taken apart and put together again byte for byte, for whoever keeps their parts.
//!
//! Layout as in `record`. What is read here is read only where packing it again gives the same bytes.

use super::{
    record::{FORMAT, Reader, Record, TextRef, push_signed, push_varint, value},
    schema::StructId,
    types::Type,
    value::Value,
};

/// Records in the making, one after the other; properties must come with ascending numbers.
#[derive(Debug)]
pub struct Packer {
    bytes: Vec<u8>,
    /// What every record of the type begins with.
    head: usize,
}

impl Packer {
    /// A record of that type without properties yet.
    #[must_use]
    pub fn new(type_id: StructId) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.push(FORMAT);
        push_varint(&mut bytes, u64::from(type_id.0));
        Self { head: bytes.len(), bytes }
    }

    /// Begins with the next record, which is of the same type.
    pub fn clear(&mut self) {
        self.bytes.truncate(self.head);
    }

    /// A property kept as a number: integers, enumerations, instants, dates, times, durations.
    pub fn number(&mut self, tag: u16, number: i64) {
        push_varint(&mut self.bytes, u64::from(tag));
        push_varint(&mut self.bytes, number_len(number) as u64);
        push_signed(&mut self.bytes, number);
    }

    /// A property kept as it is: texts, binaries, Booleans, Guids, everything else.
    pub fn bytes(&mut self, tag: u16, payload: &[u8]) {
        push_varint(&mut self.bytes, u64::from(tag));
        push_varint(&mut self.bytes, payload.len() as u64);
        self.bytes.extend_from_slice(payload);
    }

    /// A reference to a long text.
    pub fn text_ref(&mut self, tag: u16, text: &TextRef) {
        push_varint(&mut self.bytes, u64::from(tag));
        push_varint(&mut self.bytes, ref_len(text) as u64);
        push_varint(&mut self.bytes, text.seq);
        push_varint(&mut self.bytes, text.bytes);
        self.bytes.extend_from_slice(&text.digest);
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> Record {
        Record::of(&self.bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The number of a payload, if packing it again gives the same bytes.
#[must_use]
pub fn number_of(payload: &[u8]) -> Option<i64> {
    let number = Reader(payload).signed()?;
    (number_len(number) == payload.len()).then_some(number)
}

/// The reference in a payload, if packing it again gives the same bytes.
#[must_use]
pub fn text_ref_of(payload: &[u8]) -> Option<TextRef> {
    let mut part = Reader(payload);
    let text = TextRef { seq: part.varint()?, bytes: part.varint()?, digest: part.array()? };
    (ref_len(&text) == payload.len()).then_some(text)
}

/// The value a payload stands for; null where it is none of that type.
#[must_use]
pub fn value_of(payload: &[u8], ty: &Type) -> Value {
    value(payload, ty).unwrap_or(Value::Null)
}

/// The payload of a value.
#[must_use]
pub fn payload_of(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    super::record::push_value(&mut bytes, value);
    bytes
}

fn number_len(number: i64) -> usize {
    varint_len(((number << 1) ^ (number >> 63)).cast_unsigned())
}

fn ref_len(text: &TextRef) -> usize {
    varint_len(text.seq) + varint_len(text.bytes) + text.digest.len()
}

fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

/// The numbers and payloads of a record; `None` once they are not as [`Packer`] writes them.
#[derive(Debug)]
pub struct Parts<'a> {
    rest: Reader<'a>,
    last_tag: u64,
    is_sound: bool,
}

impl<'a> Parts<'a> {
    /// Those of `record`.
    #[must_use]
    pub fn of(record: &'a Record) -> Self {
        let mut rest = Reader(record.as_bytes());
        let length = rest.0.len();
        let type_id = rest.byte().and_then(|_| rest.varint());
        let is_sound = type_id.is_some_and(|id| length - rest.0.len() == 1 + varint_len(id));
        Self { rest, last_tag: 0, is_sound }
    }

    /// Whether everything so far comes out the same when it is packed again.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.is_sound
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.rest.0.len();
        if before == 0 {
            return None;
        }
        let Some((tag, payload)) = self.rest.part() else {
            self.is_sound = false;
            self.rest = Reader(&[]);
            return None;
        };
        let payload = payload.0;
        let length = varint_len(tag) + varint_len(payload.len() as u64) + payload.len();
        self.is_sound &= tag > self.last_tag && before - self.rest.0.len() == length;
        self.last_tag = tag;
        Some((tag, payload))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_taken_apart_is_packed_again_byte_for_byte(
            number: i64, text: String, seq: u64, bytes: u64, digest: [u8; 16],
        ) {
            let text_ref = TextRef { seq, bytes, digest };
            let mut packer = Packer::new(StructId(300));
            packer.number(3, number);
            packer.bytes(4, text.as_bytes());
            packer.text_ref(900, &text_ref);
            let record = packer.record();
            packer.clear();
            prop_assert_eq!(packer.record(), Packer::new(StructId(300)).record());
            prop_assert_eq!(record.type_id(), StructId(300));
            let mut parts = Parts::of(&record);
            let found: Vec<_> = parts.by_ref().collect();
            prop_assert!(parts.is_sound());
            prop_assert_eq!(number_of(found[0].1), Some(number));
            prop_assert_eq!(found[1], (4, text.as_bytes()));
            prop_assert_eq!(text_ref_of(found[2].1), Some(text_ref));
        }
    }

    #[test]
    fn what_would_come_out_otherwise_is_told() {
        assert_eq!(number_of(&[0x80, 0x00]), None);
        assert_eq!(number_of(&[2, 2]), None);
        assert_eq!(number_of(&[]), None);
        let sound = |bytes: &[u8]| {
            let record = Record::from_bytes(bytes).unwrap();
            let mut parts = Parts::of(&record);
            parts.by_ref().for_each(drop);
            parts.is_sound()
        };
        assert!(sound(&[FORMAT, 7, 1, 1, 9, 2, 0]));
        assert!(!sound(&[FORMAT, 7, 2, 1, 9, 1, 0]), "numbers descend");
        assert!(!sound(&[FORMAT, 7, 0x81, 0, 1, 9]), "a long form of a number");
        assert!(!sound(&[FORMAT, 0x87, 0, 1, 1, 9]), "a long form of the type");
    }
}
