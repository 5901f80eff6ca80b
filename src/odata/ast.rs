//! What was written, as a tree: expressions, searches and the system query options.
//!
//! Names are kept as written and mean nothing here; parentheses live in the shape of the tree.

use std::{collections::BTreeMap, sync::Arc};

/// An expression of `$filter`, `$orderby`, `$compute`, a key or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A constant.
    Literal(Literal),
    /// A parameter alias standing alone, without its `@`.
    Alias(String),
    /// A property, navigation, variable or annotation path.
    Path(Path),
    /// `name(a,b)`: a canonical function, or (as only a model can tell) a custom one or a key.
    Call {
        /// As written, `tolower` as well as `Ns.Function`; canonical names compare ignoring case.
        name: String,
        /// In order; types in `cast` and `isof` are paths.
        args: Vec<Expr>,
    },
    /// `case(condition:value,…)`, one pair or more.
    Case(Vec<(Expr, Expr)>),
    /// `path/any(x:predicate)` or `path/all(x:predicate)`.
    Lambda(Box<Lambda>),
    /// Two or more terms joined by `and`.
    And(Vec<Expr>),
    /// Two or more terms joined by `or`.
    Or(Vec<Expr>),
    /// `not x`.
    Not(Box<Expr>),
    /// `-x`, where `x` is not a number (those are negative literals).
    Negate(Box<Expr>),
    /// Any other operator between two operands.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `x in (1,2)`, `x in [1,2]`, `x in Path`.
    In {
        /// What is looked for.
        left: Box<Expr>,
        /// Where.
        list: InList,
    },
    /// `[1,2]`: a collection.
    Array(Vec<Expr>),
    /// `{"name":value}`: a complex value, in the order written.
    Object(Vec<(String, Expr)>),
}

/// The right side of `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InList {
    /// Items written out, in parentheses or brackets.
    Items(Vec<Expr>),
    /// An expression that is itself a collection.
    Collection(Box<Expr>),
}

/// An operator between two operands, `and` and `or` excepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `gt`
    Gt,
    /// `ge`
    Ge,
    /// `lt`
    Lt,
    /// `le`
    Le,
    /// `has`
    Has,
    /// `add`
    Add,
    /// `sub`
    Sub,
    /// `mul`
    Mul,
    /// `div`
    Div,
    /// `divby`
    DivBy,
    /// `mod`
    Mod,
}

/// A constant, typed by its syntax alone; text is kept where a value would lose something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// Digits with an optional sign that fit 64 bits.
    Integer(i64),
    /// Digits with a point, or more digits than 64 bits hold: `-1.50`. As written, without `+`.
    Decimal(String),
    /// A number with an exponent, `INF`, `-INF` or `NaN`. As written, without leading `+`.
    Double(String),
    /// The text between quotes, doubled quotes undone; shared, as an alias may be put in often.
    String(Arc<str>),
    /// `01234567-89ab-cdef-0123-456789abcdef`, case as written.
    Guid(String),
    /// `2026-11-21`; days a month does not have are possible.
    Date(String),
    /// `2026-11-21T22:00:00+02:00`
    DateTimeOffset(String),
    /// `22:00` or `22:00:05.25`
    TimeOfDay(String),
    /// The text within `duration'…'`: `P1DT2H`.
    Duration(String),
    /// The text within `binary'…'`, base64url.
    Binary(String),
    /// `Ns.Type'Member,Other'` or `Ns.Type'3'`.
    Enum {
        /// Qualified name of the type.
        type_name: String,
        /// Members or numbers, comma-separated, as written.
        value: String,
    },
    /// `geography'…'` or `geometry'…'`, not looked into.
    Geo {
        /// `true` for `geography`, coordinates on the globe.
        geography: bool,
        /// The text between the quotes.
        text: String,
    },
}

/// A path within an expression; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// From the left.
    pub segments: Vec<Segment>,
}

/// One step of a path within an expression, `$select` or `$expand`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// `$it`, first only.
    It,
    /// `$this`, first only.
    This,
    /// `$root`, first only.
    Root,
    /// `@p`, first only and followed by more; alone it is `Expr::Alias`.
    Alias(String),
    /// `@Ns.Term#Qualifier`, without its `@`; before a slash always with a dot in it.
    Annotation(String),
    /// A property, a lambda variable, or a type or function in the default namespace.
    Name(String),
    /// `Ns.Name`: a type cast or a bound function.
    Qualified(String),
    /// Parentheses after the name before: a key or the parameters of a function.
    Parens(Args),
    /// `$count`, with what it counts; always last.
    Count {
        /// `$count($filter=…)`
        filter: Option<Box<Expr>>,
        /// `$count($search=…)`
        search: Option<Search>,
    },
    /// `$filter(…)`, a subset of a collection.
    Filter(Box<Expr>),
    /// `*`, in `$select` and `$expand` only.
    Star,
}

/// What stands in the parentheses of a key or a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Args {
    /// `(7)` or `('a',2)` or nothing.
    Positional(Vec<Expr>),
    /// `(A=1,B='x')`, one or more, in the order written.
    Named(Vec<(String, Expr)>),
}

