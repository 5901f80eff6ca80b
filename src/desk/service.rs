//! The verbs as one asynchronous service over a store.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{
    Properties,
    audit::{self, Notices},
    body, comments, deleted, kept, plain, rules, seed,
    sessions::{self, People},
    tickets,
    tokens::Revoking,
    usage::{self, Usage},
    users,
};
use crate::{
    auth::{Principal, Proof, Role, Visit, expiry::TOKEN_HOURS_MAX},
    error::Error,
    model::{
        ActionId, Key, Model, Precondition, Prop, Row, SetId, Value, actions, props::user, set,
    },
    query::once::Once,
    store::{Actor, Snapshot, Store, commit},
    time::{Clock, Timestamp},
};

/// What an operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Greatest life of a token, hours.
    pub token_hours_max: u32,
    /// How long a deleted ticket can be brought back, days; 0 keeps none.
    pub deleted_ticket_days: u32,
    /// How long the audit log keeps what happened, days; 0 keeps everything.
    pub audit_days: u32,
    /// How long answers to changes with an idempotency key are kept, hours.
    pub idempotency_hours: u32,
    /// How many answers are kept for one caller at most.
    pub idempotency_keys_max: u64,
    /// Hours after which a session ends that is not used.
    pub session_idle_hours: u32,
    /// Hours after which a session ends, used or not.
    pub session_hours_max: u32,
    /// Passwords checked at once.
    pub password_checks_max: u32,
    /// Tokens of one person that work at once, at most.
    pub tokens_per_owner_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_hours_max: TOKEN_HOURS_MAX,
            deleted_ticket_days: 30,
            audit_days: 400,
            idempotency_hours: 48,
            idempotency_keys_max: 100_000,
            session_idle_hours: 8,
            session_hours_max: 24,
            password_checks_max: 2,
            tokens_per_owner_max: 1_000,
        }
    }
}

