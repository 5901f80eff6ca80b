//! What is told of a request when its answer has ended: the line in the log and the figures.

use std::net::IpAddr;

use tokio::time::Instant;
use warp::http::{Method, StatusCode, Uri};

use crate::http::{Response, limit::Held, log::Line, metrics::Running, respond::TokenPrefix};

/// A request that came in and has no answer yet; counted as such while it lives.
pub(super) struct Asked {
    pub(super) client: IpAddr,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) started: Instant,
    pub(super) running: Running,
}

impl Asked {
    /// The answer is ready and goes out from now on.
    pub(super) fn answered(mut self, answer: &mut Response) -> Account {
        self.running.answered(answer);
        let token = answer.extensions_mut().remove::<TokenPrefix>();
        let held = answer.extensions_mut().remove::<Held>();
        let status = answer.status();
        Account { status, token, bytes: 0, is_complete: false, asked: self, _held: held }
    }
}

/// What became of an answer; written and counted when it is dropped, with the body.
pub(super) struct Account {
    asked: Asked,
    status: StatusCode,
    token: Option<TokenPrefix>,
    bytes: u64,
    is_complete: bool,
    /// Its client may send another when this one is over.
    _held: Option<Held>,
}

impl Account {
    /// So much more of the body went out.
    pub(super) fn has_sent(&mut self, count: usize) {
        self.bytes += count as u64;
    }

    /// Nothing of the body is left.
    pub(super) fn is_over(&mut self) {
        self.is_complete = true;
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let Asked { client, method, uri, started, running: _ } = &self.asked;
        Line {
            client: *client,
            method,
            uri,
            status: self.status,
            took: started.elapsed(),
            token: self.token.as_ref().map(|prefix| prefix.0.as_str()),
            bytes: self.bytes,
            // Of an answer to HEAD only the head is sent.
            is_complete: self.is_complete || *method == Method::HEAD,
        }
        .write();
    }
}

#[cfg(test)]
pub(super) mod fake {
    use std::sync::Arc;

    use super::*;
    use crate::http::{Surface, metrics::Metrics, respond};

    /// An answer to `GET /` that has just begun.
    pub(crate) fn account() -> Account {
        let running = Arc::new(Metrics::new()).request(&Method::GET, Surface::Page);
        let (client, uri) = (IpAddr::from([127, 0, 0, 1]), Uri::from_static("/"));
        let asked = Asked { client, method: Method::GET, uri, started: Instant::now(), running };
        asked.answered(&mut respond::empty(200))
    }

    impl Account {
        /// The bytes told, and whether they are told to be all.
        pub(crate) fn told(&self) -> (u64, bool) {
            (self.bytes, self.is_complete)
        }
    }
}
