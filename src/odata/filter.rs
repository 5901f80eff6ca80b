//! `$filter`, and any expression that stands alone.
//!
//! ```text
//! filter = ( "$filter" / "filter" ) EQ boolCommonExpr
//! ```

use super::{
    Limits,
    ast::Expr,
    expr::common_expr,
    syntax::{Budget, Ctx, PResult, bws, finished, run},
};
use crate::error::Error;

/// Reads the decoded text of a `$filter`.
///
/// # Errors
/// `Syntax` where it stops making sense, `LimitExceeded` where it is too large.
pub fn parse(text: &str, limits: &Limits) -> Result<Expr, Error> {
    parse_as("$filter", text, &Budget::new(limits))
}

/// Reads the expression of any option; `option` is what errors call it.
///
/// # Errors
/// As `parse`.
pub fn parse_expr(option: &str, text: &str, limits: &Limits) -> Result<Expr, Error> {
    parse_as(option, text, &Budget::new(limits))
}

fn parse_as(option: &str, text: &str, budget: &Budget) -> Result<Expr, Error> {
    run(option, text, |input| whole_expr(input, budget.ctx()))
}

/// One expression and nothing after it.
pub(super) fn whole_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let (input, _) = bws(input)?;
    let (rest, expr) = common_expr(input, ctx)?;
    let (rest, ()) = finished(rest, expected_after(&expr))?;
    Ok((rest, expr))
}

