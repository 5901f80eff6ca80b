//! Some hundred entries of an order: ranks and positions, each in as few bits as their spread allows.

use std::{io, ops::Range};

use roaring::RoaringBitmap;

use super::{
    codec::{In, Out, sound},
    packed::Packed,
    sorted::{Entry, PAGE_MAX},
};

/// How far the positions of a page lie apart at most to be looked for by a bit for each.
const SPREAD_MAX: usize = 1 << 14;

/// Entries in ascending order, never none.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The least rank.
    base: i64,
    /// What all ranks are away from the least in whole numbers of.
    scale: u64,
    ranks: Packed,
    /// The least position.
    first: u32,
    positions: Packed,
    len: u16,
}

impl Page {
    /// A page of `entries`, which ascend and are at most [`PAGE_MAX`].
    pub(super) fn of(entries: &[Entry]) -> Self {
        let base = entries.first().map_or(0, |(rank, _)| *rank);
        let above = |rank: i64| rank.wrapping_sub(base).cast_unsigned();
        let mut scale = 0;
        for (rank, _) in entries {
            if scale != 1 {
                scale = super::ints::common(scale, above(*rank));
            }
        }
        let scale = scale.max(1);
        let ranks: Vec<u64> = entries.iter().map(|(rank, _)| above(*rank) / scale).collect();
        let first = entries.iter().map(|(_, position)| *position).min().unwrap_or(0);
        let positions: Vec<u64> =
            entries.iter().map(|(_, position)| u64::from(position - first)).collect();
        let (ranks, positions) = (Packed::of(&ranks), Packed::of(&positions));
        let len = u16::try_from(entries.len()).unwrap_or(u16::MAX);
        Self { base, scale, ranks, first, positions, len }
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(super) fn get(&self, at: usize) -> Option<Entry> {
        Some((self.rank(at)?, self.position(at)?))
    }

    pub(super) fn position(&self, at: usize) -> Option<u32> {
        // A sum of what was a position.
        let position = || u32::try_from(self.positions.get(at)).unwrap_or(0);
        (at < self.len()).then(|| self.first.wrapping_add(position()))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Adds the entries in those places whose positions are among `rows`.
    pub(crate) fn among(&self, places: Range<usize>, rows: &RoaringBitmap, found: &mut Vec<Entry>) {
        let spread = self.positions.most();
        if spread >= SPREAD_MAX as u64 {
            let entries = places.filter_map(|at| self.get(at));
            return found.extend(entries.filter(|(_, position)| rows.contains(*position)));
        }
        // Positions close to each other are looked for among few bits, whatever else is in `rows`.
        let mut bits = [0_u64; SPREAD_MAX / 64];
        let last = u64::from(self.first).saturating_add(spread);
        for position in rows.range(self.first..=u32::try_from(last).unwrap_or(u32::MAX)) {
            let above = (position - self.first) as usize;
            bits[above / 64] |= 1 << (above % 64);
        }
        for at in places {
            let above = usize::try_from(self.positions.get(at)).unwrap_or(0);
            if bits[above / 64] >> (above % 64) & 1 == 1 {
                found.extend(self.get(at));
            }
        }
    }

    /// Where `entry` is, or belongs.
    pub(super) fn search(&self, entry: Entry) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle) {
                Some(found) if found == entry => return Ok(middle),
                Some(found) if found < entry => low = middle + 1,
                Some(_) | None => high = middle,
            }
        }
        Err(low)
    }

    /// Puts these entries in, or takes them out, where that needs neither another base nor scale; else
    /// nothing is done. The last word on an entry counts.
    pub(super) fn edit(&mut self, changes: &[(Entry, bool)]) -> bool {
        let mut ranks = self.ranks.numbers(self.len());
        let mut positions = self.positions.numbers(self.len());
        for ((rank, position), is_there) in changes {
            let above = rank.wrapping_sub(self.base).cast_unsigned();
            let is_above = *rank >= self.base && *position >= self.first;
            if !is_above || above % self.scale != 0 {
                return false;
            }
            let (code, position) = (above / self.scale, u64::from(position - self.first));
            let found = search(&ranks, &positions, (code, position));
            match (found, is_there) {
                (Ok(_), true) | (Err(_), false) => {}
                (Ok(at), false) => {
                    ranks.remove(at);
                    positions.remove(at);
                }
                (Err(at), true) => {
                    ranks.insert(at, code);
                    positions.insert(at, position);
                }
            }
        }
        if ranks.is_empty() || ranks.len() > PAGE_MAX {
            return false;
        }
        self.len = u16::try_from(ranks.len()).unwrap_or(u16::MAX);
        (self.ranks, self.positions) = (Packed::of(&ranks), Packed::of(&positions));
        true
    }

    fn rank(&self, at: usize) -> Option<i64> {
        let above = || self.ranks.get(at).wrapping_mul(self.scale).cast_signed();
        (at < self.len()).then(|| self.base.wrapping_add(above()))
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.i64(self.base)?;
        out.u64(self.scale)?;
        out.count(self.first as usize)?;
        out.u16(self.len)?;
        self.ranks.write_to(out)?;
        self.positions.write_to(out)
    }

    /// A page of positions below `len`.
    pub(super) fn read_from(input: &mut In<'_>, positions: u32) -> io::Result<Self> {
        let (base, scale) = (input.i64()?, input.u64()?);
        let first = u32::try_from(input.count(u32::MAX as usize)?).unwrap_or(u32::MAX);
        let len = input.u16()?;
        let count = usize::from(len);
        sound(count > 0 && count <= PAGE_MAX && scale > 0, "a page of an order is cut short")?;
        let ranks = Packed::read_from(input, count)?;
        let all = Packed::read_from(input, count)?;
        let page = Self { base, scale, ranks, first, positions: all, len };
        sound(page.is_sound(positions), "an order is none")?;
        Ok(page)
    }

    fn is_sound(&self, positions: u32) -> bool {
        let is_position = |at: u64| at < u64::from(positions).saturating_sub(self.first.into());
        let (ranks, all) = (self.ranks.numbers(self.len()), self.positions.numbers(self.len()));
        let most = ranks.last().copied().unwrap_or(0);
        ranks.iter().zip(&all).is_sorted_by(|a, b| a < b)
            && all.iter().all(|at| is_position(*at))
            && most
                .checked_mul(self.scale)
                .is_some_and(|above| self.base.checked_add_unsigned(above).is_some())
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.ranks.heap_bytes() + self.positions.heap_bytes()
    }
}

/// Where an entry is among others, or belongs.
fn search(ranks: &[u64], positions: &[u64], entry: (u64, u64)) -> Result<usize, usize> {
    let low = ranks.partition_point(|rank| *rank < entry.0);
    let count = ranks[low..].partition_point(|rank| *rank == entry.0);
    match positions[low..low + count].binary_search(&entry.1) {
        Ok(at) => Ok(low + at),
        Err(at) => Err(low + at),
    }
}
