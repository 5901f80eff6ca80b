//! What all parsers here share: the error, the limits on the way down, white space and names.

use std::cell::Cell;

use nom::{
    IResult, Parser,
    bytes::complete::{take_while, take_while_m_n, take_while1},
    character::complete::char,
    combinator::{cut, opt, recognize},
    error::{ContextError, ErrorKind, ParseError},
    multi::{many0_count, separated_list0},
    sequence::{delimited, pair, preceded},
};

use super::{Limits, options::SystemOption};
use crate::error::{Error, nearest};

pub(super) type PResult<'a, T> = IResult<&'a str, T, Stop>;

/// Where a parser stopped, as the length of what was left, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    rest: usize,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    Expected(&'static str),
    Limit { name: &'static str, max: usize },
    Duplicate(String),
    Unknown(String),
    Unsupported(String),
}

impl ParseError<&str> for Stop {
    fn from_error_kind(rest: &str, _: ErrorKind) -> Self {
        Self { rest: rest.len(), why: Why::Expected("something else") }
    }

    fn append(_: &str, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(self, other: Self) -> Self {
        if other.rest < self.rest { other } else { self }
    }
}

impl ContextError<&str> for Stop {
    /// Names the rule, if nothing of it could be read; what stopped further in knows better.
    fn add_context(input: &str, context: &'static str, other: Self) -> Self {
        match other.why {
            Why::Expected(_) if other.rest == input.len() => {
                Self { why: Why::Expected(context), ..other }
            }
            Why::Expected(_)
            | Why::Limit { .. }
            | Why::Duplicate(_)
            | Why::Unknown(_)
            | Why::Unsupported(_) => other,
        }
    }
}

impl Stop {
    fn into_error(self, option: &str, text: &str) -> Error {
        match self.why {
            Why::Expected(expected) => Error::Syntax {
                option: option.to_owned(),
                offset: text.len() - self.rest,
                expected: expected.to_owned(),
            },
            Why::Limit { name, max } => {
                Error::LimitExceeded { limit: name, max: max as u64, target: option.to_owned() }
            }
            Why::Duplicate(name) => Error::DuplicateOption { name },
            Why::Unknown(name) => {
                let suggestion = nearest(&name, SystemOption::ALL.map(SystemOption::name));
                Error::UnknownOption { name, suggestion }
            }
            Why::Unsupported(feature) => Error::NotImplemented { feature },
        }
    }
}

/// Another alternative may still fit here.
pub(super) fn miss<'a, T>(at: &'a str, expected: &'static str) -> PResult<'a, T> {
    Err(nom::Err::Error(Stop { rest: at.len(), why: Why::Expected(expected) }))
}

/// Nothing can fit here any more.
pub(super) fn fail<'a, T>(at: &'a str, expected: &'static str) -> PResult<'a, T> {
    Err(nom::Err::Failure(Stop { rest: at.len(), why: Why::Expected(expected) }))
}

/// An option given twice within one pair of parentheses.
pub(super) fn duplicate<T>(at: &str, name: String) -> PResult<'_, T> {
    Err(nom::Err::Failure(Stop { rest: at.len(), why: Why::Duplicate(name) }))
}

/// An option that does not exist.
pub(super) fn unknown<T>(at: &str, name: String) -> PResult<'_, T> {
    Err(nom::Err::Failure(Stop { rest: at.len(), why: Why::Unknown(name) }))
}

/// Something the standard knows and nobody answers yet.
pub(super) fn unsupported<T>(at: &str, feature: String) -> PResult<'_, T> {
    Err(nom::Err::Failure(Stop { rest: at.len(), why: Why::Unsupported(feature) }))
}

/// Runs one parser over one decoded option and turns its stop into what the client is told.
pub(super) fn run<'a, T>(
    option: &str,
    text: &'a str,
    parser: impl FnOnce(&'a str) -> PResult<'a, T>,
) -> Result<T, Error> {
    match parser(text) {
        Ok((_, value)) => Ok(value),
        Err(nom::Err::Error(stop) | nom::Err::Failure(stop)) => Err(stop.into_error(option, text)),
        // Only streaming parsers answer so, and there are none here.
        Err(nom::Err::Incomplete(_)) => Err(Error::Syntax {
            option: option.to_owned(),
            offset: text.len(),
            expected: "more text".to_owned(),
        }),
    }
}

/// Nothing but white space may be left; otherwise `expected` says what could have stood there.
pub(super) fn finished<'a>(rest: &'a str, expected: &'static str) -> PResult<'a, ()> {
    let (left, _) = bws(rest)?;
    if left.is_empty() { Ok((left, ())) } else { fail(left, expected) }
}

/// What one request has used of its limits so far.
pub(super) struct Budget {
    limits: Limits,
    nodes: Cell<usize>,
    chained: Cell<usize>,
    aliases: Cell<usize>,
    computed: Cell<usize>,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        let zero = || Cell::new(0);
        let (nodes, chained, aliases, computed) = (zero(), zero(), zero(), zero());
        Self { limits: *limits, nodes, chained, aliases, computed }
    }

    /// The start of one option: full depth, the nodes of the options before counted.
    pub(super) fn ctx(&self) -> Ctx<'_> {
        self.chained.set(0);
        Ctx { budget: self, depth: self.limits.depth, expand: self.limits.expand_depth }
    }
}

/// What is left of the limits at one place of the text; depths count down.
#[derive(Clone, Copy)]
pub(super) struct Ctx<'b> {
    budget: &'b Budget,
    depth: usize,
    expand: usize,
}

