//! Tokens that have ended are taken off the list, all at once, after a look at which they are.

use super::{called, family, state};
use crate::{
    auth::Principal,
    desk::{get, kept, value::complex},
    error::Error,
    model::{
        Complex, Key, Row, Value,
        props::{removed, token},
        set,
    },
    query::{Source, once::Effect},
    store::Draft,
    time::Timestamp,
};

/// Tokens that one call removes, or tells of, at most: those with the lowest ids. The answer stays of a size
/// that can be read, and the next call takes the next.
pub(super) const REMOVED_MAX: usize = 10_000;

/// What went, or would go.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// Ids and names, by id.
    pub tokens: Vec<(i64, String)>,
    /// The same, as it is told.
    pub told: Complex,
}

impl kept::Done for Removed {
    fn effect(&self) -> Effect<'_> {
        Effect::Value(&self.told)
    }
}

impl Removed {
    /// The first `REMOVED_MAX` tokens that have ended at `now`; whether only a look is taken at them. Looks at
    /// all tokens.
    ///
    /// # Errors
    /// `Internal` if the model has no such answer.
    pub fn found(source: &dyn Source, now: Timestamp, look: Look) -> Result<Self, Error> {
        let ended = |row: &Row| !state(source, row, now).is_alive();
        let rows = source.rows(set::ACCESS_TOKENS).filter(ended);
        let told = |row: Row| {
            let id = get(source.model(), &row, token::ID).as_int().unwrap_or_default();
            (id, called(source.model(), &row))
        };
        let tokens: Vec<(i64, String)> = rows.map(told).take(REMOVED_MAX).collect();
        let count = i64::try_from(tokens.len()).unwrap_or(i64::MAX);
        let fields = vec![
            (removed::COUNT, count.into()),
            (removed::IDS, Value::List(tokens.iter().map(|(id, _)| Value::Int(*id)).collect())),
            (removed::NAMES, Value::List(tokens.iter().map(|(_, n)| Value::text(n)).collect())),
            (removed::IS_PREVIEW, (look == Look::Only).into()),
        ];
        Ok(Self { tokens, told: complex(source.model(), "RemovedTokens", fields)? })
    }
}

/// What a look at the tokens that have ended is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// To know which they are.
    Only,
    /// To remove them.
    AndRemove,
}

/// Tokens to be removed.
#[derive(Clone, Debug)]
pub struct RemoveExpired {
    caller: Principal,
    found: Removed,
}

impl RemoveExpired {
    /// Checks the caller, and that there are as many as it expects. Looks at all tokens, so that the
    /// transaction need not.
    ///
    /// # Errors
    /// `Forbidden`; `Conflict` telling how many there are.
    pub fn new(
        caller: &Principal,
        expected: Option<i64>,
        source: &dyn Source,
        now: Timestamp,
    ) -> Result<Self, Error> {
        caller.require("tokens:write")?;
        let found = Removed::found(source, now, Look::AndRemove)?;
        let count = i64::try_from(found.tokens.len()).unwrap_or(i64::MAX);
        if expected != Some(count) {
            return Err(conflict(format!(
                "{count} have ended; look with 'Preview' which they are, and expect that number"
            )));
        }
        Ok(Self { caller: caller.clone(), found })
    }

    /// Whether it is more than one transaction should do.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.found.tokens.len() > family::AT_ONCE
    }

    /// Removes the first of them; all that there are.
    ///
    /// # Errors
    /// `Conflict` if somebody else removed one of those meanwhile.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Removed, Error> {
        let first = &self.found.tokens[..self.found.tokens.len().min(family::AT_ONCE)];
        if first.iter().any(|(id, _)| draft.row(set::ACCESS_TOKENS, &Key::Int(*id)).is_none()) {
            let reason = "some of them are gone meanwhile; look with 'Preview' which are left";
            return Err(conflict(reason.to_owned()));
        }
        self.rest(draft, first)?;
        Ok(self.found.clone())
    }

    /// Removes those of these tokens that are still there.
    ///
    /// # Errors
    /// Those of the store.
    pub fn rest(&self, draft: &mut dyn Draft, tokens: &[(i64, String)]) -> Result<(), Error> {
        for (id, _) in tokens {
            let row = draft.row(set::ACCESS_TOKENS, &Key::Int(*id));
            if let Some(row) = row.filter(|row| !state(draft, row, draft.now()).is_alive()) {
                family::remove(draft, &self.caller, &row)?;
            }
        }
        Ok(())
    }

    /// What of `found` is left after the first run, in parts.
    pub fn parts(found: &Removed) -> impl Iterator<Item = Vec<(i64, String)>> {
        found.tokens.chunks(family::AT_ONCE).skip(1).map(<[_]>::to_vec)
    }
}

fn conflict(reason: String) -> Error {
    Error::Conflict { target: "ExpectedCount".into(), reason }
}
