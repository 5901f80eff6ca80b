//! The questions of a helpdesk in process: the engine beside the evaluator that looks at each row.
//!
//! `cargo bench --bench engine` asks 100,000 tickets; `TESSERA_BENCH_TICKETS` says how many otherwise,
//! `TESSERA_BENCH_REFERENCE=0` leaves the evaluator out.

#![expect(clippy::unwrap_used, reason = "a measurement may stop where it cannot go on")]

mod desk;

use std::{env, hint::black_box, sync::LazyLock, time::Duration};

use criterion::Criterion;
use tessera::{
    hash::digest,
    model::{Nav, SetId, helpdesk, set},
    odata::{
        Limits,
        check::{Checker, CollectionPath, Everything},
        context::Addresses,
        json::{Format, Onward, Pieces, Text, Tools, Writer},
        url::parse_query,
    },
    query::{Context, Page, Plan, Source, Start, list::reference},
    time::Timestamp,
};

const COMMENTS_A_TICKET: i64 = 3;
/// As answers go out.
const PIECE_BYTES: usize = 64 << 10;

fn main() {
    let count = env::var("TESSERA_BENCH_TICKETS").map_or(100_000, |text| text.parse().unwrap());
    let snapshot = desk::filled(count, COMMENTS_A_TICKET);
    let now = "2026-03-01T00:00:00Z".parse().unwrap();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (name, options) in questions(count) {
        let plan = plan(set::TICKETS, &options);
        ask(&mut criterion, name, &*snapshot, now, |source, ctx, is_reference| {
            let page = page(source, &plan, &Start::Set, ctx, is_reference);
            page.rows.len() + usize::try_from(page.count.unwrap_or(0)).unwrap()
        });
    }
    let tickets = plan(set::TICKETS, &format!("$top=50&$skip={}", count / 3));
    let comments = plan(set::COMMENTS, "$orderby=Id");
    let [of_ticket, requester] = ["Comments", "Requester"].map(navigation);
    ask(
        &mut criterion,
        "50 with comments and requester",
        &*snapshot,
        now,
        |source, ctx, is_reference| {
            let found = page(source, &tickets, &Start::Set, ctx, is_reference).rows;
            let mut count = 0;
            for row in found {
                count += tessera::query::related(ctx, &row, requester).len();
                let start = Start::Related(row, of_ticket);
                count += page(source, &comments, &start, ctx, is_reference).rows.len();
            }
            count
        },
    );
    feed(&mut criterion, &*snapshot, (count, now));
    criterion.final_summary();
}

/// Names and options of what is asked of `Tickets`.
fn questions(count: i64) -> [(&'static str, String); 6] {
    let newest = "$filter=Status eq 'Open' and Priority eq 'High'&$orderby=CreatedDateTime desc&$top=50&$count=true";
    let dates =
        "CreatedDateTime ge 2024-01-01T00:00:00Z and CreatedDateTime lt 2024-04-01T00:00:00Z";
    [
        ("newest 50 open and high, with count", newest.into()),
        (
            "titles with 'printer', with count",
            "$filter=contains(Title,'printer')&$top=50&$count=true".into(),
        ),
        ("three months, 1,000 rows", format!("$filter={dates}&$top=1000")),
        (
            "50 from half way, by date",
            format!("$orderby=CreatedDateTime&$skip={}&$top=50", count / 2),
        ),
        (
            "comments by a lambda, with count",
            "$filter=Comments/any(c:c/IsInternal)&$top=50&$count=true".into(),
        ),
        (
            "an expression of each row, with count",
            "$filter=length(concat(Title,TeamName)) eq 1&$top=1&$count=true".into(),
        ),
    ]
}

fn plan(set: SetId, options: &str) -> Plan {
    let (model, limits) = (helpdesk(), Limits::default());
    let options = parse_query(&options.replace(' ', "%20"), &limits).unwrap();
    let at =
        CollectionPath { set, ty: model.set(set).ty, of: None, filter: None, is_chosen: false };
    Checker::new(model, &Everything, limits).collection(&at, &options).unwrap()
}

fn navigation(name: &str) -> Nav {
    helpdesk().entity_type(set::TICKETS).navigation(name).unwrap()
}

fn page(
    source: &dyn Source,
    plan: &Plan,
    start: &Start,
    ctx: &Context<'_>,
    is_reference: bool,
) -> Page {
    if is_reference { reference(plan, start, ctx) } else { source.list(plan, start, ctx) }.unwrap()
}

/// Asks one question of the engine and of the evaluator.
fn ask(
    criterion: &mut Criterion,
    name: &str,
    source: &dyn Source,
    now: Timestamp,
    question: impl Fn(&dyn Source, &Context<'_>, bool) -> usize,
) {
    let ctx = Context { source, now, it: None, found: None, deadline: None };
    let mut group = criterion.benchmark_group(name);
    group.bench_function("engine", |bench| bench.iter(|| black_box(question(source, &ctx, false))));
    if env::var("TESSERA_BENCH_REFERENCE").is_ok_and(|text| text == "0") {
        return;
    }
    group.bench_function("evaluator", |bench| {
        bench.iter(|| black_box(question(source, &ctx, true)));
    });
}

/// A page of a thousand at the beginning, in the middle and at the end of the whole feed: found, and written.
fn feed(criterion: &mut Criterion, source: &dyn Source, (count, now): (i64, Timestamp)) {
    let first = Plan { page_size: Some(1_000), ..plan(set::TICKETS, "") };
    for (name, after) in [("first", 0), ("middle", count / 2), ("last", (count - 1_001).max(0))] {
        let plan = Plan { after: (after > 0).then(|| vec![after.into()]), ..first.clone() };
        ask(
            criterion,
            &format!("{name} page of the feed"),
            source,
            now,
            |source, ctx, is_reference| {
                let found = page(source, &plan, &Start::Set, ctx, is_reference);
                written(ctx, &plan, found)
            },
        );
    }
}

/// Each entity is written anew.
static TOOLS: LazyLock<Tools> = LazyLock::new(|| Tools::of(helpdesk(), 0));

/// The bytes of a page, made as an answer is: in pieces.
fn written(ctx: &Context<'_>, plan: &Plan, page: Page) -> usize {
    let (model, key) = (helpdesk(), digest(b"a key"));
    let checker = Checker::new(model, &Everything, Limits::default());
    let writer = Writer {
        ctx: *ctx,
        checker: &checker,
        addresses: Addresses { model, root: "http://localhost/odata/" },
        format: Format::default(),
        onward: Onward { key: &key, root: "/odata", format: None, rows: 1_000, rows_max: 1_000 },
        tools: &TOOLS,
    };
    let of = (plan.set, model.set(plan.set).ty);
    let mut pieces = Pieces::new(of, plan.shape.clone(), page, None);
    let mut bytes = 0;
    while !pieces.is_done() {
        bytes += pieces.next(&writer, PIECE_BYTES).unwrap().len();
    }
    bytes
}
