//! Columns against a plain map of rows.

mod stored;
mod whole;

use std::{collections::BTreeMap, sync::LazyLock};

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{
    id::Guid,
    model::{
        Contents, EntitySet, EnumId, Index, Key, Primitive, Row, SetScopes, StructType, TextRef,
        Type, Value,
        declare::{long_text, stored, stored_as},
    },
    time::{Date, TimeOfDay, Timestamp},
};

const THINGS: SetId = SetId(0);
const PAIRS: SetId = SetId(1);
const THING: StructId = StructId(0);
const BIG_THING: StructId = StructId(1);
const PAIR: StructId = StructId(2);

fn thing() -> Vec<Property> {
    let texts = Type::Collection(Box::new(Type::Primitive(Primitive::String)));
    let mut all = vec![stored(40, "Id", Primitive::Int64)];
    all.extend((1..).zip(Primitive::ALL).map(|(tag, kind)| stored(tag, kind.name(), kind)));
    all.extend([
        stored_as(20, "Texts", texts),
        stored_as(21, "Colour", Type::Enum(EnumId(0))),
        long_text(22, "Body"),
        stored(23, "Title", Primitive::String).searched(),
        stored(24, "Parent", Primitive::Int64).indexed(Index::Many),
        stored(25, "Name", Primitive::String).indexed(Index::Many),
        stored(26, "Code", Primitive::String).indexed(Index::Unique),
        stored(27, "Email", Primitive::String).indexed(Index::UniqueIgnoringCase),
        stored(28, "Key", Primitive::Guid).indexed(Index::Unique),
        stored(29, "Hash", Primitive::Binary).indexed(Index::Unique),
        stored(30, "Changed", Primitive::DateTimeOffset).ordered(),
    ]);
    all
}

fn model() -> &'static Model {
    static MODEL: LazyLock<Model> = LazyLock::new(|| {
        let structure = |name, key, properties| StructType {
            name,
            doc: "",
            base: None,
            key,
            properties,
            navigations: vec![],
        };
        let mut big = thing();
        big.push(stored(50, "Weight", Primitive::Int32));
        let pair = vec![
            stored(1, "Id", Primitive::Int64).indexed(Index::Many),
            stored(2, "Tag", Primitive::String),
            stored(3, "Amount", Primitive::Double),
        ];
        let set = |name, code, ty| EntitySet {
            name,
            ty,
            contents: Contents::Stored { code },
            scopes: SetScopes { read: "", read_own: None, create: None, write: None, delete: None },
            guard: None,
            hidden: false,
            searched: crate::model::Searched::TEXTS,
        };
        Model {
            namespace: "Test",
            enums: vec![],
            structs: vec![
                structure("Thing", vec![Prop(0)], thing()),
                StructType { base: Some(THING), ..structure("BigThing", vec![Prop(0)], big) },
                structure("Pair", vec![Prop(0), Prop(1)], pair),
            ],
            sets: vec![set("Things", 1, THING), set("Pairs", 2, PAIR)],
            actions: vec![],
            functions: vec![],
        }
    });
    &MODEL
}

