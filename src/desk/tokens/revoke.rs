//! A token is ended before its time, and all that were made with it.

use super::{family, reach};
use crate::{
    auth::Principal,
    desk::kept,
    error::Error,
    model::{Key, Precondition, Row},
    query::once::Effect,
    store::Draft,
};

/// A token that was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The token.
    pub row: Row,
    /// Whether all that were made with it have been ended as well.
    pub is_all: bool,
}

impl kept::Done for Ended {
    fn effect(&self) -> Effect<'_> {
        Effect::Entity(&self.row)
    }
}

/// A token to be ended.
#[derive(Clone, Debug)]
pub struct Revoke {
    caller: Principal,
    key: Key,
    precondition: Precondition,
    why: String,
}

impl Revoke {
    /// Any token may end itself, staff their own, and who holds `tokens:write` any.
    #[must_use]
    pub fn new(caller: &Principal, key: Key, precondition: Precondition) -> Self {
        Self { caller: caller.clone(), key, precondition, why: String::new() }
    }

    /// Why it ends, for the audit log.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Ends it, and with it those made with it: all of them, or so many at once and the rest in further
    /// runs. A token that was ended before stays as it is.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`, also for a token the caller may not see; `PreconditionFailed`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Ended, Error> {
        let row = if reach::is_this(&self.caller, &self.key) {
            reach::find(draft, &self.caller, &self.key)?
        } else {
            reach::decide(draft, &self.caller, &self.key)?
        };
        self.precondition.check(row.version)?;
        let row = family::revoke(draft, &self.caller, &row, &self.why)?;
        let is_all = family::revoke_descendants(draft, &self.caller, &row)?;
        Ok(Ended { row, is_all })
    }

    /// The same again, for what is left: the version has changed by our own doing.
    #[must_use]
    pub fn rest(mut self) -> Self {
        self.precondition = Precondition::default();
        self
    }
}
