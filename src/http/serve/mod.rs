//! The accept loop: connections, their limits and their end. Knows no route.
//!
//! warp's own server has no header timeout, no TLS and no deadline for its end, so its filters run
//! here as a hyper service.

mod account;
mod clock;
mod connection;
mod crowd;
mod descriptors;
mod linger;
mod pulse;
mod room;
mod sent;
mod signals;
mod tls;
mod unread;
mod wire;

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
};

use self::{
    connection::Connections,
    crowd::{Crowd, Member, Present},
    pulse::{Patience, Pulse},
    tls::Tls,
};
pub use self::{signals::stop_signal, tls::Unusable};
use super::{App, address::Scheme};
use crate::config::{Config, PublicUrl};

/// Connections the system keeps until they are accepted.
const BACKLOG: u32 = 1024;

/// Why the server does not start; one line, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum CannotListen {
    /// Traffic would cross a network unencrypted.
    #[error(
        "{0} is reachable from other machines and nothing encrypts the traffic; set tls_certificate and \
         tls_key, set public_url to the https address of a proxy before it, or pass --insecure-http"
    )]
    Unencrypted(SocketAddr),
    /// The certificate or its key cannot be used.
    #[error("{0}")]
    Tls(#[from] Unusable),
    /// The address cannot be had.
    #[error("cannot listen on {0}: {1}; choose another address with --listen")]
    Address(SocketAddr, io::Error),
}

/// Where and how the server will listen, checked but not yet bound.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    send_buffer_bytes: u32,
    tls: Option<Tls>,
}

impl Endpoint {
    /// The endpoint of the settings.
    ///
    /// # Errors
    /// An address that only `--insecure-http` allows, a certificate that cannot be used.
    pub fn new(config: &Config) -> Result<Self, CannotListen> {
        let tls = Tls::of(config)?;
        let address = config.listen;
        let is_encrypted =
            tls.is_some() || config.public_url.as_ref().is_some_and(PublicUrl::is_https);
        if !address.ip().is_loopback() && !is_encrypted && !config.insecure_http {
            return Err(CannotListen::Unencrypted(address));
        }
        let send_buffer_bytes = u32::try_from(config.send_buffer_bytes).unwrap_or(u32::MAX);
        Ok(Self { address, send_buffer_bytes, tls })
    }

    /// Takes the address; must be called within a runtime.
    ///
    /// # Errors
    /// An address that is taken or is not one of this machine.
    pub fn bind(self) -> Result<Listening, CannotListen> {
        let listener = self.listener();
        let listener = listener.map_err(|error| CannotListen::Address(self.address, error))?;
        Ok(Listening { listener, tls: self.tls })
    }

    fn listener(&self) -> io::Result<TcpListener> {
        let socket =
            if self.address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Elsewhere it would let another process take the same address.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        // Connections inherit it; without it the system would hold megabytes for a slow client.
        socket.set_send_buffer_size(self.send_buffer_bytes)?;
        socket.bind(self.address)?;
        socket.listen(BACKLOG)
    }
}

/// A bound address.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    tls: Option<Tls>,
}

impl Listening {
    /// The address to reach it by, such as `https://127.0.0.1:8420`, with the port really taken.
    ///
    /// # Errors
    /// A system that does not tell.
    pub fn url(&self) -> io::Result<String> {
        let scheme = if self.tls.is_some() { Scheme::Https } else { Scheme::Http };
        Ok(format!("{}://{}", scheme.name(), self.listener.local_addr()?))
    }
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

/// Serves connections until `shutdown`, then lets running requests finish for `drain_secs`.
pub async fn serve(listening: Listening, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let Listening { listener, tls } = listening;
    let config = &app.config;
    descriptors::see_to(config);
    let followed = tls.clone().map(|tls| tokio::spawn(tls.follow_files()));
    let (stage, watching) = watch::channel(Stage::Running);
    let crowd = Crowd::new(config.connections_max);
    let patience = Patience::of(config);
    let connections = Arc::new(Connections::new(Arc::clone(&app), tls, watching));
    let mut shutdown = pin!(shutdown);
    app.health.set_ready();
    loop {
        let (stream, peer, member) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &crowd, patience) => accepted,
        };
        tokio::spawn(Arc::clone(&connections).run(stream, peer, member));
    }
    app.health.set_draining();
    let Present { connections, requests } = crowd.present();
    tracing::info!(connections, requests, "stopping");
    drop(listener);
    // An error means that nobody is connected.
    let _ = stage.send(Stage::Draining);
    let deadline = Duration::from_secs(config.drain_secs);
    if tokio::time::timeout(deadline, crowd.is_gone()).await.is_err() {
        tracing::warn!("requests still running after drain_secs are cut off");
        let _ = stage.send(Stage::Over);
    }
    if let Some(followed) = followed {
        followed.abort();
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    crowd: &Arc<Crowd>,
    patience: Patience,
) -> (TcpStream, SocketAddr, Member) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let member = crowd.join(Pulse::new(patience, crowd.room())).await;
                return (stream, peer, member);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Most likely no file descriptor is left; one comes free when a connection ends.
                tracing::warn!("cannot accept a connection: {error}");
                crowd.make_room();
                tokio::time::sleep(Duration::from_millis(100)).await;
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
