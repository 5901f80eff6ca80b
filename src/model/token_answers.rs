//! What actions on access tokens answer with, beside a new secret.

use super::{declare::complex, schema::StructType};

/// The complex type `RemovedTokens`.
pub(super) fn removed_tokens() -> StructType {
    let doc = "Tokens that had ended and were taken off the list, or would be";
    complex("RemovedTokens", doc, removed::properties())
}

/// The complex type `AddressCheck`.
pub(super) fn address_check() -> StructType {
    let doc = "What a list of addresses would mean, before it is saved";
    complex("AddressCheck", doc, check::properties())
}

/// Properties of `RemovedTokens`.
pub mod removed {
    use crate::model::{
        declare::{stored, stored_as},
        types::{
            Primitive::{Boolean, Int64, String},
            Type,
        },
    };

    crate::properties! {
        COUNT => stored(1, "Count", Int64).doc("How many there are"),
        IDS => stored_as(2, "Ids", Type::Collection(Box::new(Type::Primitive(Int64)))).doc("Their ids"),
        NAMES => stored_as(3, "Names", Type::Collection(Box::new(Type::Primitive(String)))).doc("Their names, in the same order"),
        IS_PREVIEW => stored(4, "IsPreview", Boolean).doc("Whether they are all still there"),
    }
}

/// Properties of `AddressCheck`.
pub mod check {
    use crate::model::{
        declare::{stored, stored_as},
        types::{
            Primitive::{Boolean, String},
            Type,
        },
    };

    crate::properties! {
        ALLOWED_ADDRESSES => stored_as(1, "AllowedAddresses", Type::Collection(Box::new(Type::Primitive(String)))).doc("The list as it would be saved"),
        ADDRESS => stored(2, "Address", String).nullable().max(64).doc("Where this request came from, as the server sees it"),
        WOULD_DENY => stored(3, "WouldDeny", Boolean).doc("Whether a token with this list would not work from there"),
        LAST_USED_ADDRESS => stored(4, "LastUsedAddress", String).nullable().max(64).doc("Where the token was last used from"),
        WOULD_DENY_LAST_USED => stored(5, "WouldDenyLastUsed", Boolean).nullable().doc("Whether it would no longer work from there"),
    }
}
