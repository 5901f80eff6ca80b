//! The `tessera` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    tessera::cli::main(std::env::args_os())
}
