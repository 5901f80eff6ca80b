//! The AST back to text, with the fewest parentheses that keep its shape.
//!
//! Reading the text again gives the same tree. Trees no reader makes (an `and` of one term, a
//! literal named like a property) print as something, not necessarily the same.

use std::fmt::{self, Display, Formatter, Write};

use super::{
    ast::{Args, BinaryOp, Expr, InList, Lambda, LambdaKind, Literal, Path, Search, Segment},
    expr::is_constant,
    literal::quote,
};

/// How tightly an expression holds together; a looser one needs parentheses within a tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Equality,
    Relation,
    Sum,
    Product,
    Unary,
    HasIn,
    Operand,
}

impl Level {
    /// What the right operand must be at least, since chains are read from the left.
    fn next(self) -> Self {
        match self {
            Self::Or => Self::And,
            Self::And => Self::Equality,
            Self::Equality => Self::Relation,
            Self::Relation => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Unary,
            Self::Unary => Self::HasIn,
            Self::HasIn | Self::Operand => Self::Operand,
        }
    }

    fn of(expr: &Expr) -> Self {
        match expr {
            Expr::Or(_) => Self::Or,
            Expr::And(_) => Self::And,
            Expr::Not(_) | Expr::Negate(_) => Self::Unary,
            Expr::In { .. } => Self::HasIn,
            Expr::Binary { op, .. } => Self::of_operator(*op),
            Expr::Literal(_)
            | Expr::Alias(_)
            | Expr::Path(_)
            | Expr::Call { .. }
            | Expr::Case(_)
            | Expr::Lambda(_)
            | Expr::Array(_)
            | Expr::Object(_) => Self::Operand,
        }
    }

    fn of_operator(op: BinaryOp) -> Self {
        match op {
            BinaryOp::Eq | BinaryOp::Ne => Self::Equality,
            BinaryOp::Gt | BinaryOp::Ge | BinaryOp::Lt | BinaryOp::Le => Self::Relation,
            BinaryOp::Add | BinaryOp::Sub => Self::Sum,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::DivBy | BinaryOp::Mod => Self::Product,
            BinaryOp::Has => Self::HasIn,
        }
    }
}

impl BinaryOp {
    /// The operator as it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Has => "has",
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::DivBy => "divby",
            Self::Mod => "mod",
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Alias(name) => write!(f, "@{name}"),
            Self::Path(path) => path.fmt(f),
            Self::Call { name, args } => {
                f.write_str(name)?;
                bracketed(f, ('(', ')'), args, Display::fmt)
            }
            Self::Case(pairs) => {
                f.write_str("case")?;
                // The spaces keep `10 : 20` from being read as a time of day.
                bracketed(f, ('(', ')'), pairs, |(condition, value), f| {
                    write!(f, "{condition} : {value}")
                })
            }
            Self::Lambda(lambda) => lambda.fmt(f),
            Self::And(terms) => {
                joined(f, terms, " and ", |term, f| at_least(term, Level::Equality, f))
            }
            Self::Or(terms) => joined(f, terms, " or ", |term, f| at_least(term, Level::And, f)),
            Self::Not(operand) => {
                f.write_str("not ")?;
                at_least(operand, Level::Unary, f)
            }
            Self::Negate(operand) => negated(operand, f),
            Self::Binary { op, left, right } => {
                let level = Level::of_operator(*op);
                at_least(left, level, f)?;
                write!(f, " {} ", op.word())?;
                at_least(right, level.next(), f)
            }
            Self::In { left, list } => {
                at_least(left, Level::HasIn, f)?;
                f.write_str(" in ")?;
                match list {
                    InList::Items(items) if items.iter().all(is_constant) => {
                        bracketed(f, ('(', ')'), items, Display::fmt)
                    }
                    InList::Items(items) => bracketed(f, ('[', ']'), items, Display::fmt),
                    InList::Collection(expr) => at_least(expr, Level::Operand, f),
                }
            }
            Self::Array(items) => bracketed(f, ('[', ']'), items, Display::fmt),
            Self::Object(members) => bracketed(f, ('{', '}'), members, |(name, value), f| {
                write!(f, "{}:{value}", serde_json::Value::from(name.as_str()))
            }),
        }
    }
}

