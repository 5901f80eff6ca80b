//! One property of up to 4,096 rows, each type in the form that suits it.

use std::{collections::BTreeMap, io};

use super::{
    CHUNK_ROWS,
    arena::Arena,
    codec::{In, Out, damaged},
    guids::Guids,
    ints::Ints,
    refs::Refs,
};
use crate::model::TextRef;

/// One stored property of one row, as its record has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Nothing.
    Null,
    /// Integers, Booleans, enumerations, instants (microseconds), dates (days), times, durations.
    Number(i64),
    /// A text.
    Text(&'a str),
    /// A Guid.
    Guid([u8; 16]),
    /// Where a long text is.
    Ref(TextRef),
    /// The payload of anything else.
    Raw(&'a [u8]),
}

/// The values of one property, by place in their chunk.
#[derive(Clone, Debug, Default)]
pub(crate) enum Cells {
    /// All are null.
    #[default]
    Nothing,
    /// Numbers.
    Ints(Ints),
    /// Texts, each as its code in the dictionary of its column.
    Codes(Ints),
    /// Texts.
    Texts(Texts),
    /// Guids.
    Guids(Guids),
    /// References to long texts.
    Refs(Refs),
    /// Payloads of anything else.
    Raw(Arena),
}

/// Texts of many values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    pub(super) exact: Arena,
    /// Where the property is searched: the `str::to_lowercase` of each text in which more becomes another
    /// than the letters of ASCII, by place.
    pub(super) lower: Option<BTreeMap<u16, Box<str>>>,
}

impl Texts {
    /// The texts as they are.
    pub(crate) fn exact(&self) -> &Arena {
        &self.exact
    }

    /// The `str::to_lowercase` of some, by place, where the property is searched; of all others only the
    /// letters of ASCII become lower.
    pub(crate) fn lower(&self) -> Option<&BTreeMap<u16, Box<str>>> {
        self.lower.as_ref()
    }

    /// The text at a place.
    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        self.exact.get(at).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    fn set(&mut self, at: usize, text: Option<&str>) {
        self.exact.set(at, text.map(str::as_bytes));
        // A chunk has no more places than that.
        if let (Some(lower), Ok(at)) = (&mut self.lower, u16::try_from(at)) {
            match text.filter(|text| !text.is_ascii()).map(|text| (text, text.to_lowercase())) {
                Some((text, other)) if other != text.to_ascii_lowercase() => {
                    lower.insert(at, other.into());
                }
                Some(_) | None => {
                    lower.remove(&at);
                }
            }
        }
    }
}

impl Cells {
    /// The number at a place, or the code of a text.
    pub(crate) fn int(&self, at: usize) -> Option<i64> {
        match self {
            Self::Ints(ints) | Self::Codes(ints) => ints.get(at),
            Self::Nothing | Self::Texts(_) | Self::Guids(_) | Self::Refs(_) | Self::Raw(_) => None,
        }
    }

