//! Lines of a file, plain or in gzip, numbered from 1. Knows nothing of what they say.
//!
//! ```text
//! line = text | "{" *( indented text ) "}"     ; an object on several lines counts as one
//! ```

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
/// What is kept of a longer one, bytes.
const START_BYTES: usize = 256;
const BUFFER_BYTES: usize = 256 << 10;
const GZIP: [u8; 2] = [0x1F, 0x8B];
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line, or that it was too long to be kept.
pub(super) enum Line {
    /// Its bytes.
    Text(Vec<u8>),
    /// It passed [`LINE_BYTES_MAX`]; how it begins.
    TooLong(Vec<u8>),
}

/// The lines of a source.
pub(super) struct Lines<'a> {
    source: Box<dyn BufRead + Send + 'a>,
    consumed: Arc<AtomicU64>,
    number: u64,
    /// A line that was read too far.
    ahead: Option<Line>,
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
        Ok(Self { source, consumed, number: 0, ahead: None })
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
        while let Some(line) = self.read()? {
            let number = self.number;
            let mut bytes = match line {
                Line::Text(bytes) => bytes,
                Line::TooLong(start) => return Ok(Some((number, Line::TooLong(start)))),
            };
            if number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if bytes.trim_ascii_end() == b"{" {
                return Ok(Some((number, self.object(bytes)?)));
            }
            if !bytes.trim_ascii().is_empty() {
                return Ok(Some((number, Line::Text(bytes))));
            }
        }
        Ok(None)
    }

    /// The next line as it stands in the file.
    fn read(&mut self) -> io::Result<Option<Line>> {
        let line = if let Some(line) = self.ahead.take() {
            line
        } else {
            let mut bytes = Vec::new();
            let limit = LINE_BYTES_MAX as u64 + 1;
            if self.source.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            if bytes.len() > LINE_BYTES_MAX && !bytes.ends_with(b"\n") {
                self.source.skip_until(b'\n')?;
                bytes.truncate(START_BYTES);
                Line::TooLong(bytes)
            } else {
                Line::Text(bytes)
            }
        };
        self.number += 1;
        Ok(Some(line))
    }

    /// The whole of an object that begins with the line `object`. A line that is neither indented nor
    /// begins with `}` is not of it: one that never ends must not take the others along.
    fn object(&mut self, mut object: Vec<u8>) -> io::Result<Line> {
        let mut is_too_long = false;
        while let Some(line) = self.read()? {
            let (Line::Text(bytes) | Line::TooLong(bytes)) = &line;
            let is_end = bytes.starts_with(b"}");
            if !is_end && !bytes.first().is_some_and(u8::is_ascii_whitespace) {
                self.ahead = Some(line);
                self.number -= 1;
                break;
            }
            is_too_long |= matches!(line, Line::TooLong(_))
                || object.len().saturating_add(bytes.len()) > LINE_BYTES_MAX;
            if !is_too_long || object.len() < START_BYTES {
                object.extend_from_slice(bytes);
            }
            if is_end {
                break;
            }
        }
        if is_too_long {
            object.truncate(START_BYTES);
            return Ok(Line::TooLong(object));
        }
        Ok(Line::Text(object))
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
                Line::TooLong(start) => {
                    assert!(start.len() <= START_BYTES);
                    "too long".into()
                }
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

    #[test]
    fn an_object_on_several_lines_is_one_and_takes_no_other_along() {
        check(
            b"{\r\n  \"a\": {\r\n\r\n  }\r\n}\r\nb",
            &[(1, "{\r\n  \"a\": {\r\n\r\n  }\r\n}"), (6, "b")],
        );
        check(b"\xEF\xBB\xBF{\n}\n{\n }\n}", &[(1, "{\n}"), (3, "{\n }\n}")]);
        check(
            b"{\n \"a\": 1\n{\"b\":2}\nc\n{",
            &[(1, "{\n \"a\": 1"), (3, "{\"b\":2}"), (4, "c"), (5, "{")],
        );
        let line = [b" ".repeat(LINE_BYTES_MAX / 3), b"\n".to_vec()].concat();
        let source = [&b"{\n"[..], &line.repeat(4), b"}\nb\n"].concat();
        check(&source, &[(1, "too long"), (7, "b")]);
    }
}
