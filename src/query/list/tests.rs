//! Lists, pages and tokens of the reference.

mod changing;

use proptest::prelude::*;

use super::*;
use crate::{
    model::{Nav, Prop, Value},
    query::{
        BinaryOp, Shape,
        compare::compare,
        eval::of_row,
        fixture::{THINGS, binary, context, lit, model, path, path_from, prop, source},
        memory::MemorySource,
    },
};

const SORTED: [&str; 6] = ["Int32", "Double", "String", "Boolean", "Decimal", "Date"];

fn plan(order: Vec<Order>) -> Plan {
    Plan {
        set: THINGS,
        filter: None,
        search: None,
        order,
        skip: 0,
        top: None,
        count: false,
        page_size: None,
        after: None,
        shape: Shape::default(),
    }
}

fn by(name: &str, descending: bool) -> Order {
    Order { expr: prop(name), descending }
}

fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.key(&model()).as_int().unwrap()).collect()
}

/// Things 1 to n with those values of the properties in `SORTED`.
fn things(values: &[Vec<Value>]) -> MemorySource {
    let mut source = MemorySource::new(model());
    for (id, values) in (1_i64..).zip(values) {
        let mut named: Vec<(&str, Value)> = SORTED.into_iter().zip(values.clone()).collect();
        named.push(("Id", id.into()));
        source.put_named("Things", "Thing", &named).unwrap();
    }
    source
}

#[track_caller]
fn check(plan: &Plan, want: &[i64], want_count: Option<u64>, has_next: bool) {
    let source = source();
    let page = list(plan, &Start::Set, &context(&source)).unwrap();
    assert_eq!(ids(&page.rows), want);
    assert_eq!((page.count, page.next.is_some()), (want_count, has_next));
}

#[test]
fn rows_come_by_key_unless_asked_otherwise() {
    check(&plan(vec![]), &[1, 2, 3], None, false);
    check(&plan(vec![by("Id", false)]), &[1, 2, 3], None, false);
    check(&plan(vec![by("Id", true)]), &[3, 2, 1], None, false);
    check(&plan(vec![by("Int32", false)]), &[2, 3, 1], None, false);
    check(&plan(vec![by("Int32", true)]), &[1, 2, 3], None, false);
    check(&plan(vec![by("GroupId", true), by("Id", true)]), &[3, 1, 2], None, false);
}

#[test]
fn a_next_page_is_told_only_where_the_page_size_ended_this_one() {
    for order in [vec![], vec![by("String", false)]] {
        let sized = |size| Plan { page_size: Some(size), ..plan(order.clone()) };
        let found = if order.is_empty() { [1, 2, 3] } else { [2, 3, 1] };
        check(&sized(2), &found[..2], None, true);
        check(&sized(3), &found, None, false);
        check(&Plan { top: Some(2), ..sized(2) }, &found[..2], None, false);
        check(&Plan { top: Some(3), ..sized(2) }, &found[..2], None, true);
        check(&Plan { top: Some(1), ..sized(2) }, &found[..1], None, false);
        check(&Plan { top: Some(0), ..sized(2) }, &[], None, false);
        check(&Plan { skip: 1, ..sized(1) }, &found[1..2], None, true);
        check(&Plan { skip: 2, ..sized(1) }, &found[2..], None, false);
        check(&Plan { skip: 9, ..sized(1) }, &[], None, false);
        check(&Plan { skip: u64::MAX, top: Some(u64::MAX), ..sized(1) }, &[], None, false);
    }
}

#[test]
fn the_count_is_of_all_rows_the_filter_leaves() {
    let filter = binary(BinaryOp::Ge, prop("Id"), lit(2));
    let counted = Plan { filter: Some(filter), count: true, top: Some(1), ..plan(vec![]) };
    check(&counted, &[2], Some(2), false);
    check(&Plan { skip: 1, ..counted.clone() }, &[3], Some(2), false);
    check(&Plan { top: Some(0), ..counted.clone() }, &[], Some(2), false);
    check(&Plan { after: Some(vec![2.into()]), ..counted.clone() }, &[3], Some(2), false);
    let ordered = Plan { order: vec![by("Id", true)], ..counted };
    check(&ordered, &[3], Some(2), false);
    check(&Plan { after: Some(vec![3.into(), 3.into()]), ..ordered }, &[2], Some(2), false);
}

#[test]
fn related_rows_are_listed_like_a_set() {
    let source = source();
    let ctx = context(&source);
    let row = get(&ctx, THINGS, &Key::Int(1)).unwrap();
    let start = Start::Related(row, Nav(1));
    let (set, order) = (SetId(2), path_from(0, crate::model::StructId(5), "Amount"));
    let order = vec![Order { expr: Expr::Path(order), descending: false }];
    let parts = Plan { set, page_size: Some(2), count: true, ..plan(order) };
    let page = list(&parts, &start, &ctx).unwrap();
    assert_eq!((ids(&page.rows), page.count), (vec![2, 3], Some(3)));
    let page = list(&Plan { after: page.next, ..parts }, &start, &ctx).unwrap();
    assert_eq!((ids(&page.rows), page.next), (vec![1], None));
}

