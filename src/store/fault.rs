//! What can go wrong in the store, for those who run it; a client sees [`Error`] instead.

use std::{io, path::Path, time::Duration};

use crate::error::Error;

/// A failure of the store. `Clone`, because one failed block fails every transaction in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No room on the disk; nothing was changed, and the next attempt may work.
    #[error("the disk is full")]
    Full,
    /// A sync failed, so nobody knows what is on the disk: no write until it is opened again.
    #[error("the disk failed to confirm a write; writing stopped until the server is restarted")]
    SyncFailed,
    /// Bytes that were once confirmed are no longer what was written.
    #[error("'{file}' is damaged at byte {offset}: {reason}")]
    Damaged {
        /// Path of the file.
        file: String,
        /// Byte offset of the first block that is not sound.
        offset: u64,
        /// What was found there.
        reason: String,
    },
    /// Data written by a later version of the product.
    #[error(
        "the data has format {found}, and this version reads up to {supported}; use the newer version"
    )]
    Newer {
        /// The format found.
        found: u32,
        /// The highest format this version reads.
        supported: u32,
    },
    /// Data that a later version of the product added to this format.
    #[error("the data holds {what}, which this version does not know; use the newer version")]
    Unknown {
        /// What was found.
        what: String,
    },
    /// The queue of waiting transactions is full.
    #[error("too many changes are waiting to be written")]
    Busy,
    /// One transaction is larger than a limit of the settings.
    #[error("a transaction of {found} bytes passes the limit '{limit}' of {max}")]
    TooLarge {
        /// The limit's name in the settings.
        limit: &'static str,
        /// Its value, bytes.
        max: u64,
        /// What was asked for, bytes.
        found: u64,
    },
    /// Entries that old are no longer kept.
    #[error("the journal starts at {first}; older entries are no longer kept")]
    Trimmed {
        /// The oldest sequence number there is.
        first: u64,
    },
    /// Another process has the data folder open.
    #[error(
        "'{dir}' is in use by process {pid}; stop it first, or name another folder with --data"
    )]
    Locked {
        /// The data folder.
        dir: String,
        /// That process.
        pid: String,
    },
    /// The operating system refused a call.
    #[error("{0}: {1}")]
    Io(String, String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl Fault {
    /// The fault for a failed call: [`Fault::Full`] where there is no room, else [`Fault::Io`].
    #[must_use]
    pub fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        if is_full(error) {
            return Self::Full;
        }
        Self::Io(format!("cannot {what} '{}'", path.display()), error.to_string())
    }
}

/// Whether a call failed for lack of room (disk or quota).
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::StorageFull,
            Fault::SyncFailed => Self::WritesStopped,
            Fault::Busy => Self::Overloaded {
                reason: "too many changes are waiting to be written",
                retry_after: Duration::from_secs(1),
            },
            Fault::TooLarge { limit, max, found: _ } => {
                Self::LimitExceeded { limit, max, target: "the change".into() }
            }
            Fault::Damaged { .. }
            | Fault::Newer { .. }
            | Fault::Unknown { .. }
            | Fault::Trimmed { .. }
            | Fault::Locked { .. }
            | Fault::Io(..) => Self::internal(&fault),
            Fault::Closed => Self::ENDING,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fault: Fault, status: u16, code: &str) {
        let error = Error::from(fault);
        assert_eq!((error.status(), error.code()), (status, code));
    }

    #[test]
    fn a_request_sees_only_what_it_can_act_on() {
        check(Fault::Full, 507, "StorageFull");
        check(Fault::SyncFailed, 503, "WritesStopped");
        check(Fault::Busy, 503, "Overloaded");
        check(
            Fault::TooLarge { limit: "transaction_bytes_max", max: 1, found: 2 },
            400,
            "LimitExceeded",
        );
        check(Fault::Trimmed { first: 7 }, 500, "InternalError");
        check(Fault::Io("cannot read 'x'".into(), "no".into()), 500, "InternalError");
        check(Fault::Closed, 503, "Overloaded");
    }

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(Fault::io("write", Path::new("x"), &full), Fault::Full);
        let other = io::Error::other("broken");
        assert_eq!(
            Fault::io("write", Path::new("x"), &other),
            Fault::Io("cannot write 'x'".into(), "broken".into())
        );
    }
}
