//! `$apply` and the options after it: stages, and what their result is called.
//!
//! Every transformation sees the names of what comes in: properties and computed ones as long as
//! entities pass, then the names that groups have.

mod aggregate;
mod fields;
mod flow;
mod group;
mod options;
#[cfg(test)]
mod tests;

pub use fields::Member;

use self::flow::Flow;
use super::{Checker, CollectionPath, Place};
use crate::{
    error::Error,
    odata::ast::QueryOptions,
    query::{Plan, Shape, apply::Apply},
};

/// What `$apply` leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// Entities that were chosen by conditions: as any collection.
    Plan(Plan),
    /// Entities in an order or number of their own.
    Entities {
        /// How they are found.
        apply: Apply,
        /// What of each is wanted.
        shape: Shape,
    },
    /// What was made of them.
    Groups {
        /// How they are found.
        apply: Apply,
        /// What of each is told, in this order.
        members: Vec<Member>,
    },
}

impl Checker<'_> {
    /// What `$apply` and the options after it make of a collection, if there is one. Page size and
    /// position are the caller's to set.
    ///
    /// # Errors
    /// Whatever is wrong with an option.
    pub fn applied(
        &self,
        at: &CollectionPath,
        options: &QueryOptions,
        place: Place,
    ) -> Result<Option<Applied>, Error> {
        let Some(written) = &options.apply else { return Ok(None) };
        self.only_options(options, place)?;
        self.no_property_as_option(at.ty, options)?;
        let mut flow = Flow::new(self, (at.set, at.ty), &options.aliases);
        flow.begin(at.filter.clone());
        flow.steps(written)?;
        flow.finish(options).map(Some)
    }
}
