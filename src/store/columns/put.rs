//! Rows put into the columns, and taken out. A reader's copy shares what is not touched.

use std::sync::Arc;

use super::{
    CHUNK_ROWS, Columns, KEPT_MAX,
    cells::{Cell, Cells},
};
use crate::model::{Key, Row, packer::Parts};

/// Rows that are gone before it is worth while to move the others together.
const GONE_MIN: u64 = 4 * CHUNK_ROWS as u64;

impl Columns {
    /// Puts a row in place of whatever has its key, and settles.
    #[cfg(test)]
    pub(crate) fn put(&mut self, key: &Key, row: &Row) {
        self.write(key, row);
        self.settle();
    }

    /// Puts a row in place of whatever has its key, one of many: nothing but keys is read again before [`Columns::settle`].
    pub(crate) fn write(&mut self, key: &Key, row: &Row) {
        let at = self.place(key).unwrap_or(self.len);
        let is_new = at == self.len;
        if is_new {
            self.add_key(key, at);
            self.len += 1;
            let (chunk, place) = (at as usize / CHUNK_ROWS, at as usize % CHUNK_ROWS);
            if place == 0 && chunk > 0 {
                self.trim(chunk - 1);
            }
        }
        self.live.insert(at);
        let is_sound = self.write_cells(at, key, row, is_new);
        let version = Cell::Number(row.version.cast_signed());
        if is_new || self.versions.cell(at) != version {
            Arc::make_mut(&mut self.versions).set(at, version, None);
        }
        self.keep(at, row, is_sound);
    }

    /// Takes a row out, one of many changes; whether it was there.
    pub(crate) fn erase(&mut self, key: &Key) -> bool {
        let Some(at) = self.find(key) else { return false };
        for index in 0..self.props.len() {
            // A key stays, so that those behind it are still found.
            if self.id_column != Some(index) {
                self.set(index, at, Cell::Null, (key, false));
            }
        }
        self.remove_key(key, at);
        self.live.remove(at);
        self.kept.remove(&at);
        self.odd.remove(at);
        true
    }

    /// Ends a series of changes: from here on everything can be read.
    pub(crate) fn settle(&mut self) {
        for column in self.props.iter_mut().filter(|column| column.is_unsettled()) {
            Arc::make_mut(column).settle();
        }
        let (gone, there) = (u64::from(self.len) - self.live.len(), self.live.len());
        if gone > GONE_MIN && gone / 4 > there {
            self.move_together();
        }
    }

    /// Ends the loading of many rows: as [`Columns::settle`], and gives back memory kept for more.
    pub(crate) fn settle_loaded(&mut self) {
        self.settle();
        if let Some(last) = (self.len as usize).checked_sub(1) {
            self.trim(last / CHUNK_ROWS);
        }
        self.live.optimize();
    }

    /// Gives all rows new positions, so that those that are gone take no memory.
    pub(super) fn move_together(&mut self) {
        let mut fresh = Self::new(self.model, self.set);
        for at in self.by_key() {
            fresh.write(&self.key(at), &self.row(at));
        }
        for column in &mut fresh.props {
            Arc::make_mut(column).settle();
        }
        fresh.moved = self.moved.wrapping_add(1);
        *self = fresh;
    }

    /// Puts each property; whether the record can be packed again from them.
    fn write_cells(&mut self, at: u32, key: &Key, row: &Row, is_new: bool) -> bool {
        let mut parts = Parts::of(&row.record);
        let mut is_sound = row.type_id == self.type_id && row.record.type_id() == row.type_id;
        let mut next = 0;
        for (tag, payload) in parts.by_ref() {
            while next < self.props.len() && u64::from(self.props[next].tag) < tag {
                self.set(next, at, Cell::Null, (key, is_new));
                next += 1;
            }
            if self.props.get(next).is_none_or(|column| u64::from(column.tag) != tag) {
                is_sound = false;
                continue;
            }
            let cell = self.props[next].read(payload);
            is_sound &= cell.is_some();
            self.set(next, at, cell.unwrap_or(Cell::Null), (key, is_new));
            next += 1;
        }
        for rest in next..self.props.len() {
            self.set(rest, at, Cell::Null, (key, is_new));
        }
        is_sound &= parts.is_sound();
        if let (Some(index), Key::Int(id)) = (self.id_column, key) {
            let id = Cell::Number(*id);
            is_sound &= self.props[index].cell(at) == id;
            self.set(index, at, id, (key, false));
        }
        is_sound
    }

    fn set(&mut self, index: usize, at: u32, cell: Cell<'_>, (key, is_new): (&Key, bool)) {
        let id = key.as_int().filter(|_| self.id_column.is_some());
        let column = &mut self.props[index];
        let is_same = if is_new { cell == Cell::Null } else { column.cell(at) == cell };
        if !is_same {
            Arc::make_mut(column).set(at, cell, id);
        }
    }

    /// Keeps the record beside its properties where they are not enough, or where rows are few.
    fn keep(&mut self, at: u32, row: &Row, is_sound: bool) {
        if is_sound {
            self.odd.remove(at);
        } else {
            self.odd.insert(at);
        }
        if self.keeps_all && self.live.len() > KEPT_MAX {
            self.keeps_all = false;
            let odd = &self.odd;
            self.kept = self
                .kept
                .iter()
                .filter(|(at, _)| odd.contains(**at))
                .map(|(at, record)| (*at, record.clone()))
                .collect();
        }
        if self.keeps_all || !is_sound {
            self.kept.insert(at, row.record.clone());
        } else if !self.kept.is_empty() {
            self.kept.remove(&at);
        }
    }

    fn trim(&mut self, chunk: usize) {
        for column in &mut self.props {
            Arc::make_mut(column).trim(chunk);
        }
        Arc::make_mut(&mut self.versions).trim(chunk);
        self.share(chunk);
    }

    /// Has properties whose numbers are the same in a whole chunk share them, as times often are until a
    /// row is changed.
    pub(super) fn share(&mut self, chunk: usize) {
        for index in 1..self.props.len() {
            let (before, rest) = self.props.split_at_mut(index);
            let Some(Cells::Ints(own)) = rest[0].chunks.get(chunk).map(|cells| &**cells) else {
                continue;
            };
            let is_same =
                |cells: &&Arc<Cells>| matches!(&***cells, Cells::Ints(ints) if ints == own);
            let found = before.iter().find_map(|column| column.chunks.get(chunk).filter(is_same));
            if let Some(found) = found.cloned()
                && let Some(cells) = Arc::make_mut(&mut rest[0]).chunks.get_mut(chunk)
            {
                *cells = found;
            }
        }
    }
}
