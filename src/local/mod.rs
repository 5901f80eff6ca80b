//! Commands of the machine's operator, run where the data is open: in a process of their own, or
//! inside the running server through a socket in the data folder that its owner alone may use.
//!
//! A command is a [`Call`]. It runs on a [`Ground`] and writes to an [`Ends`], and knows neither the
//! command line nor whether a socket lies between.

mod call;
mod check;
#[cfg(unix)]
mod client;
mod failure;
#[cfg(unix)]
mod frame;
mod ground;
mod import;
#[cfg(not(unix))]
mod nowhere;
mod reads;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod socket;
mod text;
mod tokens;
mod users;

pub use call::Call;
pub use check::print as print_report;
#[cfg(unix)]
pub use client::{Connection, connect};
pub use failure::Failure;
pub use ground::{Ends, Ground};
pub use import::{Tally, find_set};
#[cfg(not(unix))]
pub use nowhere::{Connection, Server, connect};
#[cfg(unix)]
pub use server::Server;
pub use tokens::NewToken;
pub use users::UserChange;
