//! The chain of the audit log: whatever is done to a row behind the product's back is found.

use super::*;
use crate::{
    desk::{
        audit::{Entry, Event, record, verify, verify_rows},
        get,
    },
    model::{Model, props::audit},
    query::Source,
    store::{Edit, Snapshot},
};

/// Rows of the audit log as somebody left them, in a workspace that is otherwise as it was.
struct Altered {
    base: Arc<dyn Snapshot>,
    rows: Vec<Row>,
}

impl Source for Altered {
    fn model(&self) -> &Model {
        helpdesk()
    }

    fn zone(&self) -> &TimeZone {
        self.base.zone()
    }

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        if set == set::AUDIT_EVENTS {
            return Box::new(self.rows.iter().cloned());
        }
        self.base.rows(set)
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        self.rows(set).find(|row| row.key(helpdesk()) == *key)
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        self.base.rows_where(set, property, value)
    }

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        self.base.long_text(row, property)
    }
}

/// A log of that many rows, some with little in them and some with much.
fn filled(count: i64) -> Bench {
    let bench = Bench::new();
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, move |draft| {
        for n in 0..count {
            let mut entry = Entry::new(Event::Changed);
            if n % 3 == 0 {
                entry = entry.called("Ann").detail(format!("Name {n}"));
            }
            record(draft, &Principal::system(), &entry)?;
        }
        Ok(())
    })
    .unwrap();
    bench
}

fn rows(bench: &Bench) -> Vec<Row> {
    bench.desk.snapshot().rows(set::AUDIT_EVENTS).collect()
}

/// The row with another value, packed as the store would.
fn with(row: &Row, prop: Prop, value: Value) -> Row {
    let structure = helpdesk().structure(row.type_id);
    let mut values = row.record.unpack(structure);
    values[usize::from(prop.0)] = value;
    let record = crate::model::Record::pack(row.type_id, structure, &values, &[]);
    Row { record, ..row.clone() }
}

/// What is found in `bench` where its log has these rows instead.
fn faults(bench: &Bench, rows: Vec<Row>) -> Vec<String> {
    let base = bench.desk.snapshot();
    let last_id = base.last_id(set::AUDIT_EVENTS);
    verify_rows(&Altered { base, rows }, last_id).faults
}

#[test]
fn a_log_that_nobody_touched_is_sound() {
    for count in [0, 1, 2, 50] {
        let bench = filled(count);
        let found = verify(&*bench.desk.snapshot());
        assert_eq!((found.rows, &found.faults), (count.unsigned_abs(), &vec![]));
        assert_eq!(found.head.map_or(0, |(id, _)| id), count);
        assert_eq!(faults(&bench, rows(&bench)), Vec::<String>::new());
    }
}

#[test]
fn an_edit_of_any_property_of_any_row_is_found() {
    let bench = filled(12);
    let all = rows(&bench);
    let structure = helpdesk().entity_type(set::AUDIT_EVENTS);
    for at in 0..all.len() {
        for (prop, property) in structure.props() {
            let value = match get(helpdesk(), &all[at], prop) {
                Value::Null if property.ty == structure.property_at(audit::COUNT).ty => 1.into(),
                Value::Null => text("x"),
                Value::Int(number) => (number + 1).into(),
                Value::Text(_) => Value::Null,
                Value::Instant(then) => then.plus_micros(1).unwrap().into(),
                Value::Binary(bytes) => {
                    let mut bytes = bytes.to_vec();
                    bytes[31] ^= 1;
                    Value::Binary(bytes.into())
                }
                Value::Guid(_) => crate::id::guid_at(bench.clock.now()).into(),
                other => panic!("{other:?}"),
            };
            let mut rows = all.clone();
            rows[at] = with(&all[at], prop, value);
            assert_ne!(faults(&bench, rows), Vec::<String>::new(), "{at} {}", property.name);
        }
    }
    let edited = with(&all[4], audit::DETAIL, text("nothing to see"));
    let mut rows = all.clone();
    rows[4] = edited;
    let want = ["AuditEvents(5) is not what its hash says: it was changed"];
    assert_eq!(faults(&bench, rows), want);
}

