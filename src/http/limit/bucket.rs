//! One bucket of requests: so many come at once, and as fast as it fills again.
//!
//! The generic cell rate algorithm: all that is kept is when the bucket will be full again, so it costs one number and
//! no timer. Knows no clock: it is told the time, nanoseconds since whatever start.

/// The span that rates count by.
pub const WINDOW_SECS: u64 = 60;
const SECOND: u64 = 1_000_000_000;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    per_minute: u64,
    /// Nanoseconds until there is one more; rounded up, so that a long time lets no more through.
    every: u64,
    burst: u64,
}

impl Rate {
    /// So many a minute, and at most `burst` at once (at least 1); `None` for 0, which limits nothing.
    #[must_use]
    pub fn new(per_minute: u64, burst: u64) -> Option<Self> {
        let every = (WINDOW_SECS * SECOND).checked_div(per_minute)?;
        let every = if every * per_minute < WINDOW_SECS * SECOND { every + 1 } else { every };
        Some(Self { per_minute, every, burst: burst.max(1) })
    }

    /// How many a minute.
    #[must_use]
    pub fn per_minute(self) -> u64 {
        self.per_minute
    }

    /// Nanoseconds from empty to full.
    fn span(self) -> u64 {
        self.every.saturating_mul(self.burst)
    }
}

/// A bucket; full when it is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    full_at: u64,
}

impl Bucket {
    /// Takes one out. In any time `t` that is at most `t` divided by a minute, times the rate, plus the burst.
    ///
    /// # Errors
    /// Nanoseconds until there will be one.
    pub fn take(&mut self, now: u64, rate: Rate) -> Result<(), u64> {
        let full_at = self.full_at.max(now).saturating_add(rate.every);
        let most = now.saturating_add(rate.span());
        if full_at > most {
            return Err(full_at - most);
        }
        self.full_at = full_at;
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn left(&self, now: u64, rate: Rate) -> u64 {
        rate.span().saturating_sub(self.full_in(now)) / rate.every
    }

    /// Nanoseconds until it is full.
    #[must_use]
    pub fn full_in(&self, now: u64) -> u64 {
        self.full_at.saturating_sub(now)
    }
}

/// Nanoseconds as whole seconds, rounded up.
#[must_use]
pub fn whole_secs(nanos: u64) -> u64 {
    nanos.div_ceil(SECOND)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Arrivals of one trial; together more than 10^5.
    const ARRIVALS: usize = 2_000;

    fn rate(per_minute: u64, burst: u64) -> Rate {
        Rate::new(per_minute, burst).unwrap()
    }

    #[test]
    fn a_burst_comes_at_once_and_then_one_after_the_other() {
        let (rate, mut bucket) = (rate(200, 3), Bucket::default());
        for left in [2, 1, 0] {
            assert_eq!((bucket.take(0, rate), bucket.left(0, rate)), (Ok(()), left));
        }
        assert_eq!(bucket.take(0, rate), Err(300_000_000));
        assert_eq!(bucket.take(299_999_999, rate), Err(1));
        assert_eq!(bucket.take(300_000_000, rate), Ok(()));
        assert_eq!((bucket.left(300_000_000, rate), bucket.full_in(300_000_000)), (0, 900_000_000));
        assert_eq!(bucket.left(u64::MAX, rate), 3);
    }

    #[test]
    fn no_rate_is_no_limit_and_no_burst_is_one() {
        assert_eq!(Rate::new(0, 5), None);
        let (rate, mut bucket) = (rate(60, 0), Bucket::default());
        assert_eq!((bucket.take(0, rate), bucket.take(0, rate)), (Ok(()), Err(SECOND)));
    }

    #[test]
    fn a_rate_that_does_not_divide_a_minute_lets_no_more_through_in_a_long_time() {
        let (rate, mut bucket, mut taken) = (rate(7, 1), Bucket::default(), 0);
        let mut now = 0;
        while now <= 1_000_000 * WINDOW_SECS * SECOND {
            now += bucket.take(now, rate).err().unwrap_or_else(|| {
                taken += 1;
                0
            });
        }
        assert!((6_999_990..=7_000_001).contains(&taken), "{taken}");
    }

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!([0, 1, SECOND, SECOND + 1].map(whole_secs), [0, 1, 1, 2]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Between any two that were let through there are at most as many as the promise says.
        #[test]
        fn in_any_time_no_more_is_let_through_than_promised(
            per_minute in 1_u64..5_000,
            burst in 1_u64..100,
            gaps in prop::collection::vec(
                prop_oneof![4 => Just(0), 4 => 0..50_000_000_u64, 1 => 0..90 * SECOND],
                ARRIVALS,
            ),
        ) {
            let (rate, mut bucket) = (rate(per_minute, burst), Bucket::default());
            let minute = i128::from(WINDOW_SECS * SECOND);
            // How far the count was ahead of the time, at the least and now; the difference is a burst.
            let (mut now, mut granted, mut least) = (0, 0_i128, i128::MAX);
            for gap in gaps {
                now += gap;
                match bucket.take(now, rate) {
                    Ok(()) => {
                        let ahead = granted * minute - i128::from(per_minute) * i128::from(now);
                        least = least.min(ahead);
                        prop_assert!(ahead - least <= (i128::from(burst) - 1) * minute);
                        granted += 1;
                    }
                    Err(wait) => {
                        let (mut early, mut then) = (bucket, bucket);
                        prop_assert!(early.take(now + wait - 1, rate).is_err());
                        prop_assert!(then.take(now + wait, rate).is_ok());
                    }
                }
                prop_assert!(bucket.left(now, rate) <= burst);
            }
        }
    }
}
