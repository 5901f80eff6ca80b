//! Text to AST and back: the only place that knows OData's syntax (and nom).
//!
//! Purely syntactic: knows no model, no storage and no HTTP frames. Names are checked elsewhere.

pub mod ast;
pub mod limits;
pub mod path;
pub mod service;

pub use limits::Limits;
