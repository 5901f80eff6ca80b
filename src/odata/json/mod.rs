//! Payloads: service document, entities, collections and properties as JSON bytes.
//!
//! Source: OData JSON Format 4.0, with what 4.01 lets a 4.0 reader expect.

mod ahead;
mod ascii;
mod cell;
mod computed;
mod drafts;
mod entity;
mod escape;
mod groups;
mod hands;
mod kept;
mod outline;
mod page;
mod reused;
mod value;

pub use ascii::push_ascii_json;
pub use drafts::Drafts;
pub use entity::Onward;
pub use escape::push_json_text;
pub use groups::Groups;
pub use hands::Hands;
pub use page::Pieces;
pub use reused::Reused;
pub use value::push_plain;

use std::sync::Arc;

use value::push_value;

use super::{
    Limits,
    check::{Checker, PropertyPath},
    context::Addresses,
};
use crate::{
    error::Error,
    model::{Complex, Model, Row, StructId, Type, Value},
    query::{Context, Rights},
};

/// How much is said about data besides the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// Nothing but counts and next links.
    None,
    /// What a client cannot work out from `$metadata`.
    #[default]
    Minimal,
    /// Everything.
    Full,
}

/// The parameters of `application/json`, and what else the client asked of every entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// `odata.metadata`
    pub level: Level,
    /// `IEEE754Compatible=true`: `Edm.Int64` and `Edm.Decimal` as texts.
    pub ieee754: bool,
    /// Properties that are null are left out (`omit-values`); no property has another default.
    pub omits_nulls: bool,
    /// Texts beyond ASCII are escaped, for readers that do not expect UTF-8.
    pub ascii: bool,
}

/// Writes the payloads of one answer.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    /// Where values and related rows come from.
    pub ctx: Context<'a>,
    /// Who may know what.
    pub checker: &'a Checker<'a>,
    /// Where addresses begin.
    pub addresses: Addresses<'a>,
    /// The parameters asked for.
    pub format: Format,
    /// How expanded collections go on.
    pub onward: Onward<'a>,
    /// What all answers are written with.
    pub tools: &'a Tools,
}

/// What all answers of one feed are written with.
#[derive(Debug)]
pub struct Tools {
    /// What is known of the model's properties.
    pub drafts: Drafts,
    /// What was written a moment ago.
    pub reused: Reused,
    /// Who helps with long pages; the same for all feeds of a process.
    pub hands: Arc<Hands>,
}

impl Tools {
    /// Those of a process's first feed, with so many bytes for what was written.
    #[must_use]
    pub fn of(model: &Model, rows_cache_bytes: u64) -> Self {
        let hands = Arc::new(Hands::of_this_machine());
        Self { drafts: Drafts::of(model), reused: Reused::new(rows_cache_bytes), hands }
    }
}

impl Writer<'_> {
    /// The service document: every set the caller may read.
    #[must_use]
    pub fn service_document(&self) -> Vec<u8> {
        let mut json = Json::object();
        if self.format.level != Level::None {
            json.text("@odata.context", &self.addresses.metadata());
        }
        json.name("value");
        json.bytes.push(b'[');
        let model = self.addresses.model;
        let readable = model.set_ids().filter(|(id, _)| self.checker.is_readable(*id));
        for (at, (_, set)) in readable.enumerate() {
            if at > 0 {
                json.bytes.push(b',');
            }
            let mut entry = Json::object();
            for (name, text) in [("name", set.name), ("kind", "EntitySet"), ("url", set.name)] {
                entry.text(name, text);
            }
            json.bytes.extend(entry.end());
        }
        json.bytes.push(b']');
        json.end()
    }

    /// The reference to one entity.
    #[must_use]
    pub fn reference(&self, row: &Row) -> Vec<u8> {
        let mut json = Json::object();
        json.text("@odata.context", &self.addresses.reference());
        json.text("@odata.id", &self.addresses.id(row));
        json.end()
    }

    /// What another thread makes the same writer of.
    fn shared(&self) -> Shared<'_> {
        let Checker { model, rights, limits, .. } = *self.checker;
        let Self { ctx, addresses, format, onward, tools, checker: _ } = *self;
        Shared { ctx, checks: (model, rights, limits), addresses, format, onward, tools }
    }

    /// The writer of the entity the whole request is about, or of one of those.
    fn about<'b>(&'b self, row: &'b Row) -> Writer<'b> {
        Writer { ctx: Context { it: Some(row), ..self.ctx }, ..*self }
    }

    /// What an operation answers with, declared to be of the complex type `declared`.
    #[must_use]
    pub fn answer(&self, declared: StructId, complex: &Complex) -> Vec<u8> {
        let mut json = Json::object();
        if self.format.level != Level::None {
            json.text("@odata.context", &self.addresses.complex(declared));
        }
        self.complex(&mut json, declared, complex);
        json.end()
    }

    /// A property that is not null.
    #[must_use]
    pub fn property(&self, owner: &Row, path: &PropertyPath, value: &Value) -> Vec<u8> {
        let mut json = Json::object();
        if self.format.level != Level::None {
            json.text("@odata.context", &self.addresses.property(owner, path));
        }
        if let (Value::Complex(complex), Type::Complex(declared)) = (value, &path.ty) {
            self.complex(&mut json, *declared, complex);
            return json.end();
        }
        if self.format.level == Level::Full
            && let Some(ty) = self.type_annotation(&path.ty)
        {
            json.text("@odata.type", &ty);
        }
        json.name("value");
        push_value(self, &mut json.bytes, value, &path.ty);
        json.end()
    }
}

