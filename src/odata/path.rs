//! The resource path: what a request's address names, before any model says what the names are.

use nom::{
    Parser, branch::alt, character::complete::char, combinator::cut, error::context,
    sequence::preceded,
};

use super::{
    Limits,
    ast::{Args, Expr},
    collection::array_or_object,
    literal::primitive_literal,
    member::{arguments, filter_expr},
    syntax::{
        Budget, Ctx, PResult, bws, closing, fail, finished, odata_identifier, parameter_names,
        qualified_name, run,
    },
    url::decode,
};
use crate::error::Error;

/// What errors call the path.
const PATH: &str = "path";

/// A resource path; no segments at all is the service root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourcePath {
    /// From the left; a trailing slash adds none.
    pub segments: Vec<PathSegment>,
}

/// One piece of a resource path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// Anything without a meaning of its own, decoded: a set, singleton, property, operation,
    /// or a key written as a segment (`7`, `O'Neil`).
    Name(String),
    /// `Ns.Name`: a type cast or a bound operation. A key may look so too.
    Qualified(String),
    /// Parentheses after the segment before, not divided by a slash: `(7)`, `(A=1)`, `()`.
    Parens(Args),
    /// `$metadata`
    Metadata,
    /// `$batch`
    Batch,
    /// `$entity`
    Entity,
    /// `$all`
    All,
    /// `$crossjoin(A,B)`
    CrossJoin(Vec<String>),
    /// `$count`
    Count,
    /// `$ref`
    Ref,
    /// `$value`
    Value,
    /// `$query`, always last
    Query,
    /// `$each`
    Each,
    /// `$filter(…)`
    Filter(Expr),
}

/// The segments nothing can follow.
fn is_last(segment: &PathSegment) -> bool {
    match segment {
        PathSegment::Metadata
        | PathSegment::Batch
        | PathSegment::Count
        | PathSegment::Ref
        | PathSegment::Value
        | PathSegment::Query => true,
        PathSegment::Name(_)
        | PathSegment::Qualified(_)
        | PathSegment::Parens(_)
        | PathSegment::Entity
        | PathSegment::All
        | PathSegment::CrossJoin(_)
        | PathSegment::Each
        | PathSegment::Filter(_) => false,
    }
}

/// Reads a path as it came, percent escapes and all; it starts after the service root.
///
/// # Errors
/// `Encoding`, or `Syntax` with the offset in the decoded path.
pub fn parse(raw_path: &str, limits: &Limits) -> Result<ResourcePath, Error> {
    parse_budgeted(raw_path, &Budget::new(limits))
}

pub(super) fn parse_budgeted(raw_path: &str, budget: &Budget) -> Result<ResourcePath, Error> {
    let mut segments = Vec::new();
    let relative = raw_path.strip_prefix('/').unwrap_or(raw_path);
    let mut base = raw_path.len() - relative.len();
    let trimmed = relative.strip_suffix('/').unwrap_or(relative);
    let pieces = if trimmed.is_empty() { None } else { Some(trimmed.split('/')) };
    for piece in pieces.into_iter().flatten() {
        let text = decode(piece, PATH)?;
        // What a query is for may be anything that is read.
        let is_queried = text == "$query" && !matches!(segments.last(), Some(PathSegment::Query));
        if segments.last().is_some_and(is_last) && !is_queried {
            return Err(syntax(base, "the end of the path"));
        }
        let first = segments.is_empty();
        run(PATH, &text, |input| segment(input, budget.ctx(), &mut segments))
            .map_err(|error| shifted(error, base))?;
        if first && !can_start(&segments) {
            return Err(syntax(base, "the name of an entity set, singleton or operation"));
        }
        base += text.len() + 1;
    }
    Ok(ResourcePath { segments })
}

fn syntax(offset: usize, expected: &str) -> Error {
    Error::Syntax { option: PATH.to_owned(), offset, expected: expected.to_owned() }
}

