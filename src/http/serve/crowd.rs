//! Who is connected, and who must go when there is no room: the connection idle for longest.
//!
//! So idle connections, however many, never keep a new request out. Only where every connection has
//! a request at hand does a new one wait.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{pulse::Pulse, room::Room};

/// Of so many connections one more than needed is asked to leave, so that a large crowd is not
/// looked through for every newcomer.
const AT_ONCE: usize = 1024;

/// Everybody connected.
#[derive(Debug)]
pub(super) struct Crowd {
    max: usize,
    members: Mutex<HashMap<u64, Arc<Pulse>>>,
    next: AtomicU64,
    room: Arc<Room>,
}

impl Crowd {
    /// An empty one with room for `max`.
    pub(super) fn new(max: u64) -> Arc<Self> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        Arc::new(Self {
            max,
            members: Mutex::default(),
            next: AtomicU64::new(0),
            room: Arc::default(),
        })
    }

    /// Where connections say that they are idle.
    pub(super) fn room(&self) -> Arc<Room> {
        Arc::clone(&self.room)
    }

    /// Takes in a connection once there is room, which idle ones have to make.
    pub(super) async fn join(self: &Arc<Self>, pulse: Pulse) -> Member {
        let pulse = Arc::new(pulse);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        while !self.try_join(id, &pulse) {
            self.room.changed().await;
        }
        self.room.is_found();
        Member { crowd: Arc::clone(self), id, pulse }
    }

    fn try_join(&self, id: u64, pulse: &Arc<Pulse>) -> bool {
        let mut members = self.lock();
        if members.len() >= self.max {
            // Before the search, so that none becomes idle unseen after it.
            self.room.is_sought();
            shrink(&mut members);
        }
        let has_room = members.len() < self.max;
        if has_room {
            members.insert(id, Arc::clone(pulse));
        }
        has_room
    }

    /// Has idle connections leave although there is room, because the system has none.
    pub(super) fn make_room(&self) {
        shrink(&mut self.lock());
    }

    /// How many are here now.
    pub(super) fn present(&self) -> Present {
        let members = self.lock();
        let requests = members.values().filter(|pulse| pulse.idle_since().is_none()).count();
        Present { connections: members.len(), requests }
    }

    /// Resolves when nobody is connected; only one may wait for it.
    pub(super) async fn is_gone(&self) {
        while !self.lock().is_empty() {
            self.room.changed().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Pulse>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many are connected, and how many of those wait for an answer or the rest of one.
pub(super) struct Present {
    pub(super) connections: usize,
    pub(super) requests: usize,
}

/// Asks those idle for longest to leave, and counts them out at once.
fn shrink(members: &mut HashMap<u64, Arc<Pulse>>) {
    let idle = members.iter().filter_map(|(id, pulse)| Some((pulse.idle_since()?, *id)));
    let mut idle: Vec<_> = idle.collect();
    let count = idle.len().min(1 + members.len() / AT_ONCE);
    if count < idle.len() {
        idle.select_nth_unstable(count);
    }
    for (_, id) in &idle[..count] {
        if let Some(pulse) = members.remove(id) {
            pulse.ask_to_leave();
        }
    }
}

/// A place in the crowd, given up when dropped.
pub(super) struct Member {
    crowd: Arc<Crowd>,
    id: u64,
    /// What the connection is doing.
    pub(super) pulse: Arc<Pulse>,
}

impl Member {
    /// Takes the place again that was lost because a request came in the moment it was asked for.
    pub(super) fn stay(&self) {
        self.crowd.lock().insert(self.id, Arc::clone(&self.pulse));
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.crowd.lock().remove(&self.id);
        self.crowd.room.one_is_gone();
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::{
        super::{
            clock::pass,
            pulse::{Patience, Turn},
        },
        *,
    };
    use crate::config::Config;

    /// A crowd without room, its members idle since a second apart.
    struct Full {
        crowd: Arc<Crowd>,
        patience: Patience,
        members: Vec<Member>,
    }

    impl Full {
        async fn of(max: u64) -> Self {
            let (crowd, patience) = (Crowd::new(max), Patience::of(&Config::default()));
            let mut full = Self { crowd, patience, members: Vec::new() };
            for _ in 0..max {
                full.members.push(full.join().await);
                pass(1000);
            }
            full
        }

        async fn join(&self) -> Member {
            self.crowd.join(Pulse::new(self.patience, self.crowd.room())).await
        }
    }

    /// What a future comes to if asked once.
    fn asked_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let mut cx = Context::from_waker(Waker::noop());
        match future.poll(&mut cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn the_longest_idle_makes_room() {
        let full = Full::of(3).await;
        // The first is busy and the second was lately, so the third is idle for longest.
        let _busy: Turn = full.members[0].pulse.begin();
        drop(full.members[1].pulse.begin());
        let _newcomer = full.join().await;
        full.members[2].pulse.asked_to_leave().await;
        assert_eq!(full.crowd.lock().len(), 3);
    }

    #[tokio::test]
    async fn where_all_are_busy_a_newcomer_waits_for_the_first_to_be_idle() {
        let full = Full::of(2).await;
        let turns: Vec<Turn> = full.members.iter().map(|member| member.pulse.begin()).collect();
        let mut newcomer = std::pin::pin!(full.join());
        assert!(asked_once(newcomer.as_mut()).is_none());
        drop(turns);
        newcomer.await;
    }

    /// Nobody was told when a full socket took the rest of an answer, so the newcomer waited on
    /// beside an idle connection.
    #[tokio::test]
    async fn a_newcomer_gets_the_place_of_one_whose_socket_took_the_rest() {
        let full = Full::of(1).await;
        let pulse = &full.members[0].pulse;
        let turn = pulse.begin();
        pulse.socket_is_full();
        drop(turn);
        let mut newcomer = std::pin::pin!(full.join());
        assert!(asked_once(newcomer.as_mut()).is_none());
        pulse.socket_takes();
        assert!(asked_once(newcomer.as_mut()).is_some());
    }

    #[tokio::test]
    async fn one_with_a_request_after_all_keeps_its_place() {
        let mut full = Full::of(1).await;
        let newcomer = full.join().await;
        full.members[0].stay();
        assert_eq!(full.crowd.lock().len(), 2);
        full.members.clear();
        drop(newcomer);
        full.crowd.is_gone().await;
    }
}
