//! `tessera backup`.

use std::io;

use super::{Failure, args::Backup, call::Place, out::Out, workspace::must_exist};
use crate::{
    local::{Call, Ends},
    model::helpdesk,
    store::backup::{self, Report, Stop, Target},
};

/// Writes a backup of the data folder; its name is there only once it was read back whole.
///
/// # Errors
/// A file that is there already, data that cannot be opened or read, no room.
pub fn run(args: &Backup, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    must_exist(&config.data)?;
    let mut place = Place::open(&config)?;
    let stop = &Stop::default();
    let target = Target { path: &args.file, replace: args.force, pace: place.pace(), stop };
    let report = backup::save(helpdesk(), target, |out| {
        place.run(&Call::Backup, Ends { out, input: &mut io::empty(), progress: &mut |_| {} })
    })?;
    print(&report, out)?;
    out.line(&format!("backed up and verified: {}", args.file.display()))
}

/// Counts and hashes of every set, as `tessera check` prints them, and what they belong to.
///
/// # Errors
/// Those of the output.
pub(super) fn print(report: &Report, out: &mut Out) -> Result<(), Failure> {
    for (name, counts) in &report.sets {
        let (rows, hash) = (counts.rows, counts.hash.short());
        out.line(&format!("{name:<16} {rows:>10}  {hash}"))?;
    }
    let Report { begun, seq, bytes, .. } = report;
    out.line(&format!("transaction {seq}, begun {begun}, {bytes} bytes"))
}
