//! A ticket with everything its line names.

use super::{Outcome, Work, people::Person, refusal};
use crate::{
    desk::{deleted, get, history, lookups::LookUp, pickers, tickets},
    error::Error,
    model::{Prop, Row, Value, props::ticket, set},
    store::Edit,
    transfer::read::Entity,
};

impl Work<'_> {
    /// Makes or changes a ticket, then its comments.
    pub(super) fn ticket(&mut self, entity: &Entity) -> Result<(), Error> {
        let before = self.same_ticket(entity);
        let id = entity.int(ticket::ID).filter(|_| before.is_none());
        if id.is_some_and(|id| deleted::is_kept(self.draft, id)) {
            return Err(refusal("Id", deleted::KEPT));
        }
        let mut edit = self.start(set::TICKETS, before.as_ref(), entity)?;
        self.fill(&mut edit, before.as_ref(), entity)?;
        if let Some(tags) = entity.get(ticket::TAGS) {
            edit.set(self.model, ticket::TAGS, tickets::tags(tags)?);
        }
        for at in 0..self.memo.look_ups.len() {
            let look_up = self.memo.look_ups[at];
            if let Some(id) = self.reference(look_up, entity)? {
                edit.set(self.model, look_up.id, id);
            }
        }
        if before.is_none() {
            self.complete_ticket(&mut edit)?;
        } else if edit.get(ticket::STATUS_ID).is_null() {
            return Err(refusal("Status", "it cannot be null"));
        }
        let is_dated = entity.get(ticket::UPDATED).is_some_and(|at| !at.is_null());
        let (row, outcome) =
            self.finish(set::TICKETS, edit, before.as_ref(), (ticket::UPDATED, is_dated))?;
        self.count(set::TICKETS, outcome);
        match (outcome, &before) {
            (Outcome::Updated, Some(before)) => {
                let now = self.draft.now();
                history::changed(self.draft, before, &row, now)?;
            }
            (Outcome::Created, _) => self.first_history(entity, &row)?,
            (Outcome::Updated | Outcome::Unchanged, _) => {}
        }
        for comment in &entity.comments {
            self.comment(comment, Some(&row))?;
        }
        Ok(())
    }

    /// The ticket a line is about: of that id, else of that external reference.
    fn same_ticket(&self, entity: &Entity) -> Option<Row> {
        if let Some(id) = entity.int(ticket::ID) {
            return self.row(set::TICKETS, id);
        }
        entity.text(ticket::EXTERNAL_REFERENCE).and_then(|text| self.ticket_of(text))
    }

    /// The ticket with that external reference.
    pub(super) fn ticket_of(&self, reference: &str) -> Option<Row> {
        let reference = Value::text(reference);
        let found = self.draft.rows_where(set::TICKETS, ticket::EXTERNAL_REFERENCE, &reference);
        found.into_iter().next()
    }

    fn complete_ticket(&self, edit: &mut Edit) -> Result<(), Error> {
        let model = self.model;
        if edit.get(ticket::TAGS).is_null() {
            edit.set(model, ticket::TAGS, Value::List([].into()));
        }
        if edit.get(ticket::REOPEN_COUNT).is_null() {
            edit.set(model, ticket::REOPEN_COUNT, 0);
        }
        if edit.get(ticket::STATUS_ID).is_null() {
            let status = pickers::default_status(self.draft)
                .ok_or_else(|| refusal("Status", "there is no status yet; give one"))?;
            edit.set(model, ticket::STATUS_ID, get(model, &status, Prop(0)));
        }
        Ok(())
    }

    /// History of a new ticket, dated as the ticket; left alone where it was imported before.
    fn first_history(&mut self, entity: &Entity, row: &Row) -> Result<(), Error> {
        let known = entity.int(ticket::ID);
        if known.is_some_and(|id| history::exists(self.draft, id)) {
            return Ok(());
        }
        let created = get(self.model, row, ticket::CREATED).as_instant();
        let at = created.unwrap_or(self.draft.now());
        history::created(self.draft, row, at)
    }

    /// The id a line gives by id or by name; `None` where it says nothing.
    fn reference(&mut self, look_up: LookUp, entity: &Entity) -> Result<Option<Value>, Error> {
        let structure = self.model.entity_type(set::TICKETS);
        let name_of = |prop| structure.property_at(prop).name;
        let (id, name) = (entity.get(look_up.id), entity.get(look_up.name));
        let person = |name_prop| Person {
            members: [look_up.id, look_up.name, name_prop].map(name_of),
            id,
            address: name,
            name: entity.get(name_prop),
        };
        match look_up.target {
            set::CUSTOMERS => {
                return self.person(set::CUSTOMERS, person(ticket::REQUESTER_NAME));
            }
            set::USERS => return self.person(set::USERS, person(ticket::ASSIGNEE_NAME)),
            _ => {}
        }
        if let Some(text) = name.and_then(Value::as_text) {
            let kind = entity.text(ticket::STATUS_KIND).filter(|_| look_up.target == set::STATUSES);
            let which = (look_up.target, id);
            return self.named(which, name_of(look_up.name), text, kind).map(|id| Some(id.into()));
        }
        if let Some(id) = id.and_then(Value::as_int) {
            self.check_there(look_up.target, name_of(look_up.id), id)?;
            return Ok(Some(id.into()));
        }
        let is_nothing = id.or(name).is_some() && look_up.target != set::STATUSES;
        Ok(is_nothing.then_some(Value::Null))
    }
}
