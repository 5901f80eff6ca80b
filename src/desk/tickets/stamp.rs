//! What a change of status means for a ticket's dates.

use crate::{
    desk::{get, pickers},
    model::{Row, Value, props::ticket},
    store::{Draft, Edit},
    time::Timestamp,
};

/// Dates what a change of status means: resolved, closed, reopened; a reopened ticket is merged no more.
pub(super) fn stamp(draft: &dyn Draft, edit: &mut Edit, before: Option<&Row>, at: Timestamp) {
    let model = draft.model();
    let is = pickers::kind_of(draft, &edit.get(ticket::STATUS_ID));
    let was = before.map(|row| pickers::kind_of(draft, &get(model, row, ticket::STATUS_ID)));
    if was.as_ref() == Some(&is) {
        return;
    }
    let was_done = matches!(was.as_deref(), Some("Resolved" | "Closed"));
    match is.as_str() {
        "Resolved" => {
            if !was_done || edit.get(ticket::RESOLVED).is_null() {
                edit.set(model, ticket::RESOLVED, at);
            }
            edit.set(model, ticket::CLOSED, Value::Null);
        }
        "Closed" => {
            edit.set(model, ticket::CLOSED, at);
            if edit.get(ticket::RESOLVED).is_null() {
                edit.set(model, ticket::RESOLVED, at);
            }
        }
        _ => {
            edit.set(model, ticket::RESOLVED, Value::Null);
            edit.set(model, ticket::CLOSED, Value::Null);
            if was_done {
                edit.set(model, ticket::MERGED_INTO_ID, Value::Null);
                let count = edit.get(ticket::REOPEN_COUNT).as_int().unwrap_or(0);
                edit.set(model, ticket::REOPEN_COUNT, count + 1);
            }
        }
    }
}
