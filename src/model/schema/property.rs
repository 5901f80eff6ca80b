//! Properties: where their values come from, who may set them, how they are kept and found.

use super::{Prop, SetId};
use crate::{
    model::{types::Type, value::Value},
    time::Timestamp,
};

/// Who may set a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Nobody from outside.
    Never,
    /// Only when the entity is created.
    OnCreate,
    /// At creation and later.
    Always,
}

/// How entities are found by a stored property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// By looking at all of them.
    None,
    /// By an index; many entities may share a value.
    Many,
    /// By an index; a value belongs to one entity.
    Unique,
    /// As `Unique`, comparing `str::to_lowercase`.
    UniqueIgnoringCase,
}

/// What a computed property may look at: its own entity, and others through it.
pub trait Entity {
    /// Another property of the same entity.
    fn value(&self, property: Prop) -> Value;
    /// A property of the entity of `set` whose key is `id`; null where there is none.
    fn look_up(&self, set: SetId, id: &Value, property: Prop) -> Value;
    /// The time of the reading; one for the whole of it.
    fn now(&self) -> Timestamp;
    /// The date of an instant in the workspace's time zone, null for null.
    fn date_of(&self, instant: Option<Timestamp>) -> Value;
}

/// Where a property's value comes from.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// The record, under a number that is never used again for anything else.
    Stored {
        /// That number, from 1.
        tag: u16,
        /// How entities are found by it.
        index: Index,
    },
    /// A record of its own, so that a change elsewhere does not write it again.
    LongText {
        /// As for `Stored`.
        tag: u16,
    },
    /// A property of the entity a to-one navigation leads to.
    LookUp {
        /// The navigation property's name.
        navigation: &'static str,
        /// The property's name there.
        property: &'static str,
    },
    /// The number of entities a to-many navigation leads to.
    Count {
        /// The navigation property's name.
        navigation: &'static str,
        /// Entities whose Boolean property of this name is true are left out.
        unless: &'static str,
    },
    /// A function of the entity, and what of the entity it reads.
    Computed(fn(&dyn Entity) -> Value, Reads),
}

/// What a computed property reads of its own entity. What it reads of others it must find by that,
/// so that entities alike in these properties are alike in the computed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Any of it.
    Anything,
    /// These properties at most, and by them entities of these sets; nothing else, nor the time.
    Only(&'static [Prop], &'static [SetId]),
    /// One instant, whose day in the workspace's time zone it is.
    DayOf(Prop),
    /// Two instants: the hours from the first to the second, null where either is.
    Hours(&'static [Prop; 2]),
}

/// A structural property.
#[derive(Clone, Debug)]
pub struct Property {
    /// Name, `PascalCase`.
    pub name: &'static str,
    /// One sentence for `$metadata` and people; may be empty where the name says it.
    pub doc: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it may be null.
    pub nullable: bool,
    /// Greatest length in characters of a text, or octets of a binary.
    pub max_length: Option<u32>,
    /// Where its value comes from.
    pub origin: Origin,
    /// Who may set it.
    pub write: Write,
    /// What it is where a client says nothing; null is no default.
    pub default: Value,
    /// Scope needed to read it beyond its set's own; without it the property does not exist for a caller.
    pub scope: Option<&'static str>,
    /// Whether it exists only inside: never served, named or imported.
    pub hidden: bool,
    /// How it is kept in memory to be read fast.
    pub kept: Kept,
}

/// How a stored property is kept in memory, beyond its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As its values are.
    Plainly,
    /// A text of many values that is looked into: with `str::to_lowercase` of it beside it.
    Searched,
    /// With the order of all entities by it.
    Ordered,
}

impl Property {
    /// The number of a stored property, long text included.
    #[must_use]
    pub fn tag(&self) -> Option<u16> {
        match self.origin {
            Origin::Stored { tag, .. } | Origin::LongText { tag } => Some(tag),
            Origin::LookUp { .. } | Origin::Count { .. } | Origin::Computed(..) => None,
        }
    }

    /// How entities are found by it.
    #[must_use]
    pub fn index(&self) -> Index {
        match self.origin {
            Origin::Stored { index, .. } => index,
            Origin::LongText { .. }
            | Origin::LookUp { .. }
            | Origin::Count { .. }
            | Origin::Computed(..) => Index::None,
        }
    }

    /// Whether it is kept in a record of its own.
    #[must_use]
    pub fn is_long(&self) -> bool {
        matches!(self.origin, Origin::LongText { .. })
    }
}
