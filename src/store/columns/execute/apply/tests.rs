//! Groups by column against the reference.

use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::{
    model::{SetId, helpdesk, set},
    query::{
        BinaryOp, Expr, Function, Path, Step, Var,
        apply::{Aggregate, Method, Number, reference},
        memory::MemorySource,
    },
    time::Timestamp,
};

/// One ticket: status, priority, hours from creation to resolution, day of creation.
type Ticket = (i64, Option<i64>, Option<i64>, i64);

const HOUR: i64 = 3_600_000_000;

fn filled(tickets: &[Ticket]) -> (MemorySource, Tickets) {
    let model = helpdesk();
    let mut source = MemorySource::new(model.clone()).in_zone(TimeZone::UTC);
    for (set, ty) in [("Statuses", "Status"), ("Priorities", "Priority")] {
        // Two of a list may have one name.
        for (id, name) in [(1, "b"), (2, "a"), (3, "b")] {
            let named = [("Id", Value::Int(id)), ("Name", name.into())];
            source.put_named(set, ty, &named).unwrap();
        }
    }
    let mut columns = Columns::new(model, set::TICKETS);
    for (id, (status, priority, hours, day)) in (1_i64..).zip(tickets) {
        let created = Timestamp::from_micros(day * 24 * HOUR + id);
        let resolved =
            hours.map(|hours| Timestamp::from_micros(created.micros() + hours * HOUR / 7));
        let named = [
            ("Id", Value::Int(id)),
            ("StatusId", Value::Int(*status)),
            ("PriorityId", (*priority).into()),
            ("CreatedDateTime", created.into()),
            ("ResolvedDateTime", resolved.into()),
            ("ReopenCount", Value::Int(*status * id)),
        ];
        let row = source.put_named("Tickets", "Ticket", &named).unwrap();
        columns.put(&row.key(model), &row);
    }
    (source, Tickets(Arc::new(columns)))
}

fn context(source: &MemorySource) -> Context<'_> {
    Context { source, now: Timestamp::from_micros(0), deadline: None, it: None, found: None }
}

/// The columns of tickets, and of nothing else.
struct Tickets(Arc<Columns>);

impl Tables for Tickets {
    fn columns(&self, set: SetId) -> Option<&Arc<Columns>> {
        (set == set::TICKETS).then_some(&self.0)
    }
}

fn path(names: &str) -> Expr {
    let (mut of, mut steps) = (set::TICKETS, vec![]);
    for name in names.split('/') {
        let structure = helpdesk().entity_type(of);
        if let Some(nav) = structure.navigation(name) {
            steps.push(Step::Navigation(nav));
            of = helpdesk().target(structure.navigation_at(nav)).unwrap();
        } else {
            steps.push(Step::Property(structure.property(name).unwrap()));
        }
    }
    Expr::Path(Path { from: Var(0), steps })
}

fn call(function: Function, name: &str) -> Expr {
    Expr::Call { function, args: vec![path(name)] }
}

fn above(left: &Expr, right: i64) -> Expr {
    let right = Box::new(Expr::Literal(right.into()));
    Expr::Binary { op: BinaryOp::Gt, left: Box::new(left.clone()), right }
}

fn of(method: Method, name: &str) -> Aggregate {
    Aggregate { method, of: Some(path(name)) }
}

fn count() -> Aggregate {
    Aggregate { method: Method::Count, of: None }
}

fn with<'a>(keys: &'a [Expr], aggregates: &'a [Aggregate]) -> Grouping<'a> {
    Grouping { set: set::TICKETS, filters: &[], keys, aggregates, held_max: 1000 }
}

/// What the columns make of a grouping, if it is theirs to make; it must be what the reference makes.
#[track_caller]
fn check(tickets: &[Ticket], keys: &[Expr], aggregates: &[Aggregate], is_quick: bool) {
    let (source, columns) = filled(tickets);
    let ctx = context(&source);
    let grouping = with(keys, aggregates);
    let found = grouped(&columns, &grouping, &ctx);
    assert_eq!(found.is_some(), is_quick, "{grouping:?}");
    if let Some(found) = found {
        let want = reference(&grouping, &ctx);
        assert!(is_alike(&found, &want), "{grouping:?}: {found:?} instead of {want:?}");
    }
}

type Tuples = Result<Vec<Vec<Value>>, Error>;

/// Whether it is the same but for the last digits of sums of doubles, which hang on what is added first.
fn is_alike(found: &Tuples, want: &Tuples) -> bool {
    let value = |(found, want): (&Value, &Value)| match (found, want) {
        (Value::Double(found), Value::Double(want)) => (found - want).abs() <= want.abs() * 1e-14,
        _ => found == want,
    };
    let tuple = |(found, want): (&Vec<Value>, &Vec<Value>)| {
        found.len() == want.len() && found.iter().zip(want).all(value)
    };
    match (found, want) {
        (Ok(found), Ok(want)) => found.len() == want.len() && found.iter().zip(want).all(tuple),
        _ => found == want,
    }
}

