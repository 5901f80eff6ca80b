//! The verbs as one asynchronous service over a store.

use std::sync::Arc;

use super::{Properties, actor, comments, seed, tickets, tokens, users};
use crate::{
    auth::{PlainToken, Principal, expiry::TOKEN_HOURS_MAX},
    error::Error,
    model::{Key, Model, Precondition, Row, SetId, set},
    store::{Actor, Draft, Snapshot, Store, commit},
    time::{Clock, Timestamp},
};

/// What an operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Greatest life of a token, hours.
    pub token_hours_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { token_hours_max: TOKEN_HOURS_MAX }
    }
}

/// A helpdesk: its verbs, over the store that keeps it. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    model: &'static Model,
    store: Arc<dyn Store>,
    clock: Clock,
    settings: Settings,
}

impl Desk {
    /// The helpdesk in `store`.
    #[must_use]
    pub fn new(
        model: &'static Model,
        store: Arc<dyn Store>,
        clock: Clock,
        settings: Settings,
    ) -> Self {
        Self { model, store, clock, settings }
    }

    /// The model of its data.
    #[must_use]
    pub fn model(&self) -> &'static Model {
        self.model
    }

    /// The store it works on.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The newest state.
    #[must_use]
    pub fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot()
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Who presents `secret`, and what that allows now.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub fn authenticate(&self, secret: &str) -> Result<Principal, Error> {
        tokens::authenticate(&*self.snapshot(), secret, self.now())
    }

    /// Fills the lists of a workspace that has none.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn seed(&self) -> Result<(), Error> {
        commit(&*self.store, Actor::SYSTEM, seed::fill).await
    }

    /// Creates an entity from what a client gave.
    ///
    /// # Errors
    /// Those of the verb; `MethodNotAllowed` where this version creates none.
    pub async fn create(
        &self,
        caller: &Principal,
        set: SetId,
        given: Properties,
    ) -> Result<Row, Error> {
        match set {
            set::TICKETS => {
                let verb = tickets::Create::new(self.model, caller, given)?;
                self.commit(caller, move |draft| verb.run(draft)).await
            }
            set::COMMENTS => {
                let verb = comments::Create::new(self.model, caller, given)?;
                self.commit(caller, move |draft| verb.run(draft)).await
            }
            _ => Err(READ_ONLY),
        }
    }

    /// Changes an entity.
    ///
    /// # Errors
    /// Those of the verb; `MethodNotAllowed` where this version changes none.
    pub async fn update(
        &self,
        caller: &Principal,
        (set, key): (SetId, Key),
        precondition: Precondition,
        changes: Properties,
    ) -> Result<Row, Error> {
        match set {
            set::TICKETS => {
                let at = (key, precondition);
                let verb = tickets::Update::new(self.model, caller, at, changes)?;
                self.commit(caller, move |draft| verb.run(draft)).await
            }
            _ => Err(READ_ONLY),
        }
    }

    /// Deletes an entity.
    ///
    /// # Errors
    /// Those of the verb; `MethodNotAllowed` where this version deletes none.
    pub async fn delete(
        &self,
        caller: &Principal,
        (set, key): (SetId, Key),
        precondition: Precondition,
    ) -> Result<(), Error> {
        match set {
            set::TICKETS => {
                let verb = tickets::Delete::new(caller, key, precondition)?;
                self.commit(caller, move |draft| verb.run(draft)).await
            }
            _ => Err(READ_ONLY),
        }
    }

    /// Makes an access token; the secret is told here and never again.
    ///
    /// # Errors
    /// Those of [`tokens::Mint`].
    pub async fn mint_token(
        &self,
        caller: &Principal,
        request: tokens::Request,
    ) -> Result<(Row, PlainToken), Error> {
        let (verb, secret) = tokens::Mint::new(caller, request, self.settings.token_hours_max)?;
        let row = self.commit(caller, move |draft| verb.run(draft)).await?;
        Ok((row, secret))
    }

    /// Ends an access token.
    ///
    /// # Errors
    /// Those of [`tokens::Revoke`].
    pub async fn revoke_token(&self, caller: &Principal, id: i64) -> Result<Row, Error> {
        let verb = tokens::Revoke::new(caller, id);
        self.commit(caller, move |draft| verb.run(draft)).await
    }

    /// Creates a member of staff.
    ///
    /// # Errors
    /// Those of [`users::Create`].
    pub async fn create_user(&self, caller: &Principal, verb: users::Create) -> Result<Row, Error> {
        self.commit(caller, move |draft| verb.run(draft)).await
    }

    async fn commit<T, F>(&self, caller: &Principal, run: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
    {
        commit(&*self.store, actor(caller), run).await
    }
}

/// For sets whose scopes announce no such verb.
const READ_ONLY: Error = Error::MethodNotAllowed { allow: "GET, HEAD" };
