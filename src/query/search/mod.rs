//! `$search`: what it means, and the slow, obviously right way to find it.
//!
//! Words are looked for in the texts of a row and of the rows around it. One text has all words of
//! a phrase; apart from that it does not matter which text has which word.

mod found;
mod hits;
mod term;
pub mod words;

use std::sync::Arc;

pub use self::{
    found::Found,
    hits::Hits,
    term::{Term, Words},
};
use super::{
    eval::matches,
    expr::Expr,
    resolve::{Context, related, value},
};
use crate::{
    error::Error,
    model::{Nav, Prop, Row, SetId, Value},
};

/// A search of one set: what for, and where the caller may look.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// What for.
    pub term: Term,
    /// Texts that count; those the caller may not read are not among them.
    pub places: Vec<Place>,
}

/// Where a text stands, seen from the row that is found.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// In a property of the row itself.
    Own(Prop),
    /// In a property of the rows a navigation property leads to.
    Through {
        /// The navigation property.
        navigation: Nav,
        /// The property there.
        property: Prop,
        /// What must hold of a row there for the caller to see it.
        guard: Option<Expr>,
    },
}

/// How the rows of one search are told from the others.
pub enum Sought<'a> {
    /// An index knows them.
    Hits(Arc<Hits>),
    /// By looking at each.
    Each(&'a Search),
}

/// Asks the source's index, if there is one that can tell; once for all rows of one answer.
///
/// # Errors
/// `Overloaded` where the index is not ready, or past the deadline.
pub fn seek<'a>(search: &'a Search, set: SetId, ctx: &Context<'_>) -> Result<Sought<'a>, Error> {
    let find = || ctx.source.search(set, search, ctx);
    let hits = match ctx.found {
        Some(found) => found.get_or((set, search), find)?,
        None => find()?.map(Arc::new),
    };
    Ok(hits.map_or(Sought::Each(search), Sought::Hits))
}

impl Sought<'_> {
    /// Whether a row is among them.
    ///
    /// # Errors
    /// `Internal` if the store cannot read a long text.
    pub fn holds(&self, row: &Row, ctx: &Context<'_>) -> Result<bool, Error> {
        match self {
            Self::Hits(hits) => Ok(hits.has(&row.key(ctx.model()))),
            Self::Each(search) => search.finds(row, ctx),
        }
    }

    /// Their ids, sorted, where an index lists them.
    #[must_use]
    pub fn ids(&self) -> Option<&[i64]> {
        match self {
            Self::Hits(hits) => hits.ids(),
            Self::Each(_) => None,
        }
    }
}

impl Search {
    /// Whether it finds a row: the reference that any index must agree with.
    ///
    /// # Errors
    /// `Internal` if the store cannot read a long text; those of a guard.
    pub fn finds(&self, row: &Row, ctx: &Context<'_>) -> Result<bool, Error> {
        let mut texts = Vec::new();
        for place in &self.places {
            match place {
                Place::Own(prop) => add(&mut texts, &value(ctx, row, *prop)?),
                Place::Through { navigation, property, guard } => {
                    for there in related(ctx, row, *navigation) {
                        ctx.in_time()?;
                        if matches(guard.as_ref(), &there, ctx)? {
                            add(&mut texts, &value(ctx, &there, *property)?);
                        }
                    }
                }
            }
        }
        self.term.holds(&mut |words| Ok(texts.iter().any(|text| words.are_in(text))))
    }
}

/// The words of a text, or of each text of a collection.
fn add(texts: &mut Vec<Vec<String>>, value: &Value) {
    let items = std::slice::from_ref(value).iter().chain(value.items());
    texts.extend(items.filter_map(Value::as_text).map(|text| words::words(text).collect()));
}

#[cfg(test)]
mod tests;
