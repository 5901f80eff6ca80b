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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::helpdesk, query::memory::MemorySource};

    /// Kind, user, role, token and address, as they are told to `caller`.
    #[track_caller]
    fn check(caller: &Principal, want: &[Value; 6]) {
        let mut source = MemorySource::new(helpdesk().clone());
        let ada = [("Id", Value::Int(7)), ("Name", "Ada".into())];
        source.put_named("Users", "User", &ada).unwrap();
        let got = me(&source, caller).unwrap().values;
        let props =
            [told::KIND, told::USER_ID, told::USER_NAME, told::ROLE, told::TOKEN_ID, told::ADDRESS];
        assert_eq!(&props.map(|prop| got[usize::from(prop.0)].clone()), want);
    }

    #[test]
    fn each_kind_of_caller_is_told_what_there_is() {
        const NULL: Value = Value::Null;
        let system = Principal::system();
        check(&system, &["System".into(), NULL, NULL, NULL, NULL, NULL]);
        let address = Some("2001:db8::1".parse().unwrap());
        let role = Some(Role::Agent);
        let session =
            Principal { session_id: Some(3), user_id: Some(7), role, address, ..system.clone() };
        let (name, role) = (Value::text("Ada"), Value::text("Agent"));
        let address = Value::text("2001:db8::1");
        check(&session, &["Session".into(), 7.into(), name, role, NULL, address]);
        // Rows that are gone meanwhile leave nothing but what the caller is known by.
        let token = Principal { token_id: Some(5), user_id: Some(8), ..system };
        check(&token, &["Token".into(), 8.into(), NULL, NULL, 5.into(), NULL]);
    }
}
