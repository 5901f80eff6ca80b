//! Plain rows in memory as a [`Source`]: for tests, and for serving a model without a store.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use super::source::Source;
use crate::{
    error::Error,
    model::{Index, Key, Model, Prop, Record, Row, SetId, StructId, TextRef, Value},
};

/// Rows and long texts of a model, built by hand.
#[derive(Clone, Debug)]
pub struct MemorySource {
    model: Model,
    zone: TimeZone,
    rows: BTreeMap<(SetId, Key), Row>,
    texts: HashMap<(SetId, Key, Prop), Value>,
    version: u64,
}

impl MemorySource {
    /// No rows yet; calendar dates are in UTC.
    #[must_use]
    pub fn new(model: Model) -> Self {
        let (rows, texts) = (BTreeMap::new(), HashMap::new());
        Self { model, zone: TimeZone::UTC, rows, texts, version: 0 }
    }

    /// The same with calendar dates in `zone`.
    #[must_use]
    pub fn in_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// Puts an entity of the set's own type, in place of one with its key. `values` are by property
    /// index, long texts among them; what is missing is null.
    pub fn put(&mut self, set: SetId, values: &[Value]) -> Row {
        self.put_as(set, self.model.set(set).ty, values)
    }

    /// As [`MemorySource::put`], of a type derived from the set's.
    pub fn put_as(&mut self, set: SetId, type_id: StructId, values: &[Value]) -> Row {
        let structure = self.model.structure(type_id);
        self.version += 1;
        let is_text = |prop: Prop| values.get(usize::from(prop.0)).and_then(Value::as_text);
        let long = structure.props().filter(|(_, property)| property.is_long());
        let texts: Vec<(Prop, Option<&str>)> =
            long.map(|(prop, _)| (prop, is_text(prop))).collect();
        let refer = |text: &str| TextRef::to(text, self.version);
        let refs: Vec<(Prop, TextRef)> =
            texts.iter().filter_map(|(prop, text)| Some((*prop, refer((*text)?)))).collect();
        let record = Record::pack(type_id, structure, values, &refs);
        let row = Row { set, type_id, version: self.version, record };
        let key = row.key(&self.model);
        for (prop, text) in texts {
            self.texts.insert((set, key.clone(), prop), text.map_or(Value::Null, Value::text));
        }
        self.rows.insert((set, key), row.clone());
        row
    }

    /// As [`MemorySource::put_as`], with everything by name. `None` if a name is not declared.
    pub fn put_named(
        &mut self,
        set: &str,
        type_name: &str,
        named: &[(&str, Value)],
    ) -> Option<Row> {
        let set = self.model.find_set(set)?;
        let position = self.model.structs.iter().position(|ty| ty.name == type_name)?;
        let type_id = StructId(u16::try_from(position).ok()?);
        let structure = self.model.structure(type_id);
        let mut values = vec![Value::Null; structure.properties.len()];
        for (name, value) in named {
            values[usize::from(structure.property(name)?.0)] = value.clone();
        }
        Some(self.put_as(set, type_id, &values))
    }

    /// Takes an entity away; `None` if there was none.
    pub fn remove(&mut self, set: SetId, key: &Key) -> Option<Row> {
        self.rows.remove(&(set, key.clone()))
    }
}

impl Source for MemorySource {
    fn model(&self) -> &Model {
        &self.model
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        let from_first = self.rows.range((set, Key::Int(i64::MIN))..);
        Box::new(from_first.take_while(move |((at, _), _)| *at == set).map(|(_, row)| row.clone()))
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        self.rows.get(&(set, key.clone())).cloned()
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        let declared = self.model.entity_type(set).property_at(property);
        let is_case_ignored = declared.index() == Index::UniqueIgnoringCase;
        let folded = |value: &Value| match value.as_text() {
            Some(text) if is_case_ignored => Value::text(&text.to_lowercase()),
            Some(_) | None => value.clone(),
        };
        let wanted = folded(value);
        let of = |row: &Row| row.record.get(self.model.structure(row.type_id), property);
        self.rows(set).filter(|row| folded(&of(row)) == wanted).collect()
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        let at = (row.set, row.key(&self.model), property);
        Ok(self.texts.get(&at).cloned().unwrap_or(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::fixture::{THINGS, model, source};

    fn ids(rows: impl IntoIterator<Item = Row>) -> Vec<Option<i64>> {
        rows.into_iter().map(|row| row.key(&model()).as_int()).collect()
    }

    #[test]
    fn rows_are_told_by_key_and_each_set_on_its_own() {
        let source = source();
        assert_eq!(ids(source.rows(THINGS)), [Some(1), Some(2), Some(3)]);
        assert_eq!(ids(source.rows_after(THINGS, &Key::Int(1))), [Some(2), Some(3)]);
        assert_eq!(ids(source.rows_after(THINGS, &Key::Int(3))), []);
        assert_eq!(ids(source.rows_where(THINGS, Prop(0), &Value::Int(2))), [Some(2)]);
    }

    #[test]
    fn an_entity_put_again_replaces_the_former_with_its_texts() {
        let mut source = source();
        let body = model().entity_type(THINGS).property("Body").unwrap();
        let put = |source: &mut MemorySource, text: Value| {
            let named = [("Id", Value::Int(1)), ("Body", text)];
            let row = source.put_named("Things", "Thing", &named).unwrap();
            (source.long_text(&row, body).unwrap(), source.rows(THINGS).count())
        };
        assert_eq!(put(&mut source, "new".into()), ("new".into(), 3));
        assert_eq!(put(&mut source, Value::Null), (Value::Null, 3));
        assert!(source.remove(THINGS, &Key::Int(1)).is_some());
        assert_eq!(ids(source.rows(THINGS)), [Some(2), Some(3)]);
    }

    #[test]
    fn an_address_is_found_whatever_its_letter_case() {
        use crate::model::{helpdesk, props::customer, set::CUSTOMERS};
        let mut source = MemorySource::new(helpdesk().clone());
        let named = [("Id", Value::Int(1)), ("Email", "Ann@Example.org".into())];
        source.put_named("Customers", "Customer", &named).unwrap();
        let found = source.rows_where(CUSTOMERS, customer::EMAIL, &"ann@example.ORG".into());
        assert_eq!(found.len(), 1);
    }
}
