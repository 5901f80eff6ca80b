//! Collections and complex values within expressions: JSON's shape with expressions as values.

use nom::{Parser, character::complete::char, combinator::cut, sequence::preceded};

use super::{
    ast::{Expr, Literal},
    expr::{common_expr, constant_item},
    syntax::{Ctx, PResult, bws, closing, comma_list, fail, miss},
};

/// `arrayOrObject = array / object`
pub(super) fn array_or_object<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    if input.starts_with('[') { array(input, ctx) } else { object(input, ctx) }
}

/// `array = begin-array [ valueInUrl *( value-separator valueInUrl ) ] end-array`
fn array<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let inner = ctx.deeper(input)?;
    let (inside, _) = (char('['), bws).parse(input)?;
    if let Some(rest) = inside.strip_prefix(']') {
        return Ok((rest, Expr::Array(Vec::new())));
    }
    let mut length = 0;
    let (rest, items) = comma_list(inside, |i| {
        length += 1;
        ctx.in_items(i, length)?;
        match constant_item(i) {
            Some(constant) => Ok(constant),
            None => cut(|i| item_in_url(i, inner)).parse(i),
        }
    })?;
    let (rest, _) = closing(rest, ']', "',' or ']'")?;
    Ok((rest, Expr::Array(items)))
}

/// `object = begin-object [ member *( value-separator member ) ] end-object`
fn object<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    let inner = ctx.deeper(input)?;
    let (inside, _) = (char('{'), bws).parse(input)?;
    if let Some(rest) = inside.strip_prefix('}') {
        return Ok((rest, Expr::Object(Vec::new())));
    }
    let (rest, members) = comma_list(inside, |i| cut(|i| member(i, inner)).parse(i))?;
    let (rest, _) = closing(rest, '}', "',' or '}'")?;
    Ok((rest, Expr::Object(members)))
}

/// `member = stringInUrl name-separator valueInUrl`
fn member<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, (String, Expr)> {
    let (rest, name) = string_in_url(input)?;
    let (rest, _) = closing(rest, ':', "':'")?;
    let (rest, value) = preceded(bws, |i| value_in_url(i, ctx)).parse(rest)?;
    Ok((rest, (name, value)))
}

/// `valueInUrl = stringInUrl / commonExpr`
fn value_in_url<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    if input.starts_with('"') {
        ctx.node(input)?;
    }
    item_in_url(input, ctx)
}

/// The same as an item of a list, where the list itself is limited.
fn item_in_url<'a>(input: &'a str, ctx: Ctx<'_>) -> PResult<'a, Expr> {
    if input.starts_with('"') {
        return string_in_url.map(|text| Expr::Literal(Literal::String(text.into()))).parse(input);
    }
    common_expr(input, ctx)
}

/// `stringInUrl = quotation-mark *charInJSON quotation-mark`
fn string_in_url(input: &str) -> PResult<'_, String> {
    let Some(body) = input.strip_prefix('"') else {
        return miss(input, "text in double quotes");
    };
    let mut escaped = false;
    let end = body.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    let Some(end) = end else { return fail(&body[body.len()..], "a closing double quote") };
    match serde_json::from_str(&input[..end + 2]) {
        Ok(text) => Ok((&body[end + 1..], text)),
        Err(_) => fail(input, "JSON text with valid escapes"),
    }
}
