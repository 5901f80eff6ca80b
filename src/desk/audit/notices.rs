//! What may happen a million times: counted here, and written as a few rows of the audit log.
//!
//! The first of its like is written at the next flush, later ones together once an hour. Knows neither
//! store nor clock.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{Entry, Event};
use crate::{auth::Principal, desk::network, model::SetId, time::Timestamp};

/// Likes of one event that are told apart at a time. As many more are told apart by who it was only, and
/// what comes beyond is counted together. It bounds memory, and the rows that a flood can make in an hour;
/// one event has no room of another's.
pub const LIKES_MAX: usize = 1024;

/// Microseconds from one row to the next of the same like.
const PAUSE_MICROS: i64 = 3_600_000_000;

/// Events by their like, from all surfaces.
#[derive(Debug, Default)]
pub struct Notices {
    kept: Mutex<HashMap<Event, HashMap<Like, Counted>>>,
    urgent: Notify,
}

/// What makes two events one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Like {
    user_id: Option<i64>,
    token_id: Option<i64>,
    network: Option<IpAddr>,
    subject: Option<(SetId, String)>,
    detail: Option<String>,
}

/// Events of one like since the last row.
#[derive(Clone, Debug)]
struct Counted {
    /// Who did it last.
    caller: Principal,
    /// The first of them; how many there were is its count.
    entry: Entry,
    first: Timestamp,
    last: Timestamp,
    /// When the next row may be written.
    due: Timestamp,
}

/// A row to be written.
#[derive(Clone, Debug)]
pub struct Due {
    like: Like,
    counted: Counted,
}

impl Due {
    /// Who did it last.
    #[must_use]
    pub fn caller(&self) -> &Principal {
        &self.counted.caller
    }

    /// What the row says.
    #[must_use]
    pub fn entry(&self) -> Entry {
        let Counted { entry, first, last, .. } = &self.counted;
        let mut entry = entry.clone();
        if entry.count > 1 {
            let times = format!("first at {first}, last at {last}");
            entry.detail = Some(match entry.detail {
                Some(detail) => format!("{detail}; {times}"),
                None => times,
            });
        }
        entry
    }
}

impl Notices {
    /// Counts what happened. Callers see to it that their details are few: a scope, never a path.
    pub fn note(&self, caller: &Principal, entry: Entry, now: Timestamp) {
        let mut all = self.kept();
        let kept = all.entry(entry.event).or_default();
        let (mut like, mut caller, mut entry) = (Like::of(caller, &entry), caller.clone(), entry);
        let has_room = |kept: &HashMap<_, _>, like: &Like, most: usize| {
            kept.len() < most || kept.contains_key(like)
        };
        let is_known = caller.token_id.is_some() || caller.user_id.is_some();
        if is_known && !has_room(kept, &like, LIKES_MAX) {
            entry = Self::blurred(&entry, "of many kinds or from many places");
            caller.address = None;
            like = Like::of(&caller, &entry);
        }
        let most = if is_known { 2 * LIKES_MAX } else { LIKES_MAX };
        if !has_room(kept, &like, most) {
            caller = Principal::stranger(None, None);
            entry = Self::blurred(&entry, "by many; they are not told apart");
            like = Like::of(&caller, &entry);
        }
        let is_urgent = entry.event.is_urgent() && !kept.contains_key(&like);
        if let Some(counted) = kept.get_mut(&like) {
            if counted.entry.count == 0 {
                counted.first = now;
            }
            counted.entry.count = counted.entry.count.saturating_add(entry.count);
            counted.last = now;
            counted.caller = caller;
        } else {
            let counted = Counted { caller, entry, first: now, last: now, due: now };
            kept.insert(like, counted);
        }
        drop(all);
        if is_urgent {
            self.urgent.notify_one();
        }
    }

    /// What happened, without all that tells it from its like.
    fn blurred(entry: &Entry, detail: &str) -> Entry {
        Entry { count: entry.count, ..Entry::new(entry.event) }.detail(detail)
    }

