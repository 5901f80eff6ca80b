//! The feed at `/odata`, or at another root: one surface for every model, over anything that implements [`Service`].
//!
//! Path and method first, then the caller, then options and body. No rule of the helpdesk is here.

mod find;
mod keys;
pub mod local;
pub mod negotiate;
mod read;
pub(super) mod routes;
mod stream;
mod verb;
mod write;

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use verb::Verb;
use warp::http::{HeaderValue, header};

use super::{Manner, Request, Response, credentials, respond};
use crate::{
    auth::Visit,
    config::{Config, PublicUrl},
    error::Error,
    odata::{
        Limits,
        ast::QueryOptions,
        check::{Checker, Everything, Target},
        path::{self, ResourcePath},
        service::Service,
        url,
    },
};

/// Headers by which an answer differs.
const VARY: &str = "Accept, Accept-Charset, Authorization, Prefer, User-Agent, X-Api-Key";

/// A service that knows who comes.
pub trait Gate: Service {
    /// Who comes, and what that allows now.
    ///
    /// # Errors
    /// `Unauthenticated`, with the reason the presenter may know; whatever else keeps the visitor out.
    fn caller(&self, visit: &Visit<'_>) -> Result<Self::Caller, Error>;

    /// A caller who was let in was answered with this error.
    fn refused(&self, caller: &Self::Caller, error: &Error);

    /// What a log line may call the caller: the beginning of a token, never the token.
    fn log_name(&self, caller: &Self::Caller) -> Option<String>;
}

/// What the surface needs to know of the settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The path the feed is at, without a slash at its end.
    pub root: &'static str,
    /// Entities on a page where the client asks for no size.
    pub page_size: u64,
    /// Entities on a page at most.
    pub page_size_max: u64,
    /// Largest request body, bytes.
    pub body_bytes_max: u64,
    /// How large a query may be.
    pub limits: Limits,
    /// Where clients reach us.
    pub public_url: Option<PublicUrl>,
    /// How long one read may take.
    pub query_deadline: Duration,
    /// How long a client may take for the whole of an answer.
    pub answer_timeout: Duration,
    /// Reads running at once; 0 for two for each processor.
    pub reads_max: usize,
    /// How long a read waits until it may run.
    pub turn_wait: Duration,
    /// Largest body kept of the answer to a change with an idempotency key, bytes.
    pub kept_bytes_max: u64,
}

impl Settings {
    /// The settings of a server.
    #[must_use]
    pub fn new(config: &Config, limits: Limits) -> Self {
        Self {
            root: "/odata",
            page_size: config.page_size,
            page_size_max: config.page_size_max,
            body_bytes_max: config.body_bytes_max,
            limits,
            public_url: config.public_url.clone(),
            query_deadline: Duration::from_secs(config.query_deadline_secs),
            answer_timeout: Duration::from_secs(config.answer_timeout_secs),
            reads_max: usize::try_from(config.reads_max).unwrap_or(0),
            turn_wait: Duration::from_secs(config.turn_wait_secs),
            kept_bytes_max: config.idempotency_answer_bytes_max,
        }
    }
}

/// One service, ready to be asked.
#[derive(Debug)]
pub struct Feed<S> {
    service: S,
    settings: Settings,
    /// How many reads run at once; more wait.
    gate: Arc<Semaphore>,
    /// The idempotency keys whose changes are under way.
    keys: keys::Keys,
}

impl<S: Service> Feed<S> {
    /// A feed of `service`.
    #[must_use]
    pub fn new(service: S, settings: Settings) -> Self {
        let reads = match settings.reads_max {
            0 => 2 * std::thread::available_parallelism().map_or(2, usize::from),
            reads => reads,
        };
        Self {
            service,
            settings,
            gate: Arc::new(Semaphore::new(reads)),
            keys: keys::Keys::default(),
        }
    }

    /// A feed of `service` whose reads take turns with those of `other`.
    #[must_use]
    pub fn beside<T>(other: &Feed<T>, service: S, settings: Settings) -> Self {
        Self { service, settings, gate: Arc::clone(&other.gate), keys: keys::Keys::default() }
    }

