//! What a snapshot asks: the index as it is now, or why there is none at the moment.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::sync::watch;

use super::{
    Trouble,
    join::Join,
    reader::{Failure, Reader},
};
use crate::{
    error::Error,
    model::SetId,
    query::{Context, Hits, Search},
};

/// How long a client waits before it asks again while the index is being built.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The index that snapshots are searched by; one for as long as the engine runs.
pub struct Finder {
    reader: ArcSwapOption<Reader>,
    /// The last transaction the reader shows.
    shown: watch::Sender<u64>,
    /// Whether a search found the index unusable.
    is_broken: AtomicBool,
    /// The last transaction that somebody waits for.
    wanted: AtomicU64,
}

impl Default for Finder {
    fn default() -> Self {
        Self {
            reader: ArcSwapOption::empty(),
            shown: watch::Sender::new(0),
            is_broken: AtomicBool::new(false),
            wanted: AtomicU64::new(0),
        }
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_ready = self.reader.load().is_some();
        f.debug_struct("Finder").field("is_ready", &is_ready).finish_non_exhaustive()
    }
}

impl Finder {
    /// Answers from now on with `reader`, which shows everything up to transaction `seq`.
    pub fn open(&self, reader: &Reader, seq: u64) {
        self.is_broken.store(false, Ordering::Release);
        self.reader.store(Some(reader.clone().into()));
        self.show(seq);
    }

    /// The reader shows everything up to transaction `seq` now.
    pub fn show(&self, seq: u64) {
        self.shown.send_if_modified(|shown| {
            let is_open = self.reader.load().is_some();
            if is_open {
                *shown = seq;
            }
            is_open
        });
    }

    /// Answers no more until there is a reader again.
    pub fn close(&self) {
        self.reader.store(None);
        self.shown.send_replace(0);
    }

    /// Whether a search found that the index must be built anew.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Acquire)
    }

    /// Whether somebody waits for what is not shown yet.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire) > *self.shown.borrow()
    }

    /// The last transaction shown; none while the index is not ready.
    #[must_use]
    pub fn shown(&self) -> Option<u64> {
        self.reader.load().is_some().then(|| *self.shown.borrow())
    }

    /// Resolves when everything up to transaction `seq` is shown.
    pub async fn wait_for(&self, seq: u64) {
        let mut shown = self.shown.subscribe();
        self.wanted.fetch_max(seq, Ordering::AcqRel);
        // The sender lives as long as this.
        let _ = shown.wait_for(|shown| *shown >= seq).await;
    }

    /// About how many rows of columns could be looked at while [`Finder::find`] runs; 0 where it would not.
    #[must_use]
    pub fn cost(&self, set: SetId, search: &Search, ctx: &Context<'_>) -> u64 {
        let Some(reader) = self.reader.load_full() else { return 0 };
        let Some(join) = Join::new(reader.layout(), set, search, ctx) else { return 0 };
        let cost = catch_unwind(AssertUnwindSafe(|| join.cost(&reader.look(), ctx)));
        // Whoever runs it is told what is wrong with the index.
        cost.ok().and_then(Result::ok).unwrap_or(0)
    }

    /// The ids of the entities of `set` that a search finds; none where the index does not have all places.
    /// `ctx` is of the rows the search is for.
    ///
    /// # Errors
    /// `Overloaded` where the index is not ready, or past the deadline; `LimitExceeded` for the end of a
    /// phrase that stands for too many words.
    pub fn find(
        &self,
        set: SetId,
        search: &Search,
        ctx: &Context<'_>,
    ) -> Result<Option<Hits>, Error> {
        let Some(reader) = self.reader.load_full() else { return Err(NOT_READY) };
        let Some(join) = Join::new(reader.layout(), set, search, ctx) else { return Ok(None) };
        let found = catch_unwind(AssertUnwindSafe(|| join.hits(&reader.look(), ctx)));
        let trouble = match found {
            Ok(Ok(hits)) => return Ok(Some(hits)),
            Ok(Err(Failure::Asked(error))) => return Err(error),
            Ok(Err(Failure::Index(trouble))) => trouble,
            Err(_) => Trouble::Damaged("a search panicked".into()),
        };
        if let Trouble::Passing(why) = &trouble {
            tracing::warn!("a search could not be run: {why}");
            return Err(NO_ROOM);
        }
        tracing::warn!("the search index is given up: {trouble}");
        self.is_broken.store(true, Ordering::Release);
        self.close();
        Err(NOT_READY)
    }
}

const NOT_READY: Error = Error::Overloaded {
    reason: "the search index is being built; everything but $search works meanwhile",
    retry_after: RETRY_AFTER,
};

const NO_ROOM: Error = Error::Overloaded {
    reason: "the search index cannot be read at the moment",
    retry_after: RETRY_AFTER,
};
