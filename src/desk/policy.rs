//! What a workspace allows of access tokens: one row, made with the workspace.

use super::get;
use crate::{
    error::Error,
    id::guid_at,
    model::{Key, Prop, Value, props::policy, set},
    query::Source,
    store::{Draft, Edit},
};

/// The one policy.
pub const KEY: Key = Key::Int(1);

/// Makes the policy with its defaults, where there is none.
///
/// # Errors
/// Those of the store.
pub fn ensure(draft: &mut dyn Draft) -> Result<(), Error> {
    if draft.row(set::TOKEN_POLICIES, &KEY).is_some() {
        return Ok(());
    }
    let (model, now) = (draft.model(), draft.now());
    let mut edit = Edit::new(model, set::TOKEN_POLICIES);
    for (prop, property) in model.entity_type(set::TOKEN_POLICIES).props() {
        edit.set(model, prop, property.default.clone());
    }
    edit.set(model, policy::ID, KEY.as_int());
    edit.set(model, policy::GUID, guid_at(now));
    edit.set(model, policy::CREATED, now);
    edit.set(model, policy::UPDATED, now);
    draft.put(set::TOKEN_POLICIES, edit).map(|_| ())
}

/// A property of the policy in force; its default where there is no row yet.
#[must_use]
pub fn value(source: &dyn Source, prop: Prop) -> Value {
    let model = source.model();
    match source.row(set::TOKEN_POLICIES, &KEY) {
        Some(row) => get(model, &row, prop),
        None => model.entity_type(set::TOKEN_POLICIES).property_at(prop).default.clone(),
    }
}
