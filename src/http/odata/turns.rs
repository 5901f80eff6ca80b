//! Turns of the reads: how many run at once, and how many of them for one client.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{error::Error, http::limit::Pass};

/// Where one request gets its turns.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    /// The client's share of them; none where it has no limit.
    own: Option<Arc<Pass>>,
    /// Those of reads that may touch many rows, for such a one.
    heavy: Option<Arc<Semaphore>>,
    /// Whether what is done may be done without one, as long as it takes but a moment.
    is_needed: bool,
}

/// Turns of heavy reads, beside those of all: no more than there are processors, and no more than leave
/// half of the turns to light ones, which so never wait for a heavy one.
#[must_use]
pub(super) fn heavy(reads_max: usize) -> Semaphore {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(processors.min(reads_max / 2).max(1))
}

/// A turn of the heavy reads, as soon as there is one.
///
/// # Errors
/// `Overloaded` if there is none until `deadline`.
async fn heavy_turn(
    all: &Arc<Semaphore>,
    deadline: Instant,
) -> Result<OwnedSemaphorePermit, Error> {
    match timeout_at(deadline, Arc::clone(all).acquire_owned()).await {
        Ok(turn) => turn.map_err(|error| Error::internal(&error)),
        Err(_) => Err(Error::Overloaded {
            reason: "too many queries over many rows are running",
            retry_after: std::time::Duration::from_secs(1),
        }),
    }
}

/// The right to run a read, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _own: Option<(OwnedSemaphorePermit, Arc<Pass>)>,
    _one_of_all: OwnedSemaphorePermit,
    _heavy: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Those of `all`, as many of them as the client of `own` may hold.
    pub(super) fn new(all: &Arc<Semaphore>, own: Option<&Arc<Pass>>) -> Self {
        Self { all: Arc::clone(all), own: own.cloned(), heavy: None, is_needed: true }
    }

    /// The same for a read that may touch many rows: with each turn comes one of `heavy`.
    pub(super) fn heavy(self, heavy: &Arc<Semaphore>) -> Self {
        Self { heavy: Some(Arc::clone(heavy)), ..self }
    }

    /// The same for so little work that it needs none as long as it takes but a moment.
    pub(super) fn or_none(self) -> Self {
        Self { is_needed: false, ..self }
    }

    /// Whether each piece of work needs one.
    pub(super) fn is_needed(&self) -> bool {
        self.is_needed
    }

    /// A turn, as soon as there is one.
    ///
    /// # Errors
    /// `TooManyRequests` if the client holds all it may until `deadline`, `Overloaded` if others do.
    pub(super) async fn next(&self, deadline: Instant) -> Result<Turn, Error> {
        // Whoever waits for one of these holds nothing that light reads could use.
        let heavy = match &self.heavy {
            Some(heavy) => Some(heavy_turn(heavy, deadline).await?),
            None => None,
        };
        // Then the client's own: while it waits for that, it holds nothing that others could use.
        let own = match &self.own {
            Some(pass) => Some((pass.turn(deadline).await?, Arc::clone(pass))),
            None => None,
        };
        let turn = Arc::clone(&self.all).acquire_owned();
        match timeout_at(deadline, turn).await {
            Ok(turn) => {
                let turn = turn.map_err(|error| Error::internal(&error))?;
                Ok(Turn { _own: own, _one_of_all: turn, _heavy: heavy })
            }
            Err(_) => Err(Error::Overloaded {
                reason: "too many queries are running",
                retry_after: std::time::Duration::from_secs(1),
            }),
        }
    }
}
