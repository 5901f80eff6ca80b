//! Who is meant by a name and an address, made where nobody is.

use std::collections::HashMap;

use super::{Work, refusal};
use crate::{
    desk::get,
    error::Error,
    model::{
        SetId, Value,
        props::{customer, user},
        set,
    },
};

/// A person as a line names them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person<'a> {
    /// The members for id, address and name, to be blamed.
    pub(super) members: [&'a str; 3],
    /// The id, or that there is nobody.
    pub(super) id: Option<&'a Value>,
    /// The address, or that there is none.
    pub(super) address: Option<&'a Value>,
    /// The name, or that there is none.
    pub(super) name: Option<&'a Value>,
}

impl Work<'_> {
    /// The id of the person of `set` (customers or staff) that a line names: by address, else by name,
    /// else by id; `None` where it says nothing. Beside an address or a name the id is what the helpdesk
    /// it came from calls them: it chooses among namesakes, and is taken for a new one if it is free.
    pub(super) fn person(
        &mut self,
        set: SetId,
        person: Person<'_>,
    ) -> Result<Option<Value>, Error> {
        let text = |value: Option<&Value>| value.and_then(Value::as_text).map(str::to_owned);
        let (address, name) = (text(person.address), text(person.name));
        let beside = person.id;
        let id = match (address, name) {
            (Some(address), name) if set == set::USERS => {
                self.staff(&address, name.as_deref(), beside)?
            }
            (Some(address), name) => self.customer(&address, name.as_deref(), beside)?,
            (None, Some(name)) => match self.namesake(set, &name, beside) {
                Some(id) => id,
                None if set == set::USERS => self.staff_named(person.members, &name)?,
                None => self.customer_named(&name, beside)?,
            },
            (None, None) => {
                let Some(id) = beside.and_then(Value::as_int) else {
                    let is_nobody = beside.or(person.address).or(person.name).is_some();
                    return Ok(is_nobody.then_some(Value::Null));
                };
                let [member, ..] = person.members;
                self.check_there(set, member, id)?;
                id
            }
        };
        Ok(Some(Value::Int(id)))
    }

    /// The id beside a name, if whoever has it is so called.
    fn namesake(&self, set: SetId, name: &str, beside: Option<&Value>) -> Option<i64> {
        let by = if set == set::USERS { user::NAME } else { customer::NAME };
        let id = beside.and_then(Value::as_int)?;
        let row = self.row(set, id)?;
        (get(self.model, &row, by).as_text() == Some(name)).then_some(id)
    }

    /// The customer with that address.
    pub(super) fn customer(
        &mut self,
        address: &str,
        name: Option<&str>,
        beside: Option<&Value>,
    ) -> Result<i64, Error> {
        let known = self.draft.rows_where(set::CUSTOMERS, customer::EMAIL, &Value::text(address));
        if let Some(row) = known.first() {
            return Ok(self.id_of(row));
        }
        check_not_empty(address)?;
        let name = name.unwrap_or_else(|| address.split('@').next().unwrap_or(address));
        let given = vec![(customer::NAME, name.into()), (customer::EMAIL, address.into())];
        self.make(set::CUSTOMERS, beside, given)
    }

    /// The customer without an address of exactly that name.
    pub(super) fn customer_named(
        &mut self,
        name: &str,
        beside: Option<&Value>,
    ) -> Result<i64, Error> {
        if let Some(id) = self.without_address(name) {
            return Ok(id);
        }
        let id = self.make(set::CUSTOMERS, beside, vec![(customer::NAME, name.into())])?;
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
    fn staff(
        &mut self,
        address: &str,
        name: Option<&str>,
        beside: Option<&Value>,
    ) -> Result<i64, Error> {
        let known = self.draft.rows_where(set::USERS, user::EMAIL, &Value::text(address));
        if let Some(row) = known.first() {
            return Ok(self.id_of(row));
        }
        check_not_empty(address)?;
        let name = name.unwrap_or_else(|| address.split('@').next().unwrap_or(address));
        let given = vec![(user::NAME, name.into()), (user::EMAIL, address.into())];
        self.make(set::USERS, beside, given)
    }

    /// The one member of staff of that name; without an address nobody can be made.
    fn staff_named(&self, [_, address, target]: [&str; 3], name: &str) -> Result<i64, Error> {
        let model = self.model;
        let mut found = self
            .draft
            .rows(set::USERS)
            .filter(|row| get(model, row, user::NAME).as_text() == Some(name));
        match (found.next(), found.next()) {
            (Some(row), None) => Ok(self.id_of(&row)),
            (Some(_), Some(_)) => {
                let reason = format!("several members of staff have this name; give '{address}'");
                Err(refusal(target, reason))
            }
            (None, _) => {
                let reason = format!(
                    "nobody on the staff has this name; give '{address}' to make somebody new"
                );
                Err(refusal(target, reason))
            }
        }
    }
}

fn check_not_empty(address: &str) -> Result<(), Error> {
    if address.is_empty() {
        return Err(refusal("Email", "an address is not empty; leave it out or give null"));
    }
    Ok(())
}
