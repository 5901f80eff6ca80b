//! How often somebody may try: five times a minute for each address and each account, in memory; and how often
//! an account may succeed, because every password that is checked takes a processor and its memory.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    desk::network,
    error::Error,
    hash::{Digest, digest},
};

/// Tries that may fail within [`WINDOW`].
const TRIES_MAX: usize = 5;
const WINDOW: Duration = Duration::from_mins(1);
/// Passwords of one account that may fit within [`WINDOW`]: more than any person gives, far fewer than would
/// keep all turns for checking busy.
const FITS_MAX: usize = 30;
/// Addresses and accounts remembered; more than passwords can be checked for within a minute.
const KEYS_MAX: usize = 65_536;

/// What tries are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Where they come from.
    Address(Digest),
    /// The account they are for.
    Account(Digest),
}

impl Key {
    /// Where they come from.
    pub(super) fn address(address: IpAddr) -> Self {
        Self::Address(digest(network::of(address).to_string().as_bytes()))
    }

    /// The account of an e-mail address, whether there is one or not.
    pub(super) fn account(email: &str) -> Self {
        Self::Account(digest(format!("@{}", email.trim().to_lowercase()).as_bytes()))
    }
}

/// The tries of the last minute.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Key, Tries>>);

/// When somebody tried.
#[derive(Debug, Default)]
struct Tries {
    /// With a wrong password or link, or with one that is being looked at.
    failed: Vec<Instant>,
    /// With the right password.
    fitted: Vec<Instant>,
}

impl Tries {
    /// Forgets what is older than [`WINDOW`].
    fn forget(&mut self, now: Instant) {
        let is_late = |then: &Instant| now.saturating_duration_since(*then) < WINDOW;
        self.failed.retain(is_late);
        self.fitted.retain(is_late);
    }

    fn is_empty(&self) -> bool {
        self.failed.is_empty() && self.fitted.is_empty()
    }
}

/// A try that counts as failed until it is forgiven.
#[derive(Debug)]
#[must_use]
pub(super) struct Try<'a> {
    throttle: &'a Throttle,
    keys: Vec<Key>,
    at: Instant,
}

impl Throttle {
    /// Counts a try for each of `keys`, unless one of them has had too many.
    ///
    /// # Errors
    /// `TooManyRequests`; then nothing was counted.
    pub(super) fn enter(&self, keys: &[Key], at: Instant) -> Result<Try<'_>, Error> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut longest = None;
        let is_full = |tries: &HashMap<Key, Tries>| tries.len() + keys.len() > KEYS_MAX;
        if is_full(&tries) {
            tries.retain(|_, of| {
                of.forget(at);
                !of.is_empty()
            });
        }
        if is_full(&tries) {
            return Err(too_many(FAILED, WINDOW));
        }
        for key in keys {
            let Some(of) = tries.get_mut(key) else { continue };
            of.forget(at);
            for (of, most, reason) in
                [(&of.failed, TRIES_MAX, FAILED), (&of.fitted, FITS_MAX, FITTED)]
            {
                let first = of.first().filter(|_| of.len() >= most);
                let wait =
                    first.map(|then| WINDOW.saturating_sub(at.saturating_duration_since(*then)));
                if wait > longest.map(|(wait, _)| wait) {
                    longest = wait.map(|wait| (wait, reason));
                }
            }
        }
        if let Some((wait, reason)) = longest {
            return Err(too_many(reason, wait));
        }
        for key in keys {
            tries.entry(*key).or_default().failed.push(at);
        }
        Ok(Try { throttle: self, keys: keys.to_vec(), at })
    }
}

