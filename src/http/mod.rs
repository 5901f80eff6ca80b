//! The HTTP edge: one filter takes a request apart, one dispatcher finds the surface that answers.
//!
//! No rule of the helpdesk lives here. Every surface answers with a plain [`Response`]; what all
//! answers share (security headers, the OData version) is put on here, once.

pub mod address;
pub mod assets;
pub mod compress;
pub mod connect;
pub mod cookie;
pub mod credentials;
mod cross_site;
pub mod dialects;
pub mod events;
pub mod handout;
pub mod health;
pub mod helpdesk;
pub mod limit;
pub mod log;
pub mod metrics;
pub mod odata;
pub mod proxy;
pub mod request;
pub mod respond;
pub mod routes;
pub mod serve;
pub mod session;

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use warp::{
    Filter,
    filters::BoxedFilter,
    http::{HeaderMap, Method},
};

use compress::Wish;
pub use helpdesk::Helpdesk;
pub use odata::Feed;
pub use request::{Arrival, Body, Request};
pub use respond::{Manner, Response};

use crate::{
    config::{Config, PublicUrl},
    desk::{Desk, Settings},
    error::Error,
    model,
    odata::Limits,
    store::memory::MemoryStore,
    time::Clock,
};

/// What every handler may use; one per server.
pub struct App {
    /// The settings in force.
    pub config: Config,
    /// Whether `/readyz` says yes.
    pub health: health::Health,
    /// What is counted.
    pub metrics: Arc<metrics::Metrics>,
    /// The data and its verbs, as the feed at `/odata`.
    pub feed: Arc<Feed<Helpdesk>>,
    /// The same data at `/api`, by Tikit's names.
    pub tikit: Arc<Feed<dialects::tikit::Tikit>>,
    /// Who hears of changes.
    pub events: events::Events,
}

impl App {
    /// A server's state with these settings.
    #[must_use]
    pub fn new(config: Config, helpdesk: Helpdesk) -> Self {
        let settings = odata::Settings::new(&config, limits(&config));
        let feed = Arc::new(Feed::new(helpdesk, settings.clone()));
        let tikit = Arc::new(dialects::tikit::feed(&feed, settings));
        let (health, metrics) = (health::Health::default(), Arc::new(metrics::Metrics::new()));
        let events = events::Events::new(&config, feed.service().desk());
        Self { config, health, metrics, feed, tikit, events }
    }

    /// Whether clients speak TLS, to us or to a proxy before us.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.config.tls_certificate.is_some()
            || self.config.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// A server over an empty helpdesk that is gone when it ends; for trying out and for tests.
    #[must_use]
    pub fn in_memory(config: Config) -> Self {
        let store =
            Arc::new(MemoryStore::new(model::helpdesk(), config.time_zone.clone(), Clock::Real));
        let desk = Desk::new(model::helpdesk(), store, Clock::Real, Settings::default());
        Self::new(config, Helpdesk::new(desk, None))
    }
}

/// How much one query may be.
#[must_use]
pub fn limits(config: &Config) -> Limits {
    let max = |setting: u64| usize::try_from(setting).unwrap_or(usize::MAX);
    Limits {
        depth: max(config.query_depth_max),
        chained: max(config.query_chained_max),
        nodes: max(config.query_nodes_max),
        in_items: max(config.query_in_items_max),
        aliases: max(config.query_aliases_max),
        computed: max(config.query_computed_max),
        search_words: max(config.query_search_words_max),
        expand_depth: max(config.expand_depth_max),
        groups: max(config.query_groups_max),
    }
}

