//! Staff.

use super::{get, invalid, people};
use crate::{
    auth::{Owner, Principal, Role},
    error::Error,
    id::guid_at,
    model::{Key, Row, props::user, set},
    query::Source,
    store::{Draft, Edit},
};

/// A member of staff to be created.
#[derive(Clone, Debug)]
pub struct Create {
    name: String,
    address: String,
    role: Role,
}

impl Create {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ExceedsRights` for a role with more rights than the caller's, `InvalidValue`.
    pub fn new(caller: &Principal, name: &str, address: &str, role: Role) -> Result<Self, Error> {
        caller.require("users:write")?;
        role.scopes().grant(caller.scopes)?;
        if name.trim().is_empty() || name.chars().count() > 512 {
            return Err(invalid("Name", "it takes 1 to 512 characters"));
        }
        people::check_address("Email", address)?;
        Ok(Self { name: name.to_owned(), address: address.to_owned(), role })
    }

    /// Creates it, active.
    ///
    /// # Errors
    /// `Conflict` if the address is taken, whatever its letter case.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        add(draft, &self.name, &self.address, self.role)
    }
}

/// Adds an active member of staff.
pub(crate) fn add(
    draft: &mut dyn Draft,
    name: &str,
    address: &str,
    role: Role,
) -> Result<Row, Error> {
    let (id, now) = (draft.next_id(set::USERS)?, draft.now());
    let model = draft.model();
    let mut edit = Edit::new(model, set::USERS);
    edit.set(model, user::ID, id);
    edit.set(model, user::GUID, guid_at(now));
    edit.set(model, user::NAME, name);
    edit.set(model, user::EMAIL, address);
    edit.set(model, user::ROLE, role.name());
    edit.set(model, user::IS_ACTIVE, true);
    edit.set(model, user::CREATED, now);
    edit.set(model, user::UPDATED, now);
    draft.put(set::USERS, edit)
}

/// What bounds the rights of tokens of this user now; `None` is the workspace itself.
#[must_use]
pub fn owner(source: &dyn Source, user_id: Option<i64>) -> Owner {
    let Some(id) = user_id else { return Owner::Workspace };
    let Some(row) = source.row(set::USERS, &Key::Int(id)) else { return Owner::Gone };
    let model = source.model();
    let role = get(model, &row, user::ROLE).as_text().and_then(|text| text.parse().ok());
    match role {
        Some(role) if get(model, &row, user::IS_ACTIVE).is_true() => Owner::Staff(role),
        Some(_) | None => Owner::Gone,
    }
}
