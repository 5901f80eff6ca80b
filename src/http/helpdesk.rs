//! The helpdesk as the generic resource code sees it: every change through a verb of the desk.

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use super::{
    handout::{self, Handout},
    limit::Client,
    odata::Gate,
};
use crate::{
    auth::{Principal, Visit},
    desk::{
        Desk, Properties,
        audit::Entry,
        signing,
        tokens::{self, Done},
    },
    error::Error,
    hash::Digest,
    id::random_bytes,
    model::{Complex, FunctionId, ME, Model, Nav, Prop, Relation, Row, SetId, Value, actions, set},
    odata::service::{Act, Child, Create, Delete, Outcome, Service, Update},
    query::{
        Source,
        computed::{Cache, WithComputed},
        once::{Kept, Once},
    },
    store::Gauges,
    tally::Lately,
    time::Timestamp,
};

const HOUR: Duration = Duration::from_hours(1);
/// From one flush that must not wait to the next at least.
const URGENT_PAUSE: Duration = Duration::from_millis(100);

/// The desk, the file that handed out its first token if there is one, and which tokens were used.
#[derive(Clone)]
pub struct Helpdesk {
    desk: Desk,
    handout: Option<Arc<Handout>>,
    /// The file with the link for the first administrator, while there is one.
    setup_link: Arc<Mutex<Option<PathBuf>>>,
    used: Arc<Lately>,
    /// The workspace's key, once it was read.
    key: Arc<OnceLock<Digest>>,
    computed: Arc<Cache>,
}

impl Helpdesk {
    /// The service over `desk`.
    #[must_use]
    pub fn new(desk: Desk, handout: Option<Handout>) -> Self {
        let handout = handout.map(Arc::new);
        let (setup_link, used, key) = (Arc::default(), Arc::default(), Arc::default());
        let computed = Arc::new(Cache::new(desk.model()));
        Self { desk, handout, setup_link, used, key, computed }
    }

    /// The desk behind it.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// How the store fares. May ask the file system: not for a thread of an async runtime.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        self.desk.store().gauges()
    }

    /// Access tokens that work now; looks at all of them.
    #[must_use]
    pub fn active_tokens(&self) -> u64 {
        tokens::active(&*self.desk.snapshot(), self.desk.now())
    }

    /// Access tokens that requests were let in with during the last hour.
    #[must_use]
    pub fn used_tokens(&self) -> u64 {
        self.used.count(minute(self.desk.now()))
    }

    /// Removes, now and every hour, deleted tickets, kept answers and audit events whose time is up, and ends
    /// the tokens that nobody uses; never ends.
    pub async fn purge_hourly(&self) {
        loop {
            tell("deleted tickets removed for good", self.desk.purge().await);
            tell("answers to changes forgotten", self.desk.forget_answers().await);
            tell("old events of the audit log removed", self.desk.trim_audit().await);
            tell("idle access tokens revoked", self.desk.revoke_idle().await);
            tokio::time::sleep(HOUR).await;
        }
    }

    /// Watches over a file that holds the link for the first administrator.
    pub fn watch_setup_link(&self, path: PathBuf) {
        *self.setup_link.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
    }

    /// Removes the file with the link for the first administrator once the link works no more.
    pub fn remove_setup_link_when_done(&self) {
        if !self.desk.has_first_link() {
            self.remove_setup_link();
        }
    }

    /// Removes that file; the link does not outlive the process.
    pub fn remove_setup_link(&self) {
        let path = self.setup_link.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(path) = path {
            handout::remove(&path);
        }
    }

    /// Writes what was counted in memory, every so often and when something must not wait; never ends.
    pub async fn flush_every(&self, pause: Duration) {
        loop {
            // Either end of the wait is a reason; what is urgent may have company.
            if tokio::time::timeout(pause, self.desk.notices().urgent()).await.is_ok() {
                tokio::time::sleep(URGENT_PAUSE).await;
            }
            self.flush(false).await;
            self.remove_setup_link_when_done();
        }
    }

    /// Writes what was counted in memory; at the end, also what would wait for more of its like.
    pub async fn flush(&self, is_last: bool) {
        if let Err(error) = self.desk.flush(is_last).await {
            tracing::warn!("how tokens were used could not be written: {error}");
        }
        if let Err(error) = self.desk.keep_sessions().await {
            tracing::warn!("how sessions were used could not be written: {error}");
        }
    }

    /// Waits for the end of the first token, and removes the file that still holds it then.
    pub async fn remove_handout_when_expired(&self) {
        if let Some(handout) = &self.handout {
            let micros = handout.expires().micros().saturating_sub(self.desk.now().micros());
            let wait = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
            tokio::time::sleep(wait).await;
            handout.token_used(None, handout.expires());
        }
    }
}

