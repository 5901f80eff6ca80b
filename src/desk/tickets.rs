//! Tickets: created, changed, deleted.

use std::collections::HashSet;

use super::{
    Moment, Properties, body::Body, get, history, invalid, later, lookups, name_of, people, pickers,
};
use crate::{
    auth::Principal,
    error::Error,
    id::guid_at,
    model::{
        Key, Model, Origin, Precondition, Prop, Row, StructType, Value,
        props::{comment, ticket},
        set,
    },
    store::{Draft, Edit},
    time::Timestamp,
};

/// Tags a ticket may be given.
pub const TAGS_MAX: usize = 1000;

/// A ticket to be created.
#[derive(Clone, Debug)]
pub struct Create {
    body: Body,
}

impl Create {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ReadOnlyProperty`, `InvalidValue`, `LimitExceeded`.
    pub fn new(model: &Model, caller: &Principal, given: Properties) -> Result<Self, Error> {
        caller.require("tickets:create")?;
        Ok(Self { body: checked(model, given, Moment::Creation)? })
    }

    /// Creates it.
    ///
    /// # Errors
    /// `Conflict` if the external reference is taken, `InvalidValue` for what is not there.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let now = draft.now();
        if let Some(address) = self.body.get(ticket::REQUESTER_EMAIL).and_then(Value::as_text) {
            people::customer_for(draft, "RequesterEmail", address)?;
        }
        let id = draft.next_id(set::TICKETS)?;
        let mut edit = Edit::new(draft.model(), set::TICKETS);
        fill(draft, &mut edit, None, &self.body)?;
        let model = draft.model();
        if edit.get(ticket::STATUS_ID).is_null() {
            let status = pickers::default_status(draft)
                .ok_or_else(|| invalid("Status", "there is no status yet; create one first"))?;
            edit.set(model, ticket::STATUS_ID, get(model, &status, Prop(0)));
        }
        edit.set(model, ticket::ID, id);
        edit.set(model, ticket::GUID, guid_at(now));
        if edit.get(ticket::TAGS).is_null() {
            edit.set(model, ticket::TAGS, Value::List([].into()));
        }
        edit.set(model, ticket::REOPEN_COUNT, 0);
        edit.set(model, ticket::CREATED, now);
        edit.set(model, ticket::UPDATED, now);
        stamp(draft, &mut edit, None, now);
        let row = draft.put(set::TICKETS, edit)?;
        history::created(draft, &row, now)?;
        Ok(row)
    }
}

/// Changes to a ticket.
#[derive(Clone, Debug)]
pub struct Update {
    key: Key,
    precondition: Precondition,
    body: Body,
}

impl Update {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ReadOnlyProperty`, `InvalidValue`, `LimitExceeded`.
    pub fn new(
        model: &Model,
        caller: &Principal,
        (key, precondition): (Key, Precondition),
        changes: Properties,
    ) -> Result<Self, Error> {
        caller.require("tickets:write")?;
        Ok(Self { key, precondition, body: checked(model, changes, Moment::Change)? })
    }

    /// Makes the changes; where nothing differs, nothing is written.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, `Conflict`, `InvalidValue`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let before = existing(draft, &self.key)?;
        self.precondition.check(before.version)?;
        let unchanged = Edit::of(draft.model(), &before);
        let mut edit = unchanged.clone();
        fill(draft, &mut edit, Some(&before), &self.body)?;
        if edit == unchanged {
            return Ok(before);
        }
        let model = draft.model();
        let at = later(draft, &unchanged.get(ticket::UPDATED));
        edit.set(model, ticket::UPDATED, at);
        stamp(draft, &mut edit, Some(&before), at);
        let after = draft.put(set::TICKETS, edit)?;
        history::changed(draft, &before, &after, at)?;
        Ok(after)
    }
}

/// A ticket to be deleted, with its comments; its history stays.
#[derive(Clone, Debug)]
pub struct Delete {
    key: Key,
    precondition: Precondition,
}

