//! A snapshot of the helpdesk under Tikit's sets: the same records, read by other declarations.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::model::{ours, tikit};
use crate::{
    error::Error,
    model::{Key, Model, Prop, Row, SetId, StructType, Value, helpdesk},
    query::Source,
};

/// The snapshot; a set that we have nothing for is empty.
pub(super) struct Renamed(pub(super) Arc<dyn Source>);

/// A row of ours as one of theirs: only set and type have other numbers.
fn theirs(set: SetId, row: Row) -> Row {
    Row { set, type_id: tikit().set(set).ty, ..row }
}

/// The property of ours in the same place of the record.
fn property_of_ours(there: &StructType, set: SetId, prop: Prop) -> Option<Prop> {
    let tag = tikit().entity_type(set).property_at(prop).tag()?;
    there.props().find(|(_, property)| property.tag() == Some(tag)).map(|(prop, _)| prop)
}

impl Source for Renamed {
    fn model(&self) -> &Model {
        tikit()
    }

    fn zone(&self) -> &TimeZone {
        self.0.zone()
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        match ours(set) {
            Some(there) => Box::new(self.0.rows(there).map(move |row| theirs(set, row))),
            None => Box::new(std::iter::empty()),
        }
    }

    fn rows_after<'a>(&'a self, set: SetId, key: &'a Key) -> Box<dyn Iterator<Item = Row> + 'a> {
        match ours(set) {
            Some(there) => Box::new(self.0.rows_after(there, key).map(move |row| theirs(set, row))),
            None => Box::new(std::iter::empty()),
        }
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        self.0.row(ours(set)?, key).map(|row| theirs(set, row))
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        let found = ours(set).and_then(|there| {
            let prop = property_of_ours(helpdesk().entity_type(there), set, property)?;
            Some(self.0.rows_where(there, prop, value))
        });
        found.into_iter().flatten().map(|row| theirs(set, row)).collect()
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        let Some(there) = ours(row.set) else { return Ok(Value::Null) };
        let Some(prop) = property_of_ours(helpdesk().entity_type(there), row.set, property) else {
            return Ok(Value::Null);
        };
        let type_id = helpdesk().set(there).ty;
        self.0.long_text(&Row { set: there, type_id, ..row.clone() }, prop)
    }
}
