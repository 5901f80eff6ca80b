//! One stored property of all rows of a set, as it is read.

use std::sync::Arc;

use super::{
    CHUNK_ROWS, DISTINCT_MAX,
    cells::{Cell, Cells},
    chunks::Chunks,
    dictionary::Dictionary,
    distinct::{Bitmaps, Distinct},
    lookup::Lookup,
    sorted::Sorted,
};
use crate::{
    id::Guid,
    model::{
        Index, Kept, Primitive, Prop, Property, Type, Value,
        packer::{number_of, payload_of, text_ref_of, value_of},
    },
    time::{Date, TimeOfDay, Timestamp},
};

/// How the payloads of a property are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Number,
    Text,
    Guid,
    Ref,
    Raw,
}

impl Kind {
    fn of(property: &Property) -> Self {
        if property.is_long() {
            return Self::Ref;
        }
        match &property.ty {
            Type::Primitive(primitive) => match primitive {
                Primitive::Boolean => Self::Flag,
                Primitive::Byte
                | Primitive::SByte
                | Primitive::Int16
                | Primitive::Int32
                | Primitive::Int64
                | Primitive::Date
                | Primitive::DateTimeOffset
                | Primitive::Duration
                | Primitive::TimeOfDay => Self::Number,
                Primitive::Guid => Self::Guid,
                Primitive::String => Self::Text,
                Primitive::Binary | Primitive::Decimal | Primitive::Double | Primitive::Single => {
                    Self::Raw
                }
            },
            Type::Enum(_) => Self::Number,
            Type::Complex(_) | Type::Collection(_) => Self::Raw,
        }
    }
}

/// The values of one property by position.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(super) prop: Prop,
    pub(super) tag: u16,
    pub(super) kind: Kind,
    ty: Type,
    pub(super) is_searched: bool,
    /// Different values up to which each has a bitmap of its positions.
    pub(super) few_max: usize,
    pub(super) chunks: Chunks,
    /// Of texts that are codes.
    pub(super) dictionary: Option<Arc<Dictionary>>,
    pub(super) bitmaps: Option<Bitmaps>,
    pub(super) order: Option<Sorted>,
    pub(super) lookup: Option<Lookup>,
}

impl Column {
    /// An empty one; `is_key` where there is another way to find rows by it.
    pub(super) fn new(prop: Prop, property: &Property, is_key: bool) -> Self {
        let (kind, index) = (Kind::of(property), property.index());
        let is_unique = matches!(index, Index::Unique | Index::UniqueIgnoringCase);
        let is_searched = property.kept == Kept::Searched && kind == Kind::Text;
        let is_ordered = property.kept == Kept::Ordered && kind == Kind::Number;
        let may_be_few = match kind {
            Kind::Flag => true,
            Kind::Text => !is_searched,
            Kind::Number => !is_moment(&property.ty),
            Kind::Guid | Kind::Ref | Kind::Raw => false,
        };
        let is_few = may_be_few && !is_unique && !is_key;
        Self {
            prop,
            // Only stored properties become columns.
            tag: property.tag().unwrap_or(0),
            kind,
            ty: property.ty.clone(),
            is_searched,
            few_max: DISTINCT_MAX,
            chunks: Chunks::default(),
            dictionary: (is_few && kind == Kind::Text).then(Arc::default),
            bitmaps: is_few.then(Bitmaps::default),
            order: is_ordered.then(Sorted::default),
            lookup: (index != Index::None).then(|| Lookup::new(index)),
        }
    }

    /// Its type.
    pub(crate) fn ty(&self) -> &Type {
        &self.ty
    }

    /// The value at a position; null for a long text.
    pub(crate) fn value(&self, at: u32) -> Value {
        match self.cell(at) {
            Cell::Null | Cell::Ref(_) => Value::Null,
            Cell::Number(number) => self.value_of(number),
            Cell::Text(text) => match self.code(at) {
                Some(text) => Value::Text(Arc::clone(text)),
                None => Value::text(text),
            },
            Cell::Guid(guid) => Value::Guid(Guid::from_bytes(guid)),
            Cell::Raw(payload) => value_of(payload, &self.ty),
        }
    }

