//! `tessera user`.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::{
    Failure,
    failure::line,
    ground::{Ground, wait},
    text,
};
use crate::{
    auth::{Principal, Role},
    desk::users,
    model::{Precondition, Prop, Row, Value, props::user, set},
    query::Source,
};

/// What becomes of a member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserChange {
    /// May do nothing any more, nor may its tokens.
    Disable,
    /// May do again what its role allows.
    Enable,
    /// May do what this role allows.
    Role(#[serde(with = "text")] Role),
}

/// Adds a member of staff and writes the new Id.
pub(super) fn create(
    ground: &Ground,
    (name, email, role): (&str, &str, Role),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let operator = Principal::system();
    let verb = users::Create::new(&operator, name, email, role)?;
    let row = wait(ground.desk.create_user(&operator, verb))?;
    let id = row.key(ground.desk.model()).as_int().unwrap_or_default();
    line(out, &id.to_string())
}

/// Changes what a member of staff may do, from its very next request on.
pub(super) fn change(
    ground: &Ground,
    user: &str,
    change: UserChange,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (desk, operator) = (&ground.desk, Principal::system());
    let row = users::find(&*desk.snapshot(), user)?;
    let key = row.key(desk.model());
    let changes = match change {
        UserChange::Disable => vec![(user::IS_ACTIVE, Value::Bool(false))],
        UserChange::Enable => vec![(user::IS_ACTIVE, Value::Bool(true))],
        UserChange::Role(role) => vec![(user::ROLE, Value::text(role.name()))],
    };
    let row = wait(desk.update(&operator, (set::USERS, key), Precondition::default(), changes))?;
    line(out, &describe(&*desk.snapshot(), &row))
}

/// Makes a set-up link and writes it alone, so that a script can take it.
pub(super) fn link(ground: &Ground, user: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let (desk, operator) = (&ground.desk, Principal::system());
    let key = users::find(&*desk.snapshot(), user)?.key(desk.model());
    let made = wait(desk.make_link(&operator, (key, Precondition::default())))?;
    line(out, &made.address(&ground.origin))
}

/// Writes a line for each member of staff.
pub(super) fn list(ground: &Ground, out: &mut dyn Write) -> Result<(), Failure> {
    let snapshot = ground.desk.snapshot();
    line(out, &format!("{:>5}  {:<8} {:<22} {:<32} NAME", "ID", "STATE", "ROLE", "EMAIL"))?;
    for row in snapshot.rows(set::USERS) {
        line(out, &describe(&*snapshot, &row))?;
    }
    Ok(())
}

fn describe(source: &dyn Source, row: &Row) -> String {
    let structure = source.model().structure(row.type_id);
    let get = |prop: Prop| row.record.get(structure, prop);
    let text = |prop| get(prop).as_text().unwrap_or_default().to_owned();
    let id = get(user::ID).as_int().unwrap_or_default();
    let state = if get(user::IS_ACTIVE).is_true() { "active" } else { "disabled" };
    let (role, email, name) = (text(user::ROLE), text(user::EMAIL), text(user::NAME));
    format!("{id:>5}  {state:<8} {role:<22} {email:<32} {name}")
}
