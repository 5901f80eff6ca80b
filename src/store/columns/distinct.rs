//! For a property with few different values: which rows have each of them.

use std::{io, sync::Arc};

use imbl::OrdMap;
use roaring::RoaringBitmap;

use super::{
    DISTINCT_MAX,
    codec::{In, Out, sound},
    column::Column,
    marked::Marked,
};
use crate::model::Value;

/// What is known of the values of a property, as long as they are few.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distinct<'a> {
    pub(super) column: &'a Column,
    pub(super) bitmaps: &'a Bitmaps,
}

impl<'a> Distinct<'a> {
    /// The positions that have a value; none where no row has it.
    pub(crate) fn get(&self, value: &Value) -> Option<&'a RoaringBitmap> {
        self.bitmaps.get(self.column.number_of(value)?)
    }

    /// Each value that some row has, and the positions of those.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Value, &'a RoaringBitmap)> + use<'a> {
        let column = self.column;
        self.bitmaps.iter().map(|(number, positions)| (column.value_of(number), positions))
    }

    /// As [`Distinct::iter`], by number or by code of the text, ascending.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (i64, &'a RoaringBitmap)> + use<'a> {
        self.bitmaps.iter()
    }

    /// How many different values there are.
    pub(crate) fn len(&self) -> usize {
        self.bitmaps.values.len()
    }

    /// The positions among `live` that have none.
    pub(crate) fn nulls(&self, live: &RoaringBitmap) -> RoaringBitmap {
        live - self.bitmaps.present.get()
    }
}

/// The positions that have each value, by its number or the code of its text.
#[derive(Clone, Debug, Default)]
pub(super) struct Bitmaps {
    values: OrdMap<i64, Arc<Marked>>,
    present: Marked,
}

impl Bitmaps {
    pub(super) fn get(&self, number: i64) -> Option<&RoaringBitmap> {
        self.values.get(&number).map(|positions| positions.get())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &RoaringBitmap)> {
        self.values.iter().map(|(number, positions)| (*number, positions.get()))
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn add(&mut self, number: i64, at: u32) {
        self.present.insert(at);
        if let Some(positions) = self.values.get_mut(&number) {
            Arc::make_mut(positions).insert(at);
        } else {
            let only = RoaringBitmap::from_iter([at]);
            self.values.insert(number, Arc::new(Marked::of(only)));
        }
    }

    pub(super) fn remove(&mut self, number: i64, at: u32) {
        self.present.remove(at);
        let Some(positions) = self.values.get_mut(&number) else { return };
        let positions = Arc::make_mut(positions);
        positions.remove(at);
        if positions.is_empty() {
            self.values.remove(&number);
        }
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.bitmap(self.present.get())?;
        out.count(self.len())?;
        self.iter().try_for_each(|(number, positions)| {
            out.i64(number)?;
            out.bitmap(positions)
        })
    }

    /// Those of positions below `len`.
    pub(super) fn read_from(input: &mut In<'_>, len: u32) -> io::Result<Self> {
        let (present, mut values) = (Marked::of(input.bitmap(len)?), OrdMap::new());
        for _ in 0..input.count(DISTINCT_MAX)? {
            let (number, positions) = (input.i64()?, input.bitmap(len)?);
            sound(!positions.is_empty(), "a value is no row's")?;
            values.insert(number, Arc::new(Marked::of(positions)));
        }
        Ok(Self { values, present })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        let each = |(_, positions): (i64, &RoaringBitmap)| bitmap_bytes(positions) + 48;
        self.iter().map(each).sum::<usize>() + bitmap_bytes(self.present.get())
    }
}

/// About what a bitmap takes in memory.
#[cfg(test)]
pub(super) fn bitmap_bytes(positions: &RoaringBitmap) -> usize {
    let told = positions.statistics();
    // It counts four bytes for each of an array's two, and bits for a bitset's bytes.
    let held = told.n_bytes_array_containers / 2
        + u64::from(told.n_bitset_containers) * 8192
        + told.n_bytes_run_containers;
    usize::try_from(held).unwrap_or(0)
        + told.n_containers as usize * 40
        + size_of::<RoaringBitmap>()
}