fn at_least(expr: &Expr, level: Level, f: &mut Formatter<'_>) -> fmt::Result {
    if Level::of(expr) < level { write!(f, "({expr})") } else { expr.fmt(f) }
}

/// A minus sign before a digit would be read as part of the number.
fn negated(operand: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
    let text = operand.to_string();
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if is_number || Level::of(operand) < Level::Unary || text.starts_with("INF") {
        write!(f, "-({text})")
    } else {
        write!(f, "-{text}")
    }
}

type Print<T> = fn(&T, &mut Formatter<'_>) -> fmt::Result;

pub(super) fn joined<T>(
    f: &mut Formatter<'_>,
    items: &[T],
    between: &str,
    print: Print<T>,
) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        print(item, f)?;
    }
    Ok(())
}

fn bracketed<T>(
    f: &mut Formatter<'_>,
    (open, close): (char, char),
    items: &[T],
    print: Print<T>,
) -> fmt::Result {
    f.write_char(open)?;
    joined(f, items, ",", print)?;
    f.write_char(close)
}

impl Display for Args {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Positional(args) => bracketed(f, ('(', ')'), args, Display::fmt),
            Self::Named(args) => {
                bracketed(f, ('(', ')'), args, |(name, value), f| write!(f, "{name}={value}"))
            }
        }
    }
}

impl Display for Lambda {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LambdaKind::Any => "any",
            LambdaKind::All => "all",
        };
        match &self.body {
            None => write!(f, "{}/{kind}()", self.source),
            Some((variable, predicate)) => {
                write!(f, "{}/{kind}({variable}:{predicate})", self.source)
            }
        }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.segments.iter().enumerate() {
            if i > 0 && !matches!(segment, Segment::Parens(_)) {
                f.write_char('/')?;
            }
            segment.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Segment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::It => f.write_str("$it"),
            Self::This => f.write_str("$this"),
            Self::Root => f.write_str("$root"),
            Self::Alias(name) | Self::Annotation(name) => write!(f, "@{name}"),
            Self::Name(name) | Self::Qualified(name) => f.write_str(name),
            Self::Parens(args) => args.fmt(f),
            Self::Count { filter, search } => match (filter, search) {
                (None, None) => f.write_str("$count"),
                (Some(filter), None) => write!(f, "$count($filter={filter})"),
                (None, Some(search)) => write!(f, "$count($search={search})"),
                (Some(filter), Some(search)) => {
                    write!(f, "$count($filter={filter};$search={search})")
                }
            },
            Self::Filter(expr) => write!(f, "$filter({expr})"),
            Self::Star => f.write_char('*'),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Decimal(text)
            | Self::Double(text)
            | Self::Guid(text)
            | Self::Date(text)
            | Self::DateTimeOffset(text)
            | Self::TimeOfDay(text) => f.write_str(text),
            Self::String(text) => f.write_str(&quote(text)),
            Self::Duration(text) => write!(f, "duration'{text}'"),
            Self::Binary(text) => write!(f, "binary'{text}'"),
            Self::Enum { type_name, value } => write!(f, "{type_name}'{value}'"),
            Self::Geo { geography: true, text } => write!(f, "geography'{text}'"),
            Self::Geo { geography: false, text } => write!(f, "geometry'{text}'"),
        }
    }
}

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Phrase(text) if text.is_empty() => f.write_str("''"),
            Self::Phrase(text) => write!(f, "\"{}\"", text.replace('"', " ")),
            Self::Not(term) => {
                f.write_str("NOT ")?;
                search_term(term, f)
            }
            Self::And(terms) => joined(f, terms, " AND ", search_term),
            Self::Or(terms) => joined(f, terms, " OR ", |term, f| match term {
                Self::Or(_) => write!(f, "({term})"),
                Self::Word(_) | Self::Phrase(_) | Self::Not(_) | Self::And(_) => term.fmt(f),
            }),
        }
    }
}

/// A term that nothing joins; what is joined goes in parentheses.
fn search_term(term: &Search, f: &mut Formatter<'_>) -> fmt::Result {
    match term {
        Search::And(_) | Search::Or(_) => write!(f, "({term})"),
        Search::Word(_) | Search::Phrase(_) | Search::Not(_) => term.fmt(f),
    }
}
