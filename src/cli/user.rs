//! `tessera user`.

use super::{
    Failure,
    args::{UserCommand, UserCreate},
    out::Out,
    workspace::{Workspace, wait},
};
use crate::{auth::Principal, desk::users};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(command: &UserCommand, out: &mut Out) -> Result<(), Failure> {
    match command {
        UserCommand::Create(args) => create(args, out),
    }
}

/// Adds a member of staff and prints the new Id.
fn create(args: &UserCreate, out: &mut Out) -> Result<(), Failure> {
    let workspace = Workspace::open(&args.data.load()?, false)?;
    let operator = Principal::system();
    let verb = users::Create::new(&operator, &args.name, &args.email, args.role)?;
    let row = wait(workspace.desk.create_user(&operator, verb))?;
    let id = row.key(workspace.desk.model()).as_int().unwrap_or_default();
    out.line(&id.to_string())
}
