//! Access tokens: made, recognised, changed, rotated, ended and taken off the list.

mod authenticate;
mod change;
mod check_addresses;
mod delete;
mod end_overlap;
mod family;
mod held;
mod idle;
mod mint;
mod orphan;
mod reach;
mod register;
mod remove_expired;
mod retired;
mod revoke;
mod rotate;
mod service;
mod told;

pub use authenticate::{Visited, visit};
pub use change::Change;
pub use check_addresses::check_addresses;
pub use delete::Delete;
pub use end_overlap::EndOverlap;
pub(super) use held::held;
pub(super) use mint::offer;
pub use mint::{Mint, Request};
pub(super) use orphan::leave;
pub use register::{Rows, standing};
pub use remove_expired::{Look, RemoveExpired, Removed};
pub(super) use retired::Revoking;
pub use revoke::{Ended, Revoke};
pub use rotate::{OVERLAP_HOURS, OVERLAP_HOURS_MAX, Rotate};
pub use service::Done;

use super::{get, policy};
use crate::{
    auth::{Principal, State},
    error::Error,
    model::{Model, Row, props::token, set},
    query::Source,
    time::Timestamp,
};

/// What a stored token is at `now`; it ends with the token it was made with.
#[must_use]
pub fn state(source: &dyn Source, row: &Row, now: Timestamp) -> State {
    standing(source.model(), row).state(&Rows(source), now)
}

/// How many tokens work at `now`, their owners aside.
#[must_use]
pub fn active(source: &dyn Source, now: Timestamp) -> u64 {
    source.rows(set::ACCESS_TOKENS).filter(|row| state(source, row, now).is_alive()).count() as u64
}

/// Whether a token was ever made.
#[must_use]
pub fn any_made(source: &dyn Source) -> bool {
    source.rows(set::ACCESS_TOKENS).next().is_some()
}

/// How the audit log calls a token, so that it is known again after it is gone.
fn called(model: &Model, row: &Row) -> String {
    get(model, row, token::NAME).as_text().unwrap_or_default().to_owned()
}

/// What the audit log keeps of a token: how its secret begins, and whose it is.
fn marks(source: &dyn Source, row: &Row) -> String {
    let model = source.model();
    let prefix = get(model, row, token::KEY_PREFIX);
    let owner = match get(model, row, token::OWNER_ID).as_int() {
        Some(id) => format!("Users({id})"),
        None => "the workspace".to_owned(),
    };
    format!("{}, of {owner}", prefix.as_text().unwrap_or_default())
}

/// Refuses to go on with a token that has ended.
fn check_alive(source: &dyn Source, row: &Row, now: Timestamp) -> Result<(), Error> {
    let ended = match state(source, row, now) {
        State::Active | State::Rotating(_) => return Ok(()),
        State::Expired(at) => format!("it expired at {at}"),
        State::Revoked(at) => format!("it was revoked at {at}"),
    };
    Err(Error::Conflict {
        target: "AccessToken".into(),
        reason: format!("{ended}; make a new one"),
    })
}

/// Refuses callers whose role the workspace does not let make secrets.
fn check_minting_role(source: &dyn Source, caller: &Principal) -> Result<(), Error> {
    let Some(role) = reach::role_of(source, caller) else { return Ok(()) };
    let allowed = policy::minting_roles(source);
    if allowed.items().iter().any(|name| name.as_text() == Some(role.name())) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.items().iter().filter_map(|name| name.as_text()).collect();
    let reason = match names.as_slice() {
        [] => "nobody may make access tokens but who runs this at the machine".to_owned(),
        names => format!("{role} may not make access tokens; it takes {}", names.join(", ")),
    };
    Err(Error::PolicyForbids { target: "MintingRoles".into(), reason })
}
