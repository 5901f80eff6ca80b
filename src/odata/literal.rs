//! Constants: `primitiveLiteral` and the texts within them.
//!
//! Types a literal by its syntax alone. Whether a date exists or a member is declared is not
//! known here.

use nom::{
    Parser,
    branch::alt,
    bytes::complete::{tag, tag_no_case, take_while_m_n},
    character::complete::{char, digit1, one_of, satisfy},
    combinator::{not, opt, recognize, value, verify},
    error::context,
    sequence::{pair, preceded, terminated},
};

use super::{
    ast::Literal,
    syntax::{PResult, fail, finished, is_identifier, miss, qualified_name, run},
};
use crate::error::Error;

/// Reads one whole literal, as it stands in an address (percent-decoded) or after `eq`.
///
/// # Errors
/// `Syntax` where the text is no literal or goes on after one.
pub fn parse(text: &str) -> Result<Literal, Error> {
    run("literal", text, |input| {
        let (rest, literal) = primitive_literal(input)?;
        let (rest, ()) = finished(rest, "the end")?;
        Ok((rest, literal))
    })
}

/// Puts text between single quotes, doubling those within.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The microseconds of the text of a duration literal: `P1DT2H3M4.5S`, perhaps negative.
///
/// Digits beyond the sixth are cut. `None` if it is not a duration or does not fit.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    match duration_value(text) {
        Ok(("", micros)) => micros,
        Ok(_) | Err(_) => None,
    }
}

/// `primitiveLiteral = null / boolean / guid / dateTimeOffsetLiteral / date / …`
pub(super) fn primitive_literal(input: &str) -> PResult<'_, Literal> {
    context("a literal", alt((string_literal, numeric_literal, named_literal))).parse(input)
}

/// Everything that starts with a digit or a sign, and guids, which may start with a letter.
pub(super) fn numeric_literal(input: &str) -> PResult<'_, Literal> {
    alt((
        text_of(guid, Literal::Guid),
        text_of(date_time_offset, Literal::DateTimeOffset),
        text_of(date, Literal::Date),
        text_of(time_of_day, Literal::TimeOfDay),
        decimal_literal,
    ))
    .parse(input)
}

fn text_of<'a>(
    rule: fn(&'a str) -> PResult<'a, &'a str>,
    literal: fn(String) -> Literal,
) -> impl Parser<&'a str, Output = Literal, Error = super::syntax::Stop> {
    rule.map(move |text| literal(text.to_owned()))
}

/// `stringLiteral = SQUOTE *( SQUOTE-in-string / pchar-no-SQUOTE ) SQUOTE`
pub(super) fn string_literal(input: &str) -> PResult<'_, Literal> {
    let (rest, text) = quoted(input)?;
    Ok((rest, Literal::String(text.replace("''", "'").into())))
}

/// What stands between single quotes; doubled ones are kept doubled.
pub(super) fn quoted(input: &str) -> PResult<'_, &str> {
    let (body, _) = char('\'').parse(input)?;
    let mut from = 0;
    while let Some(at) = body[from..].find('\'') {
        let end = from + at;
        if !body[end + 1..].starts_with('\'') {
            return Ok((&body[end + 1..], &body[..end]));
        }
        from = end + 2;
    }
    fail(&body[body.len()..], "a closing quote")
}

/// `null`, `boolean`, `nanInfinity`, and what has a name before its quotes.
pub(super) fn named_literal(input: &str) -> PResult<'_, Literal> {
    let (rest, name) = qualified_name(input)?;
    if rest.starts_with('\'') {
        return prefixed_literal(rest, name);
    }
    match word_literal(name) {
        Some(literal) => Ok((rest, literal)),
        None => miss(input, "a literal"),
    }
}

/// `null / boolean / nanInfinity`, as a word; `true` and `false` in any letter case.
pub(super) fn word_literal(word: &str) -> Option<Literal> {
    match word {
        "null" => Some(Literal::Null),
        "INF" | "NaN" => Some(Literal::Double(word.to_owned())),
        _ if word.eq_ignore_ascii_case("true") => Some(Literal::Bool(true)),
        _ if word.eq_ignore_ascii_case("false") => Some(Literal::Bool(false)),
        _ => None,
    }
}

