//! Texts as the log takes them: not longer than they may be, without a secret of ours, and without what
//! makes a terminal or a reader show something else than what stands there.

use crate::auth::{
    KEY_PREFIX_DIGITS,
    secret::{self, TOKEN_START},
};

/// Characters of the longest kind of token.
const KIND_MAX: usize = 6;

/// The text without what looks like a secret, but for the prefix of an access token, and with `?` for
/// what cannot be seen; cut to `most` characters.
#[must_use]
pub fn clean(text: &str, most: usize) -> String {
    let text = text.replace(is_unseen, "?");
    let mut clean = String::new();
    let mut rest = text.as_str();
    while let Some(at) = secret::find(rest) {
        let (before, from) = rest.split_at(at);
        clean.push_str(before);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (word, behind) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        clean.push_str(shown(word));
        if shown(word) != word {
            clean.push('…');
        }
        rest = behind;
    }
    clean.push_str(rest);
    match clean.char_indices().nth(most) {
        Some((end, _)) => clean[..end].to_owned(),
        None => clean,
    }
}

/// Control characters, line ends of every kind, and what turns the direction of writing.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// What may be told of a word that begins like a secret: of an access token its kind and the first digits.
fn shown(word: &str) -> &str {
    let Some(digits) = word.strip_prefix(TOKEN_START) else {
        return word.split_inclusive('_').next().unwrap_or_default();
    };
    let kind = digits.find('_').filter(|at| *at <= KIND_MAX).map_or(0, |at| at + 1);
    let end = TOKEN_START.len() + kind + KEY_PREFIX_DIGITS;
    &word[..end.min(word.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::{
            Kind, PlainToken,
            session::{Opens, Secret},
        },
        id::random_bytes,
    };

    #[test]
    fn no_secret_gets_through_wherever_it_stands() {
        for kind in Kind::ALL {
            let token = PlainToken::mint(kind, random_bytes());
            let (secret, prefix) = (token.expose(), token.key_prefix());
            for (given, want) in [
                (secret.to_owned(), format!("{prefix}…")),
                (format!("curl {secret}, {secret}"), format!("curl {prefix}…, {prefix}…")),
                (format!("a{secret}b"), format!("a{prefix}…")),
                (prefix.to_owned(), prefix.to_owned()),
            ] {
                let got = clean(&given, 4000);
                assert!(!got.contains(&secret[secret.len() - 43..]), "{got}");
                assert_eq!(got, want);
            }
            for given in [format!("tsr_{secret}"), format!("tsr_{}", &secret[secret.len() - 49..])]
            {
                let got = clean(&given, 4000);
                assert!(!got.contains(&secret[secret.len() - 43..]), "{got}");
            }
        }
    }

    #[test]
    fn of_a_session_or_a_link_nothing_is_told() {
        for opens in [Opens::Session, Opens::Link] {
            let (secret, start) = (Secret::new(opens, random_bytes()), opens.start());
            let secret = secret.expose();
            for (given, want) in [
                (secret.to_owned(), format!("{start}…")),
                (format!("a {secret}; {secret}"), format!("a {start}…; {start}…")),
                (format!("tsr_ro_{secret}"), "tsr_ro_ts".to_owned()),
                (start.to_owned(), start.to_owned()),
            ] {
                let got = clean(&given, 4000);
                assert!(!got.contains(&secret[secret.len() - 43..]), "{got}");
                assert!(got.starts_with(&want), "{got}");
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_no_longer_there() {
        for (given, want) in [
            ("a\nb\r\tc", "a?b??c"),
            ("\u{1b}[2Jall is well", "?[2Jall is well"),
            ("\u{9b}31m\u{7f}\0", "?31m??"),
            ("a\u{202e}b\u{2028}c\u{2066}d\u{200b}e\u{feff}", "a?b?c?d?e?"),
            ("ts\u{200b}r_", "ts?r_"),
        ] {
            assert_eq!(clean(given, 4000), want);
        }
    }

    #[test]
    fn other_texts_are_only_cut() {
        for (given, most, want) in [
            ("Ünïcode", 3, "Ünï"),
            ("Ünïcode", 7, "Ünïcode"),
            ("", 0, ""),
            ("tsr_", 9, "tsr_"),
            ("mysr_x tsr", 99, "mysr_x tsr"),
        ] {
            assert_eq!(clean(given, most), want);
        }
    }
}
