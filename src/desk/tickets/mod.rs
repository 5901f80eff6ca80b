//! Tickets: created, changed, and the ways in which they go on.

mod act;
mod fill;
mod stamp;

pub(super) use act::check_chain;
pub use act::{Act, MERGE_CHAIN_MAX};
pub use fill::TAGS_MAX;
pub(crate) use fill::tags;

use self::{
    fill::{complete, fill},
    stamp::stamp,
};
use super::{Moment, Properties, body::Body, comments, history, later, plain};
use crate::{
    auth::Principal,
    error::Error,
    model::{Key, Model, Precondition, Row, Value, helpdesk, props::ticket, set},
    store::{Draft, Edit},
};

/// A ticket to be created, and the first comments on it.
#[derive(Clone, Debug)]
pub struct Create {
    body: Body,
    comments: Vec<comments::Create>,
}

impl Create {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ReadOnlyProperty`, `InvalidValue`, `LimitExceeded`.
    pub fn new(
        model: &Model,
        caller: &Principal,
        given: Properties,
        comments: Vec<Properties>,
    ) -> Result<Self, Error> {
        caller.require("tickets:create")?;
        let body = checked(model, given, Moment::Creation)?;
        let comments = comments.into_iter();
        let comments = comments.map(|given| comments::Create::new(model, caller, given));
        Ok(Self { body, comments: comments.collect::<Result<_, _>>()? })
    }

    /// Creates it.
    ///
    /// # Errors
    /// `Conflict` if the external reference is taken, `InvalidValue` for what is not there.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let now = draft.now();
        let id = draft.next_id(set::TICKETS)?;
        let model = helpdesk();
        let mut edit = Edit::new(model, set::TICKETS);
        fill(draft, &mut edit, None, &self.body)?;
        complete(draft, &mut edit, &self.body)?;
        edit.set(model, ticket::ID, id);
        edit.set(model, ticket::GUID, draft.new_guid(set::TICKETS, now, id));
        if edit.get(ticket::TAGS).is_null() {
            edit.set(model, ticket::TAGS, Value::List([].into()));
        }
        edit.set(model, ticket::REOPEN_COUNT, 0);
        edit.set(model, ticket::CREATED, now);
        edit.set(model, ticket::UPDATED, now);
        stamp(draft, &mut edit, None, now);
        let mut row = draft.put(set::TICKETS, edit)?;
        history::created(draft, &row, now)?;
        for comment in &self.comments {
            comment.run_on(draft, &row)?;
            row = existing(draft, &Key::Int(id))?;
        }
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
        alter(draft, &before, &mut |draft, edit| fill(draft, edit, Some(&before), &self.body))
    }
}

/// Part of a verb that changes a ticket.
type Alter<'a> = &'a mut dyn FnMut(&mut dyn Draft, &mut Edit) -> Result<(), Error>;

/// Changes a ticket, and stamps and records what that means; where nothing differs, nothing is written.
fn alter(draft: &mut dyn Draft, before: &Row, change: Alter<'_>) -> Result<Row, Error> {
    let model = helpdesk();
    let unchanged = Edit::of(model, before);
    let mut edit = unchanged.clone();
    change(draft, &mut edit)?;
    if edit == unchanged {
        return Ok(before.clone());
    }
    let at = later(draft, before, ticket::UPDATED);
    edit.set(model, ticket::UPDATED, at);
    stamp(draft, &mut edit, Some(before), at);
    let after = draft.put(set::TICKETS, edit)?;
    history::changed(draft, before, &after, at)?;
    Ok(after)
}

/// The ticket of that key.
pub(super) fn existing(draft: &dyn Draft, key: &Key) -> Result<Row, Error> {
    plain::existing(draft, set::TICKETS, key)
}

/// What a client gave, its tags as they are kept.
fn checked(model: &Model, given: Properties, moment: Moment) -> Result<Body, Error> {
    let mut body = Body::new(model.entity_type(set::TICKETS), given, moment)?;
    if let Some(given) = body.get_mut(ticket::TAGS) {
        *given = tags(given)?;
    }
    Ok(body)
}
