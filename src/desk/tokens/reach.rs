//! Which tokens a caller may know of, and decide about.

use jiff::tz::TimeZone;

use super::register;
use crate::{
    auth::{Principal, Role},
    desk::{get, plain::missing},
    error::Error,
    model::{
        Key, Model, Row, Value,
        props::{token, user},
        set,
    },
    query::Source,
};

/// The role that counts for what a caller may do with tokens: that of the person it is, or else that of a
/// token of the workspace itself; none for who runs the product at the machine.
pub(super) fn role_of(source: &dyn Source, caller: &Principal) -> Option<Role> {
    match caller.user_id {
        Some(id) => register::role(source, id),
        None if caller.is_operator() => None,
        None => caller.role,
    }
}

/// Whether a caller is one who only reads, so that what it makes only reads too, and who changes nothing.
pub(super) fn is_reader(source: &dyn Source, caller: &Principal) -> bool {
    let reads = Some(Role::ReadOnlyAdministrator);
    caller.role == reads || role_of(source, caller) == reads
}

/// The token of that key, if the caller may know of it.
///
/// # Errors
/// `Forbidden` for who may not see the list, whether it exists or not; `NotFound`.
pub(super) fn find(source: &dyn Source, caller: &Principal, key: &Key) -> Result<Row, Error> {
    let row = source.row(set::ACCESS_TOKENS, key);
    let model = source.model();
    let is_known =
        row.as_ref().is_some_and(|row| is_this(caller, key) || is_own(model, caller, row));
    if !is_known && !caller.scopes.has("tokens:read") {
        caller.require("tokens:write")?;
    }
    row.ok_or_else(|| missing(model, set::ACCESS_TOKENS, key))
}

/// As [`find`], if the caller may decide about it: administrators about any, others about their own, and
/// who only reads about none.
///
/// # Errors
/// As for [`find`].
pub(super) fn decide(source: &dyn Source, caller: &Principal, key: &Key) -> Result<Row, Error> {
    let (row, model) = (find(source, caller, key)?, source.model());
    let is_service = register::is_service(model.structure(row.type_id), &row);
    if is_service || !is_own(model, caller, &row) || is_reader(source, caller) {
        caller.require("tokens:write")?;
    }
    if is_service && !caller.is_administrator() {
        return Err(Error::Forbidden { scope: "tokens:write".into() });
    }
    Ok(row)
}

/// Whether the token of that key is the one the caller came with.
pub(super) fn is_this(caller: &Principal, key: &Key) -> bool {
    caller.token_id.is_some() && caller.token_id == key.as_int()
}

fn is_own(model: &Model, caller: &Principal, row: &Row) -> bool {
    let owner = get(model, row, token::OWNER_ID).as_int();
    owner.is_some() && owner == caller.user_id
}

/// Where the caller's days begin and end.
pub(super) fn zone_of(source: &dyn Source, caller: &Principal) -> TimeZone {
    let row = caller.user_id.and_then(|id| source.row(set::USERS, &Key::Int(id)));
    let name = row.map(|row| get(source.model(), &row, user::TIME_ZONE));
    let own = name.as_ref().and_then(Value::as_text).and_then(|name| TimeZone::get(name).ok());
    own.unwrap_or_else(|| source.zone().clone())
}
