//! Instants, calendar dates and the clock. Knows UTC and time zones, nothing of tickets.

mod steady;
mod written;

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant as Watch,
};

use jiff::{Timestamp as Instant, civil, tz::TimeZone};
use steady::Steady;
use written::Written;

/// Microseconds of a second.
pub const MICROS_PER_SEC: i64 = 1_000_000;
/// Microseconds of a day; days of UTC are all alike.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SEC;

/// Microseconds of an hour.
pub const MICROS_PER_HOUR: i64 = 3600 * MICROS_PER_SEC;

/// Microseconds as hours; exact up to 285 years.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "exact up to 285 years")]
pub fn hours(micros: i64) -> f64 {
    micros as f64 / MICROS_PER_HOUR as f64
}

/// An instant in UTC, microseconds since 1970-01-01T00:00:00Z; ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Earliest instant OData can write: 0001-01-01T00:00:00Z (`mindatetime()`).
    pub const MIN: Self = Self(-62_135_596_800 * MICROS_PER_SEC);
    /// Latest instant OData can write: 9999-12-31T23:59:59.999999Z (`maxdatetime()`).
    pub const MAX: Self = Self(253_402_300_800 * MICROS_PER_SEC - 1);

    /// The instant that many microseconds after 1970 (before it, if negative); not range-checked.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant moved by `micros`; `None` where the result leaves years 1 to 9999.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Option<Self> {
        let moved = Self(self.0.checked_add(micros)?);
        (Self::MIN..=Self::MAX).contains(&moved).then_some(moved)
    }

    /// The calendar date in `zone` at this instant.
    #[must_use]
    pub fn date_in(self, zone: &TimeZone) -> Date {
        let days = i32::try_from(self.0.div_euclid(MICROS_PER_DAY));
        if let Ok(days) = days
            && *zone == TimeZone::UTC
            && (Self::MIN..=Self::MAX).contains(&self)
        {
            return Date(days);
        }
        // Beyond the range of jiff's instants (the last day of year 9999) no zone is known: UTC then.
        match Instant::from_microsecond(self.0) {
            Ok(instant) => Date::from_civil(zone.to_datetime(instant).date()),
            Err(_) => Date::from_civil(self.utc().date()),
        }
    }

    /// The civil date and time in UTC, for `year()`, `hour()` and the like.
    #[must_use]
    pub fn utc(self) -> civil::DateTime {
        let days = i32::try_from(self.0.div_euclid(MICROS_PER_DAY)).unwrap_or(0);
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let time =
            civil::Time::midnight().saturating_add(jiff::SignedDuration::from_micros(micros));
        Date(days).civil().to_datetime(time)
    }
}

impl Timestamp {
    /// Appends its text, as `Display` has it.
    pub fn push_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.written().as_bytes());
    }

    fn written(self) -> Written {
        let days = i32::try_from(self.0.div_euclid(MICROS_PER_DAY)).unwrap_or(0);
        let mut text = Date(days).written();
        text.byte(b'T');
        text.clock(self.0.rem_euclid(MICROS_PER_DAY));
        text.byte(b'Z');
        text
    }
}

impl fmt::Display for Timestamp {
    /// `2026-11-21T22:00:00Z`, with as many fraction digits as it needs, six at most.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written().fmt(f)
    }
}

/// Why a text is not a date or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}")]
pub struct BadTime(&'static str);

impl FromStr for Timestamp {
    type Err = BadTime;

    /// Reads RFC 3339 with `Z` or an offset; seconds may be absent, digits beyond the sixth are cut.
    ///
    /// Source: OData 4.01 ABNF, `dateTimeOffsetValue`.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = BadTime("date and time with Z or an offset, such as 2026-11-21T22:00:00Z");
        let (date, rest) = text.split_once(['T', 't']).ok_or(bad)?;
        let date: Date = date.parse().map_err(|_| bad)?;
        let (clock, offset_secs) = split_offset(rest).ok_or(bad)?;
        let time: TimeOfDay = clock.parse().map_err(|_| bad)?;
        let micros = i64::from(date.0) * MICROS_PER_DAY + time.0 - offset_secs * MICROS_PER_SEC;
        let at = Self(micros);
        if (Self::MIN..=Self::MAX).contains(&at) { Ok(at) } else { Err(bad) }
    }
}

/// Splits `22:00:00+02:00` into the clock and the offset in seconds.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let at = text.rfind(['+', '-'])?;
    let (clock, offset) = text.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset[1..].split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours <= 14 && minutes < 60).then_some((clock, sign * (hours * 3600 + minutes * 60)))
}

