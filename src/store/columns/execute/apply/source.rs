//! What is added up of a row: a column, or what is computed from columns.

use crate::{
    model::{Entity, Key, Origin, Prop, Reads, SetId, Value},
    query::{
        Context, Expr, Path, Step, Var,
        apply::{Aggregate, Method},
        value,
    },
    store::columns::{Columns, column::Column},
    time::Timestamp,
};

/// Where the values of one aggregate come from.
pub(super) enum Taken<'a> {
    /// The row itself.
    Row,
    /// A stored property.
    Column(&'a Column),
    /// A property that is a function of stored ones.
    Made(Prop, fn(&dyn Entity) -> Value),
}

impl<'a> Taken<'a> {
    /// Of an aggregate, if it is one of those that are quick.
    pub(super) fn of(columns: &'a Columns, aggregate: &Aggregate) -> Option<Self> {
        let Some(expr) = &aggregate.of else {
            return (aggregate.method == Method::Count).then_some(Self::Row);
        };
        let Expr::Path(Path { from: Var(0), steps }) = expr else { return None };
        let [Step::Property(prop)] = steps.as_slice() else { return None };
        let structure = columns.model().entity_type(columns.set_id());
        let is_stored =
            |prop: &Prop| matches!(structure.property_at(*prop).origin, Origin::Stored { .. });
        match structure.property_at(*prop).origin {
            Origin::Stored { .. } => columns.column(*prop).map(Self::Column),
            Origin::Computed(made, Reads::Only(read, _)) if read.iter().all(is_stored) => {
                Some(Self::Made(*prop, made))
            }
            Origin::Computed(made, Reads::Hours(read)) if read.iter().all(is_stored) => {
                Some(Self::Made(*prop, made))
            }
            Origin::Computed(..)
            | Origin::LongText { .. }
            | Origin::LookUp { .. }
            | Origin::Count { .. } => None,
        }
    }

    /// The value of the row at a position.
    pub(super) fn value(&self, columns: &Columns, at: u32, ctx: &Context<'_>) -> Value {
        match self {
            Self::Row => Value::Int(1),
            Self::Column(column) => column.value(at),
            Self::Made(_, made) => made(&Seen { columns, position: at, ctx }),
        }
    }
}

/// A row as a computed property sees it.
struct Seen<'a> {
    columns: &'a Columns,
    position: u32,
    ctx: &'a Context<'a>,
}

impl Entity for Seen<'_> {
    fn value(&self, property: Prop) -> Value {
        self.columns.column(property).map_or(Value::Null, |column| column.value(self.position))
    }

    fn look_up(&self, set: SetId, id: &Value, property: Prop) -> Value {
        if id.is_null() {
            return Value::Null;
        }
        let row = self.ctx.source.row(set, &Key::new(std::slice::from_ref(id)));
        row.and_then(|row| value(self.ctx, &row, property).ok()).unwrap_or(Value::Null)
    }

    fn now(&self) -> Timestamp {
        self.ctx.now
    }

    fn date_of(&self, instant: Option<Timestamp>) -> Value {
        instant.map_or(Value::Null, |at| Value::Date(at.date_in(self.ctx.source.zone())))
    }
}
