//! The state at one sequence number: the rows of every set, by property.
//!
//! Everything in it is shared between versions, so a copy costs nearly nothing and a reader's copy
//! never changes. Transactions change what lies over the columns; a published state has nothing there. Long texts are not in it, except those the records do not have yet.

use std::sync::Arc;

use imbl::OrdMap;
use jiff::tz::TimeZone;

use super::{
    Seq, Snapshot,
    change::{Change, Commit, has_int_key, set_code, set_of_code},
    columns::{Columns, Stored, execute},
    records::Applied,
};
use crate::{
    error::Error,
    hash::{Digest, SetHash},
    model::{Contents, Key, Model, Origin, Prop, Record, Row, SetId, TextRef, Value},
    query::{
        Context, Hits, Page, Plan, Search, Source, Start,
        apply::Grouping,
        explain::Explained,
        source::{TakeText, values_by_row},
    },
    search::Finder,
};

/// Reads long texts from where they are kept for good.
pub trait Texts: Send + Sync {
    /// The text of property `tag` of an entity, as written by transaction `seq`.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    fn read(&self, set: SetId, key: &Key, tag: u16, seq: Seq) -> Result<Arc<str>, Error>;

    /// As [`Texts::read`] for each of `wanted`, which ascend by key, handed to `take` in their order.
    fn read_all(
        &self,
        set: SetId,
        tag: u16,
        wanted: &[(Key, Seq)],
        take: &mut dyn FnMut(Result<&str, Error>),
    ) {
        for (key, seq) in wanted {
            take(self.read(set, key, tag, *seq).as_deref().map_err(Clone::clone));
        }
    }
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

/// One set's rows, and what is counted of them.
#[derive(Clone)]
struct SetState {
    stored: Stored,
    last_id: i64,
    hash: SetHash,
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
            Arc::new(SetState { stored, last_id: 0, hash: SetHash::default() })
        };
        let sets = model.set_ids().map(state).collect();
        Self { model, zone, seq: 0, sets, fresh_texts: OrdMap::new(), texts, finder: None }
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

