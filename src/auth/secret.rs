//! How the secrets of this product begin, so that they are known wherever they stand.
//!
//! Knows nothing of what they open.

use super::session::Opens;

/// How every access token begins.
pub const TOKEN_START: &str = "tsr_";

/// How every secret begins: a token's, a session's, a set-up link's.
const STARTS: [&str; 3] = [TOKEN_START, Opens::Session.start(), Opens::Link.start()];

/// Whether a text begins like a secret.
#[must_use]
pub fn begins(text: &str) -> bool {
    STARTS.iter().any(|start| text.starts_with(start))
}

/// Where the first secret in a text begins.
#[must_use]
pub fn find(text: &str) -> Option<usize> {
    text.char_indices().map(|(at, _)| at).find(|at| begins(&text[*at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<usize>) {
        assert_eq!((find(text), begins(text)), (want, want == Some(0)), "{text}");
    }

    #[test]
    fn each_kind_of_secret_is_found_wherever_it_stands() {
        for start in ["tsr_", "tss_", "tsl_"] {
            check(start, Some(0));
            check(&format!("é {start}x"), Some(3));
            check(&format!("ts{start}"), Some(2));
            check(&format!("{start}tsr_"), Some(0));
        }
        for none in ["", "tsr", "ts_", "tsx_", "TSR_"] {
            check(none, None);
        }
    }
}
