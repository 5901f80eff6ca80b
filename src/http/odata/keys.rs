//! Idempotency keys: how they are read, and those whose changes are under way.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use warp::http::HeaderMap;

use crate::error::Error;

/// The header.
pub(super) const NAME: &str = "Idempotency-Key";

/// Longest key, characters.
const LENGTH_MAX: usize = 255;

/// Changes with a key under way at once: more than wait to be written, so that this is not what refuses.
const UNDER_WAY_MAX: usize = 65_536;

/// The key of a request, if it brings one.
///
/// # Errors
/// `InvalidHeader` where it is too long, empty, repeated or not of visible ASCII.
pub(super) fn given(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut all = headers.get_all(NAME).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let key = first.to_str().ok().filter(|_| all.next().is_none());
    let is_sound = |key: &&str| {
        (1..=LENGTH_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    key.filter(is_sound).map(Some).ok_or_else(|| Error::InvalidHeader {
        name: NAME,
        reason: format!("it must be one key of 1 to {LENGTH_MAX} visible ASCII characters"),
    })
}

/// The keys whose changes are under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Arc<Mutex<HashSet<String>>>);

impl Keys {
    /// Takes a key until the mark is dropped.
    ///
    /// # Errors
    /// `IdempotencyKeyInUse` where somebody has it, `Overloaded` where too many are taken.
    pub(super) fn take(&self, key: &str) -> Result<Mark, Error> {
        let mut keys = self.lock();
        if keys.contains(key) {
            return Err(Error::IdempotencyKeyInUse);
        }
        if keys.len() >= UNDER_WAY_MAX {
            return Err(Error::Overloaded {
                reason: "too many changes with an 'Idempotency-Key' are under way",
                retry_after: Duration::from_secs(1),
            });
        }
        keys.insert(key.to_owned());
        Ok(Mark { keys: self.clone(), key: key.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key that is taken.
#[derive(Debug)]
pub(super) struct Mark {
    keys: Keys,
    key: String,
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.keys.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_word_of_visible_ascii() {
        let check = |keys: &[&str], want: Option<Option<&str>>| {
            let mut headers = HeaderMap::new();
            for key in keys {
                headers.append("idempotency-key", key.parse().unwrap());
            }
            assert_eq!(given(&headers).ok(), want, "{keys:?}");
        };
        check(&[], Some(None));
        check(&["a"], Some(Some("a")));
        check(&["\"8e03978e-40d5\""], Some(Some("\"8e03978e-40d5\"")));
        let (longest, longer) = ("~".repeat(255), "~".repeat(256));
        check(&[&longest], Some(Some(&longest)));
        for bad in [&[""][..], &["a b"], &["ä"], &[longer.as_str()], &["a", "a"], &["a", "b"]] {
            check(bad, None);
        }
    }

    #[test]
    fn a_key_is_taken_by_one_at_a_time() {
        let keys = Keys::default();
        let mark = keys.take("a").unwrap();
        assert_eq!(keys.take("a").unwrap_err(), Error::IdempotencyKeyInUse);
        let other = keys.take("b").unwrap();
        drop(mark);
        assert!(keys.take("a").is_ok());
        drop(other);
        assert!(keys.lock().is_empty());
    }
}
