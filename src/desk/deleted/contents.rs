//! A ticket and its comments as one text: records as they were stored, and their long texts.
//!
//! A record names its properties by numbers that are never used for anything else, so that a later
//! version reads what an earlier one wrote.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    model::{Model, Record, Row, SetId, Value, set},
    query::Source,
    store::Edit,
};

const FORMAT: u32 = 1;

/// A ticket and its comments.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Contents {
    format: u32,
    ticket: Part,
    comments: Vec<Part>,
}

/// One entity.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    /// The record's bytes, hexadecimal.
    record: String,
    /// Its long texts by the number of their property.
    texts: Vec<(u16, String)>,
}

impl Contents {
    /// What is stored of a ticket and its comments.
    ///
    /// # Errors
    /// `Internal` if the store cannot read a text.
    pub(super) fn of(source: &dyn Source, ticket: &Row, comments: &[Row]) -> Result<Self, Error> {
        let comments = comments.iter().map(|row| Part::of(source, row));
        Ok(Self {
            format: FORMAT,
            ticket: Part::of(source, ticket)?,
            comments: comments.collect::<Result<_, _>>()?,
        })
    }

    /// As it is stored.
    ///
    /// # Errors
    /// `Internal`, which does not happen.
    pub(super) fn to_text(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::internal(&error))
    }

    /// The inverse of [`Contents::to_text`].
    ///
    /// # Errors
    /// `Internal` for what no version up to this one wrote.
    pub(super) fn from_text(text: &str) -> Result<Self, Error> {
        let contents: Self = serde_json::from_str(text).map_err(|error| Error::internal(&error))?;
        if contents.format == FORMAT {
            Ok(contents)
        } else {
            Err(Error::internal(&"a deleted ticket is kept in a format this version does not know"))
        }
    }

    /// The ticket, as it was.
    ///
    /// # Errors
    /// `Internal` for bytes that are no record.
    pub(super) fn ticket(&self, model: &Model) -> Result<Edit, Error> {
        self.ticket.edit(model, set::TICKETS)
    }

    /// Its comments, as they were.
    ///
    /// # Errors
    /// `Internal` for bytes that are no record.
    pub(super) fn comments(&self, model: &Model) -> Result<Vec<Edit>, Error> {
        self.comments.iter().map(|part| part.edit(model, set::COMMENTS)).collect()
    }
}

impl Part {
    fn of(source: &dyn Source, row: &Row) -> Result<Self, Error> {
        let structure = source.model().structure(row.type_id);
        let mut texts = Vec::new();
        for (prop, property) in structure.props().filter(|(_, property)| property.is_long()) {
            if let (Some(tag), Value::Text(text)) = (property.tag(), source.long_text(row, prop)?) {
                texts.push((tag, text.as_ref().to_owned()));
            }
        }
        let mut record = String::new();
        for byte in row.record.as_bytes() {
            // Writing to a text cannot fail.
            let _ = write!(record, "{byte:02x}");
        }
        Ok(Self { record, texts })
    }

    fn edit(&self, model: &Model, set: SetId) -> Result<Edit, Error> {
        let broken = || Error::internal(&"what is kept of a deleted ticket is no record");
        let digits = self.record.as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes: Vec<u8> = digits.map(byte).collect::<Option<_>>().ok_or_else(broken)?;
        let record = Record::from_bytes(&bytes).map_err(|reason| Error::internal(&reason))?;
        let row = Row { set, type_id: model.set(set).ty, version: 0, record };
        let mut edit = Edit::of(model, &row);
        for (prop, property) in model.entity_type(set).props() {
            if property.is_long() {
                let text = self.texts.iter().find(|(tag, _)| property.tag() == Some(*tag));
                edit.set(model, prop, text.map_or(Value::Null, |(_, text)| Value::text(text)));
            }
        }
        Ok(edit)
    }
}