/// `durationLiteral / binaryLiteral / enumLiteral / geography… / geometry…`, from the quote on.
pub(super) fn prefixed_literal<'a>(input: &'a str, name: &str) -> PResult<'a, Literal> {
    let (rest, text) = quoted(input)?;
    let inner = &input[1..];
    let whole = || text.to_owned();
    let literal = match name.to_ascii_lowercase().as_str() {
        "duration" if parse_duration(text).is_some() => Literal::Duration(whole()),
        "duration" => return fail(inner, "a duration such as P1DT2H30M"),
        "binary" if is_binary(text) => Literal::Binary(whole()),
        "binary" => return fail(inner, "base64url text"),
        "geography" => Literal::Geo { geography: true, text: whole() },
        "geometry" => Literal::Geo { geography: false, text: whole() },
        _ if is_enum(text) => Literal::Enum { type_name: name.to_owned(), value: whole() },
        _ => return fail(inner, "a member of the enumeration"),
    };
    Ok((rest, literal))
}

/// `enumValue = singleEnumValue *( "," singleEnumValue )`
fn is_enum(text: &str) -> bool {
    text.split(',').all(|item| {
        let digits = item.strip_prefix(['+', '-']).unwrap_or(item);
        let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        number
            || (item.chars().all(is_identifier) && item.starts_with(|c: char| !c.is_ascii_digit()))
    })
}

/// `binaryValue = *(4base64char) [ base64b16 / base64b8 ]`; unused bits are not looked at.
fn is_binary(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && matches!((digits.len() % 4, padding), (0, 0) | (2, 0 | 2) | (3, 0 | 1))
}

/// `guid = 8HEXDIG "-" 4HEXDIG "-" 4HEXDIG "-" 4HEXDIG "-" 12HEXDIG`
fn guid(input: &str) -> PResult<'_, &str> {
    fn hex<'a>(n: usize) -> impl Parser<&'a str, Output = &'a str, Error = super::syntax::Stop> {
        take_while_m_n(n, n, |c: char| c.is_ascii_hexdigit())
    }
    let short = || preceded(char('-'), hex(4));
    recognize((hex(8), short(), short(), short(), preceded(char('-'), hex(12)))).parse(input)
}

/// Two digits that make a number of at most `max`, at least `min`.
fn two<'a>(
    min: u8,
    max: u8,
) -> impl Parser<&'a str, Output = &'a str, Error = super::syntax::Stop> {
    verify(take_while_m_n(2, 2, |c: char| c.is_ascii_digit()), move |digits: &str| {
        digits.parse::<u8>().is_ok_and(|n| (min..=max).contains(&n))
    })
}

/// `date = year "-" month "-" day`
fn date(input: &str) -> PResult<'_, &str> {
    let year =
        verify(digit1, |digits: &str| digits.len() == 4 || digits.len() > 4 && digits[..1] != *"0");
    recognize((opt(char('-')), year, char('-'), two(1, 12), char('-'), two(1, 31))).parse(input)
}

/// `timeOfDayLiteral = hour COLON minute [ COLON second [ "." fractionalSeconds ] ]`
fn time_of_day(input: &str) -> PResult<'_, &str> {
    let fraction = pair(char('.'), take_while_m_n(1, 12, |c: char| c.is_ascii_digit()));
    let second = (char(':'), two(0, 60), opt(fraction));
    recognize((two(0, 23), char(':'), two(0, 59), opt(second))).parse(input)
}

/// `dateTimeOffsetLiteral = date "T" timeOfDayLiteral ( "Z" / SIGN hour COLON minute )`
fn date_time_offset(input: &str) -> PResult<'_, &str> {
    let zone =
        alt((tag_no_case("Z"), recognize((one_of("+-"), two(0, 23), char(':'), two(0, 59)))));
    recognize((date, tag_no_case("T"), time_of_day, zone)).parse(input)
}

/// `decimalLiteral = [ SIGN ] 1*DIGIT [ "." 1*DIGIT ] [ "e" [ SIGN ] 1*DIGIT ] / nanInfinity`
fn decimal_literal(input: &str) -> PResult<'_, Literal> {
    let no_name = not(satisfy(|c| is_identifier(c) || matches!(c, '/' | '(')));
    let infinity = value(Literal::Double("-INF".to_owned()), terminated(tag("-INF"), no_name));
    let fraction = recognize(opt(pair(char('.'), digit1)));
    let exponent = recognize(opt((one_of("eE"), opt(one_of("+-")), digit1)));
    let number = (opt(one_of("+-")), digit1, fraction, exponent);
    alt((
        infinity,
        number.map(|(sign, whole, fraction, exponent): (_, &str, &str, &str)| {
            let sign = if sign == Some('-') { "-" } else { "" };
            let text = format!("{sign}{whole}{fraction}{exponent}");
            match text.parse() {
                Ok(integer) => Literal::Integer(integer),
                Err(_) if exponent.is_empty() => Literal::Decimal(text),
                Err(_) => Literal::Double(text),
            }
        }),
    ))
    .parse(input)
}

