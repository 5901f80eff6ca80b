//! The feed at `/odata`, or at another root: one surface for every model, over anything that implements [`Service`].
//!
//! Path and method first, then the caller, then options and body. No rule of the helpdesk is here.

mod find;
mod keys;
pub mod local;
mod long_query;
pub mod negotiate;
mod read;
pub(super) mod routes;
mod stream;
mod turns;
mod verb;
mod write;

use std::{sync::Arc, time::Duration};

use read::brief::Brief;
use tokio::{sync::Semaphore, time::Instant};
use turns::{Turn, Turns};
use verb::Verb;
use warp::http::{HeaderValue, header};

use super::{
    Manner, Request, Response, credentials,
    limit::{self, Ask, Client, Known, Limiter, Pass},
    respond,
};
use crate::{
    auth::Visit,
    config::{Config, PublicUrl},
    error::Error,
    hash::Digest,
    odata::{
        Limits,
        ast::QueryOptions,
        check::{Checker, Everything, Target},
        json::{Drafts, Onward, Reused, Tools},
        path::{self, ResourcePath},
        service::Service,
        skip_token::Seal,
        url,
    },
};

/// Headers by which an answer differs.
const VARY: &str = "Accept, Accept-Charset, Authorization, Cookie, Prefer, User-Agent, X-Api-Key";

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

    /// Whose requests the caller's count among; none where they do not count.
    fn client(&self, caller: &Self::Caller) -> Option<Client>;
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
    /// Entities in one expanded collection at most.
    pub expand_page_size: u64,
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
    /// Reads running at once.
    pub reads_max: usize,
    /// Rows a read may touch, by its estimate, without a turn of those that touch many.
    pub light_rows_max: u64,
    /// How long a read waits until it may run.
    pub turn_wait: Duration,
    /// Largest body kept of the answer to a change with an idempotency key, bytes.
    pub kept_bytes_max: u64,
    /// Memory for what was written of entities, bytes.
    pub rows_cache_bytes: u64,
    /// How much one client may ask.
    pub rates: limit::Settings,
}

