//! Whether the records are what was written to them, without reading them all.
//!
//! A file beside them says in which run of the machine they are in use, or with which transaction they
//! were left. After a killed process of this very run the system still has every write, so nothing can
//! be torn. After anything else they have to prove themselves. Layout in `docs/storage.md`.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::{
    Fault, Seq,
    files::{Files, RealFiles, os},
    records::{FOLDER, LOG},
};

const NAME: &str = "records.state";
const UNFINISHED: &str = "records.state.unfinished";
/// More than the file ever holds.
const BYTES_MAX: u64 = 256;
/// Seconds between the file's first byte and its name: a slow disk takes some to sync it. Whoever puts back a copy
/// of a folder does so later.
const NAMED_WITHIN_SECS: i64 = 10;

/// What is known of the records before they are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Their last user closed them at that transaction.
    Left(Seq),
    /// Their last user was killed in this run of the machine, or is told apart from it by nothing.
    InUse,
    /// Nothing: the machine stopped under them, they were copied, or nobody wrote it down.
    Nothing,
}

/// The word about the records of one data folder.
#[derive(Debug)]
pub(super) struct Trust {
    dir: PathBuf,
    known: Known,
}

impl Trust {
    /// Reads what `dir`, which holds the records' folder, says of them; to be called before they are opened.
    ///
    /// # Errors
    /// `Io`, `SyncFailed` where it cannot be noted that they are about to be opened.
    pub(super) fn read(dir: &Path) -> Result<Self, Fault> {
        let path = dir.join(NAME);
        let known = match File::open(&path) {
            Ok(file) => known(dir, &file).unwrap_or(Known::Nothing),
            Err(_) => Known::Nothing,
        };
        let trust = Self { dir: dir.to_owned(), known };
        if let Known::Left(seq) = known {
            // Opening them writes to them, and of that a power cut can leave anything.
            trust.note(|file| format!("left {seq} {}", in_use(dir, file)))?;
        }
        Ok(trust)
    }

    /// Why records that show `applied` have to prove themselves; none if they need not.
    pub(super) fn doubt(&self, applied: Seq) -> Option<&'static str> {
        match self.known {
            Known::InUse => None,
            Known::Left(seq) if seq == applied => None,
            Known::Left(_) => Some("they are not where they were left"),
            Known::Nothing => Some("nothing tells that the machine did not stop under them"),
        }
    }

    /// Others are in their place, of which nothing was noted.
    pub(super) fn begin_anew(&mut self) {
        self.known = Known::Nothing;
    }

    /// Notes that they were found to be right and are in use from now on; before they are written to.
    ///
    /// # Errors
    /// `Io`, `SyncFailed`.
    pub(super) fn in_use(&mut self) -> Result<(), Fault> {
        if self.known != Known::InUse {
            self.note(|file| in_use(&self.dir, file))?;
            self.known = Known::InUse;
        }
        Ok(())
    }

    /// Notes that they show exactly `seq`, all of it on the disk, and that nobody writes to them any more.
    ///
    /// # Errors
    /// `Full`, `Io`, `SyncFailed`; then the next start does not know.
    pub(super) fn left_at(&self, seq: Seq) -> Result<(), Fault> {
        self.write(|_| format!("left {seq}\n"))
    }

    /// Notes again where they were left, if they were, by somebody who opened them only to read them and has
    /// all of it on the disk.
    ///
    /// # Errors
    /// As [`Trust::left_at`].
    pub(super) fn leave_again(&self) -> Result<(), Fault> {
        match self.known {
            Known::Left(seq) => self.left_at(seq),
            Known::InUse | Known::Nothing => Ok(()),
        }
    }

    /// Notes nothing any more, for they were found to be wrong: the next start reads them all.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn forget(self) -> Result<(), Fault> {
        self.remove()
    }

    /// Writes the line, or, on a full disk, nothing in its place: then the next start does not know.
    fn note(&self, line: impl FnOnce(&File) -> String) -> Result<(), Fault> {
        match self.write(line) {
            Err(Fault::Full) => self.remove(),
            written => written,
        }
    }

    fn remove(&self) -> Result<(), Fault> {
        for path in [self.dir.join(UNFINISHED), self.dir.join(NAME)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Fault::io("remove", &path, &error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        RealFiles.sync_dir(&self.dir).map_err(|error| Fault::io("sync", &self.dir, &error))
    }

    fn write(&self, line: impl FnOnce(&File) -> String) -> Result<(), Fault> {
        let (unfinished, path) = (self.dir.join(UNFINISHED), self.dir.join(NAME));
        let fault = |error: io::Error| Fault::io("write", &unfinished, &error);
        let mut file = File::create(&unfinished).map_err(fault)?;
        let line = line(&file);
        file.write_all(line.as_bytes()).map_err(fault)?;
        file.sync_all().map_err(|_| Fault::SyncFailed)?;
        fs::rename(&unfinished, &path).map_err(|error| Fault::io("rename", &path, &error))?;
        RealFiles.sync_dir(&self.dir).map_err(|error| Fault::io("sync", &self.dir, &error))
    }
}

/// What a file says that was found; none for what is not as it was written.
fn known(dir: &Path, file: &File) -> Option<Known> {
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).ok()?;
    let is_ours = |text: &str| is_in_use(text, dir, file).unwrap_or(false);
    if let Some(left) = text.strip_prefix("left ") {
        let (seq, opened) = left.split_once(['\n', ' '])?;
        let is_as_left = opened.is_empty() && left.ends_with('\n');
        return (is_as_left || is_ours(opened)).then(|| seq.parse().ok())?.map(Known::Left);
    }
    is_ours(&text).then_some(Known::InUse)
}

