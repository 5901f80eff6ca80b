//! What callers are told of themselves: who they are here, and what that allows now.

use super::{Desk, get, value::complex};
use crate::{
    auth::Principal,
    error::Error,
    model::{
        Complex, Key, Role, Row, SetId, Value,
        props::{caller as told, token, user},
        set,
    },
    query::Source,
    time::Timestamp,
};

impl Desk {
    /// What `caller` is told. It needs no scope: what is told is the caller's own.
    ///
    /// # Errors
    /// `Internal` if the model has no such type.
    pub fn me(&self, caller: &Principal) -> Result<Complex, Error> {
        // A session ends by itself sooner than it must.
        let ends = self.who(caller).ok().map(|who| who.idle_expires);
        me(&*self.snapshot(), caller, ends)
    }
}

/// What `caller` is told, whose session ends then.
fn me(source: &dyn Source, caller: &Principal, ends: Option<Timestamp>) -> Result<Complex, Error> {
    let model = source.model();
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
    let fields = vec![
        (told::KIND, Value::text(kind)),
        (told::USER_ID, caller.user_id.into()),
        (told::USER_NAME, of(&user, user::NAME)),
        (told::ROLE, caller.role.map(Role::name).into()),
        (told::TOKEN_ID, caller.token_id.into()),
        (told::TOKEN_NAME, of(&token, token::NAME)),
        (told::KEY_PREFIX, caller.prefix.as_deref().into()),
        (told::SCOPES, Value::List(scopes.into())),
        (told::EXPIRES, ends.map_or_else(|| of(&token, token::EXPIRES), Value::from)),
        (told::ADDRESS, caller.address.map(|address| address.to_string()).as_deref().into()),
    ];
    complex(model, "Caller", fields)
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
        let got = me(&source, caller, None).unwrap().values;
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
