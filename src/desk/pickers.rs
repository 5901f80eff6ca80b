//! The six lists tickets choose from.

use super::get;
use crate::{
    error::Error,
    id::guid_at,
    model::{
        Row, SetId, Value,
        props::{picker, status},
        set,
    },
    query::Source,
    store::{Draft, Edit},
};

/// All picker sets.
pub const SETS: [SetId; 6] =
    [set::STATUSES, set::PRIORITIES, set::CATEGORIES, set::TYPES, set::SOURCES, set::RESOLUTIONS];

/// An entry to be made.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// The kind, for a status; `None` takes the one its name suggests.
    pub kind: Option<&'a str>,
    /// Whether tickets that name none get it.
    pub is_default: bool,
}

/// Adds an entry at the end of a list.
///
/// # Errors
/// Those of the store.
pub fn add(draft: &mut dyn Draft, set: SetId, entry: Entry<'_>) -> Result<Row, Error> {
    let (id, now) = (draft.next_id(set)?, draft.now());
    let model = draft.model();
    let mut edit = Edit::new(model, set);
    edit.set(model, picker::ID, id);
    edit.set(model, picker::GUID, guid_at(now));
    edit.set(model, picker::NAME, entry.name);
    edit.set(model, picker::POSITION, next_position(draft, set));
    edit.set(model, picker::IS_DEFAULT, entry.is_default);
    edit.set(model, picker::IS_ARCHIVED, false);
    edit.set(model, picker::CREATED, now);
    edit.set(model, picker::UPDATED, now);
    if set == set::STATUSES {
        edit.set(model, status::KIND, entry.kind.unwrap_or_else(|| kind_by_name(entry.name)));
    }
    draft.put(set, edit)
}

/// The position behind all others of a list.
#[must_use]
pub fn next_position(source: &dyn Source, set: SetId) -> i64 {
    let position = |row: Row| get(source.model(), &row, picker::POSITION).as_int();
    source.rows(set).filter_map(position).max().unwrap_or(0) + 1
}

/// What kind of status a name suggests.
#[must_use]
pub fn kind_by_name(name: &str) -> &'static str {
    let lower = name.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["unresolved", "reopen", "re-open"]) {
        "Open"
    } else if says(&["closed", "done", "cancel"]) {
        "Closed"
    } else if says(&["resolved", "solved", "fixed"]) {
        "Resolved"
    } else if says(&["pending", "waiting", "on hold"]) {
        "Pending"
    } else if lower == "new" {
        "New"
    } else {
        "Open"
    }
}

/// The status of tickets that name none: the default, else the first that is new, else the first.
#[must_use]
pub fn default_status(source: &dyn Source) -> Option<Row> {
    let model = source.model();
    let rank = |row: &Row| {
        let is = |prop| get(model, row, prop).is_true();
        let is_new = get(model, row, status::KIND).as_text() == Some("New");
        let position = get(model, row, picker::POSITION).as_int().unwrap_or(i64::MAX);
        (is(picker::IS_ARCHIVED), !is(picker::IS_DEFAULT), !is_new, position)
    };
    source.rows(set::STATUSES).min_by_key(rank)
}

/// The kind of a ticket's status; `Open` where there is none.
#[must_use]
pub fn kind_of(source: &dyn Source, status_id: &Value) -> String {
    let row = source.row(set::STATUSES, &crate::model::Key::new(std::slice::from_ref(status_id)));
    let kind = row.map(|row| get(source.model(), &row, status::KIND));
    kind.as_ref().and_then(Value::as_text).unwrap_or("Open").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suggests_a_kind_that_exists() {
        for (name, want) in [
            ("Resolved", "Resolved"),
            ("Closed", "Closed"),
            ("Done", "Closed"),
            ("closed - duplicate", "Closed"),
            ("Pending customer", "Pending"),
            ("New", "New"),
            ("Reopened", "Open"),
            ("Unresolved", "Open"),
            ("In Progress", "Open"),
            ("", "Open"),
        ] {
            assert_eq!(kind_by_name(name), want, "{name}");
            assert!(status::KINDS.contains(&want));
        }
    }
}
