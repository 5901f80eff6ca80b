//! The last transactions, read from the journal once for all who listen.
//!
//! Reads what the committer has written and published; the committer knows nothing of it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::told::Told;
use crate::{
    model::Model,
    store::{Fault, Seq, Store},
};

/// Entities in what is kept, and so about what memory it may take: 8 MiB.
const KEPT_MAX: usize = 1 << 16;
/// Transactions kept at most, whatever they touched.
const TRANSACTIONS_MAX: usize = 1 << 13;
/// Transactions read from the journal at once.
const READ_MAX: usize = 1 << 10;
/// Entities in what is read at once, such as eight blocks of an import; beyond it all is to be read anew.
const READ_ENTITIES_MAX: usize = 1 << 13;
/// Transactions after which a reader that is behind is told to read anew rather than what they did.
const BEHIND_MAX: u64 = 10_000;
/// How long changes are gathered before they are read.
const GATHER: Duration = Duration::from_millis(50);
/// How often it is looked at whether anybody still listens.
const IDLE: Duration = Duration::from_secs(2);

/// What everybody listens to; one per server.
pub struct Hub {
    store: Arc<dyn Store>,
    model: &'static Model,
    state: Mutex<State>,
    /// The last transaction in what is kept.
    newest: watch::Sender<Seq>,
}

/// What is kept: everything after `after`.
#[derive(Default)]
struct State {
    kept: VecDeque<Arc<Told>>,
    entities: usize,
    after: Seq,
    listeners: usize,
    is_following: bool,
}

/// What there is to tell somebody who knows everything up to some transaction.
pub(super) enum News {
    /// These transactions, possibly none.
    Told(Vec<Arc<Told>>),
    /// More than is told, or what is no longer kept; the last of them.
    Lost(Seq),
}

impl Hub {
    /// Nobody listens yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, model: &'static Model) -> Arc<Self> {
        let (state, newest) = (Mutex::default(), watch::Sender::new(0));
        Arc::new(Self { store, model, state, newest })
    }

    /// Begins to listen. Call it within a runtime.
    pub(super) fn join(self: &Arc<Self>) -> Listener {
        let mut state = self.state();
        state.listeners += 1;
        if !state.is_following {
            state.is_following = true;
            let now = self.store.snapshot().seq();
            state.start_after(now);
            self.newest.send_replace(now);
            tokio::spawn(Arc::clone(self).follow());
        }
        Listener { hub: Arc::clone(self), newest: self.newest.subscribe() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what happens for as long as somebody listens.
    async fn follow(self: Arc<Self>) {
        loop {
            let known = *self.newest.borrow();
            let is_news = tokio::time::timeout(IDLE, self.store.wait_for(known + 1)).await.is_ok();
            {
                let mut state = self.state();
                if state.listeners == 0 {
                    state.is_following = false;
                    state.start_after(0);
                    return;
                }
            }
            if !is_news {
                continue;
            }
            tokio::time::sleep(GATHER).await;
            let newest = match Arc::clone(&self).read(known).await {
                News::Told(told) => {
                    let newest = told.last().map_or(known, |told| told.seq);
                    for told in told {
                        self.state().keep(told);
                    }
                    newest
                }
                News::Lost(newest) => {
                    self.state().start_after(newest);
                    newest
                }
            };
            self.newest.send_replace(newest);
        }
    }

    /// The next transactions after `known`, from the journal.
    async fn read(self: Arc<Self>, known: Seq) -> News {
        let work = move || {
            let newest = self.store.snapshot().seq();
            // What is behind by too much, and what is ahead because the data is another, begins anew.
            if newest < known || newest - known > BEHIND_MAX {
                return News::Lost(newest);
            }
            self.read_after(known).map_or_else(
                |fault| {
                    tracing::debug!("changes after {known} are not told: {fault}");
                    News::Lost(newest)
                },
                |told| told.map_or(News::Lost(newest), News::Told),
            )
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(News::Lost(known))
    }

    /// Some transactions after `known`; none where they touched too much to tell of each entity.
    fn read_after(&self, known: Seq) -> Result<Option<Vec<Arc<Told>>>, Fault> {
        let (mut told, mut entities) = (Vec::new(), 0);
        for commit in self.store.changes_since(known)?.take(READ_MAX) {
            let one = Told::of(&commit?, self.model);
            entities += one.happened.len();
            if entities > READ_ENTITIES_MAX {
                return Ok(None);
            }
            told.push(Arc::new(one));
        }
        Ok(Some(told))
    }
}

impl State {
    fn start_after(&mut self, seq: Seq) {
        self.kept.clear();
        (self.entities, self.after) = (0, seq);
    }

    fn keep(&mut self, told: Arc<Told>) {
        self.entities += told.happened.len();
        self.kept.push_back(told);
        while self.entities > KEPT_MAX || self.kept.len() > TRANSACTIONS_MAX {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.entities -= oldest.happened.len();
            self.after = oldest.seq;
        }
    }
}

/// Somebody who listens.
pub(super) struct Listener {
    hub: Arc<Hub>,
    newest: watch::Receiver<Seq>,
}

impl Listener {
    /// The newest transaction.
    pub(super) fn now(&self) -> Seq {
        self.hub.store.snapshot().seq()
    }

    /// Waits until something happened after `known`.
    pub(super) async fn wait(&mut self, known: Seq) {
        // The sender is kept by this very listener.
        let _ = self.newest.wait_for(|newest| *newest > known).await;
    }

    /// What happened after `known`: from what is kept, or, for who is behind, from the journal.
    pub(super) async fn after(&self, known: Seq) -> News {
        match self.kept_after(known) {
            Some(told) => News::Told(told),
            None => self.up_to_now(known).await,
        }
    }

    /// The same, from the journal alone: with what is read for all only in a moment.
    pub(super) async fn up_to_now(&self, known: Seq) -> News {
        Arc::clone(&self.hub).read(known).await
    }

    fn kept_after(&self, known: Seq) -> Option<Vec<Arc<Told>>> {
        let is_known = known <= self.now();
        let state = self.hub.state();
        (is_known && known >= state.after).then(|| {
            let first = state.kept.partition_point(|told| told.seq <= known);
            state.kept.range(first..).cloned().collect()
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hub.state().listeners -= 1;
    }
}
