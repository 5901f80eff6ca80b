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
        Index, Value,
        declare::{computed, computed_as, stored, stored_as},
        helpdesk::set,
        token_facts as facts,
        types::{
            Primitive::{Binary, DateTimeOffset, Guid, Int64, String},
            Type,
        },
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        NAME => stored(3, "Name", String).max(256).writable(),
        PURPOSE => stored(15, "Purpose", String).nullable().max(1000).writable().doc("Which program uses it, and what for"),
        KEY_PREFIX => stored(4, "KeyPrefix", String).max(32).doc("How the secret begins, to recognise it by"),
        KIND => stored(5, "Kind", String).max(16).doc("admin, ro, agent, svc or custom"),
        STATE => computed("State", String, facts::state).doc("active, rotating, expired or revoked"),
        OWNER_ID => stored(6, "OwnerId", Int64).nullable().indexed(Index::Many).doc("Whose token it is; null for the workspace itself"),
        OWNER_NAME => computed("OwnerName", String, facts::owner_name).from_others(&[OWNER_ID], &[set::USERS]).nullable().doc("Name of the owner"),
        RESPONSIBLE_ID => stored(16, "ResponsibleId", Int64).nullable().indexed(Index::Many).writable().doc("Who answers for a service token"),
        RESPONSIBLE_NAME => computed("ResponsibleName", String, facts::responsible_name).from_others(&[RESPONSIBLE_ID], &[set::USERS]).nullable().doc("Name of that person"),
        CREATED_BY_ID => stored(14, "CreatedById", Int64).nullable().indexed(Index::Many).doc("The user who made it; null when made at the machine"),
        PARENT_ID => stored(17, "ParentId", Int64).nullable().indexed(Index::Many).doc("The token it was made with, whose rights bound it"),
        ROLE => stored(7, "Role", String).max(64).doc("The role it was made for"),
        SCOPES => stored_as(8, "Scopes", texts()).writable().doc("The rights it was given"),
        EFFECTIVE_SCOPES => computed_as("EffectiveScopes", texts(), facts::effective_scopes).doc("The rights in force now"),
        ALLOWED_ADDRESSES => stored_as(18, "AllowedAddresses", texts()).writable().default(Value::List([].into())).doc("Addresses and networks it works from; empty for everywhere"),
        HASH => stored(9, "Hash", Binary).indexed(Index::Unique).hidden(),
        CREATED => stored(10, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(11, "UpdatedDateTime", DateTimeOffset),
        EXPIRES => stored(12, "ExpiresDateTime", DateTimeOffset).writable(),
        REVOKED => stored(13, "RevokedDateTime", DateTimeOffset).nullable(),
        ROTATED => stored(19, "RotatedDateTime", DateTimeOffset).nullable().doc("When its secret was last replaced"),
        OVERLAP_ENDS => stored(20, "OverlapEndsDateTime", DateTimeOffset).nullable().doc("Until when the secret before works too"),
        ORPHANED => stored(21, "OrphanedDateTime", DateTimeOffset).nullable().doc("Since when nobody answers for it"),
        FULL_EXPIRES => stored(22, "FullExpiresDateTime", DateTimeOffset).nullable().hidden().doc("Its end before it was orphaned"),
        LAST_USED => computed("LastUsedDateTime", DateTimeOffset, facts::last_used).nullable().doc("When it was last let in, to the minute"),
        LAST_USED_ADDRESS => computed("LastUsedAddress", String, facts::last_used_address).nullable().max(64).doc("From where that was"),
        LAST_USED_AGENT => computed("LastUsedAgent", String, facts::last_used_agent).nullable().max(256).doc("The program that was, as it calls itself"),
        USE_COUNT => computed("UseCount", Int64, facts::use_count).doc("How often it was let in"),
        DENIED_COUNT => computed("DeniedCount", Int64, facts::denied_count).doc("How often it was refused"),
        FORMER_LAST_USED => computed("FormerLastUsedDateTime", DateTimeOffset, facts::former_last_used).nullable().doc("When a secret from before a rotation was last let in"),
        FORMER_LAST_USED_ADDRESS => computed("FormerLastUsedAddress", String, facts::former_last_used_address).nullable().max(64).doc("From where that was"),
    }

    fn texts() -> Type {
        Type::Collection(Box::new(Type::Primitive(String)))
    }
}
