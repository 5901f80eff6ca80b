//! Images of the columns beside the work: when one is due, and the thread that writes it.
//!
//! A start repeats the journal behind the image, so an image is due after so much journal, and never
//! before the journal is a good part of what has to be written for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use super::Shared;
use crate::store::{Fault, Root, Snapshot, image::Pace};

/// How long between two looks whether the records have what the image shows.
const RECORDS_PAUSE: Duration = Duration::from_millis(20);

/// Bytes of image that are written at most for each byte of journal.
const IMAGE_TO_JOURNAL: u64 = 4;

/// The writer of images.
pub(super) struct Imager {
    /// Journal after which one is due.
    due_bytes: u64,
    /// After a failure, how much journal there has to be until the next try.
    not_before: u64,
    thread: Option<JoinHandle<bool>>,
}

impl Imager {
    pub(super) fn new(due_bytes: u64) -> Self {
        Self { due_bytes, not_before: 0, thread: None }
    }

    /// Told after each block of so many bytes, once it is published; begins an image if one is due.
    pub(super) fn after(&mut self, shared: &Arc<Shared>, bytes: u64) {
        let behind = shared.image.fall_behind(bytes);
        if !self.is_free() {
            return;
        }
        let worth = shared.image.bytes() / IMAGE_TO_JOURNAL;
        let due = self.due_bytes.max(worth).max(self.not_before);
        if behind < due {
            return;
        }
        let (root, theirs) = (shared.root.load_full(), Arc::clone(shared));
        let write = move || {
            let done = catch_unwind(AssertUnwindSafe(|| write(&theirs, root, behind)));
            let done = done.unwrap_or_else(|_| Err(Fault::Io("it".into(), "panicked".into())));
            match &done {
                Ok(()) | Err(Fault::Closed) => {}
                Err(fault) => tracing::warn!("no image of the columns was written: {fault}"),
            }
            done.is_ok()
        };
        self.not_before = behind.saturating_add(due);
        match std::thread::Builder::new().name("image".into()).spawn(write) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => tracing::warn!("no image of the columns was written: {error}"),
        }
    }

    /// Whether none is being written.
    fn is_free(&mut self) -> bool {
        if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return false;
        }
        if self.thread.take().is_some_and(|thread| thread.join().unwrap_or(false)) {
            self.not_before = 0;
        }
        true
    }

    /// Waits for the one being written, which gives up once the engine stops.
    pub(super) fn finish(self) {
        if self.thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer of an image ended with a panic");
        }
    }
}

/// Writes `root`, and gives it its name once the records have it: of one that shows more than they do
/// a start could not tell whether it is right.
fn write(shared: &Shared, root: Arc<Root>, behind: u64) -> Result<(), Fault> {
    let seq = root.seq();
    let image = &shared.image;
    let written = image.write(&root, behind, &Pace::Beside(&shared.stopping))?;
    drop(root);
    while shared.applied.load(Ordering::Acquire) < seq {
        if shared.stopping.load(Ordering::Acquire) {
            image.give_up(written);
            return Err(Fault::Closed);
        }
        std::thread::sleep(RECORDS_PAUSE);
    }
    image.name(written)?;
    tracing::debug!(seq, "an image of the columns was written");
    Ok(())
}
