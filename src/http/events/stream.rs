//! One stream of events: what its reader may know of what happens, until they leave, may no longer read or the
//! server ends.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use warp::Stream;

use super::{
    hub::{Listener, News},
    room::Place,
    told::{self, Happened, Kind, merge},
};
use crate::{
    auth::Principal,
    error::Error,
    http::App,
    odata::{check::Checker, service::Service},
    query::{self, Context as Asking, Var},
    store::Seq,
};

/// From one event of a stream to the next at least: what happens meanwhile comes together.
const PACE: Duration = Duration::from_millis(200);
/// How often a stream says something where nothing happens, so that nobody takes it for broken.
const BEAT: Duration = Duration::from_secs(15);
/// How long an event waits for its reader to take the one before; a slower one is cut off.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a browser waits before it comes back, milliseconds.
const RETRY_MILLIS: u64 = 1500;

/// What one stream needs.
pub(super) struct Reader {
    pub(super) app: Arc<App>,
    pub(super) caller: Principal,
    pub(super) listener: Listener,
    /// The transaction after which it begins.
    pub(super) known: Seq,
    /// When it ends.
    pub(super) until: Option<Instant>,
    pub(super) place: Place,
}

/// The body of the answer.
pub(super) struct Events(mpsc::Receiver<Bytes>);

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

/// Why a stream ends.
enum End {
    /// The reader left or is too slow, the server ends, or its time is up.
    Over,
    /// The reader may no longer read.
    Refused(Error),
}

/// Begins a stream; call it within a runtime.
pub(super) fn begin(reader: Reader) -> Events {
    let (out, events) = mpsc::channel(1);
    tokio::spawn(reader.run(Out(out)));
    Events(events)
}

/// Where events go.
struct Out(mpsc::Sender<Bytes>);

impl Out {
    async fn send(&self, text: String) -> Result<(), End> {
        self.0.send_timeout(text.into(), PATIENCE).await.map_err(|_| End::Over)
    }
}

impl Reader {
    async fn run(mut self, out: Out) {
        let ended = self.tell(&out).await;
        if let Err(End::Refused(error)) = ended {
            let told = json!({ "Code": error.code(), "Message": error.to_string() });
            let _ = out.send(told::written("end", None, &told)).await;
        }
        drop(self.place);
    }

    async fn tell(&mut self, out: &Out) -> Result<(), End> {
        out.send(format!("retry: {RETRY_MILLIS}\nid: {}\n\n", self.known)).await?;
        loop {
            // Rights may end by a change that is told next, or by time alone.
            self.caller =
                self.app.feed.service().desk().still(&self.caller).map_err(End::Refused)?;
            let newest = self.listener.now();
            let before = self.known;
            self.tell_news(out).await?;
            if self.known >= newest && self.until.is_some_and(|until| until <= Instant::now()) {
                return Ok(());
            }
            if self.known == before {
                self.wait(out).await?;
            } else {
                self.pause(out, sleep(PACE)).await?;
            }
        }
    }

    /// Tells what happened, if anything that the reader may know of.
    async fn tell_news(&mut self, out: &Out) -> Result<(), End> {
        let news = match self.until {
            None => self.listener.after(self.known).await,
            // Who goes when all is told must not miss the last of it.
            Some(_) => self.listener.up_to_now(self.known).await,
        };
        match news {
            News::Lost(newest) => {
                self.known = newest;
                out.send(told::written("reset", Some(newest), &json!({}))).await
            }
            News::Told(all) => {
                let Some(last) = all.last() else { return Ok(()) };
                self.known = last.seq;
                let happened = all.iter().flat_map(|told| told.happened.iter().cloned());
                let seen = self.seen(merge(happened)).map_err(End::Refused)?;
                if seen.is_empty() {
                    return Ok(());
                }
                let model = self.app.feed.service().model();
                out.send(told::event(model, &seen, self.known)).await
            }
        }
    }

    /// Those of which the reader may know now. Of what is gone and was not for everybody nothing is told.
    fn seen(&self, mut happened: Vec<Happened>) -> Result<Vec<Happened>, Error> {
        let service = self.app.feed.service();
        let checker = Checker::new(service.model(), &self.caller, super::limits(&self.app));
        let source = service.snapshot();
        let asking =
            Asking { source: &*source, now: service.now(), it: None, found: None, deadline: None };
        let mut failed = None;
        happened.retain(|Happened { set, key, kind, .. }| {
            checker.is_readable(*set)
                && checker.guard(*set, Var(0)).is_none_or(|guard| {
                    let row = source.row(*set, key).filter(|_| *kind != Kind::Deleted);
                    row.is_some_and(|row| {
                        query::matches(Some(&guard), &row, &asking).unwrap_or_else(|error| {
                            failed = Some(error);
                            false
                        })
                    })
                })
        });
        failed.map_or(Ok(happened), Err)
    }

    /// Waits until something happened, saying now and then that there is nothing.
    async fn wait(&mut self, out: &Out) -> Result<(), End> {
        let known = self.known;
        let until = self.until.unwrap_or_else(|| Instant::now() + 2 * BEAT);
        let is_silent = tokio::select! {
            () = self.listener.wait(known) => false,
            () = sleep_until(until) => false,
            () = sleep(BEAT) => true,
            () = out.0.closed() => return Err(End::Over),
            () = self.app.health.draining() => return Err(End::Over),
        };
        // The number lets who comes back later begin behind what was not for them.
        if is_silent { out.send(format!(":\nid: {known}\n\n")).await } else { Ok(()) }
    }

    async fn pause(&self, out: &Out, pause: impl Future<Output = ()>) -> Result<(), End> {
        tokio::select! {
            () = pause => Ok(()),
            () = out.0.closed() => Err(End::Over),
            () = self.app.health.draining() => Err(End::Over),
        }
    }
}
