//! The trail of a ticket: one row for each tracked property at creation and at each change.

use super::get;
use crate::{
    error::Error,
    model::{
        Key, Prop, Row, SetId, Value,
        props::{history, picker, team, ticket, user},
        set,
    },
    query::Source,
    store::{Author, Draft, Edit},
    time::Timestamp,
};

/// A property of tickets whose changes are kept.
#[derive(Clone, Copy, Debug)]
pub struct Tracked {
    /// Its name in the history.
    pub name: &'static str,
    /// The property of the ticket.
    pub id: Prop,
    /// The set its id is from.
    pub target: SetId,
    /// The name there.
    pub by: Prop,
}

/// Every tracked property, in the order its rows are written.
pub const TRACKED: [Tracked; 5] = [
    Tracked { name: "Status", id: ticket::STATUS_ID, target: set::STATUSES, by: picker::NAME },
    Tracked { name: "Assignee", id: ticket::ASSIGNEE_ID, target: set::USERS, by: user::NAME },
    Tracked { name: "Team", id: ticket::TEAM_ID, target: set::TEAMS, by: team::NAME },
    Tracked {
        name: "Priority",
        id: ticket::PRIORITY_ID,
        target: set::PRIORITIES,
        by: picker::NAME,
    },
    Tracked {
        name: "Category",
        id: ticket::CATEGORY_ID,
        target: set::CATEGORIES,
        by: picker::NAME,
    },
];

/// One row to be written: ids and texts before and after.
struct Entry<'a> {
    ticket_id: &'a Value,
    property: &'static str,
    from: (Value, Value),
    to: (Value, Value),
    at: Timestamp,
    former_state_micros: Option<i64>,
}

/// Writes the rows of a new ticket, dated `at`.
///
/// # Errors
/// Those of the store.
pub fn created(draft: &mut dyn Draft, row: &Row, at: Timestamp) -> Result<(), Error> {
    let ticket_id = get(draft.model(), row, ticket::ID);
    for tracked in &TRACKED {
        let to = named(draft, tracked, get(draft.model(), row, tracked.id));
        let (from, former_state_micros) = ((Value::Null, Value::Null), None);
        let (ticket_id, property) = (&ticket_id, tracked.name);
        write(draft, &Entry { ticket_id, property, from, to, at, former_state_micros })?;
    }
    Ok(())
}

/// Writes a row for each tracked property that differs between two versions of a ticket.
///
/// # Errors
/// Those of the store.
pub fn changed(
    draft: &mut dyn Draft,
    before: &Row,
    after: &Row,
    at: Timestamp,
) -> Result<(), Error> {
    let model = draft.model();
    let ticket_id = get(model, after, ticket::ID);
    let made = get(model, before, ticket::CREATED).as_instant();
    let changes: Vec<(&Tracked, Value, Value)> = TRACKED
        .iter()
        .map(|tracked| (tracked, get(model, before, tracked.id), get(model, after, tracked.id)))
        .filter(|(_, from, to)| from != to)
        .collect();
    for (tracked, from, to) in changes {
        let since = last_change(draft, &ticket_id, tracked.name).or(made);
        let former_state_micros = since.map(|since| (at.micros() - since.micros()).max(0));
        let (from, to) = (named(draft, tracked, from), named(draft, tracked, to));
        let (ticket_id, property) = (&ticket_id, tracked.name);
        write(draft, &Entry { ticket_id, property, from, to, at, former_state_micros })?;
    }
    Ok(())
}

/// Whether anything is known of a ticket.
#[must_use]
pub fn exists(source: &dyn Source, ticket_id: i64) -> bool {
    !source.rows_where(set::TICKET_HISTORY, history::TICKET_ID, &Value::Int(ticket_id)).is_empty()
}

/// What becomes of a ticket as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was deleted, for a while or for good.
    Deleted,
    /// It was brought back.
    Restored,
}

/// Writes what becomes of a ticket as a whole.
///
/// # Errors
/// Those of the store.
pub fn fate(draft: &mut dyn Draft, ticket_id: &Value, fate: Fate) -> Result<(), Error> {
    let at = draft.now();
    let (from, to) = match fate {
        Fate::Deleted => (Value::Null, Value::text("Deleted")),
        Fate::Restored => (Value::text("Deleted"), Value::text("Restored")),
    };
    let since = last_change(draft, ticket_id, TICKET).filter(|_| !from.is_null());
    let former_state_micros = since.map(|since| (at.micros() - since.micros()).max(0));
    let (from, to) = ((Value::Null, from), (Value::Null, to));
    let property = TICKET;
    write(draft, &Entry { ticket_id, property, from, to, at, former_state_micros })
}

/// The property under which the history tells of a ticket as a whole.
const TICKET: &str = "Ticket";

fn last_change(draft: &dyn Draft, ticket_id: &Value, property: &str) -> Option<Timestamp> {
    let rows = draft.rows_where(set::TICKET_HISTORY, history::TICKET_ID, ticket_id);
    let of_property =
        |row: &&Row| get(draft.model(), row, history::PROPERTY).as_text() == Some(property);
    rows.iter()
        .filter(of_property)
        .filter_map(|row| get(draft.model(), row, history::CHANGED).as_instant())
        .max()
}

fn write(draft: &mut dyn Draft, entry: &Entry<'_>) -> Result<(), Error> {
    let Entry { ticket_id, property, at, former_state_micros, .. } = *entry;
    let ((from, from_text), (to, to_text)) = (entry.from.clone(), entry.to.clone());
    let (kind, by) = match draft.actor().author {
        Author::System => ("System", Value::Null),
        Author::User(id) => ("User", Value::Int(id)),
    };
    let token_id = draft.actor().token_id;
    let id = draft.next_id(set::TICKET_HISTORY)?;
    let model = draft.model();
    let mut edit = Edit::new(model, set::TICKET_HISTORY);
    edit.set(model, history::ID, id);
    edit.set(model, history::GUID, draft.new_guid(set::TICKET_HISTORY, at, id));
    edit.set(model, history::TICKET_ID, ticket_id.clone());
    edit.set(model, history::PROPERTY, property);
    edit.set(model, history::FROM_ID, from);
    edit.set(model, history::FROM_TEXT, from_text);
    edit.set(model, history::TO_ID, to);
    edit.set(model, history::TO_TEXT, to_text);
    edit.set(model, history::CHANGED, at);
    edit.set(model, history::CHANGED_BY_KIND, kind);
    edit.set(model, history::CHANGED_BY_ID, by);
    edit.set(model, history::ACTOR_TOKEN_ID, token_id);
    edit.set(model, history::FORMER_STATE_MICROS, former_state_micros);
    edit.set(model, history::CREATED, at);
    edit.set(model, history::UPDATED, at);
    draft.put(set::TICKET_HISTORY, edit)?;
    Ok(())
}

/// An id and what the entity behind it is called now; null for no id.
fn named(draft: &dyn Draft, tracked: &Tracked, id: Value) -> (Value, Value) {
    if id.is_null() {
        return (Value::Null, Value::Null);
    }
    let row = draft.row(tracked.target, &Key::new(std::slice::from_ref(&id)));
    (id, row.map_or(Value::Null, |row| get(draft.model(), &row, tracked.by)))
}
