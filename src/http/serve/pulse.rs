//! What one connection is doing and since when, so that it can be ended when it takes too long.
//!
//! Requests, the socket and the answers' bodies leave a mark here as they go; whoever runs the
//! connection asks [`Pulse::look`]. Marks are atomic numbers: no timer is set for each request.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use tokio::{sync::Notify, time::Instant};

use super::{
    clock::{Clock, Millis},
    room::Room,
};
use crate::config::Config;

/// A moment that never comes.
const NEVER: Millis = u64::MAX;

/// How long a connection may take over what; the same for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    clock: Clock,
    first_byte: Millis,
    head: Millis,
    idle: Millis,
    write: Millis,
}

impl Patience {
    /// What the settings allow, from now on.
    pub(super) fn of(config: &Config) -> Self {
        let millis = |secs: u64| secs * 1000;
        Self {
            clock: Clock::start(),
            first_byte: millis(config.first_byte_timeout_secs),
            head: millis(config.header_timeout_secs),
            idle: millis(config.idle_timeout_secs),
            write: millis(config.write_timeout_secs),
        }
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }
}

/// Which HTTP a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// One request after the other.
    One,
    /// Many at once.
    Two,
}

/// Whether a connection may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// For now; look again then.
    Again(Millis),
    /// No: it took too long over this.
    Late(&'static str),
}

/// The marks of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    patience: Patience,
    room: Arc<Room>,
    /// Requests begun whose answers are not yet handed over: to the socket, or to HTTP/1's buffer,
    /// which is written in the same breath.
    requests: AtomicU32,
    /// Since when there are none, or the socket took the rest of the last.
    idle_since: AtomicU64,
    /// Since when bytes of a request's head are here, but not all.
    head_since: AtomicU64,
    /// Since when the socket takes nothing.
    blocked_since: AtomicU64,
    has_served: AtomicBool,
    /// True where the last answer went out before its request was read to the end.
    has_input: AtomicBool,
    /// For each answer on its way over HTTP/2, since when the client takes nothing of it.
    answers: Mutex<Vec<Arc<AtomicU64>>>,
    is_two: AtomicBool,
    /// Tells the connection to make room for another.
    leave: Notify,
}

impl Pulse {
    /// A connection that has said nothing yet.
    pub(super) fn new(patience: Patience, room: Arc<Room>) -> Self {
        Self {
            patience,
            room,
            requests: AtomicU32::new(0),
            idle_since: AtomicU64::new(patience.now()),
            head_since: AtomicU64::new(NEVER),
            blocked_since: AtomicU64::new(NEVER),
            has_served: AtomicBool::new(false),
            has_input: AtomicBool::new(false),
            answers: Mutex::default(),
            is_two: AtomicBool::new(false),
            leave: Notify::new(),
        }
    }

    /// What came so far was a TLS handshake and does not count.
    pub(super) fn shook_hands(&self) {
        self.head_since.store(NEVER, Ordering::Relaxed);
        self.idle_since.store(self.patience.now(), Ordering::Relaxed);
    }

    /// The bytes are HTTP of this version.
    pub(super) fn speaks(&self, version: Version) {
        self.is_two.store(version == Version::Two, Ordering::Relaxed);
    }

    /// A request's head is here; it lasts until the turn is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Turn {
        self.requests.fetch_add(1, Ordering::SeqCst);
        self.head_since.store(NEVER, Ordering::Relaxed);
        self.has_served.store(true, Ordering::Relaxed);
        Turn(Arc::clone(self))
    }

    /// The socket gave bytes.
    pub(super) fn has_read(&self) {
        let is_head = self.requests.load(Ordering::Relaxed) == 0
            && self.head_since.load(Ordering::Relaxed) == NEVER;
        if is_head {
            self.head_since.store(self.patience.now(), Ordering::Relaxed);
        }
    }

    /// The socket took bytes.
    pub(super) fn socket_takes(&self) {
        if self.blocked_since.load(Ordering::Relaxed) != NEVER {
            self.idle_since.store(self.patience.now(), Ordering::Relaxed);
            self.blocked_since.store(NEVER, Ordering::SeqCst);
            self.may_be_idle();
        }
    }

    /// The socket did not take bytes.
    pub(super) fn socket_is_full(&self) {
        if self.blocked_since.load(Ordering::Relaxed) == NEVER {
            self.blocked_since.store(self.patience.now(), Ordering::SeqCst);
        }
    }

    /// One of the marks that keep the connection from being idle is gone.
    fn may_be_idle(&self) {
        if self.idle_since().is_some() {
            self.room.one_is_idle();
        }
    }

    /// Watches an answer that HTTP/2 lets the client hold up without holding up the socket.
    pub(super) fn watch(&self) -> Progress {
        let since = Arc::new(AtomicU64::new(self.patience.now()));
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&since));
        Progress { since, patience: self.patience }
    }

    /// Since when the connection could be ended without anybody losing an answer: none is being
    /// made, HTTP/2 holds no part of one, and the socket takes what comes.
    pub(super) fn idle_since(&self) -> Option<Millis> {
        let is_idle = self.requests.load(Ordering::SeqCst) == 0
            && self.blocked_since.load(Ordering::SeqCst) == NEVER;
        is_idle.then(|| self.idle_since.load(Ordering::Relaxed))
    }

    /// True where requests come side by side.
    pub(super) fn is_two(&self) -> bool {
        self.is_two.load(Ordering::Relaxed)
    }

    /// True where the client may still be sending what nobody will read.
    pub(super) fn has_input(&self) -> bool {
        self.has_input.load(Ordering::Relaxed)
    }

    /// Asks the connection to end if it is idle.
    pub(super) fn ask_to_leave(&self) {
        self.leave.notify_one();
    }

    /// Resolves when the connection is asked to make room.
    pub(super) async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }

    /// When to look at it, as an instant.
    pub(super) fn instant(&self, at: Millis) -> Instant {
        self.patience.clock.instant(at)
    }

    /// Whether the connection may go on.
    pub(super) fn look(&self) -> Look {
        let now = self.patience.now();
        let due = |since: Millis, patience: Millis, what| {
            let at = since.saturating_add(patience);
            if at <= now { Look::Late(what) } else { Look::Again(at) }
        };
        let blocked = self.blocked_since.load(Ordering::Relaxed);
        if blocked != NEVER {
            return due(blocked, self.patience.write, "accepting an answer");
        }
        if self.requests.load(Ordering::Acquire) > 0 {
            return match due(self.slowest_answer(), self.patience.write, "accepting an answer") {
                Look::Late(what) => Look::Late(what),
                // Answers leave their marks from other tasks, which wake nobody here.
                Look::Again(at) => Look::Again(at.min(now + self.patience.write)),
            };
        }
        let head = self.head_since.load(Ordering::Relaxed);
        let idle = self.idle_since.load(Ordering::Relaxed);
        if !self.is_two() && head != NEVER {
            due(head, self.patience.head, "sending the head of a request")
        } else if self.has_served.load(Ordering::Relaxed) {
            due(idle, self.patience.idle, "sending another request")
        } else {
            due(idle, self.patience.first_byte, "sending its first request")
        }
    }

    fn slowest_answer(&self) -> Millis {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|since| Arc::strong_count(since) > 1);
        answers.iter().map(|since| since.load(Ordering::Relaxed)).min().unwrap_or(NEVER)
    }
}

