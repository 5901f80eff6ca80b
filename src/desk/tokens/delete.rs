//! A token is ended and taken off the list; the audit log keeps what it was called.

use super::{family, reach};
use crate::{
    auth::Principal,
    error::Error,
    model::{Key, Precondition, Row, set},
    query::Source,
    store::Draft,
};

/// A token to be deleted.
#[derive(Clone, Debug)]
pub struct Delete {
    caller: Principal,
    key: Key,
    precondition: Precondition,
}

impl Delete {
    /// Checks the caller.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn new(caller: &Principal, key: Key, precondition: Precondition) -> Result<Self, Error> {
        caller.require("tokens:mint")?;
        caller.require_present_secret()?;
        Ok(Self { caller: caller.clone(), key, precondition })
    }

    /// Whether more tokens were made with it than one transaction should end.
    #[must_use]
    pub fn is_large(&self, source: &dyn Source) -> bool {
        let row = source.row(set::ACCESS_TOKENS, &self.key);
        row.is_some_and(|row| !family::living(source, &row, family::AT_ONCE).1)
    }

    /// Ends it, and as many of those made with it as one transaction should.
    ///
    /// # Errors
    /// As for [`super::Revoke`].
    pub fn revoke(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let row = reach::decide(draft, &self.caller, &self.key)?;
        self.precondition.check(row.version)?;
        family::revoke_descendants(draft, &self.caller, &row)?;
        family::revoke(draft, &self.caller, &row, "")
    }

    /// Ends it and those made with it, and deletes it.
    ///
    /// # Errors
    /// As for [`super::Revoke`].
    pub fn run(&self, draft: &mut dyn Draft) -> Result<(), Error> {
        let row = self.revoke(draft)?;
        family::remove(draft, &self.caller, &row)
    }

    /// The same again, for what is left: the version has changed by our own doing.
    #[must_use]
    pub fn rest(mut self) -> Self {
        self.precondition = Precondition::default();
        self
    }
}
