//! `tessera completions` and `tessera man`: what a shell and its manual want to know.

use super::{
    Failure,
    args::{Completions, Man},
    command,
    out::Out,
};

/// Prints the completion script.
///
/// # Errors
/// When standard output cannot be written.
pub fn completions(args: &Completions, out: &mut Out) -> Result<(), Failure> {
    // Into memory first, because the generator panics where nobody reads.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "tessera", &mut script);
    out.bytes(&script)
}

/// Prints the manual page of a command.
///
/// # Errors
/// A command that does not exist.
pub fn man(args: &Man, out: &mut Out) -> Result<(), Failure> {
    let mut all = command();
    all.build();
    let mut page = &all;
    for word in &args.command {
        page = page.find_subcommand(word).ok_or_else(|| {
            Failure::new(format!("there is no command '{word}'; 'tessera --help' lists them"))
        })?;
    }
    let mut roff = Vec::new();
    clap_mangen::Man::new(page.clone()).render(&mut roff)?;
    out.bytes(&roff)
}
