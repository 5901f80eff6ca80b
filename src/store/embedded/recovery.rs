//! From a data folder to a running state: journal checked, records trusted or rebuilt, tail replayed.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Options,
    applier::{Block, STEPS_AT_ONCE},
    unreadable,
};
use crate::{
    model::Model,
    store::{
        Change, Commit, Fault, Root, Seq, Snapshot,
        change::set_code,
        checkpoint,
        files::Files,
        image::Image,
        journal::{Journal, JournalConfig, Lost, Open, TornTail},
        records::{Applied, Found, Place, Records, Step},
        root::Texts,
    },
};

const PROGRESS_EVERY: Duration = Duration::from_secs(2);

/// What was found and done when the folder was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The last transaction.
    pub seq: Seq,
    /// An unfinished block that was cut.
    pub torn: Option<TornTail>,
    /// What `recover` could not save.
    pub lost: Vec<Lost>,
    /// Whether the journal was set aside because its end was lost, and begun anew behind what is known.
    pub restarted: bool,
    /// Why the records were rebuilt from the journal, if they were.
    pub rebuilt: Option<String>,
    /// Whether the columns were read from their image, and not made of the records.
    pub imaged: bool,
    /// Transactions repeated on the records.
    pub replayed: u64,
    /// The newest checkpoint; 0 if there is none.
    pub checkpoint_seq: Seq,
}

/// Everything the engine's threads need.
pub(super) struct Recovered {
    pub root: Root,
    pub journal: Journal,
    pub records: Arc<Records>,
    pub image: Image,
    pub opened: Opened,
}

/// Opens the folder and brings the records up to the journal.
pub(super) fn recover(
    model: &'static Model,
    files: &Arc<dyn Files>,
    options: &Options,
) -> Result<Recovered, Fault> {
    let checkpoints = checkpoint::list(&options.checkpoints_dir())?;
    let checkpoint_seq = checkpoints.last().map_or(0, |(seq, _)| *seq);
    let mode = if options.recover { Open::Recover } else { Open::Strict };
    // Made here, so that they are for their owner alone and durable before anything is in them.
    for dir in [options.journal_dir(), options.records_dir()] {
        files.create_dir_all(&dir).map_err(|error| Fault::io("create", &dir, &error))?;
    }
    // Before the records are opened, which writes to them.
    let mut image = Image::take(&options.columns_dir())?;
    let found_records = open_records(model, options);
    if let Ok((_, applied)) = &found_records {
        applied.check_known(model)?;
    }
    let applied_seq = found_records.as_ref().map_or(0, |(_, applied)| applied.seq);
    let confirmed = applied_seq.max(checkpoint_seq);
    let config = JournalConfig { first_seq: checkpoint_seq + 1, confirmed, ..options.journal };
    let dir = options.journal_dir();
    let (mut journal, found) = Journal::open(Arc::clone(files), &dir, config, mode)?;
    let mut opened = Opened {
        seq: found.last_seq,
        torn: found.torn,
        lost: found.lost,
        checkpoint_seq,
        ..Opened::default()
    };
    // Whatever a recovery or a torn tail tells of, it was no clean stop.
    if options.recover || opened.torn.is_some() {
        image.discard()?;
    }
    let loaded = found_records.and_then(|(records, applied)| {
        load(model, options, (&journal, &mut image), records, &applied)
    });
    let (mut root, records) = match loaded {
        Ok(loaded) => loaded,
        Err(reason) => {
            tracing::warn!("the records are rebuilt from the journal: {reason}");
            opened.rebuilt = Some(reason.to_string());
            rebuild(model, options, &journal)?
        }
    };
    opened.imaged = image.is_used();
    opened.replayed = replay(model, &mut root, &records, &journal)?;
    check_known(model, &root)?;
    if root.seq() > journal.last_seq() {
        // Records or checkpoint know more than what is left of the journal: it goes on behind them.
        set_aside(&dir)?;
        let config = JournalConfig { first_seq: root.seq() + 1, confirmed: 0, ..options.journal };
        journal = Journal::open(Arc::clone(files), &dir, config, Open::Strict)?.0;
        opened.restarted = true;
    }
    if opened.restarted || !opened.lost.is_empty() {
        // The journal alone can no longer make this state.
        opened.checkpoint_seq = checkpoint::write(&root, &options.checkpoints_dir())?;
    }
    opened.seq = root.seq();
    Ok(Recovered { root, journal, records, image, opened })
}

/// Refuses entities with properties of a later version: whoever changed one would lose them.
fn check_known(model: &Model, root: &Root) -> Result<(), Fault> {
    for (set, declared) in model.set_ids().filter(|(set, _)| set_code(model, *set).is_some()) {
        for row in root.odd_rows(set) {
            if let Some(tag) = row.record.unknown_tag(model.structure(row.type_id)) {
                let what = format!("property {tag} of {}", declared.name);
                return Err(Fault::Unknown { what });
            }
        }
    }
    Ok(())
}

