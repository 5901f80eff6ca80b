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
mod page;
mod read;
#[cfg(test)]
mod tests;

pub use export::{EXPORTED, export};
pub use import::{Failure, Options, Progress, REASONS_TOLD, Summary, import};

use crate::model::{Contents, Model, SetId, set};

/// Sets that stay where they are: access tokens, because their secrets do, deleted tickets, what
/// happened here, and what is allowed here.
const STAYING: [SetId; 4] =
    [set::ACCESS_TOKENS, set::DELETED_TICKETS, set::AUDIT_EVENTS, set::TOKEN_POLICIES];

/// Whether entities of a set can be imported: stored ones that clients know, but none that stay.
#[must_use]
pub fn is_importable(model: &Model, id: SetId) -> bool {
    match model.set(id).contents {
        Contents::Stored { .. } => !model.set(id).hidden && !STAYING.contains(&id),
        Contents::Unfolded { .. } | Contents::Computed { .. } => false,
    }
}
