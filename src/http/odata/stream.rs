//! A long answer on its way: the next piece is written when the client can take it, never before.
//!
//! A piece that is little work is written where the answer is sent, any other on a thread of its own. Between
//! two pieces no thread works and no turn is held, so a slow client costs what its rest holds and a piece, or
//! two where two were written at once. An error ends the body without its proper end: a client must not take a part for the
//! whole.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use warp::{Reply, Stream};

use super::turns::Turns;
use crate::{
    error::Error,
    http::{Response, panic_message},
};

/// What is left of an answer.
pub(super) trait Rest: Send + 'static {
    /// Writes the next piece; may take a moment.
    ///
    /// # Errors
    /// Whatever makes the answer end here.
    fn piece(&mut self) -> Result<Vec<u8>, Error>;

    /// Whether nothing is left.
    fn is_done(&self) -> bool;
}

/// How long a piece may take that is written without a turn; those behind one that took longer wait for theirs.
const MOMENT: Duration = Duration::from_millis(5);

/// An answer of which `first` is written, and the `rest` will be, each piece in one of `turns`, where they
/// are needed.
///
/// At `deadline` the rest is let go, whether or not the client still reads. Call it within a runtime.
pub(super) fn answer(first: Vec<u8>, rest: impl Rest, turns: Turns, deadline: Instant) -> Response {
    let is_here = !turns.is_needed();
    let rest = Arc::new(Held { rest: Mutex::new(Some(rest)), turns, deadline });
    let late = Arc::clone(&rest);
    let timer = tokio::spawn(async move {
        sleep_until(deadline).await;
        if late.take().is_some() {
            tracing::debug!("an answer has run out of time, what is left of it is let go");
        }
    });
    let (first, work) = (Some(first.into()), Mutex::new(None));
    let body = Pieces { first, rest: Some(rest), is_here, has_worked: true, work, timer };
    warp::reply::stream(body).into_response()
}

/// The rest of an answer between two pieces; taken out while one is written.
struct Held<R> {
    rest: Mutex<Option<R>>,
    turns: Turns,
    deadline: Instant,
}

impl<R: Rest> Held<R> {
    fn lock(&self) -> MutexGuard<'_, Option<R>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<R> {
        self.lock().take()
    }

    /// The next piece, and whether it was the last, as soon as its turn comes.
    async fn in_turn(self: Arc<Self>) -> Result<(Bytes, bool), Cut> {
        let turn = self.turns.next(self.deadline).await.map_err(|_| Cut::TooSlow)?;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            self.piece()
        });
        work.await.map_err(Error::from)?
    }

    /// As [`Held::in_turn`], at once.
    fn here(&self) -> Result<(Bytes, bool), Cut> {
        let written = catch_unwind(AssertUnwindSafe(|| self.piece()));
        written.unwrap_or_else(|cause| Err(Error::internal(&panic_message(&*cause)).into()))
    }

    fn piece(&self) -> Result<(Bytes, bool), Cut> {
        let mut rest = self.take().ok_or(Cut::TooSlow)?;
        let piece = rest.piece()?;
        let is_last = rest.is_done();
        // Past its time nobody would come to take it away.
        if !is_last && Instant::now() < self.deadline {
            *self.lock() = Some(rest);
        }
        Ok((piece.into(), is_last))
    }
}

/// Why an answer ended early.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("its client took longer than 'answer_timeout_secs'")]
    TooSlow,
    #[error(transparent)]
    Failed(#[from] Error),
}

type Work = Pin<Box<dyn Future<Output = Result<(Bytes, bool), Cut>> + Send>>;

/// The pieces, pulled one after the other.
struct Pieces<R> {
    first: Option<Bytes>,
    /// `None` once the last piece is written, or none will be.
    rest: Option<Arc<Held<R>>>,
    /// Whether the next piece is written here, without a turn.
    is_here: bool,
    /// Whether others have yet to get theirs after the piece before.
    has_worked: bool,
    /// The piece being written in its turn. Behind a lock only because a body must be `Sync`; nobody waits for it.
    work: Mutex<Option<Work>>,
    timer: JoinHandle<()>,
}