/// A value of that type, few different ones.
fn value(ty: &Type) -> BoxedStrategy<Value> {
    let small = || prop_oneof![4 => 0i64..6, 1 => any::<i64>()];
    let text = || prop_oneof![4 => "[aAÄb]{0,2}", 1 => any::<String>()];
    match ty {
        Type::Enum(_) => small().prop_map(Value::Enum).boxed(),
        Type::Complex(_) => Just(Value::Null).boxed(),
        Type::Collection(_) => prop::collection::vec(text(), 0..3)
            .prop_map(|texts| Value::List(texts.iter().map(|text| Value::text(text)).collect()))
            .boxed(),
        Type::Primitive(primitive) => match primitive {
            Primitive::Binary => prop::collection::vec(0u8..3, 0..3)
                .prop_map(|bytes| Value::Binary(bytes.into()))
                .boxed(),
            Primitive::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
            Primitive::Byte
            | Primitive::SByte
            | Primitive::Int16
            | Primitive::Int32
            | Primitive::Int64 => small().prop_map(Value::Int).boxed(),
            Primitive::Date => {
                (0..9i32).prop_map(|days| Value::Date(Date::from_days(days))).boxed()
            }
            Primitive::DateTimeOffset => {
                small().prop_map(|at| Value::Instant(Timestamp::from_micros(at))).boxed()
            }
            Primitive::Decimal => {
                (0..9i64, 0..3u32).prop_map(|(n, s)| Value::Decimal(Decimal::new(n, s))).boxed()
            }
            Primitive::Double | Primitive::Single => {
                (0..9i32).prop_map(|n| Value::Double(f64::from(n) / 4.0)).boxed()
            }
            Primitive::Duration => small().prop_map(Value::Duration).boxed(),
            Primitive::Guid => {
                (0..9u128).prop_map(|n| Value::Guid(Guid::from_u128(n << 90 | n))).boxed()
            }
            Primitive::String => text().prop_map(|text| Value::text(&text)).boxed(),
            Primitive::TimeOfDay => {
                small().prop_map(|at| Value::TimeOfDay(TimeOfDay::from_micros(at))).boxed()
            }
        },
    }
}

/// A row with its key; nulls among its values.
fn row(set: SetId, ids: std::ops::Range<i64>) -> impl Strategy<Value = (Key, Row)> {
    let types = if set == THINGS { vec![THING, THING, THING, BIG_THING] } else { vec![PAIR] };
    let each = |type_id| {
        let structure = model().structure(type_id);
        structure
            .properties
            .iter()
            .map(|property| prop_oneof![1 => Just(Value::Null), 3 => value(&property.ty)].boxed())
            .collect::<Vec<_>>()
    };
    let made = prop::sample::select(types).prop_flat_map(move |ty| (Just(ty), each(ty)));
    (made, ids, any::<Option<u64>>(), 0u64..9).prop_map(
        move |((type_id, mut values), id, body, version)| {
            values[0] = Value::Int(id);
            if set == PAIRS && values[1].is_null() {
                values[1] = Value::text("");
            }
            let structure = model().structure(type_id);
            let text = body.map(|seq| TextRef::to("body", seq));
            let body = structure.property("Body");
            let texts: Vec<_> = body.zip(text).into_iter().collect();
            let record = Record::pack(type_id, structure, &values, &texts);
            let row = Row { set, type_id, version, record };
            (row.key(model()), row)
        },
    )
}

type Rows = BTreeMap<Key, Row>;

#[track_caller]
fn check(columns: &Columns, rows: &Rows) {
    let told = |positions: &mut dyn Iterator<Item = u32>| -> Vec<Key> {
        positions.map(|at| columns.key(at)).collect()
    };
    assert_eq!(columns.count(), rows.len() as u64);
    assert_eq!(told(&mut columns.by_key()), rows.keys().cloned().collect::<Vec<_>>());
    for (key, row) in rows {
        let at = columns.find(key).unwrap();
        assert_eq!(columns.row(at), *row);
        assert_eq!((columns.version(at), columns.type_id(at)), (row.version, row.type_id));
        let structure = model().structure(row.type_id);
        for column in &columns.props {
            assert_eq!(column.value(at), row.record.get(structure, column.prop));
        }
        let after: Vec<Key> = rows.range(key..).skip(1).map(|(key, _)| key.clone()).collect();
        assert_eq!(told(&mut columns.by_key_after(key)), after);
    }
    assert_eq!(columns.find(&Key::Int(-7)), None);
    for column in &columns.props {
        check_values(columns, rows, column);
    }
}

