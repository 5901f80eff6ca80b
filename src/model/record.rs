//! An entity's stored properties as bytes: what the journal, the records and a snapshot hold.
//!
//! Layout (byte by byte in `docs/storage.md`): format 1, type, then for each property that is not
//! null its tag, its length and its payload, tags ascending. An unknown tag is skipped, so a record
//! written before a property existed, or after, is read all the same.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    key::Key,
    late::Bytes,
    opened::{Opened, TAGS},
    schema::{Model, Prop, Property, SetId, StructId, StructType},
    types::{Primitive, Type},
    value::{Complex, Value},
};
use crate::{
    id::Guid,
    time::{Date, TimeOfDay, Timestamp},
};

pub(super) const FORMAT: u8 = 1;

/// Where a long text is, and how to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextRef {
    /// Sequence number of the transaction that wrote it.
    pub seq: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// The first 8 bytes of the text's BLAKE3 and 8 of 0, in older records its first 16: a record vouches
    /// for its texts.
    pub digest: [u8; 16],
}

impl TextRef {
    /// The reference to `text` as written by transaction `seq`.
    #[must_use]
    pub fn to(text: &str, seq: u64) -> Self {
        let mut digest = [0; 16];
        digest[..8].copy_from_slice(&crate::hash::digest(text.as_bytes())[..8]);
        Self { seq, bytes: text.len() as u64, digest }
    }

    /// Whether `text` is what it refers to.
    #[must_use]
    pub fn vouches_for(&self, text: &str) -> bool {
        let whole = crate::hash::digest(text.as_bytes());
        let (first, rest) = self.digest.split_at(8);
        let is_rest = rest == [0; 8] || rest == &whole[8..16];
        self.bytes == text.len() as u64 && first == &whole[..8] && is_rest
    }
}

/// One entity's record. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(pub(super) Bytes);

/// A record together with the set it belongs to and the version it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The entity set.
    pub set: SetId,
    /// The entity's own type; the set's or derived from it.
    pub type_id: StructId,
    /// Sequence number of the transaction that wrote it; told as its entity tag.
    pub version: u64,
    /// Its stored properties.
    pub record: Record,
}

impl Row {
    /// The entity's key.
    #[must_use]
    pub fn key(&self, model: &Model) -> Key {
        let structure = model.structure(self.type_id);
        if let [only] = structure.key.as_slice() {
            return Key::new(&[self.record.get(structure, *only)]);
        }
        let values: Vec<Value> =
            structure.key.iter().map(|prop| self.record.get(structure, *prop)).collect();
        Key::new(&values)
    }
}

impl Record {
    /// Packs `values` (by property index; what is not stored is ignored) and references to long texts.
    #[must_use]
    pub fn pack(
        type_id: StructId,
        structure: &StructType,
        values: &[Value],
        texts: &[(Prop, TextRef)],
    ) -> Self {
        let mut parts: Vec<(u16, Vec<u8>)> = Vec::with_capacity(values.len());
        for (prop, property) in structure.props() {
            let Some(tag) = property.tag() else { continue };
            if property.is_long() {
                if let Some((_, text)) = texts.iter().find(|(at, _)| *at == prop) {
                    let mut payload = Vec::with_capacity(24);
                    push_varint(&mut payload, text.seq);
                    push_varint(&mut payload, text.bytes);
                    payload.extend(text.digest);
                    parts.push((tag, payload));
                }
            } else if let Some(value) = values.get(usize::from(prop.0)).filter(|v| !v.is_null()) {
                let mut payload = Vec::with_capacity(16);
                push_value(&mut payload, value);
                parts.push((tag, payload));
            }
        }
        parts.sort_by_key(|(tag, _)| *tag);
        let size = parts.iter().map(|(_, payload)| payload.len() + 4).sum::<usize>();
        let mut bytes = Vec::with_capacity(size + 4);
        bytes.push(FORMAT);
        push_varint(&mut bytes, u64::from(type_id.0));
        for (tag, payload) in parts {
            push_varint(&mut bytes, u64::from(tag));
            push_varint(&mut bytes, payload.len() as u64);
            bytes.extend(payload);
        }
        Self(bytes.into())
    }