/// Who answers, by the path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The page, at all of its addresses.
    Page,
    /// What the page needs, below `/ui/`.
    Asset,
    /// `/healthz`: the process runs.
    Alive,
    /// `/readyz`: the server takes requests.
    Ready,
    /// `/metrics`: figures for whoever watches.
    Metrics,
    /// Files that open the feed in other programs, below `/connect/`.
    Connect,
    /// Signing in and out, `/session` and below.
    Session,
    /// What changes, while it does, `/events`.
    Events,
    /// The feed, `/odata` and below.
    OData,
    /// Tikit's API, `/api` and below.
    Tikit,
    /// Nobody.
    Unknown,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 11] = [
        Self::Page,
        Self::Asset,
        Self::Alive,
        Self::Ready,
        Self::Metrics,
        Self::Connect,
        Self::Session,
        Self::Events,
        Self::OData,
        Self::Tikit,
        Self::Unknown,
    ];

    /// The surface of a raw path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path {
            "/" => Self::Page,
            "/healthz" => Self::Alive,
            "/readyz" => Self::Ready,
            "/metrics" => Self::Metrics,
            "/session" => Self::Session,
            path if path.starts_with("/session/") => Self::Session,
            "/events" => Self::Events,
            "/odata" => Self::OData,
            path if path.starts_with("/odata/") => Self::OData,
            "/api" => Self::Tikit,
            path if path.starts_with("/api/") => Self::Tikit,
            path if path.starts_with("/connect/") => Self::Connect,
            path if path.starts_with("/ui/") => Self::Asset,
            path if assets::is_page(path) => Self::Page,
            _ => Self::Unknown,
        }
    }

    /// True where a client may keep what it read, if it asks each time whether that still holds.
    #[must_use]
    pub fn is_data(self) -> bool {
        match self {
            Self::OData | Self::Tikit => true,
            Self::Page
            | Self::Asset
            | Self::Alive
            | Self::Ready
            | Self::Metrics
            | Self::Connect
            | Self::Session
            | Self::Events
            | Self::Unknown => false,
        }
    }

    /// One word for it, a label of the figures at `/metrics`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Asset => "asset",
            Self::Alive => "healthz",
            Self::Ready => "readyz",
            Self::Metrics => "metrics",
            Self::Connect => "connect",
            Self::Session => "session",
            Self::Events => "events",
            Self::OData => "odata",
            Self::Tikit => "tikit",
            Self::Unknown => "unknown",
        }
    }
}

/// The whole server as one filter for `warp::service`.
///
/// Requests must carry an [`Arrival`] as an extension; the accept loop sees to that.
#[must_use]
pub fn routes(app: Arc<App>) -> BoxedFilter<(Response,)> {
    warp::method()
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<Arrival>())
        .and(warp::body::stream().map(Body::new))
        .and_then(move |method: Method, headers: HeaderMap, arrival: Arrival, body: Body| {
            let app = Arc::clone(&app);
            let request = Request::new(method, headers, arrival, body);
            async move { Ok::<_, warp::Rejection>(answer(app, request).await) }
        })
        .recover(|_| async {
            // Only a lost `Arrival` gets here, which is a fault of ours.
            let error = Error::internal(&"a request came in without its arrival");
            Ok::<_, Infallible>(respond::error(&error, Manner::default()))
        })
        .unify()
        .boxed()
}

/// Answers one request. `HEAD` is answered as `GET`; hyper leaves the body out.
pub async fn answer(app: Arc<App>, mut request: Request) -> Response {
    let mut surface = Surface::of(request.path());
    if request.method == Method::HEAD {
        request.method = Method::GET;
    }
    if surface == Surface::Unknown && assets::is_for_people(&request) {
        // The page says in words that there is nothing.
        surface = Surface::Page;
    }
    let is_read = request.method == Method::GET;
    let manner = Manner::of(&request.headers);
    let is_https = app.is_https();
    request.session = cookie::values(&request.headers, is_https);
    // Before anything is done: a change must not be refused after it was made.
    let wish =
        if app.config.compression { Wish::of(&request.headers) } else { Ok(Wish::default()) };
    let answered = match (request.fault.take(), &wish) {
        (Some(fault), _) => Ok(Err(fault)),
        (None, Err(error)) => Ok(Err(error.clone())),
        (None, Ok(_)) => unwound(dispatch(app, request, surface)).await,
    };
    let mut response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => respond::error(&error, manner),
        Err(panic) => respond::error(&Error::internal(&panic), manner),
    };
    if is_read && surface.is_data() {
        respond::revalidate(&mut response);
    }
    respond::finish(&mut response, surface);
    if is_https {
        respond::require_https(&mut response);
    }
    compress::apply(response, wish.unwrap_or_default())
}