/// A writer on its way to another thread: a checker counts for one.
struct Shared<'a> {
    ctx: Context<'a>,
    checks: (&'a Model, &'a dyn Rights, Limits),
    addresses: Addresses<'a>,
    format: Format,
    onward: Onward<'a>,
    tools: &'a Tools,
}

impl Shared<'_> {
    fn with<T>(self, then: impl FnOnce(&Writer<'_>) -> T) -> T {
        let Self { ctx, checks: (model, rights, limits), addresses, format, onward, tools } = self;
        let checker = &Checker::new(model, rights, limits);
        then(&Writer { ctx, checker, addresses, format, onward, tools })
    }
}

/// An answer on its way out. Its pieces, one after the other, are its text.
pub trait Text {
    /// Whether the last piece was written.
    fn is_done(&self) -> bool;

    /// The next piece: it ends with the item that makes it `enough` bytes long, or with the text; two that are
    /// written at once may be up to half a MiB each.
    ///
    /// # Errors
    /// As [`crate::query::list()`]; what was written so far is then the beginning of nothing.
    fn next(&mut self, writer: &Writer<'_>, enough: usize) -> Result<Vec<u8>, Error>;

    /// All of it, which somebody has to hold.
    ///
    /// # Errors
    /// As [`crate::query::list()`].
    fn whole(self, writer: &Writer<'_>) -> Result<Vec<u8>, Error>;
}

/// A text being written; commas are put where something stands before.
struct Json {
    bytes: Vec<u8>,
    /// What the text before `bytes` ends with.
    before: u8,
}

impl Json {
    fn object() -> Self {
        Self { bytes: vec![b'{'], before: b'{' }
    }

    /// An object as the next value.
    fn inner(&mut self, inside: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.bytes.push(b'{');
        inside(self)?;
        self.bytes.push(b'}');
        Ok(())
    }

    /// Separates the next member or item from the one before. No value ends as an object or array begins.
    fn comma(&mut self) {
        let last = self.bytes.last().copied().unwrap_or(self.before);
        if !matches!(last, b'{' | b'[') {
            self.bytes.push(b',');
        }
    }

    /// What begins with a comma, which it loses where nothing stands before.
    fn part(&mut self, text: &[u8]) {
        let last = self.bytes.last().copied().unwrap_or(self.before);
        let from = usize::from(last == b'{').min(text.len());
        self.bytes.extend_from_slice(&text[from..]);
    }

    /// The name of the next member; its value must follow.
    fn name(&mut self, name: &str) {
        self.annotation(name, "");
    }

    /// As [`Json::name`], the name being put together.
    fn annotation(&mut self, name: &str, suffix: &str) {
        self.comma();
        // Names are identifiers and annotations: nothing to escape.
        self.bytes.push(b'"');
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(suffix.as_bytes());
        self.bytes.extend(b"\":");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_json_text(&mut self.bytes, text);
    }

    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        self.digits(number);
    }

    fn digits(&mut self, number: u64) {
        value::put(&mut self.bytes, format_args!("{number}"));
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(b'}');
        self.bytes
    }
}
