//! Rows over columns against a plain map.

use super::*;
use crate::store::columns::Stored;

#[track_caller]
fn check(stored: &Stored, rows: &Rows) {
    let all: Vec<Row> = rows.values().cloned().collect();
    assert_eq!(stored.count(), rows.len() as u64);
    assert_eq!(stored.rows().collect::<Vec<_>>(), all);
    let young: Vec<Row> = all.iter().filter(|row| row.version > 4).cloned().collect();
    assert_eq!(stored.rows_since(4).collect::<Vec<_>>(), young);
    let structure = model().structure(THING);
    let texts = structure.property("Texts").unwrap();
    let of = |row: &Row, prop| row.record.get(model().structure(row.type_id), prop);
    let full = |row: &Row| !of(row, texts).items().is_empty();
    let found: Vec<Row> = stored.rows_with(texts, None).filter(full).collect();
    assert_eq!(found, all.iter().filter(|row| full(row)).cloned().collect::<Vec<_>>());
    for id in -1..13 {
        let key = Key::Int(id);
        assert_eq!(stored.row(&key), rows.get(&key).cloned());
        assert_eq!(stored.has(&key), rows.contains_key(&key));
        for (prop, _) in structure.props().filter(|(_, property)| property.tag().is_some()) {
            let want = rows.get(&key).map(|row| of(row, prop));
            assert_eq!(stored.value(&key, prop), want);
        }
        let after: Vec<Row> = rows.range(key.clone()..).map(|(_, row)| row.clone()).collect();
        let before = Key::Int(id - 1);
        assert_eq!(stored.rows_after(&before).collect::<Vec<_>>(), after);
    }
    let flag = structure.property("Edm.Boolean").unwrap();
    for (name, is_found) in [("Parent", true), ("Edm.Int32", false), ("Hash", true), ("Key", true)]
    {
        let prop = structure.property(name).unwrap();
        for (key, row) in rows {
            let value = of(row, prop);
            let same = |other: &&Row| of(other, prop) == value && !(is_found && value.is_null());
            let want: Vec<Row> = all.iter().filter(same).cloned().collect();
            assert_eq!(stored.rows_where(prop, &value), want);
            let counted = want.iter().filter(|row| !of(row, flag).is_true()).count() as u64;
            assert_eq!(stored.count_where(prop, &value, Some(flag)), counted);
            assert_eq!(stored.count_where(prop, &value, None), want.len() as u64);
            let mut values: Vec<Value> = rows.values().map(|row| of(row, prop)).collect();
            values.sort_by(crate::query::compare::sorting);
            values.dedup();
            let each = |value| stored.count_where(prop, value, Some(flag));
            let want_counts: Vec<u64> = values.iter().map(each).collect();
            assert_eq!(stored.counts_where(prop, &values, Some(flag)), want_counts);
            values.reverse();
            let want_counts: Vec<u64> = want_counts.into_iter().rev().collect();
            assert_eq!(stored.counts_where(prop, &values, Some(flag)), want_counts);
            let others = want.iter().any(|other| other.key(model()) != *key);
            assert_eq!(stored.is_taken(prop, &value, key), others);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_over_columns_are_as_in_a_plain_map(blocks in blocks(THINGS, 0..12)) {
        let (mut stored, mut rows) = (Stored::new(model(), THINGS), Rows::new());
        for (at, block) in blocks.into_iter().enumerate() {
            let (before, as_they_were) = (stored.clone(), rows.clone());
            for ((key, row), is_put) in block {
                if is_put {
                    stored.put(key.clone(), row.clone());
                    rows.insert(key, row);
                } else {
                    stored.remove(&key);
                    rows.remove(&key);
                }
            }
            check(&stored, &rows);
            if at % 2 == 0 {
                stored.fold();
                prop_assert!(stored.is_folded());
                check(&stored, &rows);
            }
            check(&before, &as_they_were);
        }
    }
}

#[test]
fn an_address_over_the_columns_is_taken_whatever_its_letter_case() {
    let mut stored = Stored::new(model(), THINGS);
    let (key, row) = pack(&[("Id", Value::Int(1)), ("Email", Value::text("Änn@Example.org"))]);
    let email = model().structure(THING).property("Email").unwrap();
    stored.put(key.clone(), row);
    for _ in 0..2 {
        let same = Value::text("äNN@example.ORG");
        assert!(stored.is_taken(email, &same, &Key::Int(2)));
        assert!(!stored.is_taken(email, &same, &key));
        assert_eq!(stored.rows_where(email, &same).len(), 1);
        stored.fold();
    }
    let props: Vec<&str> =
        stored.unique_props().map(|prop| model().structure(THING).property_at(prop).name).collect();
    assert_eq!(props, ["Code", "Email", "Key", "Hash"]);
}
