//! A request's body on its way in, and what is done with the rest of it once the answer is ready.
//!
//! Over HTTP/1 the next request comes after the body, so a connection is kept only where the body was read to
//! its end. A short rest is read and thrown away; a long or a slow one ends the connection.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::timeout;

/// Most bytes of a body that nobody wanted that are read to keep its connection.
const DRAIN_BYTES_MAX: u64 = 64 * 1024;

/// How long an answer waits for them.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// A body as the handlers get it.
pub(super) enum Received<B> {
    /// Nothing comes after it, or nothing has to wait for its end.
    Alone(B),
    /// Its connection is to be kept.
    Followed(Arc<Mutex<Rest<B>>>),
}

impl<B: Body<Data = Bytes> + Unpin> Received<B> {
    /// `body`, with the handle by which its end is seen to.
    ///
    /// `is_awaited` says that the client sends nothing before it is told to continue.
    pub(super) fn followed(body: B, is_awaited: bool) -> (Self, Unread<B>) {
        let rest = Rest { body: Some(body), is_awaited, is_broken: false };
        let rest = Arc::new(Mutex::new(rest));
        (Self::Followed(Arc::clone(&rest)), Unread(rest))
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Received<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.get_mut() {
            Self::Alone(body) => Pin::new(body).poll_frame(cx),
            Self::Followed(rest) => lock(rest).poll_frame(cx),
        }
    }
}

/// What has not yet come of a body.
pub(super) struct Rest<B> {
    /// None once it has ended or was given up.
    body: Option<B>,
    is_awaited: bool,
    is_broken: bool,
}

impl<B: Body<Data = Bytes> + Unpin> Rest<B> {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        // Asking for the body is what has the client told to continue.
        self.is_awaited = false;
        let polled = Pin::new(body).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.body = None,
            Poll::Ready(Some(Err(_))) => self.is_broken = true,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    /// Whether it has ended, where that can be told without waiting.
    fn is_over(&self) -> Option<bool> {
        let Some(body) = &self.body else { return Some(!self.is_broken) };
        if self.is_broken || body.size_hint().lower() > DRAIN_BYTES_MAX {
            Some(false)
        } else if body.is_end_stream() {
            Some(true)
        } else {
            self.is_awaited.then_some(false)
        }
    }
}

/// What is left of a body when its request has been answered.
pub(super) struct Unread<B>(Arc<Mutex<Rest<B>>>);

impl<B: Body<Data = Bytes> + Unpin> Unread<B> {
    /// True where the body has come to its end, if need be by reading what is left, so that the next
    /// request can be read. Nobody gets any more of it.
    pub(super) async fn finish(self) -> bool {
        self.finish_within(DRAIN_TIME).await
    }

    async fn finish_within(self, time: Duration) -> bool {
        let known = lock(&self.0).is_over();
        let is_over = match known {
            Some(known) => known,
            None => timeout(time, self.drain()).await.unwrap_or(false),
        };
        lock(&self.0).body = None;
        is_over
    }

    async fn drain(&self) -> bool {
        let mut left = DRAIN_BYTES_MAX;
        loop {
            match std::future::poll_fn(|cx| lock(&self.0).poll_frame(cx)).await {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(frame)) => {
                    let count = frame.data_ref().map_or(0, Bytes::len) as u64;
                    let Some(less) = left.checked_sub(count) else { return false };
                    left = less;
                }
            }
        }
    }
}

fn lock<B>(rest: &Mutex<Rest<B>>) -> MutexGuard<'_, Rest<B>> {
    rest.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, io};

    use http_body_util::BodyExt;
    use hyper::body::SizeHint;

    use super::*;

    /// Frames of these sizes; after them the end, an error or nothing for ever.
    struct Frames(VecDeque<usize>, Option<io::Result<()>>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            match (self.0.pop_front(), &self.1) {
                (Some(count), _) => {
                    Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; count])))))
                }
                (None, Some(Ok(()))) => Poll::Ready(None),
                (None, Some(Err(error))) => Poll::Ready(Some(Err(error.kind().into()))),
                (None, None) => Poll::Pending,
            }
        }

        fn size_hint(&self) -> SizeHint {
            let mut hint = SizeHint::new();
            if let [only] = self.0.as_slices().0 {
                hint.set_lower(*only as u64);
            }
            hint
        }
    }

    const SHORT: Duration = Duration::from_millis(40);
    const END: Option<io::Result<()>> = Some(Ok(()));
    const BREAK: fn() -> Option<io::Result<()>> = || Some(Err(io::ErrorKind::BrokenPipe.into()));

    /// Whether a body is over after a handler has read so many frames of it.
    async fn is_over(
        sizes: &[usize],
        end: Option<io::Result<()>>,
        read: usize,
        is_awaited: bool,
    ) -> bool {
        let frames = Frames(sizes.iter().copied().collect(), end);
        let (mut received, unread) = Received::followed(frames, is_awaited);
        for _ in 0..read {
            let _ = received.frame().await;
        }
        let is_over = unread.finish_within(SHORT).await;
        assert!(received.frame().await.is_none());
        is_over
    }

    #[tokio::test]
    async fn a_short_rest_is_read_and_any_other_ends_the_connection() {
        let max = 64 * 1024;
        assert!(is_over(&[], END, 0, false).await);
        assert!(is_over(&[5, 7], END, 0, false).await);
        assert!(is_over(&[5, 7], END, 3, false).await);
        assert!(is_over(&[max - 1, 1], END, 0, false).await);
        assert!(is_over(&[max, max], END, 1, false).await);
        assert!(!is_over(&[max, 1], END, 0, false).await);
        assert!(!is_over(&[max + 1], END, 0, false).await);
        assert!(!is_over(&[5], BREAK(), 0, false).await);
        assert!(!is_over(&[5], BREAK(), 2, false).await);
    }

    #[tokio::test]
    async fn nobody_waits_long_for_the_rest() {
        let started = tokio::time::Instant::now();
        assert!(!is_over(&[5], None, 0, false).await);
        assert!(started.elapsed() >= SHORT);
    }

    #[tokio::test]
    async fn a_client_that_waits_to_be_told_is_not_told_for_the_sake_of_the_connection() {
        assert!(!is_over(&[5], END, 0, true).await);
        assert!(is_over(&[5], END, 1, true).await);
    }
}
