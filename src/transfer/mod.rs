//! Entities in and out as JSON Lines.
//!
//! A line has the shape the feed returns. Import states facts rather than acting: given times are
//! kept, nothing is stamped, trimmed or repaired, and what is unknown by name is made. Knows no HTTP
//! and no command line.

mod apply;
pub mod demo;
pub mod export;
mod fields;
pub mod import;
mod lines;
mod read;
#[cfg(test)]
mod tests;

pub use export::{EXPORTED, export};
pub use import::{Failure, Options, Progress, Summary, import};

use crate::model::{Contents, Model, SetId, set};

/// Whether entities of a set can be imported: stored ones, but no access tokens.
#[must_use]
pub fn is_importable(model: &Model, id: SetId) -> bool {
    match model.set(id).contents {
        Contents::Stored { .. } => id != set::ACCESS_TOKENS,
        Contents::Unfolded { .. } => false,
    }
}