/// What could have come next, told by what came before.
pub(super) fn expected_after(expr: &Expr) -> &'static str {
    match expr {
        Expr::Literal(_) | Expr::Alias(_) | Expr::Path(_) | Expr::Call { .. } => {
            "a comparison operator"
        }
        Expr::Negate(_) | Expr::Case(_) | Expr::Array(_) | Expr::Object(_) => "an operator",
        Expr::Lambda(_)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Not(_)
        | Expr::Binary { .. }
        | Expr::In { .. } => "'and', 'or' or the end",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::ast::{Args, BinaryOp, InList, Literal, Segment};

    fn filter(text: &str) -> Result<Expr, Error> {
        parse(text, &Limits::default())
    }

    /// Both texts mean the same tree; the second says with parentheses what the first leaves open.
    #[track_caller]
    fn same(left: &str, right: &str) {
        assert_eq!(filter(left).unwrap(), filter(right).unwrap(), "{left}");
    }

    #[track_caller]
    fn refuse(text: &str, want: &str) {
        assert_eq!(filter(text).unwrap_err().to_string(), want, "{text}");
    }

    #[test]
    fn operators_bind_as_the_standard_says() {
        same("a eq 1 or b eq 2 and c eq 3", "(a eq 1) or ((b eq 2) and (c eq 3))");
        same("not a and b", "(not a) and b");
        same("not a in (1,2)", "not (a in (1,2))");
        same("a add 2 mul 3 gt 4 eq true", "((a add (2 mul 3)) gt 4) eq true");
        same("1 sub 2 sub 3", "(1 sub 2) sub 3");
        same("-a mul b", "(-a) mul b");
        same("A EQ 1 AND NOT B", "A eq 1 and not B");
        same("  a\teq  1  ", "a eq 1");
        same("( a eq 1 )", "a eq 1");
        same("tolower( a )", "tolower(a)");
    }

    #[test]
    fn what_is_written_decides_what_it_is() {
        let path = |segments: Vec<Segment>| Expr::Path(crate::odata::ast::Path { segments });
        let name = |text: &str| Segment::Name(text.into());
        let integer = |n| Expr::Literal(Literal::Integer(n));
        for (text, want) in [
            ("-3", integer(-3)),
            ("- 3", Expr::Negate(Box::new(integer(3)))),
            ("@p", Expr::Alias("p".into())),
            ("@p/Price", path(vec![Segment::Alias("p".into()), name("Price")])),
            ("@Ns.Term", path(vec![Segment::Annotation("Ns.Term".into())])),
            ("now()", Expr::Call { name: "now".into(), args: vec![] }),
            ("truely", path(vec![name("truely")])),
            ("null", Expr::Literal(Literal::Null)),
            ("null/x", path(vec![name("null"), name("x")])),
            (
                "$root/A(1)/Ns.B",
                path(vec![
                    Segment::Root,
                    name("A"),
                    Segment::Parens(Args::Positional(vec![integer(1)])),
                    Segment::Qualified("Ns.B".into()),
                ]),
            ),
            (
                "a in [1,\"b\"]",
                Expr::In {
                    left: Box::new(path(vec![name("a")])),
                    list: InList::Items(vec![
                        integer(1),
                        Expr::Literal(Literal::String("b".into())),
                    ]),
                },
            ),
            (
                "a in (b)",
                Expr::In {
                    left: Box::new(path(vec![name("a")])),
                    list: InList::Collection(Box::new(path(vec![name("b")]))),
                },
            ),
            (
                "style has Ns.P'Yellow'",
                Expr::Binary {
                    op: BinaryOp::Has,
                    left: Box::new(path(vec![name("style")])),
                    right: Box::new(Expr::Literal(Literal::Enum {
                        type_name: "Ns.P".into(),
                        value: "Yellow".into(),
                    })),
                },
            ),
        ] {
            assert_eq!(filter(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn an_error_says_where_and_what_would_have_worked() {
        let stops = "$filter stops making sense at byte";
        refuse("", &format!("{stops} 0: expected an expression"));
        refuse("Id is 1", &format!("{stops} 3: expected a comparison operator"));
        refuse("Id eq", &format!("{stops} 5: expected an expression"));
        refuse("Id eq ", &format!("{stops} 6: expected an expression"));
        refuse("Id eq 7 Title", &format!("{stops} 8: expected 'and', 'or' or the end"));
        refuse("Id eq 1 and", &format!("{stops} 11: expected an expression"));
        refuse("(Id eq 1", &format!("{stops} 8: expected an operator or ')'"));
        refuse("Title eq 'x", &format!("{stops} 11: expected a closing quote"));
        refuse("ü eq 'ü' x", &format!("{stops} 11: expected 'and', 'or' or the end"));
        refuse("any(x:x)", &format!("{stops} 3: expected a collection and '/' before it"));
        refuse("T/all()", &format!("{stops} 6: expected a name"));
        refuse("a in (b,c)", &format!("{stops} 6: expected a literal"));
        refuse("a eq ('x','y')", &format!("{stops} 9: expected an operator or ')'"));
        refuse("f(a", &format!("{stops} 3: expected ',' or ')'"));
        refuse("a/ eq 1", &format!("{stops} 2: expected a property name"));
        refuse("case(a:1", &format!("{stops} 8: expected ',' or ')'"));
    }

    #[test]
    fn every_limit_has_its_own_error() {
        let limits = Limits {
            depth: 3,
            chained: 2,
            nodes: 20,
            in_items: 2,
            aliases: 1,
            computed: 1,
            expand_depth: 1,
            ..Limits::default()
        };
        let refused = |text: &str| parse(text, &limits).unwrap_err().to_string();
        let query = |text: &str| crate::odata::url::parse_query(text, &limits);
        let refused_query = |text: &str| query(text).unwrap_err().to_string();
        assert_eq!(refused("((((1))))"), "$filter passes the limit 'query_depth_max' of 3");
        assert_eq!(
            refused("1 add 1 add 1 add 1 add 1"),
            "$filter passes the limit 'query_chained_max' of 2"
        );
        assert_eq!(refused("a in (1,2,3)"), "$filter passes the limit 'query_in_items_max' of 2");
        assert_eq!(refused("a eq [1,2,3]"), "$filter passes the limit 'query_in_items_max' of 2");
        assert_eq!(refused_query("@a=1&@b=1"), "@b passes the limit 'query_aliases_max' of 1");
        assert_eq!(
            refused_query("$expand=A(@a=1;@b=1)"),
            "$expand passes the limit 'query_aliases_max' of 1"
        );
        assert_eq!(
            refused_query("$compute=1 as A,2 as B"),
            "$compute passes the limit 'query_computed_max' of 1"
        );
        assert_eq!(
            refused(&["a"; 21].join(" or ")),
            "$filter passes the limit 'query_nodes_max' of 20"
        );
    }

    #[test]
    fn nesting_without_end_is_refused_at_once() {
        for opening in ["(", "[", "{\"a\":", "not ", "-", "f(", "a/any(x:", "a in (", "case("] {
            let error = filter(&opening.repeat(100_000)).unwrap_err();
            assert_eq!(error.to_string(), "$filter passes the limit 'query_depth_max' of 64");
        }
    }

    #[test]
    fn a_long_list_of_constants_is_no_large_query() {
        let items: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
        for list in [format!("({})", items.join(" , ")), format!("[{}]", items.join(","))] {
            let parsed = filter(&format!("a in {list}"));
            let Ok(Expr::In { list: InList::Items(items), .. }) = parsed else { panic!() };
            assert_eq!(items.len(), 10_000);
        }
        let list = format!("a in ({},1)", items.join(","));
        refuse(&list, "$filter passes the limit 'query_in_items_max' of 10000");
    }

    #[test]
    fn a_thousand_terms_are_not_deep() {
        let terms = vec!["Id eq 1"; 1_000].join(" or ");
        assert!(matches!(filter(&terms), Ok(Expr::Or(terms)) if terms.len() == 1_000));
    }
}
