//! The six lists tickets choose from.

use super::{
    get, invalid,
    plain::{Leaving, Rules, Turn, alone, check_not_blank, differs},
    references::{Reference, check_none},
};
use crate::{
    error::Error,
    model::{
        Prop, Row, SetId, Value, helpdesk,
        props::{picker, status, ticket},
        set,
    },
    query::Source,
    store::{Draft, Edit},
};

/// All picker sets.
pub const SETS: [SetId; 6] =
    [set::STATUSES, set::PRIORITIES, set::CATEGORIES, set::TYPES, set::SOURCES, set::RESOLUTIONS];

/// Names are unique, at most one entry is the default, and there is always a default status.
pub(super) const RULES: Rules = Rules { settle, check_leaving, release: alone };

/// Where tickets name an entry of a list.
fn named_by(set: SetId) -> Prop {
    match set {
        set::PRIORITIES => ticket::PRIORITY_ID,
        set::CATEGORIES => ticket::CATEGORY_ID,
        set::TYPES => ticket::TYPE_ID,
        set::SOURCES => ticket::SOURCE_ID,
        set::RESOLUTIONS => ticket::RESOLUTION_ID,
        _ => ticket::STATUS_ID,
    }
}

fn settle(draft: &mut dyn Draft, turn: &Turn<'_>, edit: &mut Edit) -> Result<(), Error> {
    let (model, set) = (draft.model(), turn.set);
    check_not_blank(model, edit, picker::NAME)?;
    if differs(model, turn, edit, picker::NAME) {
        check_unique(draft, set, edit)?;
    }
    if edit.get(picker::POSITION).is_null() {
        edit.set(model, picker::POSITION, next_position(draft, set));
    }
    if set == set::STATUSES {
        let kind = edit.get(status::KIND);
        if kind.as_text().is_none_or(|kind| !status::KINDS.contains(&kind)) {
            return Err(invalid("Kind", format!("it is one of {}", status::KINDS.join(", "))));
        }
    }
    let (is_default, is_archived) =
        (edit.get(picker::IS_DEFAULT).is_true(), edit.get(picker::IS_ARCHIVED).is_true());
    let is_default_status = turn.before.is_some_and(|row| is_default_status(draft, row));
    if is_archived && (is_default || is_default_status) {
        return Err(conflict(model, set, "the default cannot be archived"));
    }
    if is_default_status && !is_default && differs(model, turn, edit, picker::IS_DEFAULT) {
        return Err(conflict(model, set, "tickets need a default status"));
    }
    if is_default { clear_default(draft, set, edit) } else { Ok(()) }
}

fn check_leaving(source: &dyn Source, leaving: &Leaving<'_>) -> Result<(), Error> {
    let row = leaving.row;
    if is_default_status(source, row) {
        return Err(conflict(source.model(), row.set, "tickets need a default status"));
    }
    let names = ("ticket", "tickets");
    let tickets = Reference { names, set: set::TICKETS, by: named_by(row.set) };
    check_none(source, leaving, &[tickets], "archive it instead with 'IsArchived'")
}

fn conflict(model: &crate::model::Model, set: SetId, reason: &str) -> Error {
    let target = model.entity_type(set).name.to_owned();
    Error::Conflict { target, reason: format!("{reason}; make another one the default first") }
}

/// Whether this is the status of tickets that name none.
fn is_default_status(source: &dyn Source, row: &Row) -> bool {
    let id = |row: &Row| get(source.model(), row, picker::ID);
    row.set == set::STATUSES && default_status(source).is_some_and(|other| id(&other) == id(row))
}

/// Refuses a name that another entry has, whatever its letter case.
fn check_unique(source: &dyn Source, set: SetId, edit: &Edit) -> Result<(), Error> {
    let (model, id) = (source.model(), edit.get(picker::ID));
    let lower = |value: &Value| value.as_text().map(str::to_lowercase);
    let wanted = lower(&edit.get(picker::NAME));
    let mut others = source.rows(set).filter(|row| get(model, row, picker::ID) != id);
    match others.find(|row| lower(&get(model, row, picker::NAME)) == wanted) {
        None => Ok(()),
        Some(other) => {
            let id = get(model, &other, picker::ID).as_int().unwrap_or_default();
            let reason = format!("{} {id} has this name", model.entity_type(set).name);
            Err(Error::Conflict { target: "Name".into(), reason })
        }
    }
}

/// Takes the mark of the default from every other entry.
fn clear_default(draft: &mut dyn Draft, set: SetId, edit: &Edit) -> Result<(), Error> {
    let (model, id) = (helpdesk(), edit.get(picker::ID));
    let is_other = |row: &Row| {
        get(model, row, picker::ID) != id && get(model, row, picker::IS_DEFAULT).is_true()
    };
    let others: Vec<Row> = draft.rows(set).filter(is_other).collect();
    for row in others {
        let mut other = Edit::of(model, &row);
        other.set(model, picker::IS_DEFAULT, false);
        super::plain::put_updated(draft, &row, &mut other);
        draft.put(set, other)?;
    }
    Ok(())
}

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
    edit.set(model, picker::GUID, draft.new_guid(set, now, id));
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

/// The position behind all others of a list; where the greatest number is taken, beside it.
#[must_use]
pub fn next_position(source: &dyn Source, set: SetId) -> i64 {
    let position = |row: Row| get(source.model(), &row, picker::POSITION).as_int();
    let last = source.rows(set).filter_map(position).max().unwrap_or(0);
    last.saturating_add(1).min(i64::from(i32::MAX))
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

/// The entry of tickets that name none, where a list has one.
#[must_use]
pub fn default_of(source: &dyn Source, set: SetId) -> Option<Row> {
    if set == set::STATUSES {
        return default_status(source);
    }
    let model = source.model();
    let is = |row: &Row, prop| get(model, row, prop).is_true();
    let mut rows = source.rows(set);
    rows.find(|row| is(row, picker::IS_DEFAULT) && !is(row, picker::IS_ARCHIVED))
}

/// The first status of a kind that can still be chosen.
#[must_use]
pub fn first_of_kind(source: &dyn Source, kind: &str) -> Option<Row> {
    let model = source.model();
    let suits = |row: &Row| {
        get(model, row, status::KIND).as_text() == Some(kind)
            && !get(model, row, picker::IS_ARCHIVED).is_true()
    };
    let rank = |row: &Row| get(model, row, picker::POSITION).as_int();
    source.rows(set::STATUSES).filter(suits).min_by_key(rank)
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
