//! The accept loop: connections, their limits and their end. Knows no route.
//!
//! warp's own server has no header timeout and no deadline for its end, so its filters run here as
//! a hyper service.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{body::Body as _, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::Instant,
};

use super::{App, Arrival, Response, log::Line, respond::TokenPrefix, routes, stall::Unstalled};
use crate::config::{Config, PublicUrl};

/// Why the server does not start; one line, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum CannotListen {
    /// Traffic would cross a network unencrypted.
    #[error(
        "{0} is reachable from other machines and nothing encrypts the traffic; set public_url to the \
         https address of a proxy before it, or pass --insecure-http"
    )]
    Unencrypted(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {0}: {1}; choose another address with --listen")]
    Address(SocketAddr, io::Error),
}

/// Binds the configured address; ask the listener for the port where 0 was configured.
///
/// # Errors
/// An address that is taken, or that only `--insecure-http` allows.
pub async fn listen(config: &Config) -> Result<TcpListener, CannotListen> {
    let address = config.listen;
    let is_encrypted = config.public_url.as_ref().is_some_and(PublicUrl::is_https);
    if !address.ip().is_loopback() && !is_encrypted && !config.insecure_http {
        return Err(CannotListen::Unencrypted(address));
    }
    TcpListener::bind(address).await.map_err(|error| CannotListen::Address(address, error))
}

/// Resolves when the process is asked to stop (SIGTERM, Ctrl-C); listens from this call on.
///
/// # Errors
/// Signals that cannot be handled.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves when the process is asked to stop (Ctrl-C).
///
/// # Errors
/// None here; on other systems, signals that cannot be handled.
#[cfg(not(unix))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// How far the end of the server has come, for each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Running,
    /// Finish the request at hand, take no other.
    Draining,
    /// The deadline has passed.
    Over,
}

/// Serves connections of `listener` until `shutdown`, then lets running requests finish for
/// `drain_secs`.
pub async fn serve(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let config = &app.config;
    let connections_max = u32::try_from(config.connections_max).unwrap_or(u32::MAX);
    let permits = Arc::new(Semaphore::new(connections_max as usize));
    let (stage, watching) = watch::channel(Stage::Running);
    let connection = Connection::new(Arc::clone(&app), watching);
    let mut shutdown = pin!(shutdown);
    app.health.set_ready();
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (stream, client, permit) = accepted;
        let connection = connection.clone();
        tokio::spawn(async move {
            connection.run(stream, client).await;
            drop(permit);
        });
    }
    app.health.set_draining();
    drop(listener);
    // An error means that nobody is connected.
    let _ = stage.send(Stage::Draining);
    let drained = permits.acquire_many(connections_max);
    if tokio::time::timeout(Duration::from_secs(config.drain_secs), drained).await.is_err() {
        tracing::warn!("requests still running after drain_secs are cut off");
        let _ = stage.send(Stage::Over);
    }
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<tokio::sync::OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there always is a permit in the end.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, client)) => return (stream, client, permit),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Most likely no file descriptor is left; one comes free when a connection ends.
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// What every connection is served with.
#[derive(Clone)]
struct Connection {
    app: Arc<App>,
    http: hyper::server::conn::http1::Builder,
    routes: warp::filters::BoxedFilter<(Response,)>,
    stage: watch::Receiver<Stage>,
}

impl Connection {
    fn new(app: Arc<App>, stage: watch::Receiver<Stage>) -> Self {
        let head_bytes_max = usize::try_from(app.config.head_bytes_max).unwrap_or(usize::MAX);
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(app.config.header_timeout_secs))
            .max_header_size(head_bytes_max)
            .max_buf_size(head_bytes_max);
        Self { routes: routes(Arc::clone(&app)), app, http, stage }
    }

    async fn run(mut self, stream: TcpStream, client: SocketAddr) {
        let _counted = self.app.metrics.connection_opened();
        // Answers are written whole; waiting to fill a packet only adds delay.
        let _ = stream.set_nodelay(true);
        let patience = Duration::from_secs(self.app.config.write_timeout_secs);
        let stream = Unstalled::new(stream, patience);
        let body_timeout = Duration::from_secs(self.app.config.body_timeout_secs);
        let service = TowerToHyperService::new(warp::service(self.routes.clone()));
        let service = hyper::service::service_fn(move |mut request| {
            let uri = hyper::Request::<hyper::body::Incoming>::uri(&request).clone();
            let arrival = Arrival { client, uri: uri.clone(), body_timeout };
            request.extensions_mut().insert(arrival);
            let (method, started) = (request.method().clone(), Instant::now());
            let answer = service.call(request);
            async move {
                let answer = answer.await?;
                let token = answer.extensions().get::<TokenPrefix>();
                let is_head = method == warp::http::Method::HEAD;
                Line {
                    method: &method,
                    uri: &uri,
                    status: answer.status(),
                    took: started.elapsed(),
                    token: token.map(|prefix| prefix.0.as_str()),
                    bytes: if is_head { 0 } else { answer.body().size_hint().lower() },
                }
                .write();
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        let mut running = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        loop {
            tokio::select! {
                ended = running.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%client, "connection ended early: {error}");
                    }
                    return;
                }
                stage = next_stage(&mut self.stage) => match stage {
                    Stage::Running => {}
                    Stage::Draining => running.as_mut().graceful_shutdown(),
                    Stage::Over => return,
                },
            }
        }
    }
}

/// The stage after the one last seen; over when the server is gone.
async fn next_stage(stage: &mut watch::Receiver<Stage>) -> Stage {
    match stage.changed().await {
        Ok(()) => *stage.borrow_and_update(),
        Err(_) => Stage::Over,
    }
}
