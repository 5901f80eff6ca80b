//! Second hands: who writes half of a long page while another core is free.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many may help at once.
#[derive(Debug)]
pub struct Hands(AtomicUsize);

impl Hands {
    /// As many as there are cores beside the one that asks.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores - 1)
    }

    /// So many.
    pub(super) fn new(hands: usize) -> Self {
        Self(AtomicUsize::new(hands))
    }

    /// One that helps until it is dropped; none where all do.
    pub(super) fn lend(&self) -> Option<Hand<'_>> {
        let taken =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1));
        taken.is_ok().then(|| Hand(self))
    }
}

/// Somebody who helps.
#[derive(Debug)]
pub(super) struct Hand<'a>(&'a Hands);

impl Hand<'_> {
    /// Does `theirs` while this thread does `ours`.
    pub(super) fn help<A, B: Send>(
        self,
        ours: impl FnOnce() -> A,
        theirs: impl FnOnce() -> B + Send,
    ) -> (A, Option<B>) {
        let mut done = None;
        let ours = rayon::in_place_scope(|scope| {
            scope.spawn(|_| done = Some(theirs()));
            ours()
        });
        // It helps nobody else meanwhile.
        drop(self);
        (ours, done)
    }
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_help_than_there_are() {
        let hands = Hands::new(2);
        let (first, second) = (hands.lend().unwrap(), hands.lend().unwrap());
        assert!(hands.lend().is_none());
        assert_eq!(first.help(|| 1, || 2), (1, Some(2)));
        let third = hands.lend();
        assert!(third.is_some() && hands.lend().is_none());
        drop((second, third));
        assert!(hands.lend().is_some());
    }
}
