//! What the tests of the whole product share: the binary as a server, a client for it, and the
//! material kept beside the repository.

#![allow(dead_code, reason = "each test file uses its part of it")]

pub(crate) mod client;
pub(crate) mod disk;
pub(crate) mod edge;
pub(crate) mod keyed;
pub(crate) mod minted;
pub(crate) mod people;
pub(crate) mod powershell;
pub(crate) mod server;
pub(crate) mod splitmix;
pub(crate) mod wire;
pub(crate) mod writers;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// How a command of the binary ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The binary with these arguments; nothing on its standard input, its output captured.
pub(crate) fn tessera<A: AsRef<OsStr>>(args: &[A]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command on the data in `dir`.
#[track_caller]
pub(crate) fn run(dir: &Path, args: &[&str]) -> Done {
    run_in(dir, args, &[])
}

/// Runs a command on the data in `dir` with these settings in its environment.
#[track_caller]
pub(crate) fn run_in(dir: &Path, args: &[&str], settings: &[(&str, &str)]) -> Done {
    let mut command = tessera(args);
    command.arg("--data").arg(dir).envs(settings.iter().copied());
    Done::from(command.output().unwrap())
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        // A process that a signal ended has no code.
        let code = output.status.code().unwrap_or(-1);
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Done {
    /// What it printed, if it ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }
}

/// A new token that may do everything, for the data in `dir`; no server may run on it.
#[track_caller]
pub(crate) fn token(dir: &Path) -> String {
    token_in(dir, &[])
}

/// As [`token`], with these settings in the environment.
#[track_caller]
pub(crate) fn token_in(dir: &Path, settings: &[(&str, &str)]) -> String {
    make_data(dir, settings);
    let args = ["token", "create", "--name", "test", "--role", "Administrator"];
    let printed = run_in(dir, &args, settings).ok();
    let secret = printed.trim_end();
    assert!(secret.starts_with("tsr_") && !secret.contains(char::is_whitespace), "{printed}");
    secret.to_owned()
}

/// An empty helpdesk in `dir`, unless there is one already.
#[track_caller]
pub(crate) fn make_data(dir: &Path, settings: &[(&str, &str)]) {
    if !dir.join("format").exists() {
        let nothing = tempfile::NamedTempFile::new().unwrap();
        run_in(dir, &["import", nothing.path().to_str().unwrap()], settings).ok();
    }
}

/// The material beside the repository; without it tests are skipped, but never in continuous integration.
#[track_caller]
pub(crate) fn shared() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "'{}' is missing: check out the shared material beside the repository",
        path.display()
    );
    eprintln!("skipped: the shared material is not beside the repository");
    None
}

/// A number from the environment, such as how many rounds to run.
pub(crate) fn number_from(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Lets this process hold so many files and connections open.
#[cfg(unix)]
#[track_caller]
pub(crate) fn descriptors(count: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < count) {
        let raised = Rlimit { current: Some(count), maximum: limit.maximum };
        assert!(setrlimit(Resource::Nofile, raised).is_ok(), "raise 'ulimit -n' to {count}");
    }
}
