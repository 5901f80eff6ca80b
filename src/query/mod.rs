//! The neutral query: names resolved, types agreed, the caller's rights inside. No text, no HTTP, no storage.

pub mod apply;
mod arithmetic;
mod asks;
pub mod behind;
mod cast;
mod clock;
pub mod compare;
pub mod computed;
pub mod eval;
pub mod explain;
pub mod expr;
#[cfg(test)]
pub(crate) mod fixture;
mod functions;
pub mod list;
pub mod literal;
pub mod memory;
pub mod once;
mod pattern;
pub mod plan;
#[cfg(test)]
pub(crate) mod random;
mod rank;
pub mod resolve;
pub mod search;
pub mod source;
pub mod values;
mod walk;

pub use eval::{Binding, computed, eval, matches};
pub use expr::{
    BinaryOp, Collection, Expr, Find, Function, KeyRef, Lookup, Path, Quantifier, Step, Var,
};
pub use list::{get, list};
pub use plan::{Computed, Expand, ExpandKind, Order, Page, Plan, Shape, Start};
pub use resolve::{Context, related, value, value_opened};
pub use search::{Hits, Search};
pub use source::{Rights, Source};
pub use values::ValueSet;
pub use walk::look_up;
