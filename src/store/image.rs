//! The columns of all sets at one transaction, in one file, so that a start need not read every record.
//!
//! A start takes what the image shows and repeats what the journal has behind it. What comes of that
//! must count as the records say they do; else the image is refused, and the records are read. So it
//! may be of any time, lost or torn: it never decides what is true. Layout in `docs/storage.md`.

pub(super) mod bytes;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::tz::TimeZone;

use self::bytes::Loaded;
pub(super) use self::bytes::Pace;
use super::{
    Fault, Root, Seq, Snapshot,
    columns::codec::{damaged, sound},
    files::{Files, RealFiles},
    records::Applied,
    root::Texts,
};
use crate::model::Model;

const NAME: &str = "image";
const UNFINISHED: &str = "image.unfinished";
/// Where former versions put the image while they ran.
const TAKEN: &str = "image.taken";
/// Journal that a stop leaves to the next start to repeat, rather than write everything again.
const STALE_BYTES_MAX: u64 = 4 << 20;

/// The image of a data folder, and what this process knows of it.
#[derive(Debug)]
pub(super) struct Image {
    dir: PathBuf,
    kept: Mutex<Option<Kept>>,
    /// Bytes of journal behind it, or behind the start where there is none.
    behind: AtomicU64,
}

/// A sound image under its name.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// The transaction it shows.
    seq: Seq,
    bytes: u64,
}

/// What an image has to fit.
pub(super) struct Expected<'a> {
    /// What the records show and count.
    pub applied: &'a Applied,
    /// The oldest transaction that the journal has.
    pub first: Seq,
}

/// An image written whole, without its name.
#[derive(Debug)]
pub(super) struct Unnamed {
    kept: Kept,
    /// Bytes of journal that it makes up for.
    behind: u64,
}

impl Image {
    /// The image in `dir`, without what a killed process left unfinished.
    ///
    /// # Errors
    /// `Io` where that cannot be removed.
    pub(super) fn of(dir: &Path) -> Result<Self, Fault> {
        remove(&dir.join(UNFINISHED))?;
        remove(&dir.join(TAKEN))?;
        Ok(Self { dir: dir.to_owned(), kept: Mutex::new(None), behind: AtomicU64::new(0) })
    }

    /// The state that the image shows, at most what the records show; the journal has all behind it.
    /// Where there is one and it is not used, one line in the log says why not.
    pub(super) fn load(
        &self,
        model: &'static Model,
        zone: &TimeZone,
        texts: &Arc<dyn Texts>,
        expected: &Expected<'_>,
    ) -> Option<Root> {
        let file = match File::open(self.dir.join(NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return self.refuse(&error),
        };
        let size = file.metadata().map_or(0, |about| about.len());
        let loaded = bytes::read(model, file, &|found| fits(found, expected));
        let Loaded { applied, sets } = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.refuse(&error),
        };
        let root = Root::of(model, zone.clone(), Arc::clone(texts), (&applied, sets));
        if Applied::of(&root, model) != applied {
            return self.refuse(&damaged("its sets are not what was counted"));
        }
        *self.kept() = Some(Kept { seq: applied.seq, bytes: size });
        Some(root)
    }

    /// Does not use what is there, and says why.
    pub(super) fn refuse<T>(&self, reason: &dyn std::fmt::Display) -> Option<T> {
        tracing::warn!("the records are read, for the image of the columns is not used: {reason}");
        self.discard();
        None
    }

    /// Removes what is there: it takes room and is of no use.
    pub(super) fn discard(&self) {
        *self.kept() = None;
        let _ = fs::remove_file(self.dir.join(NAME));
    }

    /// Its size; 0 where there is none.
    pub(super) fn bytes(&self) -> u64 {
        self.kept().map_or(0, |kept| kept.bytes)
    }

    /// Notes that the journal has so much more behind it; how much it has by now.
    pub(super) fn fall_behind(&self, bytes: u64) -> u64 {
        self.behind.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    /// Writes an image of `root`, at which [`Image::fall_behind`] had said `behind`, without touching the
    /// one there is. The state may be let go then.
    ///
    /// # Errors
    /// `Full`, `Io`, `SyncFailed`, `Closed` if `pace` was told to stop; nothing is left behind then.
    pub(super) fn write(
        &self,
        root: &Root,
        behind: u64,
        pace: &Pace<'_>,
    ) -> Result<Unnamed, Fault> {
        let dir = &self.dir;
        RealFiles.create_dir_all(dir).map_err(|error| Fault::io("create", dir, &error))?;
        let unfinished = dir.join(UNFINISHED);
        match bytes::write(root, &unfinished, pace) {
            Ok(bytes) => Ok(Unnamed { kept: Kept { seq: root.seq(), bytes }, behind }),
            Err(fault) => {
                // On a full disk it would be in the way.
                let _ = fs::remove_file(&unfinished);
                Err(fault)
            }
        }
    }

    /// Puts what was written in the place of what is there; once the records have what it shows.
    ///
    /// # Errors
    /// `Io`; what was there before is used then.
    pub(super) fn name(&self, Unnamed { kept, behind }: Unnamed) -> Result<(), Fault> {
        let path = self.dir.join(NAME);
        fs::rename(self.dir.join(UNFINISHED), &path)
            .map_err(|error| Fault::io("rename", &path, &error))?;
        RealFiles.sync_dir(&self.dir).map_err(|error| Fault::io("sync", &self.dir, &error))?;
        *self.kept() = Some(kept);
        self.behind.fetch_sub(behind, Ordering::Relaxed);
        Ok(())
    }

    /// Gives up what was written and got no name.
    pub(super) fn give_up(&self, _: Unnamed) {
        let _ = fs::remove_file(self.dir.join(UNFINISHED));
    }

    /// Leaves an image of `root` for the next start, unless the one there is will do; when nothing is
    /// written any more and the records have all of it.
    ///
    /// # Errors
    /// `Full`, `Io`, `SyncFailed`; then the next start has more to do.
    pub(super) fn leave(&self, root: &Root) -> Result<(), Fault> {
        let behind = self.behind.load(Ordering::Relaxed);
        let kept = *self.kept();
        if kept.is_some_and(|kept| kept.seq == root.seq() || behind <= STALE_BYTES_MAX) {
            return Ok(());
        }
        let written = match self.write(root, behind, &Pace::Full) {
            Err(Fault::Full) if kept.is_some() => {
                // There is no room for two.
                self.discard();
                self.write(root, behind, &Pace::Full)
            }
            written => written,
        };
        self.name(written?)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the journal can lead from there to what the records show.
fn fits(found: &Applied, expected: &Expected<'_>) -> io::Result<()> {
    let Expected { applied, first } = *expected;
    sound(found.seq <= applied.seq, "it shows more than the records have")?;
    sound(found.seq + 1 >= first, "the journal begins behind it")?;
    sound(found.seq < applied.seq || found == applied, "the records count otherwise")
}

fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::io("remove", path, &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
