//! A value of any type the model can declare. Knows no text form: JSON and literals are `odata`'s.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::schema::StructId;
use crate::{
    id::Guid,
    time::{Date, TimeOfDay, Timestamp},
};

/// One value. Integers of every width are `Int`, both floating widths are `Double`.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value.
    Null,
    /// `Edm.Boolean`.
    Bool(bool),
    /// `Edm.Byte`, `SByte`, `Int16`, `Int32`, `Int64`.
    Int(i64),
    /// `Edm.Decimal`, 28 significant digits.
    Decimal(Decimal),
    /// `Edm.Double`, `Edm.Single`.
    Double(f64),
    /// `Edm.String`.
    Text(Arc<str>),
    /// `Edm.Guid`.
    Guid(Guid),
    /// `Edm.DateTimeOffset`.
    Instant(Timestamp),
    /// `Edm.Date`.
    Date(Date),
    /// `Edm.TimeOfDay`.
    TimeOfDay(TimeOfDay),
    /// `Edm.Duration`, microseconds.
    Duration(i64),
    /// `Edm.Binary`.
    Binary(Arc<[u8]>),
    /// The number of a member (or of several, for flags) of an enumeration type.
    Enum(i64),
    /// An instance of a complex type.
    Complex(Arc<Complex>),
    /// A collection, in its order.
    List(Arc<[Value]>),
}

/// An instance of a complex type: its values by property index.
#[derive(Clone, Debug, PartialEq)]
pub struct Complex {
    /// The instance's own type; may be derived from the declared one.
    pub type_id: StructId,
    /// One value for each property of that type, inherited ones first.
    pub values: Vec<Value>,
}

impl Value {
    /// Text from anything that is text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// The instant, if it is one.
    #[must_use]
    pub fn as_instant(&self) -> Option<Timestamp> {
        if let Self::Instant(at) = self { Some(*at) } else { None }
    }

    /// Whether it is `true`; null and everything else is not.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The items of a collection; none for null.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        if let Self::List(items) = self { items } else { &[] }
    }
}

impl PartialEq for Value {
    /// Sameness as stored data: `NaN` is itself, no promotion between kinds. Not the `eq` of a query.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b))
            | (Self::Duration(a), Self::Duration(b))
            | (Self::Enum(a), Self::Enum(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b && a.scale() == b.scale(),
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Guid(a), Self::Guid(b)) => a == b,
            (Self::Instant(a), Self::Instant(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::TimeOfDay(a), Self::TimeOfDay(b)) => a == b,
            (Self::Binary(a), Self::Binary(b)) => a == b,
            (Self::Complex(a), Self::Complex(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            _ => false,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Instant(value)
    }
}

impl From<Guid> for Value {
    fn from(value: Guid) -> Self {
        Self::Guid(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
