//! What the committer tells whoever keeps a view of the state: never more than a bounded list, never waiting.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    model::{Key, SetId},
    store::Root,
    time::Timestamp,
};

/// Entities told of at most; beyond that the journal tells.
const TOUCHED_MAX: usize = 1 << 16;

/// What happened since the last look.
#[derive(Default)]
pub(super) struct Batch {
    /// Entities made, changed or deleted, possibly several times.
    pub touched: Vec<(SetId, Key)>,
    /// Whether there were more than fit; then the list is empty.
    pub is_over: bool,
    /// The state afterwards, and when its last transaction was committed; none where nothing happened.
    pub newest: Option<(Arc<Root>, Timestamp)>,
}

impl Batch {
    /// Adds what happened after it.
    pub(super) fn append(&mut self, next: Self) {
        self.is_over |= next.is_over;
        self.touched.extend(next.touched);
        if self.is_over || self.touched.len() > TOUCHED_MAX {
            (self.is_over, self.touched) = (true, Vec::new());
        }
        self.newest = next.newest.or(self.newest.take());
    }
}

/// The place where it is left.
#[derive(Default)]
pub(super) struct News {
    batch: Mutex<Batch>,
    told: Condvar,
}

impl News {
    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what made `root` of the state told of before. The other side holds the lock for a moment only.
    pub(super) fn tell(&self, touched: Vec<(SetId, Key)>, root: Arc<Root>, at: Timestamp) {
        let next = Batch { touched, is_over: false, newest: Some((root, at)) };
        self.lock().append(next);
        self.told.notify_one();
    }

    /// Wakes whoever waits, without news.
    pub(super) fn nudge(&self) {
        self.told.notify_one();
    }

    /// Waits until there is something, so long at most.
    pub(super) fn wait(&self, most: Duration) {
        let batch = self.lock();
        if batch.newest.is_none() {
            // Woken for nothing is as good as in time.
            drop(self.told.wait_timeout(batch, most));
        }
    }

    /// Takes what there is.
    pub(super) fn take(&self) -> Batch {
        std::mem::take(&mut *self.lock())
    }
}