    /// The number of what is one: integers, Booleans, enumerations, instants (microseconds), dates
    /// (days), times and durations (microseconds).
    pub(crate) fn int(&self, at: u32) -> Option<i64> {
        match self.chunk(at as usize / CHUNK_ROWS) {
            Cells::Ints(ints) => ints.get(at as usize % CHUNK_ROWS),
            Cells::Nothing
            | Cells::Codes(_)
            | Cells::Texts(_)
            | Cells::Guids(_)
            | Cells::Refs(_)
            | Cells::Raw(_) => None,
        }
    }

    /// The text of what is one, but for a long one.
    pub(crate) fn text(&self, at: u32) -> Option<&str> {
        match self.cell(at) {
            Cell::Text(text) => Some(text),
            Cell::Null | Cell::Number(_) | Cell::Guid(_) | Cell::Ref(_) | Cell::Raw(_) => None,
        }
    }

    /// The payload of what is neither a number nor a text: collections, binaries, decimals and so on.
    pub(crate) fn payload(&self, at: u32) -> Option<&[u8]> {
        match self.cell(at) {
            Cell::Raw(payload) => Some(payload),
            Cell::Null | Cell::Number(_) | Cell::Text(_) | Cell::Guid(_) | Cell::Ref(_) => None,
        }
    }

