//! Rows in memory, with the sets that are made of the items of others.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::tz::TimeZone;

use crate::{
    error::Error,
    model::{Contents, Index, Key, Model, Prop, Record, Row, SetId, Value, sortable},
    query::{Source, memory::MemorySource},
};

/// Rows of a set by the values of a property.
type Groups = Arc<HashMap<Vec<u8>, Vec<Row>>>;

/// The rows of a world.
pub(crate) struct Plain {
    rows: MemorySource,
    /// Looking at every row for each row would take too long.
    groups: Mutex<HashMap<(SetId, Prop), Groups>>,
}

impl Plain {
    pub(super) fn new(rows: MemorySource) -> Self {
        Self { rows, groups: Mutex::default() }
    }

    fn unfolds(&self, set: SetId) -> Option<(SetId, Prop)> {
        let Contents::Unfolded { set, property } = self.model().set(set).contents else {
            return None;
        };
        let from = self.model().find_set(set)?;
        Some((from, self.model().entity_type(from).property(property)?))
    }

    fn unfolded(&self, set: SetId, from: SetId, items: Prop) -> Vec<Row> {
        let (model, ty) = (self.model(), self.model().set(set).ty);
        let mut rows = BTreeMap::new();
        for row in self.rows.rows(from) {
            let structure = model.structure(row.type_id);
            let id = row.record.get(structure, structure.key[0]);
            for item in row.record.get(structure, items).items() {
                let values = [id.clone(), item.clone()];
                let record = Record::pack(ty, model.structure(ty), &values, &[]);
                let row = Row { set, type_id: ty, version: row.version, record };
                rows.insert(row.key(model), row);
            }
        }
        rows.into_values().collect()
    }

    fn groups(&self, set: SetId, property: Prop) -> Groups {
        let mut known = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let groups = known.entry((set, property)).or_insert_with(|| {
            let mut groups: HashMap<Vec<u8>, Vec<Row>> = HashMap::new();
            for row in self.rows(set) {
                let value = row.record.get(self.model().structure(row.type_id), property);
                groups.entry(sortable(&value)).or_default().push(row);
            }
            Arc::new(groups)
        });
        Arc::clone(groups)
    }
}

impl Source for Plain {
    fn model(&self) -> &Model {
        self.rows.model()
    }

    fn zone(&self) -> &TimeZone {
        self.rows.zone()
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        match self.unfolds(set) {
            None => self.rows.rows(set),
            Some((from, items)) => Box::new(self.unfolded(set, from, items).into_iter()),
        }
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        match self.unfolds(set) {
            None => self.rows.row(set, key),
            Some(_) => self.rows(set).find(|row| row.key(self.model()) == *key),
        }
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        let declared = self.model().entity_type(set).property_at(property);
        if declared.index() == Index::UniqueIgnoringCase {
            return self.rows.rows_where(set, property, value);
        }
        self.groups(set, property).get(&sortable(value)).cloned().unwrap_or_default()
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        self.rows.long_text(row, property)
    }
}