/// A helpdesk: its verbs, over the store that keeps it. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    model: &'static Model,
    store: Arc<dyn Store>,
    clock: Clock,
    settings: Settings,
    pub(super) usage: Arc<Usage>,
    notices: Arc<Notices>,
    /// Held by whoever flushes: the last flush waits for one that is under way.
    pub(super) flushing: Arc<Mutex<()>>,
    /// Set where this is a handle for one change that is done once.
    pub(super) once: Option<Arc<Once>>,
    pub(super) kept: Arc<kept::Tally>,
    pub(super) people: Arc<People>,
    pub(super) revoking: Arc<Revoking>,
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
        let (usage, notices) = <(Arc<Usage>, Arc<Notices>)>::default();
        let (flushing, kept, revoking) =
            <(Arc<Mutex<()>>, Arc<kept::Tally>, Arc<Revoking>)>::default();
        let people = Arc::new(People::new(&settings));
        Self {
            model,
            store,
            clock,
            settings,
            usage,
            notices,
            flushing,
            once: None,
            kept,
            people,
            revoking,
        }
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

    /// What its operator set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// What is known of people beside the store.
    pub(super) fn people(&self) -> &People {
        &self.people
    }

    /// Who comes, and what that allows now.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub fn authenticate(&self, visit: &Visit<'_>) -> Result<Principal, Error> {
        match visit.proof {
            Proof::Session(secret) => {
                let (snapshot, now) = (self.snapshot(), self.now());
                let known = (&*self.people, &self.settings);
                sessions::authenticate(&*snapshot, known, (visit, secret), now)
            }
            Proof::Token(_) | Proof::TokenInAddress(_) => self.admit(visit),
        }
    }

    /// A token opened the door: counted in memory, stored by the next [`Desk::flush`].
    /// The first use of a secret does not wait.
    pub fn note_use(&self, caller: &Principal) {
        let first = self.usage.note(caller, self.now());
        if first && usage::is_awaited(&self.usage, &*self.snapshot(), caller) {
            self.notices.hurry();
        }
    }

    /// Something happened that may happen a million times: counted in memory, and written to the audit
    /// log by [`Desk::flush`], the first of its like at once and later ones together. A token among them
    /// counts as denied.
    pub fn note(&self, caller: &Principal, entry: audit::Entry) {
        if entry.event.is_denial() {
            self.note_denied(caller);
        }
        self.notices.note(caller, entry, self.now());
    }

    /// A token was refused something, of which nothing but the number is kept. The first time does not wait.
    pub(super) fn note_denied(&self, token: &Principal) {
        let Some(id) = token.token_id else { return };
        if self.usage.note_denied(id) && usage::is_never_denied(&*self.snapshot(), id) {
            self.notices.hurry();
        }
    }

    /// What was noted and is not written yet.
    #[must_use]
    pub fn notices(&self) -> &Notices {
        &self.notices
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
        caller.require(self.model.set(set).scopes.create.ok_or(READ_ONLY)?)?;
        match set {
            set::TICKETS => self.create_ticket(caller, given, Vec::new()).await,
            set::COMMENTS => {
                let verb = comments::Create::new(self.model, caller, given)?;
                self.commit_to(caller, Some((set, None)), move |draft| verb.run(draft)).await
            }
            _ => {
                let of = (set, rules::of(set).ok_or(READ_ONLY)?);
                let verb = plain::Create::new(self.model, caller, of, given)?;
                self.commit_to(caller, Some((set, None)), move |draft| verb.run(draft)).await
            }
        }
    }

    /// Creates a ticket and the first comments on it, all or nothing.
    ///
    /// # Errors
    /// Those of [`tickets::Create`] and [`comments::Create`].
    pub async fn create_ticket(
        &self,
        caller: &Principal,
        given: Properties,
        comments: Vec<Properties>,
    ) -> Result<Row, Error> {
        let verb = tickets::Create::new(self.model, caller, given, comments)?;
        self.commit_to(caller, Some((set::TICKETS, None)), move |draft| verb.run(draft)).await
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
        caller.require(self.model.set(set).scopes.write.ok_or(READ_ONLY)?)?;
        let subject = Some((set, Some(key.clone())));
        match set {
            set::TICKETS => {
                let at = (key, precondition);
                let verb = tickets::Update::new(self.model, caller, at, changes)?;
                self.commit_to(caller, subject, move |draft| verb.run(draft)).await
            }
            set::COMMENTS => {
                let at = (key, precondition);
                let verb = comments::Update::new(self.model, caller, at, changes)?;
                self.commit_to(caller, subject, move |draft| verb.run(draft)).await
            }
            set::ACCESS_TOKENS => self.change_token(caller, (key, precondition), changes).await,
            _ => {
                let of = (set, rules::of(set).ok_or(READ_ONLY)?);
                let changes = (key, precondition, changes);
                let verb = plain::Update::new(self.model, caller, of, changes)?;
                self.commit_to(caller, subject, move |draft| verb.run(draft)).await
            }
        }
    }

    /// Puts what is given in the place of all that clients may change of an entity; the rest goes back
    /// to its default.
    ///
    /// # Errors
    /// As for [`Desk::update`], and `InvalidValue` naming what was left out and has no default.
    pub async fn replace(
        &self,
        caller: &Principal,
        (set, key): (SetId, Key),
        precondition: Precondition,
        given: Properties,
    ) -> Result<Row, Error> {
        caller.require(self.model.set(set).scopes.write.ok_or(READ_ONLY)?)?;
        let changes = body::whole(self.model.entity_type(set), given, caller)?;
        if set == set::ACCESS_TOKENS {
            return self.replace_token(caller, (key, precondition), changes).await;
        }
        self.update(caller, (set, key), precondition, changes).await
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
        caller.require(self.model.set(set).scopes.delete.ok_or(READ_ONLY)?)?;
        let subject = Some((set, Some(key.clone())));
        match set {
            set::TICKETS => {
                let verb = deleted::Delete::new(caller, (key, precondition), &self.settings)?;
                let max = self.store.transaction_bytes_max();
                let verb = self.beforehand(move |snapshot| verb.look(snapshot, max)).await?;
                self.commit_to(caller, subject, move |draft| verb.run(draft)).await
            }
            set::COMMENTS => {
                let verb = comments::Delete::new(caller, key, precondition)?;
                self.commit_to(caller, subject, move |draft| verb.run(draft)).await
            }
            set::DELETED_TICKETS => {
                let verb = deleted::Remove::new(caller, key, precondition)?;
                self.commit_to(caller, subject, move |draft| verb.run(draft)).await
            }
            set::ACCESS_TOKENS => self.delete_token(caller, (key, precondition)).await,
            _ => {
                let of = (set, rules::of(set).ok_or(READ_ONLY)?);
                let verb = plain::Delete::new(caller, of, (key, precondition));
                let verb = self.beforehand(move |snapshot| verb.look(snapshot)).await?;
                self.commit_to(caller, subject, move |draft| verb.run(draft)).await
            }
        }
    }

    /// Does an action to an entity; the entity it answers with. Values come by the parameter's position.
    ///
    /// # Errors
    /// Those of [`tickets::Act`] and [`deleted::Restore`].
    pub async fn act(
        &self,
        caller: &Principal,
        action: ActionId,
        (key, precondition): (Key, Precondition),
        given: Vec<(usize, Value)>,
    ) -> Result<Row, Error> {
        let subject = Some((set::TICKETS, Some(key.clone())));
        if action == actions::RESTORE {
            let verb = deleted::Restore::new(caller, key, precondition)?;
            let verb = self.beforehand(move |snapshot| verb.look(snapshot)).await?;
            return self.commit_to(caller, subject, move |draft| verb.run(draft)).await;
        }
        let verb = tickets::Act::new(self.model, caller, (key, precondition), (action, given))?;
        self.commit_to(caller, subject, move |draft| verb.run(draft)).await
    }

    /// Creates a member of staff.
    ///
    /// # Errors
    /// Those of [`users::Create`].
    pub async fn create_user(&self, caller: &Principal, verb: users::Create) -> Result<Row, Error> {
        self.commit(caller, move |draft| verb.run(draft)).await
    }

    /// Lets a member of staff do what their role allows, or nothing at all; their tokens follow.
    ///
    /// # Errors
    /// `InvalidValue` for somebody who is not there, and those of [`Desk::update`].
    pub async fn set_user_active(
        &self,
        caller: &Principal,
        id_or_address: &str,
        is_active: bool,
    ) -> Result<Row, Error> {
        self.set_user(caller, id_or_address, (user::IS_ACTIVE, is_active.into())).await
    }

    /// Gives a member of staff another role; their tokens follow.
    ///
    /// # Errors
    /// As for [`Desk::set_user_active`].
    pub async fn set_user_role(
        &self,
        caller: &Principal,
        id_or_address: &str,
        role: Role,
    ) -> Result<Row, Error> {
        self.set_user(caller, id_or_address, (user::ROLE, role.name().into())).await
    }

    async fn set_user(
        &self,
        caller: &Principal,
        id_or_address: &str,
        change: (Prop, Value),
    ) -> Result<Row, Error> {
        let key = users::find(&*self.snapshot(), id_or_address)?.key(self.model);
        self.update(caller, (set::USERS, key), Precondition::default(), vec![change]).await
    }
}

/// For sets whose scopes announce no such verb.
const READ_ONLY: Error = Error::MethodNotAllowed { allow: "GET, HEAD" };
