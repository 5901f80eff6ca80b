//! `tessera token`.

use super::{
    Failure,
    args::{TokenCommand, TokenCreate},
    call,
    out::Out,
};
use crate::{
    auth::Scopes,
    error::Error,
    local::{Call, NewToken},
    time::Clock,
};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(command: &TokenCommand, out: &mut Out) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(args) => create(args, out),
        TokenCommand::List(args) => call::run(&args.data.load()?, &Call::TokenList, out),
        TokenCommand::Revoke(args) => {
            let id = i64::try_from(args.id).unwrap_or(i64::MAX);
            call::run(&args.data.load()?, &Call::TokenRevoke { id }, out)
        }
    }
}

fn create(args: &TokenCreate, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    let scopes = match args.scopes.as_slice() {
        [] => None,
        names => Some(names.join(",").parse::<Scopes>().map_err(|error| of_flag(&error))?),
    };
    let now = Clock::Real.now();
    let expires = match args.expires {
        None => None,
        Some(end) => Some(end.at(now).ok_or_else(|| Failure::new("--expires is after year 9999"))?),
    };
    let (name, owner, role) = (args.name.clone(), args.owner.clone(), args.role);
    let asked = NewToken { name, owner, role, scopes, expires };
    call::run(&config, &Call::TokenCreate(asked), out)
}

/// A value that does not fit, told by its flag.
fn of_flag(error: &Error) -> Failure {
    match error {
        Error::InvalidValue { target, reason } if target == "Scopes" => {
            Failure::new(format!("--scopes: {reason}"))
        }
        error => Failure::new(error),
    }
}
