//! How the rows of a plan would be found, in words for people.

use super::{
    plan::{Plan, Start},
    resolve::Context,
};

/// What a source says of a plan before it runs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// One step each, in the order they are taken.
    pub steps: Vec<String>,
    /// About how many rows would be looked at.
    pub rows: u64,
}

/// What [`super::list::reference()`] would do.
#[must_use]
pub fn reference(plan: &Plan, start: &Start, ctx: &Context<'_>) -> Explained {
    let name = ctx.model().set(plan.set).name;
    let mut steps = Vec::new();
    let rows = match start {
        Start::Set => {
            let rows = ctx.source.rows(plan.set).count() as u64;
            steps.push(format!("{name}: every row, by key: {rows} rows"));
            rows
        }
        Start::Related(row, nav) => {
            let rows = super::related(ctx, row, *nav).len() as u64;
            steps.push(format!("{name}: the rows of one: {rows} rows"));
            rows
        }
    };
    if plan.filter.is_some() {
        steps.push("filter: row by row".to_owned());
    }
    if !plan.order.is_empty() {
        steps.push(format!("order: by {} expressions, then by key", plan.order.len()));
    }
    Explained { steps, rows: rows.saturating_mul(64) }
}
