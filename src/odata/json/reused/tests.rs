//! What is kept against the same written anew, while rows change.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use proptest::prelude::*;

use super::*;
use crate::{
    error::Error,
    model::{Key, Record, Unpacked, Value},
    odata::{
        Limits,
        check::{Checker, Everything},
        context::Addresses,
        json::{Drafts, Format, Onward, Pieces, Text as _, Tools},
    },
    query::{
        Context, Page, Shape, Source,
        fixture::{THINGS, context, source},
        memory::MemorySource,
    },
};

/// Rows, and when which of their sets changed.
struct States {
    rows: MemorySource,
    changed: [u64; 3],
    clock: u64,
    texts_asked: AtomicUsize,
}

impl Source for States {
    crate::asks_another_source!(rows: model zone rows row rows_where);

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        self.texts_asked.fetch_add(1, Ordering::Relaxed);
        self.rows.long_text(row, property)
    }

    fn changed(&self, sets: &[SetId]) -> Option<u64> {
        Some(sets.iter().map(|set| self.changed[usize::from(set.0)]).max().unwrap_or(0))
    }
}

/// Rows as a store has them, and their keys.
struct Stored(Vec<(Row, u64)>);

impl Unpacked for Stored {
    fn bytes(&self, number: usize) -> &[u8] {
        self.0[number].0.record.as_bytes()
    }

    fn place(&self, number: usize) -> u64 {
        self.0[number].1
    }
}

impl States {
    fn new() -> Self {
        let mut states =
            Self { rows: source(), changed: [0; 3], clock: 0, texts_asked: AtomicUsize::new(0) };
        for id in 10..40 {
            states.put("Things", id, id % 3, "of old");
        }
        states
    }

    /// Puts a thing, group or part, or takes it away where `other` is 0.
    fn put(&mut self, set: &str, id: i64, other: i64, text: &str) {
        let set_id = self.rows.model().find_set(set).unwrap();
        let (other, text) = (Value::Int(other), Value::text(text));
        let (ty, named) = match set {
            "Things" if id % 5 == 0 => ("BigThing", vec![("GroupId", other), ("Body", text)]),
            "Things" => {
                ("Thing", vec![("GroupId", other), ("Body", text.clone()), ("String", text)])
            }
            "Groups" => ("Group", vec![("Name", text)]),
            _ => ("Part", vec![("ThingId", other), ("IsHidden", Value::Bool(id % 2 == 0))]),
        };
        let named: Vec<_> = std::iter::once(("Id", Value::Int(id))).chain(named).collect();
        self.rows.put_named(set, ty, &named).unwrap();
        self.note(set_id);
    }

    fn note(&mut self, changed: SetId) {
        self.clock += 1;
        self.changed[usize::from(changed.0)] = self.clock;
    }

    fn remove_part(&mut self, id: i64) {
        let parts = self.rows.model().find_set("Parts").unwrap();
        if self.rows.remove(parts, &Key::Int(id)).is_some() {
            self.note(parts);
        }
    }

    /// All things with these properties, as a list.
    fn text(&self, tools: &Tools, props: &[Prop], format: Format) -> String {
        let ctx = Context { source: self, ..context(&self.rows) };
        let model = self.rows.model();
        let checker = Checker::new(model, &Everything, Limits::default());
        let addresses = Addresses { model, root: "http://x/odata/" };
        let onward = Onward { key: &[7; 32], root: "/odata", format: None, rows: 9, rows_max: 9 };
        let writer = Writer { ctx, checker: &checker, addresses, format, onward, tools };
        let rows: Vec<Row> = self.rows.rows(THINGS).collect();
        let key = |row: &Row| u64::try_from(row.key(model).as_int().unwrap()).unwrap();
        let keyed = rows.iter().map(|row| (row.clone(), key(row))).collect();
        let stored: Arc<dyn Unpacked> = Arc::new(Stored(keyed));
        let late = |(number, row): (u32, Row)| {
            let record = Record::late(Arc::clone(&stored), number);
            Row { record, ..row }
        };
        let rows = (0..).zip(rows).map(late).collect();
        let shape = Shape { properties: props.to_vec(), is_selected: true, ..Shape::default() };
        let page = Page { rows, count: None, next: None };
        let whole = Pieces::new((THINGS, model.set(THINGS).ty), shape, page, None).whole(&writer);
        String::from_utf8(whole.unwrap()).unwrap()
    }
}

