//! What a token is at a given time.

use crate::time::Timestamp;

/// What a token is at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It opens the doors.
    Active,
    /// It does, and until that time the secret before its last rotation does too.
    Rotating(Timestamp),
    /// It ended at that time.
    Expired(Timestamp),
    /// Somebody ended it at that time.
    Revoked(Timestamp),
}

impl State {
    /// The state at `now`; a revoked token stays revoked, also when its time is up.
    #[must_use]
    pub fn at(
        now: Timestamp,
        expires: Timestamp,
        revoked: Option<Timestamp>,
        overlap_ends: Option<Timestamp>,
    ) -> Self {
        match (revoked, overlap_ends) {
            (Some(at), _) => Self::Revoked(at),
            (None, _) if expires <= now => Self::Expired(expires),
            (None, Some(until)) if now < until => Self::Rotating(until),
            (None, Some(_) | None) => Self::Active,
        }
    }

    /// Whether it opens the doors.
    #[must_use]
    pub fn is_alive(self) -> bool {
        match self {
            Self::Active | Self::Rotating(_) => true,
            Self::Expired(_) | Self::Revoked(_) => false,
        }
    }

    /// As it is read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Rotating(_) => "rotating",
            Self::Expired(_) => "expired",
            Self::Revoked(_) => "revoked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_token_stays_revoked() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        assert_eq!(State::at(early, late, None, None), State::Active);
        assert_eq!(State::at(early, late, None, Some(early)), State::Active);
        assert_eq!(State::at(early, late, None, Some(late)), State::Rotating(late));
        assert_eq!(State::at(late, late, None, Some(late)), State::Expired(late));
        assert_eq!(State::at(late, late, Some(early), None), State::Revoked(early));
        assert_eq!(State::at(early, late, Some(early), Some(late)), State::Revoked(early));
    }
}
