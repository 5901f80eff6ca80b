use super::*;
use crate::{
    model::{Nav, Prop},
    query::{
        BinaryOp, Path, Var,
        expr::Collection,
        fixture::{THINGS, binary, context, lit, model, path, path_from, prop, show, source},
        memory::MemorySource,
    },
};

fn plan(stages: Vec<Stage>) -> Apply {
    Apply {
        set: THINGS,
        stages,
        order: vec![],
        identity: None,
        skip: 0,
        top: None,
        count: false,
        page_size: None,
        after: None,
        held_max: 1000,
    }
}

/// The value of a tuple at a position.
fn at(position: u8) -> Expr {
    Expr::Path(Path { from: Var(position), steps: vec![] })
}

fn of(method: Method, of: Expr) -> Aggregate {
    Aggregate { method, of: Some(of) }
}

fn count() -> Aggregate {
    Aggregate { method: Method::Count, of: None }
}

fn group(keys: &[&str], aggregates: Vec<Aggregate>) -> Stage {
    let keys = keys.iter().map(|key| prop(key)).collect();
    Stage::Group { keys, then: vec![Stage::Aggregate(aggregates)], keeps: false }
}

fn by(expr: Expr, descending: bool) -> Order {
    Order { expr, descending }
}

/// Twelve things: `String` a, b, null in turn, `Int32` their number, `Double` half of it.
fn things() -> MemorySource {
    let mut source = MemorySource::new(model());
    for id in 1..=12_i64 {
        let text = ["a", "b"].get(usize::try_from(id % 3).unwrap()).copied().map(Value::text);
        let half = rust_decimal::Decimal::new(id * 5, 1);
        let named = [
            ("Id", id.into()),
            ("String", text.unwrap_or(Value::Null)),
            ("Int32", if id == 12 { Value::Null } else { id.into() }),
            ("Double", Value::Double(half.to_string().parse().unwrap())),
            ("Decimal", Value::Decimal(half)),
            ("Duration", Value::Duration(id)),
            ("GroupId", (id % 2).into()),
        ];
        source.put_named("Things", "Thing", &named).unwrap();
    }
    for (id, thing) in [(1, 1), (2, 1), (3, 4)] {
        let named = [("Id", id.into()), ("ThingId", thing.into()), ("IsHidden", (id == 2).into())];
        source.put_named("Parts", "Part", &named).unwrap();
    }
    let named = [("Id", 1.into()), ("Name", "odd".into())];
    source.put_named("Groups", "Group", &named).unwrap();
    source
}

/// An item as text: values with commas between, an entity as `#` and its number.
fn told(item: &Item) -> String {
    match item {
        Item::Row(row) => format!("#{}", row.key(&model()).as_int().unwrap()),
        Item::Tuple(values) => {
            let values: Vec<String> = values.iter().map(|value| show(&Ok(value.clone()))).collect();
            values.join(",")
        }
    }
}

