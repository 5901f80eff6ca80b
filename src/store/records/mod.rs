//! Records on disk: the only place that knows sled. A view of the journal; lost, it is rebuilt.
//!
//! One tree, so that a batch with its sequence number is one atomic step. Keys (big-endian):
//! `R set key version` → record, `T set key tag version` → long text, several of each in one `bundle`;
//! `M position` → [`Applied`].

mod bundle;
mod place;
mod vouched;

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwapOption;

pub(super) use place::Place;
use vouched::Vouched;

use super::{
    Counts, Fault, Seq,
    change::{set_code, set_of_code},
    files::{Files, RealFiles},
    root::{TextKey, Texts},
};
use crate::{
    error::Error,
    hash::SetHash,
    model::{Key, Model, Record, SetId},
};

const APPLIED: &[u8] = b"Mposition";
/// Where it stood when there was a key of its own for each record.
const APPLIED_BEFORE: &[u8] = b"Mapplied";
const NAME: &str = "records";
/// The file that sled keeps them in; it is made with them and never replaced.
pub(super) const LOG: &str = "db";
/// Their folder in that of their workspace.
pub(super) const FOLDER: &str = "records";
/// Room that sled needs beside its snapshot before it is opened again: four of its buffers.
const ROOM_BYTES: u64 = 2 << 20;
/// How long a reader waits while the records are opened again: at most two seconds.
const REOPEN_PAUSE: Duration = Duration::from_millis(5);
const REOPEN_TRIES: u32 = 400;
/// How far the records follow the journal, and what every set counted there.
///
/// A set that never held anything is as good as one not mentioned: it may be younger than what was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Applied {
    /// The last transaction they show.
    pub seq: Seq,
    /// What each stored set counted then, by its stored number.
    pub counts: Vec<(u16, Counts)>,
}

impl PartialEq for Applied {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq && self.used() == other.used()
    }
}

impl Eq for Applied {}

/// One step of what the records are to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Write there.
    Write(Place, Arc<[u8]>),
    /// Remove at once.
    Remove(Place),
}

/// A record as it was found.
pub(super) struct Found {
    /// Its set.
    pub set: SetId,
    /// Its key.
    pub key: Key,
    /// The transaction that wrote it.
    pub version: Seq,
    /// The record.
    pub record: Record,
}

/// The open records.
pub(super) struct Records {
    model: &'static Model,
    path: PathBuf,
    cache_bytes: u64,
    db: ArcSwapOption<sled::Db>,
    vouched: Vouched,
}

impl Records {
    /// Opens the records in `path`, or makes them.
    ///
    /// # Errors
    /// `Io` if sled refuses or panics over what it finds; the folder can then be set aside and rebuilt.
    pub(in crate::store) fn open(
        model: &'static Model,
        path: &Path,
        cache_bytes: u64,
    ) -> Result<Self, Fault> {
        let db = open_db(path, cache_bytes)?;
        let db = ArcSwapOption::from_pointee(db);
        let vouched = Vouched::new(model, 0);
        let mut records = Self { model, path: path.to_owned(), cache_bytes, db, vouched };
        // Whoever cannot tell where they are is told so later.
        let at = records.applied().map_or(0, |applied| applied.seq);
        records.vouched = Vouched::new(model, at);
        Ok(records)
    }

    /// Closes and opens again: after an error sled does not come back by itself. What was not flushed
    /// is lost. While there is no room it stays open, for what it has can still be read.
    ///
    /// # Errors
    /// `Full`, or as [`Records::open`].
    pub(in crate::store) fn reopen(&self) -> Result<(), Fault> {
        probe_room(&self.path)?;
        // sled holds its lock until the last handle is gone.
        self.db.store(None);
        self.vouched.forget();
        self.db.store(Some(Arc::new(open_db(&self.path, self.cache_bytes)?)));
        Ok(())
    }

    /// How far the records follow the journal; the default if they are new.
    ///
    /// # Errors
    /// `Io` if they cannot be read, or what is there is not what was written.
    pub(in crate::store) fn applied(&self) -> Result<Applied, Fault> {
        let found = guarded(|| self.db()?.get(APPLIED).map_err(|error| fault("read", &error)))?;
        match found {
            None => Ok(Applied::default()),
            Some(bytes) => Applied::from_bytes(&bytes)
                .ok_or_else(|| unreadable("the applied position is not readable")),
        }
    }

