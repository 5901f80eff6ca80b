//! The state at one sequence number: rows by key, and the indexes the model asks for.
//!
//! Everything in it is shared between versions, so a copy costs nearly nothing and a reader's copy
//! never changes. Long texts are not in it, except those the records do not have yet.

use std::{ops::Bound, sync::Arc};

use imbl::{OrdMap, OrdSet};
use jiff::tz::TimeZone;

use super::{
    Seq, Snapshot,
    change::{Change, Commit, has_int_key, set_code},
};
use crate::{
    error::Error,
    hash::{Digest, SetHash},
    model::{Contents, Index, Key, Model, Origin, Prop, Record, Row, SetId, Value, sortable},
    query::{Context, Hits, Search, Source},
    search::Finder,
};

/// Reads long texts from where they are kept for good.
pub trait Texts: Send + Sync {
    /// The text of property `tag` of an entity, as written by transaction `seq`.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    fn read(&self, set: SetId, key: &Key, tag: u16, seq: Seq) -> Result<Arc<str>, Error>;
}

/// A long text's place: set, key, property number, transaction.
type TextKey = (SetId, Key, u16, Seq);

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

/// One set's rows, their indexes, and what is counted of them.
#[derive(Clone, Default)]
struct SetState {
    rows: OrdMap<Key, Row>,
    indexes: Vec<Entries>,
    last_id: i64,
    hash: SetHash,
}

/// The index of one property: its values, each with the key of an entity that has it.
type Entries = (Prop, Index, OrdSet<(Key, Key)>);

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
        let sets = model
            .set_ids()
            .map(|(set, _)| {
                let indexes = model
                    .entity_type(set)
                    .props()
                    .filter(|(_, property)| property.index() != Index::None)
                    .map(|(prop, property)| (prop, property.index(), OrdSet::new()))
                    .collect();
                Arc::new(SetState { indexes, ..SetState::default() })
            })
            .collect();
        Self { model, zone, seq: 0, sets, fresh_texts: OrdMap::new(), texts, finder: None }
    }

    /// What can be compared of one set.
    #[must_use]
    pub fn counts(&self, set: SetId) -> Counts {
        let state = self.state(set);
        Counts { rows: state.rows.len() as u64, last_id: state.last_id, hash: state.hash }
    }

    /// The id the next entity of `set` gets.
    #[must_use]
    pub fn next_id(&self, set: SetId) -> i64 {
        self.state(set).last_id.saturating_add(1)
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
            }
            Change::Text { set, key, tag, text } => {
                self.fresh_texts.insert((*set, key.clone(), *tag, seq), Arc::clone(text));
            }
        }
    }

    /// Puts a record in place of whatever has its key.
    pub(super) fn insert(&mut self, set: SetId, key: Key, record: Record, version: Seq) -> Row {
        self.remove(set, &key);
        let row = Row { set, type_id: record.type_id(), version, record };
        let model = self.model;
        let hashed = hash_parts(model, set, &key, version, &row.record);
        let state = self.state_mut(set);
        state.hash.add(&hashed.parts());
        state.last_id = state.last_id.max(key.as_int().unwrap_or(0));
        for (prop, index, entries) in &mut state.indexes {
            if let Some(value) = indexed(model, &row, *prop, *index) {
                entries.insert((value, key.clone()));
            }
        }
        state.rows.insert(key, row.clone());
        row
    }

    /// Takes an entity out; what it was.
    pub(super) fn remove(&mut self, set: SetId, key: &Key) -> Option<Row> {
        if !self.state(set).rows.contains_key(key) {
            return None;
        }
        let model = self.model;
        let state = self.state_mut(set);
        let row = state.rows.remove(key)?;
        state.hash.remove(&hash_parts(model, set, key, row.version, &row.record).parts());
        for (prop, index, entries) in &mut state.indexes {
            if let Some(value) = indexed(model, &row, *prop, *index) {
                entries.remove(&(value, key.clone()));
            }
        }
        Some(row)
    }

    /// The property of which an entity other than `key` holds the value that `row` wants and may not share.
    pub(super) fn rival(&self, set: SetId, key: &Key, row: &Row) -> Option<Prop> {
        for (prop, index, entries) in &self.state(set).indexes {
            if matches!(index, Index::None | Index::Many) {
                continue;
            }
            let Some(value) = indexed(self.model, row, *prop, *index) else { continue };
            let wanted = row.record.get(self.model.structure(row.type_id), *prop);
            let rows = range(entries, value).filter(|(_, other)| other != key);
            let mut rows = rows.filter_map(|(_, other)| self.state(set).rows.get(other));
            if rows.any(|other| self.holds(other, *prop, &wanted)) {
                return Some(*prop);
            }
        }
        None
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

    /// Whether a row found by an index has the value: of a binary only the beginning is in the index.
    fn holds(&self, row: &Row, property: Prop, value: &Value) -> bool {
        match value {
            Value::Binary(wanted) => {
                let structure = self.model.structure(row.type_id);
                row.record.bytes(structure, property) == Some(wanted)
            }
            _ => true,
        }
    }

    fn state(&self, set: SetId) -> &SetState {
        &self.sets[usize::from(set.0)]
    }

    fn state_mut(&mut self, set: SetId) -> &mut SetState {
        Arc::make_mut(&mut self.sets[usize::from(set.0)])
    }

    /// The rows of a set that is made of the items of another set's collection.
    fn unfolded(&self, set: SetId, from: SetId, items: Prop, row: &Row) -> Vec<Row> {
        let structure = self.model.entity_type(from);
        let [key] = structure.key.as_slice() else { return Vec::new() };
        let target = self.model.entity_type(set);
        let type_id = self.model.set(set).ty;
        let id = row.record.get(structure, *key);
        let items = row.record.get(structure, items);
        let pack = |item: &Value| Row {
            set,
            type_id,
            version: row.version,
            record: Record::pack(type_id, target, &[id.clone(), item.clone()], &[]),
        };
        let mut rows: Vec<Row> = items.items().iter().map(pack).collect();
        rows.sort_by_cached_key(|row| row.key(self.model));
        rows
    }

    /// The rows of `from` that the row of an unfolded set with this key, and all after it, are made of;
    /// where `from` has integer keys the first is the one for this key, if there is one.
    fn sources(&self, from: SetId, key: &Key) -> impl Iterator<Item = &Row> {
        // Such a key begins with the key of its source, which can be read back where it is an integer.
        let first = key.leading_int().filter(|_| has_int_key(self.model, from)).map(Key::Int);
        let first = first.map_or(Bound::Unbounded, Bound::Included);
        self.state(from).rows.range((first, Bound::Unbounded)).map(|(_, row)| row)
    }

    fn unfolds(&self, set: SetId) -> Option<(SetId, Prop)> {
        match self.model.set(set).contents {
            // Computed rows are none of the store's.
            Contents::Stored { .. } | Contents::Computed { .. } => None,
            Contents::Unfolded { set, property } => {
                let from = self.model.find_set(set)?;
                Some((from, self.model.entity_type(from).property(property)?))
            }
        }
    }
}

