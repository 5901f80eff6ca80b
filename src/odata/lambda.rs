//! `any` and `all` over a collection.

use nom::{Parser, character::complete::char, combinator::cut};

use super::{
    ast::{Expr, Lambda, LambdaKind, Path},
    expr::common_expr,
    syntax::{Ctx, PResult, bws, closing, odata_identifier},
};

/// The quantifier of that name, in any letter case.
pub(super) fn lambda_kind(name: &str) -> Option<LambdaKind> {
    if name.eq_ignore_ascii_case("any") {
        Some(LambdaKind::Any)
    } else if name.eq_ignore_ascii_case("all") {
        Some(LambdaKind::All)
    } else {
        None
    }
}

/// `anyExpr = "any" OPEN BWS [ lambdaVariableExpr BWS COLON BWS lambdaPredicateExpr ] BWS CLOSE`
///
/// `allExpr` is the same with the predicate required. From the parenthesis on.
pub(super) fn lambda_expr<'a>(
    input: &'a str,
    ctx: Ctx<'_>,
    (source, kind): (Path, LambdaKind),
) -> PResult<'a, Expr> {
    let inner = ctx.deeper(input)?;
    let (inside, _) = (char('('), bws).parse(input)?;
    let lambda = |body| Expr::Lambda(Box::new(Lambda { source, kind, body }));
    if kind == LambdaKind::Any
        && let Some(rest) = inside.strip_prefix(')')
    {
        return Ok((rest, lambda(None)));
    }
    let (rest, variable) = cut(odata_identifier).parse(inside)?;
    let (rest, _) = closing(rest, ':', "':'")?;
    let (rest, _) = bws(rest)?;
    let (rest, predicate) = cut(|i| common_expr(i, inner)).parse(rest)?;
    let (rest, _) = closing(rest, ')', "an operator or ')'")?;
    Ok((rest, lambda(Some((variable.to_owned(), predicate)))))
}
