//! How many streams are open, in all and for each client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{error::Error, http::limit::Who};

/// When to try again where there is no place.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The places there are.
#[derive(Debug)]
pub(super) struct Room {
    places: usize,
    places_each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<Who, usize>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    who: Option<Who>,
}

impl Room {
    /// So many in all, and so many for each.
    pub(super) fn new(places: usize, places_each: usize) -> Arc<Self> {
        Arc::new(Self { places, places_each, taken: Mutex::default() })
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `TooManyRequests` where the client has all it may have, `Overloaded` where all together have.
    pub(super) fn take(self: &Arc<Self>, who: Option<Who>) -> Result<Place, Error> {
        let mut taken = self.taken();
        let own = who.and_then(|who| taken.by.get(&who).copied()).unwrap_or(0);
        if own >= self.places_each {
            let most = self.places_each;
            return Err(Error::TooManyRequests {
                reason: format!("'event_streams_per_client' of {most} streams of events are open"),
                retry_after: RETRY_AFTER,
            });
        }
        if taken.all >= self.places {
            let reason = "'event_streams_max' streams of events are open";
            return Err(Error::Overloaded { reason, retry_after: RETRY_AFTER });
        }
        taken.all += 1;
        if let Some(who) = who {
            *taken.by.entry(who).or_default() += 1;
        }
        Ok(Place { room: Arc::clone(self), who })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        taken.all -= 1;
        if let Some(who) = self.who
            && let Some(own) = taken.by.get_mut(&who)
        {
            *own -= 1;
            if *own == 0 {
                taken.by.remove(&who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_than_their_places_and_all_together_no_more_than_there_are() {
        let room = Room::new(3, 2);
        let (ann, bob) = (Some(Who::User(1)), Some(Who::User(2)));
        let first = room.take(ann).unwrap();
        let _second = room.take(ann).unwrap();
        assert_eq!(room.take(ann).unwrap_err().status(), 429);
        let third = room.take(bob).unwrap();
        assert_eq!(room.take(bob).unwrap_err().status(), 503);
        drop(first);
        let _again = room.take(ann).unwrap();
        drop(third);
        assert_eq!(room.taken().by.len(), 1);
    }
}