/// What is found by each value of a property, by bitmap, index and kept order.
#[track_caller]
fn check_values(columns: &Columns, rows: &Rows, column: &Column) {
    let structure = model().entity_type(columns.set);
    let index = structure.property_at(column.prop).index();
    let of = |row: &Row| row.record.get(model().structure(row.type_id), column.prop);
    let folded = |value: &Value| match (value, index) {
        (Value::Text(text), Index::UniqueIgnoringCase) => Value::text(&text.to_lowercase()),
        _ => value.clone(),
    };
    let holding = |value: &Value| -> Vec<u32> {
        let holds = |row: &Row| folded(&of(row)) == folded(value);
        let rows = rows.iter().filter(|(_, row)| holds(row));
        rows.map(|(key, _)| columns.find(key).unwrap()).collect()
    };
    for row in rows.values() {
        let value = of(row);
        let want = if value.is_null() && index != Index::None { vec![] } else { holding(&value) };
        assert_eq!(columns.where_equal(column.prop, &value), want);
        if let Some(distinct) = column.distinct() {
            let mut want = holding(&value);
            want.sort_unstable();
            let found = if value.is_null() {
                distinct.nulls(columns.live()).iter().collect()
            } else {
                distinct.get(&value).unwrap().iter().collect::<Vec<_>>()
            };
            assert_eq!(found, want);
        }
    }
    assert!(columns.where_equal(column.prop, &Value::Guid(Guid::from_u128(77))).is_empty());
    if let Some(distinct) = column.distinct() {
        assert!(distinct.iter().all(|(value, found)| holding(&value).len() as u64 == found.len()));
    }
    if let Some(order) = column.order.as_ref() {
        let live = rows.keys().map(|key| columns.find(key).unwrap());
        let mut want: Vec<_> = live.filter_map(|at| Some((column.int(at)?, at))).collect();
        want.sort_unstable();
        assert_eq!(order.iter().collect::<Vec<_>>(), want);
        assert_eq!(columns.ordered(column.prop).is_some(), want.len() == rows.len());
    }
}

/// The same, written to bytes and read again.
#[track_caller]
fn again(columns: &Columns) -> Columns {
    let bytes = written(columns);
    let mut rest = &bytes[..];
    let mut input = codec::In::new(&mut rest, bytes.len() as u64);
    let read = Columns::read_from(model(), columns.set, &mut input).unwrap();
    assert_eq!(input.rest(), 0);
    assert_eq!(written(&read), bytes);
    read
}

fn written(columns: &Columns) -> Vec<u8> {
    let mut bytes = Vec::new();
    columns.write_to(&mut codec::Out::new(&mut bytes)).unwrap();
    bytes
}

fn run(set: SetId, keeps_all: bool, blocks: Vec<Vec<((Key, Row), bool)>>) {
    let (mut columns, mut rows) = (Columns::new(model(), set), Rows::new());
    columns.keeps_all = keeps_all;
    for block in blocks {
        let (before, as_they_were) = (columns.clone(), rows.clone());
        for ((key, row), is_put) in block {
            if is_put {
                columns.write(&key, &row);
                rows.insert(key, row);
            } else {
                assert_eq!(columns.erase(&key), rows.remove(&key).is_some());
            }
        }
        columns.settle();
        check(&columns, &rows);
        check(&before, &as_they_were);
        // What is read from an image goes on as what was written.
        columns = again(&columns);
        check(&columns, &rows);
    }
    columns.move_together();
    check(&columns, &rows);
}

