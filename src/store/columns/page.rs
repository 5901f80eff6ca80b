//! Some hundred entries of an order: ranks as narrow as their spread allows, and positions.

use std::io;

use super::{
    codec::{In, Out, damaged, sound},
    sorted::{Entry, PAGE_MAX},
};

/// Room taken at once where a page gets more entries.
const ROOM: usize = 16;

/// Entries in ascending order, never none.
#[derive(Clone, Debug)]
pub(super) struct Page {
    base: i64,
    scale: u64,
    ranks: Ranks,
    positions: Vec<u32>,
}

/// Distances from the base in units of the scale, or ranks as they are.
#[derive(Clone, Debug)]
enum Ranks {
    Narrow(Vec<u16>),
    Half(Vec<u32>),
    Whole(Vec<i64>),
}

impl Page {
    /// A page of `entries`, which ascend.
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
        let most = entries.last().map_or(0, |(rank, _)| above(*rank) / scale);
        let codes = entries.iter().map(|(rank, _)| above(*rank) / scale);
        let ranks = if u16::try_from(most).is_ok() {
            Ranks::Narrow(codes.filter_map(|code| u16::try_from(code).ok()).collect())
        } else if u32::try_from(most).is_ok() {
            Ranks::Half(codes.filter_map(|code| u32::try_from(code).ok()).collect())
        } else {
            Ranks::Whole(entries.iter().map(|(rank, _)| *rank).collect())
        };
        let positions = entries.iter().map(|(_, position)| *position).collect();
        Self { base, scale, ranks, positions }
    }

    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<Entry> {
        Some((self.rank(at)?, *self.positions.get(at)?))
    }

    pub(super) fn position(&self, at: usize) -> Option<u32> {
        self.positions.get(at).copied()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        (0..self.len()).filter_map(|at| self.get(at))
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

    /// Puts an entry in, or takes it out, where that needs no other layout; whether it did.
    pub(super) fn edit(&mut self, entry: Entry, is_there: bool) -> bool {
        match (self.search(entry), is_there) {
            (Ok(_), true) | (Err(_), false) => true,
            (Ok(at), false) => {
                self.positions.remove(at);
                match &mut self.ranks {
                    Ranks::Narrow(ranks) => drop(ranks.remove(at)),
                    Ranks::Half(ranks) => drop(ranks.remove(at)),
                    Ranks::Whole(ranks) => drop(ranks.remove(at)),
                }
                true
            }
            (Err(at), true) => self.insert(at, entry),
        }
    }

    fn insert(&mut self, at: usize, (rank, position): Entry) -> bool {
        let above = rank.wrapping_sub(self.base).cast_unsigned();
        let code = (above % self.scale == 0 && rank >= self.base).then_some(above / self.scale);
        match &mut self.ranks {
            Ranks::Narrow(ranks) => {
                let Some(code) = code.and_then(|code| code.try_into().ok()) else { return false };
                put(ranks, at, code);
            }
            Ranks::Half(ranks) => {
                let Some(code) = code.and_then(|code| code.try_into().ok()) else { return false };
                put(ranks, at, code);
            }
            Ranks::Whole(ranks) => put(ranks, at, rank),
        }
        put(&mut self.positions, at, position);
        true
    }

    fn rank(&self, at: usize) -> Option<i64> {
        let code = match &self.ranks {
            Ranks::Narrow(ranks) => u64::from(*ranks.get(at)?),
            Ranks::Half(ranks) => u64::from(*ranks.get(at)?),
            Ranks::Whole(ranks) => return ranks.get(at).copied(),
        };
        Some(self.base.wrapping_add((code * self.scale).cast_signed()))
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.i64(self.base)?;
        out.u64(self.scale)?;
        match &self.ranks {
            Ranks::Narrow(ranks) => {
                out.byte(2).and_then(|()| out.numbers(ranks, u16::to_le_bytes))?;
            }
            Ranks::Half(ranks) => {
                out.byte(4).and_then(|()| out.numbers(ranks, u32::to_le_bytes))?;
            }
            Ranks::Whole(ranks) => {
                out.byte(8).and_then(|()| out.numbers(ranks, i64::to_le_bytes))?;
            }
        }
        out.numbers(&self.positions, u32::to_le_bytes)
    }

    /// A page of positions below `len`.
    pub(super) fn read_from(input: &mut In<'_>, len: u32) -> io::Result<Self> {
        let (base, scale) = (input.i64()?, input.u64()?);
        let most = |codes: u64| codes.checked_mul(scale.max(1)).is_some();
        let (ranks, count, fits) = match input.byte()? {
            2 => {
                let ranks = input.numbers(PAGE_MAX, u16::from_le_bytes)?;
                let (count, greatest) = (ranks.len(), ranks.last().copied().unwrap_or(0));
                (Ranks::Narrow(ranks), count, most(greatest.into()))
            }
            4 => {
                let ranks = input.numbers(PAGE_MAX, u32::from_le_bytes)?;
                let (count, greatest) = (ranks.len(), ranks.last().copied().unwrap_or(0));
                (Ranks::Half(ranks), count, most(greatest.into()))
            }
            8 => {
                let ranks = input.numbers(PAGE_MAX, i64::from_le_bytes)?;
                let count = ranks.len();
                (Ranks::Whole(ranks), count, true)
            }
            _ => return Err(damaged("ranks are of another kind")),
        };
        let positions = input.numbers(PAGE_MAX, u32::from_le_bytes)?;
        let is_whole = count > 0 && positions.len() == count && scale > 0 && fits;
        sound(is_whole, "a page of an order is cut short")?;
        sound(positions.iter().all(|at| *at < len), "a position is beyond the last")?;
        let page = Self { base, scale, ranks, positions };
        sound(page.is_ascending(), "an order is none")?;
        Ok(page)
    }

    fn is_ascending(&self) -> bool {
        let codes_ascend = match &self.ranks {
            Ranks::Narrow(ranks) => ranks.is_sorted(),
            Ranks::Half(ranks) => ranks.is_sorted(),
            Ranks::Whole(ranks) => ranks.is_sorted(),
        };
        codes_ascend && self.entries().is_sorted_by(|a, b| a < b)
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        let ranks = match &self.ranks {
            Ranks::Narrow(ranks) => ranks.capacity() * 2,
            Ranks::Half(ranks) => ranks.capacity() * 4,
            Ranks::Whole(ranks) => ranks.capacity() * 8,
        };
        size_of::<Self>() + ranks + self.positions.capacity() * 4
    }
}

fn put<T>(list: &mut Vec<T>, at: usize, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(ROOM);
    }
    list.insert(at, item);
}
