//! `tessera check`: is every file sound, and do the records say what the journal says?

mod online;
mod told;

use std::sync::Arc;

use jiff::tz::TimeZone;

use self::told::Told;
use super::{
    Commit, Counts, Fault, Root, Seq, Snapshot,
    change::set_code,
    checkpoint,
    embedded::Options,
    files::Files,
    journal::{self, JournalReader, Summary},
    lock::Lock,
    records::{Applied, Found, Records},
    root::Texts,
    trust::Trust,
};
use crate::{
    model::{Model, SetId},
    query::Source,
};

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Every file, which only a stopped server leaves alone.
    #[default]
    Everything,
    /// While a server runs, what was confirmed up to this transaction.
    UpTo(Seq),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How much was looked at.
    pub scope: Scope,
    /// The journal, block by block.
    pub journal: Summary,
    /// The last transaction the records show; the next start repeats what comes after.
    pub applied: Seq,
    /// The newest checkpoint; 0 if there is none.
    pub checkpoint_seq: Seq,
    /// Each stored set with what it counts, as the records and the journal's tail make it.
    pub sets: Vec<(&'static str, Counts)>,
    /// Long texts read and compared with what their records vouch for.
    pub texts: u64,
    /// Superseded long texts that a crash left behind; they only take room.
    pub leftover_texts: u64,
    /// Everything that is not as it must be; empty when all is well.
    pub faults: Vec<String>,
}

/// Checks the data folder of `options` and changes nothing in the journal; what was found, and the
/// state that records and journal make, for whoever has more to check in it.
///
/// # Errors
/// `Locked` while a server runs on it, `Damaged` or `Newer` where reading cannot go on.
pub fn check(
    model: &'static Model,
    files: &Arc<dyn Files>,
    options: &Options,
) -> Result<(Report, Option<Arc<Root>>), Fault> {
    let _lock = Lock::take(&options.dir)?;
    let mut report = Report {
        journal: journal::verify(files.as_ref(), &options.journal_dir())?,
        ..Report::default()
    };
    let reader = JournalReader::new(Arc::clone(files), &options.journal_dir());
    let last = report.journal.last_seq;

    let checkpoint = checkpoint::list(&options.checkpoints_dir())?.pop();
    report.checkpoint_seq = checkpoint.as_ref().map_or(0, |(seq, _)| *seq);
    must_reach(&report, options, report.checkpoint_seq)?;
    let told = Told::read(model, checkpoint.as_ref(), &reader, last)?;

    let dir = options.records_dir();
    let is_missing = std::fs::read_dir(&dir).map_or(true, |mut entries| entries.next().is_none());
    if is_missing && last > 0 {
        report.faults.push("the records are missing".to_owned());
        return Ok((report, None));
    }
    // Opening them writes to them; a power cut meanwhile must not find them as they were left.
    let trust = Trust::read(&options.workspace())?;
    let records = Arc::new(Records::open(model, &dir, options.records_cache_bytes)?);
    let (mut seen, applied) = from_records(model, &records, &mut report)?;
    report.applied = applied.seq;
    must_reach(&report, options, applied.seq)?;
    let first = report.journal.first_seq;
    if applied.seq + 1 < first {
        let fault = format!(
            "the records end at transaction {}, the journal starts at {first}",
            applied.seq
        );
        report.faults.push(fault);
        return Ok((report, None));
    }
    replay(model, &mut seen, &reader, last)?;
    compare(model, &seen, &told, &mut report);
    check_texts(model, &seen, &records, &mut report)?;
    if report.faults.is_empty() {
        records.seal().and_then(|()| trust.leave_again())?;
    } else {
        trust.forget()?;
    }
    Ok((report, Some(Arc::new(seen))))
}

/// What looks like a torn tail may have been confirmed once; a start refuses it in the same words.
fn must_reach(report: &Report, options: &Options, confirmed: Seq) -> Result<(), Fault> {
    let (dir, last) = (options.journal_dir(), report.journal.last_seq);
    if confirmed > last {
        return Err(journal::ends_too_early(&dir, report.journal.torn.as_ref(), last, confirmed));
    }
    Ok(())
}

/// The state as the records have it.
fn from_records(
    model: &'static Model,
    records: &Arc<Records>,
    report: &mut Report,
) -> Result<(Root, Applied), Fault> {
    let applied = records.applied()?;
    let texts: Arc<dyn Texts> = Arc::clone(records) as Arc<dyn Texts>;
    let mut root = Root::empty(model, TimeZone::UTC, texts);
    records.for_each_row(&mut |Found { set, key, version, record }| {
        root.load(set, &key, record, version);
        Ok(())
    })?;
    root.settle_loaded();
    applied.give_to(&mut root, model);
    if applied != Applied::default() && Applied::of(&root, model) != applied {
        let fault = "the records do not hash as they did when they were written";
        report.faults.push(fault.into());
    }
    Ok((root, applied))
}

fn replay(model: &Model, root: &mut Root, reader: &JournalReader, last: Seq) -> Result<(), Fault> {
    for entry in reader.entries(root.seq() + 1, last)? {
        let (seq, bytes) = entry?;
        let commit = commit(model, seq, &bytes)?;
        root.apply(&commit);
    }
    root.fold();
    Ok(())
}

/// A transaction as the journal has it.
fn commit(model: &Model, seq: Seq, bytes: &[u8]) -> Result<Commit, Fault> {
    Commit::from_bytes(seq, bytes, model).map_err(|reason| {
        Fault::Io(format!("cannot read transaction {seq} of the journal"), reason.into())
    })
}

fn compare(model: &Model, seen: &Root, told: &Told, report: &mut Report) {
    let shown = match report.scope {
        Scope::Everything => "the records have",
        Scope::UpTo(_) => "the server shows",
    };
    for (set, declared) in model.set_ids().filter(|(set, _)| set_code(model, *set).is_some()) {
        let (records, journal) = (seen.counts(set), told.counts(set));
        if records != journal {
            report.faults.push(format!(
                "{}: {shown} {} entities (hash {}), the journal makes {} (hash {})",
                declared.name,
                records.rows,
                records.hash.short(),
                journal.rows,
                journal.hash.short(),
            ));
        }
        report.sets.push((declared.name, records));
    }
}

/// Reads every long text a row refers to.
fn check_texts(
    model: &Model,
    root: &Root,
    records: &Records,
    report: &mut Report,
) -> Result<(), Fault> {
    for (set, _) in model.set_ids().filter(|(set, _)| set_code(model, *set).is_some()) {
        read_texts(model, root, set, report);
    }
    let kept = records.count_texts()?;
    let fresh = root.fresh_texts();
    report.leftover_texts = u64::saturating_sub(kept + fresh, report.texts);
    Ok(())
}

/// Reads every long text of a set's rows.
fn read_texts(model: &Model, root: &Root, set: SetId, report: &mut Report) {
    let (name, structure) = (model.set(set).name, model.entity_type(set));
    let long: Vec<_> = structure.props().filter(|(_, property)| property.is_long()).collect();
    if long.is_empty() {
        return;
    }
    for row in root.rows(set) {
        for (prop, property) in &long {
            if row.record.text_ref(structure, *prop).is_none() {
                continue;
            }
            report.texts += 1;
            if root.read_text(&row, *prop).is_err() {
                let key = row.key(model).as_int().unwrap_or_default();
                report.faults.push(format!("{name}({key})/{} cannot be read", property.name));
            }
        }
    }
}
