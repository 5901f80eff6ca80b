//! Who may do what: scopes, roles, access tokens and the rights they give.
//!
//! Pure rules over values. Knows no store, no HTTP and no clock: the time is always a parameter.

pub mod expiry;
pub mod rights;
pub mod token;
mod visit;

pub use crate::model::{Kind, Role, Scopes, scope};
pub use expiry::State;
pub use rights::{Owner, Principal, in_force};
pub use token::{KEY_PREFIX_DIGITS, PlainToken, TokenHash};
pub use visit::{Proof, Visit};
