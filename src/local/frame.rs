//! What travels through the socket: frames of a kind, a length and that many bytes.
//!
//! ```text
//! frame = kind (1 byte) length (4 bytes, little-endian) bytes
//! client: Hello Call Input* End?        server: Hello (Output | Progress)* (Done | Failed)
//! ```
//! This layout and the two `Hello`s never change, so that two versions can tell each other who they are.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

/// Bytes of input or output in one frame at most.
pub(super) const PIECE_BYTES_MAX: usize = 64 << 10;
/// Bytes of a request at most; a query is its longest part.
pub(super) const CALL_BYTES_MAX: usize = 1 << 20;
/// Bytes of everything else at most: versions, counts, one line about a failure.
pub(super) const NOTE_BYTES_MAX: usize = 16 << 10;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// [`Hello`] as JSON.
    Hello,
    /// What is asked, as JSON.
    Call,
    /// The next bytes of the file that the call reads.
    Input,
    /// That file has ended.
    End,
    /// The next bytes for standard output.
    Output,
    /// How far an import is, as JSON.
    Progress,
    /// The call failed: [`Told`] as JSON.
    Failed,
    /// The call has done everything.
    Done,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Hello,
        Self::Call,
        Self::Input,
        Self::End,
        Self::Output,
        Self::Progress,
        Self::Failed,
        Self::Done,
    ];

    fn code(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Call => 2,
            Self::Input => 3,
            Self::End => 4,
            Self::Output => 5,
            Self::Progress => 6,
            Self::Failed => 7,
            Self::Done => 8,
        }
    }

    fn bytes_max(self) -> usize {
        match self {
            Self::Call => CALL_BYTES_MAX,
            Self::Input | Self::Output => PIECE_BYTES_MAX,
            Self::Hello | Self::End | Self::Progress | Self::Failed | Self::Done => NOTE_BYTES_MAX,
        }
    }
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    /// The version of the product; both ends must have the same.
    pub version: String,
}

impl Hello {
    /// This end.
    pub(super) fn ours() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// A failure on its way: exit code and line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub code: u8,
    pub message: String,
}

/// Why no frame could be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The other end closed between two frames.
    #[error("the connection was closed")]
    Closed,
    /// It closed within one, or took too long.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A frame of a kind nobody knows, or one that is too long: not our protocol.
    #[error("what came is no frame of a kind and length that are known")]
    Garbage,
}

/// A frame as it came.
#[derive(Debug)]
pub(super) struct Frame {
    pub kind: Kind,
    pub bytes: Vec<u8>,
}

/// Writes one frame; `bytes` must be no more than its kind allows.
pub(super) fn write(mut to: impl Write, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    let too_long = || io::Error::new(ErrorKind::InvalidInput, "it is too long to be sent");
    if bytes.len() > kind.bytes_max() {
        return Err(too_long());
    }
    let length = u32::try_from(bytes.len()).map_err(|_| too_long())?;
    let mut head = [kind.code(), 0, 0, 0, 0];
    head[1..].copy_from_slice(&length.to_le_bytes());
    to.write_all(&head)?;
    to.write_all(bytes)
}

/// As [`write()`], the bytes being a value's JSON.
pub(super) fn write_json(to: impl Write, kind: Kind, value: &impl Serialize) -> io::Result<()> {
    write(to, kind, &serde_json::to_vec(value)?)
}

/// Reads one frame; never allocates more than its kind allows.
pub(super) fn read(mut from: impl Read) -> Result<Frame, Broken> {
    let mut head = [0; 5];
    let first = loop {
        match from.read(&mut head) {
            Ok(read) => break read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    };
    if first == 0 {
        return Err(Broken::Closed);
    }
    from.read_exact(&mut head[first..])?;
    let [code, length @ ..] = head;
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == code).ok_or(Broken::Garbage)?;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| Broken::Garbage)?;
    if length > kind.bytes_max() {
        return Err(Broken::Garbage);
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(Frame { kind, bytes })
}

/// Cuts what is written into frames of one kind. After a failure nothing more is tried: the other end
/// would take what follows for the rest of a frame, and one that was waited for in vain is not waited for again.
pub(super) struct Pieces<W> {
    to: W,
    kind: Kind,
    is_broken: bool,
}

