//! `tessera user`.

use super::{Failure, args::UserCommand, call, out::Out};
use crate::local::Call;

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(command: &UserCommand, out: &mut Out) -> Result<(), Failure> {
    match command {
        UserCommand::Create(args) => {
            let (name, email) = (args.name.clone(), args.email.clone());
            let create = Call::UserCreate { name, email, role: args.role };
            call::run(&args.data.load()?, &create, out)
        }
        UserCommand::List(args) => call::run(&args.data.load()?, &Call::UserList, out),
    }
}
