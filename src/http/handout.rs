//! Files that hand out a first secret: mode 0600, gone once the secret was used or has expired.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::time::Timestamp;

/// A secret that lies in a file until somebody has used it.
#[derive(Debug)]
pub struct Handout {
    token_id: i64,
    expires: Timestamp,
    path: PathBuf,
    is_gone: AtomicBool,
}

impl Handout {
    /// Watches over a file that holds the secret of a token.
    #[must_use]
    pub fn new(path: PathBuf, token_id: i64, expires: Timestamp) -> Self {
        Self { token_id, expires, path, is_gone: AtomicBool::new(false) }
    }

    /// When its token ends.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Removes the file if this was its token, or its time is over.
    pub fn token_used(&self, token_id: Option<i64>, now: Timestamp) {
        let is_due = token_id == Some(self.token_id) || now >= self.expires;
        if is_due && !self.is_gone.swap(true, Ordering::AcqRel) {
            remove(&self.path);
        }
    }
}

/// Removes a file that handed out a secret, if it is there.
pub fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!("'{}' must be removed by hand: {error}", path.display()),
    }
}

/// Writes a secret into a new file that only its owner can read.
///
/// # Errors
/// Those of the file system.
pub fn write(path: &Path, secret: &str) -> io::Result<()> {
    remove(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_for_its_owner_and_gone_after_its_tokens_first_use() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("first-token");
        write(&path, "secret").unwrap();
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(&path).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
        let handout = Handout::new(path.clone(), 7, Timestamp::MAX);
        handout.token_used(Some(8), Timestamp::MIN);
        handout.token_used(None, Timestamp::MIN);
        assert!(path.exists());
        handout.token_used(Some(7), Timestamp::MIN);
        assert!(!path.exists());
    }

    #[test]
    fn the_file_is_gone_once_its_token_has_expired() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("first-token");
        write(&path, "secret").unwrap();
        Handout::new(path.clone(), 7, Timestamp::MIN).token_used(None, Timestamp::MAX);
        assert!(!path.exists());
    }
}
