//! Passwords being hashed: few at once, on threads that may take their time.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{auth::Password, error::Error, id::random_bytes, tally::Count};

/// How long a password waits for its turn; who waits holds a connection, and those are limited.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// Turns for hashing, and how many were taken.
#[derive(Debug)]
pub(super) struct Checks {
    turns: Arc<Semaphore>,
    wait: Duration,
    done: Count,
}

impl Checks {
    /// `at_once` of them at once; each takes 19 MiB and a processor.
    pub(super) fn new(at_once: u32) -> Self {
        let turns = Arc::new(Semaphore::new(usize::try_from(at_once).unwrap_or(1)));
        Self { turns, wait: TURN_WAIT, done: Count::default() }
    }

    /// How many passwords were hashed so far, for whatever reason.
    #[cfg(test)]
    pub(super) fn done(&self) -> u64 {
        self.done.get()
    }

    /// Whether the password is the one `stored` was made of; as much work where there is none.
    ///
    /// # Errors
    /// `Overloaded` if no turn comes in time.
    pub(super) async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, Error> {
        self.run(move || password.verify(stored.as_deref())).await
    }

    /// What is stored of a password.
    ///
    /// # Errors
    /// As for [`Checks::verify`].
    pub(super) async fn hash(&self, password: Password) -> Result<String, Error> {
        self.run(move || password.hash(random_bytes())).await
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(self.wait, turn).await {
            Ok(turn) => turn.map_err(|error| Error::internal(&error)),
            Err(_) => Err(Error::Overloaded {
                reason: "too many passwords are being checked",
                retry_after: Duration::from_secs(1),
            }),
        }
    }

    async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Error> + Send + 'static,
    {
        let turn = self.turn().await?;
        self.done.add(1);
        // The turn goes with the work: who leaves meanwhile does not make room for another.
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_waits_for_its_turn_but_not_for_ever() {
        let checks = Checks { wait: Duration::ZERO, ..Checks::new(1) };
        let turn = checks.turn().await.unwrap();
        let error = checks.verify(Password::new("x".into()), None).await.unwrap_err();
        assert_eq!((error.code(), checks.done()), ("Overloaded", 0));
        drop(turn);
        assert_eq!(checks.verify(Password::new("x".into()), None).await, Ok(false));
        assert_eq!(checks.done(), 1);
    }
}
