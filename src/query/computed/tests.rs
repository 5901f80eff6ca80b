use super::*;
use crate::{
    model::{Nav, helpdesk, props::by_day, set},
    query::{BinaryOp, Expr, Order, Path, Step, Var, list, memory::MemorySource, related},
};

const NOW: &str = "2026-11-03T12:00:00Z";

/// Three tickets; one of team 1, one resolved.
fn source() -> WithComputed {
    let mut rows = MemorySource::new(helpdesk().clone());
    let mut put = |set: &str, ty: &str, named: &[(&str, Value)]| {
        rows.put_named(set, ty, named).unwrap();
    };
    put("Teams", "Team", &[("Id", 1.into()), ("Name", "Second line".into())]);
    let at = |text: &str| Value::Instant(text.parse().unwrap());
    let begun = ("CreatedDateTime", at("2026-11-01T23:59:59Z"));
    put("Tickets", "Ticket", &[("Id", 1.into()), ("TeamId", 1.into()), begun.clone()]);
    let done = ("ResolvedDateTime", at("2026-11-02T00:00:00Z"));
    put("Tickets", "Ticket", &[("Id", 2.into()), begun, done]);
    let late = ("CreatedDateTime", at("2026-11-03T00:00:00Z"));
    put("Tickets", "Ticket", &[("Id", 3.into()), late]);
    let cache = Arc::new(Cache::new(helpdesk()));
    WithComputed::new(Arc::new(rows), NOW.parse().unwrap(), &cache)
}

fn ids(source: &WithComputed, rows: impl IntoIterator<Item = Row>) -> Vec<String> {
    let structure = source.model().entity_type(set::TICKETS_BY_DAY);
    let id = |row: Row| row.record.get(structure, by_day::ID);
    rows.into_iter().map(|row| id(row).as_text().unwrap().to_owned()).collect()
}

const ALL: [&str; 5] =
    ["2026-11-01...", "2026-11-01.1..", "2026-11-02...", "2026-11-02.1..", "2026-11-03..."];

#[test]
fn computed_rows_are_read_like_any_other() {
    let source = source();
    let all: Vec<Row> = source.rows(set::TICKETS_BY_DAY).collect();
    let told = ids(&source, all.clone());
    assert_eq!(told[..5], ALL);
    assert_eq!(told.len(), 6);
    for (at, row) in all.iter().enumerate() {
        let key = row.key(source.model());
        assert_eq!(source.row(set::TICKETS_BY_DAY, &key).as_ref(), Some(row));
        let after: Vec<Row> = source.rows_after(set::TICKETS_BY_DAY, &key).collect();
        assert_eq!(after, all[at + 1..]);
    }
    assert_eq!(source.row(set::TICKETS_BY_DAY, &Key::new(&["2026-11-01.2..".into()])), None);
    let of_team = source.rows_where(set::TICKETS_BY_DAY, by_day::TEAM_ID, &1.into());
    assert_eq!(ids(&source, of_team), ["2026-11-01.1..", "2026-11-02.1..", "2026-11-03.1.."]);
    assert_eq!(source.rows(set::TICKETS).count(), 3);
}

#[test]
fn a_plan_over_computed_rows_is_run_like_any_other() {
    let source = source();
    let ctx = Context {
        source: &source,
        now: NOW.parse().unwrap(),
        deadline: None,
        it: None,
        found: None,
    };
    let path = |prop| Expr::Path(Path { from: Var(0), steps: vec![Step::Property(prop)] });
    let plan = Plan {
        filter: Some(Expr::Binary {
            op: BinaryOp::Gt,
            left: Box::new(path(by_day::OPEN_COUNT)),
            right: Box::new(Expr::Literal(0.into())),
        }),
        order: vec![Order { expr: path(by_day::TEAM_NAME), descending: true }],
        count: true,
        page_size: Some(2),
        ..Plan::of(set::TICKETS_BY_DAY)
    };
    let page = list(&plan, &Start::Set, &ctx).unwrap();
    assert_eq!((page.count, page.next.is_some()), (Some(5), true));
    let team = related(&ctx, &page.rows[0], Nav(0));
    assert_eq!(team.len(), 1);
    assert_eq!(ids(&source, page.rows), ["2026-11-01.1..", "2026-11-02.1.."]);
    let rest = Plan { after: page.next, page_size: None, ..plan };
    let rest = list(&rest, &Start::Set, &ctx).unwrap();
    assert_eq!(ids(&source, rest.rows), ["2026-11-03.1..", "2026-11-01...", "2026-11-03..."]);
}

#[test]
fn what_is_not_computed_by_the_deadline_is_an_error_and_not_kept() {
    let source = source();
    let past = Some(std::time::Instant::now());
    let ctx = Context {
        source: &source,
        now: NOW.parse().unwrap(),
        deadline: past,
        it: None,
        found: None,
    };
    assert_eq!(source.ready(set::TICKETS_BY_DAY, &ctx).unwrap_err().status(), 503);
    assert!(source.read.iter().all(|read| read.get().is_none()));
    assert!(source.ready(set::TICKETS, &ctx).is_ok());
    let ctx = Context { deadline: None, ..ctx };
    assert!(source.ready(set::TICKETS_BY_DAY, &ctx).is_ok());
    assert!(source.rows(set::TICKETS_BY_DAY).next().is_some());
}

/// A method that is not handed on is answered the slow way, or not at all, and nobody would see it.
#[test]
fn every_method_of_a_source_is_handed_on() {
    let declared = include_str!("../source.rs").split_once("pub trait Source").unwrap().1;
    let declared = declared.split_once("\n}\n").unwrap().0;
    let here = include_str!("../computed.rs");
    let names = |text: &'static str| {
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("fn "));
        lines.map(|line| line.split(['(', '<']).next().unwrap())
    };
    let handed_on: Vec<&str> = names(here).collect();
    for name in names(declared) {
        assert!(handed_on.contains(&name), "Source::{name}");
    }
}
