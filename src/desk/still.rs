//! Whether who asks may still do what they could when they came: before its transaction a change waits for its
//! body, which the sender can hold back, and for its turn.
//!
//! Where a request comes from was looked at when it came, and does not change.

use std::sync::Arc;

use super::{
    Desk, Settings,
    sessions::{self, People},
    tokens,
};
use crate::{
    auth::{Confirmed, Principal, Scopes},
    error::Error,
    query::Source,
    store::Draft,
    time::Timestamp,
};

/// What it takes to look again.
#[derive(Clone)]
pub(super) struct Still {
    people: Arc<People>,
    settings: Settings,
}

impl Still {
    /// For the changes of this helpdesk.
    pub(super) fn of(desk: &Desk) -> Self {
        Self { people: Arc::clone(&desk.people), settings: desk.settings() }
    }

    /// Refuses a caller whose token or session has ended, or who has lost any of the rights it came with:
    /// a verb judges by those. Costs a few look-ups.
    ///
    /// # Errors
    /// `Unauthenticated` as at the door; `ConfirmationRequired`; `Forbidden` with a scope that is gone.
    pub(super) fn check(&self, draft: &dyn Draft, caller: &Principal) -> Result<(), Error> {
        let held = self.held(draft, caller, draft.now())?;
        match caller.scopes.without(held).names().next() {
            None => Ok(()),
            Some(scope) => Err(Error::Forbidden { scope: scope.to_owned() }),
        }
    }

    /// The rights that `caller` has at `now`.
    fn held(
        &self,
        source: &dyn Source,
        caller: &Principal,
        now: Timestamp,
    ) -> Result<Scopes, Error> {
        match (caller.token_id, caller.session_id) {
            (Some(id), _) => tokens::held(source, (id, caller.prefix.as_deref()), now),
            (None, Some(id)) => {
                let known = (&*self.people, &self.settings);
                sessions::held(source, known, (id, caller), now)
            }
            (None, None) => Ok(caller.scopes),
        }
    }
}

impl Desk {
    /// Whoever came some time ago, with the rights they have now. Is no use of their token or session.
    ///
    /// # Errors
    /// `Unauthenticated` once that has ended.
    pub fn still(&self, caller: &Principal) -> Result<Principal, Error> {
        let mut caller = caller.clone();
        if caller.session_id.is_some() {
            // Nothing is asked of it that needs the password.
            caller.confirmed = Confirmed::Person(false);
        }
        let scopes = Still::of(self).held(&*self.snapshot(), &caller, self.now())?;
        Ok(Principal { scopes, ..caller })
    }
}
