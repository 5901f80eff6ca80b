//! `$apply`.
//!
//! ```text
//! apply      = ( "$apply" / "apply" ) EQ applyTrafos
//! applyTrafos = applyTrafo *( "/" applyTrafo )
//! applyTrafo = "identity" / filterTrafo / searchTrafo / computeTrafo / aggregateTrafo
//!            / groupbyTrafo / bottomTopTrafo / orderbyTrafo / skipTrafo / topTrafo / concatTrafo
//! ```
//! Source: OData Extension for Data Aggregation 4.0, ABNF; names are taken in any letter case.

use nom::{Parser, combinator::cut};

use super::{
    Limits,
    ast::{AggregateItem, End, Expr, Path, Segment, Transformation},
    compute::compute,
    expr::common_expr,
    member::named_expr,
    options::number,
    orderby::orderby,
    search::search,
    syntax::{
        Budget, Ctx, PResult, bws, closing, comma_list, fail, finished, is_identifier, keyword,
        odata_identifier, qualified_name, run, unsupported,
    },
};
use crate::error::Error;

/// What may follow a transformation.
pub(super) const END: &str = "'/' and a transformation or the end";

/// What a transformation is called in errors.
const TRANSFORMATION: &str =
    "a transformation such as 'filter(…)', 'groupby((…),…)' or 'aggregate(…)'";

/// Transformations of the standard that nobody answers yet.
const LATER: [&str; 12] = [
    "topsum",
    "bottomsum",
    "toppercent",
    "bottompercent",
    "ancestors",
    "descendants",
    "traverse",
    "addnested",
    "nest",
    "join",
    "outerjoin",
    "expand",
];

/// Reads the decoded text of an `$apply`.
///
/// # Errors
/// `Syntax` where it stops making sense, `LimitExceeded` where it is too large, `NotImplemented` for
/// what the standard knows and nobody answers yet.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Transformation>, Error> {
    let budget = Budget::new(limits);
    run("$apply", text, |input| {
        let (rest, transformations) = apply(input, budget.ctx())?;
        let (rest, ()) = finished(rest, END)?;
        Ok((rest, transformations))
    })
}

/// `applyTrafos = applyTrafo *( "/" applyTrafo )`
pub(super) fn apply<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Vec<Transformation>> {
    let mut transformations = Vec::new();
    let mut input = input;
    loop {
        let (at, _) = bws(input)?;
        let (rest, next) = apply_trafo(at, ctx)?;
        transformations.push(next);
        match bws(rest)?.0.strip_prefix('/') {
            Some(after) => input = after,
            None => return Ok((rest, transformations)),
        }
    }
}

/// `applyTrafo`, by its name.
fn apply_trafo<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Transformation> {
    ctx.node(input)?;
    let Ok((rest, name)) = qualified_name(input) else { return fail(input, TRANSFORMATION) };
    let lower = name.to_ascii_lowercase();
    if lower == "identity" {
        return Ok((rest, Transformation::Identity));
    }
    if LATER.contains(&lower.as_str()) || name.contains('.') {
        return unsupported(input, format!("'{name}' in $apply"));
    }
    let is_known = [
        "filter",
        "search",
        "compute",
        "aggregate",
        "groupby",
        "topcount",
        "bottomcount",
        "orderby",
        "skip",
        "top",
        "concat",
    ];
    if !is_known.contains(&lower.as_str()) {
        return fail(input, TRANSFORMATION);
    }
    let ctx = ctx.deeper(input)?;
    let (inside, _) = closing(rest, '(', "'('")?;
    let (inside, _) = bws(inside)?;
    let (rest, trafo) = match lower.as_str() {
        "filter" => cut(|i| common_expr(i, ctx)).map(Transformation::Filter).parse(inside)?,
        "search" => cut(|i| search(i, ctx)).map(Transformation::Search).parse(inside)?,
        "compute" => cut(|i| compute(i, ctx)).map(Transformation::Compute).parse(inside)?,
        "orderby" => cut(|i| orderby(i, ctx)).map(Transformation::OrderBy).parse(inside)?,
        "skip" => number.map(Transformation::Skip).parse(inside)?,
        "top" => number.map(Transformation::Top).parse(inside)?,
        "aggregate" => {
            let (rest, items) = comma_list(inside, |i| cut(|i| aggregate_expr(i, ctx)).parse(i))?;
            (rest, Transformation::Aggregate(items))
        }
        "groupby" => groupby_trafo(inside, ctx)?,
        "topcount" => bottom_top_trafo(inside, ctx, End::Top)?,
        "bottomcount" => bottom_top_trafo(inside, ctx, End::Bottom)?,
        _ => concat_trafo(inside, ctx)?,
    };
    let (rest, _) = closing(rest, ')', expected_in(&trafo))?;
    Ok((rest, trafo))
}

