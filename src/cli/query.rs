//! `tessera query`.

use super::{Failure, args::Query, out::Out};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(args: &Query, _out: &mut Out) -> Result<(), Failure> {
    args.data.load()?;
    Err(Failure::new("'query' does not work in this version"))
}
