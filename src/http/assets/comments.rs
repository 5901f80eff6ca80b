//! Scripts and styles without their comments, which are for who reads the sources and are a fifth of what is sent.

/// The same lines, but those that are comments are empty, so that lines keep their numbers; types within a line and
/// blanks before it are left out, too.
///
/// Only comments that begin a line are seen and those that tell a type. A text in backquotes stays as it is, but for
/// markup (`html` or `svg` before it), where blanks at the beginning of a line and types in its holes say nothing.
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
            Place::Text | Place::Markup => true,
            Place::Comment => false,
        };
        if is_kept && place != Place::Text {
            push_untyped(&mut kept, line.trim_start_matches([' ', '\t']));
        } else if is_kept {
            kept.push_str(line);
        } else if line.ends_with('\n') {
            kept.push('\n');
        }
        place = match place {
            Place::Comment if line.trim_end().ends_with("*/") => Place::Code,
            Place::Comment => Place::Comment,
            Place::Code if !is_kept => Place::Code,
            Place::Code if has_odd_quotes(line) => opened(line),
            Place::Text | Place::Markup if has_odd_quotes(line) => Place::Code,
            place => place,
        };
    }
    kept
}

/// How a comment begins that tells a type.
const TYPES: [&str; 4] = ["/** @type ", "/** @param ", "/** @returns ", "/** @satisfies "];

/// Adds a line without its comments that tell types.
fn push_untyped(kept: &mut String, line: &str) {
    let mut rest = line;
    while let Some(at) = TYPES.iter().filter_map(|begin| rest.find(begin)).min() {
        let Some(length) = rest[at..].find("*/") else { break };
        kept.push_str(&rest[..at]);
        let behind = &rest[at + length + 2..];
        rest = behind.strip_prefix(' ').unwrap_or(behind);
    }
    kept.push_str(rest);
}

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Code,
    Comment,
    /// Within backquotes.
    Text,
    /// Within those of a template.
    Markup,
}

/// What the last backquote of a line begins.
fn opened(line: &str) -> Place {
    let before = line.rsplit_once('`').map_or("", |(before, _)| before);
    if ["html", "svg"].iter().any(|name| before.ends_with(name)) {
        Place::Markup
    } else {
        Place::Text
    }
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
        check("a {\n  b\n\n\tc", "a {\nb\n\nc");
        check("/** a */\nb\n", "\nb\n");
        check("  /**\n   * a `b`\n   */\nc", "\n\n\nc");
        check("a // b\nc /* d */\n", "a // b\nc /* d */\n");
        check("/** @type {A} */ (b)\n/* c */\n", "(b)\n\n");
        check("p {} /* a */\n/* b\n c */\nq {}", "p {} /* a */\n\n\nq {}");
        check("// a", "");
    }

    #[test]
    fn types_within_a_line_are_left_out() {
        check("(/** @type {A} */ a, /** @param {B} b */b) => /* c */ 1\n", "(a, b) => /* c */ 1\n");
        check("return /** @type {A} */ (b);", "return (b);");
        check("a /** @type {A}", "a /** @type {A}");
    }

    #[test]
    fn texts_in_backquotes_stay_as_they_are() {
        check("x`\n// a\n/* b */\n`;\n// c\n", "x`\n// a\n/* b */\n`;\n\n");
        check("x`a`;\n// b", "x`a`;\n");
        check("x = `a\n  b`;\n  c", "x = `a\n  b`;\nc");
    }

    #[test]
    fn markup_loses_the_blanks_before_its_lines_and_the_types_in_its_holes() {
        check("  html`<a>\n    <b>\n  // c\n  </a>`;\n  d", "html`<a>\n<b>\n// c\n</a>`;\nd");
        check(
            "html`<a @b=${(/** @type {C} */ c) =>\n  d(/** @type {E} */ (c))}>`",
            "html`<a @b=${(c) =>\nd((c))}>`",
        );
    }
}