/// A request on its way, from its head to the last of its answer that may still be held up here.
#[derive(Debug)]
pub(super) struct Turn(Arc<Pulse>);

impl Turn {
    /// Watches the answer, where the client may hold it up.
    pub(super) fn progress(&self) -> Option<Progress> {
        self.0.is_two().then(|| self.0.watch())
    }

    /// This is the connection's last, and not all of its request was read.
    pub(super) fn leaves_input(&self) {
        self.0.has_input.store(true, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let pulse = &self.0;
        pulse.idle_since.store(pulse.patience.now(), Ordering::Relaxed);
        pulse.requests.fetch_sub(1, Ordering::SeqCst);
        pulse.may_be_idle();
    }
}

/// Marks how far an answer has come.
#[derive(Debug)]
pub(super) struct Progress {
    since: Arc<AtomicU64>,
    patience: Patience,
}

impl Progress {
    /// The client took a part, and the next waits for it.
    pub(super) fn has_moved(&self) {
        self.since.store(self.patience.now(), Ordering::Relaxed);
    }

    /// The client let bytes of an earlier part through.
    pub(super) fn has_gone_on(&self) {
        let now = self.patience.now();
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        // Where the next part is not made yet, that stays our fault.
        let _ = self.since.fetch_update(set, fetch, |since| (since != NEVER).then_some(now));
    }

    /// The next part is not made yet: not the client's fault.
    pub(super) fn waits_for_us(&self) {
        self.since.store(NEVER, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::clock::pass, *};

    fn pulse() -> Arc<Pulse> {
        let config = Config {
            first_byte_timeout_secs: 1,
            header_timeout_secs: 2,
            idle_timeout_secs: 8,
            write_timeout_secs: 4,
            ..Config::default()
        };
        Arc::new(Pulse::new(Patience::of(&config), Arc::new(Room::default())))
    }

    #[test]
    fn every_wait_has_its_own_limit() {
        let pulse = pulse();
        assert_eq!(pulse.look(), Look::Again(1000));
        pulse.has_read();
        pass(1500);
        assert_eq!(pulse.look(), Look::Again(2000));
        let turn = pulse.begin();
        pass(60_000);
        assert_eq!((pulse.look(), pulse.idle_since()), (Look::Again(65_500), None));
        pulse.socket_is_full();
        pass(3999);
        assert_eq!(pulse.look(), Look::Again(65_500));
        pass(1);
        assert_eq!(pulse.look(), Look::Late("accepting an answer"));
        pulse.socket_takes();
        drop(turn);
        assert_eq!((pulse.look(), pulse.idle_since()), (Look::Again(73_500), Some(65_500)));
        pulse.has_read();
        pass(2000);
        assert_eq!(pulse.look(), Look::Late("sending the head of a request"));
    }

    /// Before, the time the socket took over the end of an answer was taken for idleness.
    #[test]
    fn a_connection_is_idle_only_when_the_socket_has_taken_the_rest() {
        let pulse = pulse();
        let turn = pulse.begin();
        pulse.socket_is_full();
        drop(turn);
        pass(3000);
        assert_eq!(pulse.idle_since(), None);
        pulse.socket_takes();
        assert_eq!((pulse.look(), pulse.idle_since()), (Look::Again(11_000), Some(3000)));
    }

    #[test]
    fn an_answer_held_up_by_its_client_alone_is_late() {
        let pulse = pulse();
        pulse.speaks(Version::Two);
        let turn = pulse.begin();
        let (quick, slow) = (turn.progress().unwrap(), turn.progress().unwrap());
        quick.waits_for_us();
        pass(3000);
        slow.has_moved();
        pass(3000);
        assert_eq!(pulse.look(), Look::Again(7000));
        quick.has_moved();
        pass(1000);
        assert_eq!(pulse.look(), Look::Late("accepting an answer"));
        drop(slow);
        assert_eq!(pulse.look(), Look::Again(10_000));
    }
}
