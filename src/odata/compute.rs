//! `$compute`.
//!
//! ```text
//! compute     = ( "$compute" / "compute" ) EQ computeItem *( COMMA computeItem )
//! computeItem = commonExpr RWS "as" RWS computedProperty
//! ```

use super::{
    Limits,
    ast::ComputeItem,
    expr::common_expr,
    syntax::{
        Budget, Ctx, PResult, bws, comma_list, fail, finished, keyword, odata_identifier, run,
    },
};
use crate::error::Error;

/// Reads the decoded text of a `$compute`.
///
/// # Errors
/// `Syntax` where it stops making sense, `LimitExceeded` where it is too large.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<ComputeItem>, Error> {
    let budget = Budget::new(limits);
    run("$compute", text, |input| {
        let (rest, items) = compute(input, budget.ctx())?;
        let (rest, ()) = finished(rest, "',' or the end")?;
        Ok((rest, items))
    })
}

/// `computeItem *( COMMA computeItem )`
pub(super) fn compute<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Vec<ComputeItem>> {
    let (input, _) = bws(input)?;
    comma_list(input, |i| compute_item(i, ctx))
}

/// `computeItem = commonExpr RWS "as" RWS computedProperty`
fn compute_item<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, ComputeItem> {
    ctx.computed(input)?;
    let (rest, expr) = common_expr(input, ctx)?;
    let Ok((rest, ())) = keyword(rest, "as") else {
        return fail(bws(rest)?.0, "an operator or 'as' and a name");
    };
    let Ok((rest, alias)) = odata_identifier(rest) else { return fail(rest, "a name") };
    Ok((rest, ComputeItem { expr, alias: alias.to_owned() }))
}
