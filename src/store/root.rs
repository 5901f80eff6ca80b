//! The state at one sequence number: the rows of every set, by property.
//!
//! Everything in it is shared between versions, so a copy costs nearly nothing and a reader's copy
//! never changes. Transactions change what lies over the columns; a published state has nothing there.
//! Long texts are not in it, except those the records do not have yet.

mod source;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::Arc;

use imbl::OrdMap;
use jiff::tz::TimeZone;

pub(super) use self::texts::Texts;
use super::{
    Seq, Snapshot,
    change::{Change, Commit, has_int_key, set_code, set_of_code},
    columns::{Columns, Stored},
    records::Applied,
};
use crate::{
    hash::SetHash,
    id::Guid,
    model::{Key, Model, Prop, Record, Row, SetId},
    search::Finder,
    time::Timestamp,
};

/// A long text's place: set, key, property number, transaction.
pub(super) type TextKey = (SetId, Key, u16, Seq);

/// All rows of every set at one sequence number.
#[derive(Clone)]
pub struct Root {
    model: &'static Model,
    zone: TimeZone,
    seq: Seq,
    sets: Vec<Arc<SetState>>,
    fresh_texts: OrdMap<TextKey, Arc<str>>,
    texts: Arc<dyn Texts>,
    finder: Option<Arc<Finder>>,
}

/// One set's rows, and what is counted of them.
#[derive(Clone)]
struct SetState {
    stored: Stored,
    last_id: i64,
    hash: SetHash,
    /// The last transaction that changed any of it, as far as this process has seen.
    changed: Seq,
}

/// What can be compared of two states of one set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of entities.
    pub rows: u64,
    /// The highest id ever used.
    pub last_id: i64,
    /// Hash over keys, versions and records, and the long texts they refer to.
    pub hash: SetHash,
}

impl Root {
    /// A state without any entity.
    #[must_use]
    pub fn empty(model: &'static Model, zone: TimeZone, texts: Arc<dyn Texts>) -> Self {
        let state = |(set, _)| {
            let stored = Stored::new(model, set);
            Arc::new(SetState { stored, last_id: 0, hash: SetHash::default(), changed: 0 })
        };
        let sets = model.set_ids().map(state).collect();
        let fresh_texts = OrdMap::new();
        Self { model, zone, seq: 0, sets, fresh_texts, texts, finder: None }
    }

    /// The state of columns that are there already, and what was counted of them.
    pub(super) fn of(
        model: &'static Model,
        zone: TimeZone,
        texts: Arc<dyn Texts>,
        (applied, sets): (&Applied, Vec<(SetId, Columns)>),
    ) -> Self {
        let mut root = Self::empty(model, zone, texts);
        for (set, columns) in sets {
            root.state_mut(set).stored = Stored::of(columns);
        }
        applied.give_to(&mut root, model);
        for (code, counts) in &applied.counts {
            if let Some(set) = set_of_code(model, *code) {
                root.state_mut(set).hash = counts.hash;
            }
        }
        root
    }

    /// What can be compared of one set.
    #[must_use]
    pub fn counts(&self, set: SetId) -> Counts {
        let state = self.state(set);
        Counts { rows: state.stored.count(), last_id: state.last_id, hash: state.hash }
    }

    /// The id the next entity of `set` gets.
    #[must_use]
    pub fn next_id(&self, set: SetId) -> i64 {
        self.state(set).last_id.saturating_add(1)
    }

    /// A Guid for the entity of `set` with that id, made at `at`: it tells the id, and is like those of the
    /// set's other entities, so that it takes little memory.
    #[must_use]
    pub fn new_guid(&self, set: SetId, (at, id): (Timestamp, i64)) -> Guid {
        self.state(set).stored.strain().guid(at, id)
    }

    /// Takes over what a set once counted, before rows are loaded into it.
    pub(super) fn set_last_id(&mut self, set: SetId, last_id: i64) {
        self.state_mut(set).last_id = last_id;
    }

    /// Says by what it is searched.
    pub(super) fn set_finder(&mut self, finder: Option<Arc<Finder>>) {
        self.finder = finder;
    }

    /// Says which transaction this state shows.
    pub(super) fn set_seq(&mut self, seq: Seq) {
        self.seq = seq;
    }

    /// Does what a committed transaction did.
    pub(super) fn apply(&mut self, commit: &Commit) {
        for change in &commit.changes {
            self.apply_change(change, commit.seq);
        }
        self.seq = commit.seq;
    }

    /// Does one change of transaction `seq`.
    pub(super) fn apply_change(&mut self, change: &Change, seq: Seq) {
        match change {
            Change::Put { set, key, record } => {
                self.insert(*set, key.clone(), record.clone(), seq);
            }
            Change::Delete { set, key } => {
                self.remove(*set, key);
                self.state_mut(*set).changed = seq;
            }
            Change::Text { set, key, tag, text } => {
                self.fresh_texts.insert((*set, key.clone(), *tag, seq), Arc::clone(text));
            }
        }
    }

    /// Puts a record in place of whatever has its key.
    fn insert(&mut self, set: SetId, key: Key, record: Record, version: Seq) {
        self.remove(set, &key);
        let row = self.count_in(set, &key, record, version);
        self.state_mut(set).stored.put(key, row);
    }

    /// As a `Put` of transaction `version`, for one of many rows that nobody reads yet but by key;
    /// [`Root::settle_loaded`] has to follow.
    pub(super) fn load(&mut self, set: SetId, key: &Key, record: Record, version: Seq) {
        if let Some(former) = self.state(set).stored.row(key) {
            self.count_out(set, key, &former);
        }
        let row = self.count_in(set, key, record, version);
        self.state_mut(set).stored.load(key, &row);
    }