    /// Does `steps` and notes `applied`, as one atomic step.
    ///
    /// # Errors
    /// `Full` or `Io`; then [`Records::reopen`] before the next try.
    pub(in crate::store) fn write(&self, steps: &[Step], applied: &Applied) -> Result<(), Fault> {
        guarded(|| {
            let db = self.db()?;
            let mut changed = bundle::Changed::new(&db);
            for step in steps {
                match step {
                    Step::Write(place, bytes) => {
                        changed.put(place.to_bytes(self.model), Arc::clone(bytes))?;
                    }
                    Step::Remove(place) => changed.remove(&place.to_bytes(self.model))?,
                }
            }
            let mut batch = changed.into_batch();
            batch.insert(APPLIED, applied.to_bytes());
            db.apply_batch(batch).map_err(|error| fault("write", &error))
        })
    }

    /// Has the operating system write everything.
    ///
    /// # Errors
    /// As [`Records::write`].
    pub(in crate::store) fn flush(&self) -> Result<(), Fault> {
        guarded(|| self.db()?.flush().map(drop).map_err(|error| fault("flush", &error)))
    }

    /// Has the disk confirm everything, once nobody writes any more: as with its own files sled does not.
    ///
    /// # Errors
    /// As [`Records::write`].
    pub(in crate::store) fn seal(&self) -> Result<(), Fault> {
        self.flush()?;
        sync_below(&self.path).map_err(|error| Fault::io("sync", &self.path, &error))
    }

    /// Hands on every record with its set, key and version, by set and key.
    ///
    /// # Errors
    /// `Io` if they cannot be read, and whatever `take` returns.
    pub(in crate::store) fn for_each_row(
        &self,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        guarded(|| {
            for item in of_kind(&*self.db()?, b'R')? {
                let (place, bytes) = item?;
                let Some(Place::Row { set, key, version }) = Place::from_bytes(self.model, &place)
                else {
                    return Err(unreadable("a record's key is not readable"));
                };
                let record = Record::from_bytes(&bytes).map_err(unreadable)?;
                take(Found { set, key, version, record })?;
            }
            Ok(())
        })
    }

    /// Whether something is there.
    ///
    /// # Errors
    /// `Io` if they cannot be read.
    pub(in crate::store) fn has(&self, place: &Place) -> Result<bool, Fault> {
        let key = place.to_bytes(self.model);
        guarded(|| Ok(bundle::find(&*self.db()?, &key)?.is_some()))
    }

    /// How many long texts there are, superseded ones included.
    ///
    /// # Errors
    /// `Io` if they cannot be read.
    pub(in crate::store) fn count_texts(&self) -> Result<u64, Fault> {
        guarded(|| of_kind(&*self.db()?, b'T')?.map(|entry| entry.map(|_| 1)).sum())
    }

    /// The handle; waits for it while another thread opens the records again.
    fn db(&self) -> Result<Arc<sled::Db>, Fault> {
        for _ in 0..REOPEN_TRIES {
            if let Some(db) = self.db.load_full() {
                return Ok(db);
            }
            std::thread::sleep(REOPEN_PAUSE);
        }
        Err(Fault::Closed)
    }
}

impl Texts for Records {
    fn read(&self, set: SetId, key: &Key, tag: u16, seq: Seq) -> Result<Arc<str>, Error> {
        let place = Place::Text { set, key: key.clone(), tag, version: seq }.to_bytes(self.model);
        let found = guarded(|| bundle::find(&*self.db()?, &place))?;
        let bytes = found.ok_or_else(|| Error::internal(&"a long text is not in the records"))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| Error::internal(&error))?;
        Ok(text.into())
    }

    fn may_wait(&self) -> bool {
        self.db.load().is_none()
    }

    fn is_vouched(&self, (set, key, tag, seq): &TextKey) -> bool {
        self.vouched.is_known((*set, *tag), key, *seq)
    }

    fn note_vouched(&self, (set, key, tag, seq): &TextKey) {
        self.vouched.note((*set, *tag), key, *seq);
    }

    fn read_all(
        &self,
        set: SetId,
        tag: u16,
        wanted: &[(Key, Seq)],
        take: &mut dyn FnMut(Result<&str, Error>),
    ) {
        let place = |(key, version): &(Key, Seq)| {
            let (key, version) = (key.clone(), *version);
            Place::Text { set, key, tag, version }.to_bytes(self.model)
        };
        let places: Vec<Vec<u8>> = wanted.iter().map(place).collect();
        // What a scan could not find is read by itself, and says itself what is wrong with it.
        let scanned = guarded(|| bundle::find_all(&*self.db()?, &places));
        let mut found = scanned.unwrap_or_default().into_iter();
        for (key, version) in wanted {
            if let Some(bytes) = found.next().flatten() {
                take(std::str::from_utf8(&bytes).map_err(|error| Error::internal(&error)));
            } else {
                let text = self.read(set, key, tag, *version);
                take(text.as_deref().map_err(Clone::clone));
            }
        }
    }
}

