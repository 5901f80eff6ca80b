//! Saved views: everybody's own, and those that are shared.

use super::{
    get, invalid,
    plain::{Leaving, Rules, Turn, alone, check_not_blank, differs, missing},
};
use crate::{
    auth::Principal,
    error::Error,
    model::{Key, Model, Row, Value, helpdesk, props::view, set},
    query::Source,
    store::{Draft, Edit},
};

/// One's own may be changed; sharing them, and what others share, needs `settings:write`.
pub(super) const RULES: Rules = Rules { settle, check_leaving, release: alone };

const TO_SHARE: &str = "settings:write";

fn settle(draft: &mut dyn Draft, turn: &Turn<'_>, edit: &mut Edit) -> Result<(), Error> {
    let (model, caller) = (draft.model(), turn.caller);
    if let Some(row) = turn.before {
        check_reach(model, caller, row)?;
    } else {
        let owner = edit.get(view::OWNER_ID);
        match owner.as_int() {
            None => edit.set(model, view::OWNER_ID, caller.user_id),
            Some(id) if caller.user_id == Some(id) => {}
            Some(id) => {
                caller.require(TO_SHARE)?;
                if draft.row(set::USERS, &Key::Int(id)).is_none() {
                    return Err(invalid("OwnerId", format!("there is no Users({id})")));
                }
            }
        }
    }
    if edit.get(view::OWNER_ID).is_null() && !edit.get(view::IS_SHARED).is_true() {
        let reason = "a view of nobody in particular is everybody's: it takes true, or name its \
                      'OwnerId'";
        return Err(invalid("IsShared", reason));
    }
    if edit.get(view::IS_SHARED).is_true() && differs(model, turn, edit, view::IS_SHARED) {
        caller.require(TO_SHARE)?;
    }
    check_not_blank(model, edit, view::NAME)?;
    let asked = edit.get(view::ENTITY_SET);
    if let Some(name) = asked.as_text() {
        let found = model.find_set(name).map(|id| model.set(id));
        let found = found.filter(|set| caller.scopes.has(set.scopes.read));
        let set = found.ok_or_else(|| invalid("EntitySet", format!("there is no set '{name}'")))?;
        edit.set(model, view::ENTITY_SET, set.name);
    }
    Ok(())
}

fn check_leaving(source: &dyn Source, leaving: &Leaving<'_>) -> Result<(), Error> {
    check_reach(source.model(), leaving.caller, leaving.row)
}

/// Refuses to touch a view of somebody else; one that is not even shared does not exist.
fn check_reach(model: &Model, caller: &Principal, row: &Row) -> Result<(), Error> {
    if caller.user_id.is_some() && get(model, row, view::OWNER_ID).as_int() == caller.user_id {
        return Ok(());
    }
    if !get(model, row, view::IS_SHARED).is_true() {
        return Err(missing(model, set::SAVED_VIEWS, &row.key(model)));
    }
    caller.require(TO_SHARE)
}

/// Takes the views of somebody who is deleted: what was shared becomes the workspace's own.
///
/// # Errors
/// Those of the store.
pub(super) fn leave(draft: &mut dyn Draft, owner: &Value) -> Result<(), Error> {
    let model = helpdesk();
    for row in draft.rows_where(set::SAVED_VIEWS, view::OWNER_ID, owner) {
        if get(model, &row, view::IS_SHARED).is_true() {
            let mut edit = Edit::of(model, &row);
            edit.set(model, view::OWNER_ID, Value::Null);
            super::plain::put_updated(draft, &row, &mut edit);
            draft.put(set::SAVED_VIEWS, edit)?;
        } else {
            draft.delete(set::SAVED_VIEWS, &row.key(model));
        }
    }
    Ok(())
}