    /// The right to run one read, until it is dropped.
    ///
    /// # Errors
    /// `Overloaded` if none comes free in time.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let turn = Arc::clone(&self.gate).acquire_owned();
        match tokio::time::timeout(self.settings.turn_wait, turn).await {
            Ok(turn) => turn.map_err(|error| Error::internal(&error)),
            Err(_) => Err(Error::Overloaded {
                reason: "too many queries are running",
                retry_after: Duration::from_secs(1),
            }),
        }
    }

    /// The service.
    pub fn service(&self) -> &S {
        &self.service
    }
}

/// Answers a request below the root of `feed`. `HEAD` comes as `GET`.
pub async fn answer<S: Gate>(feed: Arc<Feed<S>>, request: Request) -> Response {
    let manner = Manner::of(&request.headers);
    let mut name = None;
    let answered = respond_to(&feed, request, &mut name).await;
    let mut response = answered.unwrap_or_else(|error| respond::error(&error, manner));
    if let Some(name) = name {
        response.extensions_mut().insert(respond::TokenPrefix(name));
    }
    response
}

async fn respond_to<S: Gate>(
    feed: &Arc<Feed<S>>,
    request: Request,
    name: &mut Option<String>,
) -> Result<Response, Error> {
    let below_root = request.path().strip_prefix(feed.settings.root).unwrap_or_default();
    let limits = feed.settings.limits;
    let path = path::parse(below_root, &limits)?;
    // A wrong path or method is told to anybody: the model is no secret, the data is.
    let open = Checker::new(feed.service.model(), &Everything, limits).target(&path, None)?;
    let verb = Verb::of(&request.method, &open, feed.service.model())?;
    let presented = credentials::presented(&request.headers, request.query())?;
    let caller = feed.service.caller(&presented.visit(&request))?;
    *name = feed.service.log_name(&caller);
    let asked = (path, verb, open);
    let answered = respond_to_caller(feed, request, asked, caller.clone()).await;
    if let Err(error) = &answered {
        feed.service.refused(&caller, error);
    }
    answered
}

async fn respond_to_caller<S: Gate>(
    feed: &Arc<Feed<S>>,
    request: Request,
    (path, verb, open): (ResourcePath, Verb, Target),
    caller: S::Caller,
) -> Result<Response, Error> {
    let limits = feed.settings.limits;
    negotiate::versions(&request.headers)?;
    let options = url::parse_query(request.query().unwrap_or_default(), &limits)?;
    let origin = request.origin(feed.settings.public_url.as_ref())?;
    let root = format!("{origin}{}/", feed.settings.root);
    let asked = Asked { path, options, root, caller };
    let mut response = match verb {
        Verb::Get => read::get(feed, asked, request).await?,
        Verb::Post | Verb::Put | Verb::Patch | Verb::Delete => {
            // Boxed: reads, which are most, need not carry its size.
            Box::pin(write::change(feed, asked, request, (verb, &open))).await?
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(VARY));
    Ok(response)
}

/// A request whose path, options and caller are known.
struct Asked<C> {
    path: ResourcePath,
    options: QueryOptions,
    /// The service root, with a slash at its end.
    root: String,
    caller: C,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::App;

    #[tokio::test]
    async fn a_read_waits_for_its_turn_but_not_for_ever() {
        let config = Config { reads_max: 1, turn_wait_secs: 0, ..Config::default() };
        let settings = Settings::new(&config, Limits::default());
        let feed = Feed::new(App::in_memory(config).feed.service().clone(), settings);
        let turn = feed.turn().await.unwrap();
        let error = feed.turn().await.unwrap_err();
        assert_eq!(error.status(), 503);
        assert_eq!(error.to_string(), "too many queries are running; try again shortly");
        drop(turn);
        assert!(feed.turn().await.is_ok());
    }

    #[test]
    fn reads_get_two_turns_for_each_processor_unless_told_otherwise() {
        let turns = |reads_max| {
            let app = App::in_memory(Config { reads_max, ..Config::default() });
            app.feed.gate.available_permits()
        };
        assert_eq!(turns(3), 3);
        assert!(turns(0) >= 2 && turns(0).is_multiple_of(2));
    }
}
