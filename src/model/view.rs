//! Saved views: queries people keep under a name, for themselves or for all.

use super::{declare::reference, schema::StructType};

/// The entity type behind `SavedViews`.
pub(super) fn saved_view() -> StructType {
    StructType {
        name: "SavedView",
        doc: "A query somebody keeps under a name",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![reference("Owner", "Users", "OwnerId")],
    }
}

/// Properties of `SavedView`.
pub mod props {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Boolean, DateTimeOffset, Guid, Int32, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        NAME => stored(3, "Name", String).max(256).writable(),
        ENTITY_SET => stored(4, "EntitySet", String).max(64).writable().doc("The set it asks, such as Tickets"),
        QUERY => stored(5, "Query", String).max(16_384).writable().doc("Its options, as they follow the question mark"),
        OWNER_ID => stored(6, "OwnerId", Int64).nullable().on_create().indexed(Index::Many).doc("Whose it is; null for the workspace itself"),
        IS_SHARED => stored(7, "IsShared", Boolean).writable().default(false).doc("Whether everybody sees it"),
        POSITION => stored(8, "Position", Int32).writable().default(0).doc("Order in lists, lowest first"),
        CREATED => stored(9, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(10, "UpdatedDateTime", DateTimeOffset),
    }
}