fn two_digits(text: &str) -> Option<i64> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A calendar date without a zone (`Edm.Date`): days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// The date that many days after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// Midnight UTC at the start of this date.
    #[must_use]
    pub const fn start_utc(self) -> Timestamp {
        Timestamp(self.0 as i64 * MICROS_PER_DAY)
    }

    /// Its last whole second in `zone`, so that it still reads as that day; `None` beyond all calendars.
    #[must_use]
    pub fn last_second_in(self, zone: &TimeZone) -> Option<Timestamp> {
        let next = Self(self.0.checked_add(1)?);
        // Where jiff has no next day, or no instant for it, days are those of UTC.
        let midnight = self.civil().tomorrow().ok().and_then(|day| day.to_zoned(zone.clone()).ok());
        let ends = midnight.map_or(next.start_utc().0, |at| at.timestamp().as_microsecond());
        let last = Timestamp(ends.checked_sub(MICROS_PER_SEC)?);
        (Timestamp::MIN..=Timestamp::MAX).contains(&last).then_some(last)
    }

    /// Year, month and day; what is beyond all calendars is their first day or last.
    #[must_use]
    pub fn civil(self) -> civil::Date {
        let (year, month, day) = written::civil(self.0);
        let narrow = |number: u32| i8::try_from(number).unwrap_or(1);
        let year = i16::try_from(year).unwrap_or(if self.0 < 0 { i16::MIN } else { i16::MAX });
        let end = if self.0 < 0 { civil::Date::MIN } else { civil::Date::MAX };
        civil::Date::new(year, narrow(month), narrow(day)).unwrap_or(end)
    }

    fn from_civil(date: civil::Date) -> Self {
        let wide = |number: i8| u32::try_from(number).unwrap_or(1);
        Self(written::days((date.year().into(), wide(date.month()), wide(date.day()))))
    }

    /// Appends its text, as `Display` has it.
    pub fn push_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.written().as_bytes());
    }

    fn written(self) -> Written {
        let mut text = Written::new();
        if let date @ (0..=9999, ..) = written::civil(self.0) {
            text.date(date);
        } else {
            // No date of ours, but none that must not be shown.
            let date = self.civil();
            let date = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
            date.bytes().for_each(|byte| text.byte(byte));
        }
        text
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written().fmt(f)
    }
}

impl FromStr for Date {
    type Err = BadTime;

    /// Reads `2026-11-21`.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = BadTime("date such as 2026-11-21");
        let mut parts = text.splitn(3, '-');
        let mut next = |len: usize| {
            let part = parts.next().filter(|p| p.len() == len)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i16>().ok())?
        };
        let (year, month, day) = (next(4).ok_or(bad)?, next(2).ok_or(bad)?, next(2).ok_or(bad)?);
        let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
            return Err(bad);
        };
        let date = civil::Date::new(year, month, day).map_err(|_| bad)?;
        if date.year() < 1 { Err(bad) } else { Ok(Self::from_civil(date)) }
    }
}

/// A clock time without date or zone (`Edm.TimeOfDay`): microseconds since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// The time that many microseconds after midnight; taken modulo one day.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros.rem_euclid(MICROS_PER_DAY))
    }

    /// Microseconds since midnight.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Written::new();
        text.clock(self.0);
        text.fmt(f)
    }
}

impl FromStr for TimeOfDay {
    type Err = BadTime;

    /// Reads `22:00`, `22:00:05` and `22:00:05.25`; digits beyond the sixth are cut, twelve at most.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = BadTime("time such as 22:00:00");
        let mut parts = text.splitn(3, ':');
        let hour = parts.next().and_then(two_digits).filter(|h| *h < 24).ok_or(bad)?;
        let minute = parts.next().and_then(two_digits).filter(|m| *m < 60).ok_or(bad)?;
        let (second, micros) = match parts.next() {
            None => (0, 0),
            Some(rest) => {
                let (second, digits) = rest.split_once('.').unwrap_or((rest, "0"));
                let second = two_digits(second).filter(|s| *s < 60).ok_or(bad)?;
                (second, fraction_micros(digits).ok_or(bad)?)
            }
        };
        Ok(Self((hour * 3600 + minute * 60 + second) * MICROS_PER_SEC + micros))
    }
}

/// `25` after the point is 250,000 microseconds.
fn fraction_micros(digits: &str) -> Option<i64> {
    let fits = (1..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let mut six: String = digits.chars().take(6).collect();
    while six.len() < 6 {
        six.push('0');
    }
    fits.then(|| six.parse().ok())?
}

/// Where "now" comes from: the machine, or a time a test sets. Neither ever goes back.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    Real,
    /// Stands still until set.
    Fixed(Arc<Standing>),
}

/// What the machine's clock said at most; one for the process.
static MACHINE: Steady = Steady::new();
/// Runs since it was first looked at, whatever becomes of the clock.
static WATCH: LazyLock<Watch> = LazyLock::new(Watch::now);

/// A clock that a test sets, and what it said at most.
#[derive(Debug)]
pub struct Standing {
    micros: AtomicI64,
    steady: Steady,
}

