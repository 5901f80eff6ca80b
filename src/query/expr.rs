//! A checked expression: what it names exists, and its operands fit.

use std::sync::Arc;

use super::{search::Search, values::ValueSet};
use crate::model::{Key, Nav, Prop, SetId, StructId, Type, Value};

/// A variable: 0 is the entity the query is about (`$it`), each lambda adds the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Var(pub u8);

impl Var {
    /// Within an expansion: the entity the whole request is about (`$it`), see
    /// [`super::Context::it`]. Everywhere else that is variable 0.
    pub const IT: Self = Self(u8::MAX);

    /// No entity at all: what a path begins with that finds its first one by a key (`$root`).
    pub const ROOT: Self = Self(u8::MAX - 1);
}

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Value),
    /// A collection made of parts.
    List(Vec<Expr>),
    /// What a path leads to; null where a step on the way is null.
    Path(Path),
    /// Whether a path that ends in a to-one navigation leads to an entity; for `Nav ne null`.
    Exists(Path),
    /// `not`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `and` of two or more, in three-valued logic.
    And(Vec<Expr>),
    /// `or` of two or more, in three-valued logic.
    Or(Vec<Expr>),
    /// Any other operator.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `needle in (…)` of constants.
    OneOf {
        /// What is looked for.
        needle: Box<Expr>,
        /// Where.
        values: Arc<ValueSet>,
    },
    /// `needle in (…)` of anything else; `list` yields a collection.
    In {
        /// What is looked for.
        needle: Box<Expr>,
        /// A [`Expr::List`] or a path to a collection.
        list: Box<Expr>,
    },
    /// A canonical function.
    Call {
        /// Which one.
        function: Function,
        /// As many as it takes.
        args: Vec<Expr>,
    },
    /// `cast(x,type)`; null where the value cannot be had in that type.
    Cast {
        /// What is cast.
        value: Box<Expr>,
        /// To what.
        to: Type,
    },
    /// `isof(x,type)`; an entity or complex value is also of the types its own derives from.
    IsOf {
        /// What is asked about.
        value: Box<Expr>,
        /// The type.
        of: Type,
    },
    /// `isof(Ns.Type)` and the like: whether an entity is of a type or one derived from it.
    IsEntityOf {
        /// Leads to the entity.
        path: Path,
        /// The type.
        of: StructId,
    },
    /// `case(…)`: the value beside the first condition that is true; null if none is.
    Case(Vec<(Expr, Expr)>),
    /// `any` and `all`.
    Quantified {
        /// Which of the two.
        quantifier: Quantifier,
        /// What it ranges over.
        over: Collection,
        /// Names each item in turn in the predicate.
        var: Var,
        /// Absent in `any()`.
        predicate: Option<Box<Expr>>,
    },
    /// How many items a collection has: `Comments/$count`.
    Count(Collection),
}

impl Expr {
    /// The expressions right below this one, in the order they are written.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Literal(_) | Self::Path(_) | Self::Exists(_) | Self::IsEntityOf { .. } => vec![],
            Self::List(items)
            | Self::And(items)
            | Self::Or(items)
            | Self::Call { args: items, .. } => items.iter().collect(),
            Self::Not(only)
            | Self::Negate(only)
            | Self::OneOf { needle: only, .. }
            | Self::Cast { value: only, .. }
            | Self::IsOf { value: only, .. } => vec![only],
            Self::Binary { left, right, .. } | Self::In { needle: left, list: right } => {
                vec![left, right]
            }
            Self::Case(pairs) => pairs.iter().flat_map(|(when, then)| [when, then]).collect(),
            Self::Quantified { over, predicate, .. } => {
                over.filter.iter().chain(predicate).map(|part| &**part).collect()
            }
            Self::Count(over) => over.filter.iter().map(|part| &**part).collect(),
        }
    }
}

/// A walk from a variable through properties and to-one navigations.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Where it starts.
    pub from: Var,
    /// The steps; none means the variable itself.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A property of an entity or of a complex value.
    Property(Prop),
    /// A navigation property of an entity.
    Navigation(Nav),
    /// Goes on only if the entity or complex value is of that type; null otherwise.
    Cast(StructId),
    /// One entity by its key; null where there is none, or none to be seen.
    Find(Arc<Find>),
}

/// One entity by its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// The to-many navigation property that must lead to it; any entity of the set where there is none.
    pub navigation: Option<Nav>,
    /// Which entity.
    pub lookup: Lookup,
}

/// How one entity of a set is named.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyRef {
    /// By its key.
    Key(Key),
    /// By another property no two entities share.
    Alternate(Prop, Value),
}

/// One entity of one set, and what must hold of it to be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// The set.
    pub set: SetId,
    /// Which entity.
    pub by: KeyRef,
    /// Over variable 0.
    pub guard: Option<Expr>,
}

/// Several items: a collection property, or entities behind a to-many navigation.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// Ends in the collection property or the to-many navigation.
    pub path: Path,
    /// Names each item in `filter`.
    pub var: Var,
    /// Items that count: `$filter` written there, and what the caller may see.
    pub filter: Option<Box<Expr>>,
    /// What entities that count must hold beside that: `$search` written there.
    pub search: Option<Box<Search>>,
}

/// Operators with two operands, `and` and `or` excepted. Source: OData 4.01 Part 2, 5.1.1.1 and 5.1.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the operator of its name
pub enum BinaryOp {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Has,
    Add,
    Sub,
    Mul,
    Div,
    DivBy,
    Mod,
}

/// Which quantifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one item; false of nothing.
    Any,
    /// Every item; true of nothing.
    All,
}

/// The canonical functions. Source: OData 4.01 Part 2, 5.1.1.5 to 5.1.1.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the function of its name
pub enum Function {
    Concat,
    Contains,
    EndsWith,
    IndexOf,
    Length,
    StartsWith,
    Substring,
    HasSubset,
    HasSubsequence,
    MatchesPattern,
    ToLower,
    ToUpper,
    Trim,
    Date,
    Day,
    FractionalSeconds,
    Hour,
    MaxDateTime,
    MinDateTime,
    Minute,
    Month,
    Now,
    Second,
    Time,
    TotalOffsetMinutes,
    TotalSeconds,
    Year,
    Ceiling,
    Floor,
    Round,
}