#[test]
fn a_row_removed_swapped_doubled_or_put_in_is_found() {
    let bench = filled(12);
    let all = rows(&bench);
    for at in 0..all.len() {
        let mut removed = all.clone();
        removed.remove(at);
        assert_ne!(faults(&bench, removed), Vec::<String>::new(), "{at} removed");
        let mut doubled = all.clone();
        doubled.insert(at, all[at].clone());
        assert_ne!(faults(&bench, doubled), Vec::<String>::new(), "{at} doubled");
        for other in at + 1..all.len() {
            let mut swapped = all.clone();
            swapped.swap(at, other);
            assert_ne!(faults(&bench, swapped), Vec::<String>::new(), "{at} {other} swapped");
        }
        // With everything in it as it would be, but for what came before.
        let mut renumbered = all.clone();
        renumbered.insert(at, with(&all[at], audit::ID, i64::try_from(at).unwrap().into()));
        assert_ne!(faults(&bench, renumbered), Vec::<String>::new(), "{at} put in");
    }
    let first_gone = faults(&bench, all[1..].to_vec());
    let want = ["AuditEvents(2) is the first, and no signed event says what was before it"];
    assert_eq!(first_gone, want);
    let last_gone = faults(&bench, all[..11].to_vec());
    assert_eq!(last_gone, ["AuditEvents(12) is missing: the log ends with 11"]);
    assert_eq!(faults(&bench, vec![]), ["AuditEvents(12) is missing: the log ends with 0"]);
    assert_eq!(faults(&bench, [&all[..5], &all[6..]].concat()), ["AuditEvents(6) is missing"]);
}

#[test]
fn a_row_at_the_end_with_another_hash_is_found() {
    let bench = filled(5);
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, |draft| {
        let row = draft.row(set::AUDIT_EVENTS, &Key::Int(5)).unwrap();
        let mut edit = Edit::of(helpdesk(), &row);
        edit.set(helpdesk(), audit::ID, 6);
        edit.set(helpdesk(), audit::GUID, crate::id::guid_at(draft.now()));
        draft.put(set::AUDIT_EVENTS, edit).map(|_| ())
    })
    .unwrap();
    let found = verify(&*bench.desk.snapshot()).faults;
    assert_eq!(
        found,
        [
            "AuditEvents(6) does not follow from the event before it",
            "AuditEvents(6) is not what its hash says: it was changed",
        ]
    );
}

#[test]
fn old_rows_are_trimmed_in_batches_and_the_rest_still_is_a_chain() {
    let bench = filled(2500);
    bench.at("2027-12-25T22:00:00Z");
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, |draft| {
        record(draft, &Principal::system(), &Entry::new(Event::SignedIn))
    })
    .unwrap();
    assert_eq!(block_on(bench.desk.trim_audit()), Ok(0), "within 400 days");
    bench.at("2027-12-27T22:00:00Z");
    assert_eq!(block_on(bench.desk.trim_audit()), Ok(2500));
    let left = bench.list(set::AUDIT_EVENTS, &["Id", "Event"]);
    let want = ["2501 SignedIn", "2502 AuditTrimmed", "2503 AuditTrimmed", "2504 AuditTrimmed"];
    assert_eq!(left, want);
    let found = verify(&*bench.desk.snapshot());
    assert_eq!((found.rows, found.faults), (4, vec![]));
    let all = rows(&bench);
    let detail = bench.show(&all[3], "Detail");
    assert!(detail.starts_with("500 removed, through 2500, hash "), "{detail}");
    // Somebody trims further by hand, or lets the last trim say something else.
    for cut in [1, 2, 3] {
        assert_ne!(faults(&bench, all[cut..].to_vec()), Vec::<String>::new(), "{cut}");
    }
    for (from, to) in [("2500", "2499"), ("hash ", "hash 0"), ("signature ", "signature 0")] {
        let mut rows = all.clone();
        rows[3] = with(&all[3], audit::DETAIL, text(&detail.replace(from, to)));
        let told = faults(&bench, rows);
        let want = "AuditEvents(2501) is the first, and no signed event says what was before it";
        assert!(told.contains(&want.to_owned()), "{told:?}");
    }
}

#[test]
fn where_all_rows_are_old_the_log_still_has_a_head() {
    let bench = filled(3);
    bench.at("2037-01-01T00:00:00Z");
    assert_eq!(block_on(bench.desk.trim_audit()), Ok(3));
    let left = bench.list(set::AUDIT_EVENTS, &["Id", "Event"]);
    assert_eq!(left, ["4 AuditTrimmed", "5 AuditTrimmed"]);
    bench.at("2047-01-01T00:00:00Z");
    assert_eq!(block_on(bench.desk.trim_audit()), Ok(2));
    assert_eq!(verify(&*bench.desk.snapshot()).faults, Vec::<String>::new());
    assert_eq!(block_on(bench.desk.trim_audit()), Ok(0));
}

#[test]
fn a_hundred_thousand_rows_are_walked_in_one_go() {
    let bench = filled(100_000);
    let found = verify(&*bench.desk.snapshot());
    assert_eq!((found.rows, found.faults), (100_000, vec![]));
}
