//! Signing in: the same work and the same answer for everybody who may not.

use std::time::Instant;

use super::{
    Visitor,
    rows::{of_user, open, password_hash, session_by_secret},
    throttle::Key,
};
use crate::{
    auth::{
        Owner, Password, Principal,
        session::{Opens, Secret},
    },
    desk::{
        Desk,
        audit::{Entry, Event, record},
        get, users,
    },
    error::{Denial, Error},
    id::random_bytes,
    model::{Value, helpdesk, props::user, set},
    query::Source,
    store::{Actor, Author, Draft, commit},
};

/// Somebody signed in, with the secret of the new session: told here and never again.
#[derive(Debug)]
pub struct SignedIn {
    /// Goes into the cookie.
    pub secret: Secret,
    /// Who that is.
    pub caller: Principal,
}

impl Desk {
    /// Signs in: always a new session, and an end of the one that was presented.
    ///
    /// # Errors
    /// `Unauthenticated` with `SignIn`, the same for an unknown, a disabled and a passwordless account as
    /// for a wrong password; `TooManyRequests`, `Overloaded`.
    pub async fn sign_in(
        &self,
        visitor: Visitor,
        (email, password): (&str, Password),
        former: Option<&str>,
    ) -> Result<SignedIn, Error> {
        let known = account(&*self.snapshot(), email);
        let stored = known.as_ref().map(|(_, hash)| hash.clone());
        let tried = Tried {
            keys: vec![Key::address(visitor.address), Key::account(email)],
            by: nobody(&visitor),
            user_id: known.as_ref().map(|(id, _)| *id),
        };
        self.check_password(&tried, password, stored).await?;
        let refused = || Error::Unauthenticated(Denial::SignIn);
        let (user_id, verified) = known.ok_or_else(refused)?;
        let former = former.and_then(|secret| Secret::read(Opens::Session, secret));
        let secret = Secret::new(Opens::Session, random_bytes());
        let hash = secret.hash();
        let run = move |draft: &mut dyn Draft| {
            // Between the check and now somebody may have changed it.
            if password_hash(draft, user_id).as_deref() != Some(&verified) {
                return Err(refused());
            }
            if let Some(row) = former.as_ref().and_then(|former| session_by_secret(draft, former)) {
                draft.delete(set::SESSIONS, &row.key(helpdesk()));
            }
            let caller = open(draft, (user_id, &hash), &visitor)?;
            let entry = of_user(draft, Event::SignedIn, user_id);
            record(draft, &caller, &entry)?;
            Ok(caller)
        };
        let caller = commit(&**self.store(), by_user(user_id), run).await?;
        Ok(SignedIn { secret, caller })
    }

    /// Counts a try that failed, for the audit log.
    pub(super) fn note_failure(&self, tried: &Tried, how: Option<&str>) {
        let event = Event::SignInFailed;
        let of = |id| of_user(&*self.snapshot(), event, id);
        let entry = tried.user_id.map_or_else(|| Entry::new(event), of);
        let entry = Entry { detail: how.map(str::to_owned), ..entry };
        self.note(&tried.by, entry);
    }

    /// Whether the password is the one that `stored` was made of; counts as a try that failed until that
    /// is known.
    ///
    /// # Errors
    /// As for [`Desk::sign_in`].
    pub(super) async fn check_password(
        &self,
        tried: &Tried,
        password: Password,
        stored: Option<String>,
    ) -> Result<(), Error> {
        let people = self.people();
        let a_try = people.throttle.enter(&tried.keys, Instant::now())?;
        match people.checks.verify(password, stored).await {
            Ok(true) => {
                a_try.fitted();
                Ok(())
            }
            Ok(false) => {
                self.note_failure(tried, None);
                Err(Error::Unauthenticated(Denial::SignIn))
            }
            // Nothing was learned from it.
            Err(error) => {
                a_try.forgive();
                Err(error)
            }
        }
    }
}

/// Somebody who tries a password or a link.
#[derive(Debug)]
pub(super) struct Tried {
    /// What the try is counted for.
    pub(super) keys: Vec<Key>,
    /// Who tries.
    pub(super) by: Principal,
    /// Whose password it should be; none where nobody signs in like this.
    pub(super) user_id: Option<i64>,
}

/// Somebody from outside of whom nothing is known.
pub(super) fn nobody(visitor: &Visitor) -> Principal {
    Principal { agent: visitor.agent.clone(), ..Principal::stranger(Some(visitor.address), None) }
}

/// Who a change is recorded for that a person makes without an access token.
pub(super) fn by_user(user_id: i64) -> Actor {
    Actor { author: Author::User(user_id), token_id: None }
}

/// The active account of that address that has a password, and the password's hash.
fn account(source: &dyn Source, email: &str) -> Option<(i64, String)> {
    let wanted = Value::text(email.trim());
    let row = source.rows_where(set::USERS, user::EMAIL, &wanted).into_iter().next()?;
    let id = get(source.model(), &row, user::ID).as_int()?;
    match users::owner(source, Some(id)) {
        Owner::Staff(_) => Some((id, password_hash(source, id)?)),
        Owner::Workspace | Owner::Gone => None,
    }
}
