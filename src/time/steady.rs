//! A time that never goes back: the machine's clock may be set back, but what ended has ended.
//!
//! It follows the clock forwards. Where the clock is set back, it goes on from where it was at half the
//! pace of a stopwatch: ends still come, and the clock catches up in as long as twice the step.

use std::sync::atomic::{AtomicI64, Ordering};

/// By how much the clock was ever ahead of half the stopwatch. What is told is that and half the
/// stopwatch, which is the clock itself wherever it was not set back.
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
        let pace = watch / 2;
        let ahead = clock.saturating_sub(pace);
        self.0.fetch_max(ahead, Ordering::SeqCst).max(ahead).saturating_add(pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told where the clock and the stopwatch say this, one after the other.
    #[track_caller]
    fn check(said: &[(i64, i64)], told: &[i64]) {
        let steady = Steady::new();
        let got: Vec<i64> = said.iter().map(|(clock, watch)| steady.at(*clock, *watch)).collect();
        assert_eq!(got, told, "{said:?}");
    }

    #[test]
    fn the_time_is_that_of_the_clock_where_it_goes_on() {
        check(&[(1_000, 0), (1_010, 10), (5_000, 50), (5_001, 51)], &[1_000, 1_010, 5_000, 5_001]);
    }

    #[test]
    fn a_clock_set_back_is_waited_for_but_ends_still_come() {
        let said = [(1_000, 0), (900, 0), (920, 20), (1_000, 100), (1_100, 200), (1_150, 250)];
        check(&said, &[1_000, 1_000, 1_010, 1_050, 1_100, 1_150]);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        check(&[(i64::MIN, 2), (i64::MAX, 0), (0, 6)], &[i64::MIN + 1, i64::MAX, i64::MAX]);
    }
}