impl<R> Drop for Pieces<R> {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

impl<R: Rest> Stream for Pieces<R> {
    type Item = Result<Bytes, Cut>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(rest) = &self.rest else { return Poll::Ready(None) };
        let rest = Arc::clone(rest);
        let written = if self.is_here {
            if std::mem::take(&mut self.has_worked) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.has_worked = true;
            let started = Instant::now();
            let written = rest.here();
            self.is_here = started.elapsed() < MOMENT;
            written
        } else {
            let slot = self.work.get_mut().unwrap_or_else(PoisonError::into_inner);
            let work = slot.get_or_insert_with(|| Box::pin(rest.in_turn()));
            let written = ready!(work.as_mut().poll(cx));
            *slot = None;
            written
        };
        if let Err(cut) = &written {
            tracing::warn!("an answer was cut off: {cut}");
        }
        if !matches!(written, Ok((_, false))) {
            self.rest = None;
        }
        Poll::Ready(Some(written.map(|(piece, _)| piece)))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::sync::{Semaphore, oneshot};

    use super::*;

    /// So many pieces, then a failure; says when it is let go.
    struct Fake(u8, Option<oneshot::Sender<()>>);

    impl Rest for Fake {
        fn piece(&mut self) -> Result<Vec<u8>, Error> {
            self.0 = self.0.checked_sub(1).ok_or(Error::StorageFull)?;
            Ok(vec![self.0])
        }

        fn is_done(&self) -> bool {
            self.0 == 100
        }
    }

    impl Drop for Fake {
        fn drop(&mut self) {
            let _ = self.1.take().map(|told| told.send(()));
        }
    }

    async fn next(response: &mut Response) -> Option<Result<Bytes, String>> {
        let frame = response.body_mut().frame().await?;
        Some(frame.map(|frame| frame.into_data().unwrap()).map_err(|error| error.to_string()))
    }

    #[track_caller]
    fn check(got: Option<Result<Bytes, String>>, want: Option<u8>) {
        assert_eq!(
            got.map(|piece| piece.map(|bytes| bytes.to_vec())),
            want.map(|byte| Ok(vec![byte]))
        );
    }

    fn soon(millis: u64) -> Instant {
        Instant::now() + Duration::from_millis(millis)
    }

    #[tokio::test]
    async fn an_answer_ends_with_its_last_piece_or_with_an_error() {
        let gate = Arc::new(Semaphore::new(1));
        let mut whole = answer(vec![9], Fake(102, None), Turns::new(&gate, None), soon(60_000));
        for want in [Some(9), Some(101), Some(100), None, None] {
            check(next(&mut whole).await, want);
        }
        let mut broken = answer(vec![9], Fake(1, None), Turns::new(&gate, None), soon(60_000));
        for want in [9, 0] {
            check(next(&mut broken).await, Some(want));
        }
        assert_eq!(next(&mut broken).await, Some(Err(Error::StorageFull.to_string())));
        assert_eq!(next(&mut broken).await, None);
        assert_eq!(gate.available_permits(), 1);
    }

    #[tokio::test]
    async fn a_piece_waits_for_its_turn_and_holds_none_between() {
        let gate = Arc::new(Semaphore::new(1));
        let mut slow = answer(vec![9], Fake(3, None), Turns::new(&gate, None), soon(60_000));
        for want in [9, 2] {
            check(next(&mut slow).await, Some(want));
        }
        let turn = gate.acquire().await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(20), next(&mut slow)).await;
        assert!(waiting.is_err());
        drop(turn);
        check(next(&mut slow).await, Some(1));
    }

    #[tokio::test]
    async fn a_piece_that_needs_no_turn_waits_for_none_and_leaves_others_theirs() {
        let gate = Arc::new(Semaphore::new(1));
        let _turn = gate.acquire().await.unwrap();
        let turns = Turns::new(&gate, None).or_none();
        let mut quick = answer(vec![9], Fake(103, None), turns, soon(60_000));
        for want in [Some(9), Some(102), Some(101), Some(100), None] {
            check(next(&mut quick).await, want);
        }
        let turns = Turns::new(&gate, None).or_none();
        let mut broken = answer(vec![9], Fake(0, None), turns, soon(60_000));
        check(next(&mut broken).await, Some(9));
        assert_eq!(next(&mut broken).await, Some(Err(Error::StorageFull.to_string())));
    }

    #[tokio::test]
    async fn at_its_deadline_an_answer_is_let_go_though_nobody_reads_it() {
        let gate = Arc::new(Semaphore::new(1));
        let (told, gone) = oneshot::channel();
        let mut idle = answer(vec![9], Fake(3, Some(told)), Turns::new(&gate, None), soon(20));
        gone.await.unwrap();
        check(next(&mut idle).await, Some(9));
        let why = "its client took longer than 'answer_timeout_secs'".to_owned();
        assert_eq!((next(&mut idle).await, next(&mut idle).await), (Some(Err(why)), None));
    }
}
