//! One connection from its first byte to its end: which HTTP it speaks, and who answers.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::{
    body::{Body, Incoming},
    server::conn::{http1, http2},
    service::{HttpService, Service},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use warp::http::{
    HeaderValue,
    header::{CONNECTION, EXPECT},
};

use super::{
    Stage,
    account::Asked,
    crowd::Member,
    pulse::{Look, Pulse, Version},
    sent::{PART_BYTES, Sent},
    tls::Tls,
    unread::{Received, Unread},
    wire::{Socket, Wire},
};
use crate::{
    config::Config,
    http::{
        App, Arrival, Response, Surface,
        address::Scheme,
        proxy::{self, Via},
        routes,
    },
};

/// How soon an HTTP/2 client must answer the question whether it is there.
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// So many requests of one HTTP/2 connection may be sent ahead as far as each of them may be.
const WINDOWS: u32 = 4;

/// Requests of one HTTP/2 connection that the client may take back before we have seen them.
const TAKEN_BACK_MAX: usize = 20;

/// How long an HTTP/2 client gets to take note that its connection ends, and how many at once.
const LAST_WORDS: Duration = Duration::from_secs(1);
const LEAVING_MAX: usize = 256;

/// What every connection is served with.
pub(super) struct Connections {
    app: Arc<App>,
    tls: Option<Tls>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    routes: warp::filters::BoxedFilter<(Response,)>,
    stage: watch::Receiver<Stage>,
    leaving: AtomicUsize,
}

impl Connections {
    /// Connections answered by `app`, over TLS where there is a certificate.
    pub(super) fn new(app: Arc<App>, tls: Option<Tls>, stage: watch::Receiver<Stage>) -> Self {
        let (http1, http2) = (http1(&app.config), http2(&app.config));
        let routes = routes(Arc::clone(&app));
        Self { app, tls, http1, http2, routes, stage, leaving: AtomicUsize::new(0) }
    }

    /// Serves one connection to its end.
    pub(super) async fn run(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, member: Member) {
        let _counted = self.app.metrics.connection_opened();
        // Answers are written whole; waiting to fill a packet only adds delay.
        let _ = stream.set_nodelay(true);
        let mut stage = self.stage.clone();
        let opened = tokio::select! {
            opened = self.open(Wire::new(stream, Arc::clone(&member.pulse))) => opened,
            // There is no request yet that could be lost.
            () = member.pulse.asked_to_leave() => return,
            _ = stage.changed() => return,
        };
        let ended = match opened {
            Err(error) => Err(error.to_string()),
            Ok((socket, version)) => {
                if self.tls.is_some() {
                    member.pulse.shook_hands();
                }
                member.pulse.speaks(version);
                let service = self.service(peer.ip(), &member.pulse);
                let io = TokioIo::new(socket);
                match version {
                    Version::One => {
                        self.drive(self.http1.serve_connection(io, service), member).await
                    }
                    Version::Two => {
                        self.drive(self.http2.serve_connection(io, service), member).await
                    }
                }
            }
        };
        if let Err(why) = ended {
            tracing::debug!(%peer, "connection ended early: {why}");
        }
    }

    /// Shakes hands and finds out what is spoken.
    async fn open(&self, wire: Wire) -> io::Result<(Socket, Version)> {
        let config = &self.app.config;
        let Some(tls) = &self.tls else {
            let within = Duration::from_secs(config.first_byte_timeout_secs);
            return timeout(within, wire.recognised()).await?;
        };
        let within = Duration::from_secs(config.handshake_timeout_secs);
        let stream = timeout(within, tls.acceptor.accept(wire)).await??;
        let is_two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let version = if is_two { Version::Two } else { Version::One };
        Ok((Socket::Tls(Box::new(stream)), version))
    }

    /// Answers the requests of one connection.
    fn service(&self, peer: IpAddr, pulse: &Arc<Pulse>) -> impl Answers + use<> {
        let (app, pulse) = (Arc::clone(&self.app), Arc::clone(pulse));
        let scheme = if self.tls.is_some() { Scheme::Https } else { Scheme::Http };
        let inner = TowerToHyperService::new(warp::service(self.routes.clone()));
        hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            let turn = pulse.begin();
            let started = Instant::now();
            let via = proxy::seen(peer, request.headers(), &app.config.trusted_proxies);
            // The refusal is told to the proxy, and told of it.
            let (via, fault) = match via {
                Ok(via) => (via, None),
                Err(fault) => (Via { client: peer, scheme: None, host: None }, Some(fault)),
            };
            let Via { client, scheme: forwarded, host } = via;
            let (method, uri) = (request.method().clone(), request.uri().clone());
            let arrival = Arrival {
                client,
                scheme: forwarded.unwrap_or(scheme),
                host,
                fault,
                uri: uri.clone(),
                body_timeout: Duration::from_secs(app.config.body_timeout_secs),
            };
            request.extensions_mut().insert(arrival);
            let running = app.metrics.request(&method, Surface::of(uri.path()));
            let asked = Asked { client, method, uri, started, running };
            let (request, unread) = received(request, pulse.is_two());
            let answer = inner.call(request);
            async move {
                let mut answer = answer.await?;
                if let Some(unread) = unread
                    && !unread.finish().await
                {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                    turn.leaves_input();
                }
                let account = asked.answered(&mut answer);
                Ok::<_, Infallible>(answer.map(|body| Sent::new(body, turn, account)))
            }
        })
    }

    /// Lets a connection run until it ends, is late, has to make room or the server stops.
    async fn drive(&self, running: impl Running, member: Member) -> Result<(), String> {
        let (mut running, pulse) = (pin!(running), Arc::clone(&member.pulse));
        let mut stage = self.stage.clone();
        loop {
            let event = tokio::select! {
                event = watched(running.as_mut(), &pulse) => event,
                () = pulse.asked_to_leave() => Event::Leave,
                stage = next_stage(&mut stage) => Event::Stage(stage),
            };
            match event {
                Event::Ended(ended) => return ended.map_err(|error| error.to_string()),
                Event::Late(what) => {
                    drop(member);
                    self.end(running, &pulse).await;
                    return Err(format!("it took too long over {what}"));
                }
                Event::Leave if pulse.idle_since().is_none() => {
                    member.stay();
                    running.as_mut().graceful();
                }
                Event::Leave => {
                    drop(member);
                    self.end(running, &pulse).await;
                    return Ok(());
                }
                Event::Stage(Stage::Running) => {}
                Event::Stage(Stage::Draining) => running.as_mut().graceful(),
                Event::Stage(Stage::Over) => return Ok(()),
            }
        }
    }

    /// Ends a connection without a request at hand, which no longer counts as one.
    ///
    /// Over HTTP/2 the client is told and may take what is still on its way to it.
    async fn end(&self, mut running: Pin<&mut impl Running>, pulse: &Pulse) {
        running.as_mut().graceful();
        let is_one_of_few = self.leaving.fetch_add(1, Ordering::Relaxed) < LEAVING_MAX;
        let patience = if pulse.is_two() && is_one_of_few { LAST_WORDS } else { Duration::ZERO };
        // Polled at least once, so that the farewell is written.
        let _ = timeout(patience, running).await;
        self.leaving.fetch_sub(1, Ordering::Relaxed);
    }
}

