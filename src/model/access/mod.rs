//! The words of access: scopes, roles and kinds of tokens. Data and set arithmetic; who gets what is not
//! decided here.

mod kind;
mod role;
pub mod scope;

pub use kind::Kind;
pub use role::Role;
pub use scope::Scopes;