    /// Takes bytes as read from storage.
    ///
    /// # Errors
    /// Says what is wrong with bytes that are not a record of this format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut reader = Reader(bytes);
        if reader.byte() != Some(FORMAT) {
            return Err("unknown record format");
        }
        reader.varint().ok_or("record without a type")?;
        while !reader.0.is_empty() {
            reader.part().ok_or("record ends inside a property")?;
        }
        Ok(Self(bytes.into()))
    }

    /// Bytes that were packed as a record.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The type it was packed as.
    #[must_use]
    pub fn type_id(&self) -> StructId {
        let id = Reader(&self.0[1..]).varint().unwrap_or(0);
        StructId(u16::try_from(id).unwrap_or(0))
    }

    /// A stored property; null where it is null, not stored, or a long text.
    #[must_use]
    pub fn get(&self, structure: &StructType, prop: Prop) -> Value {
        let property = structure.property_at(prop);
        let Some(tag) = property.tag().filter(|_| !property.is_long()) else { return Value::Null };
        self.payload(tag)
            .and_then(|mut part| read_value(&mut part, &property.ty))
            .unwrap_or(Value::Null)
    }

    /// The bytes of a stored text or binary, not copied; `None` where it is null.
    #[must_use]
    pub fn bytes(&self, structure: &StructType, prop: Prop) -> Option<&[u8]> {
        let property = structure.property_at(prop);
        let tag = property.tag().filter(|_| !property.is_long())?;
        self.payload(tag).map(|mut part| part.rest())
    }

    /// As [`Record::bytes`], as the text it is.
    #[must_use]
    pub fn text(&self, structure: &StructType, prop: Prop) -> Option<&str> {
        self.bytes(structure, prop).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The texts of a stored collection, not copied; what is no text is left out.
    pub fn texts(&self, structure: &StructType, prop: Prop) -> impl Iterator<Item = &str> {
        texts(self.bytes(structure, prop).unwrap_or_default())
    }

    /// All of it in one pass, for who reads many of its properties.
    #[must_use]
    pub fn open<'a>(&'a self, structure: &'a StructType) -> Opened<'a> {
        let mut parts = [None; TAGS];
        let mut reader = Reader(&self.0);
        let is_begun = reader.byte().is_some() && reader.varint().is_some();
        while is_begun && let Some((tag, part)) = reader.part() {
            if let Some(slot) = usize::try_from(tag).ok().and_then(|tag| parts.get_mut(tag)) {
                *slot = Some(part.0);
            }
        }
        Opened { record: self, structure, parts }
    }

    /// Where a long text is; `None` where it is null.
    #[must_use]
    pub fn text_ref(&self, structure: &StructType, prop: Prop) -> Option<TextRef> {
        let property = structure.property_at(prop);
        let tag = property.tag().filter(|_| property.is_long())?;
        let mut part = self.payload(tag)?;
        Some(TextRef { seq: part.varint()?, bytes: part.varint()?, digest: part.array()? })
    }

    /// All stored properties by property index; long texts are null here, see [`Record::text_ref`].
    #[must_use]
    pub fn unpack(&self, structure: &StructType) -> Vec<Value> {
        structure.props().map(|(prop, _)| self.get(structure, prop)).collect()
    }

    /// The number of a property that `structure` does not store: a later version wrote it.
    #[must_use]
    pub fn unknown_tag(&self, structure: &StructType) -> Option<u64> {
        let mut reader = Reader(&self.0);
        reader.byte()?;
        reader.varint()?;
        while !reader.0.is_empty() {
            let (found, _) = reader.part()?;
            let is_it =
                |property: &Property| property.tag().is_some_and(|tag| u64::from(tag) == found);
            if !structure.properties.iter().any(is_it) {
                return Some(found);
            }
        }
        None
    }

    pub(super) fn payload(&self, tag: u16) -> Option<Reader<'_>> {
        let mut reader = Reader(&self.0);
        reader.byte()?;
        reader.varint()?;
        while !reader.0.is_empty() {
            let (found, part) = reader.part()?;
            if found == u64::from(tag) {
                return Some(part);
            }
            if found > u64::from(tag) {
                return None;
            }
        }
        None
    }
}