/// `any` or `all` over a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lambda {
    /// The collection.
    pub source: Path,
    /// Which of the two.
    pub kind: LambdaKind,
    /// Variable and predicate; absent in `any()`, which asks whether there is anything.
    pub body: Option<(String, Expr)>,
}

/// Which quantifier a lambda is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LambdaKind {
    /// At least one.
    Any,
    /// Every one; true of nothing.
    All,
}

/// An expression of `$search`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// One word.
    Word(String),
    /// Words in sequence, the text between double quotes.
    Phrase(String),
    /// `NOT x`
    Not(Box<Search>),
    /// Two or more, joined by `AND` or nothing.
    And(Vec<Search>),
    /// Two or more, joined by `OR`.
    Or(Vec<Search>),
}

/// One key of `$orderby`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderItem {
    /// What is compared.
    pub expr: Expr,
    /// Which end comes first.
    pub direction: Direction,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first, nulls before.
    #[default]
    Ascending,
    /// Largest first, nulls after.
    Descending,
}

/// One computed property: `expr as alias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputeItem {
    /// What is computed.
    pub expr: Expr,
    /// The name it is given.
    pub alias: String,
}

/// One transformation of `$apply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transformation {
    /// `identity`
    Identity,
    /// `filter(…)`
    Filter(Expr),
    /// `search(…)`
    Search(Search),
    /// `compute(…)`
    Compute(Vec<ComputeItem>),
    /// `aggregate(…)`
    Aggregate(Vec<AggregateItem>),
    /// `groupby((…))`, `groupby((…),…)`
    GroupBy {
        /// Only `Name` and `Qualified` occur.
        keys: Vec<Path>,
        /// What is done with each group; empty if nothing is said.
        then: Vec<Transformation>,
    },
    /// `topcount(n,…)`, `bottomcount(n,…)`
    Extreme {
        /// Which end.
        end: End,
        /// How many.
        count: u64,
        /// By what.
        by: Expr,
    },
    /// `orderby(…)`
    OrderBy(Vec<OrderItem>),
    /// `skip(n)`
    Skip(u64),
    /// `top(n)`
    Top(u64),
    /// `concat(…,…)`, two or more.
    Concat(Vec<Vec<Transformation>>),
}

/// One item of `aggregate`: `expr with method as alias`, `$count as alias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateItem {
    /// What is aggregated; a path of nothing but `$count` counts what comes in.
    pub expr: Expr,
    /// How, as written; absent only where `expr` ends in `$count`.
    pub method: Option<String>,
    /// The name it is given.
    pub alias: String,
}

/// Largest or smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `top…`
    Top,
    /// `bottom…`
    Bottom,
}

/// One item of `$select`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectItem {
    /// `*`
    All,
    /// `Ns.*`, every operation of a namespace.
    AllOperations(String),
    /// A property, perhaps through casts and complex properties, or an operation.
    Path {
        /// Only `Name`, `Qualified`, `Annotation` and `Star` occur.
        path: Path,
        /// `Ns.Function(Location,Kind)`: the parameter names that pick an overload.
        overload: Vec<String>,
        /// What stands in parentheses: `$select`, `$filter`, `$top` and so on.
        options: Box<QueryOptions>,
    },
}

/// One item of `$expand`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandItem {
    /// Only `Name`, `Qualified`, `Annotation` and `Star` occur.
    pub path: Path,
    /// Whether entities, links or a number are asked for.
    pub kind: ExpandKind,
    /// What stands in parentheses: `$select`, `$expand`, `$levels` and so on.
    pub options: Box<QueryOptions>,
}

/// What an expansion brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpandKind {
    /// The related entities.
    Entities,
    /// `/$ref`: only their ids.
    References,
    /// `/$count`: only their number.
    Count,
}

/// The value of `$levels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levels {
    /// That many.
    Number(u64),
    /// `max`
    Max,
}

/// All options of a request, or of one pair of parentheses in `$expand` and `$select`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// `$filter`
    pub filter: Option<Expr>,
    /// `$search`
    pub search: Option<Search>,
    /// `$orderby`, most significant first; empty if absent.
    pub orderby: Vec<OrderItem>,
    /// `$top`
    pub top: Option<u64>,
    /// `$skip`
    pub skip: Option<u64>,
    /// `$count`
    pub count: Option<bool>,
    /// `$select`; `None` if absent, never empty.
    pub select: Option<Vec<SelectItem>>,
    /// `$expand`; empty if absent.
    pub expand: Vec<ExpandItem>,
    /// `$compute`; empty if absent.
    pub compute: Vec<ComputeItem>,
    /// `$apply`; `None` if absent, never empty.
    pub apply: Option<Vec<Transformation>>,
    /// `$levels`, only within `$expand`.
    pub levels: Option<Levels>,
    /// `$format`, a short name or a media type.
    pub format: Option<String>,
    /// `$skiptoken`
    pub skiptoken: Option<String>,
    /// `$deltatoken`
    pub deltatoken: Option<String>,
    /// `$id`, of `$entity`.
    pub id: Option<String>,
    /// `$index`
    pub index: Option<i64>,
    /// `$schemaversion`
    pub schemaversion: Option<String>,
    /// `@p=…`, by name without the `@`.
    pub aliases: BTreeMap<String, Expr>,
    /// Everything that is not OData's, decoded, in the order given.
    pub custom: Vec<(String, String)>,
}
