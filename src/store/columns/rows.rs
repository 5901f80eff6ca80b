//! Rows packed from their columns, byte for byte as they were put.

use std::sync::{Arc, OnceLock};

use super::{
    CHUNK_ROWS, Columns,
    cells::{Cell, Cells},
    column::{Column, Kind},
};
use crate::model::{Record, Row, Unpacked, packer::Packer};

/// Rows that are packed together.
const LATE_ROWS: usize = 64;
/// What most records take at most.
const ROW_BYTES: usize = 320;

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
            let record = self.kept.get(at).cloned();
            self.row_of(*at, record.unwrap_or_else(|| rows.pack(*at).record()))
        };
        positions.iter().map(row).collect()
    }

    /// As [`Columns::rows`], each packed when somebody looks at it or one beside it. They keep the columns.
    pub(crate) fn rows_late(self: &Arc<Self>, positions: &[u32]) -> Vec<Row> {
        let mut rows = Vec::with_capacity(positions.len());
        for positions in positions.chunks(LATE_ROWS) {
            let late = Late {
                columns: Arc::clone(self),
                positions: positions.into(),
                packed: OnceLock::new(),
            };
            let late: Arc<dyn Unpacked> = Arc::new(late);
            rows.extend((0_u32..).zip(positions).map(|(number, at)| Row {
                set: self.set,
                type_id: self.type_id(*at),
                version: self.version(*at),
                record: Record::late(Arc::clone(&late), number),
            }));
        }
        rows
    }

    /// The record of a row of the set's own type.
    pub(super) fn pack(&self, at: u32) -> Record {
        Rows::of(self).pack(at).record()
    }

    fn row_of(&self, at: u32, record: Record) -> Row {
        Row { set: self.set, type_id: self.type_id(at), version: self.version(at), record }
    }
}

/// Rows until somebody looks at one.
struct Late {
    columns: Arc<Columns>,
    positions: Box<[u32]>,
    packed: OnceLock<Packed>,
}

/// Records, one behind the other.
struct Packed {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Box<[usize]>,
}

impl Unpacked for Late {
    fn bytes(&self, number: usize) -> &[u8] {
        let Packed { bytes, ends } = self.packed.get_or_init(|| {
            let mut rows = Rows::of(&self.columns);
            let mut bytes = Vec::with_capacity(self.positions.len() * ROW_BYTES);
            let ends = self.positions.iter().map(|at| {
                match self.columns.kept.get(at) {
                    Some(kept) => bytes.extend_from_slice(kept.as_bytes()),
                    None => bytes.extend_from_slice(rows.pack(*at).as_bytes()),
                }
                bytes.len()
            });
            let ends = ends.collect();
            Packed { bytes, ends }
        });
        let from = number.checked_sub(1).map_or(0, |before| ends[before]);
        &bytes[from..ends[number]]
    }

    fn place(&self, number: usize) -> u64 {
        u64::from(self.columns.moved) << 32 | u64::from(self.positions[number])
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

    /// A row of the set's own type.
    fn pack(&mut self, at: u32) -> &Packer {
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
        packer
    }
}
