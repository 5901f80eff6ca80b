//! A token is made.

use std::sync::Arc;

use super::{
    Rows, check_minting_role, marks,
    reach::{self, is_reader},
    register, state,
};
use crate::{
    auth::{
        Kind, Networks, PlainToken, Principal, Role, Scopes, TokenHash,
        expiry::{self, Bounds, End},
    },
    desk::{
        Settings,
        audit::{Entry, Event, record},
        invalid,
        plain::is_unseen,
        policy, users,
    },
    error::Error,
    id::random_bytes,
    model::{GENERATIONS_MAX, Register, Row, Value, props::token, set},
    query::Source,
    store::{Draft, Edit},
    time::Timestamp,
};

/// What is asked of a new token.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it is called.
    pub name: String,
    /// Which program uses it, and what for.
    pub purpose: Option<String>,
    /// The role it is made for.
    pub role: Role,
    /// Fewer scopes than the role's, or all of them.
    pub scopes: Option<Scopes>,
    /// When it ends; by default as the policy says.
    pub expires: Option<End>,
    /// Where it works from; everywhere if empty.
    pub addresses: Vec<String>,
    /// Whose it is; by default the caller's. `None` for the workspace itself if a caller is that.
    pub owner_id: Option<i64>,
    /// Whether it belongs to a service of the workspace.
    pub is_service: bool,
    /// Who answers for that; by default the caller.
    pub responsible_id: Option<i64>,
}

impl Request {
    /// All that a role allows, for the caller.
    #[must_use]
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self {
            name: name.into(),
            purpose: None,
            role,
            scopes: None,
            expires: None,
            addresses: Vec::new(),
            owner_id: None,
            is_service: false,
            responsible_id: None,
        }
    }
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct Mint {
    caller: Principal,
    request: Request,
    addresses: Networks,
    setting_hours: u32,
    per_owner_max: u32,
}

