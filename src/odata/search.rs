//! `$search`.
//!
//! ```text
//! search     = ( "$search" / "search" ) EQ BWS ( searchExpr / searchExpr-incomplete )
//! searchExpr = ( searchParenExpr / searchNegateExpr / searchPhrase / searchWord )
//!              [ searchOrExpr / searchAndExpr ]
//! ```
//! `AND`, `OR` and `NOT` are operators only where both their operands are there, and only in
//! capitals; `AND` binds tighter than `OR`.

use nom::{Parser, character::complete::char, combinator::cut, sequence::preceded};

use super::{
    Limits,
    ast::Search,
    literal::quoted,
    options::starts_option,
    syntax::{Budget, Ctx, PResult, bws, closing, fail, finished, miss, run, rws},
};
use crate::error::Error;

/// Reads the decoded text of a `$search`.
///
/// # Errors
/// `Syntax` where it stops making sense, `LimitExceeded` where it is too large.
pub fn parse(text: &str, limits: &Limits) -> Result<Search, Error> {
    let budget = Budget::new(limits);
    run("$search", text, |input| {
        let (rest, expr) = search(input, budget.ctx())?;
        let (rest, ()) = finished(rest, END)?;
        Ok((rest, expr))
    })
}

/// What may follow a search.
pub(super) const END: &str = "a word, 'AND', 'OR' or the end";

/// `BWS ( searchExpr / searchExpr-incomplete )`
pub(super) fn search<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Search> {
    let (input, _) = bws(input)?;
    if input.starts_with('\'') { search_incomplete(input, ctx) } else { search_expr(input, ctx) }
}

/// `searchExpr-incomplete = SQUOTE *( … ) SQUOTE`: what somebody is still typing, word by word.
fn search_incomplete<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Search> {
    let (rest, text) = quoted(input)?;
    let text = text.replace("''", "'");
    let is_gap = |c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')');
    let mut words = Vec::new();
    for word in text.split(is_gap).filter(|word| !word.is_empty()) {
        ctx.node(input)?;
        words.push(word_or_phrase(word));
    }
    let one = if words.len() > 1 { None } else { words.pop() };
    match one {
        Some(word) => Ok((rest, word)),
        None if words.is_empty() => Ok((rest, Search::Phrase(String::new()))),
        None => Ok((rest, Search::And(words))),
    }
}

/// `searchOrExpr = RWS %s"OR" RWS searchExpr`
fn search_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Search> {
    let (mut input, first) = search_and_expr(input, ctx)?;
    let mut terms = vec![first];
    while let Some(after) = operator(input, "OR") {
        let (rest, term) = cut(|i| search_and_expr(i, ctx)).parse(after)?;
        terms.push(term);
        input = rest;
    }
    let only = if terms.len() == 1 { terms.pop() } else { None };
    Ok((input, only.unwrap_or(Search::Or(terms))))
}

/// `searchAndExpr = RWS [ %s"AND" RWS ] searchExpr`
fn search_and_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Search> {
    let (mut input, first) = search_term(input, ctx)?;
    let mut terms = vec![first];
    loop {
        let after = if operator(input, "OR").is_some() {
            None
        } else {
            operator(input, "AND").or_else(|| {
                let (rest, _) = rws(input).ok()?;
                can_follow(rest).then_some(rest)
            })
        };
        let Some(after) = after else { break };
        let (rest, term) = cut(|i| search_term(i, ctx)).parse(after)?;
        terms.push(term);
        input = rest;
    }
    let only = if terms.len() == 1 { terms.pop() } else { None };
    Ok((input, only.unwrap_or(Search::And(terms))))
}

/// What follows an operator word, if it stands between two expressions.
fn operator<'a>(input: &'a str, word: &str) -> Option<&'a str> {
    let (rest, _) = rws(input).ok()?;
    let (rest, _) = rws(rest.strip_prefix(word)?).ok()?;
    can_follow(rest).then_some(rest)
}

fn can_follow(rest: &str) -> bool {
    !rest.is_empty() && !rest.starts_with(')') && !ends_option(rest)
}

