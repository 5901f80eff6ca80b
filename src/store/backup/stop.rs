//! That a backup under way is given up: asked before every piece that is written or read back.

use std::{
    io::{self, Read, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Whether it is over, and who waits for that. One that nobody tells never ends anything.
#[derive(Debug, Default)]
pub struct Stop {
    told: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Ends what asks, and whoever waits; returns at once.
    pub fn tell(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// Whether it was told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        *self.lock()
    }

    /// Waits until it is told, at most that long; whether it was.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), at_most, |told| !*told);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> io::Result<()> {
        if self.is_told() { Err(io::Error::other("the server stops")) } else { Ok(()) }
    }
}

/// A file that is neither read nor written any more once the stop was told.
pub(super) struct UntilStopped<'a, T> {
    pub(super) file: T,
    pub(super) stop: &'a Stop,
}

impl<T: Write> Write for UntilStopped<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stop.check()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl<T: Read> Read for UntilStopped<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.check()?;
        self.file.read(buffer)
    }
}
