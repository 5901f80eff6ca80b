//! The neutral query: names resolved, types agreed, the caller's rights inside. No text, no HTTP, no storage.

pub mod expr;
pub mod plan;
pub mod source;

pub use expr::{BinaryOp, Collection, Expr, Function, Path, Quantifier, Step, Var};
pub use plan::{Expand, ExpandKind, Order, Page, Plan, Shape, Start};
pub use source::{Rights, Source};
