//! `$select` and `$expand`.
//!
//! ```text
//! selectItem = STAR / namespace "." STAR / selectPath [ parameterNames / options ]
//! expandItem = expandPath [ "/$ref" / "/$count" ] [ options ]
//! ```
//! Which names are properties, types or operations is not known here.

use nom::{Parser, combinator::cut, sequence::preceded};

use super::{
    Limits,
    ast::{ExpandItem, ExpandKind, Path, QueryOptions, Segment, SelectItem},
    member::{annotation_in_query, named},
    options::{Place, nested, starts_option},
    syntax::{
        Budget, Ctx, PResult, bws, closing, comma_list, finished, miss, parameter_names,
        qualified_name, run,
    },
};
use crate::error::Error;

/// Reads the decoded text of a `$select`.
///
/// # Errors
/// `Syntax` where it stops making sense, `LimitExceeded` where it is too large.
pub fn parse_select(text: &str, limits: &Limits) -> Result<Vec<SelectItem>, Error> {
    let budget = Budget::new(limits);
    run("$select", text, |input| {
        let (rest, items) = select(input, budget.ctx())?;
        let (rest, ()) = finished(rest, "',' or the end")?;
        Ok((rest, items))
    })
}

/// Reads the decoded text of an `$expand`.
///
/// # Errors
/// `Syntax` where it stops making sense, `LimitExceeded` where it is too large.
pub fn parse_expand(text: &str, limits: &Limits) -> Result<Vec<ExpandItem>, Error> {
    let budget = Budget::new(limits);
    run("$expand", text, |input| {
        let (rest, items) = expand(input, budget.ctx())?;
        let (rest, ()) = finished(rest, "',' or the end")?;
        Ok((rest, items))
    })
}

/// `selectItem *( COMMA selectItem )`
pub(super) fn select<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Vec<SelectItem>> {
    let (input, _) = bws(input)?;
    comma_list(input, |i| select_item(i, ctx))
}

/// `selectItem = STAR / allOperationsInSchema / selectProperty / …`
fn select_item<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, SelectItem> {
    ctx.node(input)?;
    if let Some(rest) = input.strip_prefix('*') {
        return Ok((rest, SelectItem::All));
    }
    if let Ok((rest, namespace)) = qualified_name(input)
        && let Some(rest) = rest.strip_prefix(".*")
    {
        return Ok((rest, SelectItem::AllOperations(namespace.to_owned())));
    }
    let (mut input, first) = item_segment(input)?;
    let mut segments = vec![first];
    while let Some(after) = input.strip_prefix('/') {
        ctx.node(after)?;
        let (rest, segment) = cut(item_segment).parse(after)?;
        segments.push(segment);
        input = rest;
    }
    let path = Path { segments };
    let item = |overload, options| SelectItem::Path { path, overload, options: Box::new(options) };
    let Some(inside) = input.strip_prefix('(') else {
        return Ok((input, item(Vec::new(), QueryOptions::default())));
    };
    if starts_option(inside) {
        let (rest, options) = nested(input, ctx.deeper(input)?, Place::Select)?;
        return Ok((rest, item(Vec::new(), options)));
    }
    let (rest, overload) = preceded(bws, parameter_names).parse(inside)?;
    let (rest, _) = closing(rest, ')', "a query option, a parameter name or ')'")?;
    Ok((rest, item(overload, QueryOptions::default())))
}

/// `expandItem *( COMMA expandItem )`, one level of expansion
pub(super) fn expand<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Vec<ExpandItem>> {
    let inner = ctx.expanded(input)?;
    let (input, _) = bws(input)?;
    comma_list(input, |i| expand_item(i, inner))
}

/// `expandItem = expandPath [ ref / count ] [ OPEN expandOption *( SEMI expandOption ) CLOSE ]`
fn expand_item<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, ExpandItem> {
    ctx.node(input)?;
    let (mut input, first) = expand_segment(input)?;
    let mut segments = vec![first];
    let mut kind = ExpandKind::Entities;
    while let Some(after) = input.strip_prefix('/') {
        if let Some(rest) = after.strip_prefix("$ref") {
            (kind, input) = (ExpandKind::References, rest);
            break;
        }
        if let Some(rest) = after.strip_prefix("$count") {
            (kind, input) = (ExpandKind::Count, rest);
            break;
        }
        ctx.node(after)?;
        let (rest, segment) = cut(expand_segment).parse(after)?;
        segments.push(segment);
        input = rest;
    }
    let place = match kind {
        ExpandKind::Entities => Place::Expand,
        ExpandKind::References => Place::References,
        ExpandKind::Count => Place::Count,
    };
    let (rest, options) = if input.starts_with('(') {
        nested(input, ctx.deeper(input)?, place)?
    } else {
        (input, QueryOptions::default())
    };
    Ok((rest, ExpandItem { path: Path { segments }, kind, options: Box::new(options) }))
}

/// `STAR / navigationProperty / complexProperty / optionallyQualifiedTypeName / annotation`
fn expand_segment(input: &str) -> PResult<'_, Segment> {
    match input.strip_prefix('*') {
        Some(rest) => Ok((rest, Segment::Star)),
        None => item_segment(input),
    }
}

/// `annotationInQuery`, or a name that only a model can tell
fn item_segment(input: &str) -> PResult<'_, Segment> {
    if input.starts_with('@') {
        return annotation_in_query.map(Segment::Annotation).parse(input);
    }
    match qualified_name(input) {
        Ok((rest, name)) => Ok((rest, named(name))),
        Err(nom::Err::Failure(stop)) => Err(nom::Err::Failure(stop)),
        Err(_) => miss(input, "a property name"),
    }
}
