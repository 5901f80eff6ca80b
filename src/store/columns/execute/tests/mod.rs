//! The executor against the reference, on random plans over random rows.

mod bounds;
mod ways;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use jiff::tz::TimeZone;

use super::{Explained, Limits, Tables, list};
use crate::{
    error::Error,
    model::{Contents, SetId, Value},
    query::{
        Context, Page, Plan, Source, Start,
        apply::{Grouping, apply},
        random::{Cases, LARGE, Load, Made, Plain, SMALL, World, check, context},
    },
    store::columns::Columns,
};

/// Plain rows, and the same in columns.
pub(super) struct Tabled {
    rows: Plain,
    tables: Vec<Option<Arc<Columns>>>,
    limits: Limits,
    /// How often it was asked for its zone.
    zone_asked: AtomicUsize,
    /// How often it made groups.
    grouped: AtomicUsize,
}

impl Tabled {
    pub(super) fn new(world: &World, limits: Limits) -> Self {
        let model = world.model;
        let mut tables: Vec<Option<Columns>> = model
            .set_ids()
            .map(|(set, declared)| match declared.contents {
                Contents::Stored { .. } => Some(Columns::new(model, set)),
                Contents::Unfolded { .. } | Contents::Computed { .. } => None,
            })
            .collect();
        let at = |set: SetId| usize::from(set.0);
        // Readers hold copies, so that changes lie beside what they have.
        let (mut held, mut count) = (Vec::new(), 0_usize);
        world.play(|made| {
            count += 1;
            if count.is_multiple_of(29) {
                held = vec![tables.clone()];
            }
            match made {
                Made::Put { row, key, .. } => {
                    if let Some(columns) = &mut tables[at(row.set)] {
                        columns.write(&key, &row);
                    }
                }
                Made::Delete { set, key } => {
                    if let Some(columns) = &mut tables[at(set)] {
                        columns.erase(&key);
                    }
                }
            }
        });
        drop(held);
        tables.iter_mut().flatten().for_each(Columns::settle);
        Self {
            rows: world.plain(),
            tables: tables.into_iter().map(|columns| columns.map(Arc::new)).collect(),
            limits,
            zone_asked: AtomicUsize::new(0),
            grouped: AtomicUsize::new(0),
        }
    }
}

impl Tables for Tabled {
    fn columns(&self, set: SetId) -> Option<&Arc<Columns>> {
        self.tables[usize::from(set.0)].as_ref()
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

impl Source for Tabled {
    crate::asks_another_source!(rows: model rows row rows_where long_text);

    fn zone(&self) -> &TimeZone {
        self.zone_asked.fetch_add(1, Ordering::Relaxed);
        self.rows.zone()
    }

    fn list(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
        list(self, plan, start, ctx)
    }

    fn explain(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Explained {
        super::explain(self, plan, start, ctx)
    }

    fn grouped(
        &self,
        grouping: &Grouping<'_>,
        ctx: &Context<'_>,
    ) -> Option<Result<Vec<Vec<Value>>, Error>> {
        let found = super::apply::grouped(self, grouping, ctx)?;
        self.grouped.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }
}

/// As served, but for rows a navigation leads to, which are always found by columns.
const SERVED: Limits = Limits { related: 0, ..Limits::SERVED };
/// So that the ways for many values, many rows and deep pages are taken in small worlds.
const TIGHT: Limits = Limits { values: 2, related: 0, parents: 0, sorted: 2 };

#[test]
fn columns_find_the_rows_of_the_reference() {
    check(Load { cases: 3000, ..SMALL }, |world| Tabled::new(world, SERVED));
}

#[test]
fn ways_for_many_values_find_the_rows_of_the_reference() {
    check(Load { cases: 3000, ..SMALL }, |world| Tabled::new(world, TIGHT));
}

#[test]
fn many_random_reports_are_made_by_columns() {
    let (mut made, mut all) = (0, 0);
    for seed in 0..40 {
        let world = World::new(seed);
        let (base, tabled) = (world.plain(), Tabled::new(&world, SERVED));
        let mut cases = Cases::new(&world, &base, seed);
        for _ in 0..20 {
            let report = cases.report();
            let _ = apply(&report.apply, &report.start, &context(&tabled, None));
            all += 1;
        }
        made += tabled.grouped.load(Ordering::Relaxed);
    }
    assert!(made * 20 > all, "{made} of {all}");
}

#[test]
fn rows_of_several_chunks_are_found() {
    check(LARGE, |world| Tabled::new(world, SERVED));
}
