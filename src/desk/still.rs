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
use crate::{auth::Principal, error::Error, store::Draft};

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
        let held = match (caller.token_id, caller.session_id) {
            (Some(id), _) => tokens::held(draft, (id, caller.prefix.as_deref()), draft.now())?,
            (None, Some(id)) => {
                let known = (&*self.people, &self.settings);
                sessions::held(draft, known, (id, caller), draft.now())?
            }
            (None, None) => return Ok(()),
        };
        match caller.scopes.without(held).names().next() {
            None => Ok(()),
            Some(scope) => Err(Error::Forbidden { scope: scope.to_owned() }),
        }
    }
}
