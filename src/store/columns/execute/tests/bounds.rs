//! What is searched for ends where a text does, and what is sorted is bounded.

use super::{super::topk::kept, SERVED, Tabled};
use crate::{
    model::{StructType, Value, helpdesk, set},
    query::{
        Context, Expr, Function, Order, Path, Plan, Source, Start, Step, Var,
        list::reference,
        random::{Op, World},
    },
    store::columns::execute::Limits,
    time::Timestamp,
};

/// Tickets with these titles and no other property but an id; null where there is none.
fn titled<'t>(titles: impl Iterator<Item = Option<&'t str>>) -> World {
    let model = helpdesk();
    let ticket = model.entity_type(set::TICKETS);
    let ops = (1_i64..).zip(titles).map(|(id, title)| {
        let mut values = vec![Value::Null; ticket.properties.len()];
        values[property(ticket, "Id")] = id.into();
        values[property(ticket, "Title")] = title.map_or(Value::Null, Value::text);
        Op::Put { set: set::TICKETS, type_id: model.set(set::TICKETS).ty, values }
    });
    World { model, zone: jiff::tz::TimeZone::UTC, sets: vec![set::TICKETS], ops: ops.collect() }
}

fn property(ticket: &StructType, name: &str) -> usize {
    usize::from(ticket.property(name).unwrap().0)
}

fn title() -> Expr {
    let prop = helpdesk().entity_type(set::TICKETS).property("Title").unwrap();
    Expr::Path(Path { from: Var(0), steps: vec![Step::Property(prop)] })
}

fn call(function: Function, args: Vec<Expr>) -> Expr {
    Expr::Call { function, args }
}

fn context(source: &dyn Source) -> Context<'_> {
    let now = Timestamp::from_micros(0);
    Context { source, now, deadline: None, it: None, found: None }
}

/// How many rows hold a text; the reference must find the same.
#[track_caller]
fn found(tabled: &Tabled, of: Expr, needle: &str) -> usize {
    let condition = call(Function::Contains, vec![of, Expr::Literal(Value::text(needle))]);
    let plan = Plan { filter: Some(condition), ..Plan::of(set::TICKETS) };
    let ctx = context(tabled);
    let page = tabled.list(&plan, &Start::Set, &ctx).unwrap();
    assert_eq!(page, reference(&plan, &Start::Set, &ctx).unwrap(), "{needle}");
    page.rows.len()
}

#[test]
fn no_text_is_found_across_the_border_of_two_rows() {
    // Every title begins with the end of what the one before it ends with the beginning of.
    let titles: Vec<String> = (0..3000)
        .map(|at| match at {
            1234 => "a Printer".to_owned(),
            _ => format!("nter {at} Pri"),
        })
        .collect();
    let tabled = Tabled::new(&titled(titles.iter().map(|title| Some(title.as_str()))), SERVED);
    let lower = || call(Function::ToLower, vec![title()]);
    assert_eq!(found(&tabled, title(), "Printer"), 1);
    assert_eq!(found(&tabled, lower(), "printer"), 1);
    assert_eq!(found(&tabled, title(), "Print"), 1);
    assert_eq!(found(&tabled, title(), "Pri"), 3000);
    assert_eq!(found(&tabled, title(), "rin"), 1);
}

#[test]
fn a_hit_across_a_border_hides_none_behind_it() {
    let of = ["a", "aa", "", "ab", "ba", "b", "abab", "ä", "aä", "\u{e4}b"];
    let titles = (0..2000_usize).map(|at| {
        let dice = at * 7919 % 104_729;
        (dice % 11 > 0).then(|| of[dice / 11 % of.len()])
    });
    let tabled = Tabled::new(&titled(titles), SERVED);
    for needle in ["a", "aa", "ab", "ba", "aba", "abab", "bab", "aaa", "b", "ä", "bä", "äb", ""]
    {
        found(&tabled, title(), needle);
        found(&tabled, call(Function::ToLower, vec![title()]), needle);
    }
}

#[test]
fn sorting_by_a_computed_text_keeps_no_more_rows_than_a_bound() {
    const ROWS: usize = 3000;
    const SORTED: usize = 500;
    let long = "x".repeat(2000);
    let titles: Vec<String> =
        (0..ROWS).map(|at| format!("{:04}{long}", at * 7919 % ROWS)).collect();
    let world = titled(titles.iter().map(|title| Some(title.as_str())));
    let tabled = Tabled::new(&world, Limits { sorted: SORTED, ..SERVED });
    let expr = call(Function::Concat, vec![title(), title()]);
    let order = vec![Order { expr, descending: true }];
    let plan = Plan { order, skip: 2000, page_size: Some(3), ..Plan::of(set::TICKETS) };
    let ctx = context(&tabled);
    kept::MOST.set((0, 0));
    let page = tabled.list(&plan, &Start::Set, &ctx).unwrap();
    let (rows, bytes) = kept::MOST.get();
    assert_eq!(page, reference(&plan, &Start::Set, &ctx).unwrap());
    assert!((SORTED..=SORTED + 1).contains(&rows), "{rows} rows kept");
    assert!((1..=256).contains(&bytes), "{bytes} bytes of a text kept");
    // A few hundred bytes for each: a small part of what a million rows take.
    const { assert!(Limits::SERVED.sorted <= 1 << 16) };
}
