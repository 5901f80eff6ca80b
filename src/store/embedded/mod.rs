//! The engine in this process: journal, committer, snapshot root, applier and records in one folder.

mod applier;
mod committer;
mod counts;
mod follower;
mod imager;
mod news;
mod options;
mod recovery;
#[cfg(test)]
mod tests;

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
        mpsc::{SyncSender, TrySendError},
    },
    thread::JoinHandle,
};

use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};

use self::{committer::Request, counts::Counts, follower::Follower, news::News};
pub use self::{options::Options, recovery::Opened};
use super::{
    Commits, Fault, Gauges, Receipt, Root, Seq, Snapshot, Store, Transaction,
    change::{Commit, UNKNOWN_SET},
    files::Files,
    image::Image,
    journal::{Entries, JournalReader},
    lock::Lock,
    records::Records,
    trust::Trust,
};
use crate::{model::Model, search::Finder, time::Timestamp};

/// Where a time should be and is none.
const NEVER: i64 = i64::MIN;

/// What the engine's threads share.
struct Shared {
    model: &'static Model,
    root: ArcSwap<Root>,
    published: watch::Sender<Seq>,
    /// The last transaction the records show and have flushed.
    applied: AtomicU64,
    /// Bytes of changes the records do not have yet, or have not flushed.
    pending_bytes: AtomicU64,
    /// Readers for whom superseded long texts must stay.
    pins: AtomicUsize,
    /// For each reader of the journal that must not be trimmed, the transaction after which it reads.
    held: Mutex<Vec<Seq>>,
    /// When the last scheduled backup was begun, microseconds since 1970; [`NEVER`] where there was none.
    backed_up: AtomicI64,
    /// What the threads count.
    counts: Counts,
    /// Where the columns are kept for the next start.
    image: Image,
    /// Where the keeper of the search index is told of changes.
    news: Option<Arc<News>>,
    /// Set when the engine stops: threads no longer wait for better times.
    stopping: AtomicBool,
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Vec<Seq>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self) -> Hold<'_> {
        let seq = self.root.load().seq();
        self.held().push(seq);
        self.pins.fetch_add(1, Ordering::AcqRel);
        Hold { shared: self, seq }
    }
}

/// See [`Embedded::hold`].
pub struct Hold<'a> {
    shared: &'a Shared,
    seq: Seq,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.shared.pins.fetch_sub(1, Ordering::AcqRel);
        let mut held = self.shared.held();
        if let Some(at) = held.iter().position(|seq| *seq == self.seq) {
            held.swap_remove(at);
        }
    }
}

/// The engine. Dropping it finishes what was queued and closes everything.
pub struct Embedded {
    shared: Arc<Shared>,
    options: Options,
    files: Arc<dyn Files>,
    records: Arc<Records>,
    reader: JournalReader,
    queue: Mutex<Option<SyncSender<Request>>>,
    committer: Mutex<Option<JoinHandle<()>>>,
    finder: Option<Arc<Finder>>,
    follower: Mutex<Option<Follower>>,
    /// Until it is closed.
    trust: Mutex<Option<Trust>>,
    _lock: Lock,
}

impl Embedded {
    /// Opens the data folder: takes its lock, checks the journal, brings the records up to it.
    ///
    /// # Errors
    /// `Locked` if another process has it, `Damaged`, `Newer`, `Full`, `Io`.
    pub fn open(
        model: &'static Model,
        files: &Arc<dyn Files>,
        options: Options,
    ) -> Result<(Self, Opened), Fault> {
        let lock = Lock::take(&options.dir)?;
        Self::open_under(model, files, options, lock)
    }

