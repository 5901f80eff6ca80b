//! Paths within expressions, and whatever else starts with a name: calls, `case`, literals.
//!
//! ```text
//! path    = first *( parens / "/" segment )
//! first   = "$it" / "$this" / "$root" / "@" name / name
//! segment = name / "@" name / "$count" [ options ] / "$filter" parens / any / all
//! ```

use nom::{
    Parser,
    character::complete::char,
    combinator::{cut, opt},
    sequence::{preceded, terminated},
};

use super::{
    ast::{Args, Expr, Path, QueryOptions, Segment},
    expr::common_expr,
    functions::case_method_call_expr,
    lambda::{lambda_expr, lambda_kind},
    literal::{prefixed_literal, word_literal},
    options::{Place, nested},
    syntax::{
        Ctx, PResult, bws, closing, comma_list, fail, is_identifier, miss, odata_identifier,
        qualified_name,
    },
};

/// `firstMemberExpr = memberExpr / inscopeVariableExpr [ "/" memberExpr ]`, from a `$` or `@` on.
pub(super) fn first_member_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let (rest, segment) = if input.starts_with('@') {
        annotation_or_alias(input)?
    } else {
        implicit_variable_expr(input)?
    };
    if segment == Segment::Root && !rest.starts_with('/') {
        return fail(rest, "'/' and an entity set or singleton");
    }
    member_path(rest, ctx, vec![segment])
}

/// `implicitVariableExpr = "$it" / "$this"`, and `$root`
fn implicit_variable_expr(input: &str) -> PResult<'_, Segment> {
    for (word, segment) in
        [("$it", Segment::It), ("$this", Segment::This), ("$root", Segment::Root)]
    {
        if let Some(rest) = input.strip_prefix(word)
            && !rest.starts_with(is_identifier)
        {
            return Ok((rest, segment));
        }
    }
    miss(input, "'$it', '$this' or '$root'")
}

/// `parameterAlias = AT odataIdentifier`, or an annotation if there is a dot or a qualifier.
fn annotation_or_alias(input: &str) -> PResult<'_, Segment> {
    let (rest, name) = annotation_in_query(input)?;
    let is_alias = !name.contains(['.', '#']);
    Ok((rest, if is_alias { Segment::Alias(name) } else { Segment::Annotation(name) }))
}

/// `annotationInQuery = AT [ namespace "." ] termName [ HASH annotationQualifier ]`, without `@`
pub(super) fn annotation_in_query(input: &str) -> PResult<'_, String> {
    let (rest, name) = preceded(char('@'), cut(qualified_name)).parse(input)?;
    let (rest, qualifier) = opt(preceded(char('#'), cut(odata_identifier))).parse(rest)?;
    let name = match qualifier {
        Some(qualifier) => format!("{name}#{qualifier}"),
        None => name.to_owned(),
    };
    Ok((rest, name))
}

/// Whatever begins with a name: a literal, `case(…)`, a function or a path.
pub(super) fn named_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let (rest, name) = qualified_name(input)?;
    if rest.starts_with('\'') {
        return cut(|i| prefixed_literal(i, name)).map(Expr::Literal).parse(rest);
    }
    if !rest.starts_with(['(', '/'])
        && let Some(literal) = word_literal(name)
    {
        return Ok((rest, Expr::Literal(literal)));
    }
    if rest.starts_with('(') {
        if name.eq_ignore_ascii_case("case") {
            return case_method_call_expr(rest, ctx);
        }
        if lambda_kind(name).is_some() {
            return fail(rest, "a collection and '/' before it");
        }
    }
    member_path(rest, ctx, vec![named(name)])
}

/// `Ns.Name` if it has a dot.
pub(super) fn named(name: &str) -> Segment {
    let owned = name.to_owned();
    if name.contains('.') { Segment::Qualified(owned) } else { Segment::Name(owned) }
}

/// The rest of a path after its first segment; `any` and `all` end it.
fn member_path<'a>(
    mut input: &'a str,
    ctx: Ctx<'_>,
    mut segments: Vec<Segment>,
) -> PResult<'a, Expr> {
    loop {
        let last = segments.last();
        if input.starts_with('(')
            && matches!(last, Some(Segment::Name(_) | Segment::Qualified(_) | Segment::Parens(_)))
        {
            ctx.node(input)?;
            let (rest, args) = parens(input, ctx)?;
            segments.push(Segment::Parens(args));
            input = rest;
            continue;
        }
        if matches!(last, Some(Segment::Count { .. })) {
            return Ok((input, path_or_call(segments)));
        }
        let Some(after) = input.strip_prefix('/') else {
            return Ok((input, path_or_call(segments)));
        };
        ctx.node(after)?;
        if let Ok((open, name)) = odata_identifier(after)
            && open.starts_with('(')
            && let Some(kind) = lambda_kind(name)
        {
            return lambda_expr(open, ctx, (Path { segments }, kind));
        }
        let (rest, segment) = cut(|i| path_segment(i, ctx)).parse(after)?;
        segments.push(segment);
        input = rest;
    }
}

