//! The types a property can have.

use super::schema::{EnumId, StructId};

/// The primitive types. Source: OData CSDL 4.01, 3.3 (without streams and geometry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is the Edm type of its name
pub enum Primitive {
    Binary,
    Boolean,
    Byte,
    Date,
    DateTimeOffset,
    Decimal,
    Double,
    Duration,
    Guid,
    Int16,
    Int32,
    Int64,
    SByte,
    Single,
    String,
    TimeOfDay,
}

impl Primitive {
    /// Every primitive type.
    pub const ALL: [Self; 16] = [
        Self::Binary,
        Self::Boolean,
        Self::Byte,
        Self::Date,
        Self::DateTimeOffset,
        Self::Decimal,
        Self::Double,
        Self::Duration,
        Self::Guid,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::SByte,
        Self::Single,
        Self::String,
        Self::TimeOfDay,
    ];

    /// `Edm.Int64` and so on.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "Edm.Binary",
            Self::Boolean => "Edm.Boolean",
            Self::Byte => "Edm.Byte",
            Self::Date => "Edm.Date",
            Self::DateTimeOffset => "Edm.DateTimeOffset",
            Self::Decimal => "Edm.Decimal",
            Self::Double => "Edm.Double",
            Self::Duration => "Edm.Duration",
            Self::Guid => "Edm.Guid",
            Self::Int16 => "Edm.Int16",
            Self::Int32 => "Edm.Int32",
            Self::Int64 => "Edm.Int64",
            Self::SByte => "Edm.SByte",
            Self::Single => "Edm.Single",
            Self::String => "Edm.String",
            Self::TimeOfDay => "Edm.TimeOfDay",
        }
    }

    /// The least and greatest number an integer type holds; `None` for all other types.
    #[must_use]
    pub fn integer_range(self) -> Option<(i64, i64)> {
        match self {
            Self::Byte => Some((0, 255)),
            Self::SByte => Some((-128, 127)),
            Self::Int16 => Some((-32_768, 32_767)),
            Self::Int32 => Some((-2_147_483_648, 2_147_483_647)),
            Self::Int64 => Some((i64::MIN, i64::MAX)),
            Self::Binary
            | Self::Boolean
            | Self::Date
            | Self::DateTimeOffset
            | Self::Decimal
            | Self::Double
            | Self::Duration
            | Self::Guid
            | Self::Single
            | Self::String
            | Self::TimeOfDay => None,
        }
    }
}

/// The type of a property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A primitive type.
    Primitive(Primitive),
    /// An enumeration type of the model.
    Enum(EnumId),
    /// A complex type of the model.
    Complex(StructId),
    /// A collection of one of the others.
    Collection(Box<Type>),
}