    /// Something happened elsewhere that is not to wait for the next flush.
    pub fn hurry(&self) {
        self.urgent.notify_one();
    }

    /// Waits until something happened that is not to wait for the next flush.
    pub async fn urgent(&self) {
        self.urgent.notified().await;
    }

    /// The rows that may be written by now, or all there are; likes that were quiet are forgotten.
    pub fn take(&self, now: Timestamp, all: bool) -> Vec<Due> {
        let mut taken = Vec::new();
        let next = now.plus_micros(PAUSE_MICROS).unwrap_or(Timestamp::MAX);
        let mut keeps = |like: &Like, counted: &mut Counted| {
            // A clock that was set back must not silence a like for long.
            let is_due = counted.due <= now || counted.due > next;
            if counted.entry.count > 0 && (is_due || all) {
                taken.push(Due { like: like.clone(), counted: counted.clone() });
                counted.entry.count = 0;
                counted.due = next;
                return true;
            }
            counted.entry.count > 0 || !is_due
        };
        for kept in self.kept().values_mut() {
            kept.retain(&mut keeps);
        }
        taken
    }

    /// Counts again what could not be written.
    pub fn put_back(&self, rows: Vec<Due>) {
        let mut all = self.kept();
        for Due { like, mut counted } in rows {
            let kept = all.entry(counted.entry.event).or_default();
            if let Some(newer) = kept.get_mut(&like) {
                if newer.entry.count == 0 {
                    newer.last = counted.last;
                }
                newer.entry.count = newer.entry.count.saturating_add(counted.entry.count);
                newer.first = counted.first;
                newer.due = counted.due;
            } else {
                counted.due = counted.last;
                kept.insert(like, counted);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Event, HashMap<Like, Counted>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Like {
    fn of(caller: &Principal, entry: &Entry) -> Self {
        // The same token with the same scope too many is one thing, wherever it is used.
        let network = match entry.event {
            Event::ScopeDenied | Event::Refused => None,
            _ => caller.address.map(network::of),
        };
        // Of an address only the network counts: somebody has all of it.
        let detail = entry.detail.clone().filter(|_| entry.event != Event::AddressDenied);
        Self {
            user_id: caller.user_id,
            token_id: caller.token_id,
            network,
            subject: entry.subject.clone(),
            detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_micros(minute * MINUTE)
    }

    fn stranger(address: u32) -> Principal {
        Principal::stranger(Some(IpAddr::V4(address.into())), Some("curl/8"))
    }

    /// Event, count and detail of what may be written then.
    fn taken(notices: &Notices, minute: i64) -> Vec<(Event, i64, Option<String>)> {
        let rows = notices.take(at(minute), false);
        rows.iter().map(Due::entry).map(|row| (row.event, row.count, row.detail)).collect()
    }

    #[test]
    fn a_million_failures_of_one_address_are_a_row_at_first_and_one_an_hour() {
        let (notices, mut rows, mut sum) = (Notices::default(), 0, 0);
        for n in 0..1_000_000 {
            // A day of them, flushed each minute.
            let minute = n / 695;
            notices.note(&stranger(7), Entry::new(Event::SignInFailed), at(minute));
            if n % 695 == 0 {
                let written = taken(&notices, minute);
                rows += written.len();
                sum += written.iter().map(|(_, count, _)| count).sum::<i64>();
            }
        }
        sum += notices.take(at(1440), true).iter().map(|row| row.entry().count).sum::<i64>();
        assert_eq!((rows, sum), (24, 1_000_000));
    }

    #[test]
    fn a_flood_from_everywhere_is_bounded_and_every_failure_counted() {
        let notices = Notices::default();
        for address in 0..1_000_000 {
            notices.note(&stranger(address), Entry::new(Event::SignInFailed), at(0));
        }
        let rows = taken(&notices, 0);
        assert_eq!(rows.len(), LIKES_MAX + 1);
        assert_eq!(rows.iter().map(|(_, count, _)| count).sum::<i64>(), 1_000_000);
        assert_eq!(taken(&notices, 59), []);
        // After a quiet hour there is room for others.
        assert_eq!(taken(&notices, 60), []);
        notices.note(&stranger(1), Entry::new(Event::SignInFailed), at(60));
        assert_eq!(taken(&notices, 60), [(Event::SignInFailed, 1, None)]);
    }

    /// A token that is refused at this address, as the door notes it.
    fn off(notices: &Notices, token_id: i64, address: &str, minute: i64) {
        let address = address.parse::<IpAddr>().unwrap().to_canonical();
        let caller =
            Principal { token_id: Some(token_id), ..Principal::stranger(Some(address), None) };
        let entry = Entry::new(Event::AddressDenied).detail(address.to_string());
        notices.note(&caller, entry, at(minute));
    }

    #[test]
    fn what_differs_where_it_matters_is_told_apart() {
        let notices = Notices::default();
        let token = |id, address: &str| {
            let address = address.parse().ok();
            Principal { token_id: Some(id), ..Principal::stranger(address, None) }
        };
        let denied = |scope: &str| Entry::new(Event::ScopeDenied).detail(scope);
        notices.note(&token(1, "10.0.0.1"), denied("users:read"), at(0));
        notices.note(&token(1, "10.0.0.2"), denied("users:read"), at(1));
        notices.note(&token(1, "10.0.0.1"), denied("tickets:delete"), at(2));
        notices.note(&token(2, "10.0.0.1"), denied("users:read"), at(3));
        off(&notices, 1, "10.0.0.1", 4);
        off(&notices, 1, "::ffff:10.0.0.1", 5);
        off(&notices, 1, "2001:db8::1", 6);
        off(&notices, 1, "2001:db8::2", 7);
        let mut counts: Vec<i64> = taken(&notices, 8).into_iter().map(|(_, n, _)| n).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 1, 2, 2, 2]);
    }

    #[test]
    fn a_flood_of_one_event_hides_no_other_and_a_flood_by_one_hides_nobody_else() {
        let notices = Notices::default();
        for network in 0..5000 {
            off(&notices, 1, &format!("2001:db8:{:x}:{:x}::1", network / 100, network % 100), 0);
        }
        off(&notices, 2, "192.0.2.1", 0);
        notices.note(&stranger(7), Entry::new(Event::SignInFailed), at(0));
        let rows = notices.take(at(0), false);
        let of = |token_id: Option<i64>| {
            let rows = rows.iter().filter(move |row| row.caller().token_id == token_id);
            rows.map(|row| row.entry().count).collect::<Vec<_>>()
        };
        assert_eq!((of(Some(1)).len(), of(Some(1)).iter().sum::<i64>()), (LIKES_MAX + 1, 5000));
        assert_eq!((of(Some(2)), of(None)), (vec![1], vec![1]));
        // As many tokens have no more room than that either.
        for id in 0..3 * 1024 {
            off(&notices, id, "192.0.2.2", 1);
        }
        let rows = notices.take(at(120), true);
        assert_eq!(rows.iter().map(|row| row.entry().count).sum::<i64>(), 3 * 1024);
        assert!(rows.len() <= 2 * LIKES_MAX + 1, "{}", rows.len());
    }

    #[test]
    fn what_could_not_be_written_is_counted_again() {
        let notices = Notices::default();
        notices.note(&stranger(1), Entry::new(Event::SignInFailed), at(0));
        let rows = notices.take(at(1), false);
        notices.note(&stranger(1), Entry::new(Event::SignInFailed), at(2));
        notices.put_back(rows);
        let detail = format!("first at {}, last at {}", at(0), at(2));
        assert_eq!(taken(&notices, 3), [(Event::SignInFailed, 2, Some(detail))]);
    }

    #[tokio::test]
    async fn the_first_use_of_a_retired_secret_does_not_wait() {
        let notices = Notices::default();
        notices.note(&stranger(1), Entry::new(Event::RetiredSecretUsed), at(0));
        notices.urgent().await;
    }
}