impl Service for Helpdesk {
    type Caller = Principal;

    fn model(&self) -> &Model {
        self.desk.model()
    }

    fn snapshot(&self) -> Arc<dyn Source> {
        Arc::new(WithComputed::new(self.desk.snapshot(), self.desk.now(), &self.computed))
    }

    fn now(&self) -> Timestamp {
        self.desk.now()
    }

    async fn search_current(&self) {
        let store = self.desk.store();
        store.wait_for_search(store.snapshot().seq()).await;
    }

    fn signing_key(&self) -> Digest {
        // A workspace that nobody has filled has no key yet; then links last as long as the process.
        static OF_THE_PROCESS: LazyLock<Digest> = LazyLock::new(random_bytes);
        if let Some(key) = self.key.get() {
            return *key;
        }
        let Some(key) = signing::key(&*self.desk.snapshot()) else { return *OF_THE_PROCESS };
        *self.key.get_or_init(|| key)
    }

    async fn create(&self, caller: Principal, create: Create) -> Result<Row, Error> {
        let Create { set, body: mut given, parent, children, .. } = create;
        if let Some((parent, navigation)) = &parent {
            given.push(link(self.desk.model(), set, parent, *navigation)?);
        }
        if children.iter().all(|(_, children)| children.is_empty()) {
            return self.desk.create(&caller, set, given).await;
        }
        let comments = comments(self.desk.model(), set, children)?;
        self.desk.create_ticket(&caller, given, comments).await
    }

    async fn update(&self, caller: Principal, update: Update) -> Result<Row, Error> {
        let Update { set, key, precondition, changes, replaces } = update;
        if replaces {
            self.desk.replace(&caller, (set, key), precondition, changes).await
        } else {
            self.desk.update(&caller, (set, key), precondition, changes).await
        }
    }

    async fn delete(&self, caller: Principal, delete: Delete) -> Result<(), Error> {
        let Delete { set, key, precondition } = delete;
        self.desk.delete(&caller, (set, key), precondition).await
    }

    async fn act(&self, caller: Principal, act: Act) -> Result<Outcome, Error> {
        let Act { action, key, precondition, given, origin, .. } = act;
        if actions::OF_TOKENS.contains(&action) {
            let done =
                self.desk.act_on_tokens(&caller, action, (key, precondition), &given).await?;
            return Ok(match done {
                Done::Nothing => Outcome::Nothing,
                Done::Row(row) => Outcome::Entity(row),
                Done::Complex(value) => Outcome::Complex(value),
            });
        }
        let Some(key) = key else {
            let name = self.desk.model().action(action).name;
            return Err(Error::NotImplemented { feature: format!("the action '{name}'") });
        };
        if actions::OF_USERS.contains(&action) {
            let at = (key, precondition);
            let done = self.desk.act_on_users(&caller, action, at, &origin).await?;
            return Ok(done.map_or(Outcome::Nothing, Outcome::Complex));
        }
        self.desk.act(&caller, action, (key, precondition), given).await.map(Outcome::Entity)
    }

    fn principal(&self, caller: &Principal) -> Option<String> {
        Some(match (caller.token_id, caller.user_id) {
            (Some(token), _) => format!("token {token}"),
            (None, Some(user)) => format!("user {user}"),
            (None, None) => "system".to_owned(),
        })
    }

    fn kept(&self, key: &str) -> Result<Option<Kept>, Error> {
        self.desk.kept(key)
    }

    fn once(&self, once: Once) -> Result<Self, Error> {
        let mut helpdesk = self.clone();
        helpdesk.desk = self.desk.once(once);
        Ok(helpdesk)
    }

    fn call(&self, caller: &Principal, function: FunctionId) -> Result<Complex, Error> {
        match function {
            ME => self.desk.me(caller),
            FunctionId(other) => {
                Err(Error::internal(&format!("no function has the index {other}")))
            }
        }
    }
}

impl Gate for Helpdesk {
    fn caller(&self, visit: &Visit<'_>) -> Result<Principal, Error> {
        let caller = self.desk.authenticate(visit)?;
        if let Some(id) = caller.token_id {
            self.used.note(id.unsigned_abs(), minute(self.desk.now()));
            self.desk.note_use(&caller);
        }
        if let Some(handout) = &self.handout {
            handout.token_used(caller.token_id, self.desk.now());
        }
        Ok(caller)
    }

    fn refused(&self, caller: &Principal, error: &Error) {
        if let Some(entry) = Entry::of_refusal(error) {
            self.desk.note(caller, entry);
        }
    }

    fn log_name(&self, caller: &Principal) -> Option<String> {
        let session = || caller.session_id.map(|id| format!("session {id}"));
        caller.prefix.clone().or_else(session)
    }

