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
    auth::{Owner, Principal, Role, Scopes, State},
    desk::{
        Settings,
        tokens::{Request, state},
        users,
    },
    error::Error,
    model::{
        Key, Prop, Row, Value,
        props::{token, user},
        set,
    },
    query::Source,
    time::Timestamp,
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
    let request = Request {
        name: asked.name.clone(),
        role: role.ok_or_else(|| Failure::new("a token needs --role or --owner"))?,
        scopes: asked.scopes,
        expires: asked.expires,
        owner_id,
    };
    let minted = wait(async { Ok(ground.desk.mint_token(&Principal::system(), request).await) })?;
    let (_, secret) = minted.map_err(|error| refusal(error, ground.desk.settings()))?;
    line(out, secret.expose())
}

/// Why there is no token, in the words of the command line.
fn refusal(error: Error, settings: Settings) -> Failure {
    match error {
        Error::InvalidValue { target, reason } if target == "ExpiresDateTime" => {
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
            "{:>5}  {:<16} {:<9} {:<20} {:<22} {:<24} NAME",
            "ID", "PREFIX", "STATE", "EXPIRES", "ROLE", "OWNER"
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
    let state = match state(source.model(), row, now) {
        State::Active => "active",
        State::Expired(_) => "expired",
        State::Revoked(_) => "revoked",
    };
    let expires = match get(token::EXPIRES) {
        Value::Instant(at) => whole_secs(at).to_string(),
        _ => String::new(),
    };
    let id = get(token::ID).as_int().unwrap_or_default();
    let (prefix, role, name) = (text(token::KEY_PREFIX), text(token::ROLE), text(token::NAME));
    let owner = get(token::OWNER_ID).as_int().map_or_else(|| "-".into(), |id| address(source, id));
    format!("{id:>5}  {prefix:<16} {state:<9} {expires:<20} {role:<22} {owner:<24} {name}")
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

/// Ends a token.
pub(super) fn revoke(ground: &Ground, id: i64, out: &mut dyn Write) -> Result<(), Failure> {
    wait(ground.desk.revoke_token(&Principal::system(), id))?;
    line(out, &format!("token {id} is revoked"))
}
