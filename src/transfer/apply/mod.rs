//! A line's second half, inside the transaction: finds what it means and writes what differs.

mod comments;
mod people;
mod plain;
mod tickets;

use std::{collections::HashMap, sync::Arc};

use super::read::Entity;
use crate::{
    desk::{check_value, lookups::LookUp},
    error::Error,
    id::guid_at,
    model::{ID_MAX, Key, Model, Prop, Row, SetId, Value, set},
    store::{Draft, Edit},
    time::Timestamp,
};

/// What became of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Updated,
    Unchanged,
}

/// What is worth remembering between the lines of an import.
pub(super) struct Memo {
    model: &'static Model,
    look_ups: Vec<LookUp>,
    /// Customers without an address by name; filled at the first question.
    without_address: Option<HashMap<Arc<str>, i64>>,
}

impl Memo {
    pub(super) fn new(model: &'static Model) -> Self {
        let look_ups = crate::desk::lookups::of(model, model.entity_type(set::TICKETS));
        Self { model, look_ups, without_address: None }
    }
}

/// One line at work.
pub(super) struct Work<'a> {
    draft: &'a mut dyn Draft,
    memo: &'a mut Memo,
    model: &'static Model,
    outcomes: Vec<(SetId, Outcome)>,
    /// Comments of this line that were found again, so that two alike are two.
    found_again: Vec<Key>,
}

/// Does what a line says; what became of every entity it touched.
///
/// # Errors
/// Why the line is refused.
pub(super) fn apply(
    draft: &mut dyn Draft,
    memo: &mut Memo,
    id: SetId,
    entity: &Entity,
) -> Result<Vec<(SetId, Outcome)>, Error> {
    let model = memo.model;
    let mut work =
        Work { draft, memo, model, outcomes: Vec::with_capacity(1), found_again: vec![] };
    match id {
        set::TICKETS => work.ticket(entity)?,
        set::COMMENTS => work.comment(entity, None)?,
        _ => work.plain(id, entity)?,
    }
    Ok(work.outcomes)
}

impl Work<'_> {
    fn count(&mut self, set: SetId, outcome: Outcome) {
        self.outcomes.push((set, outcome));
    }

    /// What is stored of an entity, or an empty edit with a key and times of its own.
    ///
    /// # Errors
    /// `InvalidValue` for an id out of range, `Conflict` where the ids are used up.
    fn start(&self, id: SetId, before: Option<&Row>, entity: &Entity) -> Result<Edit, Error> {
        if let Some(row) = before {
            return Ok(Edit::of(self.model, row));
        }
        let mut edit = Edit::new(self.model, id);
        let now = self.draft.now();
        let structure = self.model.entity_type(id);
        for (name, value) in [
            ("CreatedDateTime", Value::Instant(now)),
            ("UpdatedDateTime", Value::Instant(self.first_update(id, entity))),
        ] {
            if let Some(prop) = structure.property(name) {
                edit.set(self.model, prop, value);
            }
        }
        let mut guid = guid_at(now);
        if let [only] = structure.key.as_slice() {
            let key = match entity.int(*only) {
                None => self.draft.next_id(id)?,
                Some(key) if (1..=ID_MAX).contains(&key) => key,
                Some(_) => {
                    let name = structure.property_at(*only).name;
                    return Err(refusal(name, format!("it takes a number from 1 to {ID_MAX}")));
                }
            };
            edit.set(self.model, *only, key);
            guid = self.draft.new_guid(id, now, key);
        }
        if let Some(prop) = structure.property("Guid") {
            edit.set(self.model, prop, guid);
        }
        Ok(edit)
    }

    /// An entity without a last change was last changed when it was made.
    fn first_update(&self, id: SetId, entity: &Entity) -> Timestamp {
        let created = self.model.entity_type(id).property("CreatedDateTime");
        let given = created.and_then(|prop| entity.get(prop)).and_then(Value::as_instant);
        given.unwrap_or(self.draft.now())
    }

    /// Writes the given stored properties into `edit`. Null for what is never null says nothing.
    fn fill(&self, edit: &mut Edit, before: Option<&Row>, entity: &Entity) -> Result<(), Error> {
        let structure = self.model.structure(edit.type_id());
        for (prop, value) in entity.iter() {
            let property = structure.property_at(prop);
            if property.tag().is_none() || value.is_null() && !property.nullable {
                continue;
            }
            check_value(property, value)?;
            if property.is_long()
                && before.is_some_and(|row| is_same_text(self.model, row, prop, value))
            {
                continue;
            }
            edit.set(self.model, prop, value.clone());
        }
        Ok(())
    }

    /// Refuses an entity without what it must have.
    fn check_complete(&self, edit: &Edit) -> Result<(), Error> {
        let structure = self.model.structure(edit.type_id());
        for (prop, property) in structure.props() {
            if property.tag().is_some() && !property.nullable && edit.get(prop).is_null() {
                return Err(refusal(property.name, "it must be given"));
            }
        }
        Ok(())
    }

    /// Stores an edit if it differs from what was there; the row, and the row before if it differed.
    fn finish(
        &mut self,
        id: SetId,
        mut edit: Edit,
        before: Option<&Row>,
        updated: (Prop, bool),
    ) -> Result<(Row, Outcome), Error> {
        let outcome = match before {
            Some(row) if edit == Edit::of(self.model, row) => {
                return Ok((row.clone(), Outcome::Unchanged));
            }
            Some(row) => {
                let (prop, is_given) = updated;
                if !is_given {
                    edit.set(self.model, prop, crate::desk::later(self.draft, row, prop));
                }
                Outcome::Updated
            }
            None => {
                self.check_complete(&edit)?;
                Outcome::Created
            }
        };
        Ok((self.draft.put(id, edit)?, outcome))
    }

    /// Where a set keeps the time of the last change; every stored set has one.
    fn updated_of(&self, id: SetId) -> Prop {
        self.model.entity_type(id).property("UpdatedDateTime").unwrap_or(Prop(0))
    }

    /// Refuses an id in `target` that is not in its set.
    fn check_there(&self, set: SetId, target: &str, id: i64) -> Result<(), Error> {
        if self.row(set, id).is_some() {
            return Ok(());
        }
        let set = self.model.set(set).name;
        Err(refusal(target, format!("there is no {set}({id})")))
    }

    fn row(&self, set: SetId, id: i64) -> Option<Row> {
        self.draft.row(set, &Key::Int(id))
    }

    fn id_of(&self, row: &Row) -> i64 {
        row.key(self.model).as_int().unwrap_or_default()
    }
}

fn is_same_text(model: &Model, row: &Row, prop: Prop, value: &Value) -> bool {
    let kept = row.record.text_ref(model.structure(row.type_id), prop);
    kept.zip(value.as_text()).is_some_and(|(kept, given)| kept.vouches_for(given))
}

fn refusal(target: &str, reason: impl Into<String>) -> Error {
    Error::InvalidValue { target: target.to_owned(), reason: reason.into() }
}