impl Delete {
    /// Checks the caller.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn new(caller: &Principal, key: Key, precondition: Precondition) -> Result<Self, Error> {
        caller.require("tickets:delete")?;
        Ok(Self { key, precondition })
    }

    /// Deletes it.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<(), Error> {
        let row = existing(draft, &self.key)?;
        self.precondition.check(row.version)?;
        let id = get(draft.model(), &row, ticket::ID);
        for comment in draft.rows_where(set::COMMENTS, comment::TICKET_ID, &id) {
            let key = comment.key(draft.model());
            draft.delete(set::COMMENTS, &key);
        }
        draft.delete(set::TICKETS, &self.key);
        Ok(())
    }
}

/// The ticket of that key.
pub(super) fn existing(draft: &dyn Draft, key: &Key) -> Result<Row, Error> {
    let id = key.as_int().map_or_else(String::new, |id| format!(" {id}"));
    draft.row(set::TICKETS, key).ok_or_else(|| Error::NotFound { what: format!("Ticket{id}") })
}

/// Writes what a body gives into an edit: stored properties, and ids for the names beside them.
///
/// A long text that is what it was `before` is left alone, so that it does not look like a change.
fn fill(
    draft: &dyn Draft,
    edit: &mut Edit,
    before: Option<&Row>,
    body: &Body,
) -> Result<(), Error> {
    let model = draft.model();
    let structure = model.entity_type(set::TICKETS);
    for (prop, value) in body.iter() {
        if before.is_some_and(|row| is_same_text(structure, row, prop, value)) {
            continue;
        }
        match structure.property_at(prop).origin {
            Origin::Stored { .. } | Origin::LongText { .. } => {
                edit.set(model, prop, value.clone());
            }
            Origin::LookUp { .. } | Origin::Count { .. } | Origin::Computed(_) => {}
        }
    }
    for (prop, id) in lookups::ids(draft, structure, body)? {
        if id.is_null() && !structure.property_at(prop).nullable {
            return Err(invalid(name_of(model, set::TICKETS, prop), "it cannot be null"));
        }
        edit.set(model, prop, id);
    }
    Ok(())
}

/// Whether a long text of `row` is the one given.
fn is_same_text(structure: &StructType, row: &Row, prop: Prop, value: &Value) -> bool {
    let text = row.record.text_ref(structure, prop).zip(value.as_text());
    text.is_some_and(|(kept, given)| kept.vouches_for(given))
}

/// What a client gave, its tags as they are kept.
fn checked(model: &Model, given: Properties, moment: Moment) -> Result<Body, Error> {
    let mut body = Body::new(model.entity_type(set::TICKETS), given, moment)?;
    if let Some(given) = body.get_mut(ticket::TAGS) {
        *given = tags(given)?;
    }
    Ok(body)
}

/// Tags as they are kept: in order, each once, none empty.
///
/// # Errors
/// `InvalidValue`, and `LimitExceeded` for more than [`TAGS_MAX`].
pub(crate) fn tags(given: &Value) -> Result<Value, Error> {
    let given = given.items();
    if given.len() > TAGS_MAX {
        let (limit, max) = ("tags_max", TAGS_MAX as u64);
        return Err(Error::LimitExceeded { limit, max, target: "Tags".into() });
    }
    let mut known = HashSet::with_capacity(given.len());
    let mut kept = Vec::with_capacity(given.len());
    for tag in given {
        let text = tag.as_text().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| invalid("Tags", "a tag is a text that is not empty"))?;
        if known.insert(text) {
            kept.push(tag.clone());
        }
    }
    Ok(Value::List(kept.into()))
}

/// Dates what a change of status means: resolved, closed, reopened.
fn stamp(draft: &dyn Draft, edit: &mut Edit, before: Option<&Row>, at: Timestamp) {
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
                let count = edit.get(ticket::REOPEN_COUNT).as_int().unwrap_or(0);
                edit.set(model, ticket::REOPEN_COUNT, count + 1);
            }
        }
    }
}
