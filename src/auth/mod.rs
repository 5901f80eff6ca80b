//! Who may do what: scopes, roles, access tokens and the rights they give.
//!
//! Pure rules over values. Knows no store, no HTTP and no clock: the time is always a parameter.

pub mod address;
pub mod expiry;
pub mod password;
pub mod rights;
pub mod secret;
pub mod session;
pub mod token;
mod visit;

pub use crate::model::{Kind, Role, Scopes, Standing, State, scope};
pub use address::Networks;
pub use password::Password;
pub use rights::{Confirmed, Owner, Principal};
pub use token::{KEY_PREFIX_DIGITS, PlainToken, TokenHash, key_prefix_of};
pub use visit::{Proof, Visit};