#[test]
fn a_query_ends_at_its_deadline() {
    let source = source();
    let passed = Context { deadline: Some(std::time::Instant::now()), ..context(&source) };
    for order in [vec![], vec![by("String", false)]] {
        let error = list(&plan(order), &Start::Set, &passed).unwrap_err();
        assert!(matches!(error, Error::Overloaded { .. }), "{error:?}");
        assert!(error.to_string().contains("'query_deadline_secs'"), "{error}");
    }
    let row = get(&passed, THINGS, &Key::Int(1)).unwrap();
    let over =
        crate::query::Collection { path: path("Parts"), var: Var(1), filter: None, search: None };
    let numbers = crate::query::Collection { path: path("Numbers"), ..over.clone() };
    for expr in [Expr::Count(over), Expr::Count(numbers), prop("PartCount")] {
        let error = of_row(&expr, &row, &passed).unwrap_err();
        assert!(matches!(error, Error::Overloaded { .. }), "{error:?}");
    }
    let later = std::time::Instant::now().checked_add(std::time::Duration::from_hours(1));
    let ctx = Context { deadline: later, ..context(&source) };
    assert_eq!(list(&plan(vec![]), &Start::Set, &ctx).unwrap().rows.len(), 3);
}

#[test]
fn a_token_of_another_query_is_refused() {
    let source = source();
    let refused = |order: Vec<Order>, after: Vec<Value>| {
        let plan = Plan { after: Some(after), ..plan(order) };
        let error = list(&plan, &Start::Set, &context(&source)).unwrap_err();
        assert!(
            matches!(&error, Error::InvalidOption { option, .. } if option == "$skiptoken"),
            "{error:?}"
        );
    };
    refused(vec![], vec![]);
    refused(vec![], vec![1.into(), 2.into()]);
    refused(vec![], vec!["1".into()]);
    refused(vec![], vec![Value::Null]);
    refused(vec![by("Int32", false)], vec![1.into()]);
    refused(vec![by("Int32", false)], vec!["1".into(), 1.into()]);
}

#[test]
fn a_fault_in_an_order_names_that_option() {
    let expr = binary(BinaryOp::Div, lit(1), lit(0));
    let plan = plan(vec![Order { expr, descending: false }]);
    let source = source();
    let error = list(&plan, &Start::Set, &context(&source)).unwrap_err();
    assert!(matches!(error, Error::InvalidOption { option, .. } if option == "$orderby"));
}

#[test]
fn texts_sort_by_256_bytes_then_by_key() {
    let long = |head: &str, tail: &str| Value::text(&format!("{head}{}{tail}", "ä".repeat(128)));
    let named = |text| vec![Value::Null, Value::Null, text];
    let source = things(&[named(long("", "z")), named(long("", "a")), named(long("a", ""))]);
    let plan = Plan { page_size: Some(1), ..plan(vec![by("String", false)]) };
    let page = list(&plan, &Start::Set, &context(&source)).unwrap();
    assert_eq!(ids(&page.rows), [3]);
    let token = page.next.unwrap();
    // One byte of an ä more would be 257.
    assert_eq!(token[0].as_text().unwrap().len(), 255);
    let page = list(&Plan { after: Some(token), ..plan }, &Start::Set, &context(&source));
    assert_eq!(ids(&page.unwrap().rows), [1]);
}

#[test]
fn rows_with_keys_of_several_parts_are_paged() {
    let helpdesk = crate::model::helpdesk();
    let mut source = MemorySource::new(helpdesk.clone());
    let set = crate::model::set::TEAM_MEMBERS;
    for (team, user) in [(1, 2), (2, 1), (1, 1), (2, 3)] {
        source.put(set, &[Value::Int(team), Value::Int(user)]);
    }
    let by_team = Path { from: Var(0), steps: vec![Step::Property(Prop(0))] };
    let by_team = Order { expr: Expr::Path(by_team), descending: true };
    for order in [vec![], vec![by_team]] {
        let descending = !order.is_empty();
        let mut plan = Plan { set, page_size: Some(1), ..plan(order) };
        let mut seen = vec![];
        while seen.len() < 9 {
            let page = list(&plan, &Start::Set, &context(&source)).unwrap();
            seen.extend(page.rows.iter().map(|row| row.key(helpdesk)));
            plan.after = page.next;
            if plan.after.is_none() {
                break;
            }
        }
        let key = |team, user| Key::new(&[Value::Int(team), Value::Int(user)]);
        let (one, two) = ([key(1, 1), key(1, 2)], [key(2, 1), key(2, 3)]);
        let want = if descending { [two, one] } else { [one, two] };
        assert_eq!(seen, want.concat());
    }
}