impl Clock {
    /// How far the clock may be behind the data for the time to go on from there.
    pub const BEHIND_MAX_MICROS: i64 = MICROS_PER_DAY;

    /// A clock that stands at `at`.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(Standing { micros: AtomicI64::new(at.0), steady: Steady::new() }))
    }

    /// Sets a fixed clock, as somebody sets the machine's; that one is left alone.
    pub fn set(&self, at: Timestamp) {
        if let Self::Fixed(standing) = self {
            standing.micros.store(at.0, Ordering::SeqCst);
        }
    }

    /// Sets a fixed clock as a new process finds it: what it said before is forgotten.
    pub fn begin(&self, at: Timestamp) {
        if let Self::Fixed(standing) = self {
            standing.steady.forget();
            standing.micros.store(at.0, Ordering::SeqCst);
        }
    }

    /// The time now; never before one told earlier.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let (clock, watch) = self.read();
        Timestamp(self.steady().at(clock, watch))
    }

    /// Goes on from `at`, which was the time once, where the clock was set back since. A clock that is
    /// further behind than [`Clock::BEHIND_MAX_MICROS`] is believed: it was `at` that was wrong.
    pub fn go_on_from(&self, at: Timestamp) {
        let (clock, watch) = self.read();
        if at.0.saturating_sub(clock) <= Self::BEHIND_MAX_MICROS {
            self.steady().at(at.0, watch);
        }
    }

    /// The clock, and after it the stopwatch, as microseconds: a delay between the two is no lead.
    fn read(&self) -> (i64, i64) {
        match self {
            Self::Real => {
                let started = *WATCH;
                let clock = Instant::now().as_microsecond();
                let watch = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX);
                (clock, watch)
            }
            Self::Fixed(standing) => (standing.micros.load(Ordering::SeqCst), 0),
        }
    }

    fn steady(&self) -> &Steady {
        match self {
            Self::Real => &MACHINE,
            Self::Fixed(standing) => &standing.steady,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, want: &str) {
        let at: Timestamp = input.parse().unwrap();
        assert_eq!(at.to_string(), want);
    }

    #[test]
    fn instants_are_read_with_any_offset_and_written_in_utc() {
        check("2026-11-21T22:00:00Z", "2026-11-21T22:00:00Z");
        check("2026-11-21T22:00+02:00", "2026-11-21T20:00:00Z");
        check("2026-01-01T00:30:00-05:30", "2026-01-01T06:00:00Z");
        check("2026-11-21T22:00:00.1234567Z", "2026-11-21T22:00:00.123456Z");
        check("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z");
        check("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
    }

    #[test]
    fn an_instant_needs_a_zone_and_a_real_date() {
        for bad in [
            "2026-11-21",
            "2026-11-21T22:00:00",
            "2026-02-30T00:00:00Z",
            "x",
            "2026-11-21T25:00:00Z",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_and_times_of_day_round_trip() {
        for date in ["0001-01-01", "1970-01-01", "2024-02-29", "9999-12-31"] {
            assert_eq!(date.parse::<Date>().unwrap().to_string(), date);
        }
        for (input, want) in [("07:05", "07:05:00"), ("23:59:59.250", "23:59:59.25")] {
            assert_eq!(input.parse::<TimeOfDay>().unwrap().to_string(), want);
        }
    }

    #[test]
    fn the_time_never_goes_back_with_the_clock() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let clock = Clock::fixed(at("2026-11-21T22:00:00Z"));
        for (set, told) in [
            ("2026-11-21T22:00:01Z", "2026-11-21T22:00:01Z"),
            ("2026-11-21T21:00:00Z", "2026-11-21T22:00:01Z"),
            ("2026-11-21T23:00:00Z", "2026-11-21T23:00:00Z"),
        ] {
            clock.set(at(set));
            assert_eq!(clock.now(), at(told), "{set}");
        }
        assert!(Clock::Real.now() <= Clock::Real.now());
    }

    #[test]
    fn the_time_goes_on_from_what_was_done_last_unless_that_is_far_ahead() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (last, told) in [
            ("2026-11-21T22:00:00Z", "2026-11-21T22:00:00Z"),
            ("2026-11-21T23:00:00Z", "2026-11-21T23:00:00Z"),
            ("2026-11-21T20:00:00Z", "2026-11-21T22:00:00Z"),
            ("2027-11-21T23:00:00Z", "2026-11-21T22:00:00Z"),
        ] {
            let clock = Clock::fixed(at("2026-11-21T22:00:00Z"));
            clock.go_on_from(at(last));
            assert_eq!(clock.now(), at(told), "{last}");
        }
    }

    #[test]
    fn a_date_follows_the_zone() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let at: Timestamp = "2026-06-30T22:30:00Z".parse().unwrap();
        assert_eq!(at.date_in(&zone).to_string(), "2026-07-01");
    }
}
