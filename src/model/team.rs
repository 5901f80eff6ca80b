//! Teams and who is in them.

use super::{
    declare::{children, reference},
    schema::StructType,
};

/// The entity type behind `Teams`.
pub(super) fn team() -> StructType {
    StructType {
        name: "Team",
        doc: "A group of staff that tickets are given to",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![
            children("Members", "TeamMembers", "TeamId"),
            children("Tickets", "Tickets", "TeamId"),
        ],
    }
}

/// The entity type behind `TeamMembers`.
pub(super) fn team_member() -> StructType {
    StructType {
        name: "TeamMember",
        doc: "One user's place in one team",
        base: None,
        key: vec![member::TEAM_ID, member::USER_ID],
        properties: member::properties(),
        navigations: vec![
            reference("Team", "Teams", "TeamId"),
            reference("User", "Users", "UserId"),
        ],
    }
}

/// Properties of `Team`.
pub mod props {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Boolean, DateTimeOffset, Guid, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        NAME => stored(3, "Name", String).max(512).writable().indexed(Index::Many),
        DESCRIPTION => stored(4, "Description", String).nullable().max(10_000).writable(),
        IS_ARCHIVED => stored(5, "IsArchived", Boolean).writable().default(false).doc("No longer offered"),
        CREATED => stored(6, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(7, "UpdatedDateTime", DateTimeOffset),
    }
}

/// Properties of `TeamMember`.
pub mod member {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{DateTimeOffset, Guid, Int64},
    };

    crate::properties! {
        TEAM_ID => stored(1, "TeamId", Int64).on_create().indexed(Index::Many),
        USER_ID => stored(2, "UserId", Int64).on_create().indexed(Index::Many),
        GUID => stored(3, "Guid", Guid).indexed(Index::Unique),
        CREATED => stored(4, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(5, "UpdatedDateTime", DateTimeOffset),
    }
}
