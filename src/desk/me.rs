//! What callers are told of themselves: who they are here, and what that allows now.

use super::{Desk, get, tokens::offer, value::complex};
use crate::{
    auth::{Principal, Scopes},
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
        let hours = self.settings().token_hours_max;
        me(&*self.snapshot(), (caller, ends), (hours, self.now()))
    }
}

/// What `caller` is told at that time, whose session ends then, where the setting allows tokens so many hours.
fn me(
    source: &dyn Source,
    (caller, ends): (&Principal, Option<Timestamp>),
    (hours, now): (u32, Timestamp),
) -> Result<Complex, Error> {
    let model = source.model();
    let offer = offer(source, caller, (hours, now));
    let (most, usual) = offer.as_ref().map_or((None, None), |one| (Some(one.hours.0), one.hours.1));
    let hours = |hours: Option<u32>| Value::from(hours.map(i64::from));
    let names = |scopes: Scopes| Value::List(scopes.names().map(Value::text).collect());
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
    let fields = vec![
        (told::KIND, Value::text(kind)),
        (told::USER_ID, caller.user_id.into()),
        (told::USER_NAME, of(&user, user::NAME)),
        (told::ROLE, caller.role.map(Role::name).into()),
        (told::TOKEN_ID, caller.token_id.into()),
        (told::TOKEN_NAME, of(&token, token::NAME)),
        (told::KEY_PREFIX, caller.prefix.as_deref().into()),
        (told::SCOPES, names(caller.scopes)),
        (told::EXPIRES, ends.map_or_else(|| of(&token, token::EXPIRES), Value::from)),
        (told::ADDRESS, caller.address.map(|address| address.to_string()).as_deref().into()),
        (told::MAY_MINT, offer.is_some().into()),
        (told::LIFETIME_MAX, hours(most)),
        (told::LIFETIME_DEFAULT, hours(usual)),
        (told::NEEDING_ADDRESSES, names(offer.map_or(Scopes::NONE, |one| one.needing_addresses))),
    ];
    complex(model, "Caller", fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::Confirmed, model::helpdesk, query::memory::MemorySource};

    /// Kind, user, role, token and address, as they are told to `caller`.
    #[track_caller]
    fn check(caller: &Principal, want: &[Value; 6]) {
        let mut source = MemorySource::new(helpdesk().clone());
        let ada = [("Id", Value::Int(7)), ("Name", "Ada".into())];
        source.put_named("Users", "User", &ada).unwrap();
        let got = me(&source, (caller, None), (8_760, Timestamp::MIN)).unwrap().values;
        let props =
            [told::KIND, told::USER_ID, told::USER_NAME, told::ROLE, told::TOKEN_ID, told::ADDRESS];
        assert_eq!(&props.map(|prop| got[usize::from(prop.0)].clone()), want);
    }

    /// What a caller may make: whether, how long at most and usually, in hours.
    #[track_caller]
    fn check_offer(caller: &Principal, want: &[Value; 3]) {
        let source = MemorySource::new(helpdesk().clone());
        let got = me(&source, (caller, None), (1_000, Timestamp::MIN)).unwrap().values;
        let props = [told::MAY_MINT, told::LIFETIME_MAX, told::LIFETIME_DEFAULT];
        assert_eq!(&props.map(|prop| got[usize::from(prop.0)].clone()), want);
    }

    #[test]
    fn callers_are_told_which_tokens_they_may_make() {
        let (yes, no) = (Value::Bool(true), Value::Bool(false));
        let system = Principal::system();
        check_offer(&system, &[yes.clone(), 1_000.into(), Value::Null]);
        let role = Some(Role::ReadOnlyAdministrator);
        let reader = Principal { role, ..system.clone() };
        check_offer(&reader, &[yes, 72.into(), 72.into()]);
        let former = Principal { confirmed: Confirmed::FormerSecret, ..system.clone() };
        check_offer(&former, &[no.clone(), Value::Null, Value::Null]);
        let weak = Principal { scopes: Scopes::NONE, ..system };
        check_offer(&weak, &[no, Value::Null, Value::Null]);
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
