//! Functions with a syntax of their own. All others are a name and arguments (see `member`).

use nom::{Parser, character::complete::char, combinator::cut};

use super::{
    ast::Expr,
    expr::common_expr,
    syntax::{Ctx, PResult, bws, closing, comma_list},
};

/// `caseMethodCallExpr = "case" OPEN BWS boolCommonExpr BWS COLON BWS commonExpr BWS *( … ) CLOSE`
pub(super) fn case_method_call_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let inner = ctx.deeper(input)?;
    let (inside, _) = (char('('), bws).parse(input)?;
    let (rest, pairs) = comma_list(inside, |i| cut(|i| case_pair(i, inner)).parse(i))?;
    let (rest, _) = closing(rest, ')', "',' or ')'")?;
    Ok((rest, Expr::Case(pairs)))
}

/// `boolCommonExpr BWS COLON BWS commonExpr`
fn case_pair<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, (Expr, Expr)> {
    let (rest, condition) = common_expr(input, ctx)?;
    let (rest, _) = closing(rest, ':', "an operator or ':'")?;
    let (rest, _) = bws(rest)?;
    let (rest, value) = common_expr(rest, ctx)?;
    Ok((rest, (condition, value)))
}
