//! One process for each data folder, and the format of what is in it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    sync::Arc,
};

use super::{
    Fault,
    files::{Files, RealFiles},
};

/// The format of the folder's layout. A later one is refused, an earlier one would be brought up.
pub(super) const FORMAT: u32 = 1;

/// The file that is locked.
pub(super) const NAME: &str = "tessera.lock";

/// Held while a process has a data folder open; the system frees it however the process ends. The last clone frees it.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    _file: Arc<File>,
}

impl Lock {
    /// Takes the lock of `dir` (making the folder), writes our process id into it, and checks the format.
    ///
    /// # Errors
    /// `Locked` naming the process that has it, `Newer` for data of a later version, `Io`.
    pub(super) fn take(dir: &Path) -> Result<Self, Fault> {
        let file = locked(dir)?;
        check_format(dir)?;
        Ok(Self::sign(file))
    }

    /// As [`Lock::take`], whatever is in the folder.
    ///
    /// # Errors
    /// `Locked`, `Io`.
    pub(super) fn hold(dir: &Path) -> Result<Self, Fault> {
        Ok(Self::sign(locked(dir)?))
    }

    fn sign(mut file: File) -> Self {
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        // Without room for a few digits the folder is locked all the same.
        if let Err(error) = write(&mut file) {
            tracing::warn!("the lock file does not name this process: {error}");
        }
        Self { _file: Arc::new(file) }
    }
}

/// The lock file of `dir`, locked.
fn locked(dir: &Path) -> Result<File, Fault> {
    RealFiles.create_dir_all(dir).map_err(|error| Fault::io("create", dir, &error))?;
    let path = dir.join(NAME);
    let fault = |error: &std::io::Error| Fault::io("lock", &path, error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| fault(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // The holder may be about to write it.
            let _ = file.read_to_string(&mut pid);
            let pid = if pid.is_empty() { "unknown".into() } else { pid.trim().to_owned() };
            Err(Fault::Locked { dir: dir.display().to_string(), pid })
        }
        Err(TryLockError::Error(error)) => Err(fault(&error)),
    }
}

/// Refuses data of a later version; an empty folder gets the format of this one.
///
/// # Errors
/// `Newer`, `Io`.
pub(super) fn check_format(dir: &Path) -> Result<(), Fault> {
    let path = dir.join("format");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Fault::io("read", &path, &error)),
    };
    if text.is_empty() {
        // New, or cut off by a power failure before the first start had got anywhere.
        return write_format(dir).map_err(|error| Fault::io("write", &path, &error));
    }
    let found = text.trim().parse().map_err(|_| {
        Fault::Io(format!("cannot read '{}'", path.display()), "it is not a number".into())
    })?;
    if found > FORMAT { Err(Fault::Newer { found, supported: FORMAT }) } else { Ok(()) }
}

fn write_format(dir: &Path) -> std::io::Result<()> {
    let unfinished = dir.join("format.unfinished");
    let mut file = File::create(&unfinished)?;
    writeln!(file, "{FORMAT}")?;
    file.sync_all()?;
    std::fs::rename(&unfinished, dir.join("format"))?;
    RealFiles.sync_dir(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::take(dir.path()).unwrap();
        let Err(Fault::Locked { pid, .. }) = Lock::take(dir.path()) else {
            unreachable!("the lock was given twice")
        };
        assert_eq!(pid, std::process::id().to_string());
        drop(lock);
        Lock::take(dir.path()).unwrap();
    }

    #[test]
    fn an_empty_format_is_written_anew_and_nonsense_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "").unwrap();
        Lock::take(dir.path()).unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("format")).unwrap(), "1\n");
        std::fs::write(dir.path().join("format"), "one").unwrap();
        assert!(matches!(Lock::take(dir.path()).err(), Some(Fault::Io(..))));
    }

    #[test]
    fn data_of_a_later_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "2\n").unwrap();
        assert_eq!(Lock::take(dir.path()).err(), Some(Fault::Newer { found: 2, supported: 1 }));
    }
}
