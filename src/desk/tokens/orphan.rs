//! Service tokens whose responsible person is gone: they end soon, unless somebody takes them over.

use super::called;
use crate::{
    auth::Principal,
    desk::{
        audit::{Entry, Event, record},
        get, later,
    },
    error::Error,
    model::{Value, props::token, set},
    store::{Draft, Edit},
    time::{MICROS_PER_DAY, Timestamp},
};

/// How long a service token lasts that nobody answers for, days.
const ORPHAN_DAYS: i64 = 30;

/// Orphans the service tokens of somebody who was disabled, demoted or deleted.
///
/// # Errors
/// Those of the store.
pub(in crate::desk) fn leave(
    draft: &mut dyn Draft,
    caller: &Principal,
    user_id: &Value,
) -> Result<(), Error> {
    for row in draft.rows_where(set::ACCESS_TOKENS, token::RESPONSIBLE_ID, user_id) {
        let model = draft.model();
        if !get(model, &row, token::ORPHANED).is_null()
            || !get(model, &row, token::REVOKED).is_null()
        {
            continue;
        }
        let now = draft.now();
        let full = get(model, &row, token::EXPIRES).as_instant().unwrap_or(Timestamp::MIN);
        let soon = now.plus_micros(ORPHAN_DAYS * MICROS_PER_DAY).unwrap_or(Timestamp::MAX);
        let mut edit = Edit::of(model, &row);
        edit.set(model, token::ORPHANED, now);
        edit.set(model, token::FULL_EXPIRES, full);
        edit.set(model, token::EXPIRES, full.min(soon));
        edit.set(model, token::UPDATED, later(draft, &row, token::UPDATED));
        let after = draft.put(set::ACCESS_TOKENS, edit)?;
        let entry = Entry::new(Event::TokenOrphaned).on(draft.model(), &after);
        let name = called(draft.model(), &after);
        let detail = format!("ExpiresDateTime: {full} -> {}", full.min(soon));
        record(draft, caller, &entry.called(&name).detail(detail))?;
    }
    Ok(())
}
