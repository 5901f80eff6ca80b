//! `tessera check`.

use super::{
    Failure,
    args::Check,
    out::Out,
    workspace::{must_exist, options, real_files, refusal},
};
use crate::{
    model::helpdesk,
    store::check::{Report, check},
};

/// Checks the data folder; exit code 0 only if everything is as it must be.
///
/// # Errors
/// What is wrong, the first fault in the line, all of them on standard output.
pub fn run(args: &Check, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    must_exist(&config.data)?;
    let report = check(helpdesk(), &real_files(), &options(&config)).map_err(refusal)?;
    print(&report, out)?;
    match report.faults.as_slice() {
        [] => out.line("everything is as it must be"),
        [first, ..] => {
            for fault in &report.faults {
                out.line(&format!("fault: {fault}"))?;
            }
            out.end()?;
            let hint = "the next 'tessera serve' rebuilds the records if they cannot be trusted";
            Err(Failure::new(format!("{first}; {hint}")))
        }
    }
}

fn print(report: &Report, out: &mut Out) -> Result<(), Failure> {
    let journal = &report.journal;
    out.line(&format!(
        "journal: transactions {} to {} in {} blocks, {} segments, {} bytes",
        journal.first_seq, journal.last_seq, journal.blocks, journal.segments, journal.bytes
    ))?;
    if let Some(torn) = &journal.torn {
        out.line(&format!(
            "journal: an unfinished block at byte {} of '{}', which nobody was told of; the next start cuts it",
            torn.offset, torn.file
        ))?;
    }
    for gap in &journal.gaps {
        let (first, last) = (gap.start(), gap.end());
        out.line(&format!("journal: transactions {first} to {last} were lost in a recovery"))?;
    }
    out.line(&format!("records: up to transaction {}", report.applied))?;
    if report.checkpoint_seq > 0 {
        out.line(&format!("checkpoint: at transaction {}", report.checkpoint_seq))?;
    }
    out.line(&format!(
        "long texts: {} read, {} left over by a crash",
        report.texts, report.leftover_texts
    ))?;
    for (name, counts) in &report.sets {
        let (rows, hash) = (counts.rows, counts.hash.short());
        out.line(&format!("{name:<16} {rows:>10}  {hash}"))?;
    }
    Ok(())
}
