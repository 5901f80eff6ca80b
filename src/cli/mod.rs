//! The command line: what was asked, done through the library, told in one line when it fails.
//!
//! Each command has a file; the arguments of all are in [`args`].

pub mod args;
pub mod backup;
mod call;
pub mod check;
pub mod expires;
pub mod export;
pub mod import;
pub mod out;
pub mod query;
pub mod restore;
pub mod serve;
pub mod settings;
pub mod shell;
pub mod token;
pub mod user;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, Parser, error::ErrorKind};

use args::{Args, Command};
use out::Out;

pub use crate::local::Failure;

/// Parses the arguments (the program's name first), runs the command and tells how it ended.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let args = match Args::try_parse_from(&args) {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error, &args),
    };
    let (message, code) = match run(args) {
        Ok(()) | Err(Failure::ClosedPipe) => return ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => (message, 1),
        Err(Failure::NewerFormat(message)) => (message, 3),
    };
    eprintln!("tessera: {}", one_line(&message));
    ExitCode::from(code)
}

/// Runs a command whose arguments are in order.
///
/// # Errors
/// What went wrong.
pub fn run(args: Args) -> Result<(), Failure> {
    let mut out = Out::stdout();
    match args.command {
        Command::Serve(serve) => serve::run(&serve, &mut out),
        Command::Import(import) => import::run(&import, &mut out),
        Command::Export(export) => export::run(&export, &mut out),
        Command::Token(token) => token::run(&token.command, &mut out),
        Command::User(user) => user::run(&user.command, &mut out),
        Command::Check(check) => check::run(&check, &mut out),
        Command::Backup(backup) => backup::run(&backup, &mut out),
        Command::Restore(restore) => restore::run(restore, &mut out),
        Command::Query(query) => query::run(&query, &mut out),
        Command::Completions(completions) => shell::completions(&completions, &mut out),
        Command::Man(man) => shell::man(&man, &mut out),
    }?;
    out.end()
}

/// Every command with its arguments, for the manual and for tests of the documentation.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

/// Tells what clap has to say: help as it is, a mistake in one line with the way to help.
fn usage(error: &clap::Error, args: &[OsString]) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody to tell when standard output is closed.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            eprintln!("tessera: {}", mistake(error, args));
            ExitCode::from(2)
        }
    }
}

/// `unexpected argument '--x' found; see 'tessera serve --help'`.
fn mistake(error: &clap::Error, args: &[OsString]) -> String {
    let text = error.render().to_string();
    let what = text.split("\n\nUsage: ").next().unwrap_or_default();
    let what = one_line(what.strip_prefix("error: ").unwrap_or(what));
    let what = what.split(" For more information, try").next().unwrap_or_default();
    let what = what.replace(" tip: ", "; ");
    format!("{what}; see '{} --help'", command_words(args))
}

/// The words of the command that was meant, as far as there is one.
fn command_words(args: &[OsString]) -> String {
    let mut words = "tessera".to_owned();
    let all = command();
    let mut at = &all;
    for word in args.iter().skip(1).map_while(|word| word.to_str()) {
        let Some(next) = at.find_subcommand(word) else { break };
        at = next;
        words.push(' ');
        words.push_str(word);
    }
    words
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(args: &[&str], want: &str) {
        let all: Vec<OsString> = ["tessera"].iter().chain(args).map(OsString::from).collect();
        let error = Args::try_parse_from(&all).unwrap_err();
        assert_eq!((error.exit_code(), mistake(&error, &all).as_str()), (2, want));
    }

    #[test]
    fn a_mistake_is_one_line_that_leads_to_help() {
        check(
            &["serve", "--listn", "1"],
            "unexpected argument '--listn' found; a similar argument exists: '--listen'; see 'tessera serve --help'",
        );
        check(
            &["token", "create", "--name", "x"],
            "the following required arguments were not provided: --role <ROLE>; see 'tessera token create --help'",
        );
        check(
            &["token", "create", "--name", "x", "--role", "Agent", "--expires", "soon"],
            "invalid value 'soon' for '--expires <WHEN>': takes a duration such as 90s, 15m, 12h or 30d, or a last day such as 2027-01-31; see 'tessera token create --help'",
        );
        check(
            &["token", "revoke", "intake"],
            "invalid value 'intake' for '<ID>': takes the Id or KeyPrefix that 'tessera token list' shows, such as 7; see 'tessera token revoke --help'",
        );
        check(
            &["srve"],
            "unrecognized subcommand 'srve'; a similar subcommand exists: 'serve'; see 'tessera --help'",
        );
    }

    #[test]
    fn the_arguments_are_sound_and_every_command_has_examples() {
        fn visit(command: &clap::Command) {
            if command.get_subcommands().next().is_none() {
                let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(text.contains("Examples:\n  tessera "), "{}", command.get_name());
            }
            command.get_subcommands().for_each(visit);
        }
        command().debug_assert();
        visit(&command());
    }
}
