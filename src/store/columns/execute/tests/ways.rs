//! Which way is taken for which condition and order.

use std::{ops::RangeInclusive, sync::Arc};

use super::{
    super::{estimate, explain},
    SERVED, Tabled,
};
use crate::{
    model::{Key, SetId, StructId, Value, helpdesk, set},
    query::{
        BinaryOp, Collection, Context, Expr, Find, Function, KeyRef, Lookup, Order, Path, Plan,
        Quantifier, Shape, Source, Start, Step, Var,
        random::{Op, World},
    },
    time::Timestamp,
};

/// Entities by name, so many of each set, with what is named.
fn world(tickets: i64) -> World {
    world_of(tickets, 1..=100)
}

/// The same with these customers.
fn world_of(tickets: i64, customers: RangeInclusive<i64>) -> World {
    let (first, count) = (*customers.start(), customers.end() - customers.start() + 1);
    let model = helpdesk();
    let mut ops = Vec::new();
    let mut put = |set: SetId, named: &[(&str, Value)]| {
        let ty = model.entity_type(set);
        let mut values = vec![Value::Null; ty.properties.len()];
        for (name, value) in named {
            values[usize::from(ty.property(name).unwrap().0)] = value.clone();
        }
        ops.push(Op::Put { set, type_id: model.set(set).ty, values });
    };
    for (id, name) in (1_i64..).zip(["New", "Open", "Pending", "Resolved", "Closed"]) {
        let named = [("Id", id.into()), ("Name", name.into()), ("Kind", name.into())];
        put(set::STATUSES, &named);
    }
    for id in customers {
        let name = Value::text(&format!("Customer {id}"));
        put(set::CUSTOMERS, &[("Id", id.into()), ("Name", name)]);
    }
    for id in 1..=tickets {
        let at = Value::Instant(Timestamp::from_micros(id * 3_600_000_000));
        let title = Value::text(&format!("Ticket {id} of a printer"));
        put(
            set::TICKETS,
            &[
                ("Id", id.into()),
                ("Title", title),
                ("StatusId", (id % 5 + 1).into()),
                ("RequesterId", (first + id % count).into()),
                ("CreatedDateTime", at.clone()),
                ("UpdatedDateTime", at),
                ("Tags", Value::List([Value::text("a")].into())),
            ],
        );
        put(set::COMMENTS, &[("Id", id.into()), ("TicketId", (id % 7 + 1).into())]);
    }
    let sets = vec![set::TICKETS];
    World { model, zone: jiff::tz::TimeZone::UTC, sets, ops }
}

fn context(source: &dyn Source) -> Context<'_> {
    let now = Timestamp::from_micros(0);
    Context { source, now, deadline: None, it: None, found: None }
}

/// A path by names, from a variable of the type of a set.
fn path_of(var: u8, set: SetId, names: &str) -> Path {
    let model = helpdesk();
    let mut ty: StructId = model.set(set).ty;
    let steps = names.split('/').map(|name| {
        let structure = model.structure(ty);
        match structure.navigation(name) {
            Some(nav) => {
                ty = model.set(model.target(structure.navigation_at(nav)).unwrap()).ty;
                Step::Navigation(nav)
            }
            None => Step::Property(structure.property(name).unwrap()),
        }
    });
    Path { from: Var(var), steps: steps.collect() }
}

fn path(names: &str) -> Expr {
    Expr::Path(path_of(0, set::TICKETS, names))
}

fn lit(value: impl Into<Value>) -> Expr {
    Expr::Literal(value.into())
}

fn test(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    Expr::Binary { op, left: left.into(), right: right.into() }
}

fn is(names: &str, value: impl Into<Value>) -> Expr {
    test(path(names), BinaryOp::Eq, lit(value))
}

fn call(function: Function, args: Vec<Expr>) -> Expr {
    Expr::Call { function, args }
}

fn comments(predicate: Option<Expr>) -> Expr {
    let over = Collection {
        path: path_of(0, set::TICKETS, "Comments"),
        var: Var(1),
        filter: None,
        search: None,
    };
    let predicate = predicate.map(Box::new);
    Expr::Quantified { quantifier: Quantifier::Any, over, var: Var(1), predicate }
}

