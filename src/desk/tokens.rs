//! Access tokens: made, recognised, ended.

use std::sync::Arc;

use super::{get, invalid, users};
use crate::{
    auth::{
        Kind, PlainToken, Principal, Proof, Role, Scopes, State, TokenHash, Visit, expiry, in_force,
    },
    error::{Denial, Error},
    id::{guid_at, random_bytes},
    model::{Key, Model, Row, Value, props::token, set},
    query::Source,
    store::{Draft, Edit},
    time::Timestamp,
};

/// What is asked of a new token.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it is for.
    pub name: String,
    /// The role it is made for.
    pub role: Role,
    /// Fewer scopes than the role's, or all of them.
    pub scopes: Option<Scopes>,
    /// When it ends; by default after one month.
    pub expires: Option<Timestamp>,
    /// Whose it is; by default the caller's. `None` for the workspace itself if a caller is that.
    pub owner_id: Option<i64>,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct Mint {
    caller: Principal,
    request: Request,
    scopes: Scopes,
    kind: Kind,
    key_prefix: String,
    hash: TokenHash,
    hours_max: u32,
}

impl Mint {
    /// Makes the secret, and checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ExceedsRights` naming what was asked and what is held, `InvalidValue`.
    pub fn new(
        caller: &Principal,
        request: Request,
        hours_max: u32,
    ) -> Result<(Self, PlainToken), Error> {
        caller.require("tokens:mint")?;
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > 256 {
            return Err(invalid("Name", "it takes 1 to 256 characters"));
        }
        let of_role = request.role.scopes();
        let scopes = request.scopes.unwrap_or(of_role).grant(of_role)?.grant(caller.scopes)?;
        if scopes.is_empty() {
            return Err(invalid("Scopes", "a token without any scope opens nothing"));
        }
        let kind = if scopes == of_role { request.role.kind() } else { Kind::Custom };
        let secret = PlainToken::mint(kind, random_bytes());
        let (key_prefix, hash) = (secret.key_prefix().to_owned(), secret.hash());
        let caller = caller.clone();
        Ok((Self { caller, request, scopes, kind, key_prefix, hash, hours_max }, secret))
    }

    /// Stores everything about it but the secret.
    ///
    /// # Errors
    /// `ExceedsRights` if its owner has less than it asks for, `InvalidValue` for an end that is not
    /// allowed.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let now = draft.now();
        let expires = expiry::expires(self.request.expires, now, self.hours_max)?;
        let owner_id = self.request.owner_id.or(self.caller.user_id);
        if owner_id != self.caller.user_id {
            self.caller.require("tokens:write")?;
        }
        self.scopes.grant(users::owner(draft, owner_id).scopes())?;
        let id = draft.next_id(set::ACCESS_TOKENS)?;
        let model = draft.model();
        let names: Vec<Value> = self.scopes.names().map(Value::text).collect();
        let mut edit = Edit::new(model, set::ACCESS_TOKENS);
        edit.set(model, token::ID, id);
        edit.set(model, token::GUID, guid_at(now));
        edit.set(model, token::NAME, self.request.name.as_str());
        edit.set(model, token::KEY_PREFIX, self.key_prefix.as_str());
        edit.set(model, token::KIND, self.kind.name());
        edit.set(model, token::OWNER_ID, owner_id);
        edit.set(model, token::ROLE, self.request.role.name());
        edit.set(model, token::SCOPES, Value::List(names.into()));
        edit.set(model, token::HASH, Value::Binary(Arc::from(&self.hash.as_bytes()[..])));
        edit.set(model, token::CREATED, now);
        edit.set(model, token::UPDATED, now);
        edit.set(model, token::EXPIRES, expires);
        edit.set(model, token::CREATED_BY_ID, self.caller.user_id);
        draft.put(set::ACCESS_TOKENS, edit)
    }
}

/// A token to be ended before its time.
#[derive(Clone, Debug)]
pub struct Revoke {
    caller: Principal,
    key: Key,
}

impl Revoke {
    /// Any token may end itself, staff their own, and who holds `tokens:write` any.
    #[must_use]
    pub fn new(caller: &Principal, id: i64) -> Self {
        Self { caller: caller.clone(), key: Key::Int(id) }
    }