    fn client(&self, caller: &Principal) -> Option<Client> {
        Client::of(caller)
    }
}

/// Logs what an hourly job did, or that it could not.
fn tell(done: &str, outcome: Result<usize, Error>) {
    match outcome {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "{done}"),
        Err(error) => tracing::warn!("not done: {done}: {error}"),
    }
}

/// Minutes since 1970.
fn minute(at: Timestamp) -> u32 {
    u32::try_from(at.micros() / 60_000_000).unwrap_or(0)
}

/// The comments that are created with a ticket; nothing else is created with another entity.
fn comments(
    model: &Model,
    set: SetId,
    children: Vec<(Nav, Vec<Child>)>,
) -> Result<Vec<Properties>, Error> {
    let structure = model.entity_type(set);
    let mut comments = Vec::new();
    for (nav, children) in children {
        let navigation = structure.navigation_at(nav);
        if set != set::TICKETS || model.target(navigation) != Some(set::COMMENTS) {
            let feature = format!("creating entities of '{}' with another", navigation.name);
            return Err(Error::NotImplemented { feature });
        }
        comments.extend(children.into_iter().map(|child| child.body));
    }
    Ok(comments)
}

/// The property that ties a new entity of `set` to the parent whose navigation it was posted to.
fn link(model: &Model, set: SetId, parent: &Row, navigation: Nav) -> Result<(Prop, Value), Error> {
    let structure = model.structure(parent.type_id);
    let navigation = structure.navigation_at(navigation);
    let by = match navigation.relation {
        Relation::Children { by } => model.entity_type(set).property(by),
        Relation::Reference { .. } => None,
    };
    match (by, structure.key.as_slice()) {
        (Some(prop), [key]) => Ok((prop, parent.record.get(structure, *key))),
        _ => Err(Error::NotImplemented {
            feature: format!("creating an entity through '{}'", navigation.name),
        }),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::Value as Json;

    use super::*;
    use crate::{config::Config, desk::users, http::App, model::props::view};

    /// What staff of that id get from the feed.
    async fn ask(app: &App, user_id: i64, address: &str) -> Result<Bytes, Error> {
        let scopes = "tickets:read,users:read".parse().unwrap();
        let caller = Principal { user_id: Some(user_id), scopes, ..Principal::system() };
        app.feed.ask(caller, "http://x", address, None).await
    }

    /// Two members of staff, each with a view of their own and one that is shared.
    async fn app() -> App {
        let app = App::in_memory(Config::default());
        let (desk, all) = (&app.feed.service().desk, Principal::system());
        for (id, name) in [(1, "Ann"), (2, "Bob")] {
            let address = format!("{name}@x.example");
            let verb = users::Create::new(&all, name, &address, crate::auth::Role::Agent);
            desk.create_user(&all, verb.unwrap()).await.unwrap();
            for is_shared in [false, true] {
                let kind = if is_shared { "shared" } else { "own" };
                let given = vec![
                    (view::NAME, format!("{name} {kind}").as_str().into()),
                    (view::ENTITY_SET, "Tickets".into()),
                    (view::QUERY, "".into()),
                    (view::IS_SHARED, is_shared.into()),
                    (view::OWNER_ID, Value::Int(id)),
                ];
                desk.create(&all, set::SAVED_VIEWS, given).await.unwrap();
            }
        }
        app
    }

    #[tokio::test]
    async fn one_sees_ones_own_views_and_what_is_shared() {
        let app = app().await;
        for (address, want) in [
            ("SavedViews", vec!["Ann own", "Ann shared", "Bob shared"]),
            ("SavedViews?$filter=OwnerId eq 2", vec!["Bob shared"]),
            ("SavedViews?$filter=IsShared eq false", vec!["Ann own"]),
            ("SavedViews?$orderby=Name desc&$top=1", vec!["Bob shared"]),
            ("SavedViews?$filter=not (IsShared eq true)", vec!["Ann own"]),
        ] {
            let page: Json = serde_json::from_slice(&ask(&app, 1, address).await.unwrap()).unwrap();
            let names: Vec<&str> = page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v["Name"].as_str().unwrap())
                .collect();
            assert_eq!(names, want, "{address}");
        }
        let count = ask(&app, 1, "SavedViews/$count").await.unwrap();
        assert_eq!(String::from_utf8_lossy(&count), "3");
        assert!(ask(&app, 1, "SavedViews(1)").await.is_ok());
        assert!(ask(&app, 1, "SavedViews(4)").await.is_ok());
        for address in ["SavedViews(3)", "SavedViews(3)/Name", "SavedViews(3)/Owner"] {
            assert_eq!(ask(&app, 1, address).await.unwrap_err().status(), 404, "{address}");
            assert!(ask(&app, 2, address).await.is_ok(), "{address}");
        }
    }
}
