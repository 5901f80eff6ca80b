//! `/healthz` and `/readyz`, for whoever watches the process; both answer without a token.

use std::sync::atomic::{AtomicU8, Ordering};

use super::{App, Request, Response, respond};
use crate::error::Error;

/// Whether the server takes requests.
#[derive(Debug, Default)]
pub struct Health(AtomicU8);

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Health {
    /// From now on `/readyz` says yes.
    pub fn set_ready(&self) {
        self.0.store(READY, Ordering::Release);
    }

    /// From now on `/readyz` says no: the server is stopping.
    pub fn set_draining(&self) {
        self.0.store(DRAINING, Ordering::Release);
    }

    /// The word `/readyz` answers with.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.0.load(Ordering::Acquire) {
            READY => "ready",
            STARTING => "starting",
            _ => "stopping",
        }
    }
}

/// `GET /healthz`: 200 as long as the process can answer at all.
///
/// # Errors
/// 405 for other methods.
pub fn alive(request: &Request) -> Result<Response, Error> {
    request.only_get()?;
    Ok(respond::text(200, "ok\n"))
}

/// `GET /readyz`: 200 when requests are welcome, else 503 with the reason.
///
/// # Errors
/// 405 for other methods.
pub fn ready(app: &App, request: &Request) -> Result<Response, Error> {
    request.only_get()?;
    let word = app.health.word();
    let mut response = respond::text(if word == "ready" { 200 } else { 503 }, format!("{word}\n"));
    if word != "ready" {
        response.headers_mut().insert(warp::http::header::RETRY_AFTER, 1.into());
    }
    Ok(response)
}