impl Ctx<'_> {
    /// One level further in.
    pub(super) fn deeper(self, at: &str) -> Result<Self, nom::Err<Stop>> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(limit(at, Limits::DEPTH, self.budget.limits.depth)),
        }
    }

    /// One `$expand` further in.
    pub(super) fn expanded(self, at: &str) -> Result<Self, nom::Err<Stop>> {
        match self.expand.checked_sub(1) {
            Some(expand) => Ok(Self { expand, ..self }),
            None => Err(limit(at, Limits::EXPAND_DEPTH, self.budget.limits.expand_depth)),
        }
    }

    /// Counts one node.
    pub(super) fn node(self, at: &str) -> Result<(), nom::Err<Stop>> {
        count(&self.budget.nodes, self.budget.limits.nodes, Limits::NODES, at)
    }

    /// Counts one operator beyond the first of a chain: the tree grows deeper to the left.
    pub(super) fn chained(self, at: &str) -> Result<(), nom::Err<Stop>> {
        count(&self.budget.chained, self.budget.limits.chained, Limits::CHAINED, at)
    }

    /// Counts one parameter alias that is given a value.
    pub(super) fn alias(self, at: &str) -> Result<(), nom::Err<Stop>> {
        count(&self.budget.aliases, self.budget.limits.aliases, Limits::ALIASES, at)
    }

    /// Counts one computed property.
    pub(super) fn computed(self, at: &str) -> Result<(), nom::Err<Stop>> {
        count(&self.budget.computed, self.budget.limits.computed, Limits::COMPUTED, at)
    }

    /// Checks the length of a list.
    pub(super) fn in_items(self, at: &str, items: usize) -> Result<(), nom::Err<Stop>> {
        let max = self.budget.limits.in_items;
        if items > max { Err(limit(at, Limits::IN_ITEMS, max)) } else { Ok(()) }
    }
}

fn count(
    used: &Cell<usize>,
    max: usize,
    name: &'static str,
    at: &str,
) -> Result<(), nom::Err<Stop>> {
    used.set(used.get() + 1);
    if used.get() > max { Err(limit(at, name, max)) } else { Ok(()) }
}

fn limit(at: &str, name: &'static str, max: usize) -> nom::Err<Stop> {
    nom::Err::Failure(Stop { rest: at.len(), why: Why::Limit { name, max } })
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// `BWS = *( SP / HTAB )`; line ends count too.
pub(super) fn bws(input: &str) -> PResult<'_, &str> {
    take_while(is_space)(input)
}

/// `RWS = 1*( SP / HTAB )`; line ends count too.
pub(super) fn rws(input: &str) -> PResult<'_, &str> {
    take_while1(is_space)(input)
}

/// One punctuation mark with any white space around it.
pub(super) fn mark<'a>(mark: char) -> impl Parser<&'a str, Output = char, Error = Stop> {
    delimited(bws, char(mark), bws)
}

/// A punctuation mark that must stand here; `expected` names it.
pub(super) fn closing<'a>(input: &'a str, mark: char, expected: &'static str) -> PResult<'a, char> {
    let (rest, _) = bws(input)?;
    match rest.strip_prefix(mark) {
        Some(after) => Ok((after, mark)),
        None => fail(rest, expected),
    }
}

/// `item *( BWS COMMA BWS item )`; after a comma only an item can follow.
pub(super) fn comma_list<'a, T>(
    input: &'a str,
    mut item: impl FnMut(&'a str) -> PResult<'a, T>,
) -> PResult<'a, Vec<T>> {
    let (mut input, first) = item(input)?;
    let mut items = vec![first];
    while let (after, Some(_)) = opt(mark(',')).parse(input)? {
        let (rest, next) = cut(&mut item).parse(after)?;
        items.push(next);
        input = rest;
    }
    Ok((input, items))
}

fn is_leading(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

/// Whether an identifier can go on with this character.
pub(super) fn is_identifier(c: char) -> bool {
    // Marks and joiners of categories Mn, Mc, Cf outside ASCII are let through unsorted.
    c == '_' || c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

/// `odataIdentifier = identifierLeadingCharacter *127identifierCharacter`
pub(super) fn odata_identifier(input: &str) -> PResult<'_, &str> {
    let parsed: PResult<'_, &str> =
        recognize(pair(take_while_m_n(1, 1, is_leading), take_while_m_n(0, 127, is_identifier)))
            .parse(input);
    match parsed {
        Ok((rest, _)) if rest.starts_with(is_identifier) => {
            fail(rest, "a name of 128 characters at most")
        }
        Ok(name) => Ok(name),
        Err(_) => miss(input, "a name"),
    }
}

/// `[ namespace "." ] name`, with its dots.
pub(super) fn qualified_name(input: &str) -> PResult<'_, &str> {
    recognize(pair(odata_identifier, many0_count(preceded(char('.'), odata_identifier))))
        .parse(input)
}

/// `parameterNames = parameterName *( COMMA parameterName )`
pub(super) fn parameter_names(input: &str) -> PResult<'_, Vec<String>> {
    separated_list0(mark(','), odata_identifier.map(str::to_owned)).parse(input)
}

/// `RWS word RWS`, the word in any letter case; white space after it may be missing.
pub(super) fn keyword<'a>(input: &'a str, word: &str) -> PResult<'a, ()> {
    let (rest, _) = rws(input)?;
    let (rest, found) = odata_identifier(rest)?;
    if !found.eq_ignore_ascii_case(word) {
        return miss(input, "an operator");
    }
    let (rest, _) = bws(rest)?;
    Ok((rest, ()))
}