/// Status, priority, year and month, with a count and a mean: the question of reports.
fn by_month() -> (Vec<Expr>, Vec<Aggregate>) {
    let keys = vec![
        path("Status"),
        path("Priority"),
        call(Function::Year, "CreatedDateTime"),
        call(Function::Month, "CreatedDateTime"),
    ];
    (keys, vec![count(), of(Method::Average(Number::Double), "ResolutionHours")])
}

const SOME: [Ticket; 4] = [
    (1, None, None, 20_000),
    (3, Some(2), Some(5), 20_040),
    (2, Some(1), None, 19_000),
    (2, Some(3), Some(70), 19_000),
];

#[test]
fn keys_and_values_that_are_quick_are_told_from_others() {
    let (keys, aggregates) = by_month();
    check(&SOME, &keys, &aggregates, true);
    check(&[], &keys, &aggregates, true);
    check(&[], &[], &aggregates, true);
    check(&SOME, &[], &[count(), of(Method::Max, "CreatedDateTime")], true);
    check(&SOME, &[path("StatusDetail/Name")], &[], true);
    check(&SOME, &[path("TeamName"), path("ResolvedDateTime")], &[], false);
    check(&SOME, &[call(Function::Date, "ResolvedDateTime")], &[count()], true);
    check(&SOME, &[call(Function::Hour, "CreatedDateTime")], &[], false);
    check(&SOME, &[path("CommentCount")], &[], false);
    check(&SOME, &[], &[of(Method::Min, "Description")], false);
    check(&SOME, &[], &[of(Method::CountDistinct, "Status")], false);
    check(&SOME, &[], &[of(Method::Sum(Number::Whole), "StatusId")], true);
    // A sum is of the type it is asked as, whatever the column's is.
    for number in [Number::Double, Number::Decimal] {
        check(&SOME, &[], &[of(Method::Sum(number), "StatusId")], true);
    }
}

#[test]
fn only_the_rows_that_are_left_are_added_up() {
    let (source, columns) = filled(&SOME);
    let ctx = context(&source);
    let (filters, keys) = ([Stage::Filter(above(&path("Id"), 1))], [path("StatusId")]);
    let aggregates = [count()];
    let grouping = Grouping { filters: &filters, ..with(&keys, &aggregates) };
    let found = grouped(&columns, &grouping, &ctx);
    assert_eq!(found, Some(reference(&grouping, &ctx)));
    let one = |status: i64| vec![Value::Int(status), Value::Int(1)];
    assert_eq!(found, Some(Ok(vec![vec![Value::Int(2), Value::Int(2)], one(3)])));
}

#[test]
fn more_groups_than_may_be_held_are_refused() {
    let (source, columns) = filled(&SOME);
    let ctx = context(&source);
    let keys = [path("StatusId")];
    let grouping = Grouping { held_max: 2, ..with(&keys, &[]) };
    let found = grouped(&columns, &grouping, &ctx).unwrap();
    assert_eq!(found.unwrap_err(), reference(&grouping, &ctx).unwrap_err());
}

#[test]
fn what_is_made_of_all_rows_is_no_group_that_is_held() {
    let (source, columns) = filled(&SOME);
    let ctx = context(&source);
    let aggregates = [Aggregate { method: Method::CountDistinct, of: Some(path("StatusId")) }];
    for held_max in 0..5 {
        let grouping = Grouping { held_max, ..with(&[], &aggregates) };
        let found = grouped(&columns, &grouping, &ctx);
        assert_eq!(found, Some(reference(&grouping, &ctx)), "at most {held_max}");
    }
}

fn any_key() -> impl Strategy<Value = Expr> {
    let names = ["Status", "StatusId", "Priority", "PriorityId", "PriorityDetail/Name", "TeamName"];
    let functions = [Function::Year, Function::Month, Function::Day, Function::Date];
    let instants = ["CreatedDateTime", "ResolvedDateTime"];
    prop_oneof![
        prop::sample::select(names.to_vec()).prop_map(path),
        (prop::sample::select(functions.to_vec()), prop::sample::select(instants.to_vec()))
            .prop_map(|(function, name)| call(function, name)),
    ]
}

fn any_aggregate() -> impl Strategy<Value = Aggregate> {
    let hours = [
        Method::Sum(Number::Double),
        Method::Average(Number::Double),
        Method::Min,
        Method::Max,
        Method::CountDistinct,
    ];
    let whole = [
        Method::Sum(Number::Whole),
        Method::Average(Number::Whole),
        Method::Min,
        Method::CountDistinct,
    ];
    prop_oneof![
        Just(count()),
        prop::sample::select(hours.to_vec()).prop_map(|method| of(method, "ResolutionHours")),
        prop::sample::select(whole.to_vec()).prop_map(|method| of(method, "ReopenCount")),
        Just(of(Method::Max, "ResolvedDateTime")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn columns_make_the_groups_the_reference_makes(
        tickets in prop::collection::vec((1..4_i64, prop::option::of(1..5_i64), prop::option::of(0..900_i64), 19_990..20_030_i64), 0..40),
        keys in prop::collection::vec(any_key(), 0..3),
        aggregates in prop::collection::vec(any_aggregate(), 0..3),
    ) {
        check(&tickets, &keys, &aggregates, true);
    }
}
