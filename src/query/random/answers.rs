//! What two sources make of one report, beside one another; and the report made smaller.
//!
//! What is added up may differ in its last digits, as rows come in another order.

use super::{
    plain::Plain,
    plans::{context, start_again},
    reports::Report,
};
use crate::{
    model::Value,
    query::{
        Source,
        apply::{Answer, Apply, Item, Stage, apply},
        compare::sorting,
    },
};

/// Where two sources answer a report differently, page after page; `None` if they agree.
pub(super) fn difference(
    report: &Report,
    base: &dyn Source,
    other: &dyn Source,
    pages_max: usize,
) -> Option<String> {
    let mut plan = report.apply.clone();
    for page in 0..pages_max {
        let wanted = apply(&plan, &report.start, &context(base, None));
        let found = apply(&plan, &report.start, &context(other, None));
        let wanted = match (wanted, found) {
            (Ok(wanted), Ok(found)) if is_alike(&wanted, &found) => wanted,
            // What fails first depends on what is looked at first.
            (Err(_), _) => return None,
            (wanted, found) => {
                return Some(format!("page {page}\n  wanted {wanted:?}\n  found  {found:?}"));
            }
        };
        let next = wanted.next?;
        let top = plan.top.map(|top| top - wanted.items.len() as u64);
        plan = Apply { after: Some(next), skip: 0, top, ..plan };
    }
    Some(format!("no end after {pages_max} pages"))
}

fn is_alike(wanted: &Answer, found: &Answer) -> bool {
    let values = |wanted: &[Value], found: &[Value]| {
        wanted.len() == found.len()
            && wanted.iter().zip(found).all(|(wanted, found)| is_near(wanted, found))
    };
    let items = |(wanted, found): (&Item, &Item)| match (wanted, found) {
        (Item::Tuple(wanted), Item::Tuple(found)) => values(wanted, found),
        (wanted, found) => wanted == found,
    };
    wanted.count == found.count
        && wanted.items.len() == found.items.len()
        && wanted.items.iter().zip(&found.items).all(items)
        && match (&wanted.next, &found.next) {
            (Some(wanted), Some(found)) => values(wanted, found),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
}

fn is_near(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Double(wanted), Value::Double(found)) => {
            let off = (wanted - found).abs();
            sorting(&Value::Double(*wanted), &Value::Double(*found)).is_eq()
                || off <= wanted.abs().max(found.abs()) * 1e-12
        }
        _ => sorting(wanted, found).is_eq() && wanted.is_null() == found.is_null(),
    }
}

/// The same report over other data, unless its row is gone.
pub(super) fn moved(report: &Report, base: &Plain) -> Option<Report> {
    Some(Report { start: start_again(&report.start, base)?, apply: report.apply.clone() })
}

/// Every report with one thing less; what then leads nowhere is null.
pub(super) fn simpler(report: &Report) -> Vec<Report> {
    let apply = &report.apply;
    let mut less = vec![
        Apply { skip: 0, ..apply.clone() },
        Apply { top: None, ..apply.clone() },
        Apply { count: false, ..apply.clone() },
        Apply { page_size: None, ..apply.clone() },
        Apply { order: vec![], ..apply.clone() },
        Apply { held_max: 1_000_000, ..apply.clone() },
    ];
    let stages = without_one(&apply.stages);
    less.extend(stages.into_iter().map(|stages| Apply { stages, ..apply.clone() }));
    less.retain(|less| less != apply);
    less.into_iter().map(|apply| Report { apply, start: report.start.clone() }).collect()
}

/// The list with one stage less, or with one less in one of them.
fn without_one(stages: &[Stage]) -> Vec<Vec<Stage>> {
    let mut all = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        let with = |stage: Option<Stage>| {
            let (before, behind) = (&stages[..number], &stages[number + 1..]);
            before.iter().cloned().chain(stage).chain(behind.iter().cloned()).collect()
        };
        all.push(with(None));
        match stage {
            Stage::Group { keys, then, keeps } => {
                let inner = without_one(then).into_iter();
                all.extend(inner.map(|then| {
                    with(Some(Stage::Group { keys: keys.clone(), then, keeps: *keeps }))
                }));
            }
            Stage::Aggregate(aggregates) => all.extend((0..aggregates.len()).map(|at| {
                let mut less = aggregates.clone();
                less.remove(at);
                with(Some(Stage::Aggregate(less)))
            })),
            Stage::Concat(branches) => all.extend((0..branches.len()).map(|at| {
                let mut less = branches.clone();
                less.remove(at);
                with(Some(Stage::Concat(less)))
            })),
            Stage::Filter(_)
            | Stage::Search(_)
            | Stage::Compute(_)
            | Stage::Order(_)
            | Stage::First { .. }
            | Stage::Skip(_)
            | Stage::Top(_)
            | Stage::Arrange(_) => {}
        }
    }
    all
}