fn plan(filter: Option<Expr>, order: Vec<Order>) -> Plan {
    Plan {
        set: set::TICKETS,
        filter,
        search: None,
        order,
        skip: 0,
        top: Some(50),
        count: false,
        page_size: None,
        after: None,
        shape: Shape::default(),
    }
}

fn told(tabled: &Tabled, plan: &Plan) -> String {
    let ctx = context(tabled);
    let found = tabled.list(plan, &Start::Set, &ctx).unwrap();
    let wanted = crate::query::list::reference(plan, &Start::Set, &ctx).unwrap();
    assert_eq!(found, wanted);
    explain(tabled, plan, &Start::Set, &ctx).steps.join("\n")
}

/// What is told of the filter, over few and over many values of a property.
#[track_caller]
fn check(filter: &Expr, few: &str, many: &str) {
    let world = world(300);
    for (limits, want) in [(SERVED, few), (super::TIGHT, many)] {
        let tabled = Tabled::new(&world, limits);
        let told = told(&tabled, &plan(Some(filter.clone()), vec![]));
        let line = told.lines().find_map(|line| line.strip_prefix("filter: "));
        assert_eq!(line, Some(want));
    }
}

#[test]
fn a_property_with_few_values_is_asked_once_for_each() {
    let open = "StatusId leads to Statuses with (Name found by index, 1 rows)";
    check(&is("Status", "Open"), "StatusId in 1 of 5 values, bitmap", open);
    check(&is("StatusDetail/Name", "Open"), "StatusId in 1 of 5 values, bitmap", open);
    let closed = "StatusId asked once for each of its values";
    check(&path("IsClosed"), "StatusId in 1 of 5 values, bitmap", closed);
    let none = test(path("AssigneeName"), BinaryOp::Ne, lit(Value::Null));
    check(&none, "AssigneeId in 0 of 0 values, bitmap", "AssigneeId in 0 of 0 values, bitmap");
}

#[test]
fn times_and_numbers_are_ranges() {
    let at = |micros| lit(Value::Instant(Timestamp::from_micros(micros)));
    let range = "CreatedDateTime in a range";
    check(&test(path("CreatedDateTime"), BinaryOp::Ge, at(5)), range, range);
    let day = Value::Date(crate::time::Date::from_days(3));
    let days = "CreatedDateTime in a range of days";
    check(&test(path("CreatedDate"), BinaryOp::Lt, lit(day)), days, days);
    let year = call(Function::Year, vec![path("CreatedDateTime")]);
    check(&test(year, BinaryOp::Eq, lit(1970)), days, days);
    let index = "Id found by index, 1 rows";
    check(&is("Id", 7), index, index);
    check(&test(path("Id"), BinaryOp::Gt, lit(7)), "Id in a range", "Id in a range");
}

#[test]
fn days_are_worked_out_once_for_all_comparisons() {
    // Each of thousands of terms was asked for each day there is, twice: a minute, whatever the deadline.
    let world = world(300);
    let day = |days| Value::Date(crate::time::Date::from_days(days));
    let asked = |terms: i32| {
        let tabled = Tabled::new(&world, SERVED);
        let one = |term: i32| match term % 3 {
            0 => is("CreatedDate", day(term)),
            1 => test(path("CreatedDate"), BinaryOp::Gt, lit(day(term + 9))),
            _ => Expr::Not(test(path("CreatedDate"), BinaryOp::Ne, lit(day(term))).into()),
        };
        let plan = plan(Some(Expr::Or((0..terms).map(one).collect())), vec![]);
        let ctx = context(&tabled);
        let page = tabled.list(&plan, &Start::Set, &ctx).unwrap();
        let times = tabled.zone_asked.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(page, crate::query::list::reference(&plan, &Start::Set, &ctx).unwrap());
        times
    };
    assert!(asked(1) > 0);
    assert!(asked(60) <= asked(1) + 60);
}