    /// As [`Embedded::open`], under a lock that is held already.
    ///
    /// # Errors
    /// As there.
    pub(super) fn open_under(
        model: &'static Model,
        files: &Arc<dyn Files>,
        options: Options,
        lock: Lock,
    ) -> Result<(Self, Opened), Fault> {
        let recovered = recovery::recover(model, files, &options)?;
        let reader = recovered.journal.reader();
        let opened = recovered.opened;
        let seq = recovered.root.seq();
        debug_assert_eq!(seq, recovered.journal.last_seq());
        let finder = options.search_writer_bytes.map(|_| Arc::new(Finder::default()));
        let mut root = recovered.root;
        root.set_finder(finder.clone());
        let shared = Arc::new(Shared {
            model,
            root: ArcSwap::from_pointee(root),
            published: watch::Sender::new(seq),
            applied: AtomicU64::new(seq),
            pending_bytes: AtomicU64::new(0),
            pins: AtomicUsize::new(0),
            held: Mutex::new(Vec::new()),
            backed_up: AtomicI64::new(NEVER),
            counts: Counts::new(),
            image: recovered.image,
            news: finder.as_ref().map(|_| Arc::default()),
            stopping: AtomicBool::new(false),
        });
        shared.counts.journal_bytes.store(recovered.journal.bytes(), Ordering::Relaxed);
        if let Some(at) = counts::written_at(&options.checkpoints_dir()) {
            shared.counts.checkpointed(opened.checkpoint_seq, at);
        }
        let records = recovered.records;
        let applier =
            applier::start(Arc::clone(&shared), Arc::clone(&records), options.text_grace)?;
        let (queue, committer) = committer::start(
            Arc::clone(&shared),
            recovered.journal,
            applier,
            options.clone(),
            opened.checkpoint_seq,
        )?;
        let follower = follow(&shared, (files, &options), &reader, finder.as_ref())?;
        let engine = Self {
            shared,
            options,
            files: Arc::clone(files),
            records,
            reader,
            queue: Mutex::new(Some(queue)),
            committer: Mutex::new(Some(committer)),
            finder,
            follower: Mutex::new(follower),
            trust: Mutex::new(Some(recovered.trust)),
            _lock: lock,
        };
        Ok((engine, opened))
    }

    /// The newest state, with what only this engine can tell of it.
    #[must_use]
    pub fn root(&self) -> Arc<Root> {
        self.shared.root.load_full()
    }

    /// The last transaction the records show and have flushed; at most [`Snapshot::seq`].
    #[must_use]
    pub fn applied(&self) -> Seq {
        self.shared.applied.load(Ordering::Acquire)
    }

    /// The last transaction that the search index shows; none where there is none, or it is being built.
    #[must_use]
    pub fn searched(&self) -> Option<Seq> {
        self.finder.as_ref().and_then(|finder| finder.shown())
    }

    /// Bytes of changes the records do not have yet.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.shared.pending_bytes.load(Ordering::Acquire)
    }

    /// What it keeps.
    #[must_use]
    pub fn model(&self) -> &'static Model {
        self.shared.model
    }

    /// Keeps the long texts of every state from now on, and the journal behind the newest, until it is dropped.
    #[must_use]
    pub fn hold(&self) -> Hold<'_> {
        self.shared.hold()
    }

    /// When the last scheduled backup that was verified was begun.
    #[must_use]
    pub fn last_backup(&self) -> Option<Timestamp> {
        let micros = self.shared.backed_up.load(Ordering::Acquire);
        (micros != NEVER).then(|| Timestamp::from_micros(micros))
    }

    /// Remembers for [`Embedded::last_backup`].
    pub(super) fn note_backup(&self, at: Timestamp) {
        self.shared.backed_up.store(at.micros(), Ordering::Release);
    }

    /// The transactions `from..=last` as they are in the journal.
    ///
    /// # Errors
    /// `Trimmed` if they are no longer kept.
    pub(super) fn entries(&self, from: Seq, last: Seq) -> Result<Entries, Fault> {
        self.reader.entries(from, last)
    }

    /// Whether it was told to close.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    /// The records, behind the newest state by what is still on its way.
    pub(in crate::store) fn records(&self) -> &Records {
        &self.records
    }

    /// The journal as it may be read while it is written.
    pub(in crate::store) fn journal(&self) -> (&dyn Files, &JournalReader) {
        (&*self.files, &self.reader)
    }

    /// What it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Finishes what is queued, brings the records up to the journal and closes both.
    pub fn close(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match committer.map(JoinHandle::join) {
            Some(Ok(())) => self.leave(),
            Some(Err(_)) => tracing::error!("the committer ended with a panic"),
            None => {}
        }
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follower) = follower {
            follower.finish();
        }
    }

    /// Has the next start read all records, for some were found to be wrong.
    pub(in crate::store) fn doubt_records(&self) -> Result<(), Fault> {
        let trust = self.trust.lock().unwrap_or_else(PoisonError::into_inner).take();
        trust.map_or(Ok(()), Trust::forget)
    }

    /// Leaves what the next start need not do again, where the records have all the columns show.
    fn leave(&self) {
        let trust = self.trust.lock().unwrap_or_else(PoisonError::into_inner).take();
        let root = self.root();
        let is_clean = self.applied() == root.seq()
            && self.pending_bytes() == 0
            && !self.shared.counts.is_stopped();
        let Some(trust) = trust.filter(|_| is_clean) else { return };
        if let Err(fault) = self.shared.image.leave(&root) {
            tracing::warn!("the next start takes longer, for no image was written: {fault}");
        }
        if let Err(fault) = self.records.seal().and_then(|()| trust.left_at(root.seq())) {
            tracing::warn!("the next start may have to read the records: {fault}");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.close();
    }
}

