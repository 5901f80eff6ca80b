//! The bytes of a connection: the socket, which leaves its marks in the pulse, with or without TLS.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

use super::{
    linger::Linger,
    pulse::{Pulse, Version},
};

/// How a client that knows that we speak HTTP/2 begins.
///
/// Source: RFC 9113, 3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A socket that tells the pulse when it gives or takes bytes.
pub(super) struct Wire<S = TcpStream> {
    stream: S,
    pulse: Arc<Pulse>,
    /// Present once our half is closed and the client may still be sending.
    linger: Option<Linger>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// `stream`, watched by `pulse`.
    pub(super) fn new(stream: S, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse, linger: None }
    }

    /// Reads as far as it takes to tell HTTP/2 from HTTP/1; the bytes read are put back.
    ///
    /// # Errors
    /// A socket that fails or ends before its first byte.
    pub(super) async fn recognised(mut self) -> io::Result<(Socket<S>, Version)> {
        let mut first = BytesMut::with_capacity(PREFACE.len());
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            let mut rest = [0; PREFACE.len()];
            let count = self.read(&mut rest[..PREFACE.len() - first.len()]).await?;
            if count == 0 {
                break;
            }
            first.extend_from_slice(&rest[..count]);
        }
        if first.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let version = if *first == *PREFACE { Version::Two } else { Version::One };
        Ok((Socket::Plain { first, wire: self }, version))
    }

    fn tell<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.pulse.socket_takes();
        } else {
            self.pulse.socket_is_full();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.pulse.has_read();
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.tell(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.tell(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Closes our half and, where the client may still be sending, waits for it to close its own.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, pulse, linger } = &mut *self;
        if linger.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
            if !pulse.has_input() {
                return Poll::Ready(Ok(()));
            }
        }
        linger.get_or_insert_with(Linger::start).poll(stream, cx).map(Ok)
    }
}

/// What HTTP is spoken over.
pub(super) enum Socket<S = TcpStream> {
    /// Nothing encrypts; what was read to recognise the version comes first.
    Plain {
        first: BytesMut,
        wire: Wire<S>,
    },
    Tls(Box<TlsStream<Wire<S>>>),
}

/// Does the same with either kind of socket.
macro_rules! either {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Plain { wire: $stream, .. } => $call,
            Socket::Tls($stream) => $call,
        }
    };
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain { first, .. } if !first.is_empty() => {
                let count = first.len().min(buffer.remaining());
                buffer.put_slice(&first[..count]);
                first.advance(count);
                Poll::Ready(Ok(()))
            }
            socket => either!(socket, stream => Pin::new(stream).poll_read(cx, buffer)),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        either!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;

    use super::{
        super::{
            clock::pass,
            pulse::{Look, Patience},
            room::Room,
        },
        *,
    };
    use crate::config::Config;

    fn pair() -> (Wire<tokio::io::DuplexStream>, tokio::io::DuplexStream, Arc<Pulse>) {
        let (ours, theirs) = tokio::io::duplex(8);
        let pulse = Pulse::new(Patience::of(&Config::default()), Arc::new(Room::default()));
        let pulse = Arc::new(pulse);
        (Wire::new(ours, Arc::clone(&pulse)), theirs, pulse)
    }

    #[track_caller]
    fn check(got: &(Version, Vec<u8>), version: Version, bytes: &[u8]) {
        assert_eq!(*got, (version, bytes.to_vec()));
    }

    /// What a client that says this and ends is taken for, and what is left to read.
    async fn recognise(said: &'static [u8]) -> (Version, Vec<u8>) {
        let (wire, mut client, _) = pair();
        tokio::spawn(async move {
            // Eight bytes at a time fit, so the beginning comes in parts.
            client.write_all(said).await.unwrap();
        });
        let (mut socket, version) = wire.recognised().await.unwrap();
        let mut left = Vec::new();
        socket.read_to_end(&mut left).await.unwrap();
        (version, left)
    }

    #[tokio::test]
    async fn the_first_bytes_tell_the_version_and_are_not_lost() {
        check(&recognise(b"GET / HTTP/1.1\r\n").await, Version::One, b"GET / HTTP/1.1\r\n");
        check(
            &recognise(b"PROPFIND / HTTP/1.1\r\n").await,
            Version::One,
            b"PROPFIND / HTTP/1.1\r\n",
        );
        check(&recognise(b"PRI * HTTP/2.0\r\n").await, Version::One, b"PRI * HTTP/2.0\r\n");
        let with_more = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore";
        check(&recognise(with_more).await, Version::Two, with_more);
        let (wire, client, _) = pair();
        drop(client);
        assert!(wire.recognised().await.is_err());
    }

    #[tokio::test]
    async fn a_client_that_stops_reading_is_given_up() {
        let (mut wire, mut client, pulse) = pair();
        let _turn = pulse.begin();
        let write = wire.write_all(b"0123456789");
        assert!(tokio::time::timeout(Duration::from_millis(50), write).await.is_err());
        assert!(matches!(pulse.look(), Look::Again(_)));
        pass(30_000);
        assert_eq!(pulse.look(), Look::Late("accepting an answer"));
        client.read_exact(&mut [0; 4]).await.unwrap();
        wire.write_all(b"a").await.unwrap();
        assert!(matches!(pulse.look(), Look::Again(_)));
    }
}
