//! The resource path: what a request's address names, before any model says what the names are.

use super::ast::{Args, Expr};

/// A resource path; no segments at all is the service root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourcePath {
    /// From the left; a trailing slash adds none.
    pub segments: Vec<PathSegment>,
}

/// One piece of a resource path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// Anything without a meaning of its own, decoded: a set, singleton, property, operation,
    /// or a key written as a segment (`7`, `O'Neil`).
    Name(String),
    /// `Ns.Name`: a type cast or a bound operation. A key may look so too.
    Qualified(String),
    /// Parentheses after the segment before, not divided by a slash: `(7)`, `(A=1)`, `()`.
    Parens(Args),
    /// `$metadata`
    Metadata,
    /// `$batch`
    Batch,
    /// `$entity`
    Entity,
    /// `$all`
    All,
    /// `$crossjoin(A,B)`
    CrossJoin(Vec<String>),
    /// `$count`
    Count,
    /// `$ref`
    Ref,
    /// `$value`
    Value,
    /// `$query`
    Query,
    /// `$each`
    Each,
    /// `$filter(…)`
    Filter(Expr),
}
