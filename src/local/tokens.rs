//! `tessera token`.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::{
    Failure,
    failure::line,
    ground::{Ground, wait},
    text,
};
use crate::{
    auth::{Owner, Principal, Role, Scopes, State, expiry::End},
    desk::{
        Settings,
        tokens::{Request, state},
        users,
    },
    error::Error,
    model::{
        Key, Precondition, Prop, Row, Value,
        props::{token, token_use, user},
        set,
    },
    query::{Source, resolve},
    time::{Date, Timestamp},
};

/// A token as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Whose it is: somebody's address or Id; the helpdesk's own without one.
    pub owner: Option<String>,
    /// What it may do at most; without one as much as its owner.
    #[serde(with = "text::option")]
    pub role: Option<Role>,
    /// Fewer scopes than the role's.
    #[serde(with = "text::option")]
    pub scopes: Option<Scopes>,
    /// When it ends.
    #[serde(with = "text::option")]
    pub expires: Option<Timestamp>,
    /// Its last day, in the time zone of the helpdesk.
    #[serde(with = "text::option")]
    pub last_day: Option<Date>,
    /// Which program uses it, and what for.
    pub purpose: Option<String>,
    /// Addresses and networks it works from; everywhere if none.
    pub addresses: Vec<String>,
    /// Whether it belongs to a service of the helpdesk.
    pub is_service: bool,
    /// Who answers for that: somebody's address or Id.
    pub responsible: Option<String>,
}

/// Writes the secret alone, so that a script can take it.
pub(super) fn create(
    ground: &Ground,
    asked: &NewToken,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let owner = asked.owner.as_deref().map(|owner| owned_by(&*ground.desk.snapshot(), owner));
    let (owner_id, owners_role) = owner.transpose()?.unzip();
    let role = asked.role.or(owners_role);
    let role = role.ok_or_else(|| Failure::new("a token needs --role or --owner"))?;
    let responsible = asked.responsible.as_deref();
    let responsible = responsible.map(|who| owned_by(&*ground.desk.snapshot(), who));
    let request = Request {
        purpose: asked.purpose.clone(),
        scopes: asked.scopes,
        expires: asked.expires.map(End::At).or(asked.last_day.map(End::Of)),
        addresses: asked.addresses.clone(),
        owner_id,
        is_service: asked.is_service,
        responsible_id: responsible.transpose()?.map(|(id, _)| id),
        ..Request::new(asked.name.clone(), role)
    };
    let minted = wait(async { Ok(ground.desk.mint_token(&Principal::system(), request).await) })?;
    let (_, secret) = minted.map_err(|error| refusal(error, ground.desk.settings()))?;
    line(out, secret.expose())
}

/// Why there is no token, in the words of the command line.
fn refusal(error: Error, settings: Settings) -> Failure {
    match error {
        Error::InvalidValue { target, reason } if target == "AllowedAddresses" => {
            Failure::new(format!("--address: {reason}"))
        }
        Error::InvalidValue { target, reason } | Error::PolicyForbids { target, reason }
            if target == "ExpiresDateTime" =>
        {
            let hours = settings.token_hours_max;
            let most = if hours.is_multiple_of(24) {
                format!("{}d", hours / 24)
            } else {
                format!("{hours}h")
            };
            Failure::new(format!("--expires: {reason}; a duration may be {most} at most"))
        }
        error => Failure::new(error),
    }
}

/// The Id and role of the active user that a token is made for.
fn owned_by(source: &dyn Source, owner: &str) -> Result<(i64, Role), Failure> {
    let id = users::find(source, owner)?.key(source.model()).as_int().unwrap_or_default();
    match users::owner(source, Some(id)) {
        Owner::Staff(role) => Ok((id, role)),
        Owner::Workspace | Owner::Gone => Err(Failure::new(format!(
            "'{owner}' is disabled; 'tessera user enable {id}' gives the rights back"
        ))),
    }
}

/// Writes a line for each token.
pub(super) fn list(ground: &Ground, out: &mut dyn Write) -> Result<(), Failure> {
    let (snapshot, now) = (ground.desk.snapshot(), ground.desk.now());
    line(
        out,
        &format!(
            "{:>5}  {:<18} {:<18} {:<20} {:<22} {:<24} {:<20} NAME",
            "ID", "PREFIX", "STATE", "EXPIRES", "ROLE", "OWNER", "LAST USED"
        ),
    )?;
    for row in snapshot.rows(set::ACCESS_TOKENS) {
        line(out, &describe(&*snapshot, &row, now))?;
    }
    Ok(())
}

