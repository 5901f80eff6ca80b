//! The audit log: what was done to access, and every change with who made it. Never a secret.

use super::schema::StructType;

/// The entity type behind `AuditEvents`.
pub(super) fn audit_event() -> StructType {
    StructType {
        name: "AuditEvent",
        doc: "Something that happened, chained to what happened before; nobody changes it",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![],
    }
}

/// Properties of `AuditEvent`. What people and tokens were called then stays, whatever becomes of them.
pub mod props {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Binary, DateTimeOffset, Guid, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        CREATED => stored(3, "CreatedDateTime", DateTimeOffset),
        EVENT => stored(4, "Event", String).max(64).doc("What happened, such as TokenMinted or Changed"),
        ACTOR_USER_ID => stored(5, "ActorUserId", Int64).nullable().indexed(Index::Many).doc("Who did it; null for the product itself and at the machine"),
        ACTOR_NAME => stored(6, "ActorName", String).nullable().max(512).doc("What that person was called then"),
        ACTOR_TOKEN_ID => stored(7, "ActorTokenId", Int64).nullable().indexed(Index::Many).doc("The access token it was done with"),
        ACTOR_KEY_PREFIX => stored(8, "ActorKeyPrefix", String).nullable().max(32).doc("How that token's secret begins"),
        ACTOR_SESSION_ID => stored(9, "ActorSessionId", Int64).nullable().doc("The session it was done in"),
        SUBJECT_SET => stored(10, "EntitySet", String).nullable().max(64).doc("The set of what it was done to"),
        SUBJECT_ID => stored(11, "EntityId", String).nullable().max(256).doc("The key of what it was done to"),
        SUBJECT_NAME => stored(12, "EntityName", String).nullable().max(512).doc("What that was called then"),
        DETAIL => stored(13, "Detail", String).nullable().max(4000).doc("What exactly, in words"),
        ADDRESS => stored(14, "Address", String).nullable().max(64).doc("Where the request came from"),
        AGENT => stored(15, "Agent", String).nullable().max(256).doc("The program that asked, as it calls itself"),
        COUNT => stored(16, "Count", Int64).doc("How often it happened since the last event of its like"),
        FORMER_HASH => stored(17, "FormerHash", Binary).max(32).doc("The hash of the event before"),
        HASH => stored(18, "Hash", Binary).max(32).doc("BLAKE3 over the former hash and everything here"),
    }
}