    /// Ends it; one that was ended before stays as it is.
    ///
    /// # Errors
    /// `NotFound`, also for a token the caller may not see; `Forbidden`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let model = draft.model();
        let row = draft.row(set::ACCESS_TOKENS, &self.key);
        let is_own = |row: &Row| {
            let owner = get(model, row, token::OWNER_ID).as_int();
            self.key.as_int() == self.caller.token_id
                || (owner.is_some() && owner == self.caller.user_id)
        };
        if !row.as_ref().is_some_and(is_own) && !self.caller.scopes.has("tokens:read") {
            self.caller.require("tokens:write")?;
        }
        let id = self.key.as_int().unwrap_or_default();
        let row = row.ok_or_else(|| Error::NotFound { what: format!("AccessToken {id}") })?;
        if !is_own(&row) {
            self.caller.require("tokens:write")?;
        }
        if !get(model, &row, token::REVOKED).is_null() {
            return Ok(row);
        }
        let (now, mut edit) = (draft.now(), Edit::of(model, &row));
        edit.set(model, token::REVOKED, now);
        edit.set(model, token::UPDATED, now);
        draft.put(set::ACCESS_TOKENS, edit)
    }
}

/// What a stored token is at `now`.
#[must_use]
pub fn state(model: &Model, row: &Row, now: Timestamp) -> State {
    let instant = |prop| get(model, row, prop).as_instant();
    // A token without an end is none we made: it has ended.
    let expires = instant(token::EXPIRES).unwrap_or(Timestamp::MIN);
    State::at(now, expires, instant(token::REVOKED))
}

/// Who comes, and what that allows now.
///
/// # Errors
/// `Unauthenticated`; that a token expired or was revoked learns only who presents a known secret.
pub fn authenticate(
    source: &dyn Source,
    visit: &Visit<'_>,
    now: Timestamp,
) -> Result<Principal, Error> {
    let invalid = || Error::Unauthenticated(Denial::Invalid);
    let secret = match visit.proof {
        Proof::Token(secret) => secret,
        Proof::TokenInAddress(_) => return Err(Error::TokenInQuery),
        Proof::Session(_) => return Err(Error::Unauthenticated(Denial::NoSession)),
    };
    let secret: PlainToken = secret.parse().map_err(|_| invalid())?;
    let (hash, model) = (secret.hash(), source.model());
    let wanted = Value::Binary(Arc::from(&hash.as_bytes()[..]));
    let found = source.rows_where(set::ACCESS_TOKENS, token::HASH, &wanted).into_iter().next();
    let row = found.ok_or_else(invalid)?;
    match get(model, &row, token::HASH) {
        Value::Binary(stored) if hash.matches(&stored) => {}
        _ => return Err(invalid()),
    }
    match state(model, &row, now) {
        State::Active => {}
        State::Expired(at) => return Err(Error::Unauthenticated(Denial::Expired(at))),
        State::Revoked(at) => return Err(Error::Unauthenticated(Denial::Revoked(at))),
    }
    let user_id = get(model, &row, token::OWNER_ID).as_int();
    let names = get(model, &row, token::SCOPES);
    // A scope this version does not know gives nothing.
    let given =
        Scopes::filter(|scope| names.items().iter().any(|name| name.as_text() == Some(scope.name)));
    let role = get(model, &row, token::ROLE).as_text().and_then(|name| name.parse().ok());
    let kind = get(model, &row, token::KIND);
    Ok(Principal {
        token_id: get(model, &row, token::ID).as_int(),
        prefix: get(model, &row, token::KEY_PREFIX).as_text().map(str::to_owned),
        kind: Kind::ALL.into_iter().find(|known| kind.as_text() == Some(known.name())),
        session_id: None,
        is_confirmed: true,
        user_id,
        role,
        scopes: in_force(given, users::owner(source, user_id)),
        address: Some(visit.address),
        agent: visit.agent.map(Arc::from),
    })
}

/// How many tokens work at `now`, their owners aside.
#[must_use]
pub fn active(source: &dyn Source, now: Timestamp) -> u64 {
    let is_active = |row: &Row| state(source.model(), row, now) == State::Active;
    source.rows(set::ACCESS_TOKENS).filter(is_active).count() as u64
}

/// Whether a token was ever made.
#[must_use]
pub fn any_made(source: &dyn Source) -> bool {
    source.rows(set::ACCESS_TOKENS).next().is_some()
}