    /// Does what a committed transaction did as [`Root::load`] does it; its long texts are left where
    /// they are kept.
    pub(super) fn replay(&mut self, commit: &Commit) {
        for change in &commit.changes {
            match change {
                Change::Put { set, key, record } => {
                    self.load(*set, key, record.clone(), commit.seq);
                }
                Change::Delete { set, key } => {
                    self.unload(*set, key);
                    self.state_mut(*set).changed = commit.seq;
                }
                Change::Text { .. } => {}
            }
        }
        self.seq = commit.seq;
    }

    fn unload(&mut self, set: SetId, key: &Key) {
        if let Some(row) = self.state(set).stored.row(key) {
            self.count_out(set, key, &row);
            self.state_mut(set).stored.unload(key);
        }
    }

    /// Ends a series of [`Root::load`] and [`Root::replay`].
    pub(super) fn settle_loaded(&mut self) {
        for state in &mut self.sets {
            Arc::make_mut(state).stored.settle_loaded();
        }
    }

    /// Has the columns take in what transactions did: once for all of a block, before it is shown.
    pub(super) fn fold(&mut self) {
        for state in self.sets.iter_mut().filter(|state| !state.stored.is_folded()) {
            Arc::make_mut(state).stored.fold();
        }
    }

    /// The rows of a set by property; all there are of them, in a state that is shown.
    pub(crate) fn columns(&self, set: SetId) -> &Arc<Columns> {
        self.state(set).stored.columns()
    }

    /// Has the columns know which of their rows are there, as who reads all of them has to.
    pub(super) fn gather_live(&self) {
        for state in &self.sets {
            state.stored.columns().live();
        }
    }

    /// The rows of a set that may have properties which their type does not have.
    pub(super) fn odd_rows(&self, set: SetId) -> impl Iterator<Item = Row> {
        self.state(set).stored.odd_rows()
    }

    /// Takes an entity out.
    fn remove(&mut self, set: SetId, key: &Key) {
        if let Some(row) = self.state(set).stored.row(key) {
            self.count_out(set, key, &row);
            self.state_mut(set).stored.remove(key);
        }
    }

    fn count_in(&mut self, set: SetId, key: &Key, record: Record, version: Seq) -> Row {
        let parts = hash_parts(self.model, set, key, version, &record);
        let state = self.state_mut(set);
        state.hash.add(&parts.parts());
        state.last_id = state.last_id.max(key.as_int().unwrap_or(0));
        state.changed = state.changed.max(version);
        Row { set, type_id: record.type_id(), version, record }
    }

    fn count_out(&mut self, set: SetId, key: &Key, row: &Row) {
        let parts = hash_parts(self.model, set, key, row.version, &row.record);
        self.state_mut(set).hash.remove(&parts.parts());
    }

    /// The property of which an entity other than `key` holds the value that `row` wants and may not share.
    pub(super) fn rival(&self, set: SetId, key: &Key, row: &Row) -> Option<Prop> {
        let (stored, structure) = (&self.state(set).stored, self.model.structure(row.type_id));
        stored.unique_props().find(|prop| {
            let wanted = row.record.get(structure, *prop);
            !wanted.is_null() && stored.is_taken(*prop, &wanted, key)
        })
    }

    /// Forgets long texts that the records have by now.
    pub(super) fn forget_texts(&mut self, keys: impl Iterator<Item = (SetId, Key, u16, Seq)>) {
        for key in keys {
            self.fresh_texts.remove(&key);
        }
    }

    /// How many long texts the records do not have yet.
    pub(super) fn fresh_texts(&self) -> u64 {
        self.fresh_texts.len() as u64
    }

    fn state(&self, set: SetId) -> &SetState {
        &self.sets[usize::from(set.0)]
    }

    /// As a state with many different values would be found by, see [`Columns::keep_few`].
    #[cfg(test)]
    pub(super) fn keep_few(&mut self, few_max: usize) {
        self.sets.iter_mut().for_each(|set| Arc::make_mut(set).stored.keep_few(few_max));
    }

    fn state_mut(&mut self, set: SetId) -> &mut SetState {
        Arc::make_mut(&mut self.sets[usize::from(set.0)])
    }
}

/// What the hash of a set is made of, for one row.
pub(super) struct HashParts {
    key: Vec<u8>,
    version: [u8; 8],
    record: Record,
}

impl HashParts {
    pub(super) fn parts(&self) -> [&[u8]; 3] {
        [&self.key, &self.version, self.record.as_bytes()]
    }
}

/// See [`Counts::hash`]. A long text is hashed through the digest in its reference.
pub(super) fn hash_parts(
    model: &Model,
    set: SetId,
    key: &Key,
    version: Seq,
    record: &Record,
) -> HashParts {
    let mut bytes = set_code(model, set).unwrap_or(0).to_be_bytes().to_vec();
    bytes.extend(key.to_bytes());
    HashParts { key: bytes, version: version.to_be_bytes(), record: record.clone() }
}

impl Snapshot for Root {
    fn seq(&self) -> Seq {
        self.seq
    }

    fn last_id(&self, set: SetId) -> i64 {
        self.state(set).last_id
    }
}

/// Reads a key of `set` from its stored bytes.
pub(super) fn key_of(model: &Model, set: SetId, bytes: &[u8]) -> Option<Key> {
    Key::from_bytes(bytes, has_int_key(model, set))
}
