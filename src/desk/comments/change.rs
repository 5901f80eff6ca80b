//! Comments changed and deleted: by who wrote them, or who may do so to any.

use super::{EMPTY, is_empty, touch};
use crate::{
    auth::Principal,
    desk::{
        Moment, Properties,
        body::Body,
        get, later,
        plain::{existing, missing},
        tickets,
    },
    error::Error,
    model::{Key, Model, Precondition, Row, Value, helpdesk, props::comment, set},
    store::{Draft, Edit},
};

/// Changes to a comment.
#[derive(Clone, Debug)]
pub struct Update {
    caller: Principal,
    key: Key,
    precondition: Precondition,
    body: Body,
}

impl Update {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ReadOnlyProperty`, `InvalidValue`.
    pub fn new(
        model: &Model,
        caller: &Principal,
        (key, precondition): (Key, Precondition),
        changes: Properties,
    ) -> Result<Self, Error> {
        caller.require("comments:create")?;
        let body = Body::new(model.entity_type(set::COMMENTS), changes, Moment::Change)?;
        if body.get(comment::BODY).is_some_and(is_empty) {
            return Err(EMPTY());
        }
        Ok(Self { caller: caller.clone(), key, precondition, body })
    }

    /// Makes the changes, and dates the ticket; where nothing differs, nothing is written.
    ///
    /// A note that is made public by staff can be the first response.
    ///
    /// # Errors
    /// `NotFound`, also for a note the caller may not read; `PreconditionFailed`, `Forbidden`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let model = helpdesk();
        let before = reachable(draft, &self.caller, &self.key)?;
        self.precondition.check(before.version)?;
        if !is_own(model, &self.caller, &before) {
            self.caller.require("comments:write")?;
        }
        let unchanged = Edit::of(model, &before);
        let mut edit = unchanged.clone();
        for (prop, value) in self.body.iter() {
            let kept = before.record.text_ref(model.structure(before.type_id), prop);
            let is_same =
                kept.zip(value.as_text()).is_some_and(|(kept, given)| kept.vouches_for(given));
            if !is_same {
                edit.set(model, prop, value.clone());
            }
        }
        let is_internal = edit.get(comment::IS_INTERNAL).is_true();
        if is_internal {
            self.caller.require("notes:write")?;
        }
        if edit == unchanged {
            return Ok(before);
        }
        let at = later(draft, &before, comment::UPDATED);
        edit.set(model, comment::UPDATED, at);
        let after = draft.put(set::COMMENTS, edit)?;
        let by_staff = get(model, &after, comment::AUTHOR_KIND).as_text() == Some("User");
        let was_internal = get(model, &before, comment::IS_INTERNAL).is_true();
        touch_ticket(draft, &after, by_staff && was_internal && !is_internal)?;
        Ok(after)
    }
}

/// A comment to be deleted.
#[derive(Clone, Debug)]
pub struct Delete {
    caller: Principal,
    key: Key,
    precondition: Precondition,
}

impl Delete {
    /// Checks the caller.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn new(caller: &Principal, key: Key, precondition: Precondition) -> Result<Self, Error> {
        caller.require("comments:delete")?;
        Ok(Self { caller: caller.clone(), key, precondition })
    }

    /// Deletes it, and dates the ticket.
    ///
    /// # Errors
    /// `NotFound`, also for a note the caller may not read; `PreconditionFailed`, `Forbidden`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<(), Error> {
        let row = reachable(draft, &self.caller, &self.key)?;
        self.precondition.check(row.version)?;
        draft.delete(set::COMMENTS, &self.key);
        touch_ticket(draft, &row, false)
    }
}

/// The comment of that key, if the caller may change what it is.
fn reachable(draft: &dyn Draft, caller: &Principal, key: &Key) -> Result<Row, Error> {
    let row = existing(draft, set::COMMENTS, key)?;
    if get(draft.model(), &row, comment::IS_INTERNAL).is_true() {
        if !caller.scopes.has("notes:read") {
            return Err(missing(draft.model(), set::COMMENTS, key));
        }
        caller.require("notes:write")?;
    }
    Ok(row)
}

fn is_own(model: &Model, caller: &Principal, row: &Row) -> bool {
    caller.user_id.is_some()
        && get(model, row, comment::AUTHOR_USER_ID) == Value::from(caller.user_id)
}

fn touch_ticket(draft: &mut dyn Draft, row: &Row, is_answer: bool) -> Result<(), Error> {
    let ticket = Key::new(&[get(draft.model(), row, comment::TICKET_ID)]);
    let on = tickets::existing(draft, &ticket)?;
    touch(draft, &on, is_answer)
}
