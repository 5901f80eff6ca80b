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
    /// The tokens that have ended at `now`; whether only a look is taken at them.
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
        let tokens: Vec<(i64, String)> = rows.map(told).collect();
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
    expected: Option<i64>,
}

impl RemoveExpired {
    /// Checks the caller, and that it says how many it expects.
    ///
    /// # Errors
    /// `Forbidden`; `InvalidValue`.
    pub fn new(caller: &Principal, expected: Option<i64>) -> Result<Self, Error> {
        caller.require("tokens:write")?;
        Ok(Self { caller: caller.clone(), expected })
    }

    /// Whether it is more than one transaction should do.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.expected.and_then(|count| usize::try_from(count).ok()) > Some(family::AT_ONCE)
    }

    /// Removes the first of them if there are as many as expected; all that there were.
    ///
    /// # Errors
    /// `Conflict` telling how many there are.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Removed, Error> {
        let found = Removed::found(draft, draft.now(), Look::AndRemove)?;
        let count = i64::try_from(found.tokens.len()).unwrap_or(i64::MAX);
        if self.expected != Some(count) {
            let reason = format!(
                "{count} have ended; look with 'Preview' which they are, and expect that number"
            );
            return Err(Error::Conflict { target: "ExpectedCount".into(), reason });
        }
        self.rest(draft, &found.tokens[..found.tokens.len().min(family::AT_ONCE)])?;
        Ok(found)
    }

    /// Removes those of these tokens that are still there.
    ///
    /// # Errors
    /// Those of the store.
    pub fn rest(&self, draft: &mut dyn Draft, tokens: &[(i64, String)]) -> Result<(), Error> {
        for (id, _) in tokens {
            if let Some(row) = draft.row(set::ACCESS_TOKENS, &Key::Int(*id)) {
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
