//! What the searches of one answer found, so that none is run anew for each of many rows.
//!
//! Good for one state of the rows: whoever makes it lets it go with that.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Hits, Search};
use crate::{error::Error, model::SetId};

/// Searches kept of one answer; each may hold the id of every entity of its set. Further ones are run each time.
const KEPT_MAX: usize = 8;

/// What was found, by set and search.
#[derive(Default)]
pub struct Found(Mutex<Vec<Kept>>);

struct Kept {
    set: SetId,
    search: Search,
    hits: Arc<Hits>,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").finish_non_exhaustive()
    }
}

impl Found {
    /// What this search of `set` found before, or finds now; none where no index can tell.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn get_or(
        &self,
        (set, search): (SetId, &Search),
        find: impl FnOnce() -> Result<Option<Hits>, Error>,
    ) -> Result<Option<Arc<Hits>>, Error> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |kept: &&Kept| kept.set == set && kept.search == *search;
        if let Some(known) = kept().iter().find(is_it) {
            return Ok(Some(Arc::clone(&known.hits)));
        }
        // Not locked while it searches: another thread may need what is known.
        let Some(hits) = find()?.map(Arc::new) else { return Ok(None) };
        let mut kept = kept();
        if kept.len() < KEPT_MAX {
            kept.push(Kept { set, search: search.clone(), hits: Arc::clone(&hits) });
        }
        Ok(Some(hits))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::query::search::{Term, Words};

    fn search(text: &str) -> Search {
        Search { term: Term::Words(Words::of(text, true).unwrap()), places: vec![] }
    }

    #[test]
    fn a_search_is_run_once() {
        let (found, runs) = (Found::default(), Cell::new(0));
        let ask = |set: u16, text: &str| {
            let find = || {
                runs.set(runs.get() + 1);
                Ok(Some(Hits::of(vec![runs.get()])))
            };
            found.get_or((SetId(set), &search(text)), find).unwrap().unwrap().ids().unwrap()[0]
        };
        assert_eq!(
            [ask(1, "a"), ask(1, "a"), ask(1, "a*"), ask(2, "a"), ask(1, "a")],
            [1, 1, 2, 3, 1]
        );
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_not_known_is_asked_again() {
        let found = Found::default();
        for at in 0..2 * KEPT_MAX {
            let search = search(&format!("w{at}"));
            found.get_or((SetId(0), &search), || Ok(Some(Hits::nothing()))).unwrap();
        }
        assert_eq!(found.0.lock().unwrap().len(), KEPT_MAX);
        let none = || found.get_or((SetId(0), &search("x")), || Ok(None)).unwrap();
        assert_eq!((none(), none()), (None, None));
        let failing = found.get_or((SetId(0), &search("x")), || Err(Error::internal(&"x")));
        assert!(failing.is_err());
    }
}
