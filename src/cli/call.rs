//! Runs calls where the data is open: here if no other process has the folder, else in the server that has it.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Failure,
    out::Out,
    workspace::{Refusal, Workspace, must_exist},
};
use crate::{
    config::Config,
    local::{Call, Connection, Ends, Ground, connect},
    store::{Embedded, backup::Pace},
};

/// How long a folder may be held by a process that takes no calls: a server that is starting or ending.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Where the data is open.
pub(super) enum Reached<T> {
    /// Here; no other process has it.
    Here(T),
    /// In a server.
    Server(Connection),
}

/// Opens the data with `open`, or connects to the server that has it.
///
/// Trying the lock first leaves no moment in which neither works: who holds it either answers, or is
/// about to, or is about to let go.
///
/// # Errors
/// Those of `open`; one line where another process holds the folder and takes no calls.
pub(super) fn reach<T>(
    config: &Config,
    mut open: impl FnMut() -> Result<T, Refusal>,
) -> Result<Reached<T>, Failure> {
    let started = Instant::now();
    loop {
        let locked = match open() {
            Ok(opened) => return Ok(Reached::Here(opened)),
            Err(Refusal::Failed(failure)) => return Err(failure),
            Err(Refusal::Locked(fault)) => fault,
        };
        match connect(&config.data) {
            Ok(server) => return Ok(Reached::Server(server)),
            Err(_) if started.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Err(why) => return Err(Failure::new(format!("{locked}; {why}"))),
        }
    }
}

/// Runs one call that reads no file, what it writes going to `out`.
///
/// # Errors
/// Its own, and those of [`reach`].
pub(super) fn run(config: &Config, call: &Call, out: &mut Out) -> Result<(), Failure> {
    if call.needs_data() {
        must_exist(&config.data)?;
    }
    let ends = Ends { out: out.writer(), input: &mut io::empty(), progress: &mut |_| {} };
    Place::open(config)?.run(call, ends)
}

/// Where calls run, one after the other; closed when dropped.
pub(super) struct Place<'a> {
    config: &'a Config,
    here: Option<(Ground, Arc<Embedded>)>,
    /// For the next call; a server takes one a connection.
    server: Option<Connection>,
}

impl<'a> Place<'a> {
    /// Opens the data folder, or finds the server that has it.
    ///
    /// # Errors
    /// Those of [`reach`].
    pub(super) fn open(config: &'a Config) -> Result<Self, Failure> {
        Self::open_by(config, Workspace::try_open)
    }

    /// As [`Place::open`], for much that is to be written.
    ///
    /// # Errors
    /// Those of [`reach`].
    pub(super) fn open_to_fill(config: &'a Config) -> Result<Self, Failure> {
        Self::open_by(config, Workspace::try_open_to_fill)
    }

    fn open_by(
        config: &'a Config,
        open: fn(&Config) -> Result<Workspace, Refusal>,
    ) -> Result<Self, Failure> {
        Ok(match reach(config, || open(config))? {
            Reached::Server(server) => Self { config, here: None, server: Some(server) },
            Reached::Here(Workspace { desk, engine, opened: _ }) => {
                let ground = Ground::alone(config, desk, Arc::clone(&engine));
                Self { config, here: Some((ground, engine)), server: None }
            }
        })
    }

    /// How much a long read leaves to others: half of the time where a server has the data.
    pub(super) fn pace(&self) -> Pace {
        if self.here.is_none() { Pace::Beside } else { Pace::Full }
    }

    /// Runs a call.
    ///
    /// # Errors
    /// The call's own; one line where the server is gone.
    pub(super) fn run(&mut self, call: &Call, ends: Ends<'_>) -> Result<(), Failure> {
        if let Some((ground, _)) = &self.here {
            return call.run(ground, ends);
        }
        let server = match self.server.take() {
            Some(server) => server,
            None => connect(&self.config.data).map_err(Failure::Failed)?,
        };
        server.run(call, ends)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some((_, engine)) = &self.here {
            engine.close();
        }
    }
}
