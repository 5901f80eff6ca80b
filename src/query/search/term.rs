//! What is searched for: words, and how they are joined.

use super::words::{is_part, words};

/// Words in sequence; one alone is a word.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Words {
    /// In lower case, one or more.
    pub words: Vec<String>,
    /// Whether the last one is only the beginning of a word.
    pub is_open: bool,
}

/// A search without its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Some text has these words.
    Words(Words),
    /// What the other does not find.
    Not(Box<Term>),
    /// What all find; everything where there are none.
    And(Vec<Term>),
    /// What one or more find.
    Or(Vec<Term>),
}

impl Words {
    /// The words of `text`; none where there is no letter or digit in it. A `*` right behind the last
    /// word of an `open` text makes it the beginning of one.
    #[must_use]
    pub fn of(text: &str, open: bool) -> Option<Self> {
        let stem = text.trim_end_matches('*');
        let is_open = open && stem.len() < text.len() && stem.ends_with(is_part);
        let words: Vec<String> = words(text).collect();
        (!words.is_empty()).then_some(Self { words, is_open })
    }

    /// Whether they stand somewhere in `text`, the words of one text.
    #[must_use]
    pub fn are_in(&self, text: &[String]) -> bool {
        let Some((last, before)) = self.words.split_last() else { return true };
        text.windows(self.words.len()).any(|found| {
            found[..before.len()] == *before
                && found.last().is_some_and(|found| {
                    if self.is_open { found.starts_with(last.as_str()) } else { found == last }
                })
        })
    }
}

impl Term {
    /// Whether it holds, where `has` tells it of words.
    ///
    /// # Errors
    /// Those of `has`.
    pub fn holds<E>(&self, has: &mut impl FnMut(&Words) -> Result<bool, E>) -> Result<bool, E> {
        Ok(match self {
            Self::Words(words) => has(words)?,
            Self::Not(term) => !term.holds(has)?,
            Self::And(terms) => {
                for term in terms {
                    if !term.holds(has)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(terms) => {
                for term in terms {
                    if term.holds(has)? {
                        return Ok(true);
                    }
                }
                false
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sought: &str, text: &str, want: bool) {
        let text: Vec<String> = words(text).collect();
        assert_eq!(Words::of(sought, true).unwrap().are_in(&text), want, "{sought} in {text:?}");
    }

    #[test]
    fn words_are_found_in_sequence_and_whole() {
        check("Printer", "the PRINTER is down", true);
        check("print", "the printer is down", false);
        check("hp-4200", "an HP 4200 and an HP 4100", true);
        check("hp 4200", "4200 hp", false);
        check("is down", "is it down", false);
        check("don't", "I DON’T know", true);
    }

    #[test]
    fn a_star_behind_the_last_word_makes_it_a_beginning() {
        check("print*", "the printer is down", true);
        check("print*", "print", true);
        check("hp-42*", "hp 4200", true);
        check("hp-42*", "hp 14200", false);
        check("pr*nt", "printer", false);
        // Nothing to begin with.
        check("down-*", "downstairs", false);
    }

    #[test]
    fn without_a_letter_or_digit_there_is_nothing_to_search_for() {
        for nothing in ["", "-", "***", "\u{301}"] {
            assert_eq!(Words::of(nothing, true), None, "{nothing}");
        }
        assert!(!Words::of("a*", false).unwrap().is_open);
    }
}
