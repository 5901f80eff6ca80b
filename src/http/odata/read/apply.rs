//! A collection with `$apply`: entities in an order or number of their own, or what was made of them.

use std::sync::Arc;

use super::{Position, Read, csv, negotiate, start};
use crate::{
    error::Error,
    http::{Response, respond},
    odata::{
        check::{Applied, Checker, CollectionPath},
        json::{Groups, Pieces},
        service::Service,
    },
    query::{
        Page,
        apply::{Answer, Apply, Item, apply},
    },
};

/// Answers with a page of it.
pub(super) fn answer<S: Service>(
    read: &Arc<Read<S>>,
    checker: &Checker<'_>,
    path: &CollectionPath,
    applied: Applied,
) -> Result<Response, Error> {
    if let Some(csv) = negotiate::csv(&read.headers, read.asked.options.format.as_deref()) {
        return csv::applied(read, checker, (path, applied), csv);
    }
    let of = (path.set, path.ty);
    Ok(match applied {
        Applied::Plan(plan) => return read.collection(checker, path, plan),
        Applied::Entities { apply, shape } => {
            read.weigh_expanded((path.set, &shape), read.page_size(), &read.ctx())?;
            let (answer, next) = run(read, path, apply)?;
            let rows = answer.items.into_iter().filter_map(|item| match item {
                Item::Row(row) => Some(row),
                Item::Tuple(_) => None,
            });
            let page = Page { rows: rows.collect(), count: answer.count, next: answer.next };
            read.paged(checker, Pieces::new(of, shape, page, next.clone()), next)?
        }
        Applied::Groups { apply, members } => {
            let (answer, next) = run(read, path, apply)?;
            read.paged(checker, Groups::new(of, members, answer, next.clone()), next)?
        }
    })
}

/// Answers with the number of items there are.
pub(super) fn count<S: Service>(
    read: &Read<S>,
    path: &CollectionPath,
    apply: Apply,
) -> Result<Response, Error> {
    let ctx = read.ctx();
    let all = Apply { count: true, page_size: Some(0), ..apply };
    let start = start(&ctx, path)?;
    read.weigh_applied(&all, &start, &ctx)?;
    let answer = self::apply(&all, &start, &ctx)?;
    Ok(respond::text(200, answer.count.unwrap_or(0).to_string()))
}

/// One page, and the link to the next.
fn run<S: Service>(
    read: &Read<S>,
    path: &CollectionPath,
    mut plan: Apply,
) -> Result<(Answer, Option<String>), Error> {
    plan.page_size = Some(read.page_size());
    if let Some(Position { after, top }) = read.position()? {
        plan = Apply { after: Some(after), top, skip: 0, ..plan };
    }
    let ctx = read.ctx();
    let start = start(&ctx, path)?;
    read.weigh_applied(&plan, &start, &ctx)?;
    let answer = apply(&plan, &start, &ctx)?;
    let top = plan.top.map(|top| top.saturating_sub(answer.items.len() as u64));
    let next = answer.next.clone().map(|after| read.next_link(after, top));
    Ok((answer, next))
}
