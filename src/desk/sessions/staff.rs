//! What is decided about the sessions and the password of others.

use super::rows::end_all;
use crate::{
    auth::Principal,
    desk::{Desk, get, plain::existing, users, value::complex},
    error::Error,
    model::{
        ActionId, Complex, Key, Precondition, actions,
        props::{setup_link, user},
        set,
    },
    query::Source,
    store::Draft,
};

impl Desk {
    /// Does an action of [`actions::OF_USERS`] and tells what it answers with; links begin with `origin`.
    ///
    /// # Errors
    /// Those of [`Desk::make_link`] and [`Desk::end_sessions_of`].
    pub async fn act_on_users(
        &self,
        caller: &Principal,
        action: ActionId,
        at: (Key, Precondition),
        origin: &str,
    ) -> Result<Option<Complex>, Error> {
        match action {
            actions::MAKE_SETUP_LINK => {
                let made = self.make_link(caller, at).await?;
                let fields = vec![
                    (setup_link::URL, made.address(origin).as_str().into()),
                    (setup_link::EXPIRES, made.expires.into()),
                ];
                complex(self.model(), "SetupLink", fields).map(Some)
            }
            actions::END_SESSIONS => self.end_sessions_of(caller, at).await.map(|()| None),
            other => Err(Error::internal(&format!("no action on staff has the index {}", other.0))),
        }
    }

    /// Signs somebody out everywhere.
    ///
    /// # Errors
    /// `Forbidden`, `ExceedsRights` for somebody who may do more than the caller, `NotFound`,
    /// `PreconditionFailed`.
    pub async fn end_sessions_of(
        &self,
        caller: &Principal,
        (key, precondition): (Key, Precondition),
    ) -> Result<(), Error> {
        caller.require("users:write")?;
        let by = caller.clone();
        let run = move |draft: &mut dyn Draft| {
            let user_id = reached(draft, &by, (&key, &precondition))?;
            end_all(draft, &by, (user_id, None)).map(|_| ())
        };
        self.commit(caller, run).await
    }
}

/// The Id of a member of staff about whom the caller may decide.
///
/// # Errors
/// `NotFound`, `PreconditionFailed`, `ExceedsRights`.
pub(super) fn reached(
    source: &dyn Source,
    caller: &Principal,
    (key, precondition): (&Key, &Precondition),
) -> Result<i64, Error> {
    let row = existing(source, set::USERS, key)?;
    precondition.check(row.version)?;
    users::check_reach(source, caller, &row)?;
    Ok(get(source.model(), &row, user::ID).as_int().unwrap_or_default())
}
