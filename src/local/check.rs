//! `tessera check`: beside a running server what can be checked there, and the report of both kinds.

use std::io::Write;

use super::{Failure, Ground, failure::line};
use crate::{
    desk::audit,
    store::{
        Snapshot, Store,
        check::{Report, Scope},
    },
};

/// What is said where files do not agree.
const HINT_OF_RECORDS: &str =
    "the next 'tessera serve' rebuilds the records if they cannot be trusted";

/// What is said where only the chain of the audit log does not hold.
const HINT_OF_CHAIN: &str = "somebody changed the audit log in the files; nothing mends that but a backup \
                             from before";

/// Checks the open data.
pub(super) fn run(ground: &Ground, out: &mut dyn Write) -> Result<(), Failure> {
    let report = ground.engine.check().map_err(Failure::of_store)?;
    print(report, Some(&*ground.engine.snapshot()), out)
}

/// Writes what was found, and what the chain of the audit log in `state` tells.
///
/// # Errors
/// The first fault in one line, after all of them were written.
pub fn print(
    mut report: Report,
    state: Option<&dyn Snapshot>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    describe(&report, out)?;
    let hint = if report.faults.is_empty() { HINT_OF_CHAIN } else { HINT_OF_RECORDS };
    if let Some(state) = state {
        let verified = audit::verify(state);
        line(out, &verified.to_line())?;
        report.faults.extend(verified.faults);
    }
    match report.faults.as_slice() {
        [] => line(out, "everything is as it must be"),
        [first, ..] => {
            for fault in &report.faults {
                line(out, &format!("fault: {fault}"))?;
            }
            out.flush().map_err(|error| Failure::of_output(&error))?;
            Err(Failure::new(format!("{first}; {hint}")))
        }
    }
}

fn describe(report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    let journal = &report.journal;
    let scope = match report.scope {
        Scope::Everything => None,
        Scope::UpTo(seq) => Some(format!(
            "checked beside the running server, as of transaction {seq}; not what came after it, the \
             unused end of the journal and left over long texts: those are checked while it is stopped"
        )),
    };
    if let Some(scope) = scope {
        line(out, &scope)?;
    }
    line(
        out,
        &format!(
            "journal: transactions {} to {} in {} blocks, {} segments, {} bytes",
            journal.first_seq, journal.last_seq, journal.blocks, journal.segments, journal.bytes
        ),
    )?;
    if let Some(torn) = &journal.torn {
        line(
            out,
            &format!(
                "journal: an unfinished block at byte {} of '{}', which nobody was told of; the next start cuts it",
                torn.offset, torn.file
            ),
        )?;
    }
    for gap in &journal.gaps {
        let (first, last) = (gap.start(), gap.end());
        line(out, &format!("journal: transactions {first} to {last} were lost in a recovery"))?;
    }
    line(out, &format!("records: up to transaction {}", report.applied))?;
    if report.checkpoint_seq > 0 {
        line(out, &format!("checkpoint: at transaction {}", report.checkpoint_seq))?;
    }
    let texts = match report.scope {
        Scope::Everything => format!(
            "long texts: {} read, {} left over by a crash",
            report.texts, report.leftover_texts
        ),
        Scope::UpTo(_) => format!("long texts: {} read", report.texts),
    };
    line(out, &texts)?;
    for (name, counts) in &report.sets {
        let (rows, hash) = (counts.rows, counts.hash.short());
        line(out, &format!("{name:<16} {rows:>10}  {hash}"))?;
    }
    Ok(())
}
