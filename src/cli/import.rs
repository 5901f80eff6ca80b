//! `tessera import`.

use super::{Failure, args::Import, out::Out};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(args: &Import, _out: &mut Out) -> Result<(), Failure> {
    args.data.load()?;
    Err(Failure::new("'import' does not work in this version"))
}
