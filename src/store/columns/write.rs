//! One stored property of all rows of a set, as it is changed.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    CHUNK_ROWS,
    cells::{Cell, Cells, Texts},
    column::{Column, Kind},
    ints::Ints,
    sorted::Sorted,
};

impl Column {
    /// Puts what the record of an entity has at a position; it stands nowhere else and is of this column's
    /// kind.
    pub(super) fn set(&mut self, at: u32, cell: Cell<'_>, id: Option<i64>) {
        let cell = match cell {
            Cell::Text(text) => self.coded(text).map_or(cell, Cell::Number),
            Cell::Null | Cell::Number(_) | Cell::Guid(_) | Cell::Ref(_) | Cell::Raw(_) => cell,
        };
        self.note(at, None, id);
        self.store(at, cell);
        self.note(at, Some(cell), id);
        if self.bitmaps.as_ref().is_some_and(|bitmaps| bitmaps.len() > self.few_max) {
            self.become_many();
        }
    }

    /// Does what the orders remembered.
    pub(super) fn settle(&mut self) {
        self.order.iter_mut().for_each(Sorted::settle);
        if let Some(lookup) = &mut self.lookup {
            lookup.sorted.settle();
        }
    }

    /// Whether there is something to settle.
    pub(super) fn is_unsettled(&self) -> bool {
        let orders = self.order.iter().chain(self.lookup.iter().map(|lookup| &lookup.sorted));
        orders.into_iter().any(Sorted::is_unsettled)
    }

    /// Gives back memory that a chunk kept for more rows.
    pub(super) fn trim(&mut self, index: usize) {
        if let Some(cells) = self.chunks.get_mut(index) {
            Arc::make_mut(cells).trim();
        }
    }

    /// The code of a text, as long as texts are codes.
    fn coded(&mut self, text: &str) -> Option<i64> {
        let dictionary = self.dictionary.as_mut()?;
        if let Some(code) = dictionary.code(text) {
            return Some(i64::from(code));
        }
        if dictionary.texts().len() >= self.few_max {
            self.become_many();
            return None;
        }
        Some(i64::from(Arc::make_mut(dictionary).add(text)))
    }

    fn store(&mut self, at: u32, cell: Cell<'_>) {
        let (index, place) = (at as usize / CHUNK_ROWS, at as usize % CHUNK_ROWS);
        if self.chunks.len() <= index {
            if cell == Cell::Null {
                return;
            }
            self.chunks.grow(index + 1);
        }
        let empty = self.empty();
        let Some(cells) = self.chunks.get_mut(index) else { return };
        let cells = Arc::make_mut(cells);
        if matches!(cells, Cells::Nothing) {
            *cells = empty;
        }
        cells.set(place, cell);
    }

    fn empty(&self) -> Cells {
        match self.kind {
            Kind::Flag | Kind::Number => Cells::Ints(Ints::default()),
            Kind::Text if self.dictionary.is_some() => Cells::Codes(Ints::default()),
            Kind::Text => Cells::Texts(self.no_texts()),
            Kind::Guid => Cells::Guids(super::guids::Guids::default()),
            Kind::Ref => Cells::Refs(super::refs::Refs::default()),
            Kind::Raw => Cells::Raw(super::arena::Arena::default()),
        }
    }

    fn no_texts(&self) -> Texts {
        let lower = self.is_searched.then(BTreeMap::new);
        Texts { exact: super::arena::Arena::default(), lower }
    }

    /// Takes what stands at a position into bitmaps and orders, or before it is replaced out of them.
    fn note(&mut self, at: u32, put: Option<Cell<'_>>, id: Option<i64>) {
        let (index, place) = (at as usize / CHUNK_ROWS, at as usize % CHUNK_ROWS);
        let stored = self.chunks.get(index).map_or(Cell::Null, |cells| cells.get(place));
        let (cell, is_there) = (put.unwrap_or(stored), put.is_some());
        if let Cell::Number(number) = cell {
            if let Some(bitmaps) = &mut self.bitmaps {
                if is_there { bitmaps.add(number, at) } else { bitmaps.remove(number, at) }
            }
            if let Some(order) = &mut self.order {
                if is_there { order.add(number, at) } else { order.remove(number, at) }
            }
        }
        let lookup = self.lookup.as_mut().filter(|_| self.bitmaps.is_none());
        let found = lookup.and_then(|lookup| Some((lookup.rank_of(cell, id)?, lookup)));
        if let Some((rank, lookup)) = found {
            if is_there { lookup.sorted.add(rank, at) } else { lookup.sorted.remove(rank, at) }
        }
    }

    /// There are too many different values for a bitmap each: rows are found by an order from now on.
    fn become_many(&mut self) {
        let Some(bitmaps) = self.bitmaps.take() else { return };
        let dictionary = self.dictionary.take();
        if let Some(lookup) = &mut self.lookup {
            for (number, positions) in bitmaps.iter() {
                let text = dictionary.as_ref().and_then(|dictionary| dictionary.text(number));
                let cell = text.map_or(Cell::Number(number), |text| Cell::Text(text));
                let Some(rank) = lookup.rank(cell) else { continue };
                positions.iter().for_each(|at| lookup.sorted.add(rank, at));
            }
        }
        let Some(dictionary) = dictionary else { return };
        for index in 0..self.chunks.len() {
            let no_texts = self.no_texts();
            let Some(chunk) = self.chunks.get_mut(index) else { continue };
            let Cells::Codes(codes) = &**chunk else { continue };
            let mut cells = Cells::Texts(no_texts);
            for place in 0..codes.len() {
                // Of nothing but nulls so far there would be no cells left to put the next text in.
                if let Some(text) = codes.get(place).and_then(|code| dictionary.text(code)) {
                    cells.set(place, Cell::Text(text));
                }
            }
            cells.trim();
            *chunk = Arc::new(cells);
        }
    }
}
