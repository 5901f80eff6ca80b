//! Sets of ids, kept sorted, closed under "all others".

use crate::model::Key;

/// The ids an index found, or all but those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hits {
    ids: Vec<i64>,
    is_all_but: bool,
}

impl Hits {
    /// Those ids, in any order.
    #[must_use]
    pub fn of(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self { ids, is_all_but: false }
    }

    /// Every id there is.
    #[must_use]
    pub fn everything() -> Self {
        Self { ids: Vec::new(), is_all_but: true }
    }

    /// No id.
    #[must_use]
    pub fn nothing() -> Self {
        Self { ids: Vec::new(), is_all_but: false }
    }

    /// The ids, sorted, each once; none where they are those left out (see [`Hits::left_out`]).
    #[must_use]
    pub fn ids(&self) -> Option<&[i64]> {
        (!self.is_all_but).then_some(self.ids.as_slice())
    }

    /// The ids left out, sorted, where it is all but some.
    #[must_use]
    pub fn left_out(&self) -> Option<&[i64]> {
        self.is_all_but.then_some(self.ids.as_slice())
    }

    /// Whether an id is among them; a key that is none never is listed.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        let is_listed = key.as_int().is_some_and(|id| self.ids.binary_search(&id).is_ok());
        is_listed != self.is_all_but
    }

    /// All others.
    #[must_use]
    pub fn others(self) -> Self {
        Self { is_all_but: !self.is_all_but, ..self }
    }

    /// Those in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.is_all_but, other.is_all_but) {
            (false, false) => Self { ids: keep(self.ids, &other.ids, true), is_all_but: false },
            (false, true) => Self { ids: keep(self.ids, &other.ids, false), is_all_but: false },
            (true, false) => Self { ids: keep(other.ids, &self.ids, false), is_all_but: false },
            (true, true) => Self { ids: merge(self.ids, other.ids), is_all_but: true },
        }
    }

    /// Those in one or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.others().and(other.others()).others()
    }
}

/// Those of `ids` that are in `others`, or that are not. Both are sorted.
fn keep(mut ids: Vec<i64>, others: &[i64], in_others: bool) -> Vec<i64> {
    let mut others = others.iter().peekable();
    ids.retain(|id| {
        while others.next_if(|other| *other < id).is_some() {}
        (others.peek() == Some(&id)) == in_others
    });
    ids
}

fn merge(mut left: Vec<i64>, right: Vec<i64>) -> Vec<i64> {
    left.extend(right);
    left.sort_unstable();
    left.dedup();
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_hits() -> impl Strategy<Value = Hits> {
        (prop::collection::vec(0..12_i64, 0..8), any::<bool>()).prop_map(|(ids, is_all_but)| {
            if is_all_but { Hits::of(ids).others() } else { Hits::of(ids) }
        })
    }

    proptest! {
        #[test]
        fn sets_are_joined_as_their_members_say(left in any_hits(), right in any_hits()) {
            let (both, one) = (left.clone().and(right.clone()), left.clone().or(right.clone()));
            for id in -1..13 {
                let key = Key::Int(id);
                prop_assert_eq!(both.has(&key), left.has(&key) && right.has(&key));
                prop_assert_eq!(one.has(&key), left.has(&key) || right.has(&key));
                prop_assert_eq!(left.clone().others().has(&key), !left.has(&key));
            }
            let ids = both.ids().or(both.left_out()).unwrap();
            prop_assert!(ids.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn everything_and_nothing_are_each_others_opposite() {
        assert_eq!(Hits::everything().others(), Hits::nothing());
        assert!(Hits::everything().has(&Key::Int(7)) && !Hits::nothing().has(&Key::Int(7)));
    }
}
