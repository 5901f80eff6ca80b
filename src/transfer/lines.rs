//! Lines of a file, plain or in gzip, numbered from 1. Knows nothing of what they say.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;

/// The longest line that is read, bytes.
pub(super) const LINE_BYTES_MAX: usize = 32 << 20;
const BUFFER_BYTES: usize = 256 << 10;
const GZIP: [u8; 2] = [0x1F, 0x8B];
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line, or that it was too long to be kept.
pub(super) enum Line {
    /// Its bytes, without the line feed.
    Text(Vec<u8>),
    /// It passed [`LINE_BYTES_MAX`].
    TooLong,
}

/// The lines of a source.
pub(super) struct Lines<'a> {
    source: Box<dyn BufRead + Send + 'a>,
    consumed: Arc<AtomicU64>,
    number: u64,
}

/// Counts what is read of the file itself, packed or not.
struct Counted<R> {
    inner: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.consumed.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl<'a> Lines<'a> {
    /// The lines of `source`; gzip is known by how it begins.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn new(source: impl Read + Send + 'a) -> io::Result<Self> {
        let consumed = Arc::<AtomicU64>::default();
        let counted = Counted { inner: source, consumed: Arc::clone(&consumed) };
        let mut file = BufReader::with_capacity(BUFFER_BYTES, counted);
        let is_packed = file.fill_buf()?.starts_with(&GZIP);
        let source: Box<dyn BufRead + Send + 'a> = if is_packed {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        Ok(Self { source, consumed, number: 0 })
    }

    /// Bytes of the file read so far.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }

    /// The next line with its number; blank lines count but are passed over.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line)>> {
        loop {
            let mut bytes = Vec::new();
            let limit = LINE_BYTES_MAX as u64 + 1;
            if self.source.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if bytes.len() > LINE_BYTES_MAX && !bytes.ends_with(b"\n") {
                self.source.skip_until(b'\n')?;
                return Ok(Some((self.number, Line::TooLong)));
            }
            if self.number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if !bytes.trim_ascii().is_empty() {
                return Ok(Some((self.number, Line::Text(bytes))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[track_caller]
    fn check(source: &[u8], want: &[(u64, &str)]) {
        let mut lines = Lines::new(source).unwrap();
        let mut got = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            let text = match line {
                Line::Text(bytes) => String::from_utf8(bytes).unwrap(),
                Line::TooLong => "too long".into(),
            };
            got.push((number, text.trim_end().to_owned()));
        }
        let want: Vec<_> =
            want.iter().map(|(number, text)| (*number, (*text).to_owned())).collect();
        assert_eq!(got, want);
        assert_eq!(lines.consumed(), source.len() as u64);
    }

    #[test]
    fn blank_lines_count_and_line_ends_may_be_any() {
        check(b"", &[]);
        check(b"a\n\r\n  \nb\r\nc", &[(1, "a"), (4, "b"), (5, "c")]);
        check(b"\xEF\xBB\xBFa\n", &[(1, "a")]);
    }

    #[test]
    fn gzip_is_known_by_its_beginning_in_several_members_too() {
        let pack = |text: &str| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        let two = [pack("a\nb"), pack("c\nd\n")].concat();
        check(&two, &[(1, "a"), (2, "bc"), (3, "d")]);
    }

    #[test]
    fn a_line_too_long_is_told_and_passed_over() {
        let long = vec![b'x'; LINE_BYTES_MAX + 1];
        let source = [&long[..], b"\nb\n"].concat();
        check(&source, &[(1, "too long"), (2, "b")]);
    }
}