impl<W: Write> Pieces<W> {
    /// Frames of `kind` to `to`.
    pub(super) fn new(to: W, kind: Kind) -> Self {
        Self { to, kind, is_broken: false }
    }

    /// Whether nobody takes anything any more.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }
}

impl<W: Write> Write for Pieces<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(self.kind.bytes_max())];
        if self.is_broken {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if !piece.is_empty() && write(&mut self.to, self.kind, piece).is_err() {
            self.is_broken = true;
            return Err(ErrorKind::BrokenPipe.into());
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_broken { Err(ErrorKind::BrokenPipe.into()) } else { self.to.flush() }
    }
}

/// The bytes of the `Input` frames of a connection, up to `End`.
pub(super) struct Input<R> {
    from: R,
    piece: io::Cursor<Vec<u8>>,
    has_ended: bool,
}

impl<R: Read> Input<R> {
    /// The input that comes through `from`.
    pub(super) fn new(from: R) -> Self {
        Self { from, piece: io::Cursor::default(), has_ended: false }
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || self.has_ended || buffer.is_empty() {
                return Ok(read);
            }
            let frame = match read_input(&mut self.from) {
                Ok(frame) => frame,
                Err(Broken::Io(error)) => return Err(error),
                Err(broken @ (Broken::Closed | Broken::Garbage)) => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, broken));
                }
            };
            match frame {
                Some(bytes) => self.piece = io::Cursor::new(bytes),
                None => self.has_ended = true,
            }
        }
    }
}

/// The next piece; `None` at the end.
fn read_input(from: impl Read) -> Result<Option<Vec<u8>>, Broken> {
    let Frame { kind, bytes } = read(from)?;
    match kind {
        Kind::Input => Ok(Some(bytes)),
        Kind::End => Ok(None),
        Kind::Hello | Kind::Call | Kind::Output | Kind::Progress | Kind::Failed | Kind::Done => {
            Err(Broken::Garbage)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_comes_out_as_it_went_in() {
        for kind in Kind::ALL {
            let mut bytes = Vec::new();
            write(&mut bytes, kind, b"printer").unwrap();
            let frame = read(&bytes[..]).unwrap();
            assert_eq!((frame.kind, &frame.bytes[..]), (kind, &b"printer"[..]));
            assert!(matches!(read(&bytes[..9]), Err(Broken::Io(_))), "cut within the frame");
        }
        assert!(matches!(read(&[][..]), Err(Broken::Closed)));
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused_before_memory_is_taken() {
        for kind in Kind::ALL {
            let claim = u32::try_from(kind.bytes_max() + 1).unwrap().to_le_bytes();
            let bytes = [&[kind.code()][..], &claim].concat();
            assert!(matches!(read(&bytes[..]), Err(Broken::Garbage)), "{kind:?}");
            assert!(write(io::sink(), kind, &vec![0; kind.bytes_max() + 1]).is_err());
        }
        assert!(matches!(read(&b"GET / HTTP/1.1\r\n"[..]), Err(Broken::Garbage)));
    }

    #[test]
    fn long_output_and_input_are_cut_into_frames_and_put_together_again() {
        let text = vec![b'x'; 3 * PIECE_BYTES_MAX + 7];
        let mut bytes = Vec::new();
        Pieces::new(&mut bytes, Kind::Input).write_all(&text).unwrap();
        let unfinished = bytes.clone();
        write(&mut bytes, Kind::End, b"").unwrap();
        let mut got = Vec::new();
        Input::new(&bytes[..]).read_to_end(&mut got).unwrap();
        assert!(got == text);
        let cut = Input::new(&unfinished[..]).read_to_end(&mut got).unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    }

    /// Takes a few bytes, then is too slow, then would take everything.
    struct Slow(u8);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 2 { Err(ErrorKind::WouldBlock.into()) } else { Ok(bytes.len().min(5)) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_is_written_behind_a_frame_that_was_cut() {
        let mut pieces = Pieces::new(Slow(0), Kind::Output);
        for _ in 0..3 {
            let error = pieces.write_all(b"printer").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
        assert!(pieces.is_broken() && pieces.to.0 == 2);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = read(&bytes[..]);
        }
    }
}
