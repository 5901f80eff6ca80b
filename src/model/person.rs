//! People: customers who ask and users (staff) who answer. One address may be both.

use super::{declare::children, schema::StructType};

/// The entity type behind `Customers`.
pub(super) fn customer_type() -> StructType {
    StructType {
        name: "Customer",
        doc: "Somebody who asks",
        base: None,
        key: vec![customer::ID],
        properties: customer::properties(),
        navigations: vec![children("Tickets", "Tickets", "RequesterId")],
    }
}

/// The entity type behind `Users`.
pub(super) fn user_type() -> StructType {
    StructType {
        name: "User",
        doc: "A member of staff",
        base: None,
        key: vec![user::ID],
        properties: user::properties(),
        navigations: vec![
            children("AssignedTickets", "Tickets", "AssigneeId"),
            children("Memberships", "TeamMembers", "UserId"),
        ],
    }
}

/// Properties of `Customer`.
pub mod customer {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Boolean, DateTimeOffset, Guid, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        NAME => stored(3, "Name", String).max(512).writable(),
        EMAIL => stored(4, "Email", String).nullable().max(320).writable().indexed(Index::UniqueIgnoringCase).doc("Unique, whatever its letter case"),
        COMPANY => stored(5, "Company", String).nullable().max(512).writable(),
        DEPARTMENT => stored(6, "Department", String).nullable().max(512).writable(),
        PHONE => stored(7, "Phone", String).nullable().max(64).writable(),
        TIER => stored(8, "Tier", String).nullable().max(64).writable().doc("Level of service"),
        IS_VIP => stored(9, "IsVip", Boolean).writable().default(false),
        NOTES => stored(10, "Notes", String).nullable().max(10_000).writable(),
        TIME_ZONE => stored(11, "TimeZone", String).nullable().max(64).writable(),
        CREATED => stored(12, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(13, "UpdatedDateTime", DateTimeOffset),
    }
}

/// Properties of `User`.
pub mod user {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Boolean, DateTimeOffset, Guid, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        NAME => stored(3, "Name", String).max(512).writable(),
        EMAIL => stored(4, "Email", String).max(320).writable().indexed(Index::UniqueIgnoringCase).doc("Unique, whatever its letter case"),
        ROLE => stored(5, "Role", String).max(64).writable().doc("What this person may do"),
        IS_ACTIVE => stored(6, "IsActive", Boolean).writable().default(true).doc("Whether this person may do anything"),
        TIME_ZONE => stored(7, "TimeZone", String).nullable().max(64).writable(),
        CREATED => stored(8, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(9, "UpdatedDateTime", DateTimeOffset),
    }
}