    /// What is at a place; of a text in a dictionary, its code.
    pub(super) fn get(&self, at: usize) -> Cell<'_> {
        match self {
            Self::Nothing => None,
            Self::Ints(ints) | Self::Codes(ints) => ints.get(at).map(Cell::Number),
            Self::Texts(texts) => texts.get(at).map(Cell::Text),
            Self::Guids(guids) => guids.get(at).map(Cell::Guid),
            Self::Refs(refs) => refs.get(at).map(Cell::Ref),
            Self::Raw(arena) => arena.get(at).map(Cell::Raw),
        }
        .unwrap_or(Cell::Null)
    }

    /// Puts a cell of this kind, or null; of a text in a dictionary, its code.
    pub(super) fn set(&mut self, at: usize, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Ints(ints) | Self::Codes(ints), Cell::Number(number)) => {
                ints.set(at, Some(number));
            }
            (Self::Texts(texts), Cell::Text(text)) => texts.set(at, Some(text)),
            (Self::Guids(guids), Cell::Guid(guid)) => guids.set(at, Some(guid)),
            (Self::Refs(refs), Cell::Ref(text)) => refs.set(at, Some(text)),
            (Self::Raw(arena), Cell::Raw(payload)) => arena.set(at, Some(payload)),
            (cells, _) => cells.clear(at),
        }
    }

    fn clear(&mut self, at: usize) {
        match self {
            Self::Nothing => {}
            Self::Ints(ints) | Self::Codes(ints) => ints.set(at, None),
            Self::Texts(texts) => texts.set(at, None),
            Self::Guids(guids) => guids.set(at, None),
            Self::Refs(refs) => refs.set(at, None),
            Self::Raw(arena) => arena.set(at, None),
        }
        if self.is_nothing() {
            *self = Self::Nothing;
        }
    }

    /// Gives back memory that was kept for more rows.
    pub(super) fn trim(&mut self) {
        match self {
            Self::Nothing => {}
            Self::Ints(ints) | Self::Codes(ints) => ints.trim(),
            Self::Texts(texts) => {
                texts.exact.trim();
            }
            Self::Guids(guids) => guids.trim(),
            Self::Refs(refs) => refs.trim(),
            Self::Raw(arena) => arena.trim(),
        }
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Ints(ints) | Self::Codes(ints) => ints.is_nothing(),
            Self::Texts(texts) => texts.exact.is_nothing(),
            Self::Guids(guids) => guids.is_nothing(),
            Self::Refs(refs) => refs.is_nothing(),
            Self::Raw(arena) => arena.is_nothing(),
        }
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        match self {
            Self::Nothing => out.byte(0),
            Self::Ints(ints) => out.byte(1).and_then(|()| ints.write_to(out)),
            Self::Codes(codes) => out.byte(2).and_then(|()| codes.write_to(out)),
            Self::Texts(Texts { exact, lower: None }) => {
                out.byte(3).and_then(|()| exact.write_to(out))
            }
            Self::Texts(Texts { exact, lower: Some(lower) }) => {
                out.byte(4)?;
                exact.write_to(out)?;
                out.count(lower.len())?;
                lower.iter().try_for_each(|(place, text)| {
                    out.u16(*place)?;
                    out.list(text.as_bytes())
                })
            }
            Self::Guids(guids) => out.byte(5).and_then(|()| guids.write_to(out)),
            Self::Refs(refs) => out.byte(6).and_then(|()| refs.write_to(out)),
            Self::Raw(arena) => out.byte(7).and_then(|()| arena.write_to(out)),
        }
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        Ok(match input.byte()? {
            0 => Self::Nothing,
            1 => Self::Ints(Ints::read_from(input)?),
            2 => Self::Codes(Ints::read_from(input)?),
            3 => Self::Texts(Texts { exact: Arena::read_from(input)?, lower: None }),
            4 => {
                let (exact, mut lower) = (Arena::read_from(input)?, BTreeMap::new());
                for _ in 0..input.count(CHUNK_ROWS)? {
                    let (place, text) = (input.u16()?, String::from_utf8(input.list()?));
                    let text = text.map_err(|_| damaged("a text is not UTF-8"))?;
                    lower.insert(place, text.into());
                }
                Self::Texts(Texts { exact, lower: Some(lower) })
            }
            5 => Self::Guids(Guids::read_from(input)?),
            6 => Self::Refs(Refs::read_from(input)?),
            7 => Self::Raw(Arena::read_from(input)?),
            _ => return Err(damaged("values are of another kind")),
        })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Nothing => 0,
                Self::Ints(ints) | Self::Codes(ints) => ints.heap_bytes(),
                Self::Texts(texts) => {
                    let lower = texts.lower.iter().flat_map(BTreeMap::values);
                    texts.exact.heap_bytes() + lower.map(|text| text.len() + 24).sum::<usize>()
                }
                Self::Guids(guids) => guids.heap_bytes(),
                Self::Refs(refs) => refs.heap_bytes(),
                Self::Raw(arena) => arena.heap_bytes(),
            }
    }
}