fn run(plan: &Apply) -> String {
    let source = things();
    match apply(plan, &Start::Set, &context(&source)) {
        Ok(answer) => answer.items.iter().map(told).collect::<Vec<_>>().join(" "),
        Err(Error::InvalidOption { option, reason }) => format!("{option}: {reason}"),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(stages: Vec<Stage>, want: &str) {
    assert_eq!(run(&plan(stages)), want);
}

#[test]
fn groups_come_in_the_order_of_their_keys_and_null_is_one() {
    let sum = of(Method::Sum(Number::Whole), prop("Int32"));
    check(vec![group(&["String"], vec![count(), sum])], "null,4,26 'a',4,18 'b',4,22");
    check(vec![group(&["Group/Name"], vec![count()])], "null,6 'odd',6");
    let distinct = Stage::Group { keys: vec![prop("GroupId")], then: vec![], keeps: false };
    check(vec![distinct], "0 1");
}

#[test]
fn every_method_passes_over_nulls_and_says_what_nothing_gives() {
    let all = || {
        vec![
            count(),
            of(Method::Sum(Number::Whole), prop("Int32")),
            of(Method::Average(Number::Whole), prop("Int32")),
            of(Method::Sum(Number::Double), prop("Double")),
            of(Method::Average(Number::Double), prop("Double")),
            of(Method::Sum(Number::Decimal), prop("Decimal")),
            of(Method::Average(Number::Decimal), prop("Decimal")),
            of(Method::Sum(Number::Duration), prop("Duration")),
            of(Method::Average(Number::Duration), prop("Duration")),
            of(Method::Min, prop("Int32")),
            of(Method::Max, prop("String")),
            of(Method::CountDistinct, prop("String")),
        ]
    };
    check(
        vec![Stage::Aggregate(all())],
        "12,66,6.0,39.0,3.25,39.0,3.25,PT0.000078S,PT0.000006S,1,'b',2",
    );
    let nothing = Stage::Filter(lit(false));
    check(
        vec![nothing.clone(), Stage::Aggregate(all())],
        "0,null,null,null,null,null,null,null,null,null,null,0",
    );
    check(vec![nothing, group(&["String"], all())], "");
}

#[test]
fn related_entities_are_counted_as_far_as_they_are_seen() {
    let visible =
        Expr::Not(Box::new(Expr::Path(path_from(1, crate::model::StructId(5), "IsHidden"))));
    let parts = |filter| {
        let over = Collection { path: path("Parts"), var: Var(1), filter, search: None };
        of(Method::Tally, Expr::Count(over))
    };
    check(vec![Stage::Aggregate(vec![parts(None), parts(Some(Box::new(visible)))])], "3,2");
}

#[test]
fn stages_follow_one_another_over_entities_and_groups() {
    let few = Stage::Filter(binary(BinaryOp::Le, prop("Id"), lit(4)));
    check(vec![few.clone(), Stage::Skip(1), Stage::Top(2)], "#2 #3");
    check(vec![Stage::Order(vec![by(prop("Id"), true)]), Stage::Top(2)], "#12 #11");
    let first = |count| Stage::First { order: vec![by(prop("Int32"), true)], count };
    check(vec![first(2)], "#11 #10");
    check(vec![first(0)], "");
    check(
        vec![
            group(&["String"], vec![count(), of(Method::Max, prop("Id"))]),
            Stage::Compute(vec![binary(BinaryOp::Mul, at(2), lit(2))]),
            Stage::Filter(binary(BinaryOp::Gt, at(3), lit(20))),
            Stage::Order(vec![by(at(2), true)]),
            Stage::Aggregate(vec![of(Method::Sum(Number::Whole), at(1))]),
        ],
        "8",
    );
}

#[test]
fn a_group_can_be_anything_that_is_made_of_its_items() {
    let best = Stage::First { order: vec![by(prop("Id"), true)], count: 1 };
    let keys = || vec![prop("String")];
    check(vec![Stage::Group { keys: keys(), then: vec![best], keeps: true }], "#11 #12 #10");
    let few = vec![Stage::Top(2), Stage::Skip(1)];
    check(vec![Stage::Group { keys: keys(), then: few, keeps: true }], "#5 #6 #4");
    let inner = group(&["GroupId"], vec![count()]);
    check(
        vec![Stage::Group { keys: keys(), then: vec![inner], keeps: false }],
        "null,0,2 null,1,2 'a',0,2 'a',1,2 'b',0,2 'b',1,2",
    );
}

#[test]
fn results_are_joined_one_after_the_other() {
    let total = vec![Stage::Aggregate(vec![count()]), Stage::Arrange(vec![None, Some(0)])];
    let branches = vec![vec![group(&["GroupId"], vec![count()])], total];
    check(vec![Stage::Concat(branches)], "0,6 1,6 null,12");
    let one = |at| vec![Stage::Skip(at), Stage::Top(1)];
    check(vec![Stage::Concat(vec![one(10), vec![], one(9)]), Stage::Skip(12)], "#12 #10");
}

#[test]
fn a_branch_begins_when_the_one_before_has_ended() {
    let wrong = vec![Stage::Aggregate(vec![of(Method::Sum(Number::Whole), lit(i64::MAX))])];
    let branches = |first| vec![Stage::Concat(vec![first, wrong.clone()])];
    check([branches(vec![]), vec![Stage::Top(2)]].concat(), "#1 #2");
    assert!(run(&plan(branches(vec![]))).starts_with("$apply: a sum is out of the range"));
}

#[test]
fn what_cannot_be_added_up_is_an_error() {
    let huge = of(Method::Sum(Number::Whole), lit(i64::MAX));
    check(
        vec![Stage::Aggregate(vec![huge])],
        "$apply: a sum is out of the range of Edm.Int64; cast(…,Edm.Double) before adding up",
    );
    check(
        vec![Stage::Filter(binary(BinaryOp::Div, lit(1), lit(0)))],
        "$apply: division by zero; put a condition such as 'x ne 0 and' before it",
    );
}

#[test]
fn what_a_stage_holds_has_a_limit() {
    #[track_caller]
    fn passes(stage: &Stage, max: u64) {
        let held =
            |held_max| run(&Apply { held_max, page_size: Some(1), ..plan(vec![stage.clone()]) });
        assert_eq!(
            held(max - 1),
            format!("$apply passes the limit 'query_groups_max' of {}", max - 1)
        );
        assert!(!held(max).contains("limit"));
    }
    passes(&group(&["Id"], vec![]), 12);
    passes(&group(&["GroupId"], vec![of(Method::CountDistinct, prop("Id"))]), 14);
    passes(&Stage::Order(vec![]), 12);
    passes(&Stage::Concat(vec![]), 12);
    // Branches that follow one another multiply.
    passes(&Stage::Concat(vec![vec![]; 3]), 36);
    let held =
        Stage::Group { keys: vec![prop("GroupId")], then: vec![Stage::Skip(9)], keeps: true };
    passes(&held, 12);
    let first = Stage::First { order: vec![by(prop("Id"), true)], count: 2 };
    for few in [first, Stage::Top(2)] {
        passes(&Stage::Group { keys: vec![prop("GroupId")], then: vec![few], keeps: true }, 4);
    }
}

/// Every page as `next` leads to it.
fn pages(plan: &Apply) -> Vec<String> {
    let source = things();
    let (mut plan, mut pages) = (plan.clone(), vec![]);
    loop {
        let page = apply(&plan, &Start::Set, &context(&source)).unwrap();
        pages.push(page.items.iter().map(told).collect::<Vec<_>>().join(" "));
        let Some(next) = page.next else { return pages };
        plan.top = plan.top.map(|top| top - page.items.len() as u64);
        plan.after = Some(next);
    }
}

#[test]
fn pages_follow_one_another_without_gap_or_repetition() {
    let groups = vec![group(&["Id"], vec![of(Method::Max, prop("GroupId"))])];
    let keyed = Apply { identity: Some(vec![at(0)]), page_size: Some(5), ..plan(groups) };
    assert_eq!(pages(&keyed), ["1,1 2,0 3,1 4,0 5,1", "6,0 7,1 8,0 9,1 10,0", "11,1 12,0"]);
    let sorted = Apply { order: vec![by(at(1), true)], top: Some(8), ..keyed.clone() };
    assert_eq!(pages(&sorted), ["1,1 3,1 5,1 7,1 9,1", "11,1 2,0 4,0"]);
    assert_eq!(pages(&Apply { skip: 10, ..sorted.clone() }), ["10,0 12,0"]);
    let by_number = Apply { identity: None, ..sorted };
    assert_eq!(pages(&by_number), ["1,1 3,1 5,1 7,1 9,1", "11,1 2,0 4,0"]);
    assert_eq!(pages(&Apply { page_size: Some(12), ..keyed }).len(), 1);
}

#[test]
fn a_group_that_comes_in_between_shifts_no_page() {
    let groups = vec![group(&["Id"], vec![])];
    let keyed = Apply { identity: Some(vec![at(0)]), page_size: Some(5), ..plan(groups) };
    let mut source = things();
    let page = apply(&keyed, &Start::Set, &context(&source)).unwrap();
    source.put_named("Things", "Thing", &[("Id", 0.into())]).unwrap();
    let next = Apply { after: page.next, count: true, ..keyed };
    let page = apply(&next, &Start::Set, &context(&source)).unwrap();
    assert_eq!((told(&page.items[0]), page.count), ("6".to_owned(), Some(13)));
}

#[test]
fn a_position_made_for_something_else_is_refused() {
    let groups = vec![group(&["Id"], vec![])];
    let keyed = Apply { identity: Some(vec![at(0)]), ..plan(groups) };
    let want = "$skiptoken: it was made for another query; begin again without it";
    for after in [
        vec![],
        vec![Value::Int(1)],
        vec![Value::Bool(true)],
        vec![Value::Bool(true), Value::text("x")],
        vec![Value::Bool(true), Value::Int(1), Value::Int(1)],
        vec![Value::Bool(false), Value::Int(-1)],
    ] {
        assert_eq!(run(&Apply { after: Some(after.clone()), ..keyed.clone() }), want, "{after:?}");
    }
}

#[test]
fn what_is_related_to_an_entity_can_be_aggregated_too() {
    let source = source();
    let ctx = context(&source);
    let row = ctx.source.row(THINGS, &crate::model::Key::Int(1)).unwrap();
    let amount =
        Expr::Path(Path { from: Var(0), steps: vec![crate::query::Step::Property(Prop(2))] });
    let sum = Stage::Aggregate(vec![of(Method::Sum(Number::Whole), amount)]);
    let answer = apply(&plan(vec![sum]), &Start::Related(row, Nav(1)), &ctx).unwrap();
    assert_eq!(told(&answer.items[0]), "6");
}

#[test]
fn the_first_grouping_alone_is_what_a_store_is_asked_for() {
    let source = things();
    let ctx = context(&source);
    let filters = [Stage::Filter(binary(BinaryOp::Gt, prop("Id"), lit(6)))];
    let (keys, aggregates) = ([prop("GroupId")], [count()]);
    let all = Grouping {
        set: THINGS,
        filters: &filters,
        keys: &keys,
        aggregates: &aggregates,
        held_max: 9,
    };
    let told = |grouping: &Grouping<'_>| -> Vec<String> {
        reference(grouping, &ctx)
            .unwrap()
            .into_iter()
            .map(|tuple| told(&Item::Tuple(tuple)))
            .collect()
    };
    assert_eq!(told(&all), ["0,3", "1,3"]);
    assert_eq!(told(&Grouping { keys: &[], ..all }), ["6"]);
}
