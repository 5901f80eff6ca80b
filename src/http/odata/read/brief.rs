//! Reads of so little that they are run where they were asked for, without a thread of their own.
//!
//! To hand a read over to another thread and its answer back costs more than most reads do. But whoever runs
//! here keeps other requests waiting, so it is tried only with what touches few rows, for a short time, and not
//! while long texts are slow to come. What turns out to be more begins again as any other read does.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Read, Times, wait, weight::Weight};
use crate::{
    error::Error,
    http::{Response, odata::Feed, panic_message},
    odata::service::Service,
};

/// Rows of a column that such a read may look at, by its estimate: a tenth of a millisecond.
pub(super) const ROWS_MAX: u64 = 32_768;
/// Entities it may lead to; each of them costs as much as some hundred rows of a column.
pub(super) const ENTITIES_MAX: u64 = 1_000;
/// How long it may take until the first piece of its answer is written; in tests nobody waits for it.
const TIME: Duration = Duration::from_millis(if cfg!(test) { 60_000 } else { 5 });
/// After one that took longer than this the disk or the processor is taken to be slow.
const SLOW: Duration = Duration::from_millis(20);
/// For so long then none is tried; twice as long after the next, and so on, until one was quick again.
const PAUSE: Duration = Duration::from_millis(25);
const DOUBLINGS_MAX: u32 = 7;

/// When it is worth trying.
#[derive(Debug)]
pub(in crate::http::odata) struct Brief {
    since: Instant,
    /// Not before so many milliseconds.
    from: AtomicU64,
    /// How many took long, one after the other.
    slow: AtomicU32,
}

impl Default for Brief {
    fn default() -> Self {
        Self { since: Instant::now(), from: AtomicU64::new(0), slow: AtomicU32::new(0) }
    }
}

impl Brief {
    fn is_on(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since).as_millis()
            >= u128::from(self.from.load(Ordering::Relaxed))
    }

    /// Something was done here from `started` until `now`; whether that may go on.
    fn has_taken(&self, started: Instant, now: Instant) {
        if now.saturating_duration_since(started) <= SLOW {
            if self.slow.load(Ordering::Relaxed) > 0 {
                self.slow.store(0, Ordering::Relaxed);
            }
        } else {
            let slow = self.slow.fetch_add(1, Ordering::Relaxed).min(DOUBLINGS_MAX);
            let until = now.saturating_duration_since(self.since) + PAUSE * (1 << slow);
            self.from
                .store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}

/// Does what is as little work as such a read here, and says what came of it; nothing where it is not the time.
pub(in crate::http::odata) fn here<S: Service, T>(
    feed: &Feed<S>,
    work: impl FnOnce() -> Result<T, Error>,
) -> Option<Result<T, Error>> {
    let started = Instant::now();
    if !feed.brief.is_on(started) || !feed.service.snapshot().is_at_hand() {
        return None;
    }
    let done = catch_unwind(AssertUnwindSafe(work));
    feed.brief.has_taken(started, Instant::now());
    Some(done.unwrap_or_else(|cause| Err(Error::internal(&panic_message(&*cause)))))
}

/// What became of a read.
pub(super) enum Tried<S: Service> {
    Answered(Result<Response, Error>),
    /// It has to begin again in a turn.
    Again(Arc<Read<S>>),
}

/// Runs a read here, if it is one for that.
pub(super) fn answer<S: Service>(feed: &Feed<S>, read: Read<S>) -> Tried<S> {
    let started = Instant::now();
    let is_tried = feed.brief.is_on(started)
        && !wait::searches(&read.asked.options)
        && read.snapshot.is_at_hand();
    if !is_tried {
        return Tried::Again(Arc::new(read));
    }
    let times = read.times.map(|times| Times { first: times.first.min(started + TIME), ..times });
    let weight = Weight::Brief(AtomicBool::new(false));
    let read = Arc::new(Read { times, weight, ..read });
    let done = read.run();
    feed.brief.has_taken(started, Instant::now());
    if read.is_too_heavy() || matches!(done, Err(Error::Overloaded { .. })) {
        return Tried::Again(read);
    }
    Tried::Answered(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        http::{App, odata::read::weight::tests::answered},
    };

    #[tokio::test]
    async fn what_is_little_work_needs_no_turn() {
        let feed =
            App::in_memory(Config { turn_wait_secs: 0, reads_max: 1, ..Config::default() }).feed;
        let _all = feed.gate.acquire().await.unwrap();
        for address in ["Tickets", "Tickets?$expand=Comments", "Tickets/$count", "Statuses"] {
            assert_eq!(answered(&feed, address).await, Ok(200), "{address}");
        }
        let csv = "Tickets?$format=csv";
        for address in ["Tickets?$search=x", "TicketsByDay", csv] {
            let error = answered(&feed, address).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "too many queries are running; try again shortly",
                "{address}"
            );
        }
    }

    #[test]
    fn none_is_tried_for_a_while_after_one_took_long() {
        let brief = Brief::default();
        let at = |millis| brief.since + Duration::from_millis(millis);
        assert!(brief.is_on(at(0)));
        brief.has_taken(at(100), at(119));
        assert!(brief.is_on(at(119)));
        let mut now = 200;
        for pause in [25, 50, 100, 200, 400, 800, 1600, 3200, 3200] {
            brief.has_taken(at(now), at(now + 21));
            let are_on = [21, 20 + pause, 21 + pause].map(|millis| brief.is_on(at(now + millis)));
            assert_eq!(are_on, [false, false, true], "{pause}");
            now += 21 + pause;
        }
        brief.has_taken(at(now), at(now + 1));
        brief.has_taken(at(now), at(now + 21));
        assert!(brief.is_on(at(now + 46)));
    }
}
