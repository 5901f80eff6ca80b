//! `tessera user`.

use super::{
    Failure,
    args::{UserCommand, UserNamed},
    call,
    out::Out,
};
use crate::local::{Call, UserChange};

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
        UserCommand::Disable(args) => change(args, UserChange::Disable, out),
        UserCommand::Enable(args) => change(args, UserChange::Enable, out),
        UserCommand::Link(args) => {
            let link = Call::UserLink { user: args.user.clone() };
            call::run(&args.data.load()?, &link, out)
        }
        UserCommand::Role(args) => change(&args.user, UserChange::Role(args.role), out),
    }
}

fn change(args: &UserNamed, change: UserChange, out: &mut Out) -> Result<(), Failure> {
    let user = args.user.clone();
    call::run(&args.data.load()?, &Call::UserChange { user, change }, out)
}
