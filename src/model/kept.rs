//! What the product keeps for itself: sets that no client ever reads or names.
//!
//! Of a secret only a digest is kept; the one exception is the key that signs, which never leaves.

use super::schema::StructType;

/// How an access token was used; apart from the token, so that use does not change its version.
pub(super) fn token_use_type() -> StructType {
    kept("TokenUse", vec![token_use::TOKEN_ID], token_use::properties())
}

/// A secret that was taken out of use by rotation.
pub(super) fn rotated_secret_type() -> StructType {
    kept("RotatedSecret", vec![rotated_secret::ID], rotated_secret::properties())
}

/// Somebody signed in.
pub(super) fn session_type() -> StructType {
    kept("Session", vec![session::ID], session::properties())
}

/// What somebody signs in with.
pub(super) fn credential_type() -> StructType {
    kept("Credential", vec![credential::USER_ID], credential::properties())
}

/// What a change was answered with, for whoever asks for the same change again.
pub(super) fn kept_answer_type() -> StructType {
    kept("KeptAnswer", vec![kept_answer::KEY], kept_answer::properties())
}

/// A key that signs.
pub(super) fn signing_key_type() -> StructType {
    kept("SigningKey", vec![signing_key::ID], signing_key::properties())
}

fn kept(name: &'static str, key: Vec<super::Prop>, properties: Vec<super::Property>) -> StructType {
    StructType { name, doc: "", base: None, key, properties, navigations: vec![] }
}

/// Properties of `TokenUse`.
pub mod token_use {
    use crate::model::{
        declare::stored,
        types::Primitive::{DateTimeOffset, Int64, String},
    };

    crate::properties! {
        TOKEN_ID => stored(1, "TokenId", Int64),
        LAST_USED => stored(2, "LastUsedDateTime", DateTimeOffset).nullable(),
        ADDRESS => stored(3, "LastUsedAddress", String).nullable(),
        AGENT => stored(4, "LastUsedAgent", String).nullable(),
        USE_COUNT => stored(5, "UseCount", Int64),
        DENIED_COUNT => stored(6, "DeniedCount", Int64),
        FORMER_LAST_USED => stored(7, "FormerLastUsedDateTime", DateTimeOffset).nullable(),
        FORMER_ADDRESS => stored(8, "FormerLastUsedAddress", String).nullable(),
    }
}

/// Properties of `RotatedSecret`.
pub mod rotated_secret {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Binary, DateTimeOffset, Int64},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        HASH => stored(2, "Hash", Binary).indexed(Index::Unique).hidden(),
        TOKEN_ID => stored(3, "TokenId", Int64).indexed(Index::Many),
        UNTIL => stored(4, "UntilDateTime", DateTimeOffset).doc("When the overlap ends or ended"),
    }
}

/// Properties of `Session`.
pub mod session {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Binary, DateTimeOffset, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        HASH => stored(2, "Hash", Binary).indexed(Index::Unique).hidden(),
        USER_ID => stored(3, "UserId", Int64).indexed(Index::Many),
        CREATED => stored(4, "CreatedDateTime", DateTimeOffset),
        LAST_SEEN => stored(5, "LastSeenDateTime", DateTimeOffset),
        CONFIRMED => stored(6, "ConfirmedDateTime", DateTimeOffset).nullable().doc("When the password was last given again"),
        ADDRESS => stored(7, "Address", String).nullable(),
        AGENT => stored(8, "Agent", String).nullable(),
    }
}

/// Properties of `Credential`.
pub mod credential {
    use crate::model::{
        Index,
        declare::stored,
        types::Primitive::{Binary, DateTimeOffset, Int64, String},
    };

    crate::properties! {
        USER_ID => stored(1, "UserId", Int64).doc("0 before there is anybody"),
        PASSWORD_HASH => stored(2, "PasswordHash", String).nullable().hidden().doc("Argon2id, in its text form"),
        CHANGED => stored(3, "ChangedDateTime", DateTimeOffset).nullable(),
        LINK_HASH => stored(4, "LinkHash", Binary).nullable().indexed(Index::Unique).hidden().doc("Of the secret in a set-up link"),
        LINK_EXPIRES => stored(5, "LinkExpiresDateTime", DateTimeOffset).nullable(),
    }
}

/// Properties of `KeptAnswer`.
pub mod kept_answer {
    use crate::model::{
        declare::{long_text, stored},
        types::Primitive::{Binary, DateTimeOffset, Int32, Int64, String},
    };

    crate::properties! {
        KEY => stored(1, "Key", String).doc("Digest of who asked and of the idempotency key"),
        FINGERPRINT => stored(2, "Fingerprint", Binary).doc("Digest of what was asked"),
        CREATED => stored(3, "CreatedDateTime", DateTimeOffset),
        STATUS => stored(4, "Status", Int32),
        HEADERS => stored(5, "Headers", String).doc("A line each"),
        BODY => long_text(6, "Body").nullable(),
        SECRET_OF => stored(7, "SecretOf", Int64).nullable().doc("The access token whose secret was told"),
        SCOPES => stored(8, "Scopes", String).nullable().doc("What whoever was told the body held"),
    }
}

/// Properties of `SigningKey`.
pub mod signing_key {
    use crate::model::{
        declare::stored,
        types::Primitive::{Binary, Int64},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        KEY => stored(2, "Key", Binary).hidden(),
    }
}
