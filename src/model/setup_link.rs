//! A set-up link as it is told once, to whoever made it.

use super::{declare::complex, schema::StructType};

/// The complex type `SetupLink`.
pub(super) fn setup_link() -> StructType {
    let doc = "A link to choose a password with, which is told here and never again";
    complex("SetupLink", doc, props::properties())
}

/// Properties of `SetupLink`.
pub mod props {
    use crate::model::{
        declare::stored,
        types::Primitive::{DateTimeOffset, String},
    };

    crate::properties! {
        URL => stored(1, "Url", String).doc("For that person alone: it works once"),
        EXPIRES => stored(2, "ExpiresDateTime", DateTimeOffset),
    }
}
