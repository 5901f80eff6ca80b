//! `commonExpr`: operators by precedence, from `or` down to one operand.
//!
//! ```text
//! or > and > eq ne > gt ge lt le > add sub > mul div divby mod > not - > has in > operand
//! ```
//! Source: OData 4.01 Part 2, 5.1.1.16 (precedence); the ABNF itself leaves it open.

use nom::{Parser, character::complete::char, combinator::cut, sequence::preceded};

use super::{
    ast::{BinaryOp, Expr, InList},
    collection::array_or_object,
    literal::{numeric_literal, string_literal},
    member::{first_member_expr, named_expr},
    syntax::{Ctx, PResult, Stop, bws, closing, comma_list, fail, keyword, miss},
};

/// What an operand is called in errors.
pub(super) const EXPRESSION: &str = "an expression";

const EQUALITY: &[(&str, BinaryOp)] = &[("eq", BinaryOp::Eq), ("ne", BinaryOp::Ne)];
const RELATION: &[(&str, BinaryOp)] =
    &[("gt", BinaryOp::Gt), ("ge", BinaryOp::Ge), ("lt", BinaryOp::Lt), ("le", BinaryOp::Le)];
const SUM: &[(&str, BinaryOp)] = &[("add", BinaryOp::Add), ("sub", BinaryOp::Sub)];
const PRODUCT: &[(&str, BinaryOp)] = &[
    ("mul", BinaryOp::Mul),
    ("div", BinaryOp::Div),
    ("divby", BinaryOp::DivBy),
    ("mod", BinaryOp::Mod),
];

type Rule = for<'a> fn(&'a str, Ctx<'_>) -> PResult<'a, Expr>;

/// `commonExpr`, the whole of it; also `boolCommonExpr`.
pub(super) fn common_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    or_expr(input, ctx)
}

/// `orExpr = RWS "or" RWS boolCommonExpr`
fn or_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    joined(input, ctx, "or", (and_expr, Expr::Or))
}

/// `andExpr = RWS "and" RWS boolCommonExpr`
fn and_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    joined(input, ctx, "and", (eq_expr, Expr::And))
}

/// Terms joined by one word; a single term stays as it is.
fn joined<'a>(
    input: &'a str,
    ctx: Ctx<'_>,
    word: &str,
    (term, build): (Rule, fn(Vec<Expr>) -> Expr),
) -> PResult<'a, Expr> {
    let (mut input, first) = term(input, ctx)?;
    let Ok((mut after, ())) = keyword(input, word) else { return Ok((input, first)) };
    let mut terms = vec![first];
    loop {
        // After the word only an operand can follow, so the error belongs there.
        let (rest, next) = cut(|i| term(i, ctx)).parse(after)?;
        terms.push(next);
        input = rest;
        match keyword(input, word) {
            Ok((rest, ())) => after = rest,
            Err(_) => return Ok((input, build(terms))),
        }
    }
}

/// `eqExpr = RWS "eq" RWS commonExpr`, `neExpr`
fn eq_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    chain(input, ctx, EQUALITY, rel_expr)
}

/// `gtExpr = RWS "gt" RWS commonExpr`, `geExpr`, `ltExpr`, `leExpr`
fn rel_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    chain(input, ctx, RELATION, add_expr)
}

/// `addExpr = RWS "add" RWS commonExpr`, `subExpr`
fn add_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    chain(input, ctx, SUM, mul_expr)
}

/// `mulExpr = RWS "mul" RWS commonExpr`, `divExpr`, `divbyExpr`, `modExpr`
fn mul_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    chain(input, ctx, PRODUCT, unary_expr)
}

/// Operands joined by operators of one precedence, from the left.
fn chain<'a>(
    input: &'a str,
    ctx: Ctx<'_>,
    operators: &[(&str, BinaryOp)],
    operand: Rule,
) -> PResult<'a, Expr> {
    let (mut input, mut left) = operand(input, ctx)?;
    let mut first = true;
    while let Some((after, op)) = operator(input, operators) {
        if !first {
            ctx.chained(input)?;
        }
        first = false;
        let (rest, right) = cut(|i| operand(i, ctx)).parse(after)?;
        left = Expr::Binary { op, left: Box::new(left), right: Box::new(right) };
        input = rest;
    }
    Ok((input, left))
}

fn operator<'a>(input: &'a str, operators: &[(&str, BinaryOp)]) -> Option<(&'a str, BinaryOp)> {
    operators.iter().find_map(|(word, op)| {
        let (rest, ()) = keyword(input, word).ok()?;
        Some((rest, *op))
    })
}

/// `notExpr = "not" RWS boolCommonExpr`, `negateExpr = "-" BWS commonExpr`
fn unary_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    if let Some(after) = not_word(input) {
        let inner = ctx.deeper(input)?;
        return cut(|i| unary_expr(i, inner))
            .map(|operand| Expr::Not(Box::new(operand)))
            .parse(after);
    }
    if input.starts_with('-') && numeric_literal(input).is_err() {
        let inner = ctx.deeper(input)?;
        return preceded((char('-'), bws), cut(|i| unary_expr(i, inner)))
            .map(|operand| Expr::Negate(Box::new(operand)))
            .parse(input);
    }
    has_or_in_expr(input, ctx)
}

