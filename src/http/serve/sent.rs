//! An answer's body on its way out: in parts of bounded size over HTTP/2, watched and counted until its end.
//!
//! HTTP/2 keeps a part until the client lets it through, long after the body has come to its end, so
//! each part holds on to the request it answers.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};

use super::{
    account::Account,
    pulse::{Progress, Turn},
};

/// Most bytes that HTTP/2 is given at once of an answer; it keeps them until the client takes them.
pub(super) const PART_BYTES: usize = 64 * 1024;

/// A request until the last of its answer is on its way.
struct Way {
    /// How far the answer has come, where the client may hold it up.
    progress: Option<Progress>,
    _turn: Turn,
}

/// A body whose request ends with it and with the last of its parts.
pub(super) struct Sent<B: Body<Data = Bytes>> {
    body: B,
    /// What is left of a part that was too large.
    rest: Bytes,
    way: Arc<Way>,
    account: Account,
}

impl<B: Body<Data = Bytes> + Unpin> Sent<B> {
    /// `body` as the answer of that turn.
    pub(super) fn new(body: B, turn: Turn, account: Account) -> Self {
        let way = Way { progress: turn.progress(), _turn: turn };
        Self { body, rest: Bytes::new(), way: Arc::new(way), account }
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Part>, B::Error>>> {
        let way = Arc::clone(&self.way);
        let Some(progress) = &way.progress else {
            // HTTP/1 writes one answer at a time, without a copy, so the socket tells enough.
            let whole = |bytes| Part { bytes, way: None };
            let polled = Pin::new(&mut self.body).poll_frame(cx);
            return polled.map_ok(|frame| frame.map_data(whole));
        };
        progress.has_moved();
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => {
                    progress.waits_for_us();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok();
                        return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                    }
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
            }
        }
        let count = self.rest.len().min(PART_BYTES);
        let bytes = self.rest.split_to(count);
        Poll::Ready(Some(Ok(Frame::data(Part { bytes, way: Some(way) }))))
    }
}

impl<B: Body<Data = Bytes>> Drop for Sent<B> {
    fn drop(&mut self) {
        // A body whose end can be told from its length is not asked for more.
        if self.rest.is_empty() && self.body.is_end_stream() {
            self.account.is_over();
        }
    }
}

/// A piece of an answer.
pub(super) struct Part {
    bytes: Bytes,
    /// Over HTTP/2, what the piece belongs to.
    way: Option<Arc<Way>>,
}

impl Buf for Part {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(progress) = self.way.as_ref().and_then(|way| way.progress.as_ref()) {
            progress.has_gone_on();
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Sent<B> {
    type Data = Part;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Part>, B::Error>>> {
        let polled = self.poll_part(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.account.has_sent(frame.data_ref().map_or(0, Buf::remaining));
            }
            Poll::Ready(None) => self.account.is_over(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
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
            account::fake::account,
            clock::pass,
            pulse::{Look, Patience, Pulse, Version},
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
        let mut sent = Sent::new(body, pulse.begin(), account());
        let mut parts = Vec::new();
        while let Some(frame) = sent.frame().await {
            let Ok(part) = frame.unwrap().into_data() else { panic!("no data") };
            parts.push(part.remaining());
            let left = 2 * PART_BYTES + 5 - parts.iter().sum::<usize>();
            assert_eq!(sent.size_hint().exact(), Some(left as u64));
            assert_eq!(sent.is_end_stream(), left == 0);
            assert_eq!(sent.account.told().0, parts.iter().sum::<usize>() as u64);
            assert_eq!(pulse.idle_since(), None);
        }
        drop(sent);
        assert!(pulse.idle_since().is_some());
        parts
    }

    /// Before, the connection counted as idle once HTTP/2 had the last part, so making room for
    /// another cut off what the client had not let through, and nothing limited how long it took.
    #[tokio::test]
    async fn a_request_lasts_until_http_2_has_let_go_of_the_last_part() {
        let config = Config { write_timeout_secs: 4, ..Config::default() };
        let pulse = Pulse::new(Patience::of(&config), Arc::new(Room::default()));
        let pulse = Arc::new(pulse);
        pulse.speaks(Version::Two);
        let mut sent =
            Sent::new(Full::new(Bytes::from_static(b"answer")), pulse.begin(), account());
        let Ok(mut part) = sent.frame().await.unwrap().unwrap().into_data() else { panic!() };
        assert!(sent.is_end_stream());
        drop(sent);
        pass(3000);
        part.advance(2);
        assert_eq!((pulse.look(), pulse.idle_since()), (Look::Again(7000), None));
        pass(4000);
        assert_eq!(pulse.look(), Look::Late("accepting an answer"));
        assert_eq!(part.copy_to_bytes(4), "swer");
        drop(part);
        assert_eq!(pulse.idle_since(), Some(7000));
    }

    #[tokio::test]
    async fn a_large_answer_goes_out_in_parts_over_http_2_and_whole_over_http_1() {
        assert_eq!(parts(Version::Two).await, [PART_BYTES, PART_BYTES, 5]);
        assert_eq!(parts(Version::One).await, [2 * PART_BYTES + 5]);
    }
}
