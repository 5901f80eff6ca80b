//! Sessions and passwords as they are stored: made, found, ended, inside a transaction.

use std::{net::IpAddr, sync::Arc};

use crate::{
    auth::{
        Confirmed, Owner, Principal, Role,
        session::{Lasting, Secret, Times},
    },
    desk::{
        audit::{Entry, Event, clean, record},
        get, users,
    },
    error::{Denial, Error},
    hash::Digest,
    model::{
        Key, Prop, Row, SetId, Value, helpdesk,
        props::{credential, session, user},
        set,
    },
    query::Source,
    store::{Draft, Edit},
    time::Timestamp,
};

/// Sessions of one person; one more ends the oldest.
const PER_USER_MAX: usize = 20;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The address.
    pub address: IpAddr,
    /// The program that asks, as it calls itself.
    pub agent: Option<Arc<str>>,
}

/// The row of a set that has the hash of this secret.
pub(super) fn by_secret(source: &dyn Source, by: (SetId, Prop), secret: &Secret) -> Option<Row> {
    let hash = binary(&secret.hash());
    source.rows_where(by.0, by.1, &hash).into_iter().next()
}

pub(super) fn binary(hash: &Digest) -> Value {
    Value::Binary(Arc::from(&hash[..]))
}

/// When a session began and was last used, as stored.
pub(super) fn times(source: &dyn Source, row: &Row) -> Times {
    // A session without times is none we made: it is over.
    let at = |prop| get(source.model(), row, prop).as_instant().unwrap_or(Timestamp::MIN);
    Times { created: at(session::CREATED), last_seen: at(session::LAST_SEEN) }
}

pub(super) fn id_of(source: &dyn Source, row: &Row) -> i64 {
    get(source.model(), row, session::ID).as_int().unwrap_or_default()
}

pub(super) fn sessions_of(source: &dyn Source, user_id: i64) -> Vec<Row> {
    source.rows_where(set::SESSIONS, session::USER_ID, &Value::Int(user_id))
}

/// The session a secret opens, whoever it belongs to.
pub(super) fn session_by_secret(source: &dyn Source, secret: &Secret) -> Option<Row> {
    by_secret(source, (set::SESSIONS, session::HASH), secret)
}

/// What is stored of somebody's password, for who may sign in with it.
pub(super) fn password_hash(source: &dyn Source, user_id: i64) -> Option<String> {
    let row = source.row(set::CREDENTIALS, &Key::Int(user_id))?;
    let hash = get(source.model(), &row, credential::PASSWORD_HASH);
    hash.as_text().map(str::to_owned)
}

/// Whether an active administrator can sign in.
pub(super) fn has_administrator(source: &dyn Source) -> bool {
    source.rows(set::CREDENTIALS).any(|row| {
        let model = source.model();
        let user_id = get(model, &row, credential::USER_ID).as_int();
        !get(model, &row, credential::PASSWORD_HASH).is_null()
            && user_id.is_some()
            && users::owner(source, user_id) == Owner::Staff(Role::Administrator)
    })
}

/// Name and address of a member of staff.
pub(super) fn names(source: &dyn Source, user_id: i64) -> [String; 2] {
    let row = source.row(set::USERS, &Key::Int(user_id));
    let text = |prop| {
        let value = row.as_ref().map(|row| get(source.model(), row, prop));
        value.as_ref().and_then(Value::as_text).unwrap_or_default().to_owned()
    };
    [text(user::NAME), text(user::EMAIL)]
}

/// Opens a session for an active member of staff, and tells who that is now.
///
/// # Errors
/// `Unauthenticated` if they were disabled meanwhile.
pub(super) fn open(
    draft: &mut dyn Draft,
    (user_id, hash): (i64, &Digest),
    visitor: &Visitor,
) -> Result<Principal, Error> {
    let Owner::Staff(role) = users::owner(draft, Some(user_id)) else {
        return Err(Error::Unauthenticated(Denial::SignIn));
    };
    let (model, now) = (helpdesk(), draft.now());
    let mut others = sessions_of(draft, user_id);
    others.sort_by_key(|row| id_of(draft, row));
    let excess = (others.len() + 1).saturating_sub(PER_USER_MAX);
    for row in &others[..excess] {
        draft.delete(set::SESSIONS, &row.key(model));
    }
    let id = draft.next_id(set::SESSIONS)?;
    let agent = visitor.agent.as_deref().map(|agent| clean(agent, 256));
    let mut edit = Edit::new(model, set::SESSIONS);
    edit.set(model, session::ID, id);
    edit.set(model, session::HASH, binary(hash));
    edit.set(model, session::USER_ID, user_id);
    edit.set(model, session::CREATED, now);
    edit.set(model, session::LAST_SEEN, now);
    edit.set(model, session::ADDRESS, visitor.address.to_string().as_str());
    edit.set(model, session::AGENT, agent.as_deref());
    draft.put(set::SESSIONS, edit)?;
    Ok(principal((user_id, role), id, visitor))
}

