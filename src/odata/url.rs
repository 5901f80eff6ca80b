//! The address of a request: split first, decoded strictly after, then read option by option.
//!
//! In a query `+` is a blank, as forms and most HTTP libraries write it, except where only a plus makes sense: in the
//! offset of a time and in an exponent. Knows no host and no service root: the path starts after it.

use super::{
    Limits,
    ast::QueryOptions,
    filter::whole_expr,
    options::SystemOption,
    path::{PathSegment, ResourcePath, parse_budgeted},
    syntax::{Budget, finished, odata_identifier, run},
};
use crate::error::{Error, nearest};

/// Reads path and query of a request, both as they came, percent escapes and all.
///
/// `raw_path` starts after the service root; a leading slash is taken as well.
///
/// # Errors
/// Anything that is wrong with what the client sent; see the readers of the parts.
pub fn parse_target(
    raw_path: &str,
    raw_query: Option<&str>,
    limits: &Limits,
) -> Result<(ResourcePath, QueryOptions), Error> {
    let budget = Budget::new(limits);
    let path = parse_budgeted(raw_path, &budget)?;
    let options = query_options(raw_query.unwrap_or(""), &budget)?;
    if path.segments.first() == Some(&PathSegment::Entity) && options.id.is_none() {
        return Err(Error::InvalidOption {
            option: "$id".to_owned(),
            reason: "'$entity' needs it to know which entity is meant".to_owned(),
        });
    }
    Ok((path, options))
}

/// Reads the query of a request, as it came, without its `?`.
///
/// # Errors
/// `Encoding`, `UnknownOption`, `DuplicateOption`, `Syntax`, `LimitExceeded`, `InvalidOption`.
pub fn parse_query(raw_query: &str, limits: &Limits) -> Result<QueryOptions, Error> {
    query_options(raw_query, &Budget::new(limits))
}

/// `queryOptions = queryOption *( "&" queryOption )`
fn query_options(raw: &str, budget: &Budget) -> Result<QueryOptions, Error> {
    let mut options = QueryOptions::default();
    let mut seen = Vec::new();
    for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
        let (raw_name, raw_value) = match piece.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (piece, None),
        };
        let name = decode(raw_name, "the name of a query option")?;
        match known(&name)? {
            Name::System(option) => {
                if seen.contains(&option) {
                    return Err(Error::DuplicateOption { name: option.name().to_owned() });
                }
                seen.push(option);
                let value = system_value(option, raw_value)?;
                system_option(option, &value, (budget, &mut options))?;
            }
            Name::Alias => {
                let value = decode_value(raw_value.unwrap_or(""), &name)?;
                let expr = run(&name, &value, |input| {
                    budget.ctx().alias(input)?;
                    whole_expr(input, budget.ctx())
                })?;
                if options.aliases.insert(name[1..].to_owned(), expr).is_some() {
                    return Err(Error::DuplicateOption { name });
                }
            }
            Name::Custom => {
                let value = decode_value(raw_value.unwrap_or(""), &name)?;
                options.custom.push((name, value));
            }
        }
    }
    Ok(options)
}

fn system_value(option: SystemOption, raw: Option<&str>) -> Result<String, Error> {
    if option == SystemOption::Levels {
        return Err(Error::InvalidOption {
            option: option.name().to_owned(),
            reason: "it stands within '$expand', as in '$expand=Manager($levels=2)'".to_owned(),
        });
    }
    let raw = raw.ok_or_else(|| Error::Syntax {
        option: option.name().to_owned(),
        offset: 0,
        expected: "'=' and a value".to_owned(),
    })?;
    decode_value(raw, option.name())
}

/// `systemQueryOption = compute / deltatoken / expand / filter / …`
fn system_option(
    option: SystemOption,
    text: &str,
    (budget, options): (&Budget, &mut QueryOptions),
) -> Result<(), Error> {
    run(option.name(), text, |input| {
        let (rest, ()) = option.value(input, budget.ctx(), options)?;
        finished(rest, option.expected_after(options))
    })
}

enum Name {
    System(SystemOption),
    Alias,
    Custom,
}

/// What a name stands for. A slip in a system option must not pass for a custom one: an ignored
/// filter returns everything.
fn known(name: &str) -> Result<Name, Error> {
    if let Some(option) = SystemOption::named(name) {
        return Ok(Name::System(option));
    }
    if let Some(alias) = name.strip_prefix('@') {
        return match odata_identifier(alias) {
            Ok(("", _)) => Ok(Name::Alias),
            Ok(_) | Err(_) => Err(Error::UnknownOption { name: name.to_owned(), suggestion: None }),
        };
    }
    let trimmed = name.trim();
    let bare = trimmed.strip_prefix('$').unwrap_or(trimmed);
    let blank = (trimmed != name).then(|| SystemOption::named(trimmed)).flatten();
    let suggestion = match blank {
        Some(option) => Some(option.name().to_owned()),
        None => near_miss(bare).map(|known| format!("${known}")),
    };
    if trimmed.starts_with('$') || suggestion.is_some() {
        return Err(Error::UnknownOption { name: name.to_owned(), suggestion });
    }
    Ok(Name::Custom)
}

