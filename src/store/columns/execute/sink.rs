//! The page under way: what is still to be left out, and how many rows it takes.

use std::ops::ControlFlow;

use super::filter::Filter;
use crate::error::Error;

/// Takes rows in order.
pub(super) struct Sink<'q, 'a> {
    /// What of the filter is asked of each row; none where all is decided.
    late: Option<&'q Filter<'a>>,
    ctx: &'q crate::query::Context<'a>,
    pub(super) skip: u64,
    pub(super) most: usize,
    pub(super) found: Vec<u32>,
    asked: usize,
}

impl<'q, 'a> Sink<'q, 'a> {
    pub(super) fn new(
        late: Option<&'q Filter<'a>>,
        ctx: &'q crate::query::Context<'a>,
        (skip, most): (u64, usize),
    ) -> Self {
        Self { late, ctx, skip, most, found: Vec::new(), asked: 0 }
    }

    /// Whether nothing of the filter is left to be asked.
    pub(super) fn is_decided(&self) -> bool {
        self.late.is_none()
    }

    /// How many rows more it would take, those to be left out included.
    pub(super) fn wanted(&self) -> u64 {
        self.skip.saturating_add((self.most - self.found.len()) as u64)
    }

    /// Whether all of the filter is true of a row.
    pub(super) fn holds(&mut self, at: u32) -> Result<bool, Error> {
        self.asked += 1;
        if self.asked.is_multiple_of(64) {
            self.ctx.in_time()?;
        }
        self.late.map_or(Ok(true), |late| late.holds(at))
    }

    /// The next row in order, if the filter is true of it.
    pub(super) fn offer(&mut self, at: u32) -> Result<ControlFlow<()>, Error> {
        Ok(if self.holds(at)? { self.take(at) } else { ControlFlow::Continue(()) })
    }

    /// The next row in order; the filter is known to be true of it.
    pub(super) fn take(&mut self, at: u32) -> ControlFlow<()> {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.found.len() < self.most {
            self.found.push(at);
        }
        if self.found.len() >= self.most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
