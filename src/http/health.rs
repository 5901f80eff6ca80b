//! `/healthz` and `/readyz`, for whoever watches the process; both answer without a token.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::sync::watch;
use warp::http::header;

use super::{App, Request, Response, respond};
use crate::{
    config::Config,
    error::Error,
    store::gauges::{Gauges, Writing},
};

/// Whether the server takes requests.
#[derive(Debug)]
pub struct Health(watch::Sender<Stage>);

/// How far the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    Ready,
    Draining,
}

impl Default for Health {
    fn default() -> Self {
        Self(watch::Sender::new(Stage::Starting))
    }
}

impl Health {
    /// From now on `/readyz` may say yes.
    pub fn set_ready(&self) {
        self.0.send_replace(Stage::Ready);
    }

    /// From now on `/readyz` says no: the server is stopping.
    pub fn set_draining(&self) {
        self.0.send_replace(Stage::Draining);
    }

    /// What the server is doing: ready, starting or stopping.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match *self.0.borrow() {
            Stage::Ready => "ready",
            Stage::Starting => "starting",
            Stage::Draining => "stopping",
        }
    }

    /// Resolves when the server is stopping.
    pub async fn draining(&self) {
        // The sender is ours, so there is always somebody who could tell.
        let _ = self.0.subscribe().wait_for(|stage| *stage == Stage::Draining).await;
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

/// `GET /readyz`: 200 when requests are welcome, else 503; the checks and their outcome in either case.
///
/// # Errors
/// 405 for other methods.
pub async fn ready(app: Arc<App>, request: Request) -> Result<Response, Error> {
    request.only_get()?;
    let asked = Arc::clone(&app);
    let gauges = tokio::task::spawn_blocking(move || asked.feed.service().gauges());
    let gauges = gauges.await?;
    let checks = checks(app.health.word(), &gauges, &app.config);
    let is_ready = checks.iter().all(|check| check.ok);
    let status = if is_ready { "ready" } else { "not ready" };
    let told: Vec<_> = checks
        .iter()
        .map(|check| json!({ "name": check.name, "ok": check.ok, "detail": check.detail }))
        .collect();
    let body = json!({ "status": status, "checks": told }).to_string();
    let mut response = respond::json(if is_ready { 200 } else { 503 }, body);
    if !is_ready {
        response.headers_mut().insert(header::RETRY_AFTER, 1.into());
    }
    Ok(response)
}

/// One thing that must be right before requests are welcome. Anybody may read it: no paths, no exact figures.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

fn checks(word: &'static str, gauges: &Gauges, config: &Config) -> Vec<Check> {
    vec![
        Check { name: "server", ok: word == "ready", detail: word.to_owned() },
        journal(gauges),
        records(gauges, config),
        disk(gauges, config),
    ]
}

fn journal(gauges: &Gauges) -> Check {
    let (ok, detail) = match gauges.writing {
        Writing::Possible => (true, "writable"),
        Writing::Full => (false, "no room left on the disk"),
        Writing::Stopped => (false, "stopped after a failed sync; restart the server"),
    };
    Check { name: "journal", ok, detail: detail.to_owned() }
}

/// Whether the records keep up with the journal.
fn records(gauges: &Gauges, config: &Config) -> Check {
    let (share, secs) = (config.ready_overlay_percent, config.ready_stall_secs);
    let is_full =
        gauges.overlay_bytes.saturating_mul(100) > gauges.overlay_bytes_max.saturating_mul(share);
    let (ok, detail) = if is_full {
        (false, format!("waiting changes fill more than {share} % of their memory"))
    } else if gauges.stalled > Duration::from_secs(secs) {
        (false, format!("no change got there for more than {secs} s"))
    } else {
        (true, "keeping up".to_owned())
    };
    Check { name: "records", ok, detail }
}

fn disk(gauges: &Gauges, config: &Config) -> Check {
    let min = config.disk_free_min_bytes;
    let (ok, detail) = match gauges.room {
        None => (true, "this system does not tell".to_owned()),
        Some(room) if room.free < min => (false, format!("less than {min} bytes free")),
        Some(_) => (true, format!("at least {min} bytes free")),
    };
    Check { name: "disk", ok, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::gauges::Room;

    fn healthy() -> Gauges {
        Gauges {
            overlay_bytes_max: 1000,
            room: Some(Room { free: 1 << 40, total: 1 << 41 }),
            ..Gauges::default()
        }
    }

    /// The names and details of the checks that fail.
    #[track_caller]
    fn check(word: &'static str, gauges: &Gauges, want: &[(&str, &str)]) {
        let checks = checks(word, gauges, &Config::default());
        assert_eq!(checks.len(), 4);
        let failed: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
        let failed: Vec<_> =
            failed.iter().map(|check| (check.name, check.detail.as_str())).collect();
        assert_eq!(failed, want);
    }

    #[test]
    fn each_check_fails_alone() {
        check("ready", &healthy(), &[]);
        check("ready", &Gauges { room: None, ..healthy() }, &[]);
        check("ready", &Gauges::default(), &[]);
        check("stopping", &healthy(), &[("server", "stopping")]);
        check("starting", &healthy(), &[("server", "starting")]);
        let writing = |writing| Gauges { writing, ..healthy() };
        check("ready", &writing(Writing::Full), &[("journal", "no room left on the disk")]);
        let stopped = "stopped after a failed sync; restart the server";
        check("ready", &writing(Writing::Stopped), &[("journal", stopped)]);
        let overlay = |overlay_bytes| Gauges { overlay_bytes, ..healthy() };
        check("ready", &overlay(800), &[]);
        let full = "waiting changes fill more than 80 % of their memory";
        check("ready", &overlay(801), &[("records", full)]);
        let stalled = |secs| Gauges { stalled: Duration::from_secs(secs), ..healthy() };
        check("ready", &stalled(30), &[]);
        check("ready", &stalled(31), &[("records", "no change got there for more than 30 s")]);
        let room = |free| Gauges { room: Some(Room { free, total: 1 << 41 }), ..healthy() };
        check("ready", &room(256 << 20), &[]);
        let little = "less than 268435456 bytes free";
        check("ready", &room((256 << 20) - 1), &[("disk", little)]);
    }
}
