//! Counting without a lock: how often something happened, how long it took, to how many it happened lately.
//!
//! Knows nothing of what is counted, nor of who reads it.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `more`.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number of things that exist now.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One more.
    pub fn rise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less; there must have been one.
    pub fn fall(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many there are.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Places of [`Lately`]: 64 KiB together.
const PLACES: usize = 16_384;

/// Minutes that [`Lately`] looks back.
const MINUTES: u32 = 60;

/// To how many different things something happened within the last hour, by the minute.
///
/// Things are told apart by the rest of their number divided by 16,384: of two that have it in
/// common one is counted. So the count may be too low, never too high, and numbers given out one
/// after the other are exact up to that many.
#[derive(Debug)]
pub struct Lately {
    /// For each place the last minute it happened in; 0 for never.
    minutes: Box<[AtomicU32]>,
}

impl Default for Lately {
    fn default() -> Self {
        Self { minutes: (0..PLACES).map(|_| AtomicU32::new(0)).collect() }
    }
}

impl Lately {
    /// It happened to the thing of this number in this minute since 1970.
    pub fn note(&self, number: u64, minute: u32) {
        let place = usize::try_from(number % PLACES as u64).unwrap_or(0);
        // Nearly always it is there already, and a place that is only read is not fought over.
        if self.minutes[place].load(Ordering::Relaxed) != minute {
            self.minutes[place].store(minute, Ordering::Relaxed);
        }
    }

    /// To how many, as of this minute since 1970; looks at every place.
    #[must_use]
    pub fn count(&self, minute: u32) -> u64 {
        let is_late = |at: &AtomicU32| match at.load(Ordering::Relaxed) {
            0 => false,
            // A clock that was set back leaves minutes to come.
            at => minute.saturating_sub(at) < MINUTES,
        };
        self.minutes.iter().filter(|at| is_late(at)).count() as u64
    }
}

/// Upper bounds of the classes of [`Durations`], microseconds; what is longer has a class of its own.
const BOUNDS_MICROS: [u64; 17] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
];

/// How long something took, each time, sorted into classes.
#[derive(Debug, Default)]
pub struct Durations {
    classes: [Count; BOUNDS_MICROS.len() + 1],
    nanos: Count,
}

/// What [`Durations`] held when they were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// How many there were.
    pub count: u64,
    /// All of them together.
    pub total: Duration,
    /// Upper bound of each class in seconds, the last infinite, and how many fell into that class alone.
    pub classes: Vec<(f64, u64)>,
}

impl Durations {
    /// Adds one.
    pub fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.classes[BOUNDS_MICROS.partition_point(|bound| *bound < micros)].add(1);
        self.nanos.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What was added so far; one that is being added meanwhile may be in it in part.
    #[must_use]
    pub fn read(&self) -> Spread {
        let bounds = BOUNDS_MICROS.map(|micros| Duration::from_micros(micros).as_secs_f64());
        let bounds = bounds.into_iter().chain([f64::INFINITY]);
        let classes: Vec<_> = bounds.zip(self.classes.iter().map(Count::get)).collect();
        let count = classes.iter().map(|(_, count)| count).sum();
        Spread { count, total: Duration::from_nanos(self.nanos.get()), classes }
    }
}

/// One `T` for each of a few names, made when a name is first used; at most 64, the last shared by the rest.
#[derive(Debug)]
pub struct Named<T>([OnceLock<Box<(&'static str, T)>>; 64]);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| OnceLock::new()))
    }
}

impl<T: Default> Named<T> {
    /// The one for `name`. Costs a comparison for each name used before it.
    pub fn of(&self, name: &'static str) -> &T {
        let [first @ .., last] = &self.0;
        for slot in first {
            let known = slot.get_or_init(|| Box::new((name, T::default())));
            if known.0 == name {
                return &known.1;
            }
        }
        &last.get_or_init(|| Box::new(("other", T::default()))).1
    }

    /// Those used so far, in the order of their first use.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &T)> {
        self.0.iter().filter_map(|slot| slot.get().map(|named| (named.0, &named.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_class_that_holds_it() {
        let durations = Durations::default();
        for micros in [0, 100, 101, 30_000_000, 30_000_001] {
            durations.add(Duration::from_micros(micros));
        }
        let read = durations.read();
        let filled: Vec<_> = read.classes.iter().filter(|(_, count)| *count > 0).copied().collect();
        assert_eq!(filled, [(0.0001, 2), (0.00025, 1), (30.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((read.count, read.total), (5, Duration::from_micros(60_000_202)));
    }

    #[test]
    fn what_happened_to_one_thing_within_an_hour_counts_once() {
        let lately = Lately::default();
        assert_eq!(lately.count(30), 0);
        for (number, minute) in [(1, 1000), (2, 1000), (1, 1030), (1, 1059), (u64::MAX, 1059)] {
            lately.note(number, minute);
        }
        assert_eq!([1059, 1060, 1118, 1119].map(|minute| lately.count(minute)), [3, 2, 2, 0]);
        lately.note(1 + PLACES as u64, 1059);
        assert_eq!(lately.count(1059), 3);
        assert_eq!(lately.count(900), 3);
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let (count, level, named) = (Count::default(), Level::default(), Named::<Count>::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        count.add(1);
                        level.rise();
                        named.of("a").add(1);
                        named.of("b").add(2);
                        level.fall();
                    }
                });
            }
        });
        assert_eq!((count.get(), level.get()), (4000, 0));
        let mut all: Vec<_> = named.all().map(|(name, count)| (name, count.get())).collect();
        all.sort_unstable();
        assert_eq!(all, [("a", 4000), ("b", 8000)]);
    }

    #[test]
    fn names_beyond_the_last_place_share_one() {
        let named = Named::<Count>::default();
        for n in 0..100 {
            named.of(Box::leak(format!("name {n}").into_boxed_str())).add(1);
        }
        assert_eq!(named.all().count(), 64);
        assert_eq!(named.of("name 99").get(), 37);
        assert_eq!(named.of("name 0").get(), 1);
    }
}