fn head_bytes_max(config: &Config) -> usize {
    usize::try_from(config.head_bytes_max).unwrap_or(usize::MAX)
}

fn http1(config: &Config) -> http1::Builder {
    let mut http = http1::Builder::new();
    // Time is kept by the pulse, for all versions and limits alike.
    http.header_read_timeout(None)
        .max_header_size(head_bytes_max(config))
        .max_buf_size(head_bytes_max(config));
    http
}

fn http2(config: &Config) -> http2::Builder<TokioExecutor> {
    let number = |setting: u64| u32::try_from(setting).unwrap_or(u32::MAX);
    let window = number(config.stream_window_bytes);
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(number(config.streams_max))
        .max_header_list_size(number(config.head_bytes_max))
        .max_send_buf_size(PART_BYTES)
        .initial_stream_window_size(window)
        .initial_connection_window_size(window.saturating_mul(WINDOWS))
        .max_pending_accept_reset_streams(TAKEN_BACK_MAX)
        .keep_alive_interval(Duration::from_secs(config.ping_every_secs))
        .keep_alive_timeout(PONG_WITHIN);
    http
}

/// A request whose body is seen to, where another request may follow it.
fn received(
    request: hyper::Request<Incoming>,
    is_two: bool,
) -> (hyper::Request<Received<Incoming>>, Option<Unread<Incoming>>) {
    let (parts, body) = request.into_parts();
    // Over HTTP/2 requests come side by side; nearly all over HTTP/1 have no body.
    if is_two || body.is_end_stream() {
        return (hyper::Request::from_parts(parts, Received::Alone(body)), None);
    }
    let (body, unread) = Received::followed(body, parts.headers.contains_key(EXPECT));
    (hyper::Request::from_parts(parts, body), Some(unread))
}

/// What can become of a running connection.
enum Event {
    Ended(hyper::Result<()>),
    Late(&'static str),
    Leave,
    Stage(Stage),
}

/// A connection of either version.
trait Running: Future<Output = hyper::Result<()>> {
    /// Takes no more requests and ends after the one at hand.
    fn graceful(self: Pin<&mut Self>);
}

/// What answers the requests of a connection.
trait Answers:
    HttpService<
        Incoming,
        ResBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
        Error = Infallible,
        Future: Send + 'static,
    > + 'static
{
}

impl<S> Answers for S where
    S: HttpService<
            Incoming,
            ResBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
            Error = Infallible,
            Future: Send + 'static,
        > + 'static
{
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<S: Answers> Running for http1::Connection<TokioIo<Socket>, S> {
    fn graceful(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<S: Answers> Running for http2::Connection<TokioIo<Socket>, S, TokioExecutor> {
    fn graceful(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Runs the connection and looks at its pulse whenever that may be due.
async fn watched(mut running: Pin<&mut impl Running>, pulse: &Pulse) -> Event {
    let mut alarm = pin!(sleep_until(Instant::now() + Duration::from_hours(1)));
    std::future::poll_fn(|cx: &mut Context<'_>| {
        if let Poll::Ready(ended) = running.as_mut().poll(cx) {
            return Poll::Ready(Event::Ended(ended));
        }
        loop {
            match pulse.look() {
                Look::Late(what) => return Poll::Ready(Event::Late(what)),
                Look::Again(at) => {
                    let at = pulse.instant(at);
                    // A later moment can wait until the alarm rings; setting it is not for free.
                    if at < alarm.deadline() || alarm.is_elapsed() {
                        alarm.as_mut().reset(at);
                    }
                }
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// The stage after the one last seen; over when the server is gone.
async fn next_stage(stage: &mut watch::Receiver<Stage>) -> Stage {
    match stage.changed().await {
        Ok(()) => *stage.borrow_and_update(),
        Err(_) => Stage::Over,
    }
}
