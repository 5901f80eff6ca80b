//! Tokens that nobody uses any more.

use std::collections::HashMap;

use super::state;
use crate::{
    desk::{get, policy},
    model::{
        Key,
        props::{token, token_use},
        set,
    },
    query::Source,
    time::{MICROS_PER_DAY, Timestamp},
};

/// The ids of the tokens that were idle for longer than the policy allows, by id. Whoever uses a token uses
/// the one it was made with. Days count from the last change of the policy at the earliest: there was none
/// before an upgrade, nor was use of tokens noted, and fewer days are no surprise to who uses one seldom.
pub(super) fn found(source: &dyn Source, now: Timestamp) -> Vec<i64> {
    let days = policy::idle_days(source);
    let Some(before) = now.plus_micros(-days.saturating_mul(MICROS_PER_DAY)).filter(|_| days > 0)
    else {
        return Vec::new();
    };
    if policy::in_force_since(source).is_none_or(|since| before <= since) {
        return Vec::new();
    }
    let model = source.model();
    let mut latest: HashMap<i64, (Timestamp, Option<i64>)> = HashMap::new();
    for row in source.rows(set::ACCESS_TOKENS) {
        let id = get(model, &row, token::ID).as_int().unwrap_or_default();
        let used = source.row(set::TOKEN_USES, &Key::Int(id));
        let used = used.and_then(|row| get(model, &row, token_use::LAST_USED).as_instant());
        let own = [token::CREATED, token::ROTATED].map(|prop| get(model, &row, prop).as_instant());
        let last = own.into_iter().flatten().chain(used).max().unwrap_or(Timestamp::MIN);
        if state(source, &row, now).is_alive() {
            latest.insert(id, (last, get(model, &row, token::PARENT_ID).as_int()));
        }
    }
    let mut ids: Vec<i64> = latest.keys().copied().collect();
    ids.sort_unstable();
    // A child has the greater id, so that what is handed up has everything from below.
    for id in ids.iter().rev() {
        let Some((last, Some(parent))) = latest.get(id).copied() else { continue };
        if let Some((of_parent, _)) = latest.get_mut(&parent) {
            *of_parent = last.max(*of_parent);
        }
    }
    ids.retain(|id| latest.get(id).is_some_and(|(last, _)| *last < before));
    ids
}