/// Appends LEB128.
pub fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

pub(super) fn push_signed(bytes: &mut Vec<u8>, number: i64) {
    push_varint(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Every value says its own length or is the rest of its part; nulls inside collections are marked.
pub(super) fn push_value(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => bytes.push(u8::from(*flag)),
        Value::Int(number) | Value::Duration(number) | Value::Enum(number) => {
            push_signed(bytes, *number);
        }
        Value::Decimal(number) => bytes.extend(number.serialize()),
        Value::Double(number) => bytes.extend(number.to_le_bytes()),
        Value::Text(text) => bytes.extend(text.as_bytes()),
        Value::Guid(guid) => bytes.extend(guid.as_bytes()),
        Value::Instant(at) => push_signed(bytes, at.micros()),
        Value::Date(date) => push_signed(bytes, i64::from(date.days())),
        Value::TimeOfDay(time) => push_signed(bytes, time.micros()),
        Value::Binary(content) => bytes.extend(content.iter()),
        Value::Complex(complex) => {
            push_varint(bytes, u64::from(complex.type_id.0));
            push_list(bytes, &complex.values);
        }
        Value::List(items) => push_list(bytes, items),
    }
}

/// Items, each with its length plus one, its kind and its payload; a zero length is null.
fn push_list(bytes: &mut Vec<u8>, items: &[Value]) {
    for item in items {
        if item.is_null() {
            bytes.push(0);
        } else {
            let mut payload = vec![kind(item)];
            push_value(&mut payload, item);
            push_varint(bytes, payload.len() as u64 + 1);
            bytes.extend(payload);
        }
    }
}

/// One letter for the kind of a value inside a collection or complex value.
fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => b'0',
        Value::Bool(_) => b'b',
        Value::Int(_) => b'i',
        Value::Decimal(_) => b'm',
        Value::Double(_) => b'd',
        Value::Text(_) => b's',
        Value::Guid(_) => b'g',
        Value::Instant(_) => b't',
        Value::Date(_) => b'y',
        Value::TimeOfDay(_) => b'h',
        Value::Duration(_) => b'p',
        Value::Binary(_) => b'x',
        Value::Enum(_) => b'e',
        Value::Complex(_) => b'c',
        Value::List(_) => b'l',
    }
}

