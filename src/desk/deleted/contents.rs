//! A ticket and its comments as one text: records as they were stored, and their long texts.
//!
//! A record names its properties by numbers that are never used for anything else, so that a later
//! version reads what an earlier one wrote.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    model::{Key, Model, Prop, Record, Row, SetId, TextRef, Value, set},
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
    /// What is stored of a ticket and its comments; of texts that were read before nothing is read.
    ///
    /// # Errors
    /// `Internal` if the store cannot read a text.
    pub(super) fn of(
        source: &dyn Source,
        (ticket, comments): (&Row, &[Row]),
        texts: &Texts,
    ) -> Result<Self, Error> {
        let comments = comments.iter().map(|row| Part::of(source, row, texts));
        Ok(Self {
            format: FORMAT,
            ticket: Part::of(source, ticket, texts)?,
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

/// Long texts that were read before the transaction that needs them.
///
/// Reading one may wait for the disk, which nothing on the committer's thread should.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(BTreeMap<(SetId, Key, u16), (TextRef, Arc<str>)>);

impl Texts {
    /// All long texts of `rows`.
    ///
    /// # Errors
    /// `Internal` if the store cannot read one.
    pub(super) fn of(source: &dyn Source, rows: &[&Row]) -> Result<Self, Error> {
        let (model, mut texts) = (source.model(), BTreeMap::new());
        for row in rows {
            for (prop, tag, text) in long_texts(model, row) {
                if let Value::Text(read) = source.long_text(row, prop)? {
                    texts.insert((row.set, row.key(model), tag), (text, read));
                }
            }
        }
        Ok(Self(texts))
    }

    /// A text of `row`, if it was read and still is the one.
    fn get(&self, model: &Model, row: &Row, (tag, text): (u16, TextRef)) -> Option<Arc<str>> {
        let (known, read) = self.0.get(&(row.set, row.key(model), tag))?;
        (*known == text).then(|| Arc::clone(read))
    }
}

/// Refuses a ticket with comments that no transaction of `max` bytes can keep; reads no text for that.
///
/// What passes can still be too large, by what the texts need beside their letters.
///
/// # Errors
/// `LimitExceeded`.
pub(super) fn check_size(
    model: &Model,
    (ticket, comments): (&Row, &[Row]),
    max: u64,
) -> Result<(), Error> {
    let mut size = 0u64;
    for row in std::iter::once(ticket).chain(comments) {
        size = size.saturating_add(2 * row.record.as_bytes().len() as u64);
        for (_, _, text) in long_texts(model, row) {
            size = size.saturating_add(text.bytes);
        }
        if size > max {
            let target = "the ticket with all its comments".to_owned();
            return Err(Error::LimitExceeded { limit: "transaction_bytes_max", max, target });
        }
    }
    Ok(())
}

/// The long texts a row has: property, its number, where the text is.
fn long_texts<'a>(
    model: &'a Model,
    row: &'a Row,
) -> impl Iterator<Item = (Prop, u16, TextRef)> + 'a {
    let structure = model.structure(row.type_id);
    structure.props().filter_map(|(prop, property)| {
        let tag = property.tag().filter(|_| property.is_long())?;
        Some((prop, tag, row.record.text_ref(structure, prop)?))
    })
}

impl Part {
    fn of(source: &dyn Source, row: &Row, known: &Texts) -> Result<Self, Error> {
        let mut texts = Vec::new();
        for (prop, tag, text) in long_texts(source.model(), row) {
            let read = match known.get(source.model(), row, (tag, text)) {
                Some(known) => Value::Text(known),
                None => source.long_text(row, prop)?,
            };
            texts.push((tag, read.as_text().unwrap_or_default().to_owned()));
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
