//! A state asked by hand: tags, digests, what an index waits for, what is weighed.

use super::*;
use crate::{
    error::Error,
    model::{
        Value, helpdesk,
        props::{ticket, token},
        set,
    },
    query::{
        Context, Plan, Search, Source, Start,
        search::{Found, Place, Term, Words},
        source::values_by_row,
    },
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
    let term = Term::Words(Words::of("net", true).unwrap());
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

fn with(root: &Root) -> Context<'_> {
    let now = crate::time::Timestamp::from_micros(0);
    Context { source: root, now, deadline: None, it: None, found: None }
}

#[test]
fn a_search_is_weighed_before_it_is_run() {
    let mut root = root();
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, reader) = crate::search::open(dir.path(), root.model, 0).unwrap();
    let found = Found::default();
    for row in root.rows(set::TICKETS) {
        writer.add(&row, &with(&root)).unwrap();
    }
    writer.commit(crate::search::Position { seq: 1, at: 0 }).unwrap();
    reader.reload().unwrap();
    let finder = Finder::default();
    finder.open(&reader, 1);
    root.set_finder(Some(Arc::new(finder)));
    let term = Term::Words(Words::of("b", true).unwrap());
    let search = Search { term, places: vec![Place::Own(ticket::TAGS)] };
    let plan = Plan { search: Some(search.clone()), ..Plan::of(set::TICKETS) };
    let ctx = Context { found: Some(&found), ..with(&root) };
    assert_eq!(root.list_light((&plan, &Start::Set), &ctx, 1), Ok(None));
    let is_run = found.get_or((set::TICKETS, &search), || Ok(None));
    assert_eq!(is_run, Ok(None), "it was run to be weighed");
    let page = root.list_light((&plan, &Start::Set), &ctx, 100).unwrap().unwrap();
    let ids: Vec<_> = page.rows.iter().map(|row| row.key(root.model).as_int()).collect();
    assert_eq!(ids, [Some(1), Some(3)]);
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
    let row =
        |last| Row { set: set::ACCESS_TOKENS, type_id: ty, version: 2, record: record(4, last) };
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

/// Has a text for each transaction.
struct Written;

impl Texts for Written {
    fn read(&self, _: SetId, _: &Key, _: u16, seq: Seq) -> Result<Arc<str>, Error> {
        Ok(format!("text {seq}").into())
    }
}

#[test]
fn texts_are_those_of_their_rows_in_any_order() {
    let model = helpdesk();
    let mut root = Root::empty(model, TimeZone::UTC, Arc::new(Written));
    let ty = model.set(set::TICKETS).ty;
    let structure = model.structure(ty);
    for id in 1..=4_u32 {
        let mut values = vec![Value::Null; structure.properties.len()];
        values[usize::from(ticket::ID.0)] = i64::from(id).into();
        let text = crate::model::TextRef::to(&format!("text {id}"), id.into());
        let record = Record::pack(ty, structure, &values, &[(ticket::DESCRIPTION, text)]);
        root.load(set::TICKETS, &Key::Int(id.into()), record, 1);
    }
    root.settle_loaded();
    let rows: Vec<Row> = root.rows(set::TICKETS).collect();
    for ids in [&[1, 2, 3, 4][..], &[3, 2], &[2, 2], &[4]] {
        let rows: Vec<Row> = ids.iter().map(|id| rows[id - 1].clone()).collect();
        let mut found = Vec::new();
        root.read_texts(&rows, ticket::DESCRIPTION, &mut |text| {
            found.push(text.unwrap().unwrap().to_owned());
        });
        assert_eq!(found, ids.iter().map(|id| format!("text {id}")).collect::<Vec<_>>());
    }
}

