//! What was computed, kept for as long as what it was computed from does not change.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::{
    hash::Digest,
    model::{Computed, Contents, Model, SetId},
    time::Date,
};

/// Results kept: the newest, and the one before for those that still read it.
const KEPT_MAX: usize = 2;

/// Results for a model's computed sets.
pub struct Cache {
    sets: Vec<SetId>,
    /// Newest last.
    kept: Mutex<Vec<(State, Arc<dyn Computed>)>>,
    /// Whether somebody computes.
    is_busy: Mutex<bool>,
    /// Told when nobody does any more.
    is_free: Condvar,
}

/// What a result depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The computed set.
    pub(super) set: SetId,
    /// That of the set it comes from; none where that cannot be told, so that nothing is kept.
    pub(super) mark: Option<Digest>,
    /// The day it is computed on.
    pub(super) today: Date,
}

impl Cache {
    /// Nothing is computed yet.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let is_computed = |contents| matches!(contents, Contents::Computed { .. });
        let sets = model.set_ids().filter(|(_, set)| is_computed(set.contents));
        let sets = sets.map(|(set, _)| set).collect();
        Self { sets, kept: Mutex::default(), is_busy: Mutex::default(), is_free: Condvar::new() }
    }

    /// The computed sets.
    pub(super) fn sets(&self) -> impl Iterator<Item = SetId> {
        self.sets.iter().copied()
    }

    /// What was computed for that state, or is now. One thread computes at a time; others with the same wish wait
    /// for it and take what it made, and what is kept is found without waiting. None where it is not their turn
    /// until `deadline`, or `compute` comes to nothing.
    pub(super) fn get(
        &self,
        state: State,
        deadline: Option<Instant>,
        compute: impl FnOnce() -> Option<Arc<dyn Computed>>,
    ) -> Option<Arc<dyn Computed>> {
        if let Some(found) = self.find(state) {
            return Some(found);
        }
        let _turn = self.turn(deadline)?;
        if let Some(found) = self.find(state) {
            return Some(found);
        }
        let computed = compute()?;
        if state.mark.is_some() {
            let mut kept = self.kept();
            if kept.len() >= KEPT_MAX {
                kept.remove(0);
            }
            kept.push((state, Arc::clone(&computed)));
        }
        Some(computed)
    }

    fn turn(&self, deadline: Option<Instant>) -> Option<Turn<'_>> {
        let mut is_busy = self.is_busy.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_busy {
            is_busy = match deadline {
                None => self.is_free.wait(is_busy).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    let waited = self.is_free.wait_timeout(is_busy, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *is_busy = true;
        Some(Turn(self))
    }

    fn find(&self, state: State) -> Option<Arc<dyn Computed>> {
        let kept = self.kept();
        let found = kept.iter().find(|(known, _)| state.mark.is_some() && *known == state);
        found.map(|(_, computed)| Arc::clone(computed))
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(State, Arc<dyn Computed>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to compute, until it is dropped.
struct Turn<'a>(&'a Cache);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.is_busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.is_free.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use super::*;
    use crate::model::{Key, Value, helpdesk, set::TICKETS_BY_DAY};

    struct Nothing;

    impl Computed for Nothing {
        fn entities(&self, _: Option<&Key>) -> Box<dyn Iterator<Item = Vec<Value>> + '_> {
            Box::new(std::iter::empty())
        }
    }

    fn state(mark: Option<u8>, day: i32) -> State {
        let mark = mark.map(|byte| [byte; 32]);
        State { set: TICKETS_BY_DAY, mark, today: Date::from_days(day) }
    }

    #[test]
    fn what_did_not_change_is_not_computed_again() {
        let (cache, computed) = (Cache::new(helpdesk()), AtomicUsize::new(0));
        let get = |state| {
            let found = cache.get(state, None, || {
                computed.fetch_add(1, Ordering::SeqCst);
                Some(Arc::new(Nothing))
            });
            assert!(found.is_some());
            computed.load(Ordering::SeqCst)
        };
        assert_eq!((get(state(Some(1), 1)), get(state(Some(1), 1))), (1, 1));
        assert_eq!((get(state(Some(2), 1)), get(state(Some(1), 1))), (2, 2));
        assert_eq!((get(state(Some(2), 2)), get(state(Some(2), 2))), (3, 3));
        // Only two are kept.
        assert_eq!(get(state(Some(1), 1)), 4);
        assert_eq!((get(state(None, 1)), get(state(None, 1))), (5, 6));
    }

    #[test]
    fn threads_with_the_same_wish_compute_once() {
        let (cache, computed) = (Cache::new(helpdesk()), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    cache.get(state(Some(1), 1), None, || {
                        computed.fetch_add(1, Ordering::SeqCst);
                        std::thread::yield_now();
                        Some(Arc::new(Nothing))
                    })
                });
            }
        });
        assert_eq!(computed.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn nobody_waits_past_a_deadline_for_what_others_compute() {
        let (cache, nothing) =
            (Cache::new(helpdesk()), || Some(Arc::new(Nothing) as Arc<dyn Computed>));
        let soon = || Some(Instant::now() + Duration::from_millis(5));
        let found = cache.get(state(Some(1), 1), None, || {
            assert!(cache.get(state(Some(2), 1), soon(), nothing).is_none());
            nothing()
        });
        assert!(found.is_some());
        // What ran out of time is not kept.
        assert!(cache.get(state(Some(2), 1), soon(), || None).is_none());
        assert!(cache.get(state(Some(2), 1), None, nothing).is_some());
    }
}
