//! What an engine is told when it is opened, and where in its folder what is.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::tz::TimeZone;

use crate::{
    store::{journal::JournalConfig, records},
    time::Clock,
};

/// What an engine is told when it is opened. Sizes in bytes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the data; made if it does not exist.
    pub dir: PathBuf,
    /// Where "now" comes from.
    pub clock: Clock,
    /// The workspace's time zone.
    pub zone: TimeZone,
    /// Go on after damage to the journal, without what is lost.
    pub recover: bool,
    /// Transactions that may wait to be committed.
    pub queue_max: usize,
    /// Transactions in one block.
    pub block_transactions_max: usize,
    /// Changes that the records do not have yet.
    pub overlay_bytes_max: u64,
    /// Memory for sled's cache.
    pub records_cache_bytes: u64,
    /// Sizes of the journal.
    pub journal: JournalConfig,
    /// Journal written since the last checkpoint that calls for a new one.
    pub checkpoint_journal_bytes: u64,
    /// Journal written since the last image of the columns that calls for a new one: about so much a
    /// start after a kill repeats.
    pub image_journal_bytes: u64,
    /// How long the journal is kept beyond what a checkpoint covers.
    pub history: Duration,
    /// Size at which the journal is cut back to what the checkpoint does not cover, whatever its age.
    pub history_bytes_max: u64,
    /// How long a superseded long text stays readable for snapshots that still refer to it.
    pub text_grace: Duration,
    /// Memory for what is written to the search index; where there is none no index is kept, and each
    /// text is looked at.
    pub search_writer_bytes: Option<u64>,
}

impl Options {
    /// The settings' defaults, for data in `dir`.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            clock: Clock::Real,
            zone: TimeZone::UTC,
            recover: false,
            queue_max: 4096,
            block_transactions_max: 1024,
            overlay_bytes_max: 256 << 20,
            records_cache_bytes: 64 << 20,
            journal: JournalConfig::default(),
            checkpoint_journal_bytes: 512 << 20,
            image_journal_bytes: 128 << 20,
            history: Duration::from_hours(90 * 24),
            history_bytes_max: 4 << 30,
            text_grace: Duration::from_mins(1),
            search_writer_bytes: None,
        }
    }

    /// Folder of everything but lock, format and socket.
    #[must_use]
    pub fn workspace(&self) -> PathBuf {
        self.dir.join("workspaces").join("default")
    }

    /// Folder of the journal.
    #[must_use]
    pub fn journal_dir(&self) -> PathBuf {
        self.workspace().join("journal")
    }

    /// Folder of the records.
    #[must_use]
    pub fn records_dir(&self) -> PathBuf {
        self.workspace().join(records::FOLDER)
    }

    /// Folder of the checkpoints.
    #[must_use]
    pub fn checkpoints_dir(&self) -> PathBuf {
        self.workspace().join("checkpoints")
    }

    /// Folder of the image of the columns.
    #[must_use]
    pub fn columns_dir(&self) -> PathBuf {
        self.workspace().join("columns")
    }

    /// Folder of the search index.
    #[must_use]
    pub fn search_dir(&self) -> PathBuf {
        self.workspace().join("search")
    }
}
