//! Passwords: what may be one, and the Argon2id hash that is stored of it.
//!
//! Hashing takes tens of milliseconds and 19 MiB on purpose: not for a thread that others wait for.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::error::Error;

/// Fewest characters of a password.
pub const CHARS_MIN: usize = 10;
/// Most characters of a password.
pub const CHARS_MAX: usize = 256;

/// Memory, passes and lanes. Source: OWASP Password Storage Cheat Sheet, Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Random bytes that stand for a hash: compared with where there is none, so that it costs the same.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$1JhCh+IXjmruml1T7w3BaA$gx/r/a1niFz868qgLhgGkRZwz/eOGbrkMg8gvx3ojgU";

/// What everybody tries first and that is long enough.
const WORN_OUT: [&str; 8] = [
    "0123456789",
    "1234567890",
    "administrator",
    "letmeinletmein",
    "password123",
    "password1234",
    "passwordpassword",
    "qwertyuiop",
];

/// A password as somebody typed it: any characters, blanks kept. Prints as `Password(..)`.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// This text, whatever it is.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether it may become the password of somebody called `names`: what is wrong with it, if not.
    ///
    /// # Errors
    /// In words, without the password.
    pub fn check(&self, names: &[&str]) -> Result<(), String> {
        let chars = self.0.chars().count();
        if !(CHARS_MIN..=CHARS_MAX).contains(&chars) {
            return Err(format!("it takes {CHARS_MIN} to {CHARS_MAX} characters"));
        }
        let folded = self.0.trim().to_lowercase();
        let local = |name: &str| name.split('@').next().unwrap_or_default().to_lowercase();
        if names.iter().any(|name| folded == name.trim().to_lowercase() || folded == local(name)) {
            return Err("a password is not one's own name or address".to_owned());
        }
        let first = folded.chars().next();
        let is_one_letter = folded.chars().all(|c| Some(c) == first);
        if is_one_letter || WORN_OUT.contains(&folded.as_str()) {
            return Err("everybody would try this one first".to_owned());
        }
        Ok(())
    }

    /// What is stored of it, in the usual text form.
    ///
    /// # Errors
    /// `Internal` if there is no memory for it.
    pub fn hash(&self, salt: [u8; 16]) -> Result<String, Error> {
        let hash = hasher()?.hash_password_with_salt(self.0.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(&error))
    }

    /// Whether `stored` is a hash of it; where nothing is stored the work is the same, in vain.
    ///
    /// # Errors
    /// `Internal` if there is no memory for it.
    pub fn verify(&self, stored: Option<&str>) -> Result<bool, Error> {
        let is_sound = self.0.chars().count() <= CHARS_MAX;
        let with = stored.filter(|_| is_sound);
        let bytes = if is_sound { self.0.as_bytes() } else { b"" };
        let fits = hasher()?.verify_password(bytes, with.unwrap_or(NOBODYS)).is_ok();
        Ok(fits && with.is_some())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

fn hasher() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| Error::internal(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        let names = ["Ada Reyes", "ada.reyes.first@example.com"];
        let got = password(text).check(&names);
        assert_eq!(got.err().unwrap_or_default(), want, "{text:?}");
    }

    #[test]
    fn a_password_is_long_enough_and_not_what_everybody_tries() {
        check("correct horse", "");
        check("  ä ö ü ß €  ", "");
        check("ten.chars!", "");
        check("nine.char", "it takes 10 to 256 characters");
        check(&"ä1".repeat(128), "");
        check(&"ä1".repeat(129), "it takes 10 to 256 characters");
        check("ADA.REYES.first@example.com", "a password is not one's own name or address");
        check("ada.reyes.first", "a password is not one's own name or address");
        check("Password123", "everybody would try this one first");
        check("aaaaaaaaaaaa", "everybody would try this one first");
    }

    #[test]
    fn what_is_stored_says_how_it_was_made_and_fits_its_password_alone() {
        let stored = password("correct horse").hash([7; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(!stored.contains("correct"));
        assert_ne!(stored, password("correct horse").hash([8; 16]).unwrap());
        assert_eq!(password("correct horse").verify(Some(&stored)), Ok(true));
        assert_eq!(password("correct horse ").verify(Some(&stored)), Ok(false));
        assert_eq!(password("Correct horse").verify(Some(&stored)), Ok(false));
        assert_eq!(password("correct horse").verify(None), Ok(false));
        assert_eq!(password(&"x".repeat(300)).verify(Some(&stored)), Ok(false));
        assert_eq!(password("correct horse").verify(Some("no hash")), Ok(false));
    }

    #[test]
    fn where_nothing_is_stored_the_work_is_that_of_a_hash_of_ours() {
        let of = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap_or_default().to_owned();
        assert_eq!(of(NOBODYS), of(&password("correct horse").hash([7; 16]).unwrap()));
        let lengths = |hash: &str| hash.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths(NOBODYS), lengths(&password("x").hash([7; 16]).unwrap()));
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", password("correct horse")), "Password(..)");
    }
}
