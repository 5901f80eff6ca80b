//! The frame of a backup: a head, checked pieces of sections, an end with a digest over everything.
//!
//! Knows nothing of what is in a section. Whatever is flipped or cut is found and named by its offset.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use super::Pace;
use crate::{
    hash::{Digest, Stream},
    store::{Fault, Seq},
    time::Timestamp,
};

/// The format this version writes, and the highest it reads.
pub const FORMAT: u32 = 1;

const MAGIC: [u8; 8] = *b"\xFF\xFETSRBAK";
const HEAD: usize = 36;
const PIECE_HEAD: usize = 12;
/// The largest piece; also what is done between two rests.
const PIECE: usize = 64 << 10;

/// What a piece belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A checkpoint, byte by byte as the file of one.
    Checkpoint,
    /// The journal behind it, packed.
    Journal,
    /// What every set counts at the end; the last piece.
    End,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Checkpoint => 1,
            Self::Journal => 2,
            Self::End => 3,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        [Self::Checkpoint, Self::Journal, Self::End].into_iter().find(|kind| kind.byte() == byte)
    }

    /// How a fault calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Checkpoint => "the checkpoint",
            Self::Journal => "the journal",
            Self::End => "the end",
        }
    }
}

/// What stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// When it was begun.
    pub(super) begun: Timestamp,
    /// The transaction whose state the checkpoint is.
    pub(super) checkpoint: Seq,
}

impl Head {
    fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.begun.micros().to_le_bytes());
        bytes[24..32].copy_from_slice(&self.checkpoint.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..32]);
        bytes[32..36].copy_from_slice(&crc.to_le_bytes());
        bytes
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// Rests between pieces, as long as the work between two rests took.
#[derive(Debug)]
struct Rest {
    pace: Pace,
    since: Instant,
}

impl Rest {
    fn new(pace: Pace) -> Self {
        Self { pace, since: Instant::now() }
    }

    fn take(&mut self) {
        match self.pace {
            Pace::Full => {}
            Pace::Beside => std::thread::sleep(self.since.elapsed()),
        }
        self.since = Instant::now();
    }
}

/// Writes the frame.
pub(super) struct Frames<'a> {
    out: &'a mut dyn Write,
    digest: Stream,
    bytes: u64,
    rest: Rest,
}

