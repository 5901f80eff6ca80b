//! A token and those made with it: they end together.

use super::{called, marks};
use crate::{
    auth::Principal,
    desk::{
        audit::{Entry, Event, record},
        get, later,
    },
    error::Error,
    model::{GENERATIONS_MAX, Key, Row, Value, props::token, set},
    query::Source,
    store::{Draft, Edit},
};

/// Tokens ended in one transaction, so that it stays small. None of the rest opens a door meanwhile: a token
/// has no rights without the one it was made with.
pub(super) const AT_ONCE: usize = 1_000;

/// The descendants of a token that were not ended themselves; at most so many, and whether that is all.
///
/// Each comes behind those that were made with it and is ended behind them, so that nothing is left below one
/// that was ended, and nobody looks there again.
pub(super) fn living(source: &dyn Source, row: &Row, most: usize) -> (Vec<Row>, bool) {
    let mut found = Vec::new();
    let is_all = gather(source, &row.key(source.model()), most, (&mut found, GENERATIONS_MAX));
    (found, is_all)
}

fn gather(
    source: &dyn Source,
    key: &Key,
    most: usize,
    (found, generations): (&mut Vec<Row>, usize),
) -> bool {
    // What is further from its beginning opens nothing anyway.
    let Some(generations) = generations.checked_sub(1) else { return true };
    let (model, id) = (source.model(), Value::from(key.as_int()));
    for child in source.rows_where(set::ACCESS_TOKENS, token::PARENT_ID, &id) {
        if !get(model, &child, token::REVOKED).is_null() {
            continue;
        }
        let is_all = gather(source, &child.key(model), most, (&mut *found, generations));
        if !is_all || found.len() == most {
            return false;
        }
        found.push(child);
    }
    true
}

/// Ends the descendants of a token; whether none is left.
pub(super) fn revoke_descendants(
    draft: &mut dyn Draft,
    caller: &Principal,
    row: &Row,
) -> Result<bool, Error> {
    let (children, is_all) = living(draft, row, AT_ONCE);
    let id = row.key(draft.model()).as_int().unwrap_or_default();
    for child in &children {
        revoke(draft, caller, child, &format!("with AccessTokens({id})"))?;
    }
    Ok(is_all)
}

/// Ends one token, if it has not been.
pub(super) fn revoke(
    draft: &mut dyn Draft,
    caller: &Principal,
    row: &Row,
    why: &str,
) -> Result<Row, Error> {
    let model = draft.model();
    if !get(model, row, token::REVOKED).is_null() {
        return Ok(row.clone());
    }
    let (now, mut edit) = (draft.now(), Edit::of(model, row));
    edit.set(model, token::REVOKED, now);
    edit.set(model, token::UPDATED, later(draft, row, token::UPDATED));
    let after = draft.put(set::ACCESS_TOKENS, edit)?;
    let separator = if why.is_empty() { "" } else { "; " };
    let detail = format!("{}{separator}{why}", marks(draft, &after));
    let entry = Entry::new(Event::TokenRevoked).on(draft.model(), &after);
    let name = called(draft.model(), &after);
    record(draft, caller, &entry.called(&name).detail(detail))?;
    Ok(after)
}

/// Takes a token off the list, with all that is kept for it.
pub(super) fn remove(draft: &mut dyn Draft, caller: &Principal, row: &Row) -> Result<(), Error> {
    use crate::model::props::rotated_secret;
    let key: Key = row.key(draft.model());
    let entry = Entry::new(Event::TokenDeleted).on(draft.model(), row);
    let (name, detail) = (called(draft.model(), row), marks(draft, row));
    record(draft, caller, &entry.called(&name).detail(detail))?;
    let id = Value::from(key.as_int());
    for former in draft.rows_where(set::ROTATED_SECRETS, rotated_secret::TOKEN_ID, &id) {
        let key = former.key(draft.model());
        draft.delete(set::ROTATED_SECRETS, &key);
    }
    draft.delete(set::TOKEN_USES, &key);
    draft.delete(set::ACCESS_TOKENS, &key);
    Ok(())
}
