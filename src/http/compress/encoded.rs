//! A body that is coded while it is asked for, piece by piece.

use std::{
    io::{self, Write},
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::body::Body as _;
use warp::Stream;

use super::Coding;
use crate::http::Response;

/// What is coded at once, bytes.
const PIECE_BYTES: usize = 32 << 10;
/// After so much the thread is left to others for a turn: about a millisecond of gzip.
const TURN_BYTES: usize = 4 * PIECE_BYTES;
/// zstd's fastest usual level, and how far it looks back, as a power of two: it is the memory a slow reader holds.
const ZSTD_LEVEL: i32 = 1;
const ZSTD_WINDOW: u32 = 17;
/// zstd's level for what is coded once and sent often.
const ZSTD_LEVEL_BEST: i32 = 19;

/// All of `bytes`, as small as the coding gets.
pub(super) fn whole(bytes: &[u8], coding: Coding) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Zstd => zstd::stream::encode_all(bytes, ZSTD_LEVEL_BEST),
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(bytes)?;
            encoder.finish()
        }
    }
}

type Body = <Response as IntoBody>::Body;

/// Names the type of an answer's body, which warp keeps to itself.
pub(super) trait IntoBody {
    type Body;
}

impl<B> IntoBody for warp::http::Response<B> {
    type Body = B;
}

/// The coded form of a body. Its encoder is made when the first byte is asked for, so that an answer to `HEAD`
/// costs nothing.
pub(super) struct Encoded {
    body: Body,
    coding: Coding,
    stage: Stage,
    /// Arrived, but not coded yet.
    rest: Bytes,
    /// Coded since the thread was last left to others.
    worked: usize,
    /// True where the encoder holds back what it was given.
    is_held: bool,
}

enum Stage {
    Waiting,
    Running(Encoder),
    Ended,
}

enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast())),
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(ZSTD_WINDOW)?;
                Self::Zstd(encoder)
            }
        })
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(piece)?,
            Self::Zstd(encoder) => encoder.write_all(piece)?,
        }
        Ok(self.take())
    }

    fn flush(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.flush()?,
            Self::Zstd(encoder) => encoder.flush()?,
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Vec<u8> {
        mem::take(match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        })
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl Encoded {
    pub(super) fn new(body: Body, coding: Coding) -> Self {
        let stage = Stage::Waiting;
        Self { body, coding, stage, rest: Bytes::new(), worked: 0, is_held: false }
    }

    fn encoder(&mut self) -> io::Result<&mut Encoder> {
        if let Stage::Waiting = self.stage {
            self.stage = Stage::Running(Encoder::new(self.coding)?);
        }
        match &mut self.stage {
            Stage::Running(encoder) => Ok(encoder),
            Stage::Waiting | Stage::Ended => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Codes a piece of what has arrived.
    fn work(&mut self) -> io::Result<Vec<u8>> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        self.worked += piece.len();
        self.is_held = true;
        self.encoder()?.write(&piece)
    }

    /// The end of the coded form.
    fn end(&mut self) -> io::Result<Vec<u8>> {
        self.encoder()?;
        match mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Running(encoder) => encoder.finish(),
            Stage::Waiting | Stage::Ended => Ok(Vec::new()),
        }
    }

    /// Nothing more has arrived: what the encoder holds back goes out meanwhile.
    fn idle(&mut self) -> Poll<io::Result<Vec<u8>>> {
        self.worked = 0;
        if !mem::take(&mut self.is_held) {
            return Poll::Pending;
        }
        Poll::Ready(self.encoder().and_then(Encoder::flush))
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Stream for Encoded {
    type Item = Result<Bytes, Cause>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Stage::Ended = this.stage {
                return Poll::Ready(None);
            }
            if this.worked >= TURN_BYTES {
                this.worked = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let coded = if this.rest.is_empty() {
                match Pin::new(&mut this.body).poll_frame(cx) {
                    Poll::Pending => match this.idle() {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(flushed) => flushed,
                    },
                    Poll::Ready(None) => this.end(),
                    Poll::Ready(Some(Err(error))) => {
                        this.stage = Stage::Ended;
                        return Poll::Ready(Some(Err(error.into())));
                    }
                    Poll::Ready(Some(Ok(frame))) => {
                        this.rest = frame.into_data().unwrap_or_default();
                        continue;
                    }
                }
            } else {
                this.work()
            };
            match coded {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Poll::Ready(Some(Ok(bytes.into()))),
                Err(error) => {
                    this.stage = Stage::Ended;
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
    }
}