#[test]
fn texts_are_searched_a_chunk_at_a_time() {
    let contains = |of| call(Function::Contains, vec![of, lit("printer")]);
    let plain = "Title searched, chunk by chunk";
    check(&contains(path("Title")), plain, plain);
    let lower = "Title in lower case searched, chunk by chunk";
    check(&contains(call(Function::ToLower, vec![path("Title")])), lower, lower);
    let not = Expr::Not(contains(path("Title")).into());
    check(&not, "not (Title searched, chunk by chunk)", "not (Title searched, chunk by chunk)");
}

#[test]
fn what_a_reference_leads_to_is_asked_there() {
    let name = call(Function::EndsWith, vec![path("RequesterName"), lit("9")]);
    let there = "RequesterId leads to Customers with";
    let few = format!("{there} (Name in 10 of 100 values, bitmap)");
    let many = format!("{there} (Name compared at its end, chunk by chunk)");
    check(&name, &few, &many);
    check(
        &is("RequesterId", 7),
        "RequesterId in 1 of 100 values, bitmap",
        "RequesterId found by index, 3 rows",
    );
}

#[test]
fn children_are_asked_and_tell_their_parents() {
    check(&comments(None), "any of Comments", "any of Comments");
    let of_item = Path { from: Var(1), ..path_of(1, set::COMMENTS, "Id") };
    let some = comments(Some(test(Expr::Path(of_item), BinaryOp::Lt, lit(5))));
    let want = "any of Comments with (Id in a range)";
    check(&some, want, want);
    let count = test(path("CommentCount"), BinaryOp::Gt, lit(2));
    let plain = "as many of Comments with (not (IsInternal in 0 of 0 values, bitmap))";
    check(&count, plain, plain);
    let tags = Collection {
        path: path_of(0, set::TICKETS, "Tags"),
        var: Var(1),
        filter: None,
        search: None,
    };
    let item = Expr::Path(Path { from: Var(1), steps: vec![] });
    let predicate = Some(Box::new(test(item, BinaryOp::Eq, lit("a"))));
    let quantifier = Quantifier::Any;
    let any = Expr::Quantified { quantifier, over: tags, var: Var(1), predicate };
    let once = "Tags asked once for each of its values";
    check(&any, once, once);
}

#[test]
fn what_can_fail_or_is_long_comes_last() {
    let sum = test(path("Id"), BinaryOp::Add, lit(1));
    let sum = test(sum, BinaryOp::Gt, lit(3));
    let body = call(Function::Contains, vec![path("Description"), lit("x")]);
    let all = Expr::And(vec![sum, body, is("Status", "Open")]);
    let open = "StatusId in 1 of 5 values, bitmap";
    let late = "row by row, with its long text; a calculation, row by row";
    let many = "StatusId leads to Statuses with (Name found by index, 1 rows)";
    check(&all, &format!("{open}; {late}"), &format!("{many}; {late}"));
}

#[track_caller]
fn check_order(names: &[(&str, bool)], want: &str) {
    let tabled = Tabled::new(&world(300), SERVED);
    let order =
        names.iter().map(|(name, descending)| Order { expr: path(name), descending: *descending });
    let told = told(&tabled, &plan(None, order.collect()));
    let line = told.lines().find_map(|line| line.strip_prefix("order: "));
    assert_eq!(line, Some(want));
}

#[test]
fn an_order_is_walked_where_it_is_kept() {
    check_order(&[], "key");
    check_order(&[("Id", true)], "Id by key, backwards");
    check_order(&[("CreatedDateTime", true)], "CreatedDateTime kept, backwards, then key");
    check_order(
        &[("Status", false), ("UpdatedDateTime", true)],
        "Status value by value, then UpdatedDateTime kept, backwards, then key",
    );
    check_order(&[("Title", false)], "Title compared, then key");
    check_order(&[("CommentCount", true)], "CommentCount compared, backwards, then key");
}

