//! `tessera check`.

use std::io;

use super::{
    Failure,
    args::Check,
    call::{Reached, reach},
    out::Out,
    workspace::{Refusal, must_exist, options, real_files},
};
use crate::{
    local::{Call, Ends, print_report},
    model::helpdesk,
    store::{Snapshot, check::check},
};

/// Checks the data folder; exit code 0 only if everything is as it must be.
///
/// Beside a running server it checks what is confirmed; while none runs, every file as it lies there.
///
/// # Errors
/// What is wrong, the first fault in the line, all of them on standard output.
pub fn run(args: &Check, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    must_exist(&config.data)?;
    let all = || check(helpdesk(), &real_files(), &options(&config)).map_err(Refusal::from);
    match reach(&config, all)? {
        Reached::Here((report, state)) => {
            let state = state.as_deref().map(|state| state as &dyn Snapshot);
            print_report(report, state, out.writer())
        }
        Reached::Server(server) => {
            let (out, progress) = (out.writer(), &mut |_| {});
            server.run(&Call::Check, Ends { out, input: &mut io::empty(), progress })
        }
    }
}