/// A call, if that is all there is; an alias, if that is all there is; else a path.
fn path_or_call(mut segments: Vec<Segment>) -> Expr {
    if let [
        Segment::Name(name) | Segment::Qualified(name),
        Segment::Parens(Args::Positional(args)),
    ] = segments.as_mut_slice()
    {
        return Expr::Call { name: std::mem::take(name), args: std::mem::take(args) };
    }
    if let [Segment::Alias(name)] = segments.as_mut_slice() {
        return Expr::Alias(std::mem::take(name));
    }
    Expr::Path(Path { segments })
}

/// One segment after a slash.
fn path_segment<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Segment> {
    if let Some(rest) = input.strip_prefix("$count") {
        return count_segment(rest, ctx);
    }
    if let Some(rest) = input.strip_prefix("$filter") {
        return filter_expr(rest, ctx).map(|(rest, expr)| (rest, Segment::Filter(Box::new(expr))));
    }
    if input.starts_with('@') {
        return annotation_in_query.map(Segment::Annotation).parse(input);
    }
    match qualified_name(input) {
        Ok((rest, name)) => Ok((rest, named(name))),
        Err(nom::Err::Failure(stop)) => Err(nom::Err::Failure(stop)),
        Err(_) => fail(input, "a property name"),
    }
}

/// `count [ OPEN expandCountOption *( SEMI expandCountOption ) CLOSE ]`
fn count_segment<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Segment> {
    let (rest, options) = if input.starts_with('(') {
        nested(input, ctx.deeper(input)?, Place::Count)?
    } else {
        (input, QueryOptions::default())
    };
    let QueryOptions { filter, search, .. } = options;
    Ok((rest, Segment::Count { filter: filter.map(Box::new), search }))
}

/// `filterExpr = "/$filter" OPEN boolCommonExpr CLOSE`, from the parenthesis on
pub(super) fn filter_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let inner = ctx.deeper(input)?;
    let open = terminated(char('('), bws);
    let (rest, expr) = cut(preceded(open, |i| common_expr(i, inner))).parse(input)?;
    let (rest, _) = closing(rest, ')', "an operator or ')'")?;
    Ok((rest, expr))
}

/// `functionExprParameters`, the arguments of a method call, or a key: named or by position.
fn parens<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Args> {
    let inner = ctx.deeper(input)?;
    arguments(input, |i| common_expr(i, inner))
}

/// `OPEN [ BWS argument *( BWS COMMA BWS argument ) ] BWS CLOSE`, with the values a rule allows.
pub(super) fn arguments<'a>(
    input: &'a str,
    mut value: impl FnMut(&'a str) -> PResult<'a, Expr>,
) -> PResult<'a, Args> {
    let (inside, _) = (char('('), bws).parse(input)?;
    if let Some(rest) = inside.strip_prefix(')') {
        return Ok((rest, Args::Positional(Vec::new())));
    }
    let (rest, args) = if parameter_name(inside).is_ok() {
        comma_list(inside, |i| {
            let (rest, name) = cut(parameter_name).parse(i)?;
            let (rest, value) = cut(&mut value).parse(rest)?;
            Ok((rest, (name.to_owned(), value)))
        })
        .map(|(rest, args)| (rest, Args::Named(args)))?
    } else {
        comma_list(inside, |i| cut(&mut value).parse(i))
            .map(|(rest, args)| (rest, Args::Positional(args)))?
    };
    let (rest, _) = closing(rest, ')', "',' or ')'")?;
    Ok((rest, args))
}

/// `parameterName EQ`, with white space allowed around the sign
fn parameter_name(input: &str) -> PResult<'_, &str> {
    let (rest, name) = odata_identifier(input)?;
    let (rest, _) = bws(rest)?;
    let Some(rest) = rest.strip_prefix('=') else { return miss(rest, "'='") };
    let (rest, _) = bws(rest)?;
    Ok((rest, name))
}
