//! Access tokens: `tsr_<kind>_<43 base62: 256 random bits><6 base62: CRC-32 of all before>`.
//!
//! The checksum only tells a slip from a token without asking the store; it protects nothing.

use std::{fmt, hint::black_box, str::FromStr};

use crate::{
    hash::{Digest, digest},
    model::Kind,
};

const START: &str = super::secret::TOKEN_START;
/// Digits of 256 random bits.
pub(super) const RANDOM_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;
/// Digits of the random part that are kept for recognition; 220 bits remain unknown.
pub const KEY_PREFIX_DIGITS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token as its owner sees it, once. Not `Clone`, not `Serialize`, prints as `PlainToken(..)`.
#[derive(PartialEq, Eq)]
pub struct PlainToken(String);

impl PlainToken {
    /// The token of `kind` made of `random` bits.
    #[must_use]
    pub fn mint(kind: Kind, random: [u8; 32]) -> Self {
        let mut text = format!("{START}{kind}_");
        text.push_str(&base62(random));
        let check = check_digits(&text);
        text.extend(check.map(char::from));
        Self(text)
    }

    /// The secret itself; never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(digest(self.0.as_bytes()))
    }

    /// How it begins, to recognise it by: `tsr_agent_4fK9aB`.
    #[must_use]
    pub fn key_prefix(&self) -> &str {
        &self.0[..self.0.len() - RANDOM_DIGITS - CHECK_DIGITS + KEY_PREFIX_DIGITS]
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken(..)")
    }
}

/// A text that is no token of ours. Says nothing more, so that it teaches nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an access token")]
pub struct NotAToken;

impl FromStr for PlainToken {
    type Err = NotAToken;

    /// Takes a text whose form and checksum are right; whether it was ever given out is another matter.
    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let rest = text.strip_prefix(START).ok_or(NotAToken)?;
        let (kind, digits) = rest.split_once('_').ok_or(NotAToken)?;
        let known = Kind::ALL.iter().any(|candidate| candidate.name() == kind);
        let right_digits = digits.len() == RANDOM_DIGITS + CHECK_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !known || !right_digits {
            return Err(NotAToken);
        }
        let (body, check) = text.split_at(text.len() - CHECK_DIGITS);
        if check_digits(body) == check.as_bytes() {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAToken)
        }
    }
}

/// How a secret begins, of a text that begins like one.
#[must_use]
pub fn key_prefix_of(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(START)?;
    let (kind, digits) = rest.split_once('_')?;
    Kind::ALL.iter().find(|known| known.name() == kind)?;
    let end = START.len() + kind.len() + 1 + KEY_PREFIX_DIGITS;
    let is_digits = digits.bytes().take(KEY_PREFIX_DIGITS).all(|byte| byte.is_ascii_alphanumeric());
    text.get(..end).filter(|_| is_digits)
}

/// What is stored: BLAKE3 of the token (256 random bits need no salt and no stretching).
#[derive(Clone, Debug)]
pub struct TokenHash(Digest);

impl TokenHash {
    /// The bytes as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &Digest {
        &self.0
    }

    /// Whether `stored` is this hash, in a time that does not tell where they differ.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        let differ = self.0.iter().zip(stored).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
        stored.len() == self.0.len() && differ == 0
    }
}

/// 256 bits as 43 digits, most significant first, by long division.
pub(super) fn base62(bytes: [u8; 32]) -> String {
    let mut number = bytes;
    let mut digits = [0; RANDOM_DIGITS];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0u16;
        for byte in &mut number {
            let part = rest << 8 | u16::from(*byte);
            *byte = (part / 62).to_le_bytes()[0]; // below 256, because rest is below 62
            rest = part % 62;
        }
        *digit = DIGITS[usize::from(rest)];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

fn check_digits(text: &str) -> [u8; CHECK_DIGITS] {
    let mut number = crc32(text.as_bytes());
    let mut digits = [0; CHECK_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[number as usize % 62];
        number /= 62;
    }
    digits
}

/// CRC-32 as in zip and PNG (reflected, polynomial 04C11DB7).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0, |crc, byte| crc >> 8 ^ REMAINDERS[usize::from(crc.to_le_bytes()[0] ^ byte)])
}

