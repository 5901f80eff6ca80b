//! From a data folder to a running state: journal checked, records trusted or rebuilt, tail replayed.

mod replay;
mod state;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use self::state::{Found, Loaded};
use super::Options;
use crate::{
    model::Model,
    store::{
        Fault, Root, Seq, Snapshot,
        change::set_code,
        checkpoint,
        files::Files,
        image::Image,
        journal::{Journal, JournalConfig, Lost, Open, TornTail},
        records::{Applied, Records},
        trust::Trust,
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
    /// Where it was set aside, if there was anything of it.
    pub aside: Option<PathBuf>,
    /// Why the records were rebuilt from the journal, if they were.
    pub rebuilt: Option<String>,
    /// The transaction up to which the columns were read from their image; none if all records were read.
    pub imaged: Option<Seq>,
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
    pub trust: Trust,
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
    let image = Image::of(&options.columns_dir())?;
    // Before the records are opened, which writes to them.
    let mut trust = Trust::read(&options.workspace())?;
    let found_records = open_records(model, options);
    if let Ok((_, applied)) = &found_records {
        applied.check_known(model)?;
    }
    let applied_seq = found_records.as_ref().map_or(0, |(_, applied)| applied.seq);
    let confirmed = applied_seq.max(checkpoint_seq);
    let config = JournalConfig { first_seq: checkpoint_seq + 1, confirmed, ..options.journal };
    let (mut journal, found) =
        Journal::open(Arc::clone(files), &options.journal_dir(), config, mode)?;
    let last_gap = found.last_gap;
    let mut opened = Opened {
        seq: found.last_seq,
        torn: found.torn,
        lost: found.lost,
        checkpoint_seq,
        ..Opened::default()
    };
    let loaded = found_records.and_then(|(records, applied)| {
        let doubt = doubt(options, &trust, applied.seq);
        let found = Found {
            journal: &journal,
            image: &image,
            records,
            applied,
            checkpoint_seq,
            last_gap,
            doubt,
        };
        state::load(model, options, found)
    });
    let Loaded { mut root, records, imaged } = match loaded {
        Ok(loaded) => loaded,
        Err(reason) => {
            tracing::warn!("the records are rebuilt from the journal: {reason}");
            opened.rebuilt = Some(reason.to_string());
            image.discard();
            trust.begin_anew();
            state::rebuild(model, options, &journal)?
        }
    };
    opened.imaged = imaged;
    trust.in_use()?;
    let replayed = replay::both(model, &mut root, &records, &journal)?;
    opened.replayed = replayed.transactions;
    image.fall_behind(if imaged.is_some() { replayed.bytes } else { journal.bytes_behind(0) });
    check_known(model, &root)?;
    if root.seq() > journal.last_seq() {
        (journal, opened.aside) = journal_behind(root.seq(), files, options)?;
        opened.restarted = true;
    }
    // A start that was killed before this leaves a journal that no checkpoint leads to, or one with a gap.
    let is_covered = journal.first_seq() <= checkpoint_seq + 1 && last_gap <= checkpoint_seq;
    if opened.restarted || !opened.lost.is_empty() || !is_covered {
        // The journal alone can no longer make this state.
        let is_stopped = AtomicBool::new(false);
        opened.checkpoint_seq =
            checkpoint::write(&root, &options.checkpoints_dir(), &is_stopped)?.seq;
    }
    opened.seq = root.seq();
    Ok(Recovered { root, journal, records, image, trust, opened })
}

/// A journal that goes on behind `seq`, which records or checkpoint know and what is left of it does not; and
/// where that was set aside.
fn journal_behind(
    seq: Seq,
    files: &Arc<dyn Files>,
    options: &Options,
) -> Result<(Journal, Option<PathBuf>), Fault> {
    let dir = options.journal_dir();
    let aside = set_aside(&dir)?;
    let config = JournalConfig { first_seq: seq + 1, confirmed: 0, ..options.journal };
    Ok((Journal::open(Arc::clone(files), &dir, config, Open::Strict)?.0, aside))
}

/// Why all records have to be read; none where they need not.
fn doubt(options: &Options, trust: &Trust, applied: Seq) -> Option<&'static str> {
    if options.recover {
        return Some("a recovery looks at everything");
    }
    trust.doubt(applied)
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

/// Names for what is set aside. What went wrong first tells most, so only what has the last is thrown away.
const ASIDE: [&str; 3] = ["damaged", "damaged-2", "damaged-3"];

/// Renames a folder that cannot be trusted, so that nothing is thrown away before it was rebuilt; to what, if there
/// is such a folder.
pub(super) fn set_aside(dir: &Path) -> Result<Option<PathBuf>, Fault> {
    if !dir.exists() {
        return Ok(None);
    }
    let [.., last] = ASIDE;
    let mut names = ASIDE.iter().map(|name| dir.with_extension(name));
    let free = names.find(|aside| !aside.exists());
    let aside = free.unwrap_or_else(|| dir.with_extension(last));
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| Fault::io("remove", &aside, &error))?;
    }
    fs::rename(dir, &aside).map_err(|error| Fault::io("set aside", dir, &error))?;
    Ok(Some(aside))
}

/// Removes all that was set aside of a folder, as far as it can be.
pub(super) fn remove_aside(dir: &Path) {
    for aside in ASIDE.map(|name| dir.with_extension(name)) {
        if aside.exists()
            && let Err(error) = fs::remove_dir_all(&aside)
        {
            tracing::warn!("'{}' cannot be removed: {error}", aside.display());
        }
    }
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