fn describe(source: &dyn Source, row: &Row, now: Timestamp) -> String {
    let structure = source.model().structure(row.type_id);
    let get = |prop: Prop| row.record.get(structure, prop);
    let text = |prop| get(prop).as_text().unwrap_or_default().to_owned();
    let state = match state(source, row, now) {
        state @ (State::Active | State::Rotating(_)) if !get(token::ORPHANED).is_null() => {
            format!("{}, orphaned", state.name())
        }
        state => state.name().to_owned(),
    };
    let secs = |value: Value| value.as_instant().map(|at| whole_secs(at).to_string());
    let expires = secs(get(token::EXPIRES)).unwrap_or_default();
    let id = get(token::ID).as_int().unwrap_or_default();
    let (prefix, role, name) = (text(token::KEY_PREFIX), text(token::ROLE), text(token::NAME));
    let owner = get(token::OWNER_ID).as_int().map_or_else(|| "-".into(), |id| address(source, id));
    let used = source.row(set::TOKEN_USES, &Key::Int(id));
    let used = used.map(|used| desk_get(source, &used, token_use::LAST_USED));
    let used = used.and_then(secs).unwrap_or_else(|| "-".into());
    format!(
        "{id:>5}  {prefix:<18} {state:<18} {expires:<20} {role:<22} {owner:<24} {used:<20} {name}"
    )
}

/// The second that an instant lies in.
fn whole_secs(at: Timestamp) -> Timestamp {
    at.plus_micros(-at.micros().rem_euclid(1_000_000)).unwrap_or(at)
}

/// How its owner is called on the command line.
fn address(source: &dyn Source, user_id: i64) -> String {
    let row = source.row(set::USERS, &Key::Int(user_id));
    let get = |row: Row| row.record.get(source.model().structure(row.type_id), user::EMAIL);
    row.and_then(|row| get(row).as_text().map(str::to_owned)).unwrap_or(user_id.to_string())
}

/// The Id of the token with that Id or `KeyPrefix`; whether there is one with that Id is not asked.
fn id_of(source: &dyn Source, named: &str) -> Result<i64, Failure> {
    if let Ok(id) = named.parse::<u64>() {
        return Ok(i64::try_from(id).unwrap_or(i64::MAX));
    }
    let is_named = |row: &Row| desk_get(source, row, token::KEY_PREFIX).as_text() == Some(named);
    let mut found = source.rows(set::ACCESS_TOKENS).filter(is_named);
    match (found.next(), found.next()) {
        (Some(row), None) => Ok(desk_get(source, &row, token::ID).as_int().unwrap_or_default()),
        (None, _) => {
            let what = format!("AccessToken whose secret begins with '{named}'");
            Err(Failure::new(Error::NotFound { what }))
        }
        (Some(_), Some(_)) => {
            Err(Failure::new(format!("several tokens begin with '{named}'; name the Id")))
        }
    }
}

/// Ends a token.
pub(super) fn revoke(ground: &Ground, named: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let id = id_of(&*ground.desk.snapshot(), named)?;
    let at = (Key::Int(id), Precondition::default());
    wait(ground.desk.revoke_token(&Principal::system(), at))?;
    line(out, &format!("token {id} is revoked"))
}

/// Ends a token and takes it off the list.
pub(super) fn delete(ground: &Ground, named: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let id = id_of(&*ground.desk.snapshot(), named)?;
    let at = (Key::Int(id), Precondition::default());
    wait(ground.desk.delete_token(&Principal::system(), at))?;
    line(out, &format!("token {id} is revoked and deleted"))
}

/// Gives a token a new secret and writes it alone, so that a script can take it.
pub(super) fn rotate(
    ground: &Ground,
    (named, overlap_hours): (&str, Option<i64>),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let id = id_of(&*ground.desk.snapshot(), named)?;
    let at = (Key::Int(id), Precondition::default());
    let (_, secret) = wait(ground.desk.rotate_token(&Principal::system(), at, overlap_hours))?;
    line(out, secret.expose())
}

/// Writes all that is told of a token, a property a line.
pub(super) fn show(ground: &Ground, named: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let snapshot = ground.desk.snapshot();
    let id = id_of(&*snapshot, named)?;
    let model = ground.desk.model();
    let row = snapshot.row(set::ACCESS_TOKENS, &Key::Int(id));
    let row = row.ok_or_else(|| Error::NotFound { what: format!("AccessToken {id}") })?;
    let ctx = resolve::Context {
        source: &*snapshot,
        now: ground.desk.now(),
        deadline: None,
        it: None,
        found: None,
    };
    for (prop, property) in model.structure(row.type_id).props() {
        if property.hidden || prop == token::GUID {
            continue;
        }
        let value = resolve::value(&ctx, &row, prop)?;
        let text = match &value {
            Value::Null => continue,
            Value::Text(text) => text.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Instant(at) => whole_secs(*at).to_string(),
            Value::List(items) if items.is_empty() => continue,
            Value::List(items) => {
                items.iter().filter_map(Value::as_text).collect::<Vec<_>>().join(", ")
            }
            other => format!("{other:?}"),
        };
        line(out, &format!("{:<20} {text}", property.name))?;
    }
    Ok(())
}

fn desk_get(source: &dyn Source, row: &Row, prop: Prop) -> Value {
    row.record.get(source.model().structure(row.type_id), prop)
}
