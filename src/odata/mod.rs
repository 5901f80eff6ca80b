//! Text to AST and back: the only place that knows OData's syntax (and nom).
//!
//! Purely syntactic: knows no model, no storage and no HTTP frames. Names are checked elsewhere.

pub mod apply;
pub mod ast;
pub mod body;
pub mod check;
mod collection;
pub mod compute;
pub mod context;
pub mod csv;
mod expr;
pub mod filter;
mod functions;
pub mod json;
mod lambda;
pub mod limits;
pub mod literal;
mod member;
pub mod metadata;
pub mod options;
pub mod orderby;
pub mod path;
mod print;
mod print_apply;
pub mod print_url;
#[cfg(test)]
mod round_trip;
pub mod search;
pub mod select_expand;
pub mod service;
pub mod skip_token;
mod syntax;
pub mod text;
pub mod url;

pub use limits::Limits;
