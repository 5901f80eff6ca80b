//! When each session was last used, between one writing of it and the next.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::time::Timestamp;

/// Sessions used or found to be over since it was last written; no more than there are sessions.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashMap<i64, State>>);

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was last used then.
    Used(Timestamp),
    /// It was over when somebody came with it, and stays so whatever the clock says.
    Over,
}

impl Seen {
    /// When the session was last used, as far as is known here; none if it is over.
    pub(super) fn last(&self, id: i64, stored: Timestamp) -> Option<Timestamp> {
        match self.of(id) {
            None => Some(stored),
            Some(State::Used(at)) => Some(at.max(stored)),
            Some(State::Over) => None,
        }
    }

    /// It was used now.
    pub(super) fn note(&self, id: i64, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.entry(id).or_insert(State::Used(now)) {
            State::Used(at) => *at = now.max(*at),
            State::Over => {}
        }
    }

    /// It is over.
    pub(super) fn over(&self, id: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, State::Over);
    }

    /// Everything that is not written yet.
    pub(super) fn all(&self) -> Vec<(i64, State)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(id, state)| (*id, *state)).collect()
    }

    /// This much is written; what came after it stays.
    pub(super) fn written(&self, done: &[(i64, State)]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, state) in done {
            if all.get(id) == Some(state) {
                all.remove(id);
            }
        }
    }

    fn of(&self, id: i64) -> Option<State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }
}