impl Try<'_> {
    /// It was none of those that count: nothing was looked at.
    pub(super) fn forgive(self) {
        self.end(false);
    }

    /// The password was the right one.
    pub(super) fn fitted(self) {
        self.end(true);
    }

    fn end(self, has_fitted: bool) {
        let mut tries = self.throttle.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            let Some(of) = tries.get_mut(key) else { continue };
            if let Some(at) = of.failed.iter().position(|then| *then == self.at) {
                of.failed.remove(at);
            }
            match key {
                Key::Account(_) if has_fitted => of.fitted.push(self.at),
                Key::Account(_) | Key::Address(_) => {}
            }
            if of.is_empty() {
                tries.remove(key);
            }
        }
    }
}

const FAILED: &str = "more than 5 tries with a wrong password or link within a minute";
const FITTED: &str = "the password of one account was given more than 30 times within a minute";

fn too_many(reason: &'static str, wait: Duration) -> Error {
    // Whole seconds, and none too early.
    Error::TooManyRequests {
        reason: reason.to_owned(),
        retry_after: Duration::from_secs(wait.as_secs() + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(address: &str, email: &str) -> [Key; 2] {
        [Key::address(address.parse().unwrap()), Key::account(email)]
    }

    /// Seconds to wait; none where the try is let through, and fails.
    fn fail(throttle: &Throttle, keys: &[Key], at: Instant) -> Option<u64> {
        match throttle.enter(keys, at) {
            Ok(_failed) => None,
            Err(Error::TooManyRequests { retry_after, .. }) => Some(retry_after.as_secs()),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_sixth_try_within_a_minute_waits_for_the_first_to_be_a_minute_old() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        let ann = keys("192.0.2.1", "ann@x");
        for second in 0..5 {
            assert_eq!(fail(&throttle, &ann, at(second)), None);
        }
        assert_eq!(fail(&throttle, &ann, at(10)), Some(51));
        assert_eq!(fail(&throttle, &keys("192.0.2.1", "bob@x"), at(10)), Some(51), "one address");
        assert_eq!(fail(&throttle, &keys("192.0.2.2", " ANN@X"), at(10)), Some(51), "one account");
        assert_eq!(fail(&throttle, &keys("192.0.2.2", "bob@x"), at(10)), None);
        assert_eq!(fail(&throttle, &ann, at(60)), None);
        assert_eq!(fail(&throttle, &ann, at(60)), Some(2));
    }

    #[test]
    fn what_succeeded_does_not_count_and_forgives_no_other() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let ann = keys("192.0.2.1", "ann@x");
        for _ in 0..4 {
            assert_eq!(fail(&throttle, &ann, now), None);
        }
        for _ in 0..10 {
            throttle.enter(&ann, now).unwrap().forgive();
        }
        assert_eq!(fail(&throttle, &ann, now), None);
        assert!(fail(&throttle, &ann, now).is_some());
    }

    #[test]
    fn an_account_gives_its_password_thirty_times_a_minute_from_wherever() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for number in 0..30 {
            let from = keys(&format!("192.0.2.{number}"), "ann@x");
            throttle.enter(&from, start + Duration::from_secs(number)).unwrap().fitted();
        }
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(fail(&throttle, &keys("192.0.2.99", "ann@x"), at(30)), Some(31));
        assert_eq!(fail(&throttle, &keys("192.0.2.1", "bob@x"), at(30)), None, "one account alone");
        throttle.enter(&keys("192.0.2.99", "ann@x"), at(60)).unwrap().fitted();
        assert_eq!(fail(&throttle, &keys("192.0.2.99", "ann@x"), at(60)), Some(2));
    }

    #[test]
    fn of_version_6_a_whole_network_is_one_address() {
        let of = |text: &str| Key::address(text.parse().unwrap());
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for number in 0..KEYS_MAX {
            let key = Key::account(&number.to_string());
            assert_eq!(fail(&throttle, &[key], start), None);
        }
        let another = [Key::account("another")];
        assert!(fail(&throttle, &another, start).is_some());
        assert_eq!(fail(&throttle, &another, start + WINDOW), None);
        assert_eq!(throttle.0.lock().unwrap().len(), 1);
    }
}
