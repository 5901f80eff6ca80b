//! Row by row, with the reference evaluator: what nothing faster is known for.

use std::cell::OnceCell;

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
    query::{self, Binding, Expr, behind::Place, eval},
};

/// How many rows of a column could be looked at while one row is asked.
pub(super) const ROW_COST: u64 = 64;

/// About how many rows are looked at while `expr` is asked of one row: those that collections lead to.
pub(super) fn behind(expr: &Expr, table: &Table<'_>) -> u64 {
    let it = table.ctx.it.map(|row| row.set);
    let count = |set| table.rows_of(set);
    let place = Place { model: table.model(), set: Some(table.set), it, count: &count };
    query::behind::behind(expr, place)
}

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
        let each = ROW_COST.saturating_add(behind(&self.asked.expr, &self.table));
        self.table.columns.count().saturating_mul(each)
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

/// A condition that is the same for all rows, and asks so many others that it is asked only when it must be.
pub(super) struct Once<'a> {
    expr: Expr,
    table: Table<'a>,
    answer: OnceCell<Option<bool>>,
}

impl<'a> Once<'a> {
    pub(super) fn new(expr: &Expr, table: Table<'a>) -> Self {
        Self { expr: expr.clone(), table, answer: OnceCell::new() }
    }
}

impl Leaf for Once<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let answer = if let Some(known) = self.answer.get() {
            *known
        } else {
            let row = Binding::Row(self.table.partial(std::iter::empty()));
            let value = eval(&self.expr, self.table.ctx, &mut vec![row])?;
            *self.answer.get_or_init(|| verdict(&value))
        };
        Ok(if answer == Some(wanted) { within.clone() } else { RoaringBitmap::new() })
    }

    fn cost(&self) -> u64 {
        behind(&self.expr, &self.table).saturating_mul(ROW_COST)
    }

    fn told(&self) -> String {
        "the same for all rows, asked once".to_owned()
    }
}