/// All properties of things but those that may depend on anything.
fn known(states: &States) -> Vec<Prop> {
    let structure = states.rows.model().entity_type(THINGS);
    let drafts = Drafts::of(states.rows.model()).of_type(states.rows.model().set(THINGS).ty);
    let is_known = |prop: &Prop| drafts[usize::from(prop.0)].reads.is_some();
    let known: Vec<Prop> = structure.props().map(|(prop, _)| prop).filter(is_known).collect();
    let others = structure.props().filter(|(prop, _)| !known.contains(prop));
    let others: Vec<&str> = others.map(|(_, property)| property.name).collect();
    assert_eq!(others, ["Place", "Places", "Shout"]);
    known
}

#[derive(Clone, Debug)]
enum Change {
    Put(&'static str, i64, i64, String),
    RemovePart(i64),
}

fn change() -> impl Strategy<Value = Change> {
    let set = prop::sample::select(vec!["Things", "Groups", "Parts"]);
    prop_oneof![
        (set, 1..14_i64, 0..4_i64, "[a-zß\"\n]{0,6}")
            .prop_map(|(set, id, other, text)| { Change::Put(set, id, other, text) }),
        (1..14_i64).prop_map(Change::RemovePart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_kept_is_what_would_be_written(changes in prop::collection::vec(change(), 1..12)) {
        let mut states = States::new();
        let [reused, none] = [1 << 20, 0].map(|bytes| Tools::of(states.rows.model(), bytes));
        let props = known(&states);
        let all: Vec<Prop> =
            states.rows.model().entity_type(THINGS).props().map(|(prop, _)| prop).collect();
        let plain = Format::default();
        let none_told = Format { level: Level::None, omits_nulls: true, ..plain };
        let full = Format { level: Level::Full, ..plain };
        for change in changes {
            match change {
                Change::Put(set, id, other, text) => states.put(set, id, other, &text),
                Change::RemovePart(id) => states.remove_part(id),
            }
            for (props, format) in [
                (&props[..], plain),
                (&props[1..], plain),
                (&props[..], none_told),
                (&props[..], Format { ieee754: true, ..plain }),
                (&props[..], Format { ascii: true, ..plain }),
                (&props[..], full),
                (&all[..], plain),
            ] {
                let want = states.text(&none, props, format);
                for _ in 0..3 {
                    prop_assert_eq!(&states.text(&reused, props, format), &want);
                }
            }
        }
    }
}

#[test]
fn what_is_written_for_the_third_time_is_not_made() {
    let mut states = States::new();
    let (reused, props) = (Tools::of(states.rows.model(), 64 << 20), known(&states));
    let asked = |states: &States, props: &[Prop]| {
        let before = states.texts_asked.load(Ordering::Relaxed);
        states.text(&reused, props, Format::default());
        states.texts_asked.load(Ordering::Relaxed) - before
    };
    let all = states.rows.rows(THINGS).count();
    assert_eq!([(); 4].map(|()| asked(&states, &props)), [all, all, 0, 0]);
    // Others in another form, and one that changed, are made; what a set changed that is looked into, too.
    assert_eq!([(); 3].map(|()| asked(&states, &props[1..])), [all, all, 0]);
    states.put("Things", 12, 1, "new");
    assert_eq!([(); 3].map(|()| asked(&states, &props)), [1, 1, 0]);
    states.put("Groups", 1, 0, "renamed");
    assert_eq!([(); 3].map(|()| asked(&states, &props)), [all, all, 0]);
}

#[test]
fn what_is_kept_has_a_limit() {
    let states = States::new();
    let props = known(&states);
    let room = 8;
    let tools = Tools::of(states.rows.model(), room * TEXT_MAX as u64);
    let want = states.text(&Tools::of(states.rows.model(), 0), &props, Format::default());
    for _ in 0..20 {
        assert_eq!(states.text(&tools, &props, Format::default()), want);
    }
    let kept = tools.reused.texts.iter().filter_map(ArcSwapOption::load_full);
    let bytes = kept.map(|text| text.bytes.len()).collect::<Vec<_>>();
    assert!(bytes.len() as u64 <= room && bytes.iter().all(|bytes| *bytes <= TEXT_MAX + 1));
}