/// What each byte leaves.
static REMAINDERS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u32;
    while byte < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::id::random_bytes;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn the_random_part_is_the_number_in_base_62() {
        assert_eq!(base62([0; 32]), "0".repeat(43));
        let mut one = [0; 32];
        one[31] = 63;
        assert_eq!(base62(one), format!("{}11", "0".repeat(41)));
        // 2^256 - 1, computed elsewhere.
        assert_eq!(base62([255; 32]), "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
    }

    /// The random part of a million tokens, made of two draws each by a generator with a long period.
    fn draws() -> impl Iterator<Item = [u8; 32]> {
        let seed = random_bytes::<32>();
        (0..1_000_000_u64).map(move |round| crate::hash::sign(&seed, &round.to_le_bytes()))
    }

    #[test]
    fn a_million_tokens_are_distinct_and_check_themselves() {
        let mut seen = HashSet::with_capacity(1_000_000);
        for (round, random) in draws().enumerate() {
            let token = PlainToken::mint(Kind::ALL[round % 5], random);
            assert!(token.expose().parse::<PlainToken>().is_ok());
            let digits = token.expose().rsplit_once('_').unwrap().1;
            // Half of the random part is enough to tell them apart, and no kind hides a repetition.
            assert!(seen.insert(<[u8; 22]>::try_from(&digits.as_bytes()[..22]).unwrap()));
        }
        assert_eq!(seen.len(), 1_000_000);
    }

    #[test]
    fn what_the_operating_system_draws_is_never_drawn_again() {
        let mut seen = HashSet::new();
        assert!((0..10_000).all(|_| seen.insert(random_bytes::<32>())));
    }

    #[test]
    fn any_single_changed_character_is_noticed() {
        for (kind, fill) in Kind::ALL.into_iter().zip([0, 1, 7, 200, 255]) {
            let token = PlainToken::mint(kind, [fill; 32]);
            for at in 0..token.expose().len() {
                for other in DIGITS.iter().chain(b"_-. ") {
                    let mut bytes = token.expose().as_bytes().to_vec();
                    if bytes[at] == *other {
                        continue;
                    }
                    bytes[at] = *other;
                    let changed = String::from_utf8(bytes).unwrap();
                    assert_eq!(changed.parse::<PlainToken>(), Err(NotAToken), "{changed}");
                }
            }
        }
    }

    /// Of a hundred thousand tokens with two to ten characters changed at most ten may pass.
    #[test]
    fn nearly_every_random_change_is_noticed() {
        let mut passed = 0;
        for random in draws().take(100_000) {
            let token = PlainToken::mint(Kind::Agent, random);
            let mut bytes = token.expose().as_bytes().to_vec();
            let start = bytes.len() - RANDOM_DIGITS - CHECK_DIGITS;
            for change in 0..2 + usize::from(random[0] % 9) {
                let at = usize::from(random[1 + change]) % (RANDOM_DIGITS + CHECK_DIGITS);
                bytes[start + at] = DIGITS[usize::from(random[12 + change]) % 62];
            }
            let changed = String::from_utf8(bytes).unwrap();
            passed +=
                usize::from(changed != token.expose() && changed.parse::<PlainToken>().is_ok());
        }
        assert!(passed <= 10, "{passed}");
    }

    #[test]
    fn of_a_secret_only_its_beginning_is_taken() {
        let secret = PlainToken::mint(Kind::Agent, [7; 32]);
        for text in [secret.expose(), secret.key_prefix()] {
            assert_eq!(key_prefix_of(text), Some(secret.key_prefix()));
        }
        for bad in [
            "",
            "7",
            "tsr_",
            "tsr_agent_",
            "tsr_agent_4fK9a",
            "tsr_boss_4fK9aB",
            "tsr_ro_4fK9aä",
            "tsr_ro_4fK9a-",
        ] {
            assert_eq!(key_prefix_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn anything_else_is_no_token() {
        let good = PlainToken::mint(Kind::Agent, [1; 32]);
        let (start, rest) = good.expose().split_at(10);
        for bad in [
            "",
            "tsr_",
            "tsr_agent_",
            start,
            rest,
            &good.expose()[..good.expose().len() - 1],
            &format!("{}0", good.expose()),
            &format!("TSR_agent_{rest}"),
            &format!("tsr_boss_{rest}"),
            &format!("tsr_agent_{}", "\u{e9}".repeat(49)),
        ] {
            assert_eq!(bad.parse::<PlainToken>(), Err(NotAToken), "{bad}");
        }
    }

    #[test]
    fn only_the_beginning_is_shown() {
        let token = PlainToken::mint(Kind::Agent, [7; 32]);
        assert_eq!(format!("{token:?}"), "PlainToken(..)");
        assert_eq!(token.key_prefix().len(), "tsr_agent_".len() + 6);
        assert!(token.expose().starts_with(token.key_prefix()));
    }

    #[test]
    fn a_hash_matches_itself_alone() {
        let hash = PlainToken::mint(Kind::Ro, [7; 32]).hash();
        let mut other = *hash.as_bytes();
        assert!(hash.matches(&other));
        assert!(!hash.matches(&other[..31]));
        other[31] ^= 1;
        assert!(!hash.matches(&other));
        assert!(!hash.matches(&[]));
    }
}
