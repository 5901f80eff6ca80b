//! When a token ends: always, and never later than a limit.

use jiff::{Span, tz::TimeZone};

use crate::{
    error::Error,
    time::{Date, Timestamp},
};

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// The greatest life of a token in hours, unless a setting or a policy lowers it: one year.
pub const TOKEN_HOURS_MAX: u32 = 8_760;

/// The life of what a read-only administrator makes, hours.
pub const READER_HOURS: u32 = 72;

/// An end as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At that instant.
    At(Timestamp),
    /// With that day, where the caller is.
    Of(Date),
}

impl End {
    /// The instant; `None` where no calendar has it.
    #[must_use]
    pub fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Of(day) => day.last_second_in(zone),
        }
    }
}

/// How long a token may live.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The setting of the operator, hours.
    pub setting_hours: u32,
    /// The policy of the workspace, hours.
    pub policy_hours: u32,
    /// The life where none is asked for, hours; none for a calendar month.
    pub default_hours: Option<u32>,
    /// The end of the token it is made with.
    pub parent_ends: Option<Timestamp>,
    /// Whether who makes it only reads, so that nothing may be asked for.
    pub is_reader: bool,
}

impl Bounds {
    /// The longest life of a token made `now`, and its life where none is asked for, in whole hours; none for
    /// a calendar month.
    #[must_use]
    pub fn hours(&self, now: Timestamp) -> (u32, Option<u32>) {
        if self.is_reader {
            return (READER_HOURS, Some(READER_HOURS));
        }
        let most = self.setting_hours.min(TOKEN_HOURS_MAX).min(self.policy_hours);
        let left = self.parent_ends.map(|ends| (ends.micros() - now.micros()) / MICROS_PER_HOUR);
        let left = left.map_or(u32::MAX, |left| u32::try_from(left.max(0)).unwrap_or(u32::MAX));
        (most.min(left), self.default_hours.map(|usual| usual.min(most).min(left)))
    }
}

/// When a token made `now` ends: at `asked`, or else as the bounds say, but never beyond them.
///
/// # Errors
/// `InvalidValue` for a time that has passed; `PolicyForbids` naming the limit and the latest end for one
/// beyond. Nothing is ever replaced.
pub fn expires(
    asked: Option<Timestamp>,
    now: Timestamp,
    bounds: &Bounds,
) -> Result<Timestamp, Error> {
    let setting = bounds.setting_hours.min(TOKEN_HOURS_MAX);
    let hours = setting.min(bounds.policy_hours);
    let mut latest = after(now, hours);
    let mut limit = if bounds.policy_hours < setting {
        format!("the policy 'LifetimeMaxHours' of {hours} hours allows")
    } else {
        format!("'token_lifetime_max_hours' of {hours} hours allows")
    };
    if let Some(ends) = bounds.parent_ends.filter(|ends| *ends < latest) {
        (latest, limit) = (ends, "the token it is made with lasts".to_owned());
    }
    let usual = match (bounds.is_reader, bounds.default_hours) {
        (true, _) => after(now, READER_HOURS),
        (false, Some(hours)) => after(now, hours),
        (false, None) => in_one_month(now),
    };
    let usual = usual.min(latest);
    let Some(asked) = asked else { return Ok(usual) };
    if asked <= now {
        let reason = format!("{asked} has passed");
        return Err(Error::InvalidValue { target: TARGET.into(), reason });
    }
    if asked > latest {
        return Err(forbidden(format!("{asked} is later than {limit}; the latest is {latest}")));
    }
    if bounds.is_reader && asked != usual {
        return Err(forbidden(format!(
            "what a ReadOnlyAdministrator makes always lasts {READER_HOURS} hours; leave it out"
        )));
    }
    Ok(asked)
}

const TARGET: &str = "ExpiresDateTime";

fn forbidden(reason: String) -> Error {
    Error::PolicyForbids { target: TARGET.into(), reason }
}

fn after(now: Timestamp, hours: u32) -> Timestamp {
    now.plus_micros(i64::from(hours) * MICROS_PER_HOUR).unwrap_or(Timestamp::MAX)
}