/// `durationValue = [ "-" ] "P" [ 1*DIGIT "D" ] [ "T" [ 1*DIGIT "H" ] [ 1*DIGIT "M" ] [ … "S" ] ]`
fn duration_value(input: &str) -> PResult<'_, Option<i64>> {
    fn part<'a>(
        unit: char,
    ) -> impl Parser<&'a str, Output = Option<&'a str>, Error = super::syntax::Stop> {
        opt((digit1, char(unit)).map(|(digits, _)| digits))
    }
    let seconds = opt((recognize((digit1, opt(pair(char('.'), digit1)))), char('S')));
    let clock = opt(preceded(char('T'), (part('H'), part('M'), seconds)));
    let (rest, (sign, _, days, clock)) =
        (opt(one_of("+-")), char('P'), part('D'), clock).parse(input)?;
    let (hours, minutes, seconds) = clock.unwrap_or((None, None, None));
    let seconds = seconds.map(|(text, _)| text);
    if days.or(hours).or(minutes).or(seconds).is_none() {
        return miss(rest, "a number of days, hours, minutes or seconds");
    }
    let micros = total_micros([(days, 86_400), (hours, 3_600), (minutes, 60)], seconds);
    Ok((rest, micros.map(|micros| if sign == Some('-') { -micros } else { micros })))
}

fn total_micros(parts: [(Option<&str>, i64); 3], seconds: Option<&str>) -> Option<i64> {
    let (whole, fraction) = seconds.map_or(("0", ""), |s| s.split_once('.').unwrap_or((s, "")));
    let mut secs: i64 = whole.parse().ok()?;
    for (digits, unit) in parts {
        let count: i64 = digits.unwrap_or("0").parse().ok()?;
        secs = secs.checked_add(count.checked_mul(unit)?)?;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    secs.checked_mul(1_000_000)?.checked_add(six.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, want: Literal) {
        assert_eq!(parse(input), Ok(want), "{input}");
    }

    #[track_caller]
    fn refuse(input: &str, want: &str) {
        assert_eq!(parse(input).unwrap_err().to_string(), want, "{input}");
    }

    #[test]
    fn a_literal_is_typed_by_its_syntax() {
        check("null", Literal::Null);
        check("TRUE", Literal::Bool(true));
        check("-0042", Literal::Integer(-42));
        check("+7", Literal::Integer(7));
        check("-9223372036854775808", Literal::Integer(i64::MIN));
        check("9223372036854775808", Literal::Decimal("9223372036854775808".into()));
        check("+5.00", Literal::Decimal("5.00".into()));
        check("1e3", Literal::Double("1e3".into()));
        check("-INF", Literal::Double("-INF".into()));
        check("'O''Neil'", Literal::String("O'Neil".into()));
        check("''", Literal::String("".into()));
        check("2026-11-21", Literal::Date("2026-11-21".into()));
        check("22:00:05.25", Literal::TimeOfDay("22:00:05.25".into()));
        let at = "2026-01-01T00:00:00+02:00";
        check(at, Literal::DateTimeOffset(at.into()));
        let guid = "a1234567-89ab-cdef-0123-456789abcdef";
        check(guid, Literal::Guid(guid.into()));
        check("Duration'P1D'", Literal::Duration("P1D".into()));
        check("binary'Zm9v'", Literal::Binary("Zm9v".into()));
        check(
            "Sales.Pattern'Solid,+4'",
            Literal::Enum { type_name: "Sales.Pattern".into(), value: "Solid,+4".into() },
        );
    }

    #[test]
    fn what_is_no_literal_is_refused_where_it_stops() {
        refuse("'abc", "literal stops making sense at byte 4: expected a closing quote");
        refuse("'a'b'", "literal stops making sense at byte 3: expected the end");
        refuse("Status", "literal stops making sense at byte 0: expected a literal");
        refuse(
            "duration'1D'",
            "literal stops making sense at byte 9: expected a duration such as P1DT2H30M",
        );
        refuse("binary'A'", "literal stops making sense at byte 7: expected base64url text");
    }

    #[test]
    fn durations_are_counted_in_microseconds() {
        for (text, want) in [
            ("P1DT2H3M4.5S", Some(93_784_500_000)),
            ("-PT1M", Some(-60_000_000)),
            ("PT0.0000019S", Some(1)),
            ("P", None),
            ("PT", None),
            ("P1Y", None),
            ("P99999999999999999999D", None),
            ("P999999999D", None),
            ("1D", None),
        ] {
            assert_eq!(parse_duration(text), want, "{text}");
        }
    }
}
