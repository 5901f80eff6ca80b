//! A deleted ticket brought back, as far as what it named is still there.

use std::sync::Arc;

use super::contents::Contents;
use crate::{
    auth::Principal,
    desk::{get, history, pickers, plain, tickets::check_chain},
    error::Error,
    model::{
        Key, Precondition, Prop, Relation, Row, SetId, TextRef, Value, helpdesk,
        props::{deleted, picker, ticket},
        set,
    },
    query::Source,
    store::{Draft, Edit, Snapshot},
};

/// A deleted ticket to be brought back.
#[derive(Clone, Debug)]
pub struct Restore {
    key: Key,
    precondition: Precondition,
    looked: Option<(TextRef, Arc<Contents>)>,
}

impl Restore {
    /// Checks the caller.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn new(caller: &Principal, key: Key, precondition: Precondition) -> Result<Self, Error> {
        caller.require("tickets:delete")?;
        Ok(Self { key, precondition, looked: None })
    }

    /// Reads beforehand what was kept; not on the committer's thread, nor on one of an async runtime.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, `Internal` if it cannot be read.
    pub fn look(mut self, snapshot: &dyn Snapshot) -> Result<Self, Error> {
        let kept = self.find(snapshot)?;
        let contents = read(snapshot, &kept)?;
        self.looked = place(snapshot, &kept).map(|place| (place, Arc::new(contents)));
        Ok(self)
    }

    /// Brings it back with its comments, under the ids, Guids and dates they had.
    ///
    /// Who or what is gone meanwhile is not named any more; a status that is gone becomes the default.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, `Conflict` for an id or reference that was taken meanwhile.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let model = helpdesk();
        let kept = self.find(draft)?;
        // Only one that was deleted anew meanwhile has another text.
        let contents = match &self.looked {
            Some((looked, contents)) if place(draft, &kept) == Some(*looked) => {
                Arc::clone(contents)
            }
            Some(_) | None => Arc::new(read(draft, &kept)?),
        };
        let edit = contents.ticket(model)?;
        let before = put_back(draft, set::TICKETS, edit.clone())?;
        let mut still = edit.clone();
        drop_lost(draft, set::TICKETS, &mut still);
        settle_status(draft, &mut still)?;
        break_circle(draft, &mut still);
        let after = if still == edit { before.clone() } else { draft.put(set::TICKETS, still)? };
        for mut comment in contents.comments(model)? {
            drop_lost(draft, set::COMMENTS, &mut comment);
            put_back(draft, set::COMMENTS, comment)?;
        }
        draft.delete(set::DELETED_TICKETS, &self.key);
        let now = draft.now();
        history::fate(draft, &get(model, &after, ticket::ID), history::Fate::Restored)?;
        history::changed(draft, &before, &after, now)?;
        Ok(after)
    }

    fn find(&self, source: &dyn Source) -> Result<Row, Error> {
        let kept = plain::existing(source, set::DELETED_TICKETS, &self.key)?;
        self.precondition.check(kept.version)?;
        Ok(kept)
    }
}

/// Forgets what the ticket was merged into where that has become part of it meanwhile.
fn break_circle(draft: &dyn Draft, ticket: &mut Edit) {
    let id = ticket.get(ticket::ID).as_int();
    let into = ticket.get(ticket::MERGED_INTO_ID).as_int();
    if into.is_some_and(|into| check_chain(draft, id, into).is_err()) {
        ticket.set(draft.model(), ticket::MERGED_INTO_ID, Value::Null);
    }
}

/// Where the text of what was kept is.
fn place(source: &dyn Source, kept: &Row) -> Option<TextRef> {
    kept.record.text_ref(source.model().structure(kept.type_id), deleted::CONTENTS)
}

fn read(source: &dyn Source, kept: &Row) -> Result<Contents, Error> {
    let text = source.long_text(kept, deleted::CONTENTS)?;
    Contents::from_text(text.as_text().unwrap_or_default())
}

/// Stores an entity again, unless its id was given to another meanwhile.
fn put_back(draft: &mut dyn Draft, set: SetId, edit: Edit) -> Result<Row, Error> {
    let key = edit.key(draft.model());
    if draft.row(set, &key).is_some() {
        let name = draft.model().entity_type(set).name;
        let id = key.as_int().unwrap_or_default();
        let reason = format!("there is another {name} {id} now");
        return Err(Error::Conflict { target: "Id".into(), reason });
    }
    draft.put(set, edit)
}

/// Forgets people, teams and list entries that are gone. Tickets that are gone stay named: they may
/// come back as well.
fn drop_lost(draft: &dyn Draft, set: SetId, edit: &mut Edit) {
    let model = draft.model();
    let structure = model.entity_type(set);
    for navigation in &structure.navigations {
        let Relation::Reference { by } = navigation.relation else { continue };
        let (Some(prop), Some(target)) = (structure.property(by), model.target(navigation)) else {
            continue;
        };
        let id = edit.get(prop);
        let is_lost = target != set::TICKETS
            && !id.is_null()
            && draft.row(target, &Key::new(std::slice::from_ref(&id))).is_none();
        if is_lost {
            edit.set(model, prop, Value::Null);
        }
    }
}

/// Gives a ticket whose status is gone the default, with no dates but those that fits.
fn settle_status(draft: &dyn Draft, edit: &mut Edit) -> Result<(), Error> {
    if !edit.get(ticket::STATUS_ID).is_null() {
        return Ok(());
    }
    let (model, status) = (draft.model(), pickers::default_status(draft));
    let status = status.ok_or_else(|| Error::Conflict {
        target: "Status".into(),
        reason: "there is no status; create one first".into(),
    })?;
    edit.set(model, ticket::STATUS_ID, get(model, &status, picker::ID));
    let is = pickers::kind_of(draft, &edit.get(ticket::STATUS_ID));
    let cleared: &[Prop] = match is.as_str() {
        "Closed" => &[],
        "Resolved" => &[ticket::CLOSED],
        _ => &[ticket::RESOLVED, ticket::CLOSED],
    };
    for prop in cleared {
        edit.set(model, *prop, Value::Null);
    }
    Ok(())
}