/// The same day and time of the next month, or that month's last day.
fn in_one_month(now: Timestamp) -> Timestamp {
    let start = now.utc();
    let end = start.saturating_add(Span::new().months(1));
    let micros = i64::try_from(end.duration_since(start).as_micros()).unwrap_or(0);
    now.plus_micros(micros).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_told_in_whole_hours() {
        #[track_caller]
        fn check(bounds: Bounds, want: (u32, Option<u32>)) {
            assert_eq!(bounds.hours("2026-11-21T22:00:00Z".parse().unwrap()), want);
        }
        check(WIDEST, (8_760, None));
        check(Bounds { policy_hours: 48, default_hours: Some(12), ..WIDEST }, (48, Some(12)));
        check(Bounds { is_reader: true, ..WIDEST }, (72, Some(72)));
        let parent_ends = Some("2026-11-22T03:59:59Z".parse().unwrap());
        check(Bounds { parent_ends, default_hours: Some(12), ..WIDEST }, (5, Some(5)));
    }

    const WIDEST: Bounds = Bounds {
        setting_hours: TOKEN_HOURS_MAX,
        policy_hours: TOKEN_HOURS_MAX,
        default_hours: None,
        parent_ends: None,
        is_reader: false,
    };

    const NOW: &str = "2026-11-21T22:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(now: &str, asked: Option<&str>, bounds: &Bounds, want: &str) {
        let got = expires(asked.map(at), at(now), bounds);
        let told = |error: Error| format!("{} {error}", error.status());
        assert_eq!(got.map_or_else(told, |end| end.to_string()), want);
    }

    #[test]
    fn without_a_wish_a_token_ends_after_one_calendar_month() {
        check(NOW, None, &WIDEST, "2026-12-21T22:00:00Z");
        check("2026-01-31T12:30:00.5Z", None, &WIDEST, "2026-02-28T12:30:00.5Z");
        check("2028-01-31T00:00:00Z", None, &WIDEST, "2028-02-29T00:00:00Z");
        check("2026-12-31T23:59:59Z", None, &WIDEST, "2027-01-31T23:59:59Z");
    }

    #[test]
    fn without_a_wish_a_token_ends_when_the_policy_says_but_never_beyond_a_limit() {
        let usual = Bounds { default_hours: Some(48), ..WIDEST };
        check(NOW, None, &usual, "2026-11-23T22:00:00Z");
        check(NOW, None, &Bounds { setting_hours: 72, ..WIDEST }, "2026-11-24T22:00:00Z");
        check(NOW, None, &Bounds { policy_hours: 24, ..usual }, "2026-11-22T22:00:00Z");
        let child = Bounds { parent_ends: Some(at("2026-11-21T23:00:00Z")), ..usual };
        check(NOW, None, &child, "2026-11-21T23:00:00Z");
        check(NOW, None, &Bounds { is_reader: true, ..WIDEST }, "2026-11-24T22:00:00Z");
        check(NOW, None, &Bounds { is_reader: true, ..child }, "2026-11-21T23:00:00Z");
    }

    #[test]
    fn a_wish_is_granted_or_refused_but_never_replaced() {
        let setting = Bounds { setting_hours: 72, ..WIDEST };
        check(NOW, Some("2026-11-22T00:00:00Z"), &setting, "2026-11-22T00:00:00Z");
        check(NOW, Some("2026-11-24T22:00:00Z"), &setting, "2026-11-24T22:00:00Z");
        check(
            NOW,
            Some("2026-11-24T22:00:01Z"),
            &setting,
            "403 'ExpiresDateTime' is against the policy: 2026-11-24T22:00:01Z is later than \
             'token_lifetime_max_hours' of 72 hours allows; the latest is 2026-11-24T22:00:00Z",
        );
        check(
            NOW,
            Some("2027-11-24T22:00:01Z"),
            &Bounds { policy_hours: 24, ..setting },
            "403 'ExpiresDateTime' is against the policy: 2027-11-24T22:00:01Z is later than the policy \
             'LifetimeMaxHours' of 24 hours allows; the latest is 2026-11-22T22:00:00Z",
        );
        check(
            NOW,
            Some("2026-11-22T22:00:00Z"),
            &Bounds { parent_ends: Some(at("2026-11-21T23:00:00Z")), ..WIDEST },
            "403 'ExpiresDateTime' is against the policy: 2026-11-22T22:00:00Z is later than the token it \
             is made with lasts; the latest is 2026-11-21T23:00:00Z",
        );
        check(
            NOW,
            Some(NOW),
            &setting,
            "400 'ExpiresDateTime' does not fit: 2026-11-21T22:00:00Z has passed",
        );
    }

    #[test]
    fn what_a_reader_makes_lasts_as_long_as_it_lasts() {
        let reader = Bounds { is_reader: true, ..WIDEST };
        check(NOW, Some("2026-11-24T22:00:00Z"), &reader, "2026-11-24T22:00:00Z");
        check(
            NOW,
            Some("2026-11-22T22:00:00Z"),
            &reader,
            "403 'ExpiresDateTime' is against the policy: what a ReadOnlyAdministrator makes always lasts \
             72 hours; leave it out",
        );
    }

    #[test]
    fn a_day_lasts_to_its_end_where_the_caller_is() {
        let check = |day: &str, zone: &str, want: &str| {
            let end = End::Of(day.parse().unwrap()).instant(&TimeZone::get(zone).unwrap());
            assert_eq!(end.unwrap().to_string(), want, "{day} {zone}");
        };
        check("2026-12-24", "UTC", "2026-12-24T23:59:59Z");
        check("2026-12-24", "Europe/Berlin", "2026-12-24T22:59:59Z");
        check("2026-07-24", "America/New_York", "2026-07-25T03:59:59Z");
        // Midnight is left out there on the next day.
        check("2024-09-07", "America/Santiago", "2024-09-08T03:59:59Z");
        check("9999-12-31", "UTC", "9999-12-31T23:59:59Z");
    }
}
