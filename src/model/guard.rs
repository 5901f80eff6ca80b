//! Who gets to see which entities of a set, beyond the scope that reads it. Data only.

/// Entities of a set that not everybody who may read the set gets to see.
#[derive(Clone, Copy, Debug)]
pub enum Guard {
    /// Some need a scope of their own.
    Flagged {
        /// Name of a Boolean property; entities for which it is true are guarded.
        property: &'static str,
        /// The scope that sees them all the same.
        scope: &'static str,
    },
    /// Everybody sees their own, and what is shared.
    OwnerOrShared {
        /// Name of the property that holds the owner's id; null for the workspace itself.
        owner: &'static str,
        /// Name of a Boolean property; entities for which it is true are shared.
        shared: &'static str,
    },
    /// Everybody sees their own, and who holds a scope sees all.
    Own {
        /// Name of the property that holds the owner's id; null for the workspace itself.
        owner: &'static str,
        /// The scope that sees all.
        scope: &'static str,
    },
}
