//! The rights of a token now: what it was given, as far as everybody behind it still has it.
//!
//! The one place of this arithmetic; requests are checked by it, and lists tell what comes of it.

use super::{Scopes, State};
use crate::time::Timestamp;

/// The longest line of tokens, each made with the one before. Every request with a token looks at all of
/// its line, so that a longer one would cost more than it is good for.
pub const GENERATIONS_MAX: usize = 8;

/// What the rights of a token hang on, as its own row tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it was given.
    pub scopes: Scopes,
    /// Whose it is; none for the workspace itself.
    pub owner_id: Option<i64>,
    /// Who made it; none for who runs the product at the machine.
    pub created_by_id: Option<i64>,
    /// The token it was made with.
    pub parent_id: Option<i64>,
    /// Whether it belongs to a service, so that it does not hang on who made it.
    pub is_service: bool,
    /// Whether it works from some addresses only: a list of all there are does not count.
    pub has_addresses: bool,
    /// When it ends.
    pub expires: Timestamp,
    /// When somebody ended it.
    pub revoked: Option<Timestamp>,
    /// Until when its secret before works too.
    pub overlap_ends: Option<Timestamp>,
}

/// Where everybody behind a token is found.
pub trait Register {
    /// The token of that id.
    fn token(&self, id: i64) -> Option<Standing>;
    /// What the member of staff of that id may do now; nothing for who is disabled or not there.
    fn person(&self, id: i64) -> Scopes;
    /// What the workspace allows only to tokens that work from some addresses.
    fn needing_addresses(&self) -> Scopes;
}

impl Standing {
    /// What it may do at `now`: nothing once it or a token before it has ended.
    #[must_use]
    pub fn in_force(&self, register: &impl Register, now: Timestamp) -> Scopes {
        let mut scopes = Scopes::all();
        let known = self.line(register, |token| {
            scopes = if token.own_state(now).is_alive() {
                scopes.intersection(token.own_bound(register))
            } else {
                Scopes::NONE
            };
        });
        if known { scopes } else { Scopes::NONE }
    }

    /// What it is at `now`: it ends with the token it was made with.
    #[must_use]
    pub fn state(&self, register: &impl Register, now: Timestamp) -> State {
        let mut ended = None;
        let known = self.line(register, |token| {
            let state = token.own_state(now);
            if ended.is_none() && !state.is_alive() {
                ended = Some(state);
            }
        });
        match ended {
            Some(state) => state,
            None if known => self.own_state(now),
            None => State::Revoked(now),
        }
    }

    /// How many tokens stand in its line, itself included.
    #[must_use]
    pub fn generation(&self, register: &impl Register) -> usize {
        let mut count = 0;
        self.line(register, |_| count += 1);
        count
    }

    /// Whether the token of that id is before it in its line.
    #[must_use]
    pub fn descends_from(&self, register: &impl Register, id: i64) -> bool {
        let mut is_found = false;
        self.line(register, |token| is_found |= token.parent_id == Some(id));
        is_found
    }

    /// Shows it and every token before it; whether the line is whole, and no longer than it may be.
    fn line(&self, register: &impl Register, mut see: impl FnMut(&Self)) -> bool {
        see(self);
        let mut parent_id = self.parent_id;
        for _ in 1..GENERATIONS_MAX {
            let Some(id) = parent_id else { return true };
            let Some(parent) = register.token(id) else { return false };
            see(&parent);
            parent_id = parent.parent_id;
        }
        parent_id.is_none()
    }

    fn own_state(&self, now: Timestamp) -> State {
        State::at(now, self.expires, self.revoked, self.overlap_ends)
    }

    fn own_bound(&self, register: &impl Register) -> Scopes {
        let mut scopes = self.scopes;
        if let Some(owner) = self.owner_id {
            scopes = scopes.intersection(register.person(owner));
        }
        if let Some(maker) = self.created_by_id
            && !self.is_service
            && self.created_by_id != self.owner_id
        {
            scopes = scopes.intersection(register.person(maker));
        }
        if !self.has_addresses {
            scopes = scopes.without(register.needing_addresses());
        }
        scopes
    }
}
