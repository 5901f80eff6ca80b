//! The six lists tickets choose from. All alike, but a status also has a kind.

use super::schema::StructType;

/// The entity type behind `Statuses`.
pub(super) fn status_type() -> StructType {
    picker_type("Status", "Where a ticket stands", status::properties())
}

/// The entity type behind one of the other pickers.
pub(super) fn picker(name: &'static str, doc: &'static str) -> StructType {
    picker_type(name, doc, props::properties())
}

fn picker_type(
    name: &'static str,
    doc: &'static str,
    properties: Vec<super::schema::Property>,
) -> StructType {
    StructType { name, doc, base: None, key: vec![props::ID], properties, navigations: vec![] }
}

/// Properties every picker has, `Status` included.
pub mod props {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Boolean, DateTimeOffset, Guid, Int32, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        NAME => stored(3, "Name", String).max(512).writable().indexed(Index::Many),
        POSITION => stored(4, "Position", Int32).writable().doc("Order in lists, lowest first"),
        IS_DEFAULT => stored(5, "IsDefault", Boolean).writable().default(false).doc("Taken when a ticket names none"),
        IS_ARCHIVED => stored(6, "IsArchived", Boolean).writable().default(false).doc("No longer offered"),
        CREATED => stored(7, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(8, "UpdatedDateTime", DateTimeOffset),
    }
}

/// What `Status` has beside the properties of every picker.
pub mod status {
    use crate::model::{Prop, Property, declare::stored, types::Primitive::String};

    /// Index of the property `Kind`.
    pub const KIND: Prop = Prop(super::props::UPDATED.0 + 1);

    /// The kinds, in the order a ticket passes them.
    pub const KINDS: [&str; 5] = ["New", "Open", "Pending", "Resolved", "Closed"];

    /// The properties of every picker, then the kind.
    #[must_use]
    pub fn properties() -> Vec<Property> {
        let mut properties = super::props::properties();
        let doc = "New, Open, Pending, Resolved or Closed";
        properties.push(stored(9, "Kind", String).max(16).writable().doc(doc));
        properties
    }
}
