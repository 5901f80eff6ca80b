//! `tessera token`.

use super::{
    Failure,
    args::{TokenCommand, TokenCreate},
    call,
    expires::Expires,
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
        TokenCommand::Show(args) => {
            let token = args.id.clone();
            call::run(&args.data.load()?, &Call::TokenShow { token }, out)
        }
        TokenCommand::Rotate(args) => {
            let (token, overlap_hours) = (args.id.clone(), args.overlap);
            call::run(&args.data.load()?, &Call::TokenRotate { token, overlap_hours }, out)
        }
        TokenCommand::Revoke(args) => {
            let token = args.id.clone();
            call::run(&args.data.load()?, &Call::TokenRevoke { token }, out)
        }
        TokenCommand::Delete(args) => {
            let token = args.id.clone();
            call::run(&args.data.load()?, &Call::TokenDelete { token }, out)
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
    let last_day = args.expires.and_then(Expires::last_day);
    let expires = match args.expires.filter(|_| last_day.is_none()) {
        None => None,
        Some(end) => Some(end.at(now).ok_or_else(|| Failure::new("--expires is after year 9999"))?),
    };
    let asked = NewToken {
        name: args.name.clone(),
        owner: args.owner.clone(),
        role: args.role,
        scopes,
        expires,
        last_day,
        purpose: args.purpose.clone(),
        addresses: args.address.clone(),
        is_service: args.service,
        responsible: args.responsible.clone(),
    };
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
