//! Pages of rows that others change meanwhile.

use super::*;

/// What happens between two pages.
#[derive(Clone, Debug)]
enum Happening {
    /// Row 101 and up is there, with these values, whether it was before or not.
    Put(i64, Vec<Value>),
    /// It is not.
    Remove(i64),
    /// Row 1 and up is written again, with the same values but in what nobody asked for.
    Touch(usize),
}

fn any_happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        3 => (101..110_i64, any_values()).prop_map(|(id, values)| Happening::Put(id, values)),
        1 => (101..110_i64).prop_map(Happening::Remove),
        1 => (0..20_usize).prop_map(Happening::Touch),
    ];
    prop::collection::vec(one, 0..5)
}

fn put(source: &mut MemorySource, id: i64, values: &[Value], body: &str) {
    let mut named: Vec<(&str, Value)> = SORTED.into_iter().zip(values.iter().cloned()).collect();
    named.extend([("Id", id.into()), ("Body", Value::text(body))]);
    source.put_named("Things", "Thing", &named).unwrap();
}

fn happen(source: &mut MemorySource, still: &[Vec<Value>], happening: &Happening) {
    match happening {
        Happening::Put(id, values) => put(source, *id, values, "new"),
        Happening::Remove(id) => {
            source.remove(THINGS, &Key::Int(*id));
        }
        Happening::Touch(at) => {
            if let Some(values) = still.get(*at) {
                put(source, i64::try_from(*at).unwrap() + 1, values, "touched");
            }
        }
    }
}

/// A filter that leaves some rows, told by their numbers or not at all.
fn any_filter() -> impl Strategy<Value = Option<Expr>> {
    let at_least = |number: i64| binary(BinaryOp::Ge, prop("Int32"), lit(number));
    let known = |name: &'static str| binary(BinaryOp::Ne, prop(name), Expr::Literal(Value::Null));
    prop_oneof![
        2 => Just(None),
        1 => (0..3_i64).prop_map(move |number| Some(at_least(number))),
        1 => prop::sample::select(SORTED.to_vec()).prop_map(move |name| Some(known(name))),
    ]
}

proptest! {
    /// No row whose sort key and filter result did not change is missed or repeated, or out of order.
    #[test]
    fn rows_that_stay_come_once_and_in_order_whatever_happens_to_others(
        still in prop::collection::vec(any_values(), 0..14),
        before in any_happenings(),
        between in prop::collection::vec(any_happenings(), 0..20),
        (order, filter) in (any_order(), any_filter()),
        size in 1..5_u64,
    ) {
        let mut source = things(&still);
        let whole = Plan { filter, ..plan(order) };
        let want = ids(&list(&whole, &Start::Set, &context(&source)).unwrap().rows);
        for happening in &before {
            happen(&mut source, &still, happening);
        }
        let mut page_plan = Plan { page_size: Some(size), ..whole };
        let (mut seen, mut between) = (Vec::new(), between.iter());
        // Once nothing happens any more, there are so many rows as there are.
        for _ in 0..200 {
            let page = list(&page_plan, &Start::Set, &context(&source)).unwrap();
            seen.extend(ids(&page.rows));
            page_plan.after = page.next;
            if page_plan.after.is_none() {
                break;
            }
            for happening in between.next().into_iter().flatten() {
                happen(&mut source, &still, happening);
            }
        }
        prop_assert!(page_plan.after.is_none(), "pages without end");
        seen.retain(|id| *id <= 100);
        prop_assert_eq!(seen, want);
    }
}
