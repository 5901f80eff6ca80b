//! What the edge counts, and `/metrics`, where a watcher reads it.
//!
//! Counting is adding to atomics; whatever costs more happens when somebody reads. Knows no rule of the
//! helpdesk, and no label ever holds what a client sent.

mod figures;
mod text;

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use warp::http::{HeaderValue, Method, header};

use super::{
    App, Manner, Request, Response, Surface, credentials,
    limit::{Ask, Known},
    odata::Gate,
    respond,
};
use crate::{
    error::Error,
    tally::{Count, Durations, Level, Named},
};

/// The scope that reads the figures.
pub const SCOPE: &str = "settings:read";

/// What is counted of requests and connections; one per server.
#[derive(Debug, Default)]
pub struct Metrics {
    surfaces: Named<OfSurface>,
    in_flight: Level,
    connections: Level,
    accepted: Count,
    /// By what came of the credentials.
    logins: Named<Count>,
    /// By the code of the error.
    refusals: Named<Count>,
}

/// Requests of one surface.
#[derive(Debug, Default)]
struct OfSurface {
    took: Durations,
    methods: Named<[Count; CLASSES.len()]>,
}

/// Classes of status; the last for requests whose client left before there was an answer.
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"];

/// Words for what came of credentials.
const LOGIN_OK: &str = "ok";
const LOGINS: [(&str, &str); 7] = [
    ("Unauthenticated", "missing"),
    ("InvalidToken", "unknown"),
    ("TokenExpired", "expired"),
    ("TokenRevoked", "revoked"),
    ("TokenRotated", "rotated"),
    ("SessionEnded", "ended"),
    ("SignInFailed", "wrong"),
];

impl Metrics {
    /// Nothing counted yet; notes when the process started.
    #[must_use]
    pub fn new() -> Self {
        figures::started();
        Self::default()
    }

    /// Counts a connection as open until what is returned is dropped.
    #[must_use]
    pub fn connection_opened(self: &Arc<Self>) -> OpenConnection {
        self.connections.rise();
        self.accepted.add(1);
        OpenConnection(Arc::clone(self))
    }

    /// Counts a request as being answered until what is returned is dropped.
    #[must_use]
    pub fn request(self: &Arc<Self>, method: &Method, surface: Surface) -> Running {
        self.in_flight.rise();
        let method = method_name(method);
        Running { metrics: Arc::clone(self), method, surface, started: Instant::now(), class: 5 }
    }
}

/// A connection that is open.
#[derive(Debug)]
pub struct OpenConnection(Arc<Metrics>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.fall();
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Running {
    metrics: Arc<Metrics>,
    method: &'static str,
    surface: Surface,
    started: Instant,
    /// Index into [`CLASSES`].
    class: usize,
}

impl Running {
    /// Tells what it is answered with.
    pub fn answered(&mut self, response: &Response) {
        self.class = usize::from(response.status().as_u16() / 100).saturating_sub(1).min(4);
        let extensions = response.extensions();
        let code = extensions.get::<respond::Refused>().map(|refused| refused.0);
        if let Some(code) = code {
            self.metrics.refusals.of(code).add(1);
        }
        let failed = LOGINS.iter().find(|(of, _)| Some(*of) == code).map(|(_, word)| *word);
        let known = extensions.get::<respond::TokenPrefix>().map(|_| LOGIN_OK);
        if let Some(word) = failed.or(known) {
            self.metrics.logins.of(word).add(1);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let of_surface = self.metrics.surfaces.of(self.surface.name());
        of_surface.methods.of(self.method)[self.class].add(1);
        of_surface.took.add(self.started.elapsed());
        self.metrics.in_flight.fall();
    }
}

/// The method as a label; whatever a client may invent is one.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `GET /metrics`: every figure in the text format of Prometheus; 401 and 403 for callers without
/// `settings:read`, unless `metrics_open` is set.
pub async fn get(app: Arc<App>, request: Request) -> Response {
    let manner = Manner::of(&request.headers);
    let mut known = Known::default();
    let answered = page(app, request, &mut known).await;
    let mut response = answered.unwrap_or_else(|error| respond::error(&error, manner));
    known.put(&mut response);
    response
}

/// The page; `known` is told of who asks, whether they may read it or not.
async fn page(app: Arc<App>, request: Request, known: &mut Known) -> Result<Response, Error> {
    request.only_get()?;
    if !app.config.metrics_open {
        let presented = credentials::presented(&request)?;
        let service = app.feed.service();
        let caller = service.caller(&presented.visit(&request))?;
        known.name = service.log_name(&caller);
        app.feed.limiter().admit(service.client(&caller), Ask::Counted, known).await?;
        caller.require(SCOPE).inspect_err(|error| service.refused(&caller, error))?;
    }
    let page = tokio::task::spawn_blocking(move || text::page(figures::all(&app)));
    let page = page.await?.map_err(|error| Error::internal(&error))?;
    let mut response = respond::with_type(200, "text/plain; version=0.0.4; charset=utf-8", page);
    let cached = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, cached);
    Ok(response)
}

/// Seconds between 1970 and `at`.
fn since_1970(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
