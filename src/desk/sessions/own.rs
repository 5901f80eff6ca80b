//! What people do about their own sessions and their own password.

use super::{
    Visitor,
    rows::{
        self, id_of, lasting, names, of_user, open, password_hash, put_password, sessions_of, times,
    },
    sign_in::{SignedIn, Tried, by_user},
    throttle::Key,
};
use crate::{
    auth::{
        Password, Principal, Role, Scopes,
        session::{Opens, Secret, Times, confirmed_until},
    },
    desk::{
        Desk,
        audit::{Event, record},
        get, invalid,
        still::Still,
    },
    error::{Denial, Error},
    id::random_bytes,
    model::{Key as Id, Row, Value, helpdesk, props::session, set},
    query::Source,
    store::{Draft, Edit, commit},
    time::Timestamp,
};

/// Who is signed in, and until when.
#[derive(Clone, Debug, PartialEq)]
pub struct Who {
    /// The member of staff.
    pub user_id: i64,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The role now.
    pub role: Option<Role>,
    /// What it allows now.
    pub scopes: Scopes,
    /// The session.
    pub session_id: i64,
    /// When somebody signed in.
    pub created: Timestamp,
    /// When the session ends, used or not.
    pub expires: Timestamp,
    /// When it ends if it is not used.
    pub idle_expires: Timestamp,
    /// Until when it is confirmed with the password; none if it is not.
    pub confirmed_until: Option<Timestamp>,
}

/// One session of somebody, as its owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// When somebody signed in.
    pub created: Timestamp,
    /// When it was last used.
    pub last_seen: Timestamp,
    /// Where from.
    pub address: Option<String>,
    /// With which program.
    pub agent: Option<String>,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

impl Desk {
    /// Who the caller of a session is.
    ///
    /// # Errors
    /// `Unauthenticated` without a session.
    pub fn who(&self, caller: &Principal) -> Result<Who, Error> {
        let (session_id, user_id) = own(caller)?;
        let (snapshot, now, lasting) = (self.snapshot(), self.now(), lasting(&self.settings()));
        let row = snapshot.row(set::SESSIONS, &Id::Int(session_id)).ok_or_else(no_session)?;
        let times = self.times(&*snapshot, &row)?;
        let [name, email] = names(&*snapshot, user_id);
        let confirmed = get(snapshot.model(), &row, session::CONFIRMED).as_instant();
        Ok(Who {
            user_id,
            name,
            email,
            role: caller.role,
            scopes: caller.scopes,
            session_id,
            created: times.created,
            expires: times.expires(lasting),
            idle_expires: times.idle_expires(lasting),
            confirmed_until: confirmed_until(confirmed, now),
        })
    }

    /// The caller's sessions, oldest first.
    ///
    /// # Errors
    /// `Unauthenticated` without a session.
    pub fn own_sessions(&self, caller: &Principal) -> Result<Vec<Session>, Error> {
        let (current, user_id) = own(caller)?;
        let (snapshot, now, lasting) = (self.snapshot(), self.now(), lasting(&self.settings()));
        let model = snapshot.model();
        let text = |row: &Row, prop| get(model, row, prop).as_text().map(str::to_owned);
        let mut sessions = Vec::new();
        for row in sessions_of(&*snapshot, user_id) {
            let Ok(times) = self.times(&*snapshot, &row) else { continue };
            if times.is_over(lasting, now) {
                continue;
            }
            let id = id_of(&*snapshot, &row);
            sessions.push(Session {
                id,
                created: times.created,
                last_seen: times.last_seen,
                address: text(&row, session::ADDRESS),
                agent: text(&row, session::AGENT),
                is_current: id == current,
            });
        }
        sessions.sort_by_key(|session| session.id);
        Ok(sessions)
    }

    /// Ends the caller's session.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_out(&self, caller: &Principal) -> Result<(), Error> {
        let (session_id, _) = own(caller)?;
        self.end_own(caller, session_id, Event::SignedOut).await.map(|_| ())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// `NotFound`, also for somebody else's.
    pub async fn end_session(&self, caller: &Principal, id: i64) -> Result<(), Error> {
        if self.end_own(caller, id, Event::SessionEnded).await? {
            return Ok(());
        }
        Err(Error::NotFound { what: format!("session {id}") })
    }

    async fn end_own(&self, caller: &Principal, id: i64, event: Event) -> Result<bool, Error> {
        let (_, user_id) = own(caller)?;
        let (by, still) = (caller.clone(), Still::of(self));
        let run = move |draft: &mut dyn Draft| {
            // Whoever signs out twice is signed out.
            if by.session_id != Some(id) {
                still.check(draft, &by)?;
            }
            let all = sessions_of(draft, user_id);
            let Some(row) = all.iter().find(|row| id_of(draft, row) == id) else {
                return Ok(false);
            };
            draft.delete(set::SESSIONS, &row.key(helpdesk()));
            let entry = of_user(draft, event, user_id).detail(format!("session {id}"));
            record(draft, &by, &entry)?;
            Ok(true)
        };
        commit(&**self.store(), by_user(user_id), run).await
    }

