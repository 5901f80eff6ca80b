//! Comments and internal notes: written by somebody, on a ticket.

mod change;

pub use change::{Delete, Update};

use super::{Moment, Properties, body::Body, get, invalid, later, tickets::existing};
use crate::{
    auth::Principal,
    error::Error,
    model::{
        Key, Model, Row, Value,
        props::{comment, ticket},
        set,
    },
    store::{Draft, Edit},
};

/// A comment to be created.
#[derive(Clone, Debug)]
pub struct Create {
    body: Body,
    user_id: Option<i64>,
}

/// Who wrote a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A member of staff.
    User(i64),
    /// A customer.
    Customer(i64),
    /// The product itself.
    System,
}

impl Writer {
    /// Writes it into a comment.
    pub fn set(self, model: &Model, edit: &mut Edit) {
        let (kind, user, customer) = match self {
            Self::User(id) => ("User", Some(id), None),
            Self::Customer(id) => ("Customer", None, Some(id)),
            Self::System => ("System", None, None),
        };
        edit.set(model, comment::AUTHOR_KIND, kind);
        edit.set(model, comment::AUTHOR_USER_ID, user);
        edit.set(model, comment::AUTHOR_CUSTOMER_ID, customer);
    }
}

impl Create {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden` (a note needs `notes:write`), `ReadOnlyProperty`, `InvalidValue`.
    pub fn new(model: &Model, caller: &Principal, given: Properties) -> Result<Self, Error> {
        caller.require("comments:create")?;
        let body = Body::new(model.entity_type(set::COMMENTS), given, Moment::Creation)?;
        if body.get(comment::IS_INTERNAL).is_some_and(Value::is_true) {
            caller.require("notes:write")?;
        }
        if body.get(comment::BODY).is_none_or(is_empty) {
            return Err(EMPTY());
        }
        Ok(Self { body, user_id: caller.user_id })
    }

    /// Creates it on the ticket its body names, and dates the ticket.
    ///
    /// # Errors
    /// `InvalidValue` for a ticket or author that is not there, `Conflict` for an external reference
    /// that is taken.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let ticket = self.body.get(comment::TICKET_ID).and_then(Value::as_int);
        let ticket = ticket.ok_or_else(|| invalid("TicketId", "a comment belongs to a ticket"))?;
        let on = existing(draft, &Key::Int(ticket))
            .map_err(|missing| invalid("TicketId", missing.to_string()))?;
        self.run_on(draft, &on)
    }

    /// Creates it on a ticket, whatever its body names, and dates the ticket.
    ///
    /// # Errors
    /// As for [`Create::run`].
    pub fn run_on(&self, draft: &mut dyn Draft, on: &Row) -> Result<Row, Error> {
        let ticket = on.key(draft.model());
        let given = |prop| self.body.get(prop).filter(|value| !value.is_null()).cloned();
        let reference = given(comment::EXTERNAL_REFERENCE);
        if let Some(text) = reference.as_ref().and_then(Value::as_text)
            && by_reference(draft, &ticket, text).is_some()
        {
            let reason = "another comment of this ticket has this value".to_owned();
            return Err(Error::Conflict { target: "ExternalReference".into(), reason });
        }
        let id = draft.next_id(set::COMMENTS)?;
        let writer = self.writer(draft)?;
        let is_internal = given(comment::IS_INTERNAL).is_some_and(|value| value.is_true());
        let (model, now) = (draft.model(), draft.now());
        let mut edit = Edit::new(model, set::COMMENTS);
        edit.set(model, comment::ID, id);
        edit.set(model, comment::GUID, draft.new_guid(set::COMMENTS, now, id));
        edit.set(model, comment::TICKET_ID, ticket.as_int());
        writer.set(model, &mut edit);
        edit.set(model, comment::BODY, given(comment::BODY).unwrap_or(Value::Null));
        edit.set(model, comment::IS_INTERNAL, is_internal);
        edit.set(model, comment::EXTERNAL_REFERENCE, reference.unwrap_or(Value::Null));
        edit.set(model, comment::CREATED, now);
        edit.set(model, comment::UPDATED, now);
        let row = draft.put(set::COMMENTS, edit)?;
        touch(draft, on, matches!(writer, Writer::User(_)) && !is_internal)?;
        Ok(row)
    }

    /// The caller, where that is a member of staff; else whoever the body names.
    fn writer(&self, draft: &dyn Draft) -> Result<Writer, Error> {
        let id = |prop| self.body.get(prop).and_then(Value::as_int);
        let (user, customer) = (id(comment::AUTHOR_USER_ID), id(comment::AUTHOR_CUSTOMER_ID));
        let kind = self.body.get(comment::AUTHOR_KIND).and_then(Value::as_text);
        let named = match (kind, user, customer) {
            (None, None, None) => None,
            (None | Some("User"), Some(id), None) => Some(Writer::User(id)),
            (None | Some("Customer"), None, Some(id)) => Some(Writer::Customer(id)),
            (Some("System"), None, None) => Some(Writer::System),
            (Some("User"), None, None) if self.user_id.is_some() => None,
            _ => {
                let reason = "it takes 'User' with 'AuthorUserId', 'Customer' with \
                              'AuthorCustomerId', or 'System' alone";
                return Err(invalid("AuthorKind", reason));
            }
        };
        let there = |set, id| draft.row(set, &Key::Int(id)).is_some();
        match (self.user_id.map(Writer::User), named) {
            (Some(caller), Some(named)) if caller != named => {
                Err(invalid("AuthorKind", "the author is whoever this access token belongs to"))
            }
            (Some(caller), _) => Ok(caller),
            (None, Some(Writer::User(id))) if !there(set::USERS, id) => {
                Err(invalid("AuthorUserId", format!("there is no Users({id})")))
            }
            (None, Some(Writer::Customer(id))) if !there(set::CUSTOMERS, id) => {
                Err(invalid("AuthorCustomerId", format!("there is no Customers({id})")))
            }
            (None, named) => Ok(named.unwrap_or(Writer::System)),
        }
    }
}

/// Whether a body says nothing.
fn is_empty(body: &Value) -> bool {
    body.as_text().is_none_or(str::is_empty)
}

const EMPTY: fn() -> Error = || invalid("Body", "a comment is a text that is not empty");

/// The comment of a ticket with that external reference.
pub(crate) fn by_reference(draft: &dyn Draft, ticket: &Key, reference: &str) -> Option<Row> {
    let ticket = Value::from(ticket.as_int());
    let same = |row: &Row| {
        get(draft.model(), row, comment::EXTERNAL_REFERENCE).as_text() == Some(reference)
    };
    draft.rows_where(set::COMMENTS, comment::TICKET_ID, &ticket).into_iter().find(same)
}

/// Dates a ticket that was commented on; a first answer by staff is its first response.
fn touch(draft: &mut dyn Draft, on: &Row, is_answer: bool) -> Result<(), Error> {
    let model = draft.model();
    let mut edit = Edit::of(model, on);
    let at = later(draft, on, ticket::UPDATED);
    edit.set(model, ticket::UPDATED, at);
    if is_answer && edit.get(ticket::FIRST_RESPONSE).is_null() {
        edit.set(model, ticket::FIRST_RESPONSE, at);
    }
    draft.put(set::TICKETS, edit)?;
    Ok(())
}
