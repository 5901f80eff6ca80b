//! The words of access: scopes, roles and kinds of tokens, and the arithmetic of a token's rights.
//!
//! Who may give what to whom is not decided here.

mod kind;
mod places;
mod role;
pub mod scope;
mod standing;
mod state;

pub use kind::Kind;
pub use places::is_bound;
pub use role::Role;
pub use scope::Scopes;
pub use standing::{GENERATIONS_MAX, Register, Standing};
pub use state::State;
