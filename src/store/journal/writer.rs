//! The one writer: appends a block, confirms it, and moves to the next segment when one is full.

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Entries, JournalConfig, JournalReader, Open, Recovery, Seq, TornTail,
    active::{Active, Spare, Step, activate, reopen, spare},
    format::{BLOCK_BYTES_MAX, Body, PAGE, PAGE_LEN, Place, block_bytes, encode, payload_bytes},
    recover,
    scan::{self, Point},
    segment::name_of,
};
use crate::store::{fault::Fault, files::Files};

/// An open journal. Appending needs `&mut`: there is one writer, and at most one block is ever unconfirmed.
#[derive(Debug)]
pub struct Journal {
    files: Arc<dyn Files>,
    dir: PathBuf,
    config: JournalConfig,
    /// The older segments, with their sizes.
    sealed: VecDeque<(Seq, u64)>,
    active: Active,
    prepared: Option<Spare>,
    /// Where in the active segment to try to prepare the next one.
    prepare_at: u64,
    next: Point,
    stopped: bool,
    synced_in: Duration,
    buffer: Vec<u8>,
}

impl Journal {
    /// Opens the journal in `dir`, or makes one; cuts a torn tail. Reads every block there is.
    ///
    /// # Errors
    /// [`Fault::Damaged`] in strict mode, [`Fault::Newer`] for a later format, [`Fault::Full`] without room for the
    /// first segment.
    pub fn open(
        files: Arc<dyn Files>,
        dir: &Path,
        config: JournalConfig,
        mode: Open,
    ) -> Result<(Self, Recovery), Fault> {
        let config = JournalConfig {
            segment_bytes: config.segment_bytes.max(2 * PAGE).next_multiple_of(PAGE),
            first_seq: config.first_seq.max(1),
            ..config
        };
        files.create_dir_all(dir).map_err(|error| Fault::io("create", dir, &error))?;
        recover::tidy(files.as_ref(), dir)?;
        let lost = match mode {
            Open::Strict => Vec::new(),
            Open::Recover => recover::repair(&files, dir)?,
        };
        let scan = scan::scan(files.as_ref(), dir).map_err(|stop| stop.fault)?;
        let torn = scan.torn(dir);
        let last_seq = scan.end.as_ref().map_or(0, |(point, _)| point.seq - 1);
        let last_gap = scan.gaps.last().map_or(0, |gap| *gap.end());
        if mode == Open::Strict && last_seq < config.confirmed {
            return Err(ends_too_early(dir, torn.as_ref(), last_seq, config.confirmed));
        }
        let mut sealed = VecDeque::from(scan.segments);
        let end = sealed.pop_back().zip(scan.end);
        let (next, active) = if let Some(((first, _), (next, tail))) = end {
            reopen(files.as_ref(), dir, first, next, &tail)?
        } else {
            let start = Point { seq: config.first_seq, chain: 0 };
            let spare = spare(files.as_ref(), dir, config.segment_bytes)?;
            activate(files.as_ref(), dir, spare, start).map_err(Step::into_fault)?
        };
        if let Some(TornTail { file, offset, bytes }) = &torn {
            tracing::warn!(file, offset, bytes, "cut an unfinished block; nobody was told of it");
        }
        let recovery = Recovery { last_seq: next.seq - 1, torn, lost, last_gap };
        let prepare_at = config.segment_bytes / 4 * 3;
        let journal = Self {
            files,
            dir: dir.to_owned(),
            config,
            sealed,
            active,
            prepared: None,
            prepare_at,
            next,
            stopped: false,
            synced_in: Duration::ZERO,
            buffer: Vec::new(),
        };
        Ok((journal, recovery))
    }

    /// Writes `entries` as one block, confirmed by one sync, and returns the number of the first.
    ///
    /// All of them are there afterwards, or none. Without entries nothing is written. A block larger than a segment
    /// gets a segment of its own size.
    ///
    /// # Errors
    /// [`Fault::Full`] without room (try again later), [`Fault::SyncFailed`] once a sync has failed (open again),
    /// [`Fault::TooLarge`] for an entry over the limit. After any of them the journal is as it was before, except
    /// that nobody knows whether the block whose sync failed is on the disk.
    pub fn append(&mut self, entries: &[Vec<u8>]) -> Result<Seq, Fault> {
        if self.stopped {
            return Err(Fault::SyncFailed);
        }
        let first = self.next.seq;
        if entries.is_empty() {
            return Ok(first);
        }
        self.check_sizes(entries)?;
        self.prepare_next();
        self.make_room(block_bytes(payload_bytes(entries)))?;
        let place = Place { segment: self.active.id, chain: self.next.chain, first };
        let chain = encode(&mut self.buffer, place, Body::Entries(entries));
        if let Err(error) = self.active.file.write_at(&self.buffer, self.active.position) {
            // A block that was written whole in spite of the error must not come to life later.
            if self.active.file.write_at(&[0; PAGE_LEN], self.active.position).is_ok() {
                self.confirm(self.active.file.sync_data())?;
            }
            return Err(Fault::io("write", &self.active.path, &error));
        }
        let started = Instant::now();
        self.confirm(self.active.file.sync_data())?;
        self.synced_in = started.elapsed();
        self.active.position += self.buffer.len() as u64;
        self.active.size = self.active.size.max(self.active.position);
        self.next = Point { seq: first + entries.len() as u64, chain };
        Ok(first)
    }

