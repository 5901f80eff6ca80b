//! Where the accept loop waits for room, and where connections say that they could make some.
//!
//! Whoever looks for idle connections first says so ([`Room::is_sought`]), then looks; a connection
//! first becomes idle, then asks whether that is sought. Both in one order that all threads agree on
//! (`SeqCst` at each of the four steps), so that one of the two always notices the other.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, futures::Notified};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Room {
    is_sought: AtomicBool,
    changed: Notify,
}

impl Room {
    /// From now on connections that become idle say so.
    pub(super) fn is_sought(&self) {
        self.is_sought.store(true, Ordering::SeqCst);
    }

    /// Nobody needs to hear of idle connections any more.
    pub(super) fn is_found(&self) {
        self.is_sought.store(false, Ordering::SeqCst);
    }

    /// A connection could go from now on; its marks were stored with `SeqCst` before.
    pub(super) fn one_is_idle(&self) {
        if self.is_sought.load(Ordering::SeqCst) {
            self.changed.notify_one();
        }
    }

    /// A connection has gone.
    pub(super) fn one_is_gone(&self) {
        self.changed.notify_one();
    }

    /// Resolves when there may be room; only one may wait for it.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}
