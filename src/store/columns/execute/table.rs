//! One set as the executor sees it: its columns, its type, and rows made of some of its properties.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::{Ground, Limits, days};
use crate::{
    error::Error,
    model::{Model, Prop, Record, Row, SetId, StructType, Value},
    query::{Binding, Context, Expr, eval},
    store::columns::{Columns, column::Column, distinct::Distinct},
};

/// One set being asked.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    ground: Ground<'a>,
    pub(super) ctx: &'a Context<'a>,
    pub(super) set: SetId,
    pub(super) columns: &'a Arc<Columns>,
}

impl<'a> Table<'a> {
    /// The columns of a set; none where it has none, or entities of several types.
    pub(super) fn new(ground: Ground<'a>, set: SetId) -> Option<Self> {
        let Ground { tables, ctx, .. } = ground;
        let model = ctx.model();
        let ty = model.set(set).ty;
        if model.structs.iter().any(|structure| structure.base == Some(ty)) {
            return None;
        }
        let columns = tables.columns(set)?;
        columns.odd().is_empty().then_some(Self { ground, ctx, set, columns })
    }

    /// Another set of the same tables.
    pub(super) fn beside(&self, set: SetId) -> Option<Self> {
        Self::new(self.ground, set)
    }

    pub(super) fn model(&self) -> &'a Model {
        self.ctx.model()
    }

    /// The type of all its rows.
    pub(super) fn structure(&self) -> &'a StructType {
        self.model().entity_type(self.set)
    }

    /// What a property is called.
    pub(super) fn name(&self, prop: Prop) -> &'static str {
        self.structure().property_at(prop).name
    }

    pub(super) fn column(&self, prop: Prop) -> Option<&'a Column> {
        self.columns.column(prop)
    }

    /// What counts as few.
    pub(super) fn limits(&self) -> Limits {
        self.ground.tables.limits()
    }

    /// How many rows there are of a set, whatever it is made of.
    pub(super) fn rows_of(&self, set: SetId) -> u64 {
        self.ground.tables.rows_of(set)
    }

    /// What is known of the days of this query's instants.
    pub(super) fn days(&self) -> &'a days::Known {
        self.ground.days
    }

    /// The rows of each value of a column, where it has few.
    pub(super) fn few(&self, column: &'a Column) -> Option<Distinct<'a>> {
        column.distinct().filter(|few| few.len() <= self.limits().values)
    }

    /// All rows there are.
    pub(super) fn live(&self) -> &'a RoaringBitmap {
        self.columns.live()
    }

    /// The column of the key, where that is one integer.
    pub(super) fn key_column(&self) -> Option<&'a Column> {
        match self.structure().key.as_slice() {
            [key] => self.column(*key).filter(|column| is_integer(column)),
            _ => None,
        }
    }

    /// A row of which only these properties are known.
    pub(super) fn partial(&self, known: impl Iterator<Item = (Prop, Value)>) -> Row {
        let structure = self.structure();
        let mut values = vec![Value::Null; structure.properties.len()];
        for (prop, value) in known {
            values[usize::from(prop.0)] = value;
        }
        let type_id = self.model().set(self.set).ty;
        let record = Record::pack(type_id, structure, &values, &[]);
        Row { set: self.set, type_id, version: 0, record }
    }

    /// What `expr` is where `prop` is all it reads.
    pub(super) fn value_for(&self, expr: &Expr, prop: Prop, value: Value) -> Result<Value, Error> {
        let row = self.partial(std::iter::once((prop, value)));
        eval(expr, self.ctx, &mut vec![Binding::Row(row)])
    }
}

/// Whether a column holds integers.
pub(super) fn is_integer(column: &Column) -> bool {
    match column.ty() {
        crate::model::Type::Primitive(primitive) => primitive.integer_range().is_some(),
        crate::model::Type::Enum(_)
        | crate::model::Type::Complex(_)
        | crate::model::Type::Collection(_) => false,
    }
}

/// What a value is of a condition: true, false, or neither.
pub(super) fn verdict(value: &Value) -> Option<bool> {
    if let Value::Bool(flag) = value { Some(*flag) } else { None }
}
