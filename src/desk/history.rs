//! The trail of a ticket: one row for each tracked property at creation and at each change.

use super::get;
use crate::{
    error::Error,
    id::guid_at,
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

/// One change of one tracked property.
struct Change<'a> {
    ticket_id: &'a Value,
    tracked: &'a Tracked,
    from: Value,
    to: Value,
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
        let to = get(draft.model(), row, tracked.id);
        let (from, former_state_micros) = (Value::Null, None);
        let change = Change { ticket_id: &ticket_id, tracked, from, to, at, former_state_micros };
        write(draft, change)?;
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
        let since = last_change(draft, &ticket_id, tracked).or(made);
        let former_state_micros = since.map(|since| (at.micros() - since.micros()).max(0));
        let change = Change { ticket_id: &ticket_id, tracked, from, to, at, former_state_micros };
        write(draft, change)?;
    }
    Ok(())
}

/// Whether anything is known of a ticket.
#[must_use]
pub fn exists(source: &dyn Source, ticket_id: i64) -> bool {
    !source.rows_where(set::TICKET_HISTORY, history::TICKET_ID, &Value::Int(ticket_id)).is_empty()
}

fn last_change(draft: &dyn Draft, ticket_id: &Value, tracked: &Tracked) -> Option<Timestamp> {
    let rows = draft.rows_where(set::TICKET_HISTORY, history::TICKET_ID, ticket_id);
    let of_property =
        |row: &&Row| get(draft.model(), row, history::PROPERTY).as_text() == Some(tracked.name);
    rows.iter()
        .filter(of_property)
        .filter_map(|row| get(draft.model(), row, history::CHANGED).as_instant())
        .max()
}

fn write(draft: &mut dyn Draft, change: Change<'_>) -> Result<(), Error> {
    let Change { ticket_id, tracked, from, to, at, former_state_micros } = change;
    let (from_text, to_text) = (name_at(draft, tracked, &from), name_at(draft, tracked, &to));
    let (kind, by) = match draft.actor().author {
        Author::System => ("System", Value::Null),
        Author::User(id) => ("User", Value::Int(id)),
    };
    let token_id = draft.actor().token_id;
    let id = draft.next_id(set::TICKET_HISTORY)?;
    let model = draft.model();
    let mut edit = Edit::new(model, set::TICKET_HISTORY);
    edit.set(model, history::ID, id);
    edit.set(model, history::GUID, guid_at(at));
    edit.set(model, history::TICKET_ID, ticket_id.clone());
    edit.set(model, history::PROPERTY, tracked.name);
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

/// What the entity behind an id is called now; null for no id.
fn name_at(draft: &dyn Draft, tracked: &Tracked, id: &Value) -> Value {
    if id.is_null() {
        return Value::Null;
    }
    let row = draft.row(tracked.target, &Key::new(std::slice::from_ref(id)));
    row.map_or(Value::Null, |row| get(draft.model(), &row, tracked.by))
}