impl<'a> Frames<'a> {
    pub(super) fn begin(out: &'a mut dyn Write, pace: Pace, head: Head) -> io::Result<Self> {
        let mut frames = Self { out, digest: Stream::default(), bytes: 0, rest: Rest::new(pace) };
        frames.raw(&head.to_bytes())?;
        Ok(frames)
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.add(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn piece(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let mut head = [0; PIECE_HEAD];
        head[0] = kind.byte();
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        head[4..8].copy_from_slice(&length.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&head[..8]), payload);
        head[8..12].copy_from_slice(&crc.to_le_bytes());
        self.raw(&head)?;
        self.raw(payload)?;
        self.rest.take();
        Ok(())
    }

    /// Where the bytes of one section go.
    pub(super) fn section(&mut self, kind: Kind) -> Section<'_, 'a> {
        Section { frames: self, kind, buffer: Vec::with_capacity(PIECE) }
    }

    /// Writes the last piece and the digest; how many bytes it all is.
    pub(super) fn end(mut self, payload: &[u8]) -> io::Result<u64> {
        self.piece(Kind::End, payload)?;
        let digest = self.digest.finish();
        self.raw(&digest)?;
        self.out.flush()?;
        Ok(self.bytes)
    }
}

/// Cuts a section into pieces.
pub(super) struct Section<'f, 'a> {
    frames: &'f mut Frames<'a>,
    kind: Kind,
    buffer: Vec<u8>,
}

impl Section<'_, '_> {
    /// Writes what is still buffered.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Write for Section<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.buffer.len());
        self.buffer.extend(&bytes[..taken]);
        if self.buffer.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.frames.piece(self.kind, &self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// A piece that holds.
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
}

/// Reads the frame; pieces come in the order of [`Kind`], and after the last nothing follows.
pub(super) struct Reader<R> {
    input: R,
    path: PathBuf,
    head: Head,
    digest: Stream,
    offset: u64,
    former: Kind,
    rest: Rest,
}

impl<R: Read> Reader<R> {
    /// Reads the head; `path` is what faults name.
    ///
    /// # Errors
    /// `Newer` for a later format, `Damaged` for anything that is not the head of a backup.
    pub(super) fn open(mut input: R, path: &Path, pace: Pace) -> Result<Self, Fault> {
        let bytes = up_to(&mut input, HEAD).map_err(|error| Fault::io("read", path, &error))?;
        let path = path.to_owned();
        if bytes.len() < HEAD || bytes[0..8] != MAGIC {
            let reason =
                if bytes.starts_with(&MAGIC) { "it ends too early" } else { "it is no backup" };
            return Err(damaged(&path, 0, reason));
        }
        if crc32c::crc32c(&bytes[..32]) != u32_at(&bytes, 32) {
            return Err(damaged(&path, 0, "its head does not hold"));
        }
        let found = u32_at(&bytes, 8);
        if found > FORMAT {
            return Err(Fault::Newer { found, supported: FORMAT });
        }
        let begun = Timestamp::from_micros(u64_at(&bytes, 16).cast_signed());
        let head = Head { begun, checkpoint: u64_at(&bytes, 24) };
        let mut digest = Stream::default();
        digest.add(&bytes);
        let (offset, rest) = (HEAD as u64, Rest::new(pace));
        Ok(Self { input, path, head, digest, offset, former: Kind::Checkpoint, rest })
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Bytes read so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next piece. After [`Kind::End`] the digest was right and nothing follows.
    ///
    /// # Errors
    /// `Damaged` with the offset of what does not hold.
    pub(super) fn next(&mut self) -> Result<Piece, Fault> {
        let at = self.offset;
        let head = self.bytes(PIECE_HEAD, at)?;
        let kind = Kind::of(head[0]).filter(|kind| kind.byte() >= self.former.byte());
        let kind = kind.filter(|_| head[1..4] == [0; 3]);
        let length = usize::try_from(u32_at(&head, 4)).unwrap_or(usize::MAX);
        let (Some(kind), true) = (kind, length <= PIECE) else {
            return Err(self.damaged(at, "no piece of a backup starts here"));
        };
        let payload = self.bytes(length, at)?;
        if crc32c::crc32c_append(crc32c::crc32c(&head[..8]), &payload) != u32_at(&head, 8) {
            let reason = format!("a piece of {} does not hold", kind.name());
            return Err(self.damaged(at, &reason));
        }
        self.former = kind;
        if kind == Kind::End {
            self.end()?;
        }
        self.rest.take();
        Ok(Piece { kind, payload })
    }

    fn end(&mut self) -> Result<(), Fault> {
        let (at, digest) = (self.offset, self.digest.finish());
        let found = self.bytes(size_of::<Digest>(), at)?;
        if found != digest {
            return Err(self.damaged(at, "its digest is wrong"));
        }
        let more = up_to(&mut self.input, 1).map_err(|error| self.unreadable(&error))?;
        if more.is_empty() {
            Ok(())
        } else {
            Err(self.damaged(self.offset, "something follows its end"))
        }
    }

    fn bytes(&mut self, length: usize, at: u64) -> Result<Vec<u8>, Fault> {
        let bytes = up_to(&mut self.input, length).map_err(|error| self.unreadable(&error))?;
        if bytes.len() < length {
            let section = self.former.name();
            return Err(self.damaged(at, &format!("it ends too early, in {section}")));
        }
        self.digest.add(&bytes);
        self.offset += length as u64;
        Ok(bytes)
    }

    fn unreadable(&self, error: &io::Error) -> Fault {
        Fault::io("read", &self.path, error)
    }

    /// A fault that names this file.
    pub(super) fn damaged(&self, offset: u64, reason: &str) -> Fault {
        damaged(&self.path, offset, reason)
    }
}

fn damaged(path: &Path, offset: u64, reason: &str) -> Fault {
    Fault::Damaged { file: path.display().to_string(), offset, reason: reason.to_owned() }
}

/// That many bytes, or fewer where the input ends.
fn up_to(input: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of one section, piece after piece; what comes behind it, and what went wrong, is kept.
pub(super) struct SectionReader<'r, R> {
    reader: &'r mut Reader<R>,
    kind: Kind,
    piece: Vec<u8>,
    at: usize,
    behind: Option<Result<Piece, Fault>>,
}

impl<'r, R: Read> SectionReader<'r, R> {
    /// The section that starts with `first`.
    pub(super) fn new(reader: &'r mut Reader<R>, first: Piece) -> Self {
        Self { reader, kind: first.kind, piece: first.payload, at: 0, behind: None }
    }

    /// Reads to its end and gives the piece behind it.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub(super) fn end(mut self) -> Result<Piece, Fault> {
        loop {
            if let Some(behind) = self.behind.take() {
                return behind;
            }
            self.advance();
        }
    }

    /// A fault that names this file.
    pub(super) fn damaged(&self, offset: u64, reason: &str) -> Fault {
        self.reader.damaged(offset, reason)
    }

    /// The fault of the frame, if that is why reading stopped; else `other`.
    pub(super) fn fault_or(self, other: Fault) -> Fault {
        match self.behind {
            Some(Err(fault)) => fault,
            Some(Ok(_)) | None => other,
        }
    }

    fn advance(&mut self) {
        match self.reader.next() {
            Ok(piece) if piece.kind == self.kind => (self.piece, self.at) = (piece.payload, 0),
            other => self.behind = Some(other),
        }
    }
}

impl<R: Read> Read for SectionReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && self.behind.is_none() {
            self.advance();
        }
        if let Some(Err(fault)) = &self.behind {
            return Err(io::Error::other(fault.to_string()));
        }
        let taken = buffer.len().min(self.piece.len() - self.at);
        buffer[..taken].copy_from_slice(&self.piece[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}