/// Moves an offset within one segment to the whole path.
fn shifted(error: Error, base: usize) -> Error {
    if let Error::Syntax { option, offset, expected } = error {
        return Error::Syntax { option, offset: offset + base, expected };
    }
    error
}

fn can_start(segments: &[PathSegment]) -> bool {
    match segments.first() {
        Some(PathSegment::Name(name)) => {
            qualified_name(name).is_ok_and(|(rest, _)| rest.is_empty())
        }
        Some(
            PathSegment::Qualified(_)
            | PathSegment::Metadata
            | PathSegment::Batch
            | PathSegment::Entity
            | PathSegment::All
            | PathSegment::CrossJoin(_),
        ) => true,
        Some(
            PathSegment::Parens(_)
            | PathSegment::Count
            | PathSegment::Ref
            | PathSegment::Value
            | PathSegment::Query
            | PathSegment::Each
            | PathSegment::Filter(_),
        )
        | None => false,
    }
}

/// One decoded segment, with its parentheses.
fn segment<'a>(input: &'a str, ctx: Ctx<'_>, segments: &mut Vec<PathSegment>) -> PResult<'a, ()> {
    ctx.node(input)?;
    if input.starts_with('$') {
        let (rest, segment) = dollar_segment(input, ctx)?;
        segments.push(segment);
        return finished(rest, "'/' or the end");
    }
    let (mut rest, name) = match qualified_name(input) {
        Ok((rest, name)) if rest.is_empty() || rest.starts_with('(') => (rest, name),
        Ok(_) | Err(_) => return key_path_literal(input, segments),
    };
    segments.push(if name.contains('.') {
        PathSegment::Qualified(name.to_owned())
    } else {
        PathSegment::Name(name.to_owned())
    });
    while rest.starts_with('(') {
        let (after, args) = arguments(rest, |i| key_value(i, ctx))?;
        segments.push(PathSegment::Parens(args));
        rest = after;
    }
    finished(rest, "'/' or the end")
}

/// `keyPathLiteral = *pchar`: a key written as a segment, here of one character or more
fn key_path_literal<'a>(input: &'a str, segments: &mut Vec<PathSegment>) -> PResult<'a, ()> {
    if input.is_empty() {
        return fail(input, "a name or a key");
    }
    segments.push(PathSegment::Name(input.to_owned()));
    Ok(("", ()))
}

/// `parameterAlias / keyPropertyValue`, and collections for parameters
fn key_value<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    ctx.node(input)?;
    if input.starts_with(['[', '{']) {
        return array_or_object(input, ctx);
    }
    let alias = preceded(char('@'), cut(odata_identifier));
    context(
        "a literal or an alias such as '@p'",
        alt((
            alias.map(|name: &str| Expr::Alias(name.to_owned())),
            primitive_literal.map(Expr::Literal),
        )),
    )
    .parse(input)
}

