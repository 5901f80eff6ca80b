//! An index of the words in searched texts: what `$search` asks where looking at each text would take too long.
//!
//! The only place that knows tantivy. It holds no text, only where words stand, by set and id. It knows
//! nothing of journal, transactions or rights: whoever keeps it says up to where it goes.

mod finder;
mod join;
mod layout;
mod reader;
mod splitter;
#[cfg(test)]
mod tests;
mod writer;

use std::{io, path::Path};

use tantivy::{
    Index, ReloadPolicy, TantivyError,
    directory::{
        MmapDirectory,
        error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError},
    },
    indexer::IndexWriterOptions,
};

pub use self::{
    finder::Finder,
    layout::Layout,
    reader::Reader,
    writer::{Failure as WriteFailure, Position, Writer},
};
use crate::model::Model;

/// The least memory a writer works with, bytes.
pub const WRITER_BYTES_MIN: u64 = 15_000_000;

/// Why an index cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nothing but building it anew helps.
    #[error("{0}")]
    Damaged(String),
    /// The disk or the process has no room at the moment; what was committed is as it was.
    #[error("{0}")]
    Passing(String),
}

impl From<TantivyError> for Trouble {
    fn from(error: TantivyError) -> Self {
        let reason = error.to_string();
        let is_passing = match &error {
            TantivyError::IoError(error)
            | TantivyError::LockFailure(LockError::IoError(error), _)
            | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError {
                io_error: error,
                ..
            })
            | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. })
            | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: error, .. }) => {
                is_for_lack_of_room(error)
            }
            // A thread keeps its cause for itself; whether anything is damaged shows in opening it again.
            TantivyError::ErrorInThread(_)
            | TantivyError::SystemError(_)
            | TantivyError::LockFailure(..) => true,
            _ => false,
        };
        if is_passing { Self::Passing(reason) } else { Self::Damaged(reason) }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        TantivyError::from(error).into()
    }
}

/// Whether the same may go well once there is room on the disk, or there are files to be opened.
fn is_for_lack_of_room(error: &io::Error) -> bool {
    use io::ErrorKind;
    // ENFILE and EMFILE, which have no kind of their own.
    matches!(error.raw_os_error(), Some(23 | 24))
        || matches!(
            error.kind(),
            ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::PermissionDenied
                | ErrorKind::OutOfMemory
                | ErrorKind::Interrupted
        )
}

/// Opens the index in `dir`, which must exist, or makes one there; every byte of it is looked at.
/// `memory` is for the writer, bytes.
///
/// # Errors
/// Whatever is wrong with it, and what another version left.
pub fn open(dir: &Path, model: &Model, memory: u64) -> Result<(Writer, Reader), Trouble> {
    let layout = Layout::of(model);
    let directory = MmapDirectory::open(dir).map_err(TantivyError::from)?;
    let index = Index::open_or_create(directory, layout.schema.clone())?;
    let damaged = index.validate_checksum()?;
    if let Some(file) = damaged.iter().next() {
        return Err(Trouble::Damaged(format!("'{}' is not what was written", file.display())));
    }
    splitter::register(&index);
    let memory = usize::try_from(memory.max(WRITER_BYTES_MIN)).unwrap_or(usize::MAX);
    let options = IndexWriterOptions::builder()
        .memory_budget_per_thread(memory)
        .num_worker_threads(1)
        .num_merge_threads(1)
        .build();
    let writer = index.writer_with_options(options)?;
    // Of a writer that ended before its commit there may be files that nothing refers to.
    writer.garbage_collect_files().wait()?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let position = index.load_metas()?.payload.as_deref().and_then(Position::read);
    Ok((Writer::new(writer, layout.clone(), position), Reader::new(reader, layout)))
}
