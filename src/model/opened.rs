//! A record of which many properties are read, as at every request with a token: gone through once.

use super::{
    record::{Reader, Record, texts, value},
    schema::{Prop, StructType},
    value::Value,
};

/// Numbers of properties that are found at once; those beyond are looked for.
pub(super) const TAGS: usize = 32;

/// The stored properties of one record, found and not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    pub(super) record: &'a Record,
    pub(super) structure: &'a StructType,
    pub(super) parts: [Option<&'a [u8]>; TAGS],
}

impl<'a> Opened<'a> {
    /// As [`Record::get`].
    #[must_use]
    pub fn get(&self, prop: Prop) -> Value {
        let ty = &self.structure.property_at(prop).ty;
        self.bytes(prop).and_then(|bytes| value(bytes, ty)).unwrap_or(Value::Null)
    }

    /// The type it was opened as.
    #[must_use]
    pub fn structure(&self) -> &'a StructType {
        self.structure
    }

    /// As [`Record::bytes`].
    #[must_use]
    pub fn bytes(&self, prop: Prop) -> Option<&'a [u8]> {
        let property = self.structure.property_at(prop);
        let tag = property.tag().filter(|_| !property.is_long())?;
        match self.parts.get(usize::from(tag)) {
            Some(part) => *part,
            None => self.record.bytes(self.structure, prop),
        }
    }

    /// What is stored under a number, as it is in the record; `None` where it is null.
    #[must_use]
    pub fn part(&self, tag: u16) -> Option<&'a [u8]> {
        match self.parts.get(usize::from(tag)) {
            Some(part) => *part,
            None => self.record.payload(tag).map(|part| part.0),
        }
    }

    /// The integer, or what is stored as one, under a number; `None` where it is null.
    #[must_use]
    pub fn number(&self, tag: u16) -> Option<i64> {
        Reader(self.part(tag)?).signed()
    }

    /// As [`Record::text`].
    #[must_use]
    pub fn text(&self, prop: Prop) -> Option<&'a str> {
        self.bytes(prop).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// As [`Record::texts`].
    pub fn texts(&self, prop: Prop) -> impl Iterator<Item = &'a str> + use<'a> {
        texts(self.bytes(prop).unwrap_or_default())
    }
}
