//! What a workspace allows of access tokens at all.

use super::schema::StructType;

/// The entity type behind `TokenPolicies`, of which there is one.
pub(super) fn token_policy() -> StructType {
    StructType {
        name: "TokenPolicy",
        doc: "What this workspace allows of access tokens; there is one",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![],
    }
}

/// Properties of `TokenPolicy`.
pub mod props {
    use crate::model::{
        Index, Value,
        declare::{stored, stored_as},
        types::{
            Primitive::{Boolean, DateTimeOffset, Guid, Int64, String},
            Type,
        },
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        MINTING_ROLES => stored_as(3, "MintingRoles", Type::Collection(Box::new(Type::Primitive(String)))).writable().default(minting_roles()).doc("Roles whose people may make tokens"),
        LIFETIME_MAX_HOURS => stored(4, "LifetimeMaxHours", Int64).writable().default(8_760).doc("Longest life of a token; never above the setting token_lifetime_max_hours"),
        LIFETIME_DEFAULT_HOURS => stored(5, "LifetimeDefaultHours", Int64).nullable().writable().doc("Life of a token where none is asked for; null is one calendar month"),
        SCOPES_NEEDING_ADDRESSES => stored_as(6, "ScopesNeedingAddresses", Type::Collection(Box::new(Type::Primitive(String)))).writable().default(Value::List([].into())).doc("Scopes that a token has only while its AllowedAddresses are neither empty nor all there are"),
        IDLE_DAYS => stored(7, "IdleDays", Int64).writable().default(90).doc("Days without use after which a token is revoked; 0 for never"),
        ALLOW_TOKEN_IN_ADDRESS => stored(8, "AllowTokenInAddress", Boolean).writable().default(false).doc("Whether a token that only reads may come as ?access_token="),
        ON_RETIRED_SECRET => stored(9, "OnRetiredSecret", String).max(16).writable().default("Alert").doc("What use of a rotated-out secret does: Alert, or Revoke the token as well"),
        CREATED => stored(10, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(11, "UpdatedDateTime", DateTimeOffset),
    }

    fn minting_roles() -> Value {
        let roles = crate::model::Role::ALL.into_iter();
        let minting = roles.filter(|role| role.scopes().has("tokens:mint"));
        Value::List(minting.map(|role| Value::text(role.name())).collect())
    }
}
