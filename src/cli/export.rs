//! `tessera export`.

use super::{
    Failure,
    args::Export,
    import::find_set,
    out::{Out, failure},
    workspace::Workspace,
};
use crate::{
    model::{SetId, helpdesk},
    transfer::{self, EXPORTED, export},
};

/// Writes one set, or everything, as JSON Lines to standard output.
///
/// # Errors
/// A set that is not exported, data that cannot be opened, a long text that cannot be read.
pub fn run(args: &Export, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    let sets: Vec<SetId> = match &args.set {
        Some(name) => vec![find_set(helpdesk(), name)?],
        None => EXPORTED.to_vec(),
    };
    let workspace = Workspace::open_existing(&config)?;
    match export(&*workspace.desk.snapshot(), &sets, out.writer(), &mut |_| {}) {
        Ok(_) => Ok(()),
        Err(transfer::Failure::File(error)) => Err(failure(&error)),
        Err(transfer::Failure::Store(error)) => Err(Failure::new(error)),
    }
}
