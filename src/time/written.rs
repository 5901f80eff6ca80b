//! Dates and times as text, and days as dates, without the machinery of formatting: a page has thousands.

use std::fmt;

use super::MICROS_PER_SEC;

/// The text of a date or a time: at most 28 bytes, all ASCII.
#[derive(Clone, Copy)]
pub(super) struct Written {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Written {
    const MOST: usize = 28;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::MOST], len: 0 }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(super) fn byte(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// Two digits; `number` is below 100.
    pub(super) fn two(&mut self, number: u32) {
        self.byte(digit(number / 10));
        self.byte(digit(number));
    }

    /// Year, month and day; `year` is from 0 to 9999.
    pub(super) fn date(&mut self, (year, month, day): (i32, u32, u32)) {
        let year = year.unsigned_abs();
        self.two(year / 100);
        self.two(year % 100);
        self.byte(b'-');
        self.two(month);
        self.byte(b'-');
        self.two(day);
    }

    /// Hours, minutes, seconds, and of the fraction what it needs; of less than a day.
    pub(super) fn clock(&mut self, micros: i64) {
        let part = |number: i64| u32::try_from(number).unwrap_or(0);
        let (secs, micros) = (part(micros / MICROS_PER_SEC), part(micros % MICROS_PER_SEC));
        self.two(secs / 3600);
        self.byte(b':');
        self.two(secs / 60 % 60);
        self.byte(b':');
        self.two(secs % 60);
        let (mut rest, mut unit) = (micros, 100_000);
        if rest > 0 {
            self.byte(b'.');
        }
        while rest > 0 && unit > 0 {
            self.byte(digit(rest / unit));
            (rest, unit) = (rest % unit, unit / 10);
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits and marks are ASCII.
        f.write_str(std::str::from_utf8(self.as_bytes()).unwrap_or_default())
    }
}

fn digit(number: u32) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or(0)
}

/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

/// Year, month and day that many days after 1970-01-01. A year begins in March here, so that the day
/// that some years have more is its last.
pub(super) fn civil(days: i32) -> (i32, u32, u32) {
    let from_march = i64::from(days) + EPOCH_DAYS;
    let (era, day) = (from_march.div_euclid(ERA_DAYS), from_march.rem_euclid(ERA_DAYS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    let fits = |number: i64| u32::try_from(number).unwrap_or(0);
    (i32::try_from(year).unwrap_or(0), fits(month), fits(of_month))
}

/// The inverse of [`civil`].
pub(super) fn days((year, month, day): (i32, u32, u32)) -> i32 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    let days = era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAYS;
    i32::try_from(days).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::Date};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_day_of_the_calendar_is_the_one_a_calendar_has() {
        let mut date = Date::constant(1, 1, 1);
        let first = Date::constant(1970, 1, 1).since(date).unwrap().get_days();
        for number in -first.. {
            let (year, month, day) = (date.year(), date.month(), date.day());
            let told =
                (i32::from(year), u32::try_from(month).unwrap(), u32::try_from(day).unwrap());
            assert_eq!((civil(number), days(told)), (told, number));
            match date.checked_add(1.day()) {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        assert_eq!(civil(days((9999, 12, 31))), (9999, 12, 31));
    }

    proptest! {
        #[test]
        fn days_far_beyond_the_calendar_come_back(number: i32) {
            prop_assert_eq!(days(civil(number)), number);
        }

        #[test]
        fn a_clock_is_written_with_the_digits_it_needs(secs in 0u32..86_400, micros in 0u32..1_000_000) {
            let mut text = Written::new();
            text.clock(i64::from(secs) * MICROS_PER_SEC + i64::from(micros));
            let whole = format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60);
            let fraction = format!(".{micros:06}");
            let want = whole + fraction.trim_end_matches('0').trim_end_matches('.');
            prop_assert_eq!(text.to_string(), want);
        }
    }
}
