//! A transaction at work: a copy of the state, and a list of what it changed.

use jiff::tz::TimeZone;

use super::{
    Draft, Edit, Seq, Touch,
    change::{Actor, Change, Commit},
    root::Root,
};
use crate::{
    error::Error,
    id::Guid,
    model::{ID_MAX, Key, Model, Prop, Row, SetId, Value},
    query::Source,
    time::Timestamp,
};

/// The state a transaction works on. Dropped without trace if the transaction is refused.
pub(super) struct Work {
    root: Root,
    model: &'static Model,
    seq: Seq,
    now: Timestamp,
    actor: Actor,
    changes: Vec<Change>,
    /// What each change was made to, in the order of the changes.
    formers: Vec<Option<Row>>,
}

impl Work {
    /// Work of `actor` on top of `root`, under the next sequence number.
    pub(super) fn on(
        root: Root,
        model: &'static Model,
        seq: Seq,
        now: Timestamp,
        actor: Actor,
    ) -> Self {
        Self { root, model, seq, now, actor, changes: Vec::new(), formers: Vec::new() }
    }

    /// The state afterwards and what was committed; `None` if nothing changed.
    pub(super) fn finish(self) -> Option<(Root, Commit)> {
        if self.changes.is_empty() {
            return None;
        }
        let mut root = self.root;
        root.set_seq(self.seq);
        let commit =
            Commit { seq: self.seq, at: self.now, actor: self.actor, changes: self.changes };
        Some((root, commit))
    }

    fn change(&mut self, change: Change, former: Option<Row>) {
        self.root.apply_change(&change, self.seq);
        self.changes.push(change);
        self.formers.push(former);
    }
}

impl Draft for Work {
    fn seq(&self) -> Seq {
        self.seq
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn has_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    fn touched(&self) -> Box<dyn Iterator<Item = Touch<'_>> + '_> {
        let touched = self.changes.iter().zip(&self.formers);
        Box::new(touched.filter_map(|(change, former)| match change {
            Change::Put { set, key, .. } | Change::Delete { set, key } => {
                Some(Touch { set: *set, key, former: former.as_ref() })
            }
            Change::Text { .. } => None,
        }))
    }

    fn next_id(&self, set: SetId) -> Result<i64, Error> {
        let id = self.root.next_id(set);
        if id > ID_MAX {
            let reason = format!("the ids of {} are used up", self.model.set(set).name);
            return Err(Error::Conflict { target: "Id".into(), reason });
        }
        Ok(id)
    }

    fn new_guid(&self, set: SetId, at: Timestamp, id: i64) -> Guid {
        self.root.new_guid(set, (at, id))
    }

    fn put(&mut self, set: SetId, mut edit: Edit) -> Result<Row, Error> {
        let key = edit.key(self.model);
        let former = self.root.row(set, &key);
        if let Some(row) = &former {
            edit.keep_same_texts(self.model, row);
        }
        let record = edit.pack(self.model, self.seq);
        if let Some(row) = former.as_ref().filter(|row| row.record == record) {
            return Ok(row.clone());
        }
        let wanted = Row { set, type_id: edit.type_id(), version: self.seq, record };
        // Which one it is, is not for everybody who may write to know.
        if let Some(prop) = self.root.rival(set, &key, &wanted) {
            let structure = self.model.structure(edit.type_id());
            return Err(Error::Conflict {
                target: structure.property_at(prop).name.to_owned(),
                reason: format!("another {} has this value, which must be unique", structure.name),
            });
        }
        let structure = self.model.structure(edit.type_id());
        for (prop, text) in edit.new_texts() {
            let Some(tag) = structure.property_at(prop).tag() else { continue };
            self.change(Change::Text { set, key: key.clone(), tag, text: text.clone() }, None);
        }
        self.change(Change::Put { set, key, record: wanted.record.clone() }, former);
        Ok(wanted)
    }

    fn delete(&mut self, set: SetId, key: &Key) -> bool {
        let former = self.root.row(set, key);
        let exists = former.is_some();
        if exists {
            self.change(Change::Delete { set, key: key.clone() }, former);
        }
        exists
    }

    fn attempt(
        &mut self,
        part: &mut dyn FnMut(&mut dyn Draft) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (before, length) = (self.root.clone(), self.changes.len());
        let result = part(self);
        if result.is_err() {
            self.root = before;
            self.changes.truncate(length);
            self.formers.truncate(length);
        }
        result
    }
}

impl Source for Work {
    fn model(&self) -> &Model {
        self.model
    }

    fn zone(&self) -> &TimeZone {
        self.root.zone()
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        self.root.rows(set)
    }

    fn rows_since(&self, set: SetId, seq: Seq) -> Box<dyn Iterator<Item = Row> + '_> {
        self.root.rows_since(set, seq)
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        self.root.row(set, key)
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        self.root.rows_where(set, property, value)
    }

    fn count_where(&self, set: SetId, property: Prop, value: &Value, unless: Option<Prop>) -> u64 {
        self.root.count_where(set, property, value, unless)
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        self.root.long_text(row, property)
    }
}