    /// The positions of each value, as long as there are at most `few_max`.
    pub(crate) fn distinct(&self) -> Option<Distinct<'_>> {
        self.bitmaps.as_ref().map(|bitmaps| Distinct { column: self, bitmaps })
    }

    /// The values of the positions from `index * CHUNK_ROWS` on.
    pub(crate) fn chunk(&self, index: usize) -> &Cells {
        const NOTHING: &Cells = &Cells::Nothing;
        self.chunks.get(index).map_or(NOTHING, |cells| &**cells)
    }

    /// How many chunks hold anything; all behind are null.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Between which two all its numbers are; none where there is no number.
    pub(super) fn bounds(&self) -> Option<(i64, i64)> {
        let bounds = self.chunks.iter().filter_map(|cells| match &**cells {
            Cells::Ints(ints) => ints.bounds(),
            Cells::Nothing
            | Cells::Codes(_)
            | Cells::Texts(_)
            | Cells::Guids(_)
            | Cells::Refs(_)
            | Cells::Raw(_) => None,
        });
        bounds.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }

    pub(super) fn cell(&self, at: u32) -> Cell<'_> {
        self.cell_of(self.chunk(at as usize / CHUNK_ROWS), at as usize % CHUNK_ROWS)
    }

    /// What is at a place of one of its chunks.
    pub(super) fn cell_of<'a>(&'a self, chunk: &'a Cells, place: usize) -> Cell<'a> {
        match chunk {
            Cells::Codes(codes) => {
                let text = codes.get(place).and_then(|code| self.dictionary.as_ref()?.text(code));
                text.map_or(Cell::Null, |text| Cell::Text(text))
            }
            cells => cells.get(place),
        }
    }

    fn code(&self, at: u32) -> Option<&Arc<str>> {
        let cells = self.chunk(at as usize / CHUNK_ROWS);
        cells.int(at as usize % CHUNK_ROWS).and_then(|code| self.dictionary.as_ref()?.text(code))
    }

    /// The value of a number, or of the code of a text.
    pub(crate) fn value_of(&self, number: i64) -> Value {
        if let Some(dictionary) = &self.dictionary {
            return dictionary
                .text(number)
                .map_or(Value::Null, |text| Value::Text(Arc::clone(text)));
        }
        match &self.ty {
            Type::Enum(_) => Value::Enum(number),
            Type::Primitive(Primitive::Boolean) => Value::Bool(number != 0),
            Type::Primitive(Primitive::Date) => {
                i32::try_from(number).map_or(Value::Null, |days| Value::Date(Date::from_days(days)))
            }
            Type::Primitive(Primitive::DateTimeOffset) => {
                Value::Instant(Timestamp::from_micros(number))
            }
            Type::Primitive(Primitive::TimeOfDay) => {
                Value::TimeOfDay(TimeOfDay::from_micros(number))
            }
            Type::Primitive(Primitive::Duration) => Value::Duration(number),
            Type::Primitive(_) | Type::Complex(_) | Type::Collection(_) => Value::Int(number),
        }
    }

    /// The number of a value of this property's type, or the code of a text that some row has or had.
    pub(crate) fn number_of(&self, value: &Value) -> Option<i64> {
        let is = |primitive| self.ty == Type::Primitive(primitive);
        match value {
            Value::Text(text) => self.dictionary.as_ref()?.code(text).map(i64::from),
            Value::Int(number) => match &self.ty {
                Type::Primitive(primitive) => primitive.integer_range().map(|_| *number),
                Type::Enum(_) | Type::Complex(_) | Type::Collection(_) => None,
            },
            Value::Enum(number) => matches!(self.ty, Type::Enum(_)).then_some(*number),
            Value::Bool(flag) => is(Primitive::Boolean).then_some(i64::from(*flag)),
            Value::Instant(at) => is(Primitive::DateTimeOffset).then_some(at.micros()),
            Value::Date(date) => is(Primitive::Date).then_some(i64::from(date.days())),
            Value::TimeOfDay(time) => is(Primitive::TimeOfDay).then_some(time.micros()),
            Value::Duration(micros) => is(Primitive::Duration).then_some(*micros),
            Value::Null
            | Value::Decimal(_)
            | Value::Double(_)
            | Value::Guid(_)
            | Value::Binary(_)
            | Value::Complex(_)
            | Value::List(_) => None,
        }
    }

    /// Calls `use_it` with the cell of a value; nothing of that kind is in the column where it gives none.
    pub(super) fn with_cell<T>(
        &self,
        value: &Value,
        use_it: impl FnOnce(Cell<'_>) -> T,
    ) -> Option<T> {
        match (self.kind, value) {
            (Kind::Flag | Kind::Number, value) => {
                self.number_of(value).map(|number| use_it(Cell::Number(number)))
            }
            (Kind::Text, Value::Text(text)) => Some(use_it(Cell::Text(text))),
            (Kind::Guid, Value::Guid(guid)) => Some(use_it(Cell::Guid(*guid.as_bytes()))),
            (Kind::Raw, value) if !value.is_null() => Some(use_it(Cell::Raw(&payload_of(value)))),
            (Kind::Text | Kind::Guid | Kind::Raw | Kind::Ref, _) => None,
        }
    }

    /// What a payload is kept as; `None` where packing it again would not give the same bytes.
    pub(super) fn read<'p>(&self, payload: &'p [u8]) -> Option<Cell<'p>> {
        if payload.len() > super::PAYLOAD_MAX {
            return None;
        }
        match self.kind {
            Kind::Flag => match payload {
                [flag @ (0 | 1)] => Some(Cell::Number(i64::from(*flag))),
                _ => None,
            },
            Kind::Number => {
                let number = number_of(payload)?;
                let is_date = self.ty == Type::Primitive(Primitive::Date);
                let fits = !is_date || i32::try_from(number).is_ok();
                fits.then_some(Cell::Number(number))
            }
            Kind::Text => std::str::from_utf8(payload).ok().map(Cell::Text),
            Kind::Guid => payload.try_into().ok().map(Cell::Guid),
            Kind::Ref => text_ref_of(payload).map(Cell::Ref),
            Kind::Raw => Some(Cell::Raw(payload)),
        }
    }
}

/// Whether values of that type are hardly ever alike.
fn is_moment(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Primitive(Primitive::DateTimeOffset | Primitive::Duration | Primitive::TimeOfDay)
    )
}
