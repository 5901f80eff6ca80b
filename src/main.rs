//! The `tessera` binary.

use std::process::ExitCode;

/// sled allocates on many threads at once; the system's allocator makes them wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tessera::cli::main(std::env::args_os())
}
