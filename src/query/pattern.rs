//! `matchespattern`: ECMAScript patterns on an engine whose time is linear in the text.
//!
//! Look-around and back-references are refused, as that engine has none.

use std::{cell::RefCell, collections::HashMap};

use regex::{Regex, RegexBuilder};

use super::arithmetic::invalid;
use crate::{error::Error, model::Value};

/// Compiled patterns kept per thread; a query has few.
const KEPT_MAX: usize = 8;
/// Bytes one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

thread_local! {
    static COMPILED: RefCell<HashMap<(String, String), Regex>> = RefCell::default();
}

/// `matchespattern(text,pattern)`, with ECMAScript flags as a third argument; null for unknown flags.
pub(super) fn matches(args: &[Value]) -> Result<Value, Error> {
    let (text, pattern, flags) = match args {
        [Value::Text(text), Value::Text(pattern)] => (text, pattern, ""),
        [Value::Text(text), Value::Text(pattern), Value::Text(flags)] => (text, pattern, &**flags),
        _ => return Ok(Value::Null),
    };
    if !flags.chars().all(|flag| "gimsu".contains(flag)) {
        return Ok(Value::Null);
    }
    COMPILED.with_borrow_mut(|compiled| {
        let name = (pattern.to_string(), flags.to_owned());
        if let Some(regex) = compiled.get(&name) {
            return Ok(regex.is_match(text).into());
        }
        let regex = compile(pattern, flags)?;
        let is_match = regex.is_match(text);
        if compiled.len() >= KEPT_MAX {
            compiled.clear();
        }
        compiled.insert(name, regex);
        Ok(is_match.into())
    })
}

fn compile(pattern: &str, flags: &str) -> Result<Regex, Error> {
    RegexBuilder::new(&translate(pattern))
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| {
            let why = match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                other => {
                    let text = other.to_string();
                    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
                }
            };
            invalid(format!("matchespattern cannot use the pattern '{pattern}': {why}"))
        })
}

/// The same pattern in the engine's own syntax: classes are of ASCII, and a class holds no other
/// class and no operators.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut is_in_class = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[0-9A-Za-z_]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('b') if is_in_class => out.push_str(r"\x08"),
                Some('b') => out.push_str(r"(?-u:\b)"),
                Some('0') => out.push_str(r"\x00"),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            '[' if is_in_class => out.push_str(r"\["),
            '[' => {
                is_in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            ']' => {
                is_in_class = false;
                out.push(']');
            }
            '&' | '~' if is_in_class => out.extend(['\\', char]),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::fixture::show;

    #[track_caller]
    fn check(text: &str, pattern: &str, want: &str) {
        assert_eq!(show(&matches(&[text.into(), pattern.into()])), want);
    }

    #[test]
    fn patterns_match_as_in_ecmascript() {
        check("Alfreds Futterkiste", "^A.*e$", "true");
        check("alfreds", "^A", "false");
        check("a1", r"^\w\d$", "true");
        check("ä", r"^\w$", "false");
        check("٣", r"^\d$", "false");
        check("a[b", "[[]b", "true");
        check("a&b", "[&&]b", "true");
        check("x-1", r"^[\w-]+$", "true");
        check("ab", r"a\b", "false");
        check("a/b", r"a\/b", "true");
        check("😀", "^.$", "true");
        check("a\nb", "^b$", "false");
    }

    #[test]
    fn flags_change_the_match_and_unknown_ones_give_null() {
        let flagged = |flags: &str| show(&matches(&["A\nb".into(), "a$".into(), flags.into()]));
        assert_eq!(flagged("im"), "true");
        assert_eq!(flagged("i"), "false");
        assert_eq!(flagged("q"), "null");
    }

    #[test]
    fn a_bad_pattern_is_refused_with_its_reason() {
        let refused = "$filter: matchespattern cannot use the pattern";
        check("x", "(", &format!("{refused} '(': unclosed group"));
        check("x", r"(a)\1", &format!(r"{refused} '(a)\1': backreferences are not supported"));
        check(
            "x",
            "(?=a)",
            &format!(
                "{refused} '(?=a)': look-around, including look-ahead and look-behind, is not supported"
            ),
        );
        check(
            "x",
            "((a{999}){999}){999}",
            &format!("{refused} '((a{{999}}){{999}}){{999}}': it is too large"),
        );
    }

    proptest! {
        #[test]
        fn no_pattern_makes_it_panic(text: String, pattern: String) {
            let _ = matches(&[text.as_str().into(), pattern.as_str().into()]);
        }

        #[test]
        fn patterns_of_special_characters_do_not_panic(pattern in r"[\\\[\]^&~dwDWb0(){}*+?.|$-]{0,12}") {
            let _ = matches(&["a-b".into(), pattern.as_str().into()]);
        }
    }
}
