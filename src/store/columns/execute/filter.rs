//! A filter in two parts: conditions turned into sets of rows, and those better asked row by row.
//!
//! Row by row come conditions that look into long texts, and those that can fail: these keep their
//! order, and are asked only of rows for which all else is true, as the reference would.

use std::borrow::Cow;

use roaring::RoaringBitmap;

use super::{
    reads::{Reads, can_fail, folded},
    rows::{Asked, behind},
    table::{Table, verdict},
    way::Way,
};
use crate::{
    error::Error,
    query::{Expr, Search},
};

/// A filter, ready to be asked.
pub(super) struct Filter<'a> {
    table: Table<'a>,
    /// The cheapest first.
    quick: Vec<Way<'a>>,
    late: Vec<Late<'a>>,
    /// What no index can tell; looked for last.
    search: Option<&'a Search>,
}

/// A condition that is asked of a row at a time.
struct Late<'a> {
    asked: Asked,
    /// The way for many rows at once, where it cannot fail.
    way: Option<Way<'a>>,
}

impl<'a> Filter<'a> {
    /// A filter and its ways.
    ///
    /// # Errors
    /// `Overloaded` at the deadline.
    pub(super) fn new(filter: Option<&Expr>, table: Table<'a>) -> Result<Self, Error> {
        let mut terms = Vec::new();
        if let Some(filter) = filter {
            flatten(folded(filter, table.ctx), &mut terms);
        }
        let (mut quick, mut slow, mut failing) = (Vec::new(), Vec::new(), Vec::new());
        for expr in terms {
            let can_fail = can_fail(&expr, table.ctx);
            let way = if can_fail { None } else { Some(Way::of(&expr, table)) };
            match way {
                Some(way) if !way.is_by_row() => quick.push(way),
                way => {
                    let reads = Reads::of(&expr, &table);
                    let list = if can_fail { &mut failing } else { &mut slow };
                    list.push(Late { asked: Asked { expr, reads }, way });
                }
            }
        }
        quick.sort_by_cached_key(Way::cost);
        slow.extend(failing);
        // Past the deadline no more ways were looked for.
        table.ctx.in_time()?;
        Ok(Self { table, quick, late: slow, search: None })
    }

    /// Rows must be found by this, too.
    pub(super) fn search(&mut self, search: &'a Search) {
        self.search = Some(search);
    }

    /// The rows of `among` for which all that is not asked row by row is true.
    pub(super) fn quick<'s>(
        &'s self,
        among: &'s RoaringBitmap,
    ) -> Result<Cow<'s, RoaringBitmap>, Error> {
        let mut left = Cow::Borrowed(among);
        for way in &self.quick {
            // Where all rows are asked, those that are kept need not be copied.
            let is_asked_of_all = std::ptr::eq(&raw const *left, self.table.live());
            let kept = if is_asked_of_all { way.kept()? } else { None };
            left = match kept {
                Some(rows) => Cow::Borrowed(rows),
                None => Cow::Owned(way.which(true, &left)?),
            };
        }
        Ok(left)
    }

    /// Whether anything is asked row by row.
    pub(super) fn has_late(&self) -> bool {
        !self.late.is_empty() || self.search.is_some()
    }

    /// Whether what is asked row by row is true of a row.
    pub(super) fn holds(&self, at: u32) -> Result<bool, Error> {
        for late in &self.late {
            if verdict(&late.asked.of(&self.table, at)?) != Some(true) {
                return Ok(false);
            }
        }
        self.finds(at)
    }

    fn finds(&self, at: u32) -> Result<bool, Error> {
        let Some(search) = self.search else { return Ok(true) };
        search.finds(&self.table.columns.row(at), self.table.ctx)
    }

    /// The rows among those of [`Filter::quick`] for which everything is true.
    pub(super) fn all(&self, quick: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let mut left = Cow::Borrowed(quick);
        for late in &self.late {
            left = Cow::Owned(match &late.way {
                Some(way) => way.which(true, &left)?,
                None => self.kept(&left, |at| {
                    Ok(verdict(&late.asked.of(&self.table, at)?) == Some(true))
                })?,
            });
        }
        if self.search.is_some() {
            left = Cow::Owned(self.kept(&left, |at| self.finds(at))?);
        }
        Ok(left.into_owned())
    }

    fn kept(
        &self,
        rows: &RoaringBitmap,
        holds: impl Fn(u32) -> Result<bool, Error>,
    ) -> Result<RoaringBitmap, Error> {
        let mut kept = RoaringBitmap::new();
        for (count, at) in rows.iter().enumerate() {
            if count % 64 == 0 {
                self.table.ctx.in_time()?;
            }
            if holds(at)? {
                kept.insert(at);
            }
        }
        Ok(kept)
    }

    /// Rows of columns looked at to find the quick part.
    pub(super) fn cost(&self) -> u64 {
        self.quick.iter().map(Way::cost).fold(0, u64::saturating_add)
    }

    /// Rows of others looked at while a row is asked what is asked row by row.
    pub(super) fn late_cost(&self) -> u64 {
        let each = self.late.iter().map(|late| behind(&late.asked.expr, &self.table));
        each.fold(0, u64::saturating_add)
    }

    /// How it is found, in words.
    pub(super) fn told(&self) -> Vec<String> {
        let late = self.late.iter().map(|late| match &late.way {
            Some(way) => way.told(),
            None => "a calculation, row by row".to_owned(),
        });
        let search = self.search.map(|_| "words looked for row by row".to_owned());
        self.quick.iter().map(Way::told).chain(late).chain(search).collect()
    }
}

/// The terms of `and` within `and`.
fn flatten(expr: Expr, terms: &mut Vec<Expr>) {
    match expr {
        Expr::And(parts) => parts.into_iter().for_each(|part| flatten(part, terms)),
        other => terms.push(other),
    }
}
