//! Teams.

use crate::{
    error::Error,
    id::guid_at,
    model::{Row, props::team, set},
    store::{Draft, Edit},
};

/// Adds a team.
///
/// # Errors
/// Those of the store.
pub fn add(draft: &mut dyn Draft, name: &str) -> Result<Row, Error> {
    let (id, now) = (draft.next_id(set::TEAMS)?, draft.now());
    let model = draft.model();
    let mut edit = Edit::new(model, set::TEAMS);
    edit.set(model, team::ID, id);
    edit.set(model, team::GUID, guid_at(now));
    edit.set(model, team::NAME, name);
    edit.set(model, team::IS_ARCHIVED, false);
    edit.set(model, team::CREATED, now);
    edit.set(model, team::UPDATED, now);
    draft.put(set::TEAMS, edit)
}
