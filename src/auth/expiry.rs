//! When a token ends: always, never later than a limit, and what it is at a given time.

use jiff::Span;

use crate::{error::Error, time::Timestamp};

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// The greatest life of a token in hours, unless a setting lowers it: one year.
pub const TOKEN_HOURS_MAX: u32 = 8_760;

/// What a token is at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It opens the doors.
    Active,
    /// It ended at that time.
    Expired(Timestamp),
    /// Somebody ended it at that time.
    Revoked(Timestamp),
}

impl State {
    /// The state at `now`; a revoked token stays revoked, also when its time is up.
    #[must_use]
    pub fn at(now: Timestamp, expires: Timestamp, revoked: Option<Timestamp>) -> Self {
        match revoked {
            Some(at) => Self::Revoked(at),
            None if expires <= now => Self::Expired(expires),
            None => Self::Active,
        }
    }
}

/// When a token made `now` ends: at `asked`, or else after one calendar month (or `hours_max`, if
/// that is less).
///
/// # Errors
/// `InvalidValue` for a time that has passed or that is more than `hours_max` away; never replaced.
pub fn expires(
    asked: Option<Timestamp>,
    now: Timestamp,
    hours_max: u32,
) -> Result<Timestamp, Error> {
    let latest = now.plus_micros(i64::from(hours_max) * MICROS_PER_HOUR).unwrap_or(Timestamp::MAX);
    let Some(asked) = asked else { return Ok(in_one_month(now).min(latest)) };
    if asked <= now {
        return Err(refusal(format!("{asked} has passed")));
    }
    if asked > latest {
        return Err(refusal(format!(
            "{asked} is more than 'token_lifetime_max_hours' of {hours_max} hours away; the latest is {latest}"
        )));
    }
    Ok(asked)
}

fn refusal(reason: String) -> Error {
    Error::InvalidValue { target: "ExpiresDateTime".into(), reason }
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

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(now: &str, asked: Option<&str>, hours_max: u32, want: &str) {
        let got = expires(asked.map(at), at(now), hours_max);
        assert_eq!(got.map_or_else(|error| error.to_string(), |end| end.to_string()), want);
    }

    #[test]
    fn without_a_wish_a_token_ends_after_one_calendar_month() {
        check("2026-11-21T22:00:00Z", None, TOKEN_HOURS_MAX, "2026-12-21T22:00:00Z");
        check("2026-01-31T12:30:00.5Z", None, TOKEN_HOURS_MAX, "2026-02-28T12:30:00.5Z");
        check("2028-01-31T00:00:00Z", None, TOKEN_HOURS_MAX, "2028-02-29T00:00:00Z");
        check("2026-12-31T23:59:59Z", None, TOKEN_HOURS_MAX, "2027-01-31T23:59:59Z");
        check("2026-11-21T22:00:00Z", None, 72, "2026-11-24T22:00:00Z");
    }

    #[test]
    fn a_wish_is_granted_or_refused_but_never_replaced() {
        let now = "2026-11-21T22:00:00Z";
        check(now, Some("2026-11-22T00:00:00Z"), 72, "2026-11-22T00:00:00Z");
        check(now, Some("2026-11-24T22:00:00Z"), 72, "2026-11-24T22:00:00Z");
        check(
            now,
            Some("2026-11-24T22:00:01Z"),
            72,
            "'ExpiresDateTime' does not fit: 2026-11-24T22:00:01Z is more than 'token_lifetime_max_hours' of 72 \
             hours away; the latest is 2026-11-24T22:00:00Z",
        );
        check(
            now,
            Some(now),
            72,
            "'ExpiresDateTime' does not fit: 2026-11-21T22:00:00Z has passed",
        );
    }

    #[test]
    fn a_revoked_token_stays_revoked() {
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        assert_eq!(State::at(early, late, None), State::Active);
        assert_eq!(State::at(late, late, None), State::Expired(late));
        assert_eq!(State::at(late, late, Some(early)), State::Revoked(early));
        assert_eq!(State::at(early, late, Some(early)), State::Revoked(early));
    }
}
