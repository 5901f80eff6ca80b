//! An entity being made or changed.

use std::sync::Arc;

use crate::model::{Key, Model, Prop, Record, Row, SetId, StructId, TextRef, Value};

/// An entity's stored properties, open for change. Long texts that are left alone are not read.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    type_id: StructId,
    values: Vec<Value>,
    texts: Vec<(Prop, Text)>,
}

/// A long text of an edit.
#[derive(Clone, Debug, PartialEq)]
enum Text {
    Kept(TextRef),
    New(Arc<str>),
}

impl Edit {
    /// An entity of `set` with nothing in it yet.
    #[must_use]
    pub fn new(model: &Model, set: SetId) -> Self {
        let type_id = model.set(set).ty;
        let values = vec![Value::Null; model.structure(type_id).properties.len()];
        Self { type_id, values, texts: Vec::new() }
    }

    /// An entity as it stands.
    #[must_use]
    pub fn of(model: &Model, row: &Row) -> Self {
        let structure = model.structure(row.type_id);
        let texts = structure
            .props()
            .filter(|(_, property)| property.is_long())
            .filter_map(|(prop, _)| {
                row.record.text_ref(structure, prop).map(|text| (prop, Text::Kept(text)))
            })
            .collect();
        Self { type_id: row.type_id, values: row.record.unpack(structure), texts }
    }

    /// A property's value; of a long text only what this edit set.
    #[must_use]
    pub fn get(&self, prop: Prop) -> Value {
        if let Some((_, Text::New(text))) = self.texts.iter().find(|(at, _)| *at == prop) {
            return Value::Text(Arc::clone(text));
        }
        self.values.get(usize::from(prop.0)).cloned().unwrap_or(Value::Null)
    }

    /// Sets a stored property; what is not stored is ignored.
    pub fn set(&mut self, model: &Model, prop: Prop, value: impl Into<Value>) {
        let value = value.into();
        if model.structure(self.type_id).property_at(prop).is_long() {
            self.texts.retain(|(at, _)| *at != prop);
            if let Value::Text(text) = value {
                self.texts.push((prop, Text::New(text)));
            }
        } else if let Some(slot) = self.values.get_mut(usize::from(prop.0)) {
            *slot = value;
        }
    }

    /// The entity's type.
    #[must_use]
    pub fn type_id(&self) -> StructId {
        self.type_id
    }

    /// The key its values make.
    #[must_use]
    pub fn key(&self, model: &Model) -> Key {
        let key: Vec<Value> =
            model.structure(self.type_id).key.iter().map(|prop| self.get(*prop)).collect();
        Key::new(&key)
    }

    /// Keeps the texts of `row` that this edit sets to what they are.
    pub(super) fn keep_same_texts(&mut self, model: &Model, row: &Row) {
        let structure = model.structure(row.type_id);
        for (prop, text) in &mut self.texts {
            if let (Text::New(new), Some(old)) = (&*text, row.record.text_ref(structure, *prop))
                && old.vouches_for(new)
            {
                *text = Text::Kept(old);
            }
        }
    }

    /// The long texts this edit sets.
    pub(super) fn new_texts(&self) -> impl Iterator<Item = (Prop, &Arc<str>)> {
        self.texts.iter().filter_map(|(prop, text)| match text {
            Text::New(text) => Some((*prop, text)),
            Text::Kept(_) => None,
        })
    }

    /// The record, with new long texts written under `seq`.
    pub(super) fn pack(&self, model: &Model, seq: u64) -> Record {
        let texts: Vec<(Prop, TextRef)> = self
            .texts
            .iter()
            .map(|(prop, text)| match text {
                Text::Kept(text) => (*prop, *text),
                Text::New(text) => (*prop, TextRef::to(text, seq)),
            })
            .collect();
        Record::pack(self.type_id, model.structure(self.type_id), &self.values, &texts)
    }
}