/// What could have stood where a parenthesis is missing.
fn expected_in(trafo: &Transformation) -> &'static str {
    match trafo {
        Transformation::Filter(_) | Transformation::Extreme { .. } => "an operator or ')'",
        Transformation::Search(_) => "a word, 'AND', 'OR' or ')'",
        Transformation::OrderBy(_) => "'asc', 'desc', ',' or ')'",
        Transformation::GroupBy { then, .. } if !then.is_empty() => "'/' or ')'",
        Transformation::Compute(_)
        | Transformation::Aggregate(_)
        | Transformation::GroupBy { .. }
        | Transformation::Concat(_) => "',' or ')'",
        Transformation::Skip(_) | Transformation::Top(_) | Transformation::Identity => "')'",
    }
}

/// `aggregateExpr = "$count" asAlias / pathPrefix "/$count" asAlias / commonExpr aggregateWith asAlias`
fn aggregate_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, AggregateItem> {
    ctx.node(input)?;
    let (rest, expr, is_count) = match input.strip_prefix("$count") {
        Some(rest) if !rest.starts_with(is_identifier) && !rest.starts_with(['/', '(']) => {
            let count = Segment::Count { filter: None, search: None };
            (rest, Expr::Path(Path { segments: vec![count] }), true)
        }
        Some(_) | None => {
            let (rest, expr) = common_expr(input, ctx)?;
            (rest, expr, false)
        }
    };
    let counts = is_count || ends_in_count(&expr);
    let (rest, method) = match keyword(rest, "with") {
        Ok((after, ())) if !is_count => {
            let Ok((rest, name)) = qualified_name(after) else {
                return fail(after, "a method such as 'sum' or 'average'");
            };
            (rest, Some(name.to_owned()))
        }
        Ok(_) => return fail(bws(rest)?.0, "'as' and a name"),
        Err(_) if counts => (rest, None),
        Err(_) => {
            return fail(bws(rest)?.0, "an operator, or 'with' and a method such as 'sum'");
        }
    };
    if keyword(rest, "from").is_ok() {
        return unsupported(rest, "'from' in aggregate".to_owned());
    }
    let Ok((rest, ())) = keyword(rest, "as") else { return fail(bws(rest)?.0, "'as' and a name") };
    let Ok((rest, alias)) = odata_identifier(rest) else { return fail(rest, "a name") };
    Ok((rest, AggregateItem { expr, method, alias: alias.to_owned() }))
}

/// Whether an expression is a path to a number of items.
pub(super) fn ends_in_count(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if matches!(path.segments.last(), Some(Segment::Count { .. })))
}

/// `OPEN groupingProperty *( COMMA groupingProperty ) CLOSE [ COMMA applyTrafos ]`
fn groupby_trafo<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Transformation> {
    let Some(inside) = input.strip_prefix('(') else {
        return fail(input, "'(' before the properties too, as in groupby((Status))");
    };
    let (inside, _) = bws(inside)?;
    let (rest, keys) = comma_list(inside, |i| grouping_property(i, ctx))?;
    let (rest, _) = closing(rest, ')', "',' or ')'")?;
    match bws(rest)?.0.strip_prefix(',') {
        None => Ok((rest, Transformation::GroupBy { keys, then: Vec::new() })),
        Some(after) => {
            let (rest, then) = apply(after, ctx)?;
            Ok((rest, Transformation::GroupBy { keys, then }))
        }
    }
}

/// `groupingProperty = pathPrefix ( navigationProperty / primitiveProperty / complexProperty )`
fn grouping_property<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Path> {
    const EXPECTED: &str = "a property; 'compute(… as Name)' before makes one of an expression";
    ctx.node(input)?;
    let Ok((rest, name)) = qualified_name(input) else { return fail(input, EXPECTED) };
    if rest.starts_with('(') && name.to_ascii_lowercase().starts_with("rollup") {
        return unsupported(input, format!("'{name}' in groupby"));
    }
    match cut(|i| named_expr(i, ctx)).parse(input)? {
        (rest, Expr::Path(path)) if path.segments.iter().all(is_name) => Ok((rest, path)),
        _ => fail(input, EXPECTED),
    }
}

fn is_name(segment: &Segment) -> bool {
    matches!(segment, Segment::Name(_) | Segment::Qualified(_))
}

/// `bottomTopTrafo = ( "topcount" / "bottomcount" / … ) OPEN commonExpr COMMA commonExpr CLOSE`, the
/// first being a number here.
fn bottom_top_trafo<'a>(input: &'a str, ctx: Ctx<'_>, end: End) -> PResult<'a, Transformation> {
    let (rest, count) = number(input)?;
    let (rest, _) = closing(rest, ',', "','")?;
    let (rest, _) = bws(rest)?;
    let (rest, by) = cut(|i| common_expr(i, ctx)).parse(rest)?;
    Ok((rest, Transformation::Extreme { end, count, by }))
}

