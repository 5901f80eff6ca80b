//! How a connection ends whose client may still be sending.
//!
//! To close a socket with unread input resets the connection, and the reset may destroy an answer that the
//! client has not read yet. So what still comes is read and thrown away, within limits.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Most bytes thrown away.
const BYTES_MAX: usize = 64 << 20;

/// How long that may take.
const TIME_MAX: Duration = Duration::from_secs(30);

/// How long the client may say nothing meanwhile.
const SILENCE_MAX: Duration = Duration::from_secs(2);

/// Bytes read at once.
const PIECE_BYTES: usize = 8 * 1024;

/// How long to wait for what.
#[derive(Clone, Copy)]
struct Limits {
    bytes: usize,
    time: Duration,
    silence: Duration,
}

/// Waits for the other end to close.
pub(super) struct Linger {
    limits: Limits,
    left: usize,
    until: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Linger {
    /// Waits from now on.
    pub(super) fn start() -> Self {
        Self::within(Limits { bytes: BYTES_MAX, time: TIME_MAX, silence: SILENCE_MAX })
    }

    fn within(limits: Limits) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(sleep_until(now + limits.silence));
        Self { limits, left: limits.bytes, until: now + limits.time, alarm }
    }

    /// Resolves when the other end has closed, or has used up its time or its bytes.
    pub(super) fn poll(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut bytes = [0; PIECE_BYTES];
        let before = self.left;
        loop {
            let mut piece = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut *stream).poll_read(cx, &mut piece);
            let count = piece.filled().len();
            match read {
                Poll::Ready(Ok(())) if (1..self.left).contains(&count) => self.left -= count,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if self.left < before {
            let silent = Instant::now() + self.limits.silence;
            self.alarm.as_mut().reset(self.until.min(silent));
        }
        self.alarm.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(40);
    const LIMITS: Limits = Limits { bytes: 1 << 20, time: LONG, silence: LONG };

    /// How long the end takes within these limits.
    async fn took(mut ours: DuplexStream, limits: Limits) -> Duration {
        let started = Instant::now();
        let mut linger = Linger::within(limits);
        std::future::poll_fn(|cx| linger.poll(&mut ours, cx)).await;
        started.elapsed()
    }

    #[tokio::test]
    async fn a_connection_ends_with_its_client_or_when_nothing_comes() {
        let (ours, mut theirs) = duplex(64);
        theirs.write_all(b"rest").await.unwrap();
        drop(theirs);
        assert!(took(ours, LIMITS).await < LONG);
        let (ours, _theirs) = duplex(64);
        let took = took(ours, Limits { silence: SHORT, ..LIMITS }).await;
        assert!((SHORT..LONG).contains(&took), "{took:?}");
    }

    #[tokio::test]
    async fn a_client_that_never_ends_is_left_after_a_time() {
        let (ours, mut theirs) = duplex(64);
        tokio::spawn(async move {
            while theirs.write_all(b"x").await.is_ok() {
                tokio::time::sleep(SHORT / 40).await;
            }
        });
        let took = took(ours, Limits { time: SHORT, ..LIMITS }).await;
        assert!((SHORT..LONG).contains(&took), "{took:?}");
    }

    #[tokio::test]
    async fn a_client_that_never_ends_is_left_after_so_many_bytes() {
        let (ours, mut theirs) = duplex(1 << 16);
        let sending = tokio::spawn(async move {
            let mut sent = 0;
            while theirs.write_all(&[0; 1 << 10]).await.is_ok() {
                sent += 1 << 10;
            }
            sent
        });
        assert!(took(ours, LIMITS).await < LONG);
        let sent = sending.await.unwrap();
        assert!((LIMITS.bytes..LIMITS.bytes + (1 << 17)).contains(&sent), "{sent}");
    }
}
