//! What one client may hold at once: requests, and turns of the reads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};

use crate::error::Error;

/// Requests of one client that wait at once: those of a full HTTP/2 connection and a few. What more come
/// are refused at once, because each costs memory.
const WAITING_MAX: usize = 128;

/// When a request may be worth another try, where nobody knows.
const SOON: Duration = Duration::from_secs(1);

/// How much one client may hold, and how much of it is free.
#[derive(Debug)]
pub(super) struct Share {
    requests: Arc<Semaphore>,
    waiting: AtomicUsize,
    turns: Arc<Semaphore>,
}

impl Share {
    /// For so many requests and turns; 0 for any number.
    pub(super) fn new(requests: usize, turns: usize) -> Self {
        let permits = |count| match count {
            0 => Semaphore::MAX_PERMITS,
            count => count.min(Semaphore::MAX_PERMITS),
        };
        Self {
            requests: Arc::new(Semaphore::new(permits(requests))),
            waiting: AtomicUsize::new(0),
            turns: Arc::new(Semaphore::new(permits(turns))),
        }
    }

    /// A request that may run; waits for one to end where too many do.
    ///
    /// # Errors
    /// `TooManyRequests` where none does in time, or too many wait already.
    pub(super) async fn enter(self: Arc<Self>, wait: Duration) -> Result<Arc<Pass>, Error> {
        let free = Arc::clone(&self.requests).try_acquire_owned();
        let request = match free {
            Ok(request) => request,
            Err(_) => self.wait(wait).await?,
        };
        Ok(Arc::new(Pass { share: self, _request: request }))
    }

    async fn wait(&self, wait: Duration) -> Result<OwnedSemaphorePermit, Error> {
        let refused = || Error::TooManyRequests {
            reason: "too many of your requests are running ('concurrent_per_token')".to_owned(),
            retry_after: SOON,
        };
        let waiting = Waiting(&self.waiting);
        if waiting.0.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            return Err(refused());
        }
        let next = Arc::clone(&self.requests).acquire_owned();
        let next = timeout(wait, next).await.map_err(|_| refused())?;
        next.map_err(|error| Error::internal(&error))
    }
}

/// Counted as waiting until it is dropped, also where its client leaves.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request that runs. Whoever works for it holds one, so that it ends with the last of the work.
#[derive(Debug)]
pub struct Pass {
    share: Arc<Share>,
    _request: OwnedSemaphorePermit,
}

impl Pass {
    /// One of the turns that its client may hold, until `deadline`.
    ///
    /// # Errors
    /// `TooManyRequests` where none comes free in time.
    pub async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        let turn = Arc::clone(&self.share.turns).acquire_owned();
        match timeout_at(deadline, turn).await {
            Ok(turn) => turn.map_err(|error| Error::internal(&error)),
            Err(_) => Err(Error::TooManyRequests {
                reason: "as many of your queries are running as one client may ('reads_max')"
                    .to_owned(),
                retry_after: SOON,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn a_request_too_many_waits_until_one_ends() {
        let share = Arc::new(Share::new(1, 1));
        let first = Arc::clone(&share).enter(LONG).await.unwrap();
        let second = tokio::spawn(Arc::clone(&share).enter(LONG));
        while share.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        drop(first);
        assert!(second.await.unwrap().is_ok());
        assert_eq!(share.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_or_with_too_many_is_refused() {
        let share = Arc::new(Share::new(1, 1));
        let first = Arc::clone(&share).enter(LONG).await.unwrap();
        let error = Arc::clone(&share).enter(Duration::ZERO).await.unwrap_err();
        assert_eq!((error.code(), error.status()), ("TooManyRequests", 429));
        let waiting: Vec<_> =
            (0..WAITING_MAX).map(|_| tokio::spawn(Arc::clone(&share).enter(LONG))).collect();
        while share.waiting.load(Ordering::Relaxed) < WAITING_MAX {
            tokio::task::yield_now().await;
        }
        assert!(Arc::clone(&share).enter(LONG).await.is_err());
        for one in &waiting {
            one.abort();
        }
        for one in waiting {
            assert!(one.await.unwrap_err().is_cancelled());
        }
        assert_eq!(share.waiting.load(Ordering::Relaxed), 0);
        drop(first);
        assert!(share.enter(Duration::ZERO).await.is_ok());
    }

    #[tokio::test]
    async fn a_client_holds_no_more_turns_than_its_share() {
        let pass = Arc::new(Share::new(0, 1)).enter(LONG).await.unwrap();
        let turn = pass.turn(Instant::now()).await.unwrap();
        assert_eq!(pass.turn(Instant::now()).await.unwrap_err().code(), "TooManyRequests");
        drop(turn);
        assert!(pass.turn(Instant::now()).await.is_ok());
    }
}
