//! A backup in a file: under a working name until it was read back whole, then all at once under its own.
//!
//! Whoever looks at the name finds what was there before, or a backup that was verified; never a part of one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    Pace, Report, Stop,
    stop::UntilStopped,
    verify::{Input, verify_input},
};
use crate::{
    model::Model,
    store::{
        Fault,
        files::{Files, RealFiles, os},
    },
};

/// Written between two syncs, so that the journal's own never waits for much of ours.
const SYNC_EVERY: usize = 4 << 20;

/// How often a working file that another backup has just renamed is asked for again.
const TRIES: u32 = 10;

/// Where a backup is to go.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Its name.
    pub path: &'a Path,
    /// Whether it may take the place of what has that name.
    pub replace: bool,
    /// How much reading it back leaves to others.
    pub pace: Pace,
    /// Gives it up, also while it is read back.
    pub stop: &'a Stop,
}

/// Has `source` write a backup, reads it back, and only then gives it its name. Readable by its owner alone.
///
/// # Errors
/// `Full`, `Io` (also where there is such a file already, or another backup is being written to it), `Damaged` if what
/// was read back does not hold, and whatever `source` returns; nothing is left behind then.
pub fn save<E: From<Fault>>(
    model: &'static Model,
    target: Target<'_>,
    source: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<Report, E> {
    let Target { path, pace, stop, .. } = target;
    must_be_free(target)?;
    let partial = partial_name(path)?;
    let file = claim(&partial)?;
    let until_stopped = |out: &mut dyn Write| source(&mut UntilStopped { file: out, stop });
    let written = fill(&file, &partial, until_stopped).and_then(|()| {
        let report = verify_input(model, Input { path: &partial, pace, stop })?;
        must_be_free(target)?;
        fs::rename(&partial, path).map_err(|error| Fault::io("rename", &partial, &error))?;
        Ok(report)
    });
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    // Locked until it has its name or is gone, so that nobody takes it for the leftover of a killed backup.
    drop(file);
    let report = written?;
    let dir = parent(path);
    RealFiles.sync_dir(&dir).map_err(|error| Fault::io("sync", &dir, &error))?;
    Ok(report)
}

fn fill<E: From<Fault>>(
    file: &File,
    partial: &Path,
    source: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let mut out = BufWriter::with_capacity(256 << 10, Synced { file, unsynced: 0 });
    source(&mut out)?;
    let synced = out.into_inner().map_err(|error| Fault::io("write", partial, error.error()))?;
    synced.file.sync_all().map_err(|error| Fault::io("sync", partial, &error))?;
    Ok(())
}

/// A file that is synced now and then.
struct Synced<'a> {
    file: &'a File,
    unsynced: usize,
}

impl Write for Synced<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        if self.unsynced >= SYNC_EVERY {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn must_be_free(target: Target<'_>) -> Result<(), Fault> {
    let Target { path, replace, .. } = target;
    let refusal = |why: &str| Fault::Io(format!("cannot write '{}'", path.display()), why.into());
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(refusal("it is a folder; name a file in it")),
        Ok(_) if !replace => Err(refusal("it is there already; name another file, or say --force")),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Fault::io("write", path, &error)),
    }
}

/// The working file, emptied and locked; left over by a killed backup, or new.
fn claim(partial: &Path) -> Result<File, Fault> {
    let refusal =
        |why: &str| Fault::Io(format!("cannot write '{}'", partial.display()), why.into());
    let fault = |error: &io::Error| Fault::io("write", partial, error);
    for _ in 0..TRIES {
        if fs::symlink_metadata(partial).is_ok_and(|found| !found.is_file()) {
            return Err(refusal("there is something of that name which is no file"));
        }
        let mut options = OpenOptions::new();
        os::owner_only_files(&mut options).read(true).write(true).create(true).truncate(false);
        let file = options.open(partial).map_err(|error| fault(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(refusal("another backup is writing it")),
            Err(TryLockError::Error(error)) => return Err(fault(&error)),
        }
        // Its former owner may have given it its name between opening and locking.
        if os::is_still(&file, partial) {
            file.set_len(0).map_err(|error| fault(&error))?;
            os::make_owner_only(&file).map_err(|error| fault(&error))?;
            return Ok(file);
        }
    }
    Err(refusal("other backups keep taking it"))
}

/// The working name of what will be `path`.
pub(super) fn partial_name(path: &Path) -> Result<PathBuf, Fault> {
    let Some(name) = path.file_name() else {
        let what = format!("cannot write '{}'", path.display());
        return Err(Fault::Io(what, "it is no name".into()));
    };
    let mut name = name.to_owned();
    name.push(".partial");
    Ok(path.with_file_name(name))
}

/// The folder that a name is in.
pub(super) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        iter,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::model::helpdesk;

    /// A failed backup unlocked its working file just before it removed it: another that took it in between lost it.
    #[test]
    fn a_failed_backup_never_removes_the_working_file_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let (path, stop) = (dir.path().join("backup"), Stop::default());
        let partial = partial_name(&path).unwrap();
        let target = Target { path: &path, replace: false, pace: Pace::Full, stop: &stop };
        let taken = AtomicUsize::new(0);
        let lost = || {
            let mut lost = false;
            let failed: Result<_, Fault> = save(helpdesk(), target, |_| {
                taken.fetch_add(1, Ordering::Relaxed);
                (0..3).for_each(|_| lost |= !partial.exists());
                Err(Fault::Full)
            });
            assert!(failed.is_err());
            lost
        };
        let count = || {
            let rounds =
                iter::repeat_with(lost).take_while(|_| taken.load(Ordering::Relaxed) < 5000);
            rounds.filter(|lost| *lost).count()
        };
        let lost: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!((lost, partial.exists()), (0, false));
    }
}
