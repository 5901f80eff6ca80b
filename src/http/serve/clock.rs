//! The time connections are measured by: milliseconds that pass, in tests only when told to.

use tokio::time::Instant;

/// Milliseconds since the server began to listen.
pub(super) type Millis = u64;

/// When the server began to listen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    /// A clock that begins now.
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time.
    #[cfg(not(test))]
    pub(super) fn now(self) -> Millis {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    /// The time as [`pass`] has it.
    #[cfg(test)]
    #[expect(clippy::unused_self, reason = "the real one needs it")]
    pub(super) fn now(self) -> Millis {
        PASSED.get()
    }

    /// The instant of a moment.
    pub(super) fn instant(self, at: Millis) -> Instant {
        self.0 + std::time::Duration::from_millis(at)
    }
}

#[cfg(test)]
thread_local! {
    static PASSED: std::cell::Cell<Millis> = const { std::cell::Cell::new(0) };
}

/// Lets time pass for the test of this thread.
#[cfg(test)]
pub(super) fn pass(millis: Millis) {
    PASSED.set(PASSED.get() + millis);
}
