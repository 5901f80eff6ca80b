//! The verbs: every business rule of the helpdesk, once, whoever calls it.
//!
//! A verb has two halves. The first checks what it can without the state and does the slow work; the
//! second runs inside a transaction on a [`Draft`], so that verbs compose and see one order of
//! changes. Knows no HTTP, no OData text and no disk.

pub mod audit;
mod body;
pub mod comments;
mod commit;
mod customers;
pub mod deleted;
mod flush;
pub mod history;
mod hourly;
mod kept;
pub mod lookups;
mod me;
mod members;
mod network;
pub mod people;
pub mod pickers;
mod plain;
pub mod policy;
mod references;
mod rules;
pub mod seed;
mod service;
pub mod sessions;
pub mod signing;
mod still;
pub mod teams;
#[cfg(test)]
mod tests;
pub mod tickets;
pub mod tokens;
pub mod usage;
pub mod users;
mod value;
mod views;

pub use body::Moment;
pub(crate) use body::check_value;
pub use plain::is_unseen;
pub use service::{Desk, Settings};

use crate::{
    auth::Principal,
    error::Error,
    model::{Model, Prop, Row, SetId, Value},
    store::{Actor, Author, Draft},
    time::Timestamp,
};

/// Properties as a client gave them, each once, of the types the model declares.
pub type Properties = Vec<(Prop, Value)>;

/// Who a transaction of this caller is recorded for.
#[must_use]
pub fn actor(caller: &Principal) -> Actor {
    let author = caller.user_id.map_or(Author::System, Author::User);
    Actor { author, token_id: caller.token_id }
}

/// A stored property of a row.
pub(crate) fn get(model: &Model, row: &Row, prop: Prop) -> Value {
    row.record.get(model.structure(row.type_id), prop)
}

/// The name of a property of a set.
fn name_of(model: &Model, set: SetId, prop: Prop) -> &'static str {
    model.entity_type(set).property_at(prop).name
}

/// Refuses a property's value.
fn invalid(target: &str, reason: impl Into<String>) -> Error {
    Error::InvalidValue { target: target.to_owned(), reason: reason.into() }
}

/// The time to write for a change of `before`, last changed as `prop` says: now, but always later.
///
/// Several changes of one transaction have one time.
pub(crate) fn later(draft: &dyn Draft, before: &Row, prop: Prop) -> Timestamp {
    let last = get(draft.model(), before, prop).as_instant();
    match last {
        Some(last) if before.version == draft.seq() => last,
        Some(last) => last.plus_micros(1).map_or(draft.now(), |next| next.max(draft.now())),
        None => draft.now(),
    }
}
