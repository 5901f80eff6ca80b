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
            call::run(&args.data.load()?, &Call::TokenShow { id: known(args.id) }, out)
        }
        TokenCommand::Rotate(args) => {
            let (id, overlap_hours) = (known(args.id), args.overlap);
            call::run(&args.data.load()?, &Call::TokenRotate { id, overlap_hours }, out)
        }
        TokenCommand::Revoke(args) => {
            call::run(&args.data.load()?, &Call::TokenRevoke { id: known(args.id) }, out)
        }
        TokenCommand::Delete(args) => {
            call::run(&args.data.load()?, &Call::TokenDelete { id: known(args.id) }, out)
        }
    }
}

/// An Id as tokens have it; one beyond is none's.
fn known(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
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