/// What the file says while they are in use.
fn in_use(dir: &Path, file: &File) -> String {
    let unknown = || "unknown".to_owned();
    let at = os::changed_at(file).map_or_else(unknown, |at| at.to_string());
    format!("in use {} {at}\n", which(dir, file).unwrap_or_else(unknown))
}

/// Whether that was said of these very files in this run of the machine. A copy of the folder says it, too, but
/// is made of other files; one that was put back into the same files was written to after it was named.
fn is_in_use(text: &str, dir: &Path, file: &File) -> Option<bool> {
    let (said, at) = text.strip_prefix("in use ")?.strip_suffix('\n')?.rsplit_once(' ')?;
    let since = os::changed_at(file)?.checked_sub(at.parse().ok()?)?;
    Some(said == which(dir, file)? && (0..=NAMED_WITHIN_SECS).contains(&since))
}

/// The run of the machine, this file and that of the records; none where the system does not tell.
fn which(dir: &Path, file: &File) -> Option<String> {
    let records = File::open(dir.join(FOLDER).join(LOG)).ok();
    let records = records.map_or_else(|| Some("none".to_owned()), |log| os::identity(&log));
    Some(format!("{} {} {}", os::boot_id()?, os::identity(file)?, records?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, applied: Seq, is_trusted: bool) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), text).unwrap();
        let trust = Trust::read(dir.path()).unwrap();
        assert_eq!(trust.doubt(applied).is_none(), is_trusted, "{text:?}");
    }

    #[test]
    fn only_what_was_left_or_is_in_use_in_this_run_is_trusted() {
        check("left 7\n", 7, true);
        check("left 7\n", 8, false);
        check("left 7", 7, false);
        check("left 7\n\n", 7, false);
        check("left x\n", 7, false);
        check("", 0, false);
        check("in use\n", 7, false);
        check("in use 6f7c3d9e-0000-0000-0000-000000000000 1:1\n", 7, false);
        check("in use unknown unknown\n", 7, false);
        check("in use unknown 1:1 none 1790000000\n", 7, false);
    }

    #[test]
    fn a_folder_that_says_nothing_is_not_trusted() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Trust::read(dir.path()).unwrap().doubt(0).is_some());
    }

    #[test]
    fn what_was_left_and_opened_is_trusted_in_this_run_only() {
        let dir = tempfile::tempdir().unwrap();
        Trust::read(dir.path()).unwrap().left_at(7).unwrap();
        assert_eq!(Trust::read(dir.path()).unwrap().doubt(7), None);
        // Killed before it went on; a power cut then looks like a copy.
        let again = Trust::read(dir.path()).unwrap();
        assert_eq!(again.doubt(7).is_none(), cfg!(target_os = "linux"));
        assert!(again.doubt(8).is_some());
        let (path, copy) = (dir.path().join(NAME), tempfile::tempdir().unwrap());
        fs::copy(path, copy.path().join(NAME)).unwrap();
        assert!(Trust::read(copy.path()).unwrap().doubt(7).is_some());
    }

    #[test]
    fn who_only_read_them_leaves_them_as_they_were_found() {
        for text in ["left 7\n", "in use another 1:1\n"] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(NAME), text).unwrap();
            Trust::read(dir.path()).unwrap().leave_again().unwrap();
            assert_eq!(fs::read_to_string(dir.path().join(NAME)).unwrap(), text);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_killed_user_of_this_run_is_trusted_and_a_copy_or_another_run_is_not() {
        let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut trust = Trust::read(dir.path()).unwrap();
        trust.in_use().unwrap();
        drop(trust);
        assert_eq!(Trust::read(dir.path()).unwrap().doubt(7), None);
        assert_eq!(Trust::read(dir.path()).unwrap().doubt(7), None, "as often as it is killed");
        let (from, to) = (dir.path().join(NAME), copy.path().join(NAME));
        fs::copy(&from, &to).unwrap();
        assert!(Trust::read(copy.path()).unwrap().doubt(7).is_some());
        let text = fs::read_to_string(&from).unwrap();
        let boot = os::boot_id().unwrap();
        // Written over, so that it is the same file.
        fs::write(&from, text.replace(&boot, &"0".repeat(boot.len()))).unwrap();
        assert!(Trust::read(dir.path()).unwrap().doubt(7).is_some());
    }

    /// A folder copied while it was in use and put back into the same files within the same run said what the
    /// process that had it last had said, and was trusted.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_copy_put_back_into_the_same_files_is_not_trusted() {
        let dir = tempfile::tempdir().unwrap();
        Trust::read(dir.path()).unwrap().in_use().unwrap();
        let path = dir.path().join(NAME);
        let text = fs::read_to_string(&path).unwrap();
        let (said, at) = text.trim_end().rsplit_once(' ').unwrap();
        let at: i64 = at.parse().unwrap();
        let later = |secs: i64| {
            // As if it had been written so long ago, and written over now.
            fs::write(&path, format!("{said} {}\n", at - secs)).unwrap();
            Trust::read(dir.path()).unwrap().doubt(7).is_some()
        };
        assert!(!later(0));
        assert!(later(NAMED_WITHIN_SECS + 1));
        assert!(later(-3_600));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn other_records_in_the_place_of_those_in_use_are_not_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let records = dir.path().join("records");
        fs::create_dir(&records).unwrap();
        fs::write(records.join(LOG), "ours").unwrap();
        Trust::read(dir.path()).unwrap().in_use().unwrap();
        assert_eq!(Trust::read(dir.path()).unwrap().doubt(7), None);
        fs::write(records.join("another"), "theirs").unwrap();
        fs::rename(records.join("another"), records.join(LOG)).unwrap();
        assert!(Trust::read(dir.path()).unwrap().doubt(7).is_some());
    }
}
