//! Who comes with a token, and what that allows now. Asked at every request, so it is made to be quick.

use std::sync::Arc;

use super::register::{Rows, told};
use crate::{
    auth::{
        Confirmed, Kind, PlainToken, Principal, Proof, Role, Scopes, Standing, State, TokenHash,
        Visit, address::allows,
    },
    desk::{get, policy},
    error::{Denial, Error},
    model::{
        GENERATIONS_MAX, Key, Opened, Row, Value,
        props::{rotated_secret, token},
        set,
    },
    query::Source,
    time::Timestamp,
};

/// What came of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visited {
    /// Somebody who is let in.
    Known(Principal),
    /// A token whose secret is known, without any rights, and why it does not open the door.
    Refused(Principal, Error),
    /// Nobody we know, and what is said to nobody.
    Stranger(Error),
}

/// Looks who comes.
///
/// Refused with `Unauthenticated`, `AddressNotAllowed`, `TokenInQuery`. That a token expired, was revoked or
/// has a new secret, and where it works from, learns only who presents a known secret.
#[must_use]
pub fn visit(source: &dyn Source, visit: &Visit<'_>, now: Timestamp) -> Visited {
    let (secret, is_in_address) = match visit.proof {
        Proof::Token(secret) => (secret, false),
        Proof::TokenInAddress(secret) => (secret, true),
        Proof::Session(_) => return nobody(Denial::NoSession),
    };
    if is_in_address && !(visit.is_read && policy::allows_token_in_address(source)) {
        return Visited::Stranger(Error::TokenInQuery);
    }
    let Ok(secret) = secret.parse::<PlainToken>() else { return nobody(Denial::Invalid) };
    let hash = secret.hash();
    let Some(known) = find(source, &hash) else { return nobody(Denial::Invalid) };
    let row = known.row.record.open(source.model().structure(known.row.type_id));
    let token = told(&row);
    let mut caller = named(&row, (&token, visit));
    if known.until.is_some() {
        caller.confirmed = Confirmed::FormerSecret;
    }
    if let Err(error) = check(source, (&row, known.until), (&token, visit), now) {
        return Visited::Refused(caller, error);
    }
    let scopes = token.in_force(&Rows(source), now);
    if is_in_address && !scopes.is_subset(Scopes::reading()) {
        return Visited::Refused(caller, Error::TokenInQuery);
    }
    caller.scopes = scopes;
    Visited::Known(caller)
}

fn nobody(denial: Denial) -> Visited {
    Visited::Stranger(Error::Unauthenticated(denial))
}

/// A token whose secret is known.
struct Known {
    row: Row,
    /// When the secret ends or ended, where it is one from before a rotation.
    until: Option<Timestamp>,
}

/// The token with that secret, be it the present one or one before.
fn find(source: &dyn Source, hash: &TokenHash) -> Option<Known> {
    let model = source.model();
    let wanted = Value::Binary(Arc::from(&hash.as_bytes()[..]));
    let one = |set, prop| {
        let row = source.rows_where(set, prop, &wanted).into_iter().next()?;
        let stored = row.record.bytes(model.structure(row.type_id), prop)?;
        hash.matches(stored).then_some(row)
    };
    if let Some(row) = one(set::ACCESS_TOKENS, token::HASH) {
        return Some(Known { row, until: None });
    }
    let former = one(set::ROTATED_SECRETS, rotated_secret::HASH)?;
    let of = get(model, &former, rotated_secret::TOKEN_ID).as_int()?;
    let row = source.row(set::ACCESS_TOKENS, &Key::Int(of))?;
    let until = get(model, &former, rotated_secret::UNTIL).as_instant();
    Some(Known { row, until: Some(until.unwrap_or(Timestamp::MIN)) })
}

/// The token as whoever comes with it, without any rights so far.
fn named(row: &Opened<'_>, (token, visit): (&Standing, &Visit<'_>)) -> Principal {
    let kind = row.text(token::KIND);
    Principal {
        token_id: row.get(token::ID).as_int(),
        prefix: row.text(token::KEY_PREFIX).map(str::to_owned),
        kind: Kind::ALL.into_iter().find(|known| kind == Some(known.name())),
        session_id: None,
        confirmed: Confirmed::Program,
        user_id: token.owner_id,
        role: row.text(token::ROLE).and_then(|name| name.parse::<Role>().ok()),
        scopes: Scopes::NONE,
        address: Some(visit.address.to_canonical()),
        agent: visit.agent.map(Arc::from),
    }
}

fn check(
    source: &dyn Source,
    (row, until): (&Opened<'_>, Option<Timestamp>),
    (token, visit): (&Standing, &Visit<'_>),
    now: Timestamp,
) -> Result<(), Error> {
    if let Some(until) = until.filter(|until| *until <= now) {
        return Err(Error::Unauthenticated(Denial::Rotated(until)));
    }
    match token.state(&Rows(source), now) {
        State::Active | State::Rotating(_) => {}
        State::Expired(at) => return Err(Error::Unauthenticated(Denial::Expired(at))),
        State::Revoked(at) => return Err(Error::Unauthenticated(Denial::Revoked(at))),
    }
    check_address(source, (row, token), visit)
}

/// Refuses who comes from where the token, or one that it was made with, does not work.
fn check_address(
    source: &dyn Source,
    (row, token): (&Opened<'_>, &Standing),
    visit: &Visit<'_>,
) -> Result<(), Error> {
    let works = |row: &Opened<'_>| allows(row.texts(token::ALLOWED_ADDRESSES), visit.address);
    let mut is_allowed = works(row);
    let mut parent_id = token.parent_id;
    for _ in 0..GENERATIONS_MAX {
        let Some(id) = parent_id else { break };
        let Some(parent) = source.row(set::ACCESS_TOKENS, &Key::Int(id)) else { break };
        let parent = parent.record.open(source.model().structure(parent.type_id));
        is_allowed &= works(&parent);
        parent_id = parent.get(token::PARENT_ID).as_int();
    }
    if is_allowed {
        return Ok(());
    }
    Err(Error::AddressNotAllowed { address: visit.address.to_canonical().to_string() })
}