impl Settings {
    /// The settings of a server.
    #[must_use]
    pub fn new(config: &Config, limits: Limits) -> Self {
        let reads_max = match usize::try_from(config.reads_max).unwrap_or(Semaphore::MAX_PERMITS) {
            0 => 2 * std::thread::available_parallelism().map_or(2, usize::from),
            reads => reads,
        };
        Self {
            root: "/odata",
            page_size: config.page_size,
            page_size_max: config.page_size_max,
            expand_page_size: config.expand_page_size,
            body_bytes_max: config.body_bytes_max,
            limits,
            public_url: config.public_url.clone(),
            query_deadline: Duration::from_secs(config.query_deadline_secs),
            answer_timeout: Duration::from_secs(config.answer_timeout_secs),
            reads_max,
            light_rows_max: config.light_rows_max,
            turn_wait: Duration::from_secs(config.turn_wait_secs),
            // The change itself must find room beside it.
            kept_bytes_max: config
                .idempotency_answer_bytes_max
                .min(config.transaction_bytes_max / 4),
            rows_cache_bytes: config.rows_cache_bytes,
            rates: limit::Settings::new(config, reads_max),
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
    /// How many of these may touch many rows.
    heavy: Arc<Semaphore>,
    /// When reads are run without a turn.
    brief: Brief,
    /// The idempotency keys whose changes are under way.
    keys: keys::Keys,
    limiter: Arc<Limiter>,
    /// What answers are written with.
    tools: Tools,
}

impl<S: Service> Feed<S> {
    /// A feed of `service`.
    #[must_use]
    pub fn new(service: S, settings: Settings) -> Self {
        let gate = Arc::new(Semaphore::new(settings.reads_max));
        let heavy = Arc::new(turns::heavy(settings.reads_max));
        let limiter = Arc::new(Limiter::new(settings.rates.clone()));
        let tools = Tools::of(service.model(), settings.rows_cache_bytes);
        Self::of(service, settings, (gate, heavy, limiter), tools)
    }

    /// A feed of `service` whose reads take turns with those of `other`, and whose clients are the same.
    #[must_use]
    pub fn beside<T>(other: &Feed<T>, service: S, settings: Settings) -> Self {
        let (gate, heavy) = (Arc::clone(&other.gate), Arc::clone(&other.heavy));
        let (limiter, hands) = (Arc::clone(&other.limiter), Arc::clone(&other.tools.hands));
        // Rows by other names come from no state that tells when it changed.
        let reused = Reused::new(0);
        let tools = Tools { drafts: Drafts::of(service.model()), reused, hands };
        Self::of(service, settings, (gate, heavy, limiter), tools)
    }

    fn of(
        service: S,
        settings: Settings,
        (gate, heavy, limiter): (Arc<Semaphore>, Arc<Semaphore>, Arc<Limiter>),
        tools: Tools,
    ) -> Self {
        let (brief, keys) = (Brief::default(), keys::Keys::default());
        Self { service, settings, gate, heavy, brief, keys, limiter, tools }
    }

    /// The right to run one read for the client of `pass`, until it is dropped.
    ///
    /// # Errors
    /// `Overloaded` if none comes free in time; `TooManyRequests` if that is the client's own doing.
    async fn turn(&self, pass: Option<&Arc<Pass>>) -> Result<Turn, Error> {
        Turns::new(&self.gate, pass).next(Instant::now() + self.settings.turn_wait).await
    }

    /// What counts requests, here and on every other surface.
    pub fn limiter(&self) -> &Arc<Limiter> {
        &self.limiter
    }

    /// The service.
    pub fn service(&self) -> &S {
        &self.service
    }
}

/// Answers a request below the root of `feed`. `HEAD` comes as `GET`.
pub async fn answer<S: Gate>(feed: Arc<Feed<S>>, request: Request) -> Response {
    let manner = Manner::of(&request.headers);
    let mut known = Known::default();
    let answered = respond_to(&feed, request, &mut known).await;
    let mut response = answered.unwrap_or_else(|error| respond::error(&error, manner));
    known.put(&mut response);
    response
}

async fn respond_to<S: Gate>(
    feed: &Arc<Feed<S>>,
    mut request: Request,
    known: &mut Known,
) -> Result<Response, Error> {
    let below_root = request.path().strip_prefix(feed.settings.root).unwrap_or_default();
    let mut path = path::parse(below_root, &feed.settings.limits)?;
    let is_query = long_query::is_meant(&mut path);
    // A wrong path or method is told to anybody: the model is no secret, the data is.
    let open = Checker::new(feed.service.model(), &Everything, feed.settings.limits)
        .target(&path, None)?;
    let verb = if is_query {
        long_query::verb(&request.method, &open)?
    } else {
        Verb::of(&request.method, &open, feed.service.model())?
    };
    let presented = credentials::take(&mut request)?;
    let caller = feed.service.caller(&presented.visit(&request))?;
    known.name = feed.service.log_name(&caller);
    let client = feed.service.client(&caller);
    feed.limiter.admit(client, ask(feed, verb, &request), known).await?;
    let who = (caller.clone(), known.pass.clone());
    // Boxed: the target is large, and every request carries it while it waits.
    let answered = respond_to_caller(feed, request, (path, verb, Box::new(open)), who).await;
    if let Err(error) = &answered {
        feed.service.refused(&caller, error);
    }
    answered
}

async fn respond_to_caller<S: Gate>(
    feed: &Arc<Feed<S>>,
    mut request: Request,
    (path, verb, open): (ResourcePath, Verb, Box<Target>),
    (caller, pass): (S::Caller, Option<Arc<Pass>>),
) -> Result<Response, Error> {
    negotiate::versions(&request.headers)?;
    if verb == Verb::Query {
        Box::pin(long_query::take(&mut request, feed.settings.body_bytes_max)).await?;
    }
    let options = url::parse_query(request.query().unwrap_or_default(), &feed.settings.limits)?;
    let origin = request.origin(feed.settings.public_url.as_ref())?;
    let root = format!("{origin}{}/", feed.settings.root);
    let asked = Asked { path, options, root, caller, pass };
    let mut response = match verb {
        Verb::Get | Verb::Query => read::get(feed, asked, request).await?,
        Verb::Post | Verb::Put | Verb::Patch | Verb::Delete => {
            if !asked.options.compute.is_empty() {
                let feature = "$compute in the answer to a change".to_owned();
                return Err(Error::NotImplemented { feature });
            }
            // Boxed: reads, which are most, need not carry its size.
            Box::pin(write::change(feed, asked, request, (verb, &open))).await?
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(VARY));
    Ok(response)
}

/// Whether a request counts: all but those that go on where a page of ours ended.
fn ask<S: Gate>(feed: &Feed<S>, verb: Verb, request: &Request) -> Ask {
    let seal = |key| Seal { key, path: request.path(), query: request.query() };
    if verb == Verb::Get && seal(&feed.service.signing_key()).is_continued() {
        Ask::Continued
    } else {
        Ask::Counted
    }
}

impl<S: Service> Feed<S> {
    /// How collections go on that a request expands; `key` is the service's.
    fn onward<'a>(&'a self, asked: &'a Asked<S::Caller>, key: &'a Digest) -> Onward<'a> {
        let format = asked.options.format.as_deref();
        let rows = self.settings.expand_page_size;
        Onward { key, root: self.settings.root, format, rows, rows_max: rows }
    }
}

/// A request whose path, options and caller are known.
struct Asked<C> {
    path: ResourcePath,
    options: QueryOptions,
    /// The service root, with a slash at its end.
    root: String,
    caller: C,
    /// That it may run; none where its caller has no limits.
    pass: Option<Arc<Pass>>,
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
        let turn = feed.turn(None).await.unwrap();
        let error = feed.turn(None).await.unwrap_err();
        assert_eq!(error.status(), 503);
        assert_eq!(error.to_string(), "too many queries are running; try again shortly");
        drop(turn);
        assert!(feed.turn(None).await.is_ok());
    }

    #[tokio::test]
    async fn one_client_has_half_of_the_turns_and_leaves_the_others_theirs() {
        let config = Config { reads_max: 4, turn_wait_secs: 0, ..Config::default() };
        let feed = App::in_memory(config).feed;
        let mut known = Known::default();
        let client = Client::new(limit::Who::Token(1), limit::Class::Other);
        feed.limiter().admit(Some(client), Ask::Counted, &mut known).await.unwrap();
        let pass = known.pass.as_ref();
        let _own = (feed.turn(pass).await.unwrap(), feed.turn(pass).await.unwrap());
        assert_eq!(feed.turn(pass).await.unwrap_err().status(), 429);
        let _others = (feed.turn(None).await.unwrap(), feed.turn(None).await.unwrap());
        assert_eq!(feed.turn(None).await.unwrap_err().status(), 503);
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