    /// Ends all of the caller's sessions but the one that asks.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_other_sessions(&self, caller: &Principal) -> Result<(), Error> {
        let (current, user_id) = own(caller)?;
        let (by, still) = (caller.clone(), Still::of(self));
        let run = move |draft: &mut dyn Draft| {
            still.check(draft, &by)?;
            rows::end_all(draft, &by, (user_id, Some(current))).map(|_| ())
        };
        commit(&**self.store(), by_user(user_id), run).await
    }

    /// Confirms the caller's session with the password, for five minutes.
    ///
    /// # Errors
    /// As for [`Desk::sign_in`].
    pub async fn confirm(&self, caller: &Principal, password: Password) -> Result<(), Error> {
        let (session_id, user_id) = own(caller)?;
        let verified = self.check_own_password(caller, password).await?;
        let by = caller.clone();
        let run = move |draft: &mut dyn Draft| {
            let (model, now) = (helpdesk(), draft.now());
            let row = current(draft, (session_id, user_id), &verified)?;
            let mut edit = Edit::of(model, &row);
            edit.set(model, session::CONFIRMED, now);
            draft.put(set::SESSIONS, edit)?;
            let entry = of_user(draft, Event::Confirmed, user_id);
            record(draft, &by, &entry)
        };
        commit(&**self.store(), by_user(user_id), run).await
    }

    /// Changes the caller's password: all sessions end, and a new one begins.
    ///
    /// # Errors
    /// `InvalidValue` for one that is too easy, and as for [`Desk::sign_in`].
    pub async fn change_password(
        &self,
        caller: &Principal,
        (password, new): (Password, Password),
    ) -> Result<SignedIn, Error> {
        let (session_id, user_id) = own(caller)?;
        let visitor = Visitor {
            address: caller.address.ok_or_else(no_session)?,
            agent: caller.agent.clone(),
        };
        let verified = self.check_own_password(caller, password).await?;
        let [name, email] = names(&*self.snapshot(), user_id);
        new.check(&[&name, &email]).map_err(|reason| invalid("NewPassword", reason))?;
        let stored = self.people().checks.hash(new).await?;
        let secret = Secret::new(Opens::Session, random_bytes());
        let (by, hash) = (caller.clone(), secret.hash());
        let run = move |draft: &mut dyn Draft| {
            current(draft, (session_id, user_id), &verified)?;
            put_password(draft, &by, (user_id, &stored))?;
            open(draft, (user_id, &hash), &visitor)
        };
        let caller = commit(&**self.store(), by_user(user_id), run).await?;
        Ok(SignedIn { secret, caller })
    }

    /// The hash that the caller's password was found to fit.
    async fn check_own_password(
        &self,
        caller: &Principal,
        password: Password,
    ) -> Result<String, Error> {
        let (_, user_id) = own(caller)?;
        let snapshot = self.snapshot();
        let [_, email] = names(&*snapshot, user_id);
        let address = caller.address.map(Key::address);
        let keys = address.into_iter().chain([Key::account(&email)]).collect();
        let tried = Tried { keys, by: caller.clone(), user_id: Some(user_id) };
        let stored = password_hash(&*snapshot, user_id);
        self.check_password(&tried, password, stored.clone()).await?;
        stored.ok_or(Error::Unauthenticated(Denial::SignIn))
    }

    /// When a session began and was last used, if it is not over.
    fn times(&self, source: &dyn Source, row: &Row) -> Result<Times, Error> {
        let stored = times(source, row);
        let last_seen = self.people().seen.last(id_of(source, row), stored.last_seen);
        last_seen.map(|last_seen| Times { last_seen, ..stored }).ok_or_else(no_session)
    }
}

/// The caller's session and who that is.
fn own(caller: &Principal) -> Result<(i64, i64), Error> {
    caller.session_id.zip(caller.user_id).ok_or_else(no_session)
}

fn no_session() -> Error {
    Error::Unauthenticated(Denial::NoSession)
}

/// The session, if it is still there and the password still the one that was looked at.
fn current(
    draft: &dyn Draft,
    (session_id, user_id): (i64, i64),
    verified: &str,
) -> Result<Row, Error> {
    let row = draft.row(set::SESSIONS, &Id::Int(session_id)).ok_or_else(no_session)?;
    let is_own = get(draft.model(), &row, session::USER_ID) == Value::Int(user_id);
    if !is_own || password_hash(draft, user_id).as_deref() != Some(verified) {
        return Err(no_session());
    }
    Ok(row)
}
