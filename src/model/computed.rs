//! Sets whose entities are computed from those of another set: what they are computed from, and what comes of it.
//!
//! Does not know where entities are kept, nor who reads them.

use super::{key::Key, schema::Prop, value::Value};
use crate::time::{Date, Timestamp};

/// The entities of one set, all as of one moment.
pub trait Entities {
    /// Hands the stored properties `props` of each of them to `take`, by key.
    fn each(&self, props: &[Prop], take: &mut dyn FnMut(&[Value]));

    /// The day of that moment in the workspace's time zone.
    fn today(&self) -> Date;

    /// The day of an instant in the workspace's time zone.
    fn day_of(&self, instant: Timestamp) -> Date;
}

/// The entities of a computed set. They may be many more than what they were computed from: each is
/// made when it is read.
pub trait Computed: Send + Sync {
    /// The entities in the order of their keys, from the first whose key is not before `first`; all without one.
    /// Each as its values by property index, null for what is not stored.
    fn entities(&self, first: Option<&Key>) -> Box<dyn Iterator<Item = Vec<Value>> + '_>;
}