fn open_db(path: &Path, cache_bytes: u64) -> Result<sled::Db, Fault> {
    guarded(|| {
        let config = sled::Config::new().path(path).cache_capacity(cache_bytes);
        let opened = config.flush_every_ms(None).open();
        let db = opened.map_err(|error| fault("open", &error))?;
        match db.contains_key(APPLIED_BEFORE) {
            Ok(false) => Ok(db),
            Ok(true) => Err(unreadable("they are of an older layout")),
            Err(error) => Err(fault("read", &error)),
        }
    })
}

/// All entries of a kind.
fn of_kind(
    db: &sled::Db,
    kind: u8,
) -> Result<impl Iterator<Item = Result<(Vec<u8>, bundle::Found), Fault>> + use<>, Fault> {
    let is_of_kind = move |entry: &Result<(Vec<u8>, bundle::Found), Fault>| match entry {
        Ok((key, _)) => key.first() == Some(&kind),
        Err(_) => true,
    };
    Ok(bundle::scan(db, &[kind])?.take_while(is_of_kind))
}

/// Syncs every file in a folder and below, and their names.
fn sync_below(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_below(&path)?;
        } else {
            File::options().write(true).open(&path)?.sync_all()?;
        }
    }
    RealFiles.sync_dir(dir)
}

/// Opening writes a new snapshot and the first buffers; without room it would leave nothing to read from.
fn probe_room(path: &Path) -> Result<(), Fault> {
    let snapshots: u64 = std::fs::read_dir(path)
        .map_err(|error| Fault::io("read", path, &error))?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("snap"))
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    let probe = path.with_extension("probe");
    let written = File::create(&probe).and_then(|mut file| {
        std::io::copy(&mut std::io::repeat(0xA5).take(snapshots + ROOM_BYTES), &mut file)?;
        file.sync_all()
    });
    let removed = std::fs::remove_file(&probe);
    written.and(removed).map_err(|error| Fault::io("write", &probe, &error))
}

/// sled panics over some damage; here that is one more error.
fn guarded<T>(run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(unreadable("the record engine gave up over what it found")))
}

fn fault(what: &str, error: &sled::Error) -> Fault {
    match error {
        sled::Error::Io(error) if super::fault::is_full(error) => Fault::Full,
        sled::Error::Io(_)
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. } => {
            Fault::Io(format!("cannot {what} the {NAME}"), error.to_string())
        }
    }
}

fn unreadable(reason: &str) -> Fault {
    Fault::Io(format!("cannot trust the {NAME}"), reason.to_owned())
}

impl Applied {
    fn used(&self) -> BTreeMap<u16, Counts> {
        self.counts.iter().copied().filter(|(_, counts)| *counts != Counts::default()).collect()
    }

    /// Refuses what a later version counted in a set that this one does not have.
    ///
    /// # Errors
    /// `Unknown`.
    pub(in crate::store) fn check_known(&self, model: &Model) -> Result<(), Fault> {
        match self.used().keys().find(|code| set_of_code(model, **code).is_none()) {
            None => Ok(()),
            Some(code) => Err(Fault::Unknown { what: format!("entity set {code}") }),
        }
    }

    /// What `root` counts.
    #[must_use]
    pub(in crate::store) fn of(root: &super::Root, model: &Model) -> Self {
        let counts = model
            .set_ids()
            .filter_map(|(set, _)| Some((set_code(model, set)?, root.counts(set))))
            .collect();
        Self { seq: super::Snapshot::seq(root), counts }
    }

    /// Gives `root` this position and the ids that were ever used; its rows are loaded apart.
    pub(in crate::store) fn give_to(&self, root: &mut super::Root, model: &Model) {
        root.set_seq(self.seq);
        for (code, counts) in &self.counts {
            if let Some(set) = set_of_code(model, *code) {
                root.set_last_id(set, counts.last_id);
            }
        }
    }