/// `searchParenExpr / searchNegateExpr / searchPhrase / searchWord`
fn search_term<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Search> {
    ctx.node(input)?;
    if let Some(after) = input.strip_prefix("NOT")
        && let Ok((rest, _)) = rws(after)
        && can_follow(rest)
    {
        let inner = ctx.deeper(input)?;
        return cut(|i| search_term(i, inner)).map(|term| Search::Not(Box::new(term))).parse(rest);
    }
    match input.chars().next() {
        Some('(') => {
            let inner = ctx.deeper(input)?;
            let (rest, expr) =
                preceded((char('('), bws), cut(|i| search_expr(i, inner))).parse(input)?;
            let (rest, _) = closing(rest, ')', "a word or ')'")?;
            Ok((rest, expr))
        }
        Some('"') => search_phrase(input),
        Some(_) | None => search_word(input),
    }
}

/// `searchPhrase = quotation-mark 1*( qchar-no-AMP-DQUOTE / SP ) quotation-mark`
fn search_phrase(input: &str) -> PResult<'_, Search> {
    let Some(body) = input.strip_prefix('"') else { return miss(input, "a phrase") };
    match body.split_once('"') {
        None => fail(&body[body.len()..], "a closing double quote"),
        Some((text, _)) if text.trim().is_empty() => fail(body, "a word"),
        Some((text, rest)) => Ok((rest, Search::Phrase(text.to_owned()))),
    }
}

/// `searchWord = searchChar *( searchChar / SQUOTE )`
fn search_word(input: &str) -> PResult<'_, Search> {
    let end = input
        .char_indices()
        .find(|(at, c)| {
            c.is_whitespace() || matches!(c, '(' | ')' | '"') || ends_option(&input[*at..])
        })
        .map_or(input.len(), |(at, _)| at);
    if end == 0 {
        miss(input, "a word")
    } else {
        Ok((&input[end..], word_or_phrase(&input[..end])))
    }
}

/// A semicolon ends a search only where another option follows it.
fn ends_option(rest: &str) -> bool {
    rest.strip_prefix(';').is_some_and(starts_option)
}

/// A word that would read as something else when written back is kept as a phrase.
fn word_or_phrase(word: &str) -> Search {
    let is_odd =
        matches!(word, "AND" | "OR" | "NOT") || word.contains(';') || word.starts_with('\'');
    if is_odd { Search::Phrase(word.to_owned()) } else { Search::Word(word.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Search::{And, Not, Or, Phrase, Word};

    #[track_caller]
    fn check(input: &str, want: &Search) {
        assert_eq!(parse(input, &Limits::default()).as_ref(), Ok(want), "{input}");
    }

    #[track_caller]
    fn refuse(input: &str, want: &str) {
        let error = parse(input, &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), want, "{input}");
    }

    fn word(text: &str) -> Search {
        Word(text.into())
    }

    #[test]
    fn and_binds_tighter_than_or_and_may_be_left_out() {
        check("a b OR c", &Or(vec![And(vec![word("a"), word("b")]), word("c")]));
        check("a AND (b OR c)", &And(vec![word("a"), Or(vec![word("b"), word("c")])]));
        check("NOT a \"b c\"", &And(vec![Not(Box::new(word("a"))), Phrase("b c".into())]));
    }

    #[test]
    fn operators_without_operands_are_words() {
        check("AND", &Phrase("AND".into()));
        check("OR AND", &And(vec![Phrase("OR".into()), Phrase("AND".into())]));
        check("NOT NOT", &Not(Box::new(Phrase("NOT".into()))));
        check("or", &word("or"));
    }

    #[test]
    fn an_unfinished_search_in_single_quotes_is_read_word_by_word() {
        check("'\"blue gr(een'", &And(vec![word("blue"), word("gr"), word("een")]));
        check("'('", &Phrase(String::new()));
    }

    #[test]
    fn a_broken_search_is_refused_where_it_breaks() {
        refuse("", "$search stops making sense at byte 0: expected a word");
        refuse("\"blue", "$search stops making sense at byte 5: expected a closing double quote");
        refuse("(a", "$search stops making sense at byte 2: expected a word or ')'");
        refuse(
            "a)",
            "$search stops making sense at byte 1: expected a word, 'AND', 'OR' or the end",
        );
        let deep = "(".repeat(100_000);
        refuse(&deep, "$search passes the limit 'query_depth_max' of 64");
    }
}
