//! A comment on a ticket that exists, by whoever its line names.

use super::{Work, refusal};
use crate::{
    desk::{
        comments::{Writer, by_reference},
        get,
    },
    error::Error,
    model::{
        Row, Value,
        props::{comment, customer, ticket, user},
        set,
    },
    transfer::read::Entity,
};

impl Work<'_> {
    /// Makes or changes a comment; `on` is its ticket where it came with it. The ticket is left alone.
    pub(super) fn comment(&mut self, entity: &Entity, on: Option<&Row>) -> Result<(), Error> {
        let is_inline = on.is_some();
        let on = self.ticket_for(entity, on)?;
        let is_nameless =
            entity.int(comment::ID).is_none() && entity.text(comment::EXTERNAL_REFERENCE).is_none();
        let before = match self.same_comment(entity, &on)? {
            None if is_inline && is_nameless => self.alike(entity, &on)?,
            found => found,
        };
        let mut edit = self.start(set::COMMENTS, before.as_ref(), entity)?;
        self.fill(&mut edit, before.as_ref(), entity)?;
        edit.set(self.model, comment::TICKET_ID, self.id_of(&on));
        if !before.as_ref().is_some_and(|row| self.is_by(row, entity)) {
            match self.writer(entity, &on)? {
                Some(writer) => writer.set(self.model, &mut edit),
                None if before.is_none() => Writer::System.set(self.model, &mut edit),
                None => {}
            }
        }
        if edit.get(comment::IS_INTERNAL).is_null() {
            edit.set(self.model, comment::IS_INTERNAL, false);
        }
        if before.is_none() && edit.get(comment::BODY).is_null() {
            // Trackers write null where somebody only added a file.
            if entity.get(comment::BODY).is_none() {
                return Err(refusal("Body", "a comment has a text"));
            }
            edit.set(self.model, comment::BODY, "");
        }
        let is_dated = entity.get(comment::UPDATED).is_some_and(|at| !at.is_null());
        let (row, outcome) =
            self.finish(set::COMMENTS, edit, before.as_ref(), (comment::UPDATED, is_dated))?;
        self.found_again.push(row.key(self.model));
        self.count(set::COMMENTS, outcome);
        Ok(())
    }

    /// A comment without a name of its own that says the same, and was not found for this line before.
    fn alike(&mut self, entity: &Entity, on: &Row) -> Result<Option<Row>, Error> {
        let body = entity.text(comment::BODY).unwrap_or_default();
        let created = entity.get(comment::CREATED).filter(|at| !at.is_null());
        let ticket = Value::Int(self.id_of(on));
        for row in self.draft.rows_where(set::COMMENTS, comment::TICKET_ID, &ticket) {
            let key = row.key(self.model);
            let is_dated_so =
                created.is_none_or(|at| get(self.model, &row, comment::CREATED) == *at);
            let is_named = !get(self.model, &row, comment::EXTERNAL_REFERENCE).is_null();
            if is_named || !is_dated_so || self.found_again.contains(&key) {
                continue;
            }
            if self.draft.long_text(&row, comment::BODY)?.as_text() == Some(body) {
                self.found_again.push(key);
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Whether a comment is by whom the line names by address alone. Who wrote it as a customer may have
    /// become staff since, also by a later line of the same file; that does not change who wrote it.
    fn is_by(&self, row: &Row, entity: &Entity) -> bool {
        let said = [comment::AUTHOR_KIND, comment::AUTHOR_USER_ID, comment::AUTHOR_CUSTOMER_ID];
        let Some(address) = &entity.author_email else { return false };
        if said.iter().any(|prop| entity.get(*prop).is_some()) {
            return false;
        }
        let address = address.to_lowercase();
        let authors = [
            (set::USERS, comment::AUTHOR_USER_ID, user::EMAIL),
            (set::CUSTOMERS, comment::AUTHOR_CUSTOMER_ID, customer::EMAIL),
        ];
        authors.into_iter().any(|(set, id, email)| {
            let person = get(self.model, row, id).as_int().and_then(|id| self.row(set, id));
            person.is_some_and(|person| {
                let known = get(self.model, &person, email);
                known.as_text().is_some_and(|known| known.to_lowercase() == address)
            })
        })
    }

    fn ticket_for(&self, entity: &Entity, on: Option<&Row>) -> Result<Row, Error> {
        let given = entity.int(comment::TICKET_ID);
        match (on, given, &entity.ticket_reference) {
            (Some(row), None, None) => Ok(row.clone()),
            (Some(row), Some(id), _) if self.id_of(row) == id => Ok(row.clone()),
            (Some(row), None, Some(text))
                if get(self.model, row, ticket::EXTERNAL_REFERENCE).as_text() == Some(text) =>
            {
                Ok(row.clone())
            }
            (Some(_), _, _) => Err(refusal("TicketId", "it is not the ticket it came with")),
            (None, Some(id), _) => self
                .row(set::TICKETS, id)
                .ok_or_else(|| refusal("TicketId", format!("there is no Tickets({id})"))),
            (None, None, Some(text)) => self.ticket_of(text).ok_or_else(|| {
                refusal("TicketId", format!("no ticket has the external reference '{text}'"))
            }),
            (None, None, None) => Err(refusal("TicketId", "a comment belongs to a ticket")),
        }
    }

    /// The comment a line is about: of that id, else of that external reference on its ticket.
    fn same_comment(&self, entity: &Entity, on: &Row) -> Result<Option<Row>, Error> {
        let Some(id) = entity.int(comment::ID) else {
            let reference = entity.text(comment::EXTERNAL_REFERENCE);
            let key = on.key(self.model);
            return Ok(reference.and_then(|text| by_reference(self.draft, &key, text)));
        };
        let row = self.row(set::COMMENTS, id);
        let is_elsewhere =
            |row: &Row| get(self.model, row, comment::TICKET_ID).as_int() != Some(self.id_of(on));
        if row.as_ref().is_some_and(is_elsewhere) {
            return Err(refusal("Id", format!("comment {id} is on another ticket")));
        }
        Ok(row)
    }

    /// Who wrote it: by id, else by address (the ticket's requester, a member of staff, a customer),
    /// else by name alone; `None` where the line does not say.
    fn writer(&mut self, entity: &Entity, on: &Row) -> Result<Option<Writer>, Error> {
        let user = entity.int(comment::AUTHOR_USER_ID);
        let customer = entity.int(comment::AUTHOR_CUSTOMER_ID);
        let name = entity.text(comment::AUTHOR_NAME);
        let kind = entity.text(comment::AUTHOR_KIND);
        match (kind, user, customer) {
            (None | Some("User"), Some(id), None) => {
                self.check_there(set::USERS, "AuthorUserId", id)?;
                Ok(Some(Writer::User(id)))
            }
            (None | Some("Customer"), None, Some(id)) => {
                self.check_there(set::CUSTOMERS, "AuthorCustomerId", id)?;
                Ok(Some(Writer::Customer(id)))
            }
            (Some("System"), None, None) => Ok(Some(Writer::System)),
            (None | Some("User" | "Customer"), None, None) => {
                match (entity.author_email.clone(), name) {
                    (Some(address), name) => self.writer_at(&address, name, on).map(Some),
                    (None, Some(name)) => {
                        Ok(Some(Writer::Customer(self.customer_named(name, None)?)))
                    }
                    (None, None) if kind.is_some() => {
                        Err(refusal("AuthorKind", "it takes an id, an address or a name beside it"))
                    }
                    (None, None) => Ok(None),
                }
            }
            _ => {
                let reason = "it takes 'User' with 'AuthorUserId', 'Customer' with \
                              'AuthorCustomerId', or 'System' alone";
                Err(refusal("AuthorKind", reason))
            }
        }
    }

    fn writer_at(&mut self, address: &str, name: Option<&str>, on: &Row) -> Result<Writer, Error> {
        let requester = get(self.model, on, ticket::REQUESTER_ID).as_int();
        if let Some(id) = requester
            && let Some(row) = self.row(set::CUSTOMERS, id)
            && let Value::Text(known) = get(self.model, &row, customer::EMAIL)
            && known.to_lowercase() == address.to_lowercase()
        {
            return Ok(Writer::Customer(id));
        }
        let staff = self.draft.rows_where(set::USERS, user::EMAIL, &Value::text(address));
        if let Some(row) = staff.first() {
            return Ok(Writer::User(self.id_of(row)));
        }
        self.customer(address, name, None).map(Writer::Customer)
    }
}
