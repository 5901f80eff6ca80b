//! `tessera user`.

use super::{Failure, args::UserCommand, out::Out};

/// Runs the command.
///
/// # Errors
/// What went wrong.
pub fn run(command: &UserCommand, _out: &mut Out) -> Result<(), Failure> {
    match command {
        UserCommand::Create(create) => create.data.load()?,
    };
    Err(Failure::new("'user' does not work in this version"))
}
