//! The thread that brings the search index after the journal, and builds it anew when it cannot be trusted.
//!
//! The index is a view: nothing waits for it but who asks for it, and it may be thrown away at any time.

use std::{
    collections::HashSet,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{
    Shared,
    news::{Batch, News},
    recovery::{Progress, remove_aside, set_aside},
};
use crate::{
    model::{Key, Model, Row, SetId},
    query::{Context, Source},
    search::{Finder, Position, Reader, Trouble, WriteFailure, Writer, open},
    store::{Change, Commit, Fault, Root, Seq, Snapshot, files::Files, journal::JournalReader},
    time::Timestamp,
};

/// How long changes are gathered before they are written, where nobody waits for them.
const GATHER: Duration = Duration::from_millis(100);
/// From one commit of the index to the next at least, where nobody waits.
const BETWEEN: Duration = Duration::from_millis(500);
/// Transactions without a change to any document after which the position is written all the same.
const BEHIND_MAX: u64 = 4096;
/// How often it is looked at whether somebody waits, or the engine stops.
const SLICE: Duration = Duration::from_millis(20);
/// How long it sleeps where nothing happens; it is woken by what does.
const IDLE: Duration = Duration::from_secs(1);
/// How long it waits after the index could not be kept, before it tries again: twice as long each time.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// As long at most; an index that was kept for longer is tried again at once.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);
/// How often in one round texts that cannot be read are waited for: the records may be opened again at the moment.
const TEXT_TRIES: u32 = 3;
/// How long each time.
const TEXT_WAIT: Duration = Duration::from_secs(1);

/// What the thread is told.
pub(super) struct Setup {
    pub files: Arc<dyn Files>,
    pub dir: PathBuf,
    /// Memory of the writer, bytes.
    pub memory: u64,
    pub journal: JournalReader,
    pub news: Arc<News>,
    pub finder: Arc<Finder>,
    /// The last transaction when the engine was opened: an index that knows more is of another history.
    pub opened_at: Seq,
}

/// The handle of the thread.
pub(super) struct Follower {
    thread: JoinHandle<()>,
    news: Arc<News>,
}

impl Follower {
    /// Waits until the thread has ended; `stopping` must be set.
    pub(super) fn finish(self) {
        self.news.nudge();
        if self.thread.join().is_err() {
            tracing::error!("the follower of the search index ended with a panic");
        }
    }
}

/// Starts the thread.
pub(super) fn start(shared: Arc<Shared>, setup: Setup) -> Result<Follower, Fault> {
    let news = Arc::clone(&setup.news);
    let worker = Worker { shared, setup };
    let thread = std::thread::Builder::new()
        .name("search".into())
        .spawn(move || worker.run())
        .map_err(|error| Fault::Io("cannot start the search index".into(), error.to_string()))?;
    Ok(Follower { thread, news })
}

struct Worker {
    shared: Arc<Shared>,
    setup: Setup,
}

/// The index while it is kept, and the state that its last commit shows, if that is known.
struct Kept {
    writer: Writer,
    reader: Reader,
    shown: Option<Arc<Root>>,
    /// How often texts are still waited for before the next commit.
    tries: u32,
}

impl Kept {
    /// Makes what was written of `root` durable, and shows it.
    fn commit(&mut self, root: &Arc<Root>, at: Timestamp) -> Result<(), WriteFailure> {
        let position = Position { seq: root.seq(), at: at.micros() };
        let behind = self.writer.position().map(|last| position.seq.saturating_sub(last.seq));
        // Most transactions touch no text; the position is written for them now and then.
        if self.writer.is_changed() || behind.is_none_or(|behind| behind >= BEHIND_MAX) {
            self.writer.commit(position).and_then(|()| self.reader.reload())?;
        }
        self.shown = Some(Arc::clone(root));
        self.tries = TEXT_TRIES;
        Ok(())
    }

    /// Writes a document. A text that cannot be read is left out and told: without it the others are found.
    fn add(&mut self, row: &Row, ctx: &Context<'_>, wait: impl Fn()) -> Result<(), WriteFailure> {
        loop {
            match self.writer.add(row, ctx) {
                Err(WriteFailure::Source(error)) if self.tries > 0 => {
                    tracing::warn!("the search index waits for a text: {error}");
                    self.tries -= 1;
                    wait();
                }
                Err(WriteFailure::Source(_)) => break,
                done => return done,
            }
        }
        let (model, key) = (ctx.model(), row.key(ctx.model()));
        let set = model.set(row.set).name;
        self.writer.add_readable(row, ctx, |name, error| {
            tracing::error!("$search will not find {set} {key:?} by its {name}: {error}");
        })
    }
}

/// Why the index is kept no longer.
enum End {
    /// The engine stops.
    Stopped,
    /// It must be built anew.
    Trouble(Trouble),
}

impl<T: Into<Trouble>> From<T> for End {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

fn trouble(error: &impl Display) -> Trouble {
    Trouble::Damaged(error.to_string())
}

/// What keeps the journal from being read: it may be trimmed, or there is no file to be had at the moment.
fn unread(fault: &Fault) -> Trouble {
    match fault {
        Fault::Io(..) | Fault::Full => Trouble::Passing(fault.to_string()),
        fault => trouble(fault),
    }
}

impl Worker {
    fn run(self) {
        let mut wait = Duration::ZERO;
        while !self.is_stopping() {
            let began = Instant::now();
            let kept = catch_unwind(AssertUnwindSafe(|| self.keep()));
            let panicked = |_| Err(Trouble::Damaged("it panicked".into()).into());
            let Err(End::Trouble(trouble)) = kept.unwrap_or_else(panicked) else { break };
            if began.elapsed() > RETRY_AFTER_MAX {
                wait = Duration::ZERO;
            }
            self.give_up(&trouble);
            let least = match trouble {
                Trouble::Damaged(_) => Duration::ZERO,
                Trouble::Passing(_) => RETRY_AFTER,
            };
            self.pause(wait.max(least), || false);
            wait = (2 * wait).clamp(RETRY_AFTER, RETRY_AFTER_MAX);
        }
        self.setup.finder.close();
    }

    /// What becomes of an index that could not be kept; the next try opens it, or builds it anew.
    fn give_up(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Damaged(why) => {
                self.setup.finder.close();
                tracing::warn!("the search index is built anew: {why}");
                // Of an index nothing is worth more than one to look at.
                remove_aside(&self.setup.dir);
                if let Err(fault) = set_aside(&self.setup.dir) {
                    tracing::warn!("the search index stays where it is: {fault}");
                }
            }
            // What it shows is old, but right; it is told by 'tessera_sequence_searched'.
            Trouble::Passing(why) => {
                tracing::warn!("the search index stays behind until there is room: {why}");
            }
        }
    }

    /// Opens the index, brings it up to the state and keeps it there.
    fn keep(&self) -> Result<(), End> {
        let Setup { files, dir, memory, finder, .. } = &self.setup;
        files.create_dir_all(dir).map_err(Trouble::from)?;
        let (writer, reader) = open(dir, self.shared.model, *memory)?;
        let mut kept = Kept { writer, reader, shown: None, tries: TEXT_TRIES };
        // The texts of the state it is brought up to, and the journal behind it, must stay until then.
        let hold = self.shared.hold();
        let root = self.shared.root.load_full();
        match kept.writer.position() {
            None => self.fill(&mut kept, &root)?,
            Some(position) => {
                self.trust(position)?;
                let touched = self.touched(position.seq, root.seq())?;
                let at = self.time_of(root.seq());
                self.write(&mut kept, &touched, &root, at)?;
            }
        }
        drop(hold);
        finder.open(&kept.reader, root.seq());
        tracing::info!(transactions = root.seq(), "the search index is ready");
        // What was set aside for this one is of no use any more.
        remove_aside(&self.setup.dir);
        self.follow(&mut kept)
    }

    /// Writes what happens, until the engine stops.
    fn follow(&self, kept: &mut Kept) -> Result<(), End> {
        let Setup { news, finder, .. } = &self.setup;
        let mut pending = Batch::default();
        let mut last = Instant::now();
        loop {
            if pending.newest.is_none() {
                news.wait(IDLE);
            }
            if finder.is_broken() {
                return Err(Trouble::Damaged("a search could not read it".into()).into());
            }
            let is_last = self.is_stopping();
            pending.append(news.take());
            if pending.newest.is_some() {
                self.pause(GATHER.max(BETWEEN.saturating_sub(last.elapsed())), || {
                    finder.is_wanted()
                });
                pending.append(news.take());
                last = Instant::now();
                self.round(kept, &pending)?;
                pending = Batch::default();
            }
            if is_last {
                return Err(End::Stopped);
            }
        }
    }

    /// Writes a batch.
    fn round(&self, kept: &mut Kept, batch: &Batch) -> Result<(), WriteFailure> {
        let Some((root, at)) = &batch.newest else { return Ok(()) };
        let from = kept.writer.position().map_or(0, |position| position.seq);
        if root.seq() <= from {
            return Ok(());
        }
        if batch.is_over {
            let touched = self.touched(from, root.seq()).map_err(WriteFailure::Index)?;
            self.write(kept, &touched, root, *at)?;
        } else {
            let touched: HashSet<&(SetId, Key)> = batch.touched.iter().collect();
            self.write(kept, touched, root, *at)?;
        }
        self.setup.finder.show(root.seq());
        Ok(())
    }

    /// Writes the documents of what was touched as it is in `root`, and commits.
    fn write<'a>(
        &self,
        kept: &mut Kept,
        touched: impl IntoIterator<Item = &'a (SetId, Key)>,
        root: &Arc<Root>,
        at: Timestamp,
    ) -> Result<(), WriteFailure> {
        let ctx = context(&**root);
        for (set, key) in touched {
            let now = root.row(*set, key);
            let before = kept.shown.as_ref().and_then(|shown| shown.row(*set, key));
            match (&before, &now) {
                (Some(before), Some(now))
                    if kept.writer.layout().is_same(self.shared.model, before, now) => {}
                (_, now) => {
                    kept.writer.remove(*set, key);
                    if let Some(row) = now {
                        kept.add(row, &ctx, || self.pause(TEXT_WAIT, || false))?;
                    }
                }
            }
        }
        kept.commit(root, at)
    }

    /// Fills an empty index.
    fn fill(&self, kept: &mut Kept, root: &Arc<Root>) -> Result<(), End> {
        let mut progress = Progress::new("building the search index");
        let ctx = context(&**root);
        for set in kept.writer.layout().sets() {
            for row in root.rows(set) {
                if self.is_stopping() {
                    return Err(End::Stopped);
                }
                kept.add(&row, &ctx, || self.pause(TEXT_WAIT, || false))?;
                progress.step();
            }
        }
        Ok(kept.commit(root, self.time_of(root.seq()))?)
    }

    /// Whether the index goes up to a transaction of this very history.
    fn trust(&self, position: Position) -> Result<(), Trouble> {
        let Position { seq, at } = position;
        if seq > self.setup.opened_at {
            return Err(Trouble::Damaged(format!(
                "it goes up to transaction {seq}, which is not known"
            )));
        }
        if seq > 0 && self.time_of(seq).micros() != at {
            return Err(Trouble::Damaged(format!("its transaction {seq} is another one")));
        }
        Ok(())
    }

    /// What the journal says was touched by the transactions `after..=last`.
    fn touched(&self, after: Seq, last: Seq) -> Result<HashSet<(SetId, Key)>, Trouble> {
        let mut touched = HashSet::new();
        for entry in self.setup.journal.entries(after + 1, last).map_err(|fault| unread(&fault))? {
            let (seq, bytes) = entry.map_err(|fault| unread(&fault))?;
            let commit = Commit::from_bytes(seq, &bytes, self.shared.model);
            let commit = commit.map_err(|reason| trouble(&reason))?;
            touched.extend(touched_by(&commit, self.shared.model));
        }
        Ok(touched)
    }

    /// When a transaction was committed; where the journal no longer knows, a time that none has.
    fn time_of(&self, seq: Seq) -> Timestamp {
        let entry =
            self.setup.journal.entries(seq, seq).ok().and_then(|mut entries| entries.next());
        let commit = entry
            .and_then(Result::ok)
            .and_then(|(seq, bytes)| Commit::from_bytes(seq, &bytes, self.shared.model).ok());
        commit.map_or(Timestamp::from_micros(super::NEVER), |commit| commit.at)
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    /// Sleeps, until `is_enough` or the engine stops.
    fn pause(&self, most: Duration, is_enough: impl Fn() -> bool) {
        let until = Instant::now() + most;
        while !self.is_stopping() && !is_enough() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}

/// The entities a transaction made, changed or deleted, of sets that are searched by an index.
pub(super) fn touched_by<'a>(
    commit: &'a Commit,
    model: &'a Model,
) -> impl Iterator<Item = (SetId, Key)> + 'a {
    commit.changes.iter().filter_map(|change| match change {
        Change::Put { set, key, .. } | Change::Delete { set, key } => {
            model.set(*set).searched.is_indexed.then(|| (*set, key.clone()))
        }
        Change::Text { .. } => None,
    })
}

/// No stored text depends on the time.
fn context(source: &dyn Source) -> Context<'_> {
    Context { source, now: Timestamp::from_micros(0), it: None, found: None, deadline: None }
}

#[cfg(test)]
mod tests;
