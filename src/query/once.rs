//! A change that is done once for a client's key: how it is known again, and what it was answered with.
//!
//! Knows neither how an answer looks on the wire nor where it is kept.

use std::{fmt::Write as _, sync::Arc};

use super::{Rights, Source};
use crate::{
    hash::{self, Digest},
    model::{Complex, Row},
};

/// How many characters at the beginning of a key tell whose it is.
pub const WHOSE: usize = 32;

/// What a change came to, as far as its answer must know.
#[derive(Clone, Copy)]
pub enum Effect<'a> {
    /// There is nothing to show.
    Nothing,
    /// This entity, as it was stored.
    Entity(&'a Row),
    /// A value that holds no secret.
    Value(&'a Complex),
    /// The secret of the access token with this id, which is told once and not kept.
    Secret(i64),
}

/// An answer that is the same every time: its status, the headers that are its own, its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, where there is one.
    pub body: Option<String>,
}

/// What is kept of the answer to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// All of it.
    Answer(Answer),
    /// It told the secret of the access token with this id.
    Secret(i64),
}

/// What is known of a change that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Digest of what was asked.
    pub fingerprint: Digest,
    /// What whoever was told a body held then, as [`Rights::scopes`] tells it; none where that is not known.
    pub scopes: Option<String>,
    /// What was told.
    pub told: Told,
}

impl Kept {
    /// Whether `caller` holds all that whoever was told the answer held: may be told it, too.
    #[must_use]
    pub fn is_for(&self, caller: &dyn Rights) -> bool {
        let all =
            |scopes: &String| scopes.split(',').all(|scope| scope.is_empty() || caller.has(scope));
        self.scopes.as_ref().is_some_and(all)
    }
}

/// Writes the answer to a change from the state right after it. Runs while all other changes wait.
pub type WriteAnswer = dyn Fn(&dyn Source, Effect<'_>) -> Answer + Send + Sync;

/// A change to be done once, and its answer kept with it.
#[derive(Clone)]
pub struct Once {
    /// What it is kept under; see [`key`].
    pub key: String,
    /// Digest of what is asked.
    pub fingerprint: Digest,
    /// What whoever asks holds, as [`Rights::scopes`] tells it.
    pub scopes: String,
    /// Its answer.
    pub answer: Arc<WriteAnswer>,
}

/// What the answer to a change is kept under: digests of who asks and of the key that came with it, in hex.
#[must_use]
pub fn key(who: &str, given: &str) -> String {
    let hex = |text: &str, bytes: usize| {
        hash::digest(text.as_bytes())[..bytes].iter().fold(String::new(), |mut hex, byte| {
            // Writing to a text cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    };
    hex(who, WHOSE / 2) + &hex(given, 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds these scopes.
    struct Holds(&'static [&'static str]);

    impl Rights for Holds {
        fn has(&self, scope: &str) -> bool {
            self.0.contains(&scope)
        }
    }

    #[track_caller]
    fn check(then: Option<&str>, now: &'static [&'static str], want: bool) {
        let answer = Answer { status: 200, headers: Vec::new(), body: None };
        let scopes = then.map(str::to_owned);
        let kept = Kept { fingerprint: [0; 32], scopes, told: Told::Answer(answer) };
        assert_eq!(kept.is_for(&Holds(now)), want, "{then:?} {now:?}");
    }

    #[test]
    fn an_answer_is_for_who_holds_as_much_as_whoever_was_told_it() {
        check(Some("a:read,b:read"), &["a:read", "b:read"], true);
        check(Some("a:read"), &["a:read", "b:read"], true);
        check(Some("a:read,b:read"), &["a:read"], false);
        check(Some("a:read"), &[], false);
        check(Some(""), &[], true);
        check(None, &["a:read"], false);
    }

    #[test]
    fn keys_of_one_caller_begin_alike_and_those_of_others_do_not() {
        let (one, same, other) = (key("token 1", "a"), key("token 1", "b"), key("token 2", "a"));
        assert_eq!((one.len(), &one[..WHOSE]), (WHOSE + 64, &same[..WHOSE]));
        assert!(one != same && one[..WHOSE] != other[..WHOSE]);
        assert_eq!(one, key("token 1", "a"));
    }
}
