//! When something ends, as people write it: `90s`, `15m`, `12h`, `30d`, or a last day.

use std::str::FromStr;

use crate::time::{Date, Timestamp};

const MICROS_PER_SEC: i64 = 1_000_000;

/// An end in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expires {
    /// That many seconds from now; at least one.
    After {
        /// Seconds.
        secs: u32,
    },
    /// With the end of that day, in the time zone of the helpdesk.
    EndOf(Date),
}

/// Why a text is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes a duration such as 90s, 15m, 12h or 30d, or a last day such as 2027-01-31")]
pub struct BadExpiry;

impl Expires {
    /// The instant, seen from `now`, if it is one wherever the helpdesk is; `None` where it leaves years 1
    /// to 9999.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::After { secs } => now.plus_micros(i64::from(secs) * MICROS_PER_SEC),
            Self::EndOf(_) => None,
        }
    }

    /// The last day, if it is one.
    #[must_use]
    pub fn last_day(self) -> Option<Date> {
        match self {
            Self::After { .. } => None,
            Self::EndOf(day) => Some(day),
        }
    }
}

impl FromStr for Expires {
    type Err = BadExpiry;

    fn from_str(text: &str) -> Result<Self, BadExpiry> {
        if let Ok(day) = text.parse() {
            return Ok(Self::EndOf(day));
        }
        let unit = text.chars().next_back().ok_or(BadExpiry)?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(BadExpiry),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadExpiry);
        }
        let secs = digits.parse::<u32>().ok().and_then(|count| count.checked_mul(factor));
        secs.filter(|secs| *secs > 0).map(|secs| Self::After { secs }).ok_or(BadExpiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let now = "2026-11-21T22:00:00Z".parse().unwrap();
        let got = text.parse::<Expires>().ok().map(|end| match end.last_day() {
            Some(day) => format!("the end of {day}"),
            None => end.at(now).unwrap().to_string(),
        });
        assert_eq!(got.as_deref(), want, "{text}");
    }

    #[test]
    fn durations_count_from_now() {
        check("90s", Some("2026-11-21T22:01:30Z"));
        check("15m", Some("2026-11-21T22:15:00Z"));
        check("12h", Some("2026-11-22T10:00:00Z"));
        check("30d", Some("2026-12-21T22:00:00Z"));
    }

    #[test]
    fn a_day_lasts_to_its_end() {
        check("2027-01-31", Some("the end of 2027-01-31"));
        check("2024-02-29", Some("the end of 2024-02-29"));
        check("9999-12-31", Some("the end of 9999-12-31"));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "d",
            "30",
            "30 d",
            "1.5h",
            "-1d",
            "0d",
            "30D",
            "1w",
            "99999999999d",
            "2027-02-30",
            "31.01.2027",
            "\u{b2}d",
            "3\u{20ac}",
            "1h30m",
        ] {
            check(bad, None);
        }
    }
}