fn range(entries: &OrdSet<(Key, Key)>, value: Key) -> impl Iterator<Item = &(Key, Key)> {
    let from = (value.clone(), Key::Int(i64::MIN));
    entries.range(from..).take_while(move |(found, _)| *found == value)
}

/// The index entry of a row's property; none for null.
fn indexed(model: &Model, row: &Row, prop: Prop, index: Index) -> Option<Key> {
    index_key(&row.record.get(model.structure(row.type_id), prop), index)
}

fn index_key(value: &Value, index: Index) -> Option<Key> {
    match (value, index) {
        (Value::Null, _) => None,
        (Value::Int(number), _) => Some(Key::Int(*number)),
        // Digests differ in their first bytes, and a number is compared without a look elsewhere.
        (Value::Binary(bytes), _) if bytes.len() >= 8 => {
            bytes.first_chunk().map(|first| Key::Int(i64::from_be_bytes(*first)))
        }
        (Value::Text(text), Index::UniqueIgnoringCase) => {
            Some(Key::Bytes(sortable(&Value::text(&text.to_lowercase())).into()))
        }
        (value, _) => Some(Key::Bytes(sortable(value).into())),
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

impl Source for Root {
    fn model(&self) -> &Model {
        self.model
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        match self.unfolds(set) {
            None => Box::new(self.state(set).rows.values().cloned()),
            Some((from, items)) => {
                let rows = self.state(from).rows.values();
                Box::new(rows.flat_map(move |row| self.unfolded(set, from, items, row)))
            }
        }
    }

    fn rows_after<'a>(&'a self, set: SetId, key: &'a Key) -> Box<dyn Iterator<Item = Row> + 'a> {
        match self.unfolds(set) {
            None => {
                let behind = (Bound::Excluded(key), Bound::Unbounded);
                let rows = self.state(set).rows.range::<(Bound<&Key>, Bound<&Key>), Key>(behind);
                Box::new(rows.map(|(_, row)| row.clone()))
            }
            Some((from, items)) => {
                let rows = self.sources(from, key);
                let rows = rows.flat_map(move |row| self.unfolded(set, from, items, row));
                Box::new(rows.skip_while(move |row| row.key(self.model) <= *key))
            }
        }
    }

    fn rows_since(&self, set: SetId, seq: Seq) -> Box<dyn Iterator<Item = Row> + '_> {
        match self.unfolds(set) {
            None => {
                let rows = self.state(set).rows.values();
                Box::new(rows.filter(move |row| row.version > seq).cloned())
            }
            Some(_) => Box::new(self.rows(set).filter(move |row| row.version > seq)),
        }
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        match self.unfolds(set) {
            None => self.state(set).rows.get(key).cloned(),
            Some((from, items)) => {
                let is_key = |row: &Row| row.key(self.model) == *key;
                let one = if has_int_key(self.model, from) { 1 } else { usize::MAX };
                let mut sources = self.sources(from, key).take(one);
                sources
                    .find_map(|row| self.unfolded(set, from, items, row).into_iter().find(is_key))
            }
        }
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        if let Some((from, items)) = self.unfolds(set) {
            if property == Prop(0) {
                let row = self.state(from).rows.get(&Key::new(std::slice::from_ref(value)));
                return row.map_or_else(Vec::new, |row| self.unfolded(set, from, items, row));
            }
            let structure = self.model.entity_type(set);
            return self
                .rows(set)
                .filter(|row| row.record.get(structure, property) == *value)
                .collect();
        }
        let state = self.state(set);
        if let Some((_, index, entries)) = state.indexes.iter().find(|(at, ..)| *at == property) {
            let wanted = value;
            let Some(value) = index_key(value, *index) else { return Vec::new() };
            if matches!(index, Index::Unique | Index::UniqueIgnoringCase) {
                // One way down the tree, where a range goes down to both its ends.
                let from = (value, Key::Int(i64::MIN));
                let found = entries.get_next(&from).filter(|(found, _)| *found == from.0);
                let row = found.and_then(|(_, key)| state.rows.get(key));
                match row {
                    Some(row) if !self.holds(row, property, wanted) => {}
                    Some(_) | None => return row.cloned().into_iter().collect(),
                }
                let rows = range(entries, from.0).filter_map(|(_, key)| state.rows.get(key));
                return rows.filter(|row| self.holds(row, property, wanted)).cloned().collect();
            }
            let keys = range(entries, value);
            let rows = keys.filter_map(|(_, key)| state.rows.get(key));
            return rows.filter(|row| self.holds(row, property, wanted)).cloned().collect();
        }
        let holds = |row: &&Row| {
            let structure = self.model.structure(row.type_id);
            row.record.get(structure, property) == *value
        };
        state.rows.values().filter(holds).cloned().collect()
    }

    fn mark(&self, set: SetId) -> Option<Digest> {
        Some(self.state(set).hash.to_bytes())
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        let structure = self.model.structure(row.type_id);
        let Some(text) = row.record.text_ref(structure, property) else { return Ok(Value::Null) };
        let Origin::LongText { tag } = structure.property_at(property).origin else {
            return Ok(Value::Null);
        };
        let key = row.key(self.model);
        let place = (row.set, key, tag, text.seq);
        if let Some(fresh) = self.fresh_texts.get(&place) {
            return Ok(Value::Text(Arc::clone(fresh)));
        }
        let found = self.texts.read(place.0, &place.1, tag, text.seq)?;
        if text.vouches_for(&found) {
            Ok(Value::Text(found))
        } else {
            Err(Error::internal(&"a long text is not what its record vouches for"))
        }
    }

    fn search(
        &self,
        set: SetId,
        search: &Search,
        ctx: &Context<'_>,
    ) -> Result<Option<Hits>, Error> {
        self.finder.as_ref().map_or(Ok(None), |finder| finder.find(set, search, ctx))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        helpdesk,
        props::{ticket, token},
        set,
    };

    /// Has no text.
    struct NoTexts;

    impl Texts for NoTexts {
        fn read(&self, _: SetId, _: &Key, _: u16, _: Seq) -> Result<Arc<str>, Error> {
            Ok("".into())
        }
    }

    /// Tickets 1 to 4; 1 has the tags a and b, 3 has b.
    fn root() -> Root {
        let model = helpdesk();
        let mut root = Root::empty(model, TimeZone::UTC, Arc::new(NoTexts));
        let ty = model.set(set::TICKETS).ty;
        let structure = model.structure(ty);
        for (id, tags) in [(1, &["b", "a"][..]), (2, &[]), (3, &["b"]), (4, &[])] {
            let mut values = vec![Value::Null; structure.properties.len()];
            values[usize::from(ticket::ID.0)] = id.into();
            let tags: Vec<Value> = tags.iter().map(|tag| Value::text(tag)).collect();
            values[usize::from(ticket::TAGS.0)] = Value::List(tags.into());
            let record = Record::pack(ty, structure, &values, &[]);
            root.insert(set::TICKETS, Key::Int(id), record, 1);
        }
        root
    }

    fn tag(ticket: i64, tag: &str) -> Key {
        Key::new(&[ticket.into(), Value::text(tag)])
    }

    #[test]
    fn a_tag_is_found_by_its_key() {
        let root = root();
        let found = |key: &Key| root.row(set::TICKET_TAGS, key).map(|row| row.key(root.model));
        for key in [tag(1, "a"), tag(1, "b"), tag(3, "b")] {
            assert_eq!(found(&key), Some(key));
        }
        for key in [tag(1, "c"), tag(2, "b"), tag(9, "a"), tag(-1, "a"), Key::Int(1)] {
            assert_eq!(found(&key), None, "{key:?}");
        }
    }

    #[test]
    fn binaries_that_begin_alike_are_told_apart() {
        let model = helpdesk();
        let mut root = Root::empty(model, TimeZone::UTC, Arc::new(NoTexts));
        let ty = model.set(set::ACCESS_TOKENS).ty;
        let structure = model.structure(ty);
        let hash = |last: u8| Value::Binary(Arc::from([7, 7, 7, 7, 7, 7, 7, 7, last]));
        let record = |id: i64, last: u8| {
            let mut values = vec![Value::Null; structure.properties.len()];
            values[usize::from(token::ID.0)] = id.into();
            values[usize::from(token::HASH.0)] = hash(last);
            Record::pack(ty, structure, &values, &[])
        };
        for id in 1..=3_u8 {
            root.insert(set::ACCESS_TOKENS, Key::Int(i64::from(id)), record(i64::from(id), id), 1);
        }
        let found = |last| root.rows_where(set::ACCESS_TOKENS, token::HASH, &hash(last));
        for id in 1..=3_u8 {
            let keys: Vec<Key> = found(id).iter().map(|row| row.key(model)).collect();
            assert_eq!(keys, [Key::Int(i64::from(id))]);
        }
        assert!(found(9).is_empty());
        let row = |last| Row {
            set: set::ACCESS_TOKENS,
            type_id: ty,
            version: 2,
            record: record(4, last),
        };
        assert_eq!(root.rival(set::ACCESS_TOKENS, &Key::Int(4), &row(4)), None);
        assert_eq!(root.rival(set::ACCESS_TOKENS, &Key::Int(4), &row(2)), Some(token::HASH));
    }

    #[test]
    fn tags_after_one_begin_at_its_ticket() {
        // Every ticket was unfolded to find one tag, and again for each page of them.
        let root = root();
        let ids = |key: &Key| -> Vec<Option<i64>> {
            root.sources(set::TICKETS, key).map(|row| row.key(root.model).as_int()).collect()
        };
        assert_eq!(ids(&tag(3, "a")), [Some(3), Some(4)]);
        assert_eq!(ids(&tag(9, "a")), []);
        let after = |key: &Key| -> Vec<Key> {
            root.rows_after(set::TICKET_TAGS, key).map(|row| row.key(root.model)).collect()
        };
        assert_eq!(after(&tag(1, "")), [tag(1, "a"), tag(1, "b"), tag(3, "b")]);
        assert_eq!(after(&tag(1, "a")), [tag(1, "b"), tag(3, "b")]);
        assert_eq!(after(&tag(1, "b")), [tag(3, "b")]);
        assert_eq!(after(&tag(3, "b")), []);
    }
}
