//! `tessera query`.

use super::{Failure, args::Query, call, out::Out};
use crate::local::Call;

/// Prints the answer to a query, or with `--explain` how it would be found.
///
/// # Errors
/// What a client would be told; data that cannot be opened.
pub fn run(args: &Query, out: &mut Out) -> Result<(), Failure> {
    let (address, explain) = (args.query.clone(), args.explain);
    call::run(&args.data.load()?, &Call::Query { address, explain }, out)
}