/// `concatTrafo = "concat" OPEN applyTrafos 1*( COMMA applyTrafos ) CLOSE`
fn concat_trafo<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Transformation> {
    let (rest, branches) = comma_list(input, |i| apply(i, ctx))?;
    if branches.len() < 2 {
        return fail(bws(rest)?.0, "',' and what its result is to be joined with");
    }
    Ok((rest, Transformation::Concat(branches)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is printed for what is read; a refusal as it is told.
    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match parse(text, &Limits::default()) {
            Ok(read) => crate::odata::print_apply::sequence(&read),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, want, "{text}");
    }

    #[track_caller]
    fn same(text: &str) {
        check(text, text);
    }

    #[test]
    fn every_transformation_is_read() {
        same("identity");
        same("filter(Status eq 'Open' or Id gt 7)");
        same("search(printer OR \"paper jam\")");
        same("compute(year(CreatedDateTime) as Y,month(CreatedDateTime) as M)");
        same("aggregate($count as Cnt,ResolutionHours with average as AvgHours)");
        same("aggregate(Amount mul 2 with sum as Double,Comments/$count as Comments)");
        same("groupby((Status))");
        same("groupby((Status,Team/Name),aggregate($count as Cnt)/filter(Cnt gt 1))");
        same("topcount(5,ResolutionHours)/bottomcount(2,Id mul 2)");
        same("orderby(Id desc,Title)/skip(2)/top(3)");
        same("concat(groupby((Status),aggregate($count as Cnt)),aggregate($count as Cnt))");
    }

    #[test]
    fn spaces_and_letter_case_do_not_matter() {
        check(
            " Filter ( Id gt 1 ) / GroupBy( ( Status , Team/Name ) , Aggregate ( $count As Cnt , Id With Sum as S ) ) / TOP ( 2 ) ",
            "filter(Id gt 1)/groupby((Status,Team/Name),aggregate($count as Cnt,Id with Sum as S))/top(2)",
        );
    }

    #[test]
    fn what_makes_no_sense_says_where_and_what_would() {
        let stops = "$apply stops making sense at byte";
        check("", &format!("{stops} 0: expected {TRANSFORMATION}"));
        check("group((Status))", &format!("{stops} 0: expected {TRANSFORMATION}"));
        check("identity/", &format!("{stops} 9: expected {TRANSFORMATION}"));
        check("identity x", &format!("{stops} 9: expected {END}"));
        check(
            "groupby(Status)",
            &format!("{stops} 8: expected '(' before the properties too, as in groupby((Status))"),
        );
        let expression =
            "expected a property; 'compute(… as Name)' before makes one of an expression";
        check("groupby((year(Created)))", &format!("{stops} 9: {expression}"));
        check("groupby(())", &format!("{stops} 9: {expression}"));
        check("groupby((Status)", &format!("{stops} 16: expected ',' or ')'"));
        let with = "an operator, or 'with' and a method such as 'sum'";
        check("aggregate(Amount)", &format!("{stops} 16: expected {with}"));
        check("aggregate(Amount as A)", &format!("{stops} 17: expected {with}"));
        check("aggregate(Amount with sum)", &format!("{stops} 25: expected 'as' and a name"));
        check("aggregate($count)", &format!("{stops} 16: expected 'as' and a name"));
        check("aggregate($count with sum as S)", &format!("{stops} 17: expected 'as' and a name"));
        check("aggregate($count as)", &format!("{stops} 19: expected a name"));
        check("aggregate()", &format!("{stops} 10: expected an expression"));
        check("filter(Id gt)", &format!("{stops} 12: expected an expression"));
        check("filter(Id gt 1", &format!("{stops} 14: expected an operator or ')'"));
        check("topcount(Id,5)", &format!("{stops} 9: expected a whole number, 0 or more"));
        check(
            "concat(identity)",
            &format!("{stops} 15: expected ',' and what its result is to be joined with"),
        );
    }

    #[test]
    fn what_comes_later_is_named() {
        let later = |what: &str| format!("{what} is not implemented");
        check("topsum(15,Amount)", &later("'topsum' in $apply"));
        check("identity/Ancestors($root/A,B,C,filter(D))", &later("'Ancestors' in $apply"));
        check("Ns.Custom()", &later("'Ns.Custom' in $apply"));
        check("groupby((rollup(A,B)))", &later("'rollup' in groupby"));
        check(
            "aggregate(Amount with sum from Time with average as A)",
            &later("'from' in aggregate"),
        );
    }

    #[test]
    fn depth_and_size_have_limits() {
        let deep = format!("{}identity{}", "concat(identity,".repeat(65), ")".repeat(65));
        check(&deep, "$apply passes the limit 'query_depth_max' of 64");
        let deeper = "concat(".repeat(100_000);
        check(&deeper, "$apply passes the limit 'query_depth_max' of 64");
        let long = vec!["identity"; 10_001].join("/");
        check(&long, "$apply passes the limit 'query_nodes_max' of 10000");
    }
}