    fn check_sizes(&self, entries: &[Vec<u8>]) -> Result<(), Fault> {
        let limit = "transaction_bytes_max";
        let max = self.config.transaction_bytes_max.min(BLOCK_BYTES_MAX - 4);
        if let Some(entry) = entries.iter().find(|entry| entry.len() as u64 > max) {
            return Err(Fault::TooLarge { limit, max, found: entry.len() as u64 });
        }
        let found = payload_bytes(entries);
        if found > BLOCK_BYTES_MAX {
            Err(Fault::TooLarge { limit, max: BLOCK_BYTES_MAX, found })
        } else {
            Ok(())
        }
    }

    /// A failed sync stops the journal: a second try could succeed without the bytes being there.
    fn confirm(&mut self, synced: io::Result<()>) -> Result<(), Fault> {
        synced.map_err(|error| {
            tracing::error!("the journal could not be synced, so writing stops: {error}");
            self.stopped = true;
            Fault::SyncFailed
        })
    }

    /// Reserves the next segment once three quarters of this one are used, so that a full disk shows early.
    fn prepare_next(&mut self) {
        if self.prepared.is_some() || self.active.position < self.prepare_at {
            return;
        }
        match spare(self.files.as_ref(), &self.dir, self.config.segment_bytes) {
            Ok(spare) => self.prepared = Some(spare),
            Err(fault) => {
                tracing::warn!("cannot reserve the next journal segment yet: {fault}");
                self.prepare_at = self.active.position + self.config.segment_bytes / 16;
            }
        }
    }

    /// Sees to it that the active segment has room for `bytes`.
    fn make_room(&mut self, bytes: u64) -> Result<(), Fault> {
        let capacity = self.active.size.max(self.config.segment_bytes);
        if self.active.position + bytes > capacity && self.active.position > PAGE {
            self.roll(bytes)?;
        }
        let end = self.active.position + bytes;
        if end > self.active.size {
            let size = end.max(self.config.segment_bytes);
            let reserved = self.active.file.allocate(size);
            reserved.map_err(|error| Fault::io("reserve room in", &self.active.path, &error))?;
            self.active.size = size;
        }
        Ok(())
    }

    /// Makes a new segment the active one; until it is durable with its head and name, nothing changes.
    fn roll(&mut self, bytes: u64) -> Result<(), Fault> {
        let spare = match self.prepared.take() {
            Some(spare) => spare,
            None => {
                spare(self.files.as_ref(), &self.dir, self.config.segment_bytes.max(PAGE + bytes))?
            }
        };
        let (next, active) = match activate(self.files.as_ref(), &self.dir, spare, self.next) {
            Ok(fresh) => fresh,
            Err(Step::Failed(fault)) => return Err(fault),
            Err(Step::Unsynced(error)) => return self.confirm(Err(error)),
        };
        let old = std::mem::replace(&mut self.active, active);
        self.sealed.push_back((old.first, old.size));
        self.next = next;
        self.prepare_at = self.config.segment_bytes / 4 * 3;
        Ok(())
    }

    /// The entries from `seq` to the last confirmed one.
    ///
    /// # Errors
    /// [`Fault::Trimmed`] where `seq` is older than what is kept.
    pub fn read_from(&self, seq: Seq) -> Result<Entries, Fault> {
        self.reader().entries(seq, self.last_seq())
    }

    /// A reader for other threads.
    #[must_use]
    pub fn reader(&self) -> JournalReader {
        JournalReader::new(Arc::clone(&self.files), &self.dir)
    }

    /// Removes the segments whose entries are all before `seq`, oldest first; the active one stays.
    ///
    /// # Errors
    /// [`Fault::SyncFailed`] where the removal could not be confirmed; writing stops then, too.
    pub fn remove_before(&mut self, seq: Seq) -> Result<(), Fault> {
        while let Some((first, _)) = self.sealed.front() {
            let next = self.sealed.get(1).map_or(self.active.first, |(next, _)| *next);
            if next > seq {
                break;
            }
            let path = self.dir.join(name_of(*first));
            self.files.remove(&path).map_err(|error| Fault::io("remove", &path, &error))?;
            self.sealed.pop_front();
            // One by one: if a later removal survived a power cut and an earlier one did not, there would be a hole.
            self.confirm(self.files.sync_dir(&self.dir))?;
        }
        Ok(())
    }

    /// The oldest entry kept; one more than [`Journal::last_seq`] where there is none.
    #[must_use]
    pub fn first_seq(&self) -> Seq {
        self.sealed.front().map_or(self.active.first, |(first, _)| *first)
    }

    /// The last confirmed entry; one less than [`Journal::first_seq`] where there is none.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        self.next.seq - 1
    }

    /// How long the disk took to confirm the last block.
    #[must_use]
    pub fn synced_in(&self) -> Duration {
        self.synced_in
    }

    /// Bytes of the files that were begun after entry `seq`, and of the one being written.
    #[must_use]
    pub fn bytes_behind(&self, seq: Seq) -> u64 {
        let younger = self.sealed.iter().filter(|(first, _)| *first > seq);
        younger.map(|(_, size)| size).sum::<u64>() + self.active.position
    }

    /// Size of all segment files, reserved room included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.sealed.iter().map(|(_, size)| size).sum::<u64>() + self.active.size
    }
}

/// The fault of a journal that ends before an entry somebody was told of.
pub(in crate::store) fn ends_too_early(
    dir: &Path,
    torn: Option<&TornTail>,
    last: Seq,
    confirmed: Seq,
) -> Fault {
    let reason =
        format!("the journal ends at entry {last} here, but entry {confirmed} was confirmed");
    match torn {
        Some(TornTail { file, offset, .. }) => {
            Fault::Damaged { file: file.clone(), offset: *offset, reason }
        }
        None => Fault::Damaged { file: dir.display().to_string(), offset: 0, reason },
    }
}

#[cfg(test)]
mod tests;