/// The segments that start with `$`, in any letter case.
fn dollar_segment<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, PathSegment> {
    let Ok((rest, word)) = odata_identifier(&input[1..]) else {
        return fail(input, "a segment such as '$count' or '$metadata'");
    };
    let segment = match word.to_ascii_lowercase().as_str() {
        "metadata" => PathSegment::Metadata,
        "batch" => PathSegment::Batch,
        "entity" => PathSegment::Entity,
        "all" => PathSegment::All,
        "count" => PathSegment::Count,
        "ref" => PathSegment::Ref,
        "value" => PathSegment::Value,
        "query" => PathSegment::Query,
        "each" => PathSegment::Each,
        "filter" => {
            return filter_expr(rest, ctx).map(|(rest, expr)| (rest, PathSegment::Filter(expr)));
        }
        "crossjoin" => {
            let (rest, _) = closing(rest, '(', "'('")?;
            let (rest, names) = preceded(bws, parameter_names).parse(rest)?;
            let (rest, _) = closing(rest, ')', "',' or ')'")?;
            return Ok((rest, PathSegment::CrossJoin(names)));
        }
        _ => return fail(input, "a segment such as '$count' or '$metadata'"),
    };
    Ok((rest, segment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::ast::Literal;
    use PathSegment::{Count, Filter, Name, Parens, Qualified, Ref, Value};

    #[track_caller]
    fn check(input: &str, want: &[PathSegment]) {
        assert_eq!(parse(input, &Limits::default()).unwrap().segments, want, "{input}");
    }

    #[track_caller]
    fn refuse(input: &str, want: &str) {
        let error = parse(input, &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), want, "{input}");
    }

    fn name(text: &str) -> PathSegment {
        Name(text.into())
    }

    fn text(text: &str) -> Expr {
        Expr::Literal(Literal::String(text.into()))
    }

    fn key(value: Expr) -> PathSegment {
        Parens(Args::Positional(vec![value]))
    }

    #[test]
    fn a_path_is_read_segment_by_segment() {
        let seven = || Expr::Literal(Literal::Integer(7));
        check("", &[]);
        check("/", &[]);
        check("/$metadata", &[PathSegment::Metadata]);
        check("Tickets/", &[name("Tickets")]);
        check("/Tickets(7)", &[name("Tickets"), key(seven())]);
        check("/Tickets/7/Comments", &[name("Tickets"), name("7"), name("Comments")]);
        check("/Tickets/$count", &[name("Tickets"), Count]);
        check("/Tickets(7)/$ref", &[name("Tickets"), key(seven()), Ref]);
        check("/Tickets(7)/Title/$value", &[name("Tickets"), key(seven()), name("Title"), Value]);
        check("/A('a''b')", &[name("A"), key(text("a'b"))]);
        check("/A(%27a%2Fb%27)", &[name("A"), key(text("a/b"))]);
        check("/A/O'Neil", &[name("A"), name("O'Neil")]);
        check("/A(@k)", &[name("A"), key(Expr::Alias("k".into()))]);
        let named = Args::Named(vec![("A".into(), seven()), ("B".into(), text("x"))]);
        check("/S(A=7,B='x')", &[name("S"), Parens(named)]);
        check(
            "/AccessTokens(7)/Tessera.Rotate",
            &[name("AccessTokens"), key(seven()), Qualified("Tessera.Rotate".into())],
        );
        check("/Me()", &[name("Me"), Parens(Args::Positional(vec![]))]);
        check("/A/$filter(@f)", &[name("A"), Filter(Expr::Alias("f".into()))]);
        check("/A/$query", &[name("A"), PathSegment::Query]);
        check("/A/$count/$query", &[name("A"), Count, PathSegment::Query]);
        check("/$crossjoin(A,B)", &[PathSegment::CrossJoin(vec!["A".into(), "B".into()])]);
    }

    #[test]
    fn a_path_that_makes_no_sense_says_where() {
        let stops = "path stops making sense at byte";
        refuse("/Tickets('a/b')", &format!("{stops} 11: expected a closing quote"));
        refuse("/Tickets(7", &format!("{stops} 10: expected ',' or ')'"));
        refuse("/Tickets(Id)", &format!("{stops} 9: expected a literal or an alias such as '@p'"));
        refuse("/Tickets//x", &format!("{stops} 9: expected a name or a key"));
        refuse("/Tickets/$count/x", &format!("{stops} 16: expected the end of the path"));
        refuse("/Tickets/$query/$query", &format!("{stops} 16: expected the end of the path"));
        refuse(
            "/Tickets/$cnt",
            &format!("{stops} 9: expected a segment such as '$count' or '$metadata'"),
        );
        refuse("/Tickets(7)x", &format!("{stops} 11: expected '/' or the end"));
        refuse(
            "/7",
            &format!("{stops} 1: expected the name of an entity set, singleton or operation"),
        );
        refuse("/%zz", "path cannot be decoded: '%' at byte 0 is not followed by two hex digits");
    }
}
