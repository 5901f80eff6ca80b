//! Set-up links: used once, within half an hour, they let somebody choose a password.
//!
//! The link for the first administrator is kept in memory, because it is made anew at every start; that
//! of a known person by its hash in the store.

use std::{fmt, sync::PoisonError, time::Instant};

use super::{
    Visitor,
    rows::{binary, by_secret, has_administrator, names, of_user, open, put_password},
    sign_in::{SignedIn, Tried, by_user, nobody},
    staff::reached,
    throttle::Key,
};
use crate::{
    auth::{
        Confirmed, Owner, Password, Principal, Role,
        session::{Opens, Secret, link_expires},
    },
    desk::{
        Desk,
        audit::{Event, record},
        get, invalid,
        kept::Done,
        users,
    },
    error::Error,
    hash::Digest,
    id::random_bytes,
    model::{
        Key as Id, Precondition, Value, helpdesk,
        props::{credential, user},
        set,
    },
    query::{Source, once::Effect},
    store::{Actor, Draft, Edit, commit},
    time::Timestamp,
};

/// What the first who comes is.
const FIRST: Role = Role::Administrator;

/// A new link: its secret is told here and never again.
#[derive(Debug)]
pub struct MadeLink {
    /// Opens the way to a password.
    pub secret: Secret,
    /// When it ends.
    pub expires: Timestamp,
}

impl MadeLink {
    /// The link itself, for a helpdesk that people reach at `origin`. Behind the `#` no log sees it.
    #[must_use]
    pub fn address(&self, origin: &str) -> String {
        format!("{origin}/#setup={}", self.secret.expose())
    }
}

impl Done for MadeLink {
    fn effect(&self) -> Effect<'_> {
        // Of no access token.
        Effect::Secret(0)
    }
}

/// What somebody does with a link. Prints as `LinkUse(..)`.
pub struct LinkUse {
    /// The link's secret.
    pub secret: String,
    /// The password they choose.
    pub password: Password,
    /// The name of a first administrator.
    pub name: Option<String>,
    /// The address of a first administrator.
    pub email: Option<String>,
}

impl fmt::Debug for LinkUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkUse(..)")
    }
}

/// The link for the first administrator.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    hash: Digest,
    expires: Timestamp,
}

/// Whom a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Whoever will be the first administrator.
    First,
    /// A member of staff.
    User(i64),
}

impl Desk {
    /// A link for the first administrator, in the place of a former one; none where one can sign in.
    #[must_use]
    pub fn make_first_link(&self) -> Option<MadeLink> {
        if has_administrator(&*self.snapshot()) {
            return None;
        }
        let secret = Secret::new(Opens::Link, random_bytes());
        let expires = link_expires(self.now());
        self.set_first(Some(First { hash: secret.hash(), expires }));
        Some(MadeLink { secret, expires })
    }

    /// Whether the link for the first administrator may still be used.
    #[must_use]
    pub fn has_first_link(&self) -> bool {
        let first = *self.people().first.lock().unwrap_or_else(PoisonError::into_inner);
        first.is_some_and(|first| self.now() < first.expires)
            && !has_administrator(&*self.snapshot())
    }

    /// Makes a link for an active member of staff, in the place of a former one. No token does, for a
    /// link is the way to a password, which outlasts any token.
    ///
    /// # Errors
    /// `Forbidden`, `ExceedsRights` for somebody who may do more than the caller, `PolicyForbids` for a
    /// program, `ConfirmationRequired`, `NotFound`, `PreconditionFailed`, `Conflict` for somebody disabled.
    pub async fn make_link(
        &self,
        caller: &Principal,
        (key, precondition): (Id, Precondition),
    ) -> Result<MadeLink, Error> {
        caller.require("users:write")?;
        caller.require_person("MakeSetupLink")?;
        let by = caller.clone();
        let run = move |draft: &mut dyn Draft| {
            let user_id = reached(draft, &by, (&key, &precondition))?;
            let Owner::Staff(_) = users::owner(draft, Some(user_id)) else {
                let reason = "this person is disabled; enable them first".to_owned();
                return Err(Error::Conflict { target: "User".into(), reason });
            };
            let (model, expires) = (helpdesk(), link_expires(draft.now()));
            let secret = Secret::new(Opens::Link, random_bytes());
            let mut edit = match draft.row(set::CREDENTIALS, &key) {
                Some(row) => Edit::of(model, &row),
                None => Edit::new(model, set::CREDENTIALS),
            };
            edit.set(model, credential::USER_ID, user_id);
            edit.set(model, credential::LINK_HASH, binary(&secret.hash()));
            edit.set(model, credential::LINK_EXPIRES, expires);
            draft.put(set::CREDENTIALS, edit)?;
            let entry = of_user(draft, Event::SetupLinkMade, user_id);
            record(draft, &by, &entry)?;
            Ok(MadeLink { secret, expires })
        };
        self.commit(caller, run).await
    }

