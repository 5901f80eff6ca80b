//! `tessera restore`.

use super::{
    Failure,
    args::{DataArgs, Restore},
    backup::print,
    out::Out,
    workspace::{options, real_files},
};
use crate::{
    model::helpdesk,
    store::{Fault, backup},
};

/// Makes a data folder of a backup, all at once when everything was compared.
///
/// # Errors
/// A folder that holds something, a backup that is damaged or of a newer version, no room.
pub fn run(args: Restore, out: &mut Out) -> Result<(), Failure> {
    let Restore { file, data, config } = args;
    let config = DataArgs { data: Some(data), config }.load()?;
    let made = backup::restore(helpdesk(), &real_files(), &file, options(&config));
    let report = made.map_err(|fault| match fault {
        Fault::Locked { pid, .. } => {
            Failure::new(format!("another restore to this folder runs in process {pid}"))
        }
        other => Failure::of_backup(other),
    })?;
    print(&report, out)?;
    out.line(&format!("restored and verified: {}", config.data.display()))
}
