//! Equality with a constant, by the key or by an index.

use roaring::RoaringBitmap;

use super::{
    compare::{Comparison, is_property, one_of},
    table::Table,
    way::Leaf,
};
use crate::{
    error::Error,
    model::{Index, Key, Primitive, Prop, Type, Value},
    query::{BinaryOp, Expr, compare::equal},
};

/// Values that are looked for at once; more are found sooner by going through the column.
const LOOKED_FOR_MAX: usize = 64;

/// The rows found.
struct Looked {
    rows: RoaringBitmap,
    told: String,
}

/// A way by the key or an index, if there is one.
pub(super) fn way<'a>(expr: &Expr, only: Prop, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
    let (left, wanted): (&Expr, Vec<&Value>) = match (Comparison::of(expr), one_of(expr)) {
        (Some(Comparison { left, op: BinaryOp::Eq, right }), _) => (left, vec![right]),
        (_, Some((left, items))) => (left, items),
        _ => return None,
    };
    let property = table.structure().property_at(only);
    let fits = |value: &&Value| match (value, &property.ty) {
        (Value::Text(_), Type::Primitive(Primitive::String))
        | (Value::Guid(_), Type::Primitive(Primitive::Guid)) => true,
        (Value::Int(_), Type::Primitive(primitive)) => primitive.integer_range().is_some(),
        _ => false,
    };
    if !is_property(left, only) || wanted.len() > LOOKED_FOR_MAX || !wanted.iter().all(fits) {
        return None;
    }
    let rows = if table.structure().key == [only] {
        let keys = wanted.into_iter().map(|value| Key::new(std::slice::from_ref(value)));
        keys.filter_map(|key| table.columns.find(&key)).collect()
    } else if property.index() == Index::None {
        return None;
    } else {
        let column = table.column(only)?;
        let mut rows = RoaringBitmap::new();
        for value in wanted {
            let found = table.columns.where_equal(only, value).into_iter();
            // Letter case may be ignored there.
            rows.extend(found.filter(|at| equal(&column.value(*at), value)));
        }
        rows
    };
    let told = format!("{} found by index", property.name);
    Some(Box::new(Looked { rows, told }))
}

impl Leaf for Looked {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        Ok(if wanted { within & &self.rows } else { within - &self.rows })
    }

    fn cost(&self) -> u64 {
        self.rows.len() / 64
    }

    fn told(&self) -> String {
        format!("{}, {} rows", self.told, self.rows.len())
    }
}