fn blocks(
    set: SetId,
    ids: std::ops::Range<i64>,
) -> impl Strategy<Value = Vec<Vec<((Key, Row), bool)>>> {
    let step = (row(set, ids), prop::bool::weighted(0.8));
    prop::collection::vec(prop::collection::vec(step, 1..12), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_of_every_type_are_as_in_a_plain_map(blocks in blocks(THINGS, 0..12)) {
        run(THINGS, false, blocks);
    }

    #[test]
    fn rows_that_are_kept_whole_are_as_in_a_plain_map(blocks in blocks(THINGS, -3..12)) {
        run(THINGS, true, blocks);
    }

    #[test]
    fn rows_with_a_key_of_two_are_as_in_a_plain_map(blocks in blocks(PAIRS, 0..3)) {
        run(PAIRS, false, blocks);
    }

    #[test]
    fn columns_that_were_damaged_are_refused_or_read_without_a_panic(
        blocks in blocks(THINGS, 0..12),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut columns = Columns::new(model(), THINGS);
        blocks.iter().flatten().for_each(|((key, row), _)| columns.write(key, row));
        columns.settle();
        let mut bytes = written(&columns);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        let mut rest = &bytes[..];
        let mut input = codec::In::new(&mut rest, bytes.len() as u64);
        drop(Columns::read_from(model(), THINGS, &mut input));
    }

    #[test]
    fn rows_that_come_in_the_order_of_their_keys_need_no_order_of_keys(
        mut rows in prop::collection::vec(row(THINGS, 0..99), 1..20)
    ) {
        rows.sort_by_key(|(key, _)| key.clone());
        let mut columns = Columns::new(model(), THINGS);
        for (key, row) in &rows {
            columns.write(key, row);
        }
        columns.settle_loaded();
        prop_assert!(columns.keys_ascend());
        check(&columns, &rows.into_iter().collect());
    }
}

fn pack(values: &[(&str, Value)]) -> (Key, Row) {
    let structure = model().structure(THING);
    let mut all = vec![Value::Null; structure.properties.len()];
    for (name, value) in values {
        all[usize::from(structure.property(name).unwrap().0)] = value.clone();
    }
    let record = Record::pack(THING, structure, &all, &[]);
    let row = Row { set: THINGS, type_id: THING, version: 1, record };
    (row.key(model()), row)
}

#[test]
fn thousands_of_values_are_found_without_a_bitmap_each() {
    let mut columns = Columns::new(model(), THINGS);
    let title = |id: i64| Value::text(&format!("Ärger mit dem Drucker {id}"));
    let values = |id: i64| {
        [
            ("Id", Value::Int(id)),
            ("Parent", Value::Int(id / 2)),
            ("Name", title(id / 2)),
            ("Edm.String", title(id)),
            ("Title", title(id)),
            ("Changed", Value::Instant(Timestamp::from_micros(-id * 1_000_000))),
            ("Edm.Boolean", Value::Bool(id % 3 == 0)),
        ]
    };
    for id in 0..20_000 {
        let (key, row) = pack(&values(id));
        columns.write(&key, &row);
    }
    columns.settle_loaded();
    let columns = again(&columns);
    assert!(!columns.keeps_all && columns.kept.is_empty());
    let prop = |name| model().structure(THING).property(name).unwrap();
    for name in ["Parent", "Name", "Edm.String", "Title"] {
        assert!(columns.column(prop(name)).unwrap().distinct().is_none(), "{name}");
    }
    assert_eq!(columns.where_equal(prop("Parent"), &Value::Int(7_000)), [14_000, 14_001]);
    assert_eq!(columns.where_equal(prop("Name"), &title(7_000)), [14_000, 14_001]);
    assert_eq!(columns.where_equal(prop("Edm.String"), &title(7_000)), [7_000]);
    assert_eq!(columns.ordered(prop("Changed")).unwrap().nth(0), Some(19_999));
    let flags = columns.column(prop("Edm.Boolean")).unwrap().distinct().unwrap();
    assert_eq!(flags.get(&true.into()).unwrap().len(), 6_667);
    for id in [0, 4_095, 4_096, 19_999] {
        assert_eq!(columns.row(u32::try_from(id).unwrap()), pack(&values(id)).1);
    }
    let cells::Cells::Texts(texts) = columns.column(prop("Title")).unwrap().chunk(1) else {
        panic!()
    };
    assert_eq!(&*texts.lower().unwrap()[&4], "ärger mit dem drucker 4100");
    let told = columns.bytes();
    assert!(told["Changed"].values + told["Changed"].sorted < 20_000 * 9, "{told:?}");
}

#[test]
fn rows_that_are_gone_do_not_take_memory_for_ever() {
    let mut columns = Columns::new(model(), THINGS);
    for id in 0..60_000 {
        let (key, row) = pack(&[("Id", Value::Int(id)), ("Name", Value::text("n"))]);
        columns.write(&key, &row);
        columns.erase(&Key::Int(id - 100));
        if id % 100 == 0 {
            columns.settle();
        }
    }
    assert_eq!(columns.count(), 100);
    assert!(columns.len() < 20_000);
    assert_eq!(columns.by_key().count(), 100);
}