    /// Ends a series of [`Root::load`].
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
    pub(crate) fn columns(&self, set: SetId) -> &Columns {
        self.state(set).stored.columns()
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
    fn sources(&self, from: SetId, items: Prop, key: &Key) -> impl Iterator<Item = Row> {
        let stored = &self.state(from).stored;
        // Such a key begins with the key of its source, which can be read back where it is an integer.
        let first = key.leading_int().filter(|_| has_int_key(self.model, from)).map(Key::Int);
        let its_own = first.as_ref().and_then(|first| stored.row(first));
        its_own.into_iter().chain(stored.rows_with(items, first.as_ref()))
    }

    /// Where a long text is and how to know it again; `None` for null.
    fn text_of(&self, row: &Row, property: Prop) -> Option<(TextKey, TextRef)> {
        let structure = self.model.structure(row.type_id);
        let text = row.record.text_ref(structure, property)?;
        let Origin::LongText { tag } = structure.property_at(property).origin else { return None };
        Some(((row.set, row.key(self.model), tag, text.seq), text))
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

fn vouched(text: TextRef, found: &str) -> Result<(), Error> {
    if text.vouches_for(found) {
        return Ok(());
    }
    Err(Error::internal(&"a long text is not what its record vouches for"))
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

impl execute::Tables for Root {
    fn columns(&self, set: SetId) -> Option<&Columns> {
        match self.model.set(set).contents {
            // Within a transaction its own changes are over the columns.
            Contents::Stored { .. } if self.state(set).stored.is_folded() => {
                Some(Self::columns(self, set))
            }
            Contents::Stored { .. } | Contents::Unfolded { .. } | Contents::Computed { .. } => None,
        }
    }

    fn rows_of(&self, set: SetId) -> u64 {
        self.state(self.unfolds(set).map_or(set, |(from, _)| from)).stored.count()
    }
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
            None => Box::new(self.state(set).stored.rows()),
            Some((from, items)) => {
                let rows = self.state(from).stored.rows_with(items, None);
                Box::new(rows.flat_map(move |row| self.unfolded(set, from, items, &row)))
            }
        }
    }

    fn rows_after<'a>(&'a self, set: SetId, key: &'a Key) -> Box<dyn Iterator<Item = Row> + 'a> {
        match self.unfolds(set) {
            None => Box::new(self.state(set).stored.rows_after(key)),
            Some((from, items)) => {
                let rows = self.sources(from, items, key);
                let rows = rows.flat_map(move |row| self.unfolded(set, from, items, &row));
                Box::new(rows.skip_while(move |row| row.key(self.model) <= *key))
            }
        }
    }

    fn rows_since(&self, set: SetId, seq: Seq) -> Box<dyn Iterator<Item = Row> + '_> {
        match self.unfolds(set) {
            None => Box::new(self.state(set).stored.rows_since(seq)),
            Some(_) => Box::new(self.rows(set).filter(move |row| row.version > seq)),
        }
    }

    fn values(&self, set: SetId, props: &[Prop], take: &mut dyn FnMut(&[Value])) {
        let columns = execute::Tables::columns(self, set);
        if !columns.is_some_and(|columns| columns.values(props, take)) {
            values_by_row(self, set, props, take);
        }
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        match self.unfolds(set) {
            None => self.state(set).stored.row(key),
            Some((from, items)) => {
                let is_key = |row: &Row| row.key(self.model) == *key;
                let one = if has_int_key(self.model, from) { 1 } else { usize::MAX };
                let mut sources = self.sources(from, items, key).take(one);
                sources
                    .find_map(|row| self.unfolded(set, from, items, &row).into_iter().find(is_key))
            }
        }
    }

    fn stored_value(&self, set: SetId, key: &Key, property: Prop) -> Option<Value> {
        if self.unfolds(set).is_none() {
            return self.state(set).stored.value(key, property);
        }
        let row = self.row(set, key)?;
        Some(row.record.get(self.model.structure(row.type_id), property))
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        let Some((from, items)) = self.unfolds(set) else {
            return self.state(set).stored.rows_where(property, value);
        };
        if property == Prop(0) {
            let row = self.state(from).stored.row(&Key::new(std::slice::from_ref(value)));
            return row.map_or_else(Vec::new, |row| self.unfolded(set, from, items, &row));
        }
        let structure = self.model.entity_type(set);
        let holds = |row: &Row| row.record.get(structure, property) == *value;
        self.rows(set).filter(holds).collect()
    }

    fn count_where(&self, set: SetId, property: Prop, value: &Value, unless: Option<Prop>) -> u64 {
        if self.unfolds(set).is_none() {
            return self.state(set).stored.count_where(property, value, unless);
        }
        // The rows of such a set have no property that could leave one out.
        self.rows_where(set, property, value).len() as u64
    }

    fn mark(&self, set: SetId) -> Option<Digest> {
        Some(self.state(set).hash.to_bytes())
    }

    fn grouped(
        &self,
        grouping: &Grouping<'_>,
        ctx: &Context<'_>,
    ) -> Option<Result<Vec<Vec<Value>>, Error>> {
        execute::apply::grouped(self, grouping, ctx)
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        let Some((place, text)) = self.text_of(row, property) else { return Ok(Value::Null) };
        if let Some(fresh) = self.fresh_texts.get(&place) {
            return Ok(Value::Text(Arc::clone(fresh)));
        }
        let (set, key, tag, seq) = place;
        let found = self.texts.read(set, &key, tag, seq)?;
        vouched(text, &found)?;
        Ok(Value::Text(found))
    }

    fn long_texts(&self, rows: &[Row], property: Prop, take: &mut TakeText<'_>) {
        let places: Vec<_> = rows.iter().map(|row| self.text_of(row, property)).collect();
        let is_fresh = |(place, _): &(TextKey, TextRef)| self.fresh_texts.contains_key(place);
        let Some((set, _, tag, _)) = places.iter().flatten().map(|(place, _)| place).next() else {
            return rows.iter().for_each(|_| take(Ok(None)));
        };
        let is_one_kind = |((s, _, t, _), _): &(TextKey, TextRef)| (s, t) == (set, tag);
        let ascend = places.iter().flatten().is_sorted_by_key(|((_, key, ..), _)| key);
        let mut all = places.iter().flatten();
        if !ascend || !all.all(|place| is_one_kind(place) && !is_fresh(place)) {
            for row in rows {
                let text = self.long_text(row, property);
                take(text.as_ref().map(Value::as_text).map_err(Clone::clone));
            }
            return;
        }
        let wanted = places.iter().flatten();
        let wanted: Vec<(Key, Seq)> =
            wanted.map(|((_, key, _, seq), _)| (key.clone(), *seq)).collect();
        let mut rest = places.iter();
        self.texts.read_all(*set, *tag, &wanted, &mut |found| {
            for place in rest.by_ref() {
                let Some((_, text)) = place else {
                    take(Ok(None));
                    continue;
                };
                return take(found.and_then(|found| vouched(*text, found).map(|()| Some(found))));
            }
        });
        rest.for_each(|_| take(Ok(None)));
    }

    fn list(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
        execute::list(self, plan, start, ctx)
    }

    fn list_light(
        &self,
        (plan, start): (&Plan, &Start),
        ctx: &Context<'_>,
        most: u64,
    ) -> Result<Option<Page>, Error> {
        execute::list_light(self, (plan, start), ctx, most)
    }

    fn explain(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Explained {
        execute::explain(self, plan, start, ctx)
    }

    fn estimate(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> u64 {
        execute::estimate(self, plan, start, ctx)
    }

    fn search(
        &self,
        set: SetId,
        search: &Search,
        ctx: &Context<'_>,
    ) -> Result<Option<Hits>, Error> {
        match &self.finder {
            // Of other sets there is nothing in it that could be waited for.
            Some(finder) if self.model.set(set).searched.is_indexed => {
                finder.find(set, search, ctx)
            }
            Some(_) | None => Ok(None),
        }
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
            root.load(set::TICKETS, &Key::Int(id), record, 1);
        }
        root.settle_loaded();
        root
    }

    fn tag(ticket: i64, tag: &str) -> Key {
        Key::new(&[ticket.into(), Value::text(tag)])
    }

    #[test]
    fn only_sets_in_the_index_wait_for_it() {
        // While it was built a search of teams was refused too, though nothing of them is in it.
        let mut root = root();
        root.set_finder(Some(Arc::new(Finder::default())));
        let ctx = Context {
            source: &root,
            now: crate::time::Timestamp::from_micros(0),
            it: None,
            found: None,
            deadline: None,
        };
        let words = crate::query::search::Words::of("net", true).unwrap();
        let term = crate::query::search::Term::Words(words);
        let search = Search { term, places: vec![] };
        assert_eq!(root.search(set::TEAMS, &search, &ctx), Ok(None));
        let waits = root.search(set::TICKETS, &search, &ctx);
        assert!(matches!(waits, Err(Error::Overloaded { .. })), "{waits:?}");
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
    fn values_come_from_the_columns_as_they_would_from_rows() {
        let root = root();
        let all = |set, props: &[Prop]| {
            let (mut quick, mut slow) = (Vec::new(), Vec::new());
            root.values(set, props, &mut |values| quick.push(values.to_vec()));
            values_by_row(&root, set, props, &mut |values| slow.push(values.to_vec()));
            assert_eq!(quick, slow);
            quick.len()
        };
        assert_eq!(all(set::TICKETS, &[ticket::TAGS, ticket::TITLE, ticket::ID]), 4);
        assert_eq!(all(set::TICKET_TAGS, &[Prop(1), Prop(0)]), 3);
        let columns = Root::columns(&root, set::TICKETS);
        assert!(columns.values(&[ticket::ID], &mut |_| ()));
        assert!(!columns.values(&[ticket::DESCRIPTION], &mut |_| ()));
    }

    #[test]
    fn what_has_no_columns_is_weighed_by_what_it_is_made_of() {
        let root = root();
        let now = crate::time::Timestamp::from_micros(0);
        let ctx = Context { source: &root, now, deadline: None, it: None, found: None };
        let listed = |plan: &Plan, most| {
            root.list_light((plan, &Start::Set), &ctx, most).unwrap().map(|page| page.rows.len())
        };
        let tags = Plan::of(set::TICKET_TAGS);
        assert_eq!((listed(&tags, 63), listed(&tags, 64)), (None, Some(3)));
        let first = Plan { top: Some(1), ..tags.clone() };
        assert_eq!((listed(&first, 31), listed(&first, 32)), (None, Some(1)));
        let counted = Plan { count: true, ..first };
        assert_eq!(listed(&counted, 63), None);
        assert_eq!(listed(&Plan::of(set::TICKETS), 16), Some(4));
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
            root.load(set::ACCESS_TOKENS, &Key::Int(i64::from(id)), record(i64::from(id), id), 1);
        }
        root.settle_loaded();
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
            root.sources(set::TICKETS, ticket::TAGS, key)
                .map(|row| row.key(root.model).as_int())
                .collect()
        };
        assert_eq!(ids(&tag(2, "a")), [Some(2), Some(3)]);
        assert_eq!(ids(&tag(3, "a")), [Some(3)]);
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
