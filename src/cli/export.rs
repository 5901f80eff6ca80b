//! `tessera export`.

use super::{Failure, args::Export, call, out::Out};
use crate::local::Call;

/// Writes one set, or everything, as JSON Lines to standard output.
///
/// # Errors
/// A set that is not exported, data that cannot be opened, a long text that cannot be read.
pub fn run(args: &Export, out: &mut Out) -> Result<(), Failure> {
    call::run(&args.data.load()?, &Call::Export { set: args.set.clone() }, out)
}