#[test]
fn rows_made_when_they_are_looked_at_are_those_made_at_once() {
    let mut root = root();
    for (number, keeps) in [(3, true), (40_000, false)] {
        for id in 4..=number {
            let row = root.row(set::TICKETS, &Key::Int(1 + id % 3)).unwrap();
            let structure = root.model.structure(row.type_id);
            let mut values = row.record.unpack(structure);
            values[usize::from(ticket::ID.0)] = id.into();
            let record = Record::pack(row.type_id, structure, &values, &[]);
            root.load(set::TICKETS, &Key::Int(id), record, u64::try_from(id).unwrap());
        }
        root.settle_loaded();
        root.fold();
        let columns = root.columns(set::TICKETS);
        let positions: Vec<u32> = columns.live().iter().filter(|at| at % 7 < 5).take(300).collect();
        let (late, rows) = (columns.rows_late(&positions), columns.rows(&positions));
        assert!(late.len() > 1 && late == rows, "{keeps}");
        let places: Vec<u64> = late.iter().filter_map(|row| row.record.place()).collect();
        assert_eq!(places, positions.iter().map(|at| u64::from(*at)).collect::<Vec<_>>());
        assert!(rows.iter().all(|row| row.record.place().is_none()));
    }
}

#[test]
fn a_set_says_when_it_changed_last() {
    let mut root = Root::empty(helpdesk(), TimeZone::UTC, Arc::new(Written));
    let changed = |root: &Root| {
        let of = |sets: &[SetId]| root.changed(sets).unwrap();
        let tickets = [set::TICKETS];
        [of(&tickets), of(&[set::TICKET_TAGS]), of(&[set::TEAMS]), of(&[set::TEAMS, set::TICKETS])]
    };
    assert_eq!((changed(&root), root.changed(&[])), ([0; 4], Some(0)));
    let (ty, key) = (root.model.set(set::TICKETS).ty, Key::Int(1));
    let mut values = vec![Value::Null; root.model.structure(ty).properties.len()];
    values[usize::from(ticket::ID.0)] = 1.into();
    let record = Record::pack(ty, root.model.structure(ty), &values, &[]);
    let put = Change::Put { set: set::TICKETS, key: key.clone(), record };
    root.apply_change(&put, 5);
    assert_eq!(changed(&root), [5, 5, 0, 5]);
    root.apply_change(&Change::Delete { set: set::TICKETS, key }, 7);
    assert_eq!(changed(&root), [7, 7, 0, 7]);
    assert_eq!(root.changed(&[set::TICKETS_BY_DAY]), None);
}

#[test]
fn no_row_is_taken_for_one_that_was_where_it_is_now() {
    let mut root = Root::empty(helpdesk(), TimeZone::UTC, Arc::new(Written));
    let (ty, structure) = (root.model.set(set::TICKETS).ty, root.model.entity_type(set::TICKETS));
    let last = 22_000;
    // All in one transaction.
    for id in 1..=last {
        let mut values = vec![Value::Null; structure.properties.len()];
        values[usize::from(ticket::ID.0)] = id.into();
        let record = Record::pack(ty, structure, &values, &[]);
        let put = Change::Put { set: set::TICKETS, key: Key::Int(id), record };
        root.apply_change(&put, 1);
    }
    root.fold();
    let places = |root: &Root| -> std::collections::BTreeMap<u64, Key> {
        let columns = root.columns(set::TICKETS);
        let positions: Vec<u32> = columns.live().iter().collect();
        let rows = columns.rows_late(&positions).into_iter();
        rows.map(|row| (row.record.place().unwrap(), row.key(root.model))).collect()
    };
    let before = places(&root);
    // So many that the others move together.
    for id in (1..=last).filter(|id| id % 9 != 5) {
        root.apply_change(&Change::Delete { set: set::TICKETS, key: Key::Int(id) }, 2);
    }
    root.fold();
    assert!(u64::from(root.columns(set::TICKETS).len()) < 3_000, "they did not move");
    let after = places(&root);
    assert_eq!(after.len(), 2_444);
    for (place, key) in &after {
        assert!(before.get(place).is_none_or(|was| was == key), "{key:?} is where another was");
    }
}
