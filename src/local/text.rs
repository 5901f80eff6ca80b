//! Values that travel as the text they print, and texts as a terminal may print them.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use crate::desk::is_unseen;

/// A text with every character as `\u{..}` that would command a terminal, end the line, turn it around or
/// not be seen: what somebody stored must not look like something else to who runs the product.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let is_plain =
        |c: char| !(c.is_control() || is_unseen(c) || matches!(c, '\u{2028}' | '\u{2029}'));
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let push = |mut escaped: String, c: char| {
        if is_plain(c) {
            escaped.push(c);
        } else {
            escaped.extend(c.escape_unicode());
        }
        escaped
    };
    Cow::Owned(text.chars().fold(String::new(), push))
}

/// Writes a value as its text.
pub(super) fn serialize<T: Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads a value from its text.
pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// The same for values that may be missing.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

    /// Writes a value as its text, none as null.
    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(in crate::local) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a value from its text, null as none.
    pub(in crate::local) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_command_a_terminal_is_shown_instead() {
        let check = |text: &str, want: &str| assert_eq!(plain(text), want);
        check("Zoë's  täst, 名前", "Zoë's  täst, 名前");
        check("a\u{1b}[2Jb\nc\t", "a\\u{1b}[2Jb\\u{a}c\\u{9}");
        check("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}");
        check("x\u{202e}y\u{2066}\u{200b}\u{61c}", "x\\u{202e}y\\u{2066}\\u{200b}\\u{61c}");
        check("\u{2028}\u{feff}", "\\u{2028}\\u{feff}");
    }
}
