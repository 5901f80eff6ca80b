//! The journal in a backup: a gzip stream of entries, each with its number and its length.

use std::io::{self, Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::frame::Section;
use crate::store::Seq;

/// One transaction as it is in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: Seq,
    pub(super) bytes: Vec<u8>,
}

/// Packs entries into a section.
pub(super) struct Writer<'f, 'a>(GzEncoder<Section<'f, 'a>>);

impl<'f, 'a> Writer<'f, 'a> {
    pub(super) fn new(section: Section<'f, 'a>) -> Self {
        Self(GzEncoder::new(section, Compression::fast()))
    }

    pub(super) fn push(&mut self, entry: &Entry) -> io::Result<()> {
        let length = u32::try_from(entry.bytes.len()).map_err(io::Error::other)?;
        self.0.write_all(&entry.seq.to_le_bytes())?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(&entry.bytes)
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.0.finish()?.end()
    }
}

/// Unpacks them; they must follow each other without a gap.
pub(super) struct Entries<R> {
    input: GzDecoder<R>,
    next: Seq,
}

impl<R: Read> Entries<R> {
    /// Entries from `next` on.
    pub(super) fn new(input: R, next: Seq) -> Self {
        Self { input: GzDecoder::new(input), next }
    }

    /// The next one; `None` behind the last.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub(super) fn read(&mut self) -> Result<Option<Entry>, &'static str> {
        let mut head = Vec::new();
        self.take(12, &mut head)?;
        if head.is_empty() {
            return Ok(None);
        }
        let parts = head.split_first_chunk::<8>();
        let Some((seq, Ok(length))) = parts.map(|(seq, rest)| (seq, <[u8; 4]>::try_from(rest)))
        else {
            return Err("a transaction ends too early");
        };
        let (seq, length) = (u64::from_le_bytes(*seq), u32::from_le_bytes(length));
        if seq != self.next {
            return Err("its transactions do not follow each other");
        }
        self.next += 1;
        let mut bytes = Vec::new();
        self.take(u64::from(length), &mut bytes)?;
        if bytes.len() as u64 == u64::from(length) {
            Ok(Some(Entry { seq, bytes }))
        } else {
            Err("a transaction ends too early")
        }
    }

    /// Where the packed bytes came from.
    pub(super) fn into_inner(self) -> R {
        self.input.into_inner()
    }

    fn take(&mut self, length: u64, bytes: &mut Vec<u8>) -> Result<(), &'static str> {
        let read = self.input.by_ref().take(length).read_to_end(bytes);
        read.map(drop).map_err(|_| "it cannot be unpacked")
    }
}