async fn dispatch(app: Arc<App>, request: Request, surface: Surface) -> Result<Response, Error> {
    cross_site::check(&request, app.config.public_url.as_ref())?;
    match surface {
        Surface::Page => assets::page(&request),
        Surface::Asset => assets::asset(&request),
        Surface::Alive => health::alive(&request),
        Surface::Ready => health::ready(app, request).await,
        Surface::Metrics => Ok(metrics::get(app, request).await),
        Surface::Connect => connect::answer(&app, &request),
        Surface::Session => Ok(session::answer(&app, request).await),
        Surface::Events => Ok(events::answer(&app, request).await),
        Surface::OData => {
            short_enough(&app, &request)?;
            Ok(odata::answer(Arc::clone(&app.feed), request).await)
        }
        Surface::Tikit => {
            short_enough(&app, &request)?;
            Ok(odata::answer(Arc::clone(&app.tikit), request).await)
        }
        Surface::Unknown => Err(Error::UnknownResource {
            name: request.path().to_owned(),
            suggestion: crate::error::nearest(
                request.path(),
                [
                    "/odata/",
                    "/api/",
                    "/connect/",
                    "/session",
                    "/events",
                    "/healthz",
                    "/readyz",
                    "/metrics",
                    "/",
                ],
            ),
        }),
    }
}

/// Refuses a query longer than the setting allows.
fn short_enough(app: &App, request: &Request) -> Result<(), Error> {
    let max = app.config.query_bytes_max;
    if request.query().is_some_and(|query| query.len() as u64 > max) {
        return Err(Error::UriTooLong { max });
    }
    Ok(())
}

/// Runs `work`; a panic in it becomes its message, so that one bad request costs one answer.
async fn unwound<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    std::future::poll_fn(|cx: &mut Context<'_>| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(cause) => Poll::Ready(Err(panic_message(cause.as_ref()))),
        }
    })
    .await
}

fn panic_message(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().copied();
    let text = text.or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    format!("a request handler panicked: {}", text.unwrap_or("without a message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_alone_finds_the_surface() {
        for (path, want) in [
            ("/", Surface::Page),
            ("/odata", Surface::OData),
            ("/odata/", Surface::OData),
            ("/odata/Tickets(7)", Surface::OData),
            ("/odatas", Surface::Unknown),
            ("/api", Surface::Tikit),
            ("/api/ticket", Surface::Tikit),
            ("/apis", Surface::Unknown),
            ("/OData/", Surface::Unknown),
            ("/ui/style.css", Surface::Asset),
            ("/ui", Surface::Unknown),
            ("/connect", Surface::Page),
            ("/tickets/7", Surface::Page),
            ("/connect/excel.odc", Surface::Connect),
            ("/connected", Surface::Unknown),
            ("/session", Surface::Session),
            ("/session/7", Surface::Session),
            ("/sessions", Surface::Unknown),
            ("/events", Surface::Events),
            ("/events/", Surface::Unknown),
            ("/healthz", Surface::Alive),
            ("/healthz/", Surface::Unknown),
            ("/readyz", Surface::Ready),
            ("/metrics", Surface::Metrics),
            ("*", Surface::Unknown),
            ("", Surface::Unknown),
        ] {
            assert_eq!(Surface::of(path), want, "{path}");
        }
    }

    #[test]
    fn the_limits_that_errors_name_are_settings_with_the_same_defaults() {
        let (ours, theirs) = (limits(&Config::default()), Limits::default());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        for name in [
            Limits::DEPTH,
            Limits::CHAINED,
            Limits::NODES,
            Limits::IN_ITEMS,
            Limits::ALIASES,
            Limits::COMPUTED,
            Limits::SEARCH_WORDS,
            Limits::EXPAND_DEPTH,
        ] {
            assert!(crate::config::SETTINGS.iter().any(|setting| setting.name == name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_panic_in_a_handler_becomes_its_message() {
        let silent = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| ()));
        let got = unwound(async { panic!("no {}", "luck") }).await;
        std::panic::set_hook(silent);
        assert_eq!(got, Err::<(), _>("a request handler panicked: no luck".to_owned()));
        assert_eq!(unwound(async { 7 }).await, Ok(7));
    }
}