/// Somebody signed in, whose password was not given again.
pub(super) fn principal(
    (user_id, role): (i64, Role),
    session_id: i64,
    visitor: &Visitor,
) -> Principal {
    Principal {
        session_id: Some(session_id),
        confirmed: Confirmed::Person(false),
        user_id: Some(user_id),
        role: Some(role),
        scopes: role.scopes(),
        address: Some(visitor.address),
        agent: visitor.agent.clone(),
        ..Principal::system()
    }
}

/// Ends the sessions of somebody but the one of that id; how many that were.
///
/// # Errors
/// Those of the store.
pub(super) fn end_all(
    draft: &mut dyn Draft,
    caller: &Principal,
    (user_id, but): (i64, Option<i64>),
) -> Result<usize, Error> {
    let all = sessions_of(draft, user_id);
    let others: Vec<&Row> = all.iter().filter(|row| Some(id_of(draft, row)) != but).collect();
    for row in &others {
        draft.delete(set::SESSIONS, &row.key(helpdesk()));
    }
    if !others.is_empty() {
        let count = i64::try_from(others.len()).unwrap_or(i64::MAX);
        let entry = Entry { count, ..of_user(draft, Event::SessionEnded, user_id) };
        record(draft, caller, &entry)?;
    }
    Ok(others.len())
}

/// Ends all of somebody's sessions, and takes away the link to a password.
///
/// # Errors
/// Those of the store.
pub(in crate::desk) fn shut_out(draft: &mut dyn Draft, user_id: i64) -> Result<(), Error> {
    let model = helpdesk();
    if let Some(row) = draft.row(set::CREDENTIALS, &Key::Int(user_id)) {
        let mut edit = Edit::of(model, &row);
        edit.set(model, credential::LINK_HASH, Value::Null);
        edit.set(model, credential::LINK_EXPIRES, Value::Null);
        draft.put(set::CREDENTIALS, edit)?;
    }
    remove_sessions(draft, user_id);
    Ok(())
}

/// Removes what somebody signed in with and all sessions, because there is nobody any more.
pub(in crate::desk) fn forget(draft: &mut dyn Draft, user_id: i64) {
    remove_sessions(draft, user_id);
    draft.delete(set::CREDENTIALS, &Key::Int(user_id));
}

fn remove_sessions(draft: &mut dyn Draft, user_id: i64) {
    for row in sessions_of(draft, user_id) {
        draft.delete(set::SESSIONS, &row.key(helpdesk()));
    }
}

/// What happened to somebody's access.
pub(super) fn of_user(source: &dyn Source, event: Event, user_id: i64) -> Entry {
    let [name, _] = names(source, user_id);
    let subject = Some((set::USERS, user_id.to_string()));
    Entry { subject, ..Entry::new(event).called(&name) }
}

/// Gives somebody this password, takes the set-up link away and ends all sessions.
///
/// # Errors
/// Those of the store.
pub(super) fn put_password(
    draft: &mut dyn Draft,
    caller: &Principal,
    (user_id, hash): (i64, &str),
) -> Result<(), Error> {
    let (model, now) = (helpdesk(), draft.now());
    let mut edit = Edit::new(model, set::CREDENTIALS);
    edit.set(model, credential::USER_ID, user_id);
    edit.set(model, credential::PASSWORD_HASH, hash);
    edit.set(model, credential::CHANGED, now);
    draft.put(set::CREDENTIALS, edit)?;
    end_all(draft, caller, (user_id, None))?;
    let entry = of_user(draft, Event::PasswordChanged, user_id);
    record(draft, caller, &entry)
}

/// How long sessions last here.
pub(super) fn lasting(settings: &crate::desk::Settings) -> Lasting {
    Lasting { idle_hours: settings.session_idle_hours, hours_max: settings.session_hours_max }
}
