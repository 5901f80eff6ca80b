//! The state that the records show: from the image and the journal behind it, from all records, or
//! from a checkpoint where the records cannot be trusted.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
};

use super::{Progress, replay, set_aside};
use crate::{
    model::Model,
    store::{
        Change, Fault, Root, Seq, Snapshot, checkpoint,
        embedded::{Options, applier::STEPS_AT_ONCE},
        image::{Expected, Image},
        journal::Journal,
        records::{self, Applied, Place, Records, Step},
        root::Texts,
    },
};

/// Records handed over at once while all of them are read.
const BATCH_ROWS: usize = 1024;
/// Batches on their way: a few MiB.
const BATCHES_AHEAD: usize = 4;

/// What the folder holds.
pub(super) struct Found<'a> {
    pub journal: &'a Journal,
    pub image: &'a Image,
    pub records: Arc<Records>,
    pub applied: Applied,
    /// The newest checkpoint; 0 if there is none.
    pub checkpoint_seq: Seq,
    /// The last entry that the journal has lost with others behind it; 0 if there is none.
    pub last_gap: Seq,
    /// Why the records have to prove that they are what was written; none if they need not.
    pub doubt: Option<&'static str>,
}

/// A state, and the records that show it.
pub(super) struct Loaded {
    pub root: Root,
    pub records: Arc<Records>,
    /// Up to which transaction it was read from the image; none if not at all.
    pub imaged: Option<Seq>,
}

/// The state as the records have it, if they can be trusted.
pub(super) fn load(
    model: &'static Model,
    options: &Options,
    found: Found<'_>,
) -> Result<Loaded, Fault> {
    let (applied_seq, first) = (found.applied.seq, found.journal.first_seq());
    if applied_seq + 1 < first {
        return Err(distrust(format!(
            "they end at transaction {applied_seq}, the journal starts at {first}"
        )));
    }
    if applied_seq < found.last_gap.min(found.checkpoint_seq) {
        return Err(distrust(format!(
            "they end at transaction {applied_seq}, the journal has lost {} and the checkpoint has it",
            found.last_gap
        )));
    }
    if let Some(why) = found.doubt.filter(|_| found.applied != Applied::default()) {
        tracing::info!("the records are read and compared with their hash, for {why}");
    } else if let Some((root, imaged)) = from_image(model, options, &found) {
        return Ok(Loaded { root, records: found.records, imaged: Some(imaged) });
    }
    found.image.discard();
    let root = from_records(model, options, &found)?;
    Ok(Loaded { root, records: found.records, imaged: None })
}

fn distrust(reason: String) -> Fault {
    Fault::Io("cannot trust the records".into(), reason)
}

/// The image, and what the journal has between it and the records; none where that cannot be read, or
/// is not what they count.
fn from_image(model: &'static Model, options: &Options, found: &Found<'_>) -> Option<(Root, Seq)> {
    let Found { journal, image, records, applied, .. } = found;
    let texts: Arc<dyn Texts> = Arc::clone(records) as Arc<dyn Texts>;
    let expected = Expected { applied, first: journal.first_seq() };
    let mut root = image.load(model, &options.zone, &texts, &expected)?;
    let imaged = root.seq();
    let replayed = match replay::columns(model, &mut root, journal, applied.seq) {
        Ok(replayed) => replayed,
        Err(fault) => return image.refuse(&fault),
    };
    if Applied::of(&root, model) != *applied {
        return image
            .refuse(&"with the journal behind it, it does not make what the records count");
    }
    image.fall_behind(replayed.bytes);
    Some((root, imaged))
}

/// All records, which must hash to what they count.
fn from_records(
    model: &'static Model,
    options: &Options,
    found: &Found<'_>,
) -> Result<Root, Fault> {
    let Found { records, applied, .. } = found;
    let texts: Arc<dyn Texts> = Arc::clone(records) as Arc<dyn Texts>;
    let mut root = Root::empty(model, options.zone.clone(), texts);
    let mut progress = Progress::new("loading records");
    // Finding the records takes about as long as making columns of them.
    let (sender, batches) = sync_channel(BATCHES_AHEAD);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || read_ahead(records, &sender));
        for records::Found { set, key, version, record } in batches.into_iter().flatten() {
            root.load(set, &key, record, version);
            progress.step();
        }
        reading.join().unwrap_or_else(|_| Err(distrust("reading them ended with a panic".into())))
    })?;
    root.settle_loaded();
    applied.give_to(&mut root, model);
    // Without a position they are empty, or a start was killed while it made them of a checkpoint: to repeat
    // the journal over what a checkpoint has would take out what the journal put in first.
    if Applied::of(&root, model) != *applied {
        return Err(distrust("they do not hash as they did when they were written".into()));
    }
    Ok(root)
}

/// Hands on all records in batches; whoever takes them is there until the end.
fn read_ahead(records: &Records, to: &SyncSender<Vec<records::Found>>) -> Result<(), Fault> {
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    records.for_each_row(&mut |found| {
        batch.push(found);
        if batch.len() >= BATCH_ROWS {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
            to.send(full).map_err(|_| Fault::Closed)?;
        }
        Ok(())
    })?;
    to.send(batch).map_err(|_| Fault::Closed)
}

/// Empty records, filled from the newest checkpoint where there is one; the journal must go on from there.
pub(super) fn rebuild(
    model: &'static Model,
    options: &Options,
    journal: &Journal,
) -> Result<Loaded, Fault> {
    let dir = options.records_dir();
    set_aside(&dir)?;
    let records = Arc::new(Records::open(model, &dir, options.records_cache_bytes)?);
    let texts: Arc<dyn Texts> = Arc::clone(&records) as Arc<dyn Texts>;
    let mut root = Root::empty(model, options.zone.clone(), texts);
    if let Some((_, path)) = checkpoint::list(&options.checkpoints_dir())?.last() {
        fill(model, &mut root, &records, path)?;
    }
    if root.seq() + 1 < journal.first_seq() {
        return Err(Fault::Damaged {
            file: options.journal_dir().display().to_string(),
            offset: 0,
            reason: format!(
                "it starts at transaction {}, and no checkpoint has what came before",
                journal.first_seq()
            ),
        });
    }
    Ok(Loaded { root, records, imaged: None })
}

/// Brings a checkpoint into a state and its records.
fn fill(
    model: &'static Model,
    root: &mut Root,
    records: &Records,
    path: &Path,
) -> Result<(), Fault> {
    let mut progress = Progress::new("reading the checkpoint");
    let mut steps = Vec::new();
    let applied = checkpoint::read(model, path, &mut |change, version| {
        match change {
            Change::Put { set, key, record } => {
                let place = Place::Row { set, key: key.clone(), version };
                steps.push(Step::Write(place, record.as_bytes().into()));
                root.load(set, &key, record, version);
            }
            Change::Text { set, key, tag, text } => {
                let place = Place::Text { set, key, tag, version };
                steps.push(Step::Write(place, text.as_bytes().into()));
            }
            Change::Delete { .. } => {}
        }
        progress.step();
        if steps.len() >= STEPS_AT_ONCE {
            records.write(&std::mem::take(&mut steps), &Applied::default())?;
        }
        Ok(())
    })?;
    root.settle_loaded();
    applied.give_to(root, model);
    if Applied::of(root, model) != applied {
        let file = path.display().to_string();
        let reason = "its sets do not hash as they did when it was written".to_owned();
        return Err(Fault::Damaged { file, offset: 0, reason });
    }
    records.write(&steps, &applied)?;
    records.flush()
}
