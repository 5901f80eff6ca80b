//! `tessera token`.

use super::{
    Failure,
    args::{TokenCommand, TokenCreate, TokenList, TokenRevoke},
    out::Out,
    workspace::{Workspace, wait},
};
use crate::{
    auth::{Principal, Scopes, State},
    desk::tokens::{Request, state},
    model::{Prop, Row, Value, props::token, set},
    query::Source,
    time::Timestamp,
};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(command: &TokenCommand, out: &mut Out) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(args) => create(args, out),
        TokenCommand::List(args) => list(args, out),
        TokenCommand::Revoke(args) => revoke(args, out),
    }
}

/// Prints the secret alone, so that a script can take it.
fn create(args: &TokenCreate, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    let scopes = match args.scopes.as_slice() {
        [] => None,
        names => Some(names.join(",").parse::<Scopes>()?),
    };
    let workspace = Workspace::open(&config, false)?;
    let now = workspace.desk.now();
    let expires = match args.expires {
        None => None,
        Some(end) => Some(end.at(now).ok_or_else(|| Failure::new("--expires is after year 9999"))?),
    };
    let name = args.name.clone();
    let request = Request { name, role: args.role, scopes, expires, owner_id: None };
    let (_, secret) = wait(workspace.desk.mint_token(&Principal::system(), request))?;
    out.line(secret.expose())
}

fn list(args: &TokenList, out: &mut Out) -> Result<(), Failure> {
    let workspace = Workspace::open_existing(&args.data.load()?)?;
    let (snapshot, now) = (workspace.desk.snapshot(), workspace.desk.now());
    let rows: Vec<Row> = snapshot.rows(set::ACCESS_TOKENS).collect();
    out.line(&format!(
        "{:>5}  {:<16} {:<9} {:<21} {:<22} NAME",
        "ID", "PREFIX", "STATE", "EXPIRES", "ROLE"
    ))?;
    for row in rows {
        out.line(&line(&*snapshot, &row, now))?;
    }
    Ok(())
}

fn line(source: &dyn Source, row: &Row, now: Timestamp) -> String {
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

fn revoke(args: &TokenRevoke, out: &mut Out) -> Result<(), Failure> {
    let workspace = Workspace::open_existing(&args.data.load()?)?;
    let id = i64::try_from(args.id).unwrap_or(i64::MAX);
    wait(workspace.desk.revoke_token(&Principal::system(), id))?;
    out.line(&format!("token {id} is revoked"))
}