/// What follows `not`, if `not` stands here as a word of its own.
fn not_word(input: &str) -> Option<&str> {
    let word = input.get(..3).filter(|word| word.eq_ignore_ascii_case("not"))?;
    let rest = &input[word.len()..];
    rest.starts_with([' ', '\t', '(', '\r', '\n'])
        .then(|| rest.trim_start_matches([' ', '\t', '\r', '\n']))
}

/// `hasExpr = RWS "has" RWS enumLiteral`, `inExpr = RWS "in" RWS ( listExpr / commonExpr )`
fn has_or_in_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let (mut input, mut left) = operand(input, ctx)?;
    let mut first = true;
    loop {
        if let Ok((after, ())) = keyword(input, "in") {
            let (rest, list) = in_list(after, ctx)?;
            left = Expr::In { left: Box::new(left), list };
            input = rest;
        } else if let Ok((after, ())) = keyword(input, "has") {
            let (rest, right) = cut(|i| operand(i, ctx)).parse(after)?;
            left = Expr::Binary { op: BinaryOp::Has, left: Box::new(left), right: Box::new(right) };
            input = rest;
        } else {
            return Ok((input, left));
        }
        if !first {
            ctx.chained(input)?;
        }
        first = false;
    }
}

/// `listExpr = OPEN BWS [ primitiveLiteral BWS *( COMMA BWS primitiveLiteral BWS ) ] CLOSE`
///
/// Aliases and arrays are taken as items too. One path in parentheses is that path.
fn in_list<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, InList> {
    let Some(inside) = input.strip_prefix('(') else {
        let (rest, expr) = cut(|i| operand(i, ctx)).parse(input)?;
        return Ok(match expr {
            Expr::Array(items) => (rest, InList::Items(items)),
            other => (rest, InList::Collection(Box::new(other))),
        });
    };
    let inner = ctx.deeper(input)?;
    let (inside, _) = bws(inside)?;
    if let Some(rest) = inside.strip_prefix(')') {
        return Ok((rest, InList::Items(Vec::new())));
    }
    let mut odd = None;
    let mut items = 0;
    let (rest, mut list) = comma_list(inside, |i| {
        items += 1;
        ctx.in_items(i, items)?;
        if let Some(constant) = constant_item(i) {
            return Ok(constant);
        }
        let (rest, item) = cut(|i| common_expr(i, inner)).parse(i)?;
        if !is_constant(&item) {
            odd.get_or_insert(i);
        }
        Ok((rest, item))
    })?;
    let (rest, _) = closing(rest, ')', "',' or ')'")?;
    match (odd, list.len()) {
        (Some(_), 1) => Ok((rest, InList::Collection(Box::new(list.remove(0))))),
        (Some(at), _) => fail(at, "a literal"),
        (None, _) => Ok((rest, InList::Items(list))),
    }
}

/// A literal that is a whole item of a list; it counts as an item and not as a node.
pub(super) fn constant_item(input: &str) -> Option<(&str, Expr)> {
    let parsed: Result<_, nom::Err<Stop>> = match input.as_bytes().first()? {
        b'\'' => string_literal(input),
        b'+' | b'-' | b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => numeric_literal(input),
        _ => return None,
    };
    let (rest, literal) = parsed.ok()?;
    let (after, _) = bws(rest).ok()?;
    after.starts_with([',', ')', ']']).then_some((rest, Expr::Literal(literal)))
}

/// Whether an item can stand in the parentheses after `in`.
pub(super) fn is_constant(item: &Expr) -> bool {
    matches!(item, Expr::Literal(_) | Expr::Alias(_) | Expr::Array(_) | Expr::Object(_))
}

/// `primitiveLiteral / arrayOrObject / rootExpr / functionExpr / methodCallExpr / parenExpr / …`
fn operand<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    ctx.node(input)?;
    let Some(first) = input.chars().next() else { return miss(input, EXPRESSION) };
    match first {
        '(' => paren_expr(input, ctx),
        '[' | '{' => array_or_object(input, ctx),
        '\'' => string_literal.map(Expr::Literal).parse(input),
        '@' | '$' => first_member_expr(input, ctx),
        '+' | '-' | '0'..='9' => literal_or(input, |i| miss(i, EXPRESSION)),
        'a'..='f' | 'A'..='F' => literal_or(input, |i| named_expr(i, ctx)),
        c if c == '_' || c.is_alphabetic() => named_expr(input, ctx),
        _ => miss(input, EXPRESSION),
    }
}

fn literal_or<'a>(
    input: &'a str,
    other: impl FnOnce(&'a str) -> PResult<'a, Expr>,
) -> PResult<'a, Expr> {
    let parsed: Result<_, nom::Err<Stop>> = numeric_literal(input);
    match parsed {
        Ok((rest, literal)) => Ok((rest, Expr::Literal(literal))),
        Err(_) => other(input),
    }
}

/// `parenExpr = OPEN BWS commonExpr BWS CLOSE`
fn paren_expr<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let inner = ctx.deeper(input)?;
    let (rest, expr) = preceded((char('('), bws), cut(|i| common_expr(i, inner))).parse(input)?;
    let (rest, _) = closing(rest, ')', "an operator or ')'")?;
    Ok((rest, expr))
}