impl Mint {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ConfirmationRequired`, `InvalidValue`.
    pub fn new(caller: &Principal, request: Request, settings: &Settings) -> Result<Self, Error> {
        caller.require("tokens:mint")?;
        caller.require_present_secret()?;
        check_name(&request.name)?;
        check_purpose(request.purpose.as_deref())?;
        if request.is_service {
            if !caller.is_administrator() {
                return Err(Error::Forbidden { scope: "tokens:write".into() });
            }
            if request.owner_id.is_some() {
                let reason = "a service token belongs to the workspace; name its 'ResponsibleId'";
                return Err(invalid("OwnerId", reason));
            }
        } else if request.responsible_id.is_some() {
            let reason =
                "only a service token has somebody responsible; its owner answers for this";
            return Err(invalid("ResponsibleId", reason));
        }
        if request.is_service || request.role == Role::Administrator {
            caller.require_confirmation()?;
        }
        let addresses = Networks::of_token(request.addresses.iter().map(String::as_str))?;
        Ok(Self {
            caller: caller.clone(),
            request,
            addresses,
            setting_hours: settings.token_hours_max,
            per_owner_max: settings.tokens_per_owner_max,
        })
    }

    /// Makes the secret, and stores everything about the token but that.
    ///
    /// # Errors
    /// `ExceedsRights` if the caller or the owner has less than it asks for, `PolicyForbids`, and
    /// `InvalidValue` for an end that has passed.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<(Row, PlainToken), Error> {
        let (caller, request) = (&self.caller, &self.request);
        check_minting_role(draft, caller)?;
        let is_reader = is_reader(draft, caller);
        let scopes = self.scopes(is_reader)?;
        let owner_id = if request.is_service { None } else { self.owner_id()? };
        if !request.is_service {
            scopes.grant(users::owner(draft, owner_id).scopes())?;
        }
        let responsible_id = self.responsible_id(draft)?;
        self.check_line(draft)?;
        self.check_count(draft, owner_id)?;
        self.check_addresses(draft, scopes)?;
        let expires = self.expires(draft, is_reader)?;
        let kind = match (request.is_service, scopes == request.role.scopes()) {
            (true, _) => Kind::Svc,
            (false, true) => request.role.kind(),
            (false, false) => Kind::Custom,
        };
        let secret = PlainToken::mint(kind, random_bytes());
        let (model, now, id) = (draft.model(), draft.now(), draft.next_id(set::ACCESS_TOKENS)?);
        let mut edit = Edit::new(model, set::ACCESS_TOKENS);
        for (prop, value) in [
            (token::ID, id.into()),
            (token::GUID, draft.new_guid(set::ACCESS_TOKENS, now, id).into()),
            (token::NAME, request.name.trim().into()),
            (token::PURPOSE, request.purpose.as_deref().into()),
            (token::KEY_PREFIX, secret.key_prefix().into()),
            (token::KIND, kind.name().into()),
            (token::OWNER_ID, owner_id.into()),
            (token::RESPONSIBLE_ID, responsible_id.into()),
            (token::CREATED_BY_ID, caller.user_id.into()),
            (token::PARENT_ID, caller.token_id.into()),
            (token::ROLE, request.role.name().into()),
            (token::SCOPES, names(scopes)),
            (token::ALLOWED_ADDRESSES, addresses(&self.addresses)),
            (token::HASH, stored(&secret.hash())),
            (token::CREATED, now.into()),
            (token::UPDATED, now.into()),
            (token::EXPIRES, expires.into()),
        ] {
            edit.set(model, prop, value);
        }
        let row = draft.put(set::ACCESS_TOKENS, edit)?;
        let detail = self.detail(&marks(draft, &row), scopes, &expires.to_string());
        let entry = Entry::new(Event::TokenMinted).on(draft.model(), &row);
        record(draft, caller, &entry.called(request.name.trim()).detail(detail))?;
        Ok((row, secret))
    }

    /// What it may be given: all that was asked for, or nothing.
    fn scopes(&self, is_reader: bool) -> Result<Scopes, Error> {
        let of_role = self.request.role.scopes();
        let reading = Scopes::reading();
        let usual = if is_reader { of_role.intersection(reading) } else { of_role };
        let asked = self.request.scopes.unwrap_or(usual).grant(of_role)?;
        if is_reader {
            asked.grant(self.caller.scopes.intersection(reading))?;
        }
        if asked.is_empty() {
            return Err(invalid("Scopes", "a token without any scope opens nothing"));
        }
        asked.grant(self.caller.scopes)
    }

    fn owner_id(&self) -> Result<Option<i64>, Error> {
        let owner_id = self.request.owner_id.or(self.caller.user_id);
        if owner_id != self.caller.user_id {
            self.caller.require("tokens:write")?;
        }
        Ok(owner_id)
    }

    fn responsible_id(&self, source: &dyn Source) -> Result<Option<i64>, Error> {
        if !self.request.is_service {
            return Ok(None);
        }
        let id = self.request.responsible_id.or(self.caller.user_id);
        let id = id.ok_or_else(|| invalid("ResponsibleId", "a service token needs somebody"))?;
        check_responsible(source, id).map(Some)
    }

    /// Refuses a token too far from the first of its line.
    fn check_line(&self, source: &dyn Source) -> Result<(), Error> {
        let parent = self.caller.token_id.and_then(|id| Rows(source).token(id));
        let generation = parent.map_or(0, |parent| parent.generation(&Rows(source)));
        if generation < GENERATIONS_MAX {
            return Ok(());
        }
        let reason = format!(
            "tokens made with tokens may go {GENERATIONS_MAX} deep; make this one with an earlier one"
        );
        Err(Error::PolicyForbids { target: "ParentId".into(), reason })
    }

    /// Refuses a person one token more than the setting allows. Those of the workspace are made by its
    /// administrators only, for programs that are as many as they are, so they are not counted.
    fn check_count(&self, draft: &dyn Draft, owner_id: Option<i64>) -> Result<(), Error> {
        let Some(id) = owner_id else { return Ok(()) };
        let own = draft.rows_where(set::ACCESS_TOKENS, token::OWNER_ID, &id.into());
        let now = draft.now();
        let alive = own.iter().filter(|row| state(draft, row, now).is_alive());
        let max = self.per_owner_max;
        if alive.take(max as usize).count() < max as usize {
            return Ok(());
        }
        let reason = format!(
            "Users({id}) has {max} access tokens that work, and 'tokens_per_owner_max' allows no more; \
             revoke those nobody needs, or have the setting raised"
        );
        Err(Error::PolicyForbids { target: "OwnerId".into(), reason })
    }

    fn check_addresses(&self, source: &dyn Source, scopes: Scopes) -> Result<(), Error> {
        let needing = scopes.intersection(Rows(source).needing_addresses());
        if needing.is_empty() || self.addresses.are_bound() {
            return Ok(());
        }
        let reason = format!(
            "a token with '{needing}' needs a list of where it works from, and not of everywhere"
        );
        Err(Error::PolicyForbids { target: "AllowedAddresses".into(), reason })
    }

    fn expires(&self, source: &dyn Draft, is_reader: bool) -> Result<Timestamp, Error> {
        let bounds = bounds(source, &self.caller, (self.setting_hours, is_reader));
        let zone = reach::zone_of(source, &self.caller);
        let asked = match self.request.expires {
            None => None,
            Some(end) => Some(
                end.instant(&zone).ok_or_else(|| invalid("ExpiresDate", "no calendar has it"))?,
            ),
        };
        expiry::expires(asked, source.now(), &bounds)
    }

    fn detail(&self, marks: &str, scopes: Scopes, expires: &str) -> String {
        let mut detail =
            format!("{marks}; role {}; scopes {scopes}; until {expires}", self.request.role);
        if !self.addresses.is_empty() {
            detail.push_str("; from ");
            detail.push_str(&self.addresses.texts().collect::<Vec<_>>().join(", "));
        }
        detail
    }
}

/// What bounds the life of a token that a caller makes, who only reads or not.
fn bounds(
    source: &dyn Source,
    caller: &Principal,
    (setting_hours, is_reader): (u32, bool),
) -> Bounds {
    let parent = caller.token_id.and_then(|id| Rows(source).token(id));
    Bounds {
        setting_hours,
        policy_hours: policy::lifetime_max_hours(source),
        default_hours: policy::lifetime_default_hours(source),
        parent_ends: parent.map(|parent| parent.expires),
        is_reader,
    }
}

/// What a caller may ask of a new token, so that it can be told before.
pub(in crate::desk) struct Offer {
    /// Longest and usual life, hours; none for a calendar month.
    pub(in crate::desk) hours: (u32, Option<u32>),
    /// Scopes that need a list of addresses.
    pub(in crate::desk) needing_addresses: Scopes,
}

/// What a caller may ask of a new token at `now`; none where it may make none.
pub(in crate::desk) fn offer(
    source: &dyn Source,
    caller: &Principal,
    (setting_hours, now): (u32, Timestamp),
) -> Option<Offer> {
    let may = caller.require("tokens:mint").and(caller.require_present_secret());
    may.and(check_minting_role(source, caller)).ok()?;
    let bounds = bounds(source, caller, (setting_hours, is_reader(source, caller)));
    let needing_addresses = Rows(source).needing_addresses();
    Some(Offer { hours: bounds.hours(now), needing_addresses })
}

/// Refuses what is no name.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let trimmed = name.trim();
    let is_seen = |c: char| !c.is_whitespace() && !is_unseen(c);
    let is_line = !trimmed.chars().any(char::is_control);
    if is_line && trimmed.chars().any(is_seen) && trimmed.chars().count() <= 256 {
        return Ok(());
    }
    Err(invalid("Name", "it takes 1 to 256 characters in one line"))
}

/// Refuses what is no purpose.
pub(super) fn check_purpose(purpose: Option<&str>) -> Result<(), Error> {
    let text = purpose.unwrap_or_default();
    if text.chars().count() <= 1000 && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(invalid("Purpose", "it takes at most 1000 characters in one line"))
}

/// The id, if it is that of an active member of staff.
pub(super) fn check_responsible(source: &dyn Source, id: i64) -> Result<i64, Error> {
    if register::role(source, id).is_some() {
        return Ok(id);
    }
    Err(invalid("ResponsibleId", format!("there is no active Users({id})")))
}

/// Scopes as they are stored.
pub(super) fn names(scopes: Scopes) -> Value {
    Value::List(scopes.names().map(Value::text).collect())
}

/// Addresses as they are stored.
pub(super) fn addresses(networks: &Networks) -> Value {
    Value::List(networks.texts().map(|text| Value::text(&text)).collect())
}

/// A secret as it is stored.
pub(super) fn stored(hash: &TokenHash) -> Value {
    Value::Binary(Arc::from(&hash.as_bytes()[..]))
}
