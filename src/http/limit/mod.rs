//! How many requests one client may send, and how many of them run at once.
//!
//! A client is an access token, through whichever door, or a person signed in. Knows neither paths nor answers. What is
//! kept for a client is a few numbers behind a lock that nobody holds longer than it takes to change them.

pub mod bucket;
pub mod client;
mod share;
mod standing;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bucket::{Bucket, Rate, whole_secs};
pub use client::{Class, Client, Who};
pub use share::Pass;
use share::Share;
pub use standing::{Held, Known, Standing};

use crate::{config::Config, error::Error};

/// Parts of the memory that are locked one by one.
const PARTS: usize = 16;

/// Clients kept in one part; together 16,384, a few megabytes. Where more than that come within the time a bucket takes
/// to fill, those without a place of their own share one.
const CLIENTS_MAX: usize = 1024;

/// Clients in a part before it is first looked through for some that need not be kept.
const CLIENTS_AT_EASE: usize = 64;

/// The limits in force.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Requests a minute of a token with all of an administrator; 0 for any number, as for the others.
    pub admin_per_minute: u64,
    /// Requests a minute of a service's token.
    pub service_per_minute: u64,
    /// Requests a minute of any other token.
    pub other_per_minute: u64,
    /// Requests a minute of a person signed in.
    pub session_per_minute: u64,
    /// Requests that may come at once.
    pub burst: u64,
    /// Requests of one client that run at once; 0 for any number.
    pub together: usize,
    /// Queries of one client that run at once; 0 for any number.
    pub turns: usize,
    /// How long a request waits until it may run.
    pub wait: Duration,
}

impl Settings {
    /// The settings of a server that runs so many reads at once.
    #[must_use]
    pub fn new(config: &Config, reads: usize) -> Self {
        let together = usize::try_from(config.concurrent_per_token).unwrap_or(usize::MAX);
        Self {
            admin_per_minute: config.rate_admin_per_minute,
            service_per_minute: config.rate_service_per_minute,
            other_per_minute: config.rate_other_per_minute,
            session_per_minute: config.rate_session_per_minute,
            burst: config.rate_burst,
            together,
            // Half of them, so that nobody is kept waiting by one client alone.
            turns: if together == 0 { 0 } else { (reads / 2).max(1) },
            wait: Duration::from_secs(config.turn_wait_secs),
        }
    }
}

/// Whether a request counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// It counts.
    Counted,
    /// It goes on with a read that counted when it began.
    Continued,
}

/// Lets requests through, or not.
#[derive(Debug)]
pub struct Limiter {
    settings: Settings,
    rates: [Option<Rate>; 4],
    started: Instant,
    hasher: RandomState,
    parts: [Mutex<Part>; PARTS],
}

/// Some of the clients.
#[derive(Debug)]
struct Part {
    clients: HashMap<Who, Account>,
    /// How many there are when it is next looked through.
    sweep_at: usize,
}

/// What is kept for one client.
#[derive(Debug)]
struct Account {
    bucket: Bucket,
    share: Arc<Share>,
}

impl Account {
    /// A new one would be the same.
    fn is_idle(&self, now: u64) -> bool {
        // Whoever uses the share has got it from here, under the lock.
        self.bucket.full_in(now) == 0 && Arc::strong_count(&self.share) == 1
    }
}

impl Limiter {
    /// Nobody has come yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let rate = |per_minute| Rate::new(per_minute, settings.burst);
        let rates = [
            rate(settings.admin_per_minute),
            rate(settings.service_per_minute),
            rate(settings.other_per_minute),
            rate(settings.session_per_minute),
        ];
        let part = |_| Mutex::new(Part { clients: HashMap::new(), sweep_at: CLIENTS_AT_EASE });
        let parts = std::array::from_fn(part);
        Self { settings, rates, started: Instant::now(), hasher: RandomState::new(), parts }
    }

    /// Lets a request of `client` in, at once or after a wait for others of the same client; what is known of the client
    /// then goes into `known`. One that is refused has had no effect, and should get its answer without any more work.
    ///
    /// # Errors
    /// `TooManyRequests`, with the time after which one more is let through if no other comes before.
    pub async fn admit(
        &self,
        client: Option<Client>,
        ask: Ask,
        known: &mut Known,
    ) -> Result<(), Error> {
        let Some(client) = client else { return Ok(()) };
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let (counted, standing) = self.count(client, ask, now);
        known.standing = standing;
        known.pass = Some(counted?.enter(self.settings.wait).await?);
        Ok(())
    }

    /// Counts a request, and tells how its client stands.
    fn count(
        &self,
        client: Client,
        ask: Ask,
        now: u64,
    ) -> (Result<Arc<Share>, Error>, Option<Standing>) {
        let rate = self.rate(client.class);
        let at = usize::try_from(self.hasher.hash_one(client.who)).unwrap_or(0);
        let part = &self.parts[at % PARTS];
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        let account = part.account(client.who, now, &self.settings);
        let taken = match (ask, rate) {
            (Ask::Counted, Some(rate)) => account.bucket.take(now, rate),
            (Ask::Continued, _) | (Ask::Counted, None) => Ok(()),
        };
        let standing = rate.map(|rate| Standing::of(account.bucket, rate, now));
        let share = taken.map(|()| Arc::clone(&account.share)).map_err(|wait| {
            let (setting, burst) = (client.class.setting(), self.settings.burst.max(1));
            let reason = format!(
                "more requests came than '{setting}' of {} a minute and 'rate_burst' of {burst} at once let through",
                rate.map_or(0, Rate::per_minute)
            );
            let retry_after = Duration::from_secs(whole_secs(wait));
            Error::TooManyRequests { reason, retry_after }
        });
        (share, standing)
    }

    fn rate(&self, class: Class) -> Option<Rate> {
        let [admin, service, other, session] = self.rates;
        match class {
            Class::Admin => admin,
            Class::Service => service,
            Class::Other => other,
            Class::Session => session,
        }
    }
}

impl Part {
    /// What is kept for `who`; made where there is nothing.
    fn account(&mut self, who: Who, now: u64, settings: &Settings) -> &mut Account {
        let who = if self.has_place(who, now) { who } else { Who::Crowd };
        self.clients.entry(who).or_insert_with(|| Account {
            bucket: Bucket::default(),
            share: Arc::new(Share::new(settings.together, settings.turns)),
        })
    }

    /// Whether `who` is kept or can be; makes room.
    fn has_place(&mut self, who: Who, now: u64) -> bool {
        if self.clients.contains_key(&who) {
            return true;
        }
        if self.clients.len() >= self.sweep_at {
            self.clients.retain(|_, account| !account.is_idle(now));
            self.sweep_at = (self.clients.len() * 2).clamp(CLIENTS_AT_EASE, CLIENTS_MAX);
        }
        self.clients.len() < CLIENTS_MAX
    }
}

#[cfg(test)]
mod tests;
