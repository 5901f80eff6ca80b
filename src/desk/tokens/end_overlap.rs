//! The secrets that a token had before stop working before their time.

use super::{called, check_alive, reach};
use crate::{
    auth::Principal,
    desk::{
        audit::{Entry, Event, record},
        get, later,
    },
    error::Error,
    model::{
        Key, Precondition, Row, Value, helpdesk,
        props::{rotated_secret, token},
        set,
    },
    store::{Draft, Edit},
};

/// An overlap to be ended.
#[derive(Clone, Debug)]
pub struct EndOverlap {
    caller: Principal,
    key: Key,
    precondition: Precondition,
}

impl EndOverlap {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`; `PolicyForbids` for who comes with such a secret.
    pub fn new(
        caller: &Principal,
        (key, precondition): (Key, Precondition),
    ) -> Result<Self, Error> {
        caller.require("tokens:mint")?;
        caller.require_present_secret()?;
        Ok(Self { caller: caller.clone(), key, precondition })
    }

    /// Ends them; the present secret works on. Where none of them works, nothing is written.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for who may not decide about it; `PreconditionFailed`; `Conflict` for a token
    /// that has ended.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let before = reach::decide(draft, &self.caller, &self.key)?;
        self.precondition.check(before.version)?;
        let now = draft.now();
        check_alive(draft, &before, now)?;
        let ends = get(draft.model(), &before, token::OVERLAP_ENDS).as_instant();
        let Some(ends) = ends.filter(|ends| *ends > now) else { return Ok(before) };
        let token_id = Value::from(self.key.as_int());
        for row in draft.rows_where(set::ROTATED_SECRETS, rotated_secret::TOKEN_ID, &token_id) {
            let model = helpdesk();
            if get(model, &row, rotated_secret::UNTIL).as_instant().is_none_or(|until| until > now)
            {
                let mut edit = Edit::of(model, &row);
                edit.set(model, rotated_secret::UNTIL, now);
                draft.put(set::ROTATED_SECRETS, edit)?;
            }
        }
        let model = draft.model();
        let mut edit = Edit::of(model, &before);
        edit.set(model, token::OVERLAP_ENDS, now);
        edit.set(model, token::UPDATED, later(draft, &before, token::UPDATED));
        let after = draft.put(set::ACCESS_TOKENS, edit)?;
        let entry = Entry::new(Event::TokenChanged).on(draft.model(), &after);
        let detail = format!("OverlapEndsDateTime: {ends} -> {now}");
        let name = called(draft.model(), &after);
        record(draft, &self.caller, &entry.called(&name).detail(detail))?;
        Ok(after)
    }
}