fn any_values() -> impl Strategy<Value = Vec<Value>> {
    let doubles = prop_oneof![
        Just(f64::NAN),
        Just(-f64::NAN),
        Just(f64::INFINITY),
        Just(-0.0),
        Just(0.0),
        Just(1.5)
    ];
    let texts = prop_oneof![
        Just(String::new()),
        Just("a".to_owned()),
        Just("B".to_owned()),
        Just(format!("{}1", "x".repeat(256))),
        Just(format!("{}2", "x".repeat(256))),
    ];
    let maybe = |some: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 3 => some];
    vec![
        maybe((0..3_i64).prop_map(Value::Int).boxed()).boxed(),
        maybe(doubles.prop_map(Value::Double).boxed()).boxed(),
        maybe(texts.prop_map(|text| Value::text(&text)).boxed()).boxed(),
        maybe(any::<bool>().prop_map(Value::Bool).boxed()).boxed(),
        maybe(
            (0..30_i64, 0..2_u32)
                .prop_map(|(n, scale)| Value::Decimal(rust_decimal::Decimal::new(n, scale)))
                .boxed(),
        )
        .boxed(),
        maybe((0..3_i32).prop_map(|days| Value::Date(crate::time::Date::from_days(days))).boxed())
            .boxed(),
    ]
}

fn any_order() -> impl Strategy<Value = Vec<Order>> {
    let names = SORTED.into_iter().chain(["Id"]).collect::<Vec<_>>();
    let item = (prop::sample::select(names), any::<bool>());
    prop::collection::vec(item.prop_map(|(name, descending)| by(name, descending)), 0..4)
}

/// Follows the pages of `plan` to the end.
fn all_pages(plan: &Plan, ctx: &Context<'_>) -> Vec<i64> {
    let (mut plan, mut seen) = (plan.clone(), vec![]);
    loop {
        let page = list(&plan, &Start::Set, ctx).unwrap();
        assert!(page.rows.len() as u64 <= plan.page_size.unwrap());
        seen.extend(ids(&page.rows));
        assert!(seen.len() < 100, "pages without end");
        plan.skip = 0;
        plan.top = plan.top.map(|top| top - page.rows.len() as u64);
        plan.after = page.next;
        if plan.after.is_none() {
            return seen;
        }
    }
}

proptest! {
    #[test]
    fn pages_of_any_size_give_every_row_once_in_order(
        values in prop::collection::vec(any_values(), 0..14),
        order in any_order(),
        skip in 0..6_u64,
        top in prop::option::of(0..10_u64),
        count: bool,
    ) {
        let source = things(&values);
        let ctx = context(&source);
        let whole = Plan { count, ..plan(order) };
        let all = ids(&list(&whole, &Start::Set, &ctx).unwrap().rows);
        let mut sorted = all.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (1..).take(values.len()).collect::<Vec<i64>>());
        let end = top.map_or(usize::MAX, |top| usize::try_from(top).unwrap());
        let part: Vec<i64> =
            all.iter().skip(usize::try_from(skip).unwrap()).take(end).copied().collect();
        for size in 1..=values.len() as u64 + 1 {
            let paged = Plan { page_size: Some(size), ..whole.clone() };
            prop_assert_eq!(&all_pages(&paged, &ctx), &all, "pages of {}", size);
            let paged = Plan { skip, top, ..paged };
            prop_assert_eq!(&all_pages(&paged, &ctx), &part, "pages of {}", size);
        }
    }

    #[test]
    fn sorted_rows_are_in_the_order_a_filter_would_find_them(
        values in prop::collection::vec(any_values(), 0..14),
        at in 0..SORTED.len(),
        descending: bool,
    ) {
        let source = things(&values);
        let plan = plan(vec![by(SORTED[at], descending)]);
        let rows = ids(&list(&plan, &Start::Set, &context(&source)).unwrap().rows);
        let value = |id: i64| &values[usize::try_from(id - 1).unwrap()][at];
        for pair in rows.windows(2) {
            let (first, second) = (value(pair[0]), value(pair[1]));
            let (low, high) = if descending { (second, first) } else { (first, second) };
            prop_assert!(low.is_null() || !high.is_null(), "{:?} before {:?}", first, second);
            let are_long = |text: &Value| text.as_text().is_some_and(|text| text.len() > 256);
            let is_cut = are_long(low) && are_long(high);
            prop_assert!(is_cut || compare(low, high) != Some(Ordering::Greater));
            if crate::query::compare::equal(low, high) || is_cut {
                prop_assert!(pair[0] < pair[1], "ties go by key");
            }
        }
    }
}