/// What other interfaces call a system option; passed over, they would return everything.
const FOREIGN: [(&str, &str); 15] = [
    ("limit", "top"),
    ("offset", "skip"),
    ("sort", "orderby"),
    ("sortby", "orderby"),
    ("where", "filter"),
    ("fields", "select"),
    ("include", "expand"),
    ("skp", "skip"),
    ("page", "skip"),
    ("page_size", "top"),
    ("pagesize", "top"),
    ("per_page", "top"),
    ("perpage", "top"),
    ("q", "filter"),
    ("query", "filter"),
];

/// The system option a name of four letters or more was probably meant to be.
fn near_miss(name: &str) -> Option<String> {
    let name = name.trim();
    let foreign = FOREIGN.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(name));
    if let Some((_, ours)) = foreign {
        return Some((*ours).to_owned());
    }
    if name.len() < 4 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let names = SystemOption::ALL.map(|option| &option.name()[1..]);
    let is_stem = |known: &&str| {
        known.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    nearest(name, names.into_iter().filter(|known| known.len() >= 4))
        .or_else(|| names.iter().find(|known| is_stem(known)).map(|known| (*known).to_owned()))
}

/// As [`decode`], with `+` as a blank; a plus that is meant is `%2B`, or stands in `+02:00` or `1e+5`.
fn decode_value(raw: &str, part: &str) -> Result<String, Error> {
    if !raw.contains('+') {
        return decode(raw, part);
    }
    let bytes = raw.as_bytes();
    let blanks: String = raw
        .char_indices()
        .map(|(at, c)| if c == '+' && !is_sign(bytes, at) { ' ' } else { c })
        .collect();
    decode(&blanks, part)
}

/// Whether the `+` at `at` follows a digit and begins an offset (`+02:00`), or follows `1e` and begins an exponent.
fn is_sign(raw: &[u8], at: usize) -> bool {
    let is_digit =
        |at: Option<usize>| at.and_then(|at| raw.get(at)).is_some_and(u8::is_ascii_digit);
    let behind = |back: usize| at.checked_sub(back);
    let colon = match raw.get(at + 3) {
        Some(b':') => Some(1),
        Some(b'%')
            if raw.get(at + 4..at + 6).is_some_and(|hex| hex.eq_ignore_ascii_case(b"3a")) =>
        {
            Some(3)
        }
        _ => None,
    };
    let is_offset = colon.is_some_and(|colon| {
        let minutes = at + 3 + colon;
        is_digit(behind(1))
            && [at + 1, at + 2, minutes, minutes + 1].into_iter().all(|at| is_digit(Some(at)))
    });
    let is_exponent = is_digit(behind(2))
        && behind(1).is_some_and(|at| matches!(raw[at], b'e' | b'E'))
        && is_digit(Some(at + 1));
    is_offset || is_exponent
}

