//! What every command stands on: the open data, what it reads and writes, and how it waits. Names no command.

use std::{
    io::{Read, Write},
    sync::Arc,
    time::Duration,
};

use super::Failure;
use crate::{
    config::Config,
    desk::Desk,
    error::Error,
    http::{Feed, Helpdesk, limits, odata::Settings},
    store::{Embedded, backup::Pace},
    transfer::Progress,
};

/// What a call reads and writes.
pub struct Ends<'a> {
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// The file that the call reads; empty for most.
    pub input: &'a mut (dyn Read + Send),
    /// Told how far an import is.
    pub progress: &'a mut dyn FnMut(Progress),
}

/// What a call runs on: the open data, and the feed over it.
#[derive(Clone)]
pub struct Ground {
    pub(super) desk: Desk,
    pub(super) engine: Arc<Embedded>,
    pub(super) feed: Arc<Feed<Helpdesk>>,
    /// Where addresses in answers begin.
    pub(super) origin: String,
    /// How long a query may take; unlimited where nobody else waits.
    pub(super) deadline: Option<Duration>,
    /// How much a long read leaves to others.
    pub(super) pace: Pace,
}

impl Ground {
    /// The data of a process that runs this one command.
    #[must_use]
    pub fn alone(config: &Config, desk: Desk, engine: Arc<Embedded>) -> Self {
        let service = Helpdesk::new(desk.clone(), None);
        let feed = Arc::new(Feed::new(service, Settings::new(config, limits(config))));
        let scheme = if config.tls_certificate.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", config.listen);
        let shared = Self::shared(config, (desk, engine), feed, url);
        Self { deadline: None, pace: Pace::Full, ..shared }
    }

    /// The data of a server, with the feed that it serves and the address that it listens on.
    #[must_use]
    pub fn shared(
        config: &Config,
        (desk, engine): (Desk, Arc<Embedded>),
        feed: Arc<Feed<Helpdesk>>,
        url: String,
    ) -> Self {
        let public = config.public_url.as_ref();
        let origin = public.map_or(url, |public| public.as_str().to_owned());
        let deadline = Some(Duration::from_secs(config.query_deadline_secs));
        Self { desk, engine, feed, origin, deadline, pace: Pace::Beside }
    }
}

/// Waits for a verb, on a thread of its own.
pub(super) fn wait<T>(verb: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    Ok(runtime.block_on(verb)?)
}
