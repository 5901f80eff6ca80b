//! Sessions and set-up links: their secrets, and when they end.
//!
//! A secret is `tss_` (a session's) or `tsl_` (a link's) and 43 digits of base 62: 256 random bits.

use std::fmt;

use super::token::{RANDOM_DIGITS, base62};
use crate::{
    hash::{Digest, digest},
    time::{MICROS_PER_SEC, Timestamp},
};

const MICROS_PER_HOUR: i64 = 3600 * MICROS_PER_SEC;

/// How long a given password confirms a session, and how long a set-up link works.
const CONFIRMED_MICROS: i64 = 5 * 60 * MICROS_PER_SEC;
const LINK_MICROS: i64 = 30 * 60 * MICROS_PER_SEC;

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// A session, from its cookie.
    Session,
    /// The way to a password of one's own.
    Link,
}

impl Opens {
    /// How its secrets begin.
    #[must_use]
    pub const fn start(self) -> &'static str {
        match self {
            Self::Session => "tss_",
            Self::Link => "tsl_",
        }
    }
}

/// A secret as its holder sees it. Not `Clone`, prints as `Secret(..)`.
#[derive(PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret made of `random` bits.
    #[must_use]
    pub fn new(opens: Opens, random: [u8; 32]) -> Self {
        Self(format!("{}{}", opens.start(), base62(random)))
    }

    /// The secret that `text` is, if it has the form of one.
    #[must_use]
    pub fn read(opens: Opens, text: &str) -> Option<Self> {
        let digits = text.strip_prefix(opens.start())?;
        let is_one = digits.len() == RANDOM_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_one.then(|| Self(text.to_owned()))
    }

    /// The secret itself; never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it: 256 random bits need no salt and no stretching.
    #[must_use]
    pub fn hash(&self) -> Digest {
        digest(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasting {
    /// Hours after which one ends that is not used.
    pub idle_hours: u32,
    /// Hours after which it ends, used or not.
    pub hours_max: u32,
}

/// When a session began and when it was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When somebody signed in.
    pub created: Timestamp,
    /// Its last request.
    pub last_seen: Timestamp,
}

impl Times {
    /// When it ends, used or not.
    #[must_use]
    pub fn expires(self, lasting: Lasting) -> Timestamp {
        after(self.created, i64::from(lasting.hours_max) * MICROS_PER_HOUR)
    }

    /// When it ends if it is not used.
    #[must_use]
    pub fn idle_expires(self, lasting: Lasting) -> Timestamp {
        let idle = after(self.last_seen, i64::from(lasting.idle_hours) * MICROS_PER_HOUR);
        idle.min(self.expires(lasting))
    }

    /// Whether it has ended by `now`.
    #[must_use]
    pub fn is_over(self, lasting: Lasting, now: Timestamp) -> bool {
        self.idle_expires(lasting) <= now
    }
}

/// Until when a session is confirmed whose password was given at `confirmed`; none where that is over.
#[must_use]
pub fn confirmed_until(confirmed: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    // A clock that was set back does not make it last longer.
    let at = confirmed.filter(|at| *at <= now)?;
    Some(after(at, CONFIRMED_MICROS)).filter(|until| now < *until)
}

/// When a set-up link made `now` ends.
#[must_use]
pub fn link_expires(now: Timestamp) -> Timestamp {
    after(now, LINK_MICROS)
}

fn after(at: Timestamp, micros: i64) -> Timestamp {
    at.plus_micros(micros).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LASTING: Lasting = Lasting { idle_hours: 8, hours_max: 24 };

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}Z").parse().unwrap()
    }

    #[test]
    fn a_secret_is_read_again_by_who_opens_with_it_alone() {
        let secret = Secret::new(Opens::Session, [255; 32]);
        assert_eq!(secret.expose().len(), 47);
        let read = Secret::read(Opens::Session, secret.expose()).unwrap();
        assert_eq!(read.hash(), secret.hash());
        assert_eq!(Secret::read(Opens::Link, secret.expose()), None);
        for wrong in ["", "tss_", "tss_0", &secret.expose().replace('y', "-")] {
            assert_eq!(Secret::read(Opens::Session, wrong), None, "{wrong}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[track_caller]
    fn check(last_seen: &str, now: &str, want: bool) {
        let times = Times { created: at("21T00:00:00"), last_seen: at(last_seen) };
        assert_eq!(times.is_over(LASTING, at(now)), want, "{last_seen} {now}");
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old() {
        check("21T00:00:00", "21T07:59:59", false);
        check("21T00:00:00", "21T08:00:00", true);
        check("21T07:00:00", "21T14:59:59", false);
        check("21T07:00:00", "21T15:00:00", true);
        check("21T23:59:00", "21T23:59:59", false);
        check("21T23:59:00", "22T00:00:00", true);
        check("21T01:00:00", "20T23:00:00", false);
    }

    #[test]
    fn a_confirmation_holds_for_five_minutes() {
        let of = |now| confirmed_until(Some(at("21T10:00:00")), at(now));
        assert_eq!(of("21T10:04:59"), Some(at("21T10:05:00")));
        assert_eq!(of("21T10:05:00"), None);
        assert_eq!(of("21T09:59:59"), None);
        assert_eq!(confirmed_until(None, at("21T10:00:00")), None);
    }
}
