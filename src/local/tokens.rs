//! `tessera token`.

use std::io::Write;

use super::{
    Failure,
    failure::line,
    ground::{Ground, wait},
};
use crate::{
    auth::{Principal, Role, Scopes, State},
    desk::tokens::{Request, state},
    model::{Prop, Row, Value, props::token, set},
    query::Source,
    time::Timestamp,
};

/// Writes the secret alone, so that a script can take it.
pub(super) fn create(
    ground: &Ground,
    (name, role): (&str, Role),
    (scopes, expires): (Option<Scopes>, Option<Timestamp>),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let request = Request { name: name.to_owned(), role, scopes, expires, owner_id: None };
    let (_, secret) = wait(ground.desk.mint_token(&Principal::system(), request))?;
    line(out, secret.expose())
}

/// Writes a line for each token.
pub(super) fn list(ground: &Ground, out: &mut dyn Write) -> Result<(), Failure> {
    let (snapshot, now) = (ground.desk.snapshot(), ground.desk.now());
    line(
        out,
        &format!(
            "{:>5}  {:<16} {:<9} {:<21} {:<22} NAME",
            "ID", "PREFIX", "STATE", "EXPIRES", "ROLE"
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
        Value::Instant(at) => at.to_string(),
        _ => String::new(),
    };
    let id = get(token::ID).as_int().unwrap_or_default();
    let (prefix, role, name) = (text(token::KEY_PREFIX), text(token::ROLE), text(token::NAME));
    format!("{id:>5}  {prefix:<16} {state:<9} {expires:<21.21} {role:<22} {name}")
}

/// Ends a token.
pub(super) fn revoke(ground: &Ground, id: i64, out: &mut dyn Write) -> Result<(), Failure> {
    wait(ground.desk.revoke_token(&Principal::system(), id))?;
    line(out, &format!("token {id} is revoked"))
}