/// What is left to read.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N as u64)?.try_into().ok()
    }

    pub(super) fn part(&mut self) -> Option<(u64, Reader<'a>)> {
        let tag = self.varint()?;
        let length = self.varint()?;
        Some((tag, Reader(self.take(length)?)))
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// The texts of a stored collection.
pub(super) fn texts(collection: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = Reader(collection);
    std::iter::from_fn(move || {
        let length = if rest.0.is_empty() { None } else { rest.varint() }?;
        Some(if length == 0 { None } else { rest.take(length - 1) })
    })
    .filter_map(|item| std::str::from_utf8(item?.strip_prefix(b"s")?).ok())
}

/// A stored value of that type.
pub(super) fn value(payload: &[u8], ty: &Type) -> Option<Value> {
    read_value(&mut Reader(payload), ty)
}

fn read_value(part: &mut Reader<'_>, ty: &Type) -> Option<Value> {
    let kind = match ty {
        Type::Primitive(primitive) => match primitive {
            Primitive::Binary => b'x',
            Primitive::Boolean => b'b',
            Primitive::Byte
            | Primitive::SByte
            | Primitive::Int16
            | Primitive::Int32
            | Primitive::Int64 => b'i',
            Primitive::Date => b'y',
            Primitive::DateTimeOffset => b't',
            Primitive::Decimal => b'm',
            Primitive::Double | Primitive::Single => b'd',
            Primitive::Duration => b'p',
            Primitive::Guid => b'g',
            Primitive::String => b's',
            Primitive::TimeOfDay => b'h',
        },
        Type::Enum(_) => b'e',
        Type::Complex(_) => b'c',
        Type::Collection(_) => b'l',
    };
    read_kind(part, kind)
}

fn read_kind(part: &mut Reader<'_>, kind: u8) -> Option<Value> {
    Some(match kind {
        b'b' => Value::Bool(part.byte()? != 0),
        b'i' => Value::Int(part.signed()?),
        b'm' => Value::Decimal(Decimal::deserialize(part.array()?)),
        b'd' => Value::Double(f64::from_le_bytes(part.array()?)),
        b's' => Value::text(std::str::from_utf8(part.rest()).ok()?),
        b'g' => Value::Guid(Guid::from_bytes(part.array()?)),
        b't' => Value::Instant(Timestamp::from_micros(part.signed()?)),
        b'y' => Value::Date(Date::from_days(i32::try_from(part.signed()?).ok()?)),
        b'h' => Value::TimeOfDay(TimeOfDay::from_micros(part.signed()?)),
        b'p' => Value::Duration(part.signed()?),
        b'x' => Value::Binary(part.rest().into()),
        b'e' => Value::Enum(part.signed()?),
        b'c' => {
            let type_id = StructId(u16::try_from(part.varint()?).ok()?);
            Value::Complex(Arc::new(Complex { type_id, values: read_list(part)? }))
        }
        b'l' => Value::List(read_list(part)?.into()),
        _ => return None,
    })
}

fn read_list(part: &mut Reader<'_>) -> Option<Vec<Value>> {
    let mut items = Vec::new();
    while !part.0.is_empty() {
        let length = part.varint()?;
        if length == 0 {
            items.push(Value::Null);
        } else {
            let mut item = Reader(part.take(length - 1)?);
            let kind = item.byte()?;
            items.push(read_kind(&mut item, kind)?);
        }
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::declare::{long_text, stored_as};

    const KINDS: [Primitive; 16] = Primitive::ALL;

    fn structure() -> StructType {
        let mut properties: Vec<_> = (1u16..)
            .zip(KINDS)
            .map(|(tag, kind)| stored_as(tag, kind.name(), Type::Primitive(kind)))
            .collect();
        let texts = Type::Collection(Box::new(Type::Primitive(Primitive::String)));
        properties.push(stored_as(20, "Texts", texts));
        properties.push(stored_as(21, "Place", Type::Complex(StructId(3))));
        properties.push(stored_as(22, "Colour", Type::Enum(crate::model::EnumId(0))));
        properties.push(long_text(23, "Body"));
        StructType {
            name: "All",
            doc: "",
            base: None,
            key: vec![],
            properties,
            navigations: vec![],
        }
    }

    fn value(kind: Primitive) -> BoxedStrategy<Value> {
        let some = match kind {
            Primitive::Binary => any::<Vec<u8>>().prop_map(|b| Value::Binary(b.into())).boxed(),
            Primitive::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
            Primitive::Byte
            | Primitive::SByte
            | Primitive::Int16
            | Primitive::Int32
            | Primitive::Int64 => any::<i64>().prop_map(Value::Int).boxed(),
            Primitive::Date => any::<i32>().prop_map(|d| Value::Date(Date::from_days(d))).boxed(),
            Primitive::DateTimeOffset => {
                any::<i64>().prop_map(|m| Value::Instant(Timestamp::from_micros(m))).boxed()
            }
            Primitive::Decimal => (any::<i64>(), 0u32..20)
                .prop_map(|(n, scale)| Value::Decimal(Decimal::new(n, scale)))
                .boxed(),
            Primitive::Double | Primitive::Single => any::<f64>().prop_map(Value::Double).boxed(),
            Primitive::Duration => any::<i64>().prop_map(Value::Duration).boxed(),
            Primitive::Guid => {
                any::<[u8; 16]>().prop_map(|b| Value::Guid(Guid::from_bytes(b))).boxed()
            }
            Primitive::String => any::<String>().prop_map(|t| Value::text(&t)).boxed(),
            Primitive::TimeOfDay => {
                any::<i64>().prop_map(|m| Value::TimeOfDay(TimeOfDay::from_micros(m))).boxed()
            }
        };
        prop_oneof![1 => Just(Value::Null), 4 => some].boxed()
    }

    fn values() -> impl Strategy<Value = Vec<Value>> {
        let plain: Vec<_> = KINDS.into_iter().map(value).collect();
        let texts = prop::collection::vec(value(Primitive::String), 0..4);
        let place = prop::option::of(KINDS.map(value).to_vec());
        (plain, texts, place, any::<i64>()).prop_map(|(mut all, texts, place, colour)| {
            all.push(Value::List(texts.into()));
            all.push(place.map_or(Value::Null, |values| {
                Value::Complex(Arc::new(Complex { type_id: StructId(3), values }))
            }));
            all.push(Value::Enum(colour));
            all.push(Value::Null);
            all
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(values in values(), seq: u64, body_text: String) {
            let structure = structure();
            let body = structure.property("Body").unwrap();
            let text = TextRef::to(&body_text, seq);
            let record = Record::pack(StructId(7), &structure, &values, &[(body, text)]);
            let record = Record::from_bytes(record.as_bytes()).unwrap();
            prop_assert_eq!(record.type_id(), StructId(7));
            prop_assert_eq!(record.text_ref(&structure, body), Some(text));
            prop_assert!(text.vouches_for(&body_text));
            let mut older = text;
            older.digest.copy_from_slice(&crate::hash::digest(body_text.as_bytes())[..16]);
            prop_assert!(older.vouches_for(&body_text));
            for at in 0..16 {
                let (mut new, mut old) = (text, older);
                (new.digest[at], old.digest[at]) = (new.digest[at] ^ 7, old.digest[at] ^ 7);
                prop_assert!(!new.vouches_for(&body_text) && !old.vouches_for(&body_text));
            }
            prop_assert_eq!(record.unpack(&structure), values.clone());
            let text = structure.property("Edm.String").unwrap();
            let stored = record.get(&structure, text);
            prop_assert_eq!(record.text(&structure, text), stored.as_text());
            let texts = structure.property("Texts").unwrap();
            let list = record.get(&structure, texts);
            let want: Vec<&str> = list.items().iter().filter_map(Value::as_text).collect();
            prop_assert_eq!(record.texts(&structure, texts).collect::<Vec<_>>(), want);
            let opened = record.open(&structure);
            for (prop, _) in structure.props() {
                prop_assert_eq!(opened.get(prop), record.get(&structure, prop));
                prop_assert_eq!(opened.bytes(prop), record.bytes(&structure, prop));
            }
        }

        #[test]
        fn bytes_that_are_no_record_are_refused_or_read_without_panic(bytes: Vec<u8>) {
            if let Ok(record) = Record::from_bytes(&bytes) {
                prop_assert_eq!(record.unpack(&structure()).len(), structure().properties.len());
            }
        }
    }

    #[test]
    fn a_property_of_a_later_version_is_told_by_its_number() {
        let whole = structure();
        let older = StructType { properties: whole.properties[..2].to_vec(), ..structure() };
        let values = [Value::Binary([1].into()), Value::Bool(true), Value::Int(3)];
        let record = Record::pack(StructId(0), &whole, &values, &[]);
        assert_eq!(record.unknown_tag(&whole), None);
        assert_eq!(record.unknown_tag(&older), Some(3));
    }

    #[test]
    fn a_record_from_before_a_property_existed_reads_it_as_null() {
        let (old, new) = (
            StructType { properties: structure().properties[..2].to_vec(), ..structure() },
            structure(),
        );
        let values = [Value::Binary([1].into()), Value::Bool(true)];
        let record = Record::pack(StructId(0), &old, &values, &[]);
        assert_eq!(record.unpack(&new)[..2], values);
        assert_eq!(record.unpack(&new)[2], Value::Null);
    }
}
