//! Second hands: who writes half of a long page while a core has nothing to do.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The cores, and how many have something to do for an answer.
#[derive(Debug)]
pub struct Hands {
    cores: usize,
    busy: AtomicUsize,
    /// None where nobody can help.
    helpers: Option<ThreadPool>,
}

impl Hands {
    /// Those of this machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    /// So many cores.
    pub(super) fn new(cores: usize) -> Self {
        let helpers = ThreadPoolBuilder::new()
            .num_threads(cores.saturating_sub(1))
            .thread_name(|number| format!("helper-{number}"));
        // Without threads of their own, or if there can be none, nobody helps.
        let helpers = if cores > 1 { helpers.build().ok() } else { None };
        Self { cores, busy: AtomicUsize::new(0), helpers }
    }

    /// The caller has something to do until this is dropped.
    #[must_use]
    pub fn at_work(&self) -> AtWork<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        AtWork(self)
    }

    /// One that helps; none where no core is left beside those at work.
    pub(super) fn lend(&self) -> Option<Hand<'_>> {
        let helpers = self.helpers.as_ref()?;
        let one_more = |busy| (busy < self.cores).then_some(busy + 1);
        let is_free =
            self.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok();
        is_free.then(|| Hand { helpers, at_work: AtWork(self) })
    }
}

/// Somebody has something to do.
#[derive(Debug)]
pub struct AtWork<'a>(&'a Hands);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Somebody who helps.
pub(super) struct Hand<'a> {
    helpers: &'a ThreadPool,
    at_work: AtWork<'a>,
}

impl Hand<'_> {
    /// Does `theirs` while this thread does `ours`.
    pub(super) fn help<A, B: Send>(
        self,
        ours: impl FnOnce() -> A,
        theirs: impl FnOnce() -> B + Send,
    ) -> (A, Option<B>) {
        let mut done = None;
        let ours = self.helpers.in_place_scope(|scope| {
            scope.spawn(|_| done = Some(theirs()));
            ours()
        });
        drop(self.at_work);
        (ours, done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_help_than_there_are_cores_left() {
        let hands = Hands::new(3);
        let ours = hands.at_work();
        let (first, second) = (hands.lend().unwrap(), hands.lend().unwrap());
        assert!(hands.lend().is_none());
        assert_eq!(first.help(|| 1, || 2), (1, Some(2)));
        let another = hands.at_work();
        assert!(hands.lend().is_none());
        drop((second, another));
        assert!(hands.lend().is_some());
        drop(ours);
        assert_eq!(hands.busy.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn one_core_has_no_help() {
        assert!(Hands::new(1).lend().is_none() && Hands::new(0).lend().is_none());
    }
}
