//! Standard output, the one place that writes to it.

use std::io::{self, BufWriter, Write};

use super::Failure;

/// Buffered standard output; [`Out::end`] says whether everything got out.
pub struct Out(BufWriter<Box<dyn Write>>);

impl Out {
    /// Standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self(BufWriter::new(Box::new(io::stdout())))
    }

    /// Writes `line` and a line end.
    ///
    /// # Errors
    /// [`Failure::ClosedPipe`] where nobody reads any more.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.bytes(line.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Writes `bytes` as they are.
    ///
    /// # Errors
    /// [`Failure::ClosedPipe`] where nobody reads any more.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).map_err(|error| Failure::of_output(&error))
    }

    /// Where to write without the detour over lines.
    pub fn writer(&mut self) -> &mut dyn Write {
        &mut self.0
    }

    /// Writes what is still buffered.
    ///
    /// # Errors
    /// [`Failure::ClosedPipe`] where nobody reads any more.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.0.flush().map_err(|error| Failure::of_output(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure_to_tell() {
        let mut out = Out(BufWriter::new(Box::new(Closed)));
        assert_eq!(out.line("x"), Ok(()));
        assert_eq!(out.end(), Err(Failure::ClosedPipe));
    }
}