    /// Uses a link: sets the password, ends that person's sessions and signs in.
    ///
    /// # Errors
    /// `InvalidValue` naming the link, the password or, for a first administrator, what is missing;
    /// `TooManyRequests`, `Overloaded`.
    pub async fn use_link(&self, visitor: Visitor, given: LinkUse) -> Result<SignedIn, Error> {
        let LinkUse { secret, password, name, email } = given;
        let keys = vec![Key::address(visitor.address)];
        let tried = Tried { keys, by: nobody(&visitor), user_id: None };
        let a_try = self.people().throttle.enter(&tried.keys, Instant::now())?;
        let found = Secret::read(Opens::Link, secret.trim())
            .and_then(|link| self.link_for(&link).map(|to| (link, to)));
        let Some((link, to)) = found else {
            self.note_failure(&tried, Some("with a set-up link"));
            return Err(void());
        };
        a_try.forgive();
        let (name, email) = match to {
            For::First => first_names(name, email)?,
            For::User(id) => {
                check_unnamed(name.as_deref(), email.as_deref())?;
                names(&*self.snapshot(), id).into()
            }
        };
        password.check(&[&name, &email]).map_err(|reason| invalid("Password", reason))?;
        let stored = self.people().checks.hash(password).await?;
        let session = Secret::new(Opens::Session, random_bytes());
        let hash = session.hash();
        let run = move |draft: &mut dyn Draft| {
            let (user_id, is_new) = match to {
                For::First => first_administrator(draft, &name, &email)?,
                For::User(id) if of_link(draft, &link, draft.now()) == Some(id) => (id, false),
                For::User(_) => return Err(void()),
            };
            let by = by_link(user_id, &visitor);
            if is_new {
                let entry = of_user(draft, Event::Created, user_id);
                record(draft, &by, &entry)?;
            }
            put_password(draft, &by, (user_id, &stored))?;
            let caller = open(draft, (user_id, &hash), &visitor)?;
            let entry = of_user(draft, Event::SignedIn, user_id).detail("with a set-up link");
            record(draft, &caller, &entry)?;
            Ok(caller)
        };
        let actor = match to {
            For::First => Actor::SYSTEM,
            For::User(id) => by_user(id),
        };
        let caller = commit(&**self.store(), actor, run).await?;
        if to == For::First {
            self.set_first(None);
        }
        Ok(SignedIn { secret: session, caller })
    }

    fn link_for(&self, link: &Secret) -> Option<For> {
        let first = *self.people().first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_some_and(|first| first.hash == link.hash()) {
            return self.has_first_link().then_some(For::First);
        }
        of_link(&*self.snapshot(), link, self.now()).map(For::User)
    }

    fn set_first(&self, first: Option<First>) {
        *self.people().first.lock().unwrap_or_else(PoisonError::into_inner) = first;
    }
}

/// The active member of staff whose link this is.
fn of_link(source: &dyn Source, link: &Secret, now: Timestamp) -> Option<i64> {
    let row = by_secret(source, (set::CREDENTIALS, credential::LINK_HASH), link)?;
    let model = source.model();
    let expires = get(model, &row, credential::LINK_EXPIRES).as_instant()?;
    let id = get(model, &row, credential::USER_ID).as_int()?;
    let is_staff = matches!(users::owner(source, Some(id)), Owner::Staff(_));
    (now < expires && is_staff).then_some(id)
}

/// What is said of every link that does not work, whatever the reason.
fn void() -> Error {
    invalid(
        "Secret",
        "this set-up link was used, is older than 30 minutes or never was one; have a new one made",
    )
}

fn by_link(user_id: i64, visitor: &Visitor) -> Principal {
    Principal {
        user_id: Some(user_id),
        address: Some(visitor.address),
        agent: visitor.agent.clone(),
        confirmed: Confirmed::Person(true),
        ..Principal::system()
    }
}

/// Refuses a name or an address from whoever has them already.
fn check_unnamed(name: Option<&str>, email: Option<&str>) -> Result<(), Error> {
    let given = name.map(|_| "Name").or(email.map(|_| "Email"));
    let reason =
        "this link is for somebody who is known already; leave it out, the link still works";
    given.map_or(Ok(()), |member| Err(invalid(member, reason)))
}

fn first_names(name: Option<String>, email: Option<String>) -> Result<(String, String), Error> {
    let needed = |member: &str| invalid(member, "the first administrator needs one");
    let email = email.ok_or_else(|| needed("Email"))?;
    Ok((name.ok_or_else(|| needed("Name"))?, email))
}

/// The active administrator with that address, and whether that is a new one because nobody had it.
fn first_administrator(
    draft: &mut dyn Draft,
    name: &str,
    email: &str,
) -> Result<(i64, bool), Error> {
    if has_administrator(draft) {
        return Err(void());
    }
    let found = draft.rows_where(set::USERS, user::EMAIL, &Value::text(email.trim()));
    let (row, is_new) = if let Some(row) = found.into_iter().next() {
        (row, false)
    } else {
        let new = users::Create::new(&Principal::system(), name, email.trim(), FIRST)?;
        (new.run(draft)?, true)
    };
    let id = get(draft.model(), &row, user::ID).as_int().unwrap_or_default();
    if users::owner(draft, Some(id)) != Owner::Staff(FIRST) {
        let reason = "somebody has this address who is no active administrator".to_owned();
        return Err(Error::Conflict { target: "Email".into(), reason });
    }
    Ok((id, is_new))
}