    /// Sequence number, then for each set: number, rows, last id, hash; big-endian.
    #[must_use]
    pub(in crate::store) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.seq.to_be_bytes().to_vec();
        for (code, counts) in &self.counts {
            bytes.extend(code.to_be_bytes());
            bytes.extend(counts.rows.to_be_bytes());
            bytes.extend(counts.last_id.to_be_bytes());
            bytes.extend(counts.hash.to_bytes());
        }
        bytes
    }

    /// The inverse of [`Applied::to_bytes`].
    #[must_use]
    pub(in crate::store) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (seq, mut rest) = bytes.split_first_chunk::<8>()?;
        let mut counts = Vec::new();
        while !rest.is_empty() {
            let (code, after) = rest.split_first_chunk::<2>()?;
            let (rows, after) = after.split_first_chunk::<8>()?;
            let (last_id, after) = after.split_first_chunk::<8>()?;
            let (hash, after) = after.split_first_chunk::<32>()?;
            let counted = Counts {
                rows: u64::from_be_bytes(*rows),
                last_id: i64::from_be_bytes(*last_id),
                hash: SetHash::from_bytes(hash),
            };
            counts.push((u16::from_be_bytes(*code), counted));
            rest = after;
        }
        Some(Self { seq: u64::from_be_bytes(*seq), counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{helpdesk, set};

    fn sample() -> (Step, Applied) {
        let place = Place::Text { set: set::TICKETS, key: Key::Int(7), tag: 4, version: 3 };
        let counts = Counts { rows: 1, last_id: 7, hash: SetHash::default() };
        let applied = Applied { seq: 3, counts: vec![(1, counts)] };
        (Step::Write(place, b"printer"[..].into()), applied)
    }

    #[test]
    fn a_set_that_is_younger_than_a_position_does_not_change_it() {
        // Data written before a set was declared would not have been trusted again.
        let (_, older) = sample();
        let mut younger = older.clone();
        younger.counts.push((99, Counts::default()));
        assert_eq!(Applied::from_bytes(&younger.to_bytes()), Some(older));
        younger.counts.push((99, Counts { last_id: 1, ..Counts::default() }));
        assert_ne!(sample().1, younger);
    }

    #[test]
    fn a_batch_and_its_position_are_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::open(helpdesk(), dir.path(), 1 << 20).unwrap();
        assert_eq!(records.applied().unwrap(), Applied::default());
        let (step, applied) = sample();
        records.write(&[step], &applied).unwrap();
        records.flush().unwrap();
        records.reopen().unwrap();
        assert_eq!(records.applied().unwrap(), applied);
        let text = records.read(set::TICKETS, &Key::Int(7), 4, 3).unwrap();
        assert_eq!(&*text, "printer");
        assert!(records.read(set::TICKETS, &Key::Int(7), 4, 2).is_err());
    }

    #[test]
    fn texts_read_together_are_those_read_one_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::open(helpdesk(), dir.path(), 1 << 20).unwrap();
        let text = |id: i64, version: Seq| format!("text {version} of {id}");
        let mut steps = Vec::new();
        for id in (1..400_i64).filter(|id| id % 7 > 0) {
            // One is never superseded, another often.
            for version in 1..=if id == 30 { 200 } else { 1 + id.unsigned_abs() % 3 } {
                let place = Place::Text { set: set::TICKETS, key: Key::Int(id), tag: 4, version };
                steps.push(Step::Write(place, text(id, version).as_bytes().into()));
            }
        }
        records.write(&steps, &Applied::default()).unwrap();
        for ids in [&[][..], &[1], &[1, 2, 3], &[3, 30, 31, 399], &[1, 7, 8, 395, 396], &[50]] {
            let wanted: Vec<(Key, Seq)> = ids.iter().map(|id| (Key::Int(*id), 1)).collect();
            let mut found = Vec::new();
            let mut take = |text: Result<&str, Error>| found.push(text.map(str::to_owned).ok());
            records.read_all(set::TICKETS, 4, &wanted, &mut take);
            let want = ids.iter().map(|id| (id % 7 > 0).then(|| text(*id, 1)));
            assert_eq!(found, want.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_folder_of_nonsense_is_refused_or_taken_for_new_without_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("conf"), b"nonsense").unwrap();
        std::fs::write(dir.path().join("db"), [7; 9000]).unwrap();
        let opened = Records::open(helpdesk(), dir.path(), 1 << 20);
        if let Ok(records) = opened {
            assert_eq!(records.applied().unwrap(), Applied::default());
        }
    }
}
