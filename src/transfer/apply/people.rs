//! Who is meant by a name and an address, made where nobody is.

use std::collections::HashMap;

use super::{Outcome, Work, refusal};
use crate::{
    auth::Role,
    desk::{get, people, users},
    error::Error,
    model::{
        Row, SetId, Value,
        props::{customer, user},
        set,
    },
};

/// A person as a line names them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person<'a> {
    /// The property to blame.
    pub(super) target: &'a str,
    /// The id, or that there is nobody.
    pub(super) id: Option<&'a Value>,
    /// The address, or that there is none.
    pub(super) address: Option<&'a Value>,
    /// The name, or that there is none.
    pub(super) name: Option<&'a Value>,
}

impl Work<'_> {
    /// The id a line gives for a person of `set` (customers or staff); `None` where it says nothing.
    pub(super) fn person(
        &mut self,
        set: SetId,
        person: Person<'_>,
    ) -> Result<Option<Value>, Error> {
        let text = |value: Option<&Value>| value.and_then(Value::as_text).map(str::to_owned);
        let (address, name) = (text(person.address), text(person.name));
        if let Some(id) = person.id.and_then(Value::as_int) {
            if let Some(row) = self.row(set, id) {
                self.check_address(set, &row, person.target, address.as_deref())?;
                return Ok(Some(Value::Int(id)));
            }
            if address.is_none() && name.is_none() {
                let set = self.model.set(set).name;
                return Err(refusal(person.target, format!("there is no {set}({id})")));
            }
        }
        let id = match (address, name) {
            (Some(address), name) if set == set::USERS => self.staff(&address, name.as_deref())?,
            (Some(address), name) => self.customer(&address, name.as_deref())?,
            (None, Some(name)) if set == set::USERS => self.staff_named(person.target, &name)?,
            (None, Some(name)) => self.customer_named(&name)?,
            (None, None) => {
                let is_nobody = person.id.or(person.address).or(person.name).is_some();
                return Ok(is_nobody.then_some(Value::Null));
            }
        };
        Ok(Some(Value::Int(id)))
    }

    /// Refuses an address beside an id that belongs to somebody else.
    fn check_address(
        &self,
        set: SetId,
        row: &Row,
        target: &str,
        address: Option<&str>,
    ) -> Result<(), Error> {
        let by = if set == set::USERS { user::EMAIL } else { customer::EMAIL };
        let known = get(self.model, row, by);
        let known = known.as_text().map(str::to_lowercase);
        if address.is_none_or(|address| known == Some(address.to_lowercase())) {
            return Ok(());
        }
        Err(refusal(target, "the address is not that of this id"))
    }

    /// The customer with that address.
    pub(super) fn customer(&mut self, address: &str, name: Option<&str>) -> Result<i64, Error> {
        let known = self.draft.rows_where(set::CUSTOMERS, customer::EMAIL, &Value::text(address));
        if let Some(row) = known.first() {
            return Ok(self.id_of(row));
        }
        check_not_empty(address)?;
        let name = name.unwrap_or_else(|| address.split('@').next().unwrap_or(address));
        self.count(set::CUSTOMERS, Outcome::Created);
        let row = people::new_customer(self.draft, name, Some(address))?;
        Ok(self.id_of(&row))
    }

    /// The customer without an address of exactly that name.
    pub(super) fn customer_named(&mut self, name: &str) -> Result<i64, Error> {
        if let Some(id) = self.without_address(name) {
            return Ok(id);
        }
        self.count(set::CUSTOMERS, Outcome::Created);
        let row = people::new_customer(self.draft, name, None)?;
        let id = self.id_of(&row);
        if let Some(known) = &mut self.memo.without_address {
            known.insert(name.into(), id);
        }
        Ok(id)
    }

    /// The id of the customer without an address of exactly that name, if there is one.
    pub(super) fn without_address(&mut self, name: &str) -> Option<i64> {
        let model = self.model;
        if self.memo.without_address.is_none() {
            let mut known = HashMap::new();
            for row in self.draft.rows(set::CUSTOMERS) {
                if let (Value::Text(name), Value::Null) =
                    (get(model, &row, customer::NAME), get(model, &row, customer::EMAIL))
                {
                    known.entry(name).or_insert(row.key(model).as_int().unwrap_or_default());
                }
            }
            self.memo.without_address = Some(known);
        }
        let id = *self.memo.without_address.as_ref()?.get(name)?;
        // What was remembered may have been refused with its line, or changed since.
        let row = self.row(set::CUSTOMERS, id)?;
        let is_it = get(model, &row, customer::NAME).as_text() == Some(name)
            && get(model, &row, customer::EMAIL).is_null();
        is_it.then_some(id)
    }

    /// The member of staff with that address; a new one is an active agent.
    fn staff(&mut self, address: &str, name: Option<&str>) -> Result<i64, Error> {
        let known = self.draft.rows_where(set::USERS, user::EMAIL, &Value::text(address));
        if let Some(row) = known.first() {
            return Ok(self.id_of(row));
        }
        check_not_empty(address)?;
        let name = name.unwrap_or_else(|| address.split('@').next().unwrap_or(address));
        self.count(set::USERS, Outcome::Created);
        let row = users::add(self.draft, name, address, Role::Agent)?;
        Ok(self.id_of(&row))
    }

    /// The one member of staff of that name; without an address nobody can be made.
    fn staff_named(&self, target: &str, name: &str) -> Result<i64, Error> {
        let model = self.model;
        let mut found = self
            .draft
            .rows(set::USERS)
            .filter(|row| get(model, row, user::NAME).as_text() == Some(name));
        match (found.next(), found.next()) {
            (Some(row), None) => Ok(self.id_of(&row)),
            (Some(_), Some(_)) => Err(refusal(target, "several members of staff have this name")),
            (None, _) => Err(refusal(target, "nobody has this name; staff need an address")),
        }
    }
}

fn check_not_empty(address: &str) -> Result<(), Error> {
    if address.is_empty() {
        return Err(refusal("Email", "an address is not empty; leave it out or give null"));
    }
    Ok(())
}
