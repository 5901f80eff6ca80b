//! One stored property of all rows of a set, as bytes and back.

use std::{io, sync::Arc};

use super::{
    CHUNK_ROWS,
    cells::Cells,
    codec::{In, Out, damaged, sound},
    column::{Column, Kind},
    dictionary::Dictionary,
    distinct::Bitmaps,
    sorted::Sorted,
};

impl Column {
    /// Writes everything but what is found by a hash.
    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.u16(self.tag)?;
        out.byte(u8::from(self.bitmaps.is_some()))?;
        if let Some(bitmaps) = &self.bitmaps {
            bitmaps.write_to(out)?;
        }
        if let Some(dictionary) = &self.dictionary {
            dictionary.write_to(out)?;
        }
        out.count(self.chunks.len())?;
        self.chunks.iter().try_for_each(|cells| cells.write_to(out))?;
        if let Some(order) = &self.order {
            order.write_to(out)?;
        }
        match &self.lookup {
            Some(lookup) if self.is_found_by_number() => lookup.sorted.write_to(out),
            Some(_) | None => Ok(()),
        }
    }

    /// Fills an empty column with `len` positions as they were written.
    pub(super) fn read_from(&mut self, input: &mut In<'_>, len: u32) -> io::Result<()> {
        sound(input.u16()? == self.tag, "a property is another")?;
        match (input.byte()?, self.bitmaps.is_some()) {
            (1, true) => {
                self.bitmaps = Some(Bitmaps::read_from(input, len)?);
                if self.dictionary.is_some() {
                    self.dictionary = Some(Arc::new(Dictionary::read_from(input)?));
                }
            }
            (0, _) => (self.bitmaps, self.dictionary) = (None, None),
            _ => return Err(damaged("a property is of another kind")),
        }
        for _ in 0..input.count((len as usize).div_ceil(CHUNK_ROWS))? {
            let cells = Cells::read_from(input)?;
            sound(self.may_hold(&cells), "a property is of another kind")?;
            self.chunks.push(Arc::new(cells));
        }
        if self.order.is_some() {
            self.order = Some(Sorted::read_from(input, len)?);
        }
        let sorted =
            self.is_found_by_number().then(|| Sorted::read_from(input, len)).transpose()?;
        if let (Some(lookup), Some(sorted)) = (&mut self.lookup, sorted) {
            lookup.sorted = sorted;
        }
        Ok(())
    }

    fn is_found_by_number(&self) -> bool {
        self.lookup.is_some()
            && self.bitmaps.is_none()
            && matches!(self.kind, Kind::Flag | Kind::Number)
    }

    /// Every position under the hash of what stands there, where rows are found so; of entities with an
    /// integer key, by their ids.
    pub(super) fn found_by_hash(&self, len: u32, ids: Option<&Self>) -> Option<Sorted> {
        let is_hashed = self.bitmaps.is_none() && !self.is_found_by_number();
        let lookup = self.lookup.as_ref().filter(|_| is_hashed)?;
        let rank = |at| Some((lookup.rank_of(self.cell(at), ids.and_then(|ids| ids.int(at)))?, at));
        Some(Sorted::of((0..len).filter_map(rank).collect()))
    }

    fn may_hold(&self, cells: &Cells) -> bool {
        match cells {
            Cells::Nothing => true,
            Cells::Ints(_) => matches!(self.kind, Kind::Flag | Kind::Number),
            Cells::Codes(_) => self.dictionary.is_some(),
            Cells::Texts(texts) => {
                let is_text = self.kind == Kind::Text && self.dictionary.is_none();
                is_text && texts.lower.is_some() == self.is_searched
            }
            Cells::Guids(_) => self.kind == Kind::Guid,
            Cells::Refs(_) => self.kind == Kind::Ref,
            Cells::Raw(_) => self.kind == Kind::Raw,
        }
    }
}