/// Undoes percent escapes; `part` is what errors call the text.
///
/// # Errors
/// `Encoding` for an escape without two hex digits and for bytes that are not UTF-8.
pub fn decode(raw: &str, part: &str) -> Result<String, Error> {
    let wrong = |reason: String| Error::Encoding { part: part.to_owned(), reason };
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = after;
            continue;
        }
        let Some(decoded) = hex_pair(after) else {
            let at = raw.len() - rest.len();
            return Err(wrong(format!("'%' at byte {at} is not followed by two hex digits")));
        };
        bytes.push(decoded);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| wrong("the escapes are not UTF-8".to_owned()))
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::ast::{Expr, Literal, Segment};

    fn query(raw: &str) -> Result<QueryOptions, Error> {
        parse_query(raw, &Limits::default())
    }

    #[track_caller]
    fn refuse(raw: &str, want: &str) {
        assert_eq!(query(raw).unwrap_err().to_string(), want, "{raw}");
    }

    #[track_caller]
    fn filters_on(raw: &str, want: &Literal) {
        let Some(Expr::Binary { right, .. }) = query(raw).unwrap().filter else {
            panic!("{raw} has no comparison");
        };
        assert_eq!(*right, Expr::Literal(want.clone()), "{raw}");
    }

    #[test]
    fn options_are_known_with_or_without_dollar_in_any_case() {
        for name in ["$top", "top", "TOP", "%24top", "$Top"] {
            assert_eq!(query(&format!("{name}=5")).unwrap().top, Some(5), "{name}");
        }
    }

    #[test]
    fn what_would_be_passed_over_and_return_everything_is_refused() {
        for (raw, hint) in [
            ("fltr=Id eq 3", "; did you mean '$filter'?"),
            ("%20filter=Id eq 3", "; did you mean '$filter'?"),
            ("top%20=1", ""),
            ("limit=1", "; did you mean '$top'?"),
            ("Sort=Id", "; did you mean '$orderby'?"),
            ("where=x", "; did you mean '$filter'?"),
            ("page=2", "; did you mean '$skip'?"),
            ("per_page=1", "; did you mean '$top'?"),
            ("q=foo", "; did you mean '$filter'?"),
        ] {
            let error = query(raw).unwrap_err();
            assert!(
                error.code() == "UnknownQueryOption" && error.to_string().ends_with(hint),
                "{error}"
            );
        }
    }

    #[test]
    fn splitting_comes_before_decoding_and_a_plus_is_a_blank_but_in_times_and_numbers() {
        let text = |text: &str| Literal::String(text.into());
        filters_on("$filter=Title%20eq%20'a%26b=c'", &text("a&b=c"));
        filters_on("$filter=Title+eq+'a+b'", &text("a b"));
        filters_on("$filter=Title eq 'C%2B%2B'", &text("C++"));
        filters_on("$filter=Weight eq 1e+5", &Literal::Double("1e+5".into()));
        filters_on("$filter=Title eq '50%25'", &text("50%"));
        let at = "2026-01-01T00:00:00+02:00";
        filters_on(&format!("$filter=At gt {at}"), &Literal::DateTimeOffset(at.into()));
        filters_on(
            "$filter=At+gt+2026-01-01T00%3A00%3A00+02%3A00",
            &Literal::DateTimeOffset(at.into()),
        );
        filters_on(
            "$filter=At gt 2026-01-01T00:00:00%2B02:00",
            &Literal::DateTimeOffset(at.into()),
        );
    }

    #[test]
    fn names_nobody_knows_are_refused_unless_they_are_the_callers_own() {
        refuse("$fliter=a", "there is no query option '$fliter'; did you mean '$filter'?");
        refuse("filtre=a", "there is no query option 'filtre'; did you mean '$filter'?");
        refuse("selct=a", "there is no query option 'selct'; did you mean '$select'?");
        refuse("order=a", "there is no query option 'order'; did you mean '$orderby'?");
        refuse("$inlinecount=allpages", "there is no query option '$inlinecount'");
        refuse("$filter =true", "there is no query option '$filter '; did you mean '$filter'?");
        refuse("@1=2", "there is no query option '@1'");
        let custom = query("api-version=1&x=a%20b&token=t&&!filter").unwrap().custom;
        let pairs = [("api-version", "1"), ("x", "a b"), ("token", "t"), ("!filter", "")];
        assert_eq!(custom, pairs.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn an_option_comes_once_and_has_a_value_that_fits() {
        refuse("$top=1&top=2", "'$top' is given more than once");
        refuse("@p=1&@p=2", "'@p' is given more than once");
        refuse("$top=-1", "$top stops making sense at byte 0: expected a whole number, 0 or more");
        refuse(
            "$top=99999999999999999999",
            "$top stops making sense at byte 0: expected a whole number, 0 or more",
        );
        refuse("$top=5x", "$top stops making sense at byte 1: expected the end");
        refuse("$count=maybe", "$count stops making sense at byte 0: expected 'true' or 'false'");
        refuse("$count", "$count stops making sense at byte 0: expected '=' and a value");
        refuse("$filter=", "$filter stops making sense at byte 0: expected an expression");
        refuse(
            "$levels=2",
            "$levels cannot be used: it stands within '$expand', as in '$expand=Manager($levels=2)'",
        );
    }

    #[test]
    fn broken_escapes_are_refused() {
        refuse(
            "$filter=a%2",
            "$filter cannot be decoded: '%' at byte 1 is not followed by two hex digits",
        );
        refuse(
            "$filter=%+1",
            "$filter cannot be decoded: '%' at byte 0 is not followed by two hex digits",
        );
        refuse("$filter=%C3%28", "$filter cannot be decoded: the escapes are not UTF-8");
        refuse(
            "%=1",
            "the name of a query option cannot be decoded: '%' at byte 0 is not followed by two hex digits",
        );
    }

    #[test]
    fn expand_carries_options_of_its_own() {
        let raw = "$expand=Comments($filter=IsInternal eq false;$top=5;orderby=Id desc;$expand=A($levels=max)),B/$ref";
        let expand = query(raw).unwrap().expand;
        assert_eq!(expand.len(), 2);
        assert_eq!(expand[0].path.segments, [Segment::Name("Comments".into())]);
        let inner = &expand[0].options;
        assert_eq!((inner.top, inner.orderby.len(), inner.expand.len()), (Some(5), 1, 1));
        refuse("$expand=A($filtr=1)", "there is no query option '$filtr'; did you mean '$filter'?");
        refuse("$expand=A($top=1;$top=2)", "'$top' is given more than once");
        refuse("$expand=A($top=1", "$expand stops making sense at byte 8: expected ';' or ')'");
        refuse(
            "$expand=A/$count($top=1)",
            "$expand stops making sense at byte 9: expected a query option that can stand here",
        );
        refuse(
            &format!("$expand={}", "A($expand=".repeat(9)),
            "$expand passes the limit 'expand_depth_max' of 6",
        );
    }

    #[test]
    fn entity_needs_an_id() {
        let limits = Limits::default();
        assert!(parse_target("/$entity", Some("$id=Tickets(7)"), &limits).is_ok());
        assert_eq!(
            parse_target("/$entity", None, &limits).unwrap_err().to_string(),
            "$id cannot be used: '$entity' needs it to know which entity is meant"
        );
    }
}