#[test]
fn few_rows_are_expected_where_few_are_touched() {
    let tabled = Tabled::new(&world(300), SERVED);
    let ctx = context(&tabled);
    let rows = |plan: &Plan| explain(&tabled, plan, &Start::Set, &ctx).rows;
    let by = |name| vec![Order { expr: path(name), descending: true }];
    let newest = rows(&plan(Some(is("Status", "Open")), by("CreatedDateTime")));
    let searched = call(Function::Contains, vec![path("Title"), lit("x")]);
    let whole = rows(&plan(Some(searched), by("CreatedDateTime")));
    let long = call(Function::Contains, vec![path("Description"), lit("x")]);
    let long = rows(&Plan { count: true, ..plan(Some(long), vec![]) });
    // All comments are counted for it.
    assert!(rows(&plan(None, by("CommentCount"))) > rows(&plan(None, by("Title"))) + 300);
    assert!(rows(&plan(None, vec![])) <= 102 && newest < whole && whole <= long);
}

#[test]
fn a_row_counts_once_however_dear_it_is() {
    // A name beside an id was told to take 64 times as many rows as there are.
    let world = world(300);
    let tabled = Tabled::new(&world, SERVED);
    let ctx = context(&tabled);
    let rows = |expr| {
        let order = vec![Order { expr, descending: false }];
        explain(&tabled, &plan(None, order), &Start::Set, &ctx).rows
    };
    let by_title = rows(path("Title"));
    assert_eq!(rows(call(Function::Length, vec![path("Title")])), by_title);
    assert!(rows(path("RequesterName")) <= by_title);
}

/// `$root/Tickets(3)/Comments/$count($filter=Id gt 5)`
fn comments_of_one() -> Expr {
    let by = KeyRef::Key(Key::Int(3));
    let find = Find { navigation: None, lookup: Lookup { set: set::TICKETS, by, guard: None } };
    let mut path = Path { from: Var::ROOT, ..path_of(0, set::TICKETS, "Comments") };
    path.steps.insert(0, Step::Find(Arc::new(find)));
    let id = Expr::Path(path_of(1, set::COMMENTS, "Id"));
    let filter = Some(test(id, BinaryOp::Gt, lit(5)).into());
    Expr::Count(Collection { path, var: Var(1), filter, search: None })
}

#[test]
fn an_order_that_asks_behind_one_entity_is_weighed_before_it_is_asked() {
    // It was asked while the read was weighed, and weighed nothing.
    let tabled = Tabled::new(&world(300), SERVED);
    let by = |expr| plan(None, vec![Order { expr, descending: false }]);
    let constant = by(lit(1));
    assert_eq!(
        told(&tabled, &constant).lines().nth(1),
        Some("order: a constant value by value, then key")
    );
    for expr in [comments_of_one(), test(comments_of_one(), BinaryOp::Add, lit(1))] {
        let plan = by(expr);
        assert_eq!(
            told(&tabled, &plan).lines().nth(1),
            Some("order: a constant compared, then key")
        );
        let ctx = context(&tabled);
        let weight = |plan| estimate(&tabled, plan, &Start::Set, &ctx);
        assert!(weight(&plan) > weight(&constant) + 300 * 64);
    }
}

#[test]
fn what_is_not_remembered_is_weighed_by_row() {
    // Customers with great Ids were weighed as if each were asked once.
    let weight = |first: i64| {
        let tabled = Tabled::new(&world_of(1500, first..=first + 299), SERVED);
        let order = vec![Order { expr: path("RequesterName"), descending: false }];
        let plan = plan(None, order);
        assert!(told(&tabled, &plan).contains("compared"));
        estimate(&tabled, &plan, &Start::Set, &context(&tabled))
    };
    assert!(weight(5_000_000) > 3 * weight(1));
}

#[test]
fn a_deep_page_is_jumped_to() {
    let tabled = Tabled::new(&world(9_000), SERVED);
    for descending in [false, true] {
        for name in ["Id", "CreatedDateTime", "Status"] {
            let order = vec![Order { expr: path(name), descending }];
            for filter in [None, Some(is("Status", "Open"))] {
                let deep = Plan { skip: 1_500, ..plan(filter, order.clone()) };
                told(&tabled, &deep);
            }
        }
    }
}
