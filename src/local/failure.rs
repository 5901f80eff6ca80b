//! Why a command did not do what was asked, the same whether it ran here or inside a server.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
};

use super::text::plain;
use crate::store::Fault;

/// Why a command did not do what was asked: one line, which says what to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// It went wrong; exit code 1.
    Failed(String),
    /// The data was written by a newer version; exit code 3.
    NewerFormat(String),
    /// Whoever read our output has seen enough; not a failure to the outside.
    ClosedPipe,
}

impl Failure {
    /// A failure with this message.
    pub fn new(message: impl fmt::Display) -> Self {
        Self::Failed(message.to_string())
    }

    /// What it means that output could not be written.
    #[must_use]
    pub fn of_output(error: &io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe {
            Self::ClosedPipe
        } else {
            Self::new(format!("cannot write to standard output: {error}"))
        }
    }

    /// A store's fault as the end of a command.
    #[must_use]
    pub fn of_store(fault: Fault) -> Self {
        match fault {
            Fault::Damaged { .. } => Self::new(format!(
                "{fault}; keep a copy of the folder, then 'tessera serve --recover' goes on with what is sound"
            )),
            other => Self::of_backup(other),
        }
    }

    /// A fault with a backup as the end of a command; there is no folder to recover.
    #[must_use]
    pub fn of_backup(fault: Fault) -> Self {
        match fault {
            Fault::Newer { .. } | Fault::Unknown { .. } => Self::NewerFormat(fault.to_string()),
            Fault::Damaged { .. }
            | Fault::Full
            | Fault::SyncFailed
            | Fault::Busy
            | Fault::TooLarge { .. }
            | Fault::Trimmed { .. }
            | Fault::Locked { .. }
            | Fault::Io(..)
            | Fault::Closed => Self::new(fault),
        }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Writes `text` and a line end, as a terminal may have it: see [`plain`].
pub(super) fn line(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    writeln!(out, "{}", plain(text)).map_err(|error| Failure::of_output(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_text_neither_commands_the_terminal_nor_makes_lines_of_its_own() {
        let mut out = Vec::new();
        line(&mut out, "    1  active  \u{1b}[2Jx\n    2  active  \u{202e}y").unwrap();
        let want = "    1  active  \\u{1b}[2Jx\\u{a}    2  active  \\u{202e}y\n";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
