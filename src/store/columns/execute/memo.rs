//! A condition on one property with many values: asked once for each value that comes along.

use std::{cell::RefCell, collections::HashMap};

use roaring::RoaringBitmap;

use super::{
    found::{Found, each_chunk},
    rows::behind,
    table::{Table, verdict},
    way::Leaf,
};
use crate::{
    error::Error,
    model::{Prop, Value},
    query::Expr,
    store::columns::column::{Column, Kind},
};

/// Answers that are remembered; some MB.
const ANSWERS_MAX: usize = 65_536;
/// How many rows of a column could be looked at while one value is asked or remembered.
const COST: u64 = 16;

/// What a value is remembered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Known {
    Null,
    Number(i64),
    Payload(Box<[u8]>),
}

/// A condition that reads one property.
pub(super) struct Memo<'a> {
    expr: Expr,
    prop: Prop,
    column: &'a Column,
    table: Table<'a>,
    answers: RefCell<HashMap<Known, Option<bool>>>,
}

impl<'a> Memo<'a> {
    /// A way for a property whose values are worth remembering: neither texts nor the key.
    pub(super) fn way(expr: &Expr, prop: Prop, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
        let column = table.column(prop)?;
        let is_key = table.structure().key.contains(&prop);
        let is_kept = match column.kind {
            Kind::Flag | Kind::Number | Kind::Raw => true,
            Kind::Text | Kind::Guid | Kind::Ref => false,
        };
        (is_kept && !is_key).then(|| -> Box<dyn Leaf + 'a> {
            let (expr, answers) = (expr.clone(), RefCell::default());
            Box::new(Self { expr, prop, column, table, answers })
        })
    }

    fn answer(&self, at: u32) -> Result<Option<bool>, Error> {
        let known = match (self.column.int(at), self.column.payload(at)) {
            (Some(number), _) => Known::Number(number),
            (None, Some(payload)) => Known::Payload(payload.into()),
            (None, None) => Known::Null,
        };
        if let Some(answer) = self.answers.borrow().get(&known) {
            return Ok(*answer);
        }
        let value = if known == Known::Null { Value::Null } else { self.column.value(at) };
        let answer = verdict(&self.table.value_for(&self.expr, self.prop, value)?);
        let mut answers = self.answers.borrow_mut();
        if answers.len() < ANSWERS_MAX {
            answers.insert(known, answer);
        }
        Ok(answer)
    }
}

impl Leaf for Memo<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let mut found = Found::default();
        each_chunk(within, self.table.ctx, |_, rows| {
            for at in rows {
                if self.answer(*at)? == Some(wanted) {
                    found.push(*at);
                }
            }
            Ok(())
        })?;
        Ok(found.rows())
    }

    fn cost(&self) -> u64 {
        let each = COST.saturating_add(behind(&self.expr, &self.table));
        self.table.columns.count().saturating_mul(each)
    }

    fn told(&self) -> String {
        format!("{} asked once for each of its values", self.table.name(self.prop))
    }
}