impl Store for Embedded {
    fn submit(&self, transaction: Transaction) -> Result<Receipt, Fault> {
        if self.pending_bytes() > self.options.overlay_bytes_max {
            return Err(Fault::Busy);
        }
        let (answer, receipt) = oneshot::channel();
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(Fault::Closed)?;
        self.shared.counts.queue.rise();
        let sent = queue.try_send(Request { transaction, answer });
        if sent.is_err() {
            self.shared.counts.queue.fall();
        }
        match sent {
            Ok(()) => Ok(receipt),
            Err(TrySendError::Full(_)) => Err(Fault::Busy),
            Err(TrySendError::Disconnected(_)) => Err(Fault::Closed),
        }
    }

    fn transaction_bytes_max(&self) -> u64 {
        self.options.journal.transaction_bytes_max
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.root()
    }

    fn changes_since(&self, seq: Seq) -> Result<Commits, Fault> {
        let model = self.shared.model;
        let entries = self.reader.entries(seq + 1, self.root().seq())?;
        Ok(Box::new(entries.map(move |entry| {
            let (seq, bytes) = entry?;
            Commit::from_bytes(seq, &bytes, model).map_err(|reason| unreadable(seq, reason))
        })))
    }

    fn gauges(&self) -> Gauges {
        counts::gauges(self)
    }

    fn wait_for(&self, seq: Seq) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut published = self.shared.published.subscribe();
        Box::pin(async move {
            // An error means the engine is gone; then there is nothing to wait for.
            let _ = published.wait_for(|now| *now >= seq).await;
        })
    }

    fn wait_for_search(&self, seq: Seq) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        match &self.finder {
            Some(finder) => Box::pin(finder.wait_for(seq)),
            None => Box::pin(std::future::ready(())),
        }
    }
}

/// Starts the keeper of the search index, if there is to be one.
fn follow(
    shared: &Arc<Shared>,
    (files, options): (&Arc<dyn Files>, &Options),
    journal: &JournalReader,
    finder: Option<&Arc<Finder>>,
) -> Result<Option<Follower>, Fault> {
    let (Some(memory), Some(finder), Some(news)) =
        (options.search_writer_bytes, finder, &shared.news)
    else {
        return Ok(None);
    };
    let setup = follower::Setup {
        files: Arc::clone(files),
        dir: options.search_dir(),
        memory,
        journal: journal.clone(),
        news: Arc::clone(news),
        finder: Arc::clone(finder),
        opened_at: shared.root.load().seq(),
    };
    follower::start(Arc::clone(shared), setup).map(Some)
}

fn unreadable(seq: Seq, reason: &str) -> Fault {
    // What the journal hands out is what was written, so a later version wrote it.
    if reason == UNKNOWN_SET {
        return Fault::Unknown { what: format!("an entity set in transaction {seq}") };
    }
    Fault::Io(format!("cannot read transaction {seq} of the journal"), reason.to_owned())
}
