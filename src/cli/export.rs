//! `tessera export`.

use super::{Failure, args::Export, out::Out};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(args: &Export, _out: &mut Out) -> Result<(), Failure> {
    args.data.load()?;
    Err(Failure::new("'export' does not work in this version"))
}
