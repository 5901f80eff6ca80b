//! A new access token as it is told once, to whoever made it.

use super::{declare::complex, schema::StructType};

/// The complex type `MintedToken`.
pub(super) fn minted_token() -> StructType {
    let doc = "A new access token with its secret, which is told here and never again";
    complex("MintedToken", doc, props::properties())
}

/// Properties of `MintedToken`.
pub mod props {
    use crate::model::{
        declare::stored,
        types::Primitive::{DateTimeOffset, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64).doc("Id of the access token"),
        KEY_PREFIX => stored(2, "KeyPrefix", String).max(32).doc("How the secret begins, to recognise it by"),
        EXPIRES => stored(3, "ExpiresDateTime", DateTimeOffset),
        SECRET => stored(4, "Secret", String).max(64).doc("Keep it: only its hash is stored"),
    }
}
