//! Text to words, the same for what is searched and for what is searched for.
//!
//! A word is a run of letters and digits (Unicode's `Alphabetic` and `Numeric`) and the combining
//! marks after them, in lower case. Everything else separates: `_`, `-`, `@`, `.` and apostrophes
//! too. Scripts written without blanks have a word for each character.

/// Bytes of a word that count; what comes behind is no word anybody types.
pub const WORD_BYTES: usize = 255;

/// The words of a text, in order.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[rest.find(char::is_alphanumeric)?..];
        let end = rest.char_indices().find(|(at, c)| ends_word(rest, *at, *c));
        let (word, behind) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = behind;
        Some(fold(word))
    })
}

/// Whether the word at the start of `text` ends before the character `c` at byte `at`.
fn ends_word(text: &str, at: usize, c: char) -> bool {
    if at == 0 || is_mark(c) {
        return false;
    }
    !c.is_alphanumeric() || stands_alone(c) || text.starts_with(stands_alone)
}

/// Whether a word may end with it.
pub(super) fn is_part(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// A mark on the letter before it, as in decomposed text.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

/// Characters of scripts that put no blanks between words: Han and kana.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn fold(word: &str) -> String {
    let mut word = word.to_lowercase();
    word.truncate(word.floor_char_boundary(WORD_BYTES));
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(words(text).collect::<Vec<_>>(), want, "{text}");
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        check("Printer HP-4200 is_down!", &["printer", "hp", "4200", "is", "down"]);
        check("ann@example.org", &["ann", "example", "org"]);
        check("don't l’été", &["don", "t", "l", "été"]);
        check("ÄRGER Straße ΟΔΟΣ", &["ärger", "straße", "οδος"]);
        check("٣٤ Ⅷ", &["٣٤", "ⅷ"]);
        check("", &[]);
        check(" -_@'\" ", &[]);
    }

    #[test]
    fn marks_belong_to_the_letter_before_them() {
        check("cafe\u{301}s", &["cafe\u{301}s"]);
        check("\u{301}a", &["a"]);
        check("İ", &["i\u{307}"]);
    }

    #[test]
    fn characters_of_scripts_without_blanks_are_words_of_their_own() {
        check("東京タワー2号", &["東", "京", "タ", "ワ", "ー", "2", "号"]);
        check("プリンタ", &["プ", "リ", "ン", "タ"]);
        check("abc東", &["abc", "東"]);
    }

    #[test]
    fn of_a_long_word_the_beginning_counts() {
        let long = "ä".repeat(200);
        check(&long, &[&"ä".repeat(127)]);
    }
}
