//! A time that never goes back: the machine's clock may be set back, but what ended has ended.
//!
//! It follows the clock forwards. Where the clock is set back, it goes on at the pace of a stopwatch from
//! where it was, so that ends still come; the clock has caught up, or the process begins anew, and both
//! agree again.

use std::sync::atomic::{AtomicI64, Ordering};

/// By how much the clock was ever ahead of the stopwatch; what is told is the stopwatch and that.
#[derive(Debug)]
pub(super) struct Steady(AtomicI64);

impl Steady {
    /// Has seen no clock yet.
    pub(super) const fn new() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }

    /// Has seen no clock yet, again.
    pub(super) fn forget(&self) {
        self.0.store(i64::MIN, Ordering::SeqCst);
    }

    /// The time where the clock says `clock` and the stopwatch, read after it, `watch`; all microseconds.
    pub(super) fn at(&self, clock: i64, watch: i64) -> i64 {
        let ahead = clock.saturating_sub(watch);
        self.0.fetch_max(ahead, Ordering::SeqCst).max(ahead).saturating_add(watch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_goes_on_from_where_it_was_at_its_pace() {
        let steady = Steady::new();
        let told = [(1_000, 0), (1_010, 10), (400, 20), (420, 40), (5_000, 50), (4_990, 60)]
            .map(|(clock, watch)| steady.at(clock, watch));
        assert_eq!(told, [1_000, 1_010, 1_020, 1_040, 5_000, 5_010]);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let steady = Steady::new();
        assert_eq!(steady.at(i64::MIN, 1), i64::MIN + 1);
        assert_eq!(steady.at(i64::MAX, 0), i64::MAX);
        assert_eq!(steady.at(0, 5), i64::MAX);
    }
}
