//! `tessera token`.

use super::{Failure, args::TokenCommand, out::Out};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(command: &TokenCommand, _out: &mut Out) -> Result<(), Failure> {
    let data = match command {
        TokenCommand::Create(create) => &create.data,
        TokenCommand::List(list) => &list.data,
        TokenCommand::Revoke(revoke) => &revoke.data,
    };
    data.load()?;
    Err(Failure::new("'token' does not work in this version"))
}
