//! The key a workspace signs with: places in a feed, and heads of the audit log.

use std::sync::Arc;

use super::get;
use crate::{
    error::Error,
    hash::Digest,
    id::random_bytes,
    model::{Key, Value, props::signing_key, set},
    query::Source,
    store::{Draft, Edit},
};

const KEY: Key = Key::Int(1);

/// Draws a key, where there is none.
///
/// # Errors
/// Those of the store.
pub fn ensure(draft: &mut dyn Draft) -> Result<(), Error> {
    if key(draft).is_some() {
        return Ok(());
    }
    let (model, bytes) = (draft.model(), random_bytes::<32>());
    let mut edit = Edit::new(model, set::SIGNING_KEYS);
    edit.set(model, signing_key::ID, KEY.as_int());
    edit.set(model, signing_key::KEY, Value::Binary(Arc::from(&bytes[..])));
    draft.put(set::SIGNING_KEYS, edit).map(|_| ())
}

/// The key; none before the workspace has one.
#[must_use]
pub fn key(source: &dyn Source) -> Option<Digest> {
    let row = source.row(set::SIGNING_KEYS, &KEY)?;
    match get(source.model(), &row, signing_key::KEY) {
        Value::Binary(bytes) => Digest::try_from(&*bytes).ok(),
        _ => None,
    }
}
