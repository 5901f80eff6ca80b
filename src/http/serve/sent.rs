//! An answer's body on its way out: in parts of bounded size over HTTP/2, watched until its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::pulse::{Progress, Turn};

/// Most bytes that HTTP/2 is given at once of an answer; it keeps them until the client takes them.
pub(super) const PART_BYTES: usize = 64 * 1024;

/// A body whose request ends with it.
pub(super) struct Sent<B> {
    body: B,
    /// What is left of a part that was too large.
    rest: Bytes,
    progress: Option<Progress>,
    _turn: Turn,
}

impl<B> Sent<B> {
    /// `body` as the answer of that turn.
    pub(super) fn new(body: B, turn: Turn) -> Self {
        Self { body, rest: Bytes::new(), progress: turn.progress(), _turn: turn }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Sent<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(progress) = &self.progress else {
            // HTTP/1 writes one answer at a time, without a copy, so the socket tells enough.
            return Pin::new(&mut self.body).poll_frame(cx);
        };
        progress.has_moved();
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => {
                    if let Some(progress) = &self.progress {
                        progress.waits_for_us();
                    }
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other @ Poll::Ready(_) => return other,
            }
        }
        let count = self.rest.len().min(PART_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::{BodyExt, Full};

    use super::{
        super::{
            pulse::{Patience, Pulse, Version},
            room::Room,
        },
        *,
    };
    use crate::config::Config;

    async fn parts(version: Version) -> Vec<usize> {
        let pulse = Pulse::new(Patience::of(&Config::default()), Arc::new(Room::default()));
        let pulse = Arc::new(pulse);
        pulse.speaks(version);
        let body = Full::new(Bytes::from(vec![b'x'; 2 * PART_BYTES + 5]));
        let mut sent = Sent::new(body, pulse.begin());
        let mut parts = Vec::new();
        while let Some(frame) = sent.frame().await {
            parts.push(frame.unwrap().into_data().unwrap().len());
            let left = 2 * PART_BYTES + 5 - parts.iter().sum::<usize>();
            assert_eq!(sent.size_hint().exact(), Some(left as u64));
            assert_eq!(sent.is_end_stream(), left == 0);
            assert_eq!(pulse.idle_since(), None);
        }
        drop(sent);
        assert!(pulse.idle_since().is_some());
        parts
    }

    #[tokio::test]
    async fn a_large_answer_goes_out_in_parts_over_http_2_and_whole_over_http_1() {
        assert_eq!(parts(Version::Two).await, [PART_BYTES, PART_BYTES, 5]);
        assert_eq!(parts(Version::One).await, [2 * PART_BYTES + 5]);
    }
}
