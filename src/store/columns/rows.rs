//! Rows packed from their columns, byte for byte as they were put.

use super::{
    CHUNK_ROWS, Columns,
    cells::{Cell, Cells},
    column::{Column, Kind},
};
use crate::model::{Record, Row, packer::Packer};

impl Columns {
    /// A row, as it was put.
    pub(crate) fn row(&self, at: u32) -> Row {
        let record = self.kept.get(&at).cloned().unwrap_or_else(|| self.pack(at));
        self.row_of(at, record)
    }

    /// Rows, as they were put, in the order of `positions`.
    pub(crate) fn rows(&self, positions: &[u32]) -> Vec<Row> {
        let mut rows = Rows::of(self);
        let row = |at: &u32| {
            let record = self.kept.get(at).cloned().unwrap_or_else(|| rows.pack(*at));
            self.row_of(*at, record)
        };
        positions.iter().map(row).collect()
    }

    /// The record of a row of the set's own type.
    pub(super) fn pack(&self, at: u32) -> Record {
        Rows::of(self).pack(at)
    }

    fn row_of(&self, at: u32, record: Record) -> Row {
        Row { set: self.set, type_id: self.type_id(at), version: self.version(at), record }
    }
}

/// Packs one row after the other: what of a column is in their chunk is found once for all of them.
struct Rows<'a> {
    columns: &'a Columns,
    chunk: Option<usize>,
    /// What there is in that chunk, and of which column.
    cells: Vec<(&'a Column, &'a Cells)>,
    packer: Packer,
}

impl<'a> Rows<'a> {
    fn of(columns: &'a Columns) -> Self {
        let cells = Vec::with_capacity(columns.props.len());
        Self { columns, chunk: None, cells, packer: Packer::new(columns.type_id) }
    }

    fn pack(&mut self, at: u32) -> Record {
        let (chunk, place) = (at as usize / CHUNK_ROWS, at as usize % CHUNK_ROWS);
        if self.chunk != Some(chunk) {
            self.chunk = Some(chunk);
            let cells = self.columns.props.iter().map(|column| (&**column, column.chunk(chunk)));
            self.cells.clear();
            self.cells.extend(cells.filter(|(_, cells)| !matches!(cells, Cells::Nothing)));
        }
        let packer = &mut self.packer;
        packer.clear();
        for (column, cells) in &self.cells {
            match column.cell_of(cells, place) {
                Cell::Null => {}
                Cell::Number(number) if column.kind == Kind::Flag => {
                    packer.bytes(column.tag, &[u8::from(number != 0)]);
                }
                Cell::Number(number) => packer.number(column.tag, number),
                Cell::Text(text) => packer.bytes(column.tag, text.as_bytes()),
                Cell::Guid(guid) => packer.bytes(column.tag, &guid),
                Cell::Ref(text) => packer.text_ref(column.tag, &text),
                Cell::Raw(payload) => packer.bytes(column.tag, payload),
            }
        }
        packer.record()
    }
}
