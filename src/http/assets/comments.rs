//! Scripts and styles without their comments, which are for who reads the sources and are a fifth of what is sent.

/// The same lines, but those that are comments are empty, so that places in the text stay what they are.
///
/// Only comments that begin a line are seen, and none within a text in backquotes.
#[must_use]
pub fn without_comments(text: &str) -> String {
    let (mut kept, mut place) = (String::with_capacity(text.len()), Place::Code);
    for line in text.split_inclusive('\n') {
        let begun = line.trim_start();
        place = match place {
            Place::Code if begun.starts_with("/*") && !ends_early(begun) => Place::Comment,
            place => place,
        };
        let is_kept = match place {
            Place::Code => !begun.starts_with("//"),
            Place::Text => true,
            Place::Comment => false,
        };
        if is_kept {
            kept.push_str(line);
        } else if line.ends_with('\n') {
            kept.push('\n');
        }
        place = match place {
            Place::Comment if line.trim_end().ends_with("*/") => Place::Code,
            Place::Comment => Place::Comment,
            Place::Code if !is_kept => Place::Code,
            Place::Code if has_odd_quotes(line) => Place::Text,
            Place::Text if has_odd_quotes(line) => Place::Code,
            place => place,
        };
    }
    kept
}

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Code,
    Comment,
    /// Within backquotes.
    Text,
}

/// Whether a comment is followed by something in its line.
fn ends_early(begun: &str) -> bool {
    begun.split_once("*/").is_some_and(|(_, rest)| !rest.trim().is_empty())
}

fn has_odd_quotes(line: &str) -> bool {
    line.matches('`').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(without_comments(text), want, "{text}");
    }

    #[test]
    fn comments_that_begin_a_line_become_empty_lines() {
        check("a\n// b\nc", "a\n\nc");
        check("/** a */\nb\n", "\nb\n");
        check("  /**\n   * a `b`\n   */\nc", "\n\n\nc");
        check("a // b\nc /* d */\n", "a // b\nc /* d */\n");
        check("/** @type {A} */ (b)\n/* c */\n", "/** @type {A} */ (b)\n\n");
        check("p {} /* a */\n/* b\n c */\nq {}", "p {} /* a */\n\n\nq {}");
        check("// a", "");
    }

    #[test]
    fn texts_in_backquotes_stay_as_they_are() {
        check("x`\n// a\n/* b */\n`;\n// c\n", "x`\n// a\n/* b */\n`;\n\n");
        check("x`a`;\n// b", "x`a`;\n");
    }
}
