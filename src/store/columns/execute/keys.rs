//! Sets of integer keys with a number each: rows of one set are told by those of another with them.

use std::collections::HashMap;

/// Keys below this are kept in a plain list; some MB for a million rows.
const DENSE_MAX: usize = 1 << 24;

/// A small number for each of many integer keys; 0 where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ByKey {
    dense: Vec<u32>,
    sparse: HashMap<i64, u32>,
}

impl ByKey {
    pub(super) fn get(&self, key: i64) -> u32 {
        match dense(key) {
            Some(at) => self.dense.get(at).copied().unwrap_or(0),
            None => self.sparse.get(&key).copied().unwrap_or(0),
        }
    }

    /// The number of a key, to be changed.
    pub(super) fn at(&mut self, key: i64) -> &mut u32 {
        match dense(key) {
            Some(at) => {
                if self.dense.len() <= at {
                    // In steps, so that keys that ascend do not copy it each time.
                    self.dense.resize((at + 1).next_power_of_two(), 0);
                }
                &mut self.dense[at]
            }
            None => self.sparse.entry(key).or_default(),
        }
    }
}

fn dense(key: i64) -> Option<usize> {
    usize::try_from(key).ok().filter(|at| *at < DENSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_has_its_number() {
        let mut all = ByKey::default();
        for key in [0, 5, -1, i64::MAX, i64::MIN, 16_777_215, 16_777_216] {
            assert_eq!(all.get(key), 0);
            *all.at(key) += 3;
            assert_eq!((all.get(key), all.get(7)), (3, 0));
        }
    }
}
