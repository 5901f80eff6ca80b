//! What callers are told of themselves: who they are here, and what that allows now.

use super::get;
use crate::{
    auth::Principal,
    error::Error,
    model::{
        Complex, Key, Role, Row, SetId, Value,
        props::{caller as told, token, user},
        set,
    },
    query::Source,
};

/// What `caller` is told. It needs no scope: what is told is the caller's own.
///
/// # Errors
/// `Internal` if the model has no such type.
pub fn me(source: &dyn Source, caller: &Principal) -> Result<Complex, Error> {
    let model = source.model();
    let type_id = model.find_complex("Caller");
    let type_id = type_id.ok_or_else(|| Error::internal(&"the model has no type 'Caller'"))?;
    let find = |set: SetId, id: Option<i64>| source.row(set, &Key::Int(id?));
    let (token, user) =
        (find(set::ACCESS_TOKENS, caller.token_id), find(set::USERS, caller.user_id));
    let of =
        |row: &Option<Row>, prop| row.as_ref().map_or(Value::Null, |row| get(model, row, prop));
    let kind = match (caller.token_id, caller.session_id) {
        (Some(_), _) => "Token",
        (None, Some(_)) => "Session",
        (None, None) => "System",
    };
    let scopes: Vec<Value> = caller.scopes.names().map(Value::text).collect();
    let mut values = vec![Value::Null; model.structure(type_id).properties.len()];
    for (prop, value) in [
        (told::KIND, Value::text(kind)),
        (told::USER_ID, caller.user_id.into()),
        (told::USER_NAME, of(&user, user::NAME)),
        (told::ROLE, caller.role.map(Role::name).into()),
        (told::TOKEN_ID, caller.token_id.into()),
        (told::TOKEN_NAME, of(&token, token::NAME)),
        (told::KEY_PREFIX, caller.prefix.as_deref().into()),
        (told::SCOPES, Value::List(scopes.into())),
        (told::EXPIRES, of(&token, token::EXPIRES)),
        (told::ADDRESS, caller.address.map(|address| address.to_string()).as_deref().into()),
    ] {
        values[usize::from(prop.0)] = value;
    }
    Ok(Complex { type_id, values })
}
