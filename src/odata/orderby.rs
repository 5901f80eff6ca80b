//! `$orderby`.
//!
//! ```text
//! orderby     = ( "$orderby" / "orderby" ) EQ orderbyItem *( COMMA orderbyItem )
//! orderbyItem = commonExpr [ RWS ( "asc" / "desc" ) ]
//! ```

use super::{
    Limits,
    ast::{Direction, OrderItem},
    expr::common_expr,
    syntax::{Budget, Ctx, PResult, bws, comma_list, finished, keyword, run},
};
use crate::error::Error;

/// Reads the decoded text of an `$orderby`.
///
/// # Errors
/// `Syntax` where it stops making sense, `LimitExceeded` where it is too large.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<OrderItem>, Error> {
    let budget = Budget::new(limits);
    run("$orderby", text, |input| {
        let (rest, items) = orderby(input, budget.ctx())?;
        let (rest, ()) = finished(rest, END)?;
        Ok((rest, items))
    })
}

/// What may follow an item.
pub(super) const END: &str = "'asc', 'desc', ',' or the end";

/// `orderbyItem *( COMMA orderbyItem )`
pub(super) fn orderby<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Vec<OrderItem>> {
    let (input, _) = bws(input)?;
    comma_list(input, |i| orderby_item(i, ctx))
}

/// `orderbyItem = commonExpr [ RWS ( "asc" / "desc" ) ]`
fn orderby_item<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, OrderItem> {
    let (rest, expr) = common_expr(input, ctx)?;
    for (word, direction) in [("asc", Direction::Ascending), ("desc", Direction::Descending)] {
        if let Ok((rest, ())) = keyword(rest, word) {
            return Ok((rest, OrderItem { expr, direction }));
        }
    }
    Ok((rest, OrderItem { expr, direction: Direction::Ascending }))
}
