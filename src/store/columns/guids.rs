//! Up to 4,096 Guids in three numbers each, which of those made here take next to nothing: a time, what
//! all of a set have alike, and an id.

use std::io;

use super::{
    codec::{In, Out, sound},
    ints::Ints,
};
use crate::id;

/// Guids by place; null where nothing was put.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guids([Ints; 3]);

impl Guids {
    /// The Guid at a place.
    pub(crate) fn get(&self, at: usize) -> Option<[u8; 16]> {
        let [time, strain, id] = &self.0;
        let part = |ints: &Ints| ints.get(at).map(i64::cast_unsigned);
        Some(id::whole([part(time)?, part(strain)?, part(id)?]))
    }

    pub(super) fn set(&mut self, at: usize, guid: Option<[u8; 16]>) {
        let parts = guid.map(|guid| id::parts(&guid).map(u64::cast_signed));
        for (which, ints) in self.0.iter_mut().enumerate() {
            ints.set(at, parts.map(|parts| parts[which]));
        }
    }

    pub(super) fn trim(&mut self) {
        self.0.iter_mut().for_each(Ints::trim);
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.0[0].is_nothing()
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.0.iter().try_for_each(|ints| ints.write_to(out))
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let mut read = || Ints::read_from(input);
        let all = [read()?, read()?, read()?];
        sound(all.iter().all(|ints| ints.len() == all[0].len()), "a Guid is cut short")?;
        Ok(Self(all))
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.iter().map(Ints::heap_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[track_caller]
    fn check(guids: &[id::Guid], bytes_max: usize) {
        let mut all = Guids::default();
        for (at, guid) in guids.iter().enumerate() {
            all.set(at, Some(*guid.as_bytes()));
        }
        all.trim();
        for (at, guid) in guids.iter().enumerate() {
            assert_eq!(all.get(at), Some(*guid.as_bytes()));
        }
        assert!(all.heap_bytes() <= bytes_max, "{} bytes", all.heap_bytes());
    }

    #[test]
    fn those_made_here_for_one_id_after_the_other_take_their_times_only() {
        let at = |id: i64| Timestamp::from_micros((1_700_000_000_000 + id / 40) * 1_000);
        let (one, other) = (id::Strain::random(), id::Strain::random());
        let ours: Vec<_> = (1..=4_000).map(|id| one.guid(at(id), id)).collect();
        check(&ours, 4_000 + 32);
        let both = (1..=4_000).map(|id| [one, other][usize::from(id > 9)].guid(at(id), id));
        check(&both.collect::<Vec<_>>(), 4_000 * 6);
        let any: Vec<_> = (1..=4_000).map(|id| id::guid_at(at(id))).collect();
        check(&any, 4_000 * 12);
    }
}
