//! What an empty workspace starts with: lists to choose from.

use super::{
    pickers::{Entry, add},
    policy, signing,
};
use crate::{
    error::Error,
    model::{SetId, set},
    store::Draft,
};

/// The statuses, each of the kind it is named after; the first is the default.
const STATUSES: [&str; 5] = ["New", "Open", "Pending", "Resolved", "Closed"];
const OTHERS: [(SetId, [&str; 4]); 2] = [
    (set::PRIORITIES, ["Low", "Normal", "High", "Urgent"]),
    (set::SOURCES, ["Email", "Web", "API", "Phone"]),
];

/// Gives a workspace its policy and its key, and fills its lists if it has no status yet.
///
/// # Errors
/// Those of the store.
pub fn fill(draft: &mut dyn Draft) -> Result<(), Error> {
    policy::ensure(draft)?;
    signing::ensure(draft)?;
    if draft.rows(set::STATUSES).next().is_some() {
        return Ok(());
    }
    for name in STATUSES {
        let is_default = name == STATUSES[0];
        add(draft, set::STATUSES, Entry { name, kind: Some(name), is_default })?;
    }
    for (set, names) in OTHERS {
        if draft.rows(set).next().is_some() {
            continue;
        }
        for name in names {
            add(draft, set, Entry { name, kind: None, is_default: false })?;
        }
    }
    Ok(())
}
