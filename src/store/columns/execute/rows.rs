//! Row by row, with the reference evaluator: what nothing faster is known for.

use roaring::RoaringBitmap;

use super::{
    found::{Found, each_chunk},
    reads::Reads,
    table::{Table, verdict},
    way::Leaf,
};
use crate::{
    error::Error,
    model::{Row, Value},
    query::{Binding, Expr, eval},
};

/// How many rows of a column could be looked at while one row is asked.
const ROW_COST: u64 = 64;

/// An expression, and what of a row it needs.
pub(super) struct Asked {
    pub(super) expr: Expr,
    pub(super) reads: Reads,
}

impl Asked {
    /// Its value for the row at a position.
    ///
    /// # Errors
    /// As [`eval()`].
    pub(super) fn of(&self, table: &Table<'_>, at: u32) -> Result<Value, Error> {
        eval(&self.expr, table.ctx, &mut vec![Binding::Row(self.row(table, at))])
    }

    /// The row, or what of it is read.
    fn row(&self, table: &Table<'_>, at: u32) -> Row {
        if self.reads.is_whole {
            return table.columns.row(at);
        }
        let known = self.reads.props.iter();
        table.partial(known.filter_map(|prop| Some((*prop, table.column(*prop)?.value(at)))))
    }
}

/// A condition asked of each row.
pub(super) struct Rows<'a> {
    asked: Asked,
    table: Table<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(expr: &Expr, reads: Reads, table: Table<'a>) -> Self {
        Self { asked: Asked { expr: expr.clone(), reads }, table }
    }
}

impl Leaf for Rows<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let mut found = Found::default();
        each_chunk(within, self.table.ctx, |_, rows| {
            for (count, at) in rows.iter().enumerate() {
                if count % 64 == 0 {
                    self.table.ctx.in_time()?;
                }
                if verdict(&self.asked.of(&self.table, *at)?) == Some(wanted) {
                    found.push(*at);
                }
            }
            Ok(())
        })?;
        Ok(found.rows())
    }

    fn cost(&self) -> u64 {
        self.table.columns.count().saturating_mul(ROW_COST)
    }

    fn is_by_row(&self) -> bool {
        true
    }

    fn told(&self) -> String {
        let structure = self.table.structure();
        let names = self.asked.reads.props.iter().map(|prop| structure.property_at(*prop).name);
        let names: Vec<&str> = names.collect();
        match (self.asked.reads.is_whole, names.is_empty()) {
            (true, true) => "row by row, with its long text".into(),
            (true, false) => format!("row by row, with its long text and {}", names.join(", ")),
            (false, _) => format!("row by row, by {}", names.join(", ")),
        }
    }
}
