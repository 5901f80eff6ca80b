//! Texts as the log takes them: not longer than they may be, and without a secret of ours.

use crate::auth::KEY_PREFIX_DIGITS;

/// How every access token begins.
const START: &str = "tsr_";

/// Characters of the longest kind of token.
const KIND_MAX: usize = 6;

/// The text without what looks like an access token beyond its prefix, cut to `most` characters.
#[must_use]
pub fn clean(text: &str, most: usize) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(START) {
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

/// What may be told of a word that begins like a token: its kind and the first digits.
fn shown(word: &str) -> &str {
    let kind = word[START.len()..].find('_').filter(|at| *at <= KIND_MAX).map_or(0, |at| at + 1);
    let end = START.len() + kind + KEY_PREFIX_DIGITS;
    &word[..end.min(word.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::{Kind, PlainToken},
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