fn open_records(
    model: &'static Model,
    options: &Options,
) -> Result<(Arc<Records>, Applied), Fault> {
    let records = Records::open(model, &options.records_dir(), options.records_cache_bytes)?;
    let applied = records.applied()?;
    Ok((Arc::new(records), applied))
}

/// The state as the records have it, if they can be trusted.
fn load(
    model: &'static Model,
    options: &Options,
    (journal, image): (&Journal, &mut Image),
    records: Arc<Records>,
    applied: &Applied,
) -> Result<(Root, Arc<Records>), Fault> {
    let distrust = |reason: String| Fault::Io("cannot trust the records".into(), reason);
    let (applied_seq, first) = (applied.seq, journal.first_seq());
    if applied_seq + 1 < first {
        return Err(distrust(format!(
            "they end at transaction {applied_seq}, the journal starts at {first}"
        )));
    }
    let texts: Arc<dyn Texts> = Arc::clone(&records) as Arc<dyn Texts>;
    if applied_seq == journal.last_seq()
        && let Some(root) = image.load(model, &options.zone, &texts, applied)
    {
        return Ok((root, records));
    }
    image.discard()?;
    let mut root = Root::empty(model, options.zone.clone(), texts);
    let mut progress = Progress::new("loading records");
    records.for_each_row(&mut |Found { set, key, version, record }| {
        root.load(set, &key, record, version);
        progress.step();
        Ok(())
    })?;
    root.settle_loaded();
    applied.give_to(&mut root, model);
    if *applied != Applied::default() && Applied::of(&root, model) != *applied {
        return Err(distrust("they do not hash as they did when they were written".into()));
    }
    Ok((root, records))
}

/// Empty records, filled from the newest checkpoint where there is one; the journal must go on from there.
fn rebuild(
    model: &'static Model,
    options: &Options,
    journal: &Journal,
) -> Result<(Root, Arc<Records>), Fault> {
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
    Ok((root, records))
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

/// Repeats what the journal has beyond `root`; how many transactions that were.
fn replay(
    model: &'static Model,
    root: &mut Root,
    records: &Records,
    journal: &Journal,
) -> Result<u64, Fault> {
    let mut progress = Progress::new("replaying the journal");
    let (mut block, mut fresh, mut count) = (Block::default(), Vec::new(), 0);
    for entry in journal.read_from(root.seq() + 1)? {
        let (seq, bytes) = entry?;
        let commit = Commit::from_bytes(seq, &bytes, model).map_err(|why| unreadable(seq, why))?;
        block.add(model, root, &commit, bytes.len() as u64);
        for change in &commit.changes {
            if let Change::Text { set, key, tag, .. } = change {
                fresh.push((*set, key.clone(), *tag, seq));
            }
        }
        root.apply(&commit);
        count += 1;
        progress.step();
        if block.steps.len() >= STEPS_AT_ONCE {
            persist(model, root, records, std::mem::take(&mut block))?;
            root.forget_texts(fresh.drain(..));
            root.fold();
        }
    }
    if count > 0 {
        persist(model, root, records, block)?;
        records.flush()?;
        root.forget_texts(fresh.into_iter());
    }
    root.fold();
    // A recovered journal may end with a gap; new numbers come after it.
    root.set_seq(root.seq().max(journal.last_seq()));
    Ok(count)
}

fn persist(model: &Model, root: &Root, records: &Records, block: Block) -> Result<(), Fault> {
    let mut steps = block.steps;
    steps.extend(block.superseded.into_iter().map(Step::Remove));
    records.write(&steps, &Applied::of(root, model))
}

/// Renames a folder that cannot be trusted, so that nothing is thrown away before it was rebuilt.
pub(super) fn set_aside(dir: &Path) -> Result<(), Fault> {
    if !dir.exists() {
        return Ok(());
    }
    let aside = dir.with_extension("damaged");
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| Fault::io("remove", &aside, &error))?;
    }
    fs::rename(dir, &aside).map_err(|error| Fault::io("set aside", dir, &error))
}

/// A log line now and then while something takes long.
pub(super) struct Progress {
    what: &'static str,
    count: u64,
    last: Instant,
}

impl Progress {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, count: 0, last: Instant::now() }
    }

    pub(super) fn step(&mut self) {
        self.count += 1;
        if self.count.is_multiple_of(4096) && self.last.elapsed() >= PROGRESS_EVERY {
            tracing::info!(done = self.count, "{}", self.what);
            self.last = Instant::now();
        }
    }
}
