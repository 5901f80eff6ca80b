//! Who is asking, as callers get themselves told.

use super::{
    declare::complex,
    operation::Function,
    schema::{FunctionId, StructType},
};

/// `Me()`.
pub const ME: FunctionId = FunctionId(0);

/// The complex type `Caller`.
pub(super) fn caller() -> StructType {
    complex("Caller", "Who is asking, and what that allows now", props::properties())
}

/// The functions, in the order of their constants.
pub(super) fn functions() -> Vec<Function> {
    vec![Function { name: "Me", doc: "Tells callers who they are here", returns: "Caller" }]
}

/// Properties of `Caller`.
pub mod props {
    use crate::model::{
        declare::{stored, stored_as},
        types::{
            Primitive::{Boolean, DateTimeOffset, Int64, String},
            Type,
        },
    };

    crate::properties! {
        KIND => stored(1, "Kind", String).max(16).doc("Token, Session or System"),
        USER_ID => stored(2, "UserId", Int64).nullable().doc("The user it acts for; null for the workspace itself"),
        USER_NAME => stored(3, "UserName", String).nullable().max(512).doc("Name of that user"),
        ROLE => stored(4, "Role", String).nullable().max(64).doc("The role of the token, or of the user signed in"),
        TOKEN_ID => stored(5, "TokenId", Int64).nullable().doc("Id of the access token"),
        TOKEN_NAME => stored(6, "TokenName", String).nullable().max(256).doc("Name of the access token"),
        KEY_PREFIX => stored(7, "KeyPrefix", String).nullable().max(32).doc("How the token's secret begins"),
        SCOPES => stored_as(8, "Scopes", Type::Collection(Box::new(Type::Primitive(String)))).doc("The rights in force now"),
        EXPIRES => stored(9, "ExpiresDateTime", DateTimeOffset).nullable().doc("When this access ends; of a session, if it is not used again"),
        ADDRESS => stored(10, "Address", String).nullable().max(64).doc("Address the request came from, as the server sees it"),
        MAY_MINT => stored(11, "MayMintTokens", Boolean).doc("Whether rights and policy let the caller make access tokens"),
        LIFETIME_MAX => stored(12, "TokenLifetimeMaxHours", Int64).nullable().doc("Longest life of an access token the caller makes; null where none may be made"),
        LIFETIME_DEFAULT => stored(13, "TokenLifetimeDefaultHours", Int64).nullable().doc("Its life where none is asked for; null is one calendar month"),
        NEEDING_ADDRESSES => stored_as(14, "ScopesNeedingAddresses", Type::Collection(Box::new(Type::Primitive(String)))).doc("Scopes with which it needs a list of addresses it works from"),
    }
}
