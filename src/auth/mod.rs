//! Who may do what: scopes, roles, access tokens and the rights they give.
//!
//! Pure rules over values. Knows no store, no HTTP and no clock: the time is always a parameter.

pub mod expiry;
pub mod rights;
pub mod role;
pub mod scope;
pub mod token;

pub use expiry::State;
pub use rights::{Owner, Principal, in_force};
pub use role::Role;
pub use scope::Scopes;
pub use token::{Kind, PlainToken, TokenHash};
