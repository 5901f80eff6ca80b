//! People: signing in and out, sessions, passwords and the links that set them.
//!
//! A session lives in the store by the hash of its secret; when it was last used is kept in memory and
//! written about once a minute. Passwords are hashed before a transaction, never in one.

mod checks;
mod links;
mod own;
mod rows;
mod seen;
mod sign_in;
mod staff;
#[cfg(test)]
mod tests;
mod throttle;

use std::sync::Mutex;

pub use links::{LinkUse, MadeLink};
pub use own::{Session, Who};
pub use rows::Visitor;
pub(super) use rows::{forget, shut_out};
pub use sign_in::SignedIn;

use super::{Desk, Settings, get, users};
use crate::{
    auth::{
        Confirmed, Owner, Principal, Role, Scopes, Visit,
        session::{Opens, Secret, Times, confirmed_until},
    },
    error::{Denial, Error},
    model::{Key, Row, helpdesk, props::session, set},
    query::Source,
    store::{Actor, Draft, Edit, commit},
    time::Timestamp,
};
use rows::{id_of, lasting, session_by_secret, times};

/// Sessions that are over and removed in one transaction; the rest goes with the next.
const OVER_AT_ONCE: usize = 1_000;

/// What is known of people beside the store; one per process.
#[derive(Debug)]
pub(super) struct People {
    seen: seen::Seen,
    throttle: throttle::Throttle,
    checks: checks::Checks,
    /// The link for the first administrator.
    first: Mutex<Option<links::First>>,
}

impl People {
    /// Nobody was seen yet.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            seen: seen::Seen::default(),
            throttle: throttle::Throttle::default(),
            checks: checks::Checks::new(settings.password_checks_max),
            first: Mutex::default(),
        }
    }
}

/// Whom the secret of a session lets in, and what that allows now.
///
/// # Errors
/// `Unauthenticated` with `NoSession`, whatever the reason.
pub(super) fn authenticate(
    source: &dyn Source,
    (people, settings): (&People, &Settings),
    (visit, secret): (&Visit<'_>, &str),
    now: Timestamp,
) -> Result<Principal, Error> {
    let ended = || Error::Unauthenticated(Denial::NoSession);
    let secret = Secret::read(Opens::Session, secret).ok_or_else(ended)?;
    let row = session_by_secret(source, &secret).ok_or_else(ended)?;
    let id = id_of(source, &row);
    let (user_id, role) = signed_in(source, (people, settings), &row, now)?;
    people.seen.note(id, now);
    let confirmed = get(source.model(), &row, session::CONFIRMED).as_instant();
    let visitor = Visitor { address: visit.address, agent: visit.agent.map(Into::into) };
    let confirmed = Confirmed::Person(confirmed_until(confirmed, now).is_some());
    Ok(Principal { confirmed, ..rows::principal((user_id, role), id, &visitor) })
}

/// What somebody may do at `now` who came with the session of that id.
///
/// # Errors
/// `Unauthenticated` once it has ended; `ConfirmationRequired` where it was confirmed and is no more.
pub(super) fn held(
    source: &dyn Source,
    known: (&People, &Settings),
    (id, caller): (i64, &Principal),
    now: Timestamp,
) -> Result<Scopes, Error> {
    let ended = || Error::Unauthenticated(Denial::NoSession);
    let row = source.row(set::SESSIONS, &Key::Int(id)).ok_or_else(ended)?;
    let (user_id, role) = signed_in(source, known, &row, now)?;
    if caller.user_id != Some(user_id) {
        return Err(ended());
    }
    let confirmed = get(source.model(), &row, session::CONFIRMED).as_instant();
    if caller.confirmed == Confirmed::Person(true) && confirmed_until(confirmed, now).is_none() {
        return Err(Error::ConfirmationRequired);
    }
    Ok(role.scopes())
}

/// Who is signed in with a session, if it is not over at `now`.
fn signed_in(
    source: &dyn Source,
    (people, settings): (&People, &Settings),
    row: &Row,
    now: Timestamp,
) -> Result<(i64, Role), Error> {
    let ended = || Error::Unauthenticated(Denial::NoSession);
    let (id, stored) = (id_of(source, row), times(source, row));
    let last_seen = people.seen.last(id, stored.last_seen).ok_or_else(ended)?;
    let user_id = get(source.model(), row, session::USER_ID).as_int().ok_or_else(ended)?;
    let Owner::Staff(role) = users::owner(source, Some(user_id)) else { return Err(ended()) };
    if (Times { last_seen, ..stored }).is_over(lasting(settings), now) {
        people.seen.over(id);
        return Err(ended());
    }
    Ok((user_id, role))
}

impl Desk {
    /// Writes when sessions were last used, and removes those that are over.
    ///
    /// # Errors
    /// Those of the store; what was not written is written next time.
    pub async fn keep_sessions(&self) -> Result<(), Error> {
        let (people, now, settings) = (self.people(), self.now(), self.settings());
        let all = people.seen.all();
        let over = self.beforehand(move |state| Ok(found_over(state, &settings, now))).await?;
        if all.is_empty() && over.is_empty() {
            return Ok(());
        }
        let states = all.clone();
        let run = move |draft: &mut dyn Draft| keep(draft, (&states, &over), (&settings, now));
        commit(&**self.store(), Actor::SYSTEM, run).await?;
        people.seen.written(&all);
        Ok(())
    }
}

/// The first sessions that are over as they are stored; looks at all of them.
fn found_over(source: &dyn Source, settings: &Settings, now: Timestamp) -> Vec<Key> {
    let is_over = |row: &Row| times(source, row).is_over(lasting(settings), now);
    let over = source.rows(set::SESSIONS).filter(is_over).take(OVER_AT_ONCE);
    over.map(|row| row.key(source.model())).collect()
}

fn keep(
    draft: &mut dyn Draft,
    (states, over): (&[(i64, seen::State)], &[Key]),
    (settings, now): (&Settings, Timestamp),
) -> Result<(), Error> {
    let model = helpdesk();
    for (id, state) in states {
        let key = Key::Int(*id);
        match (state, draft.row(set::SESSIONS, &key)) {
            (seen::State::Over, Some(_)) => {
                draft.delete(set::SESSIONS, &key);
            }
            (seen::State::Used(at), Some(row)) => {
                let mut edit = Edit::of(model, &row);
                edit.set(model, session::LAST_SEEN, (*at).max(times(draft, &row).last_seen));
                draft.put(set::SESSIONS, edit)?;
            }
            (seen::State::Over | seen::State::Used(_), None) => {}
        }
    }
    for key in over {
        // It may be in use: what was stored is older than that.
        let row = draft.row(set::SESSIONS, key);
        if row.is_some_and(|row| times(draft, &row).is_over(lasting(settings), now)) {
            draft.delete(set::SESSIONS, key);
        }
    }
    Ok(())
}
