//! Access tokens as rows: everything about one but its secret.

use super::schema::StructType;

/// The entity type behind `AccessTokens`.
pub(super) fn access_token() -> StructType {
    StructType {
        name: "AccessToken",
        doc: "An expiring key for a program; its secret was shown once and is not kept",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![super::declare::reference("Owner", "Users", "OwnerId")],
    }
}

/// Properties of `AccessToken`.
pub mod props {
    use crate::model::{
        Entity, Index, Value,
        declare::{computed, stored, stored_as},
        helpdesk::set,
        person::user,
        types::{
            Primitive::{Binary, DateTimeOffset, Guid, Int64, String},
            Type,
        },
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        NAME => stored(3, "Name", String).max(256),
        KEY_PREFIX => stored(4, "KeyPrefix", String).max(32).doc("How the secret begins, to recognise it by"),
        KIND => stored(5, "Kind", String).max(16).doc("admin, ro, agent, svc or custom"),
        OWNER_ID => stored(6, "OwnerId", Int64).nullable().indexed(Index::Many).doc("Whose token it is; null for the workspace itself"),
        OWNER_NAME => computed("OwnerName", String, owner_name).doc("Name of the owner"),
        ROLE => stored(7, "Role", String).max(64).doc("The role it was made for"),
        SCOPES => stored_as(8, "Scopes", Type::Collection(Box::new(Type::Primitive(String)))).doc("The rights it was given"),
        HASH => stored(9, "Hash", Binary).indexed(Index::Unique).hidden(),
        CREATED => stored(10, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(11, "UpdatedDateTime", DateTimeOffset),
        EXPIRES => stored(12, "ExpiresDateTime", DateTimeOffset),
        REVOKED => stored(13, "RevokedDateTime", DateTimeOffset).nullable(),
        PURPOSE => stored(15, "Purpose", String).nullable().max(1000).doc("Which program uses it, and what for"),
        RESPONSIBLE_ID => stored(16, "ResponsibleId", Int64).nullable().indexed(Index::Many).doc("Who answers for a service token"),
        PARENT_ID => stored(17, "ParentId", Int64).nullable().indexed(Index::Many).doc("The token it was made with, whose rights bound it"),
        ALLOWED_ADDRESSES => stored_as(18, "AllowedAddresses", Type::Collection(Box::new(Type::Primitive(String)))).doc("Addresses and networks it works from; empty for everywhere"),
        ROTATED => stored(19, "RotatedDateTime", DateTimeOffset).nullable().doc("When its secret was last replaced"),
        OVERLAP_ENDS => stored(20, "OverlapEndsDateTime", DateTimeOffset).nullable().doc("Until when the secret before works too"),
        ORPHANED => stored(21, "OrphanedDateTime", DateTimeOffset).nullable().doc("Since when nobody answers for it"),
        FULL_EXPIRES => stored(22, "FullExpiresDateTime", DateTimeOffset).nullable().hidden().doc("Its end before it was orphaned"),
        CREATED_BY_ID => stored(14, "CreatedById", Int64).nullable().indexed(Index::Many).doc("The user who made it; null when made at the machine"),
    }

    fn owner_name(token: &dyn Entity) -> Value {
        let owner = token.value(OWNER_ID);
        if owner.is_null() {
            return Value::text("System");
        }
        token.look_up(set::USERS, &owner, user::NAME)
    }
}
