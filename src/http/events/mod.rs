//! `/events`: what changes, told while it happens, to who may read it.
//!
//! Server-sent events that name entities, never what is in them: whoever wants that reads the feed. Numbers are those
//! of transactions, so a stream that broke off goes on where it was. Knows no rule of the helpdesk but who sees what.

mod hub;
mod room;
mod stream;
mod told;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use warp::{
    Reply,
    http::{HeaderValue, header},
};

pub use self::hub::Hub;
use self::{
    room::Room,
    stream::{Reader, begin},
};
use super::{
    App, Manner, Request, Response, credentials, cross_site, limit,
    limit::{Ask, Known},
    odata::Gate,
    respond,
};
use crate::{config::Config, desk::Desk, error::Error, odata::Limits, store::Seq};

/// Says after which transaction to begin; browsers send it when they come back.
const LAST_EVENT_ID: &str = "last-event-id";
/// The same as an option, for who opens a stream anew.
const AFTER: &str = "after";
/// After how many seconds the stream is to end.
const FOR_SECS: &str = "for_secs";
/// The longest that may be asked for.
const FOR_SECS_MAX: u64 = 86_400;

/// The streams of a server.
pub struct Events {
    hub: Arc<Hub>,
    room: Arc<Room>,
}

impl Events {
    /// Nobody listens yet.
    #[must_use]
    pub fn new(config: &Config, desk: &Desk) -> Self {
        let places = |setting: u64| usize::try_from(setting).unwrap_or(usize::MAX);
        let hub = Hub::new(Arc::clone(desk.store()), desk.model());
        let (all, each) = (config.event_streams_max, config.event_streams_per_client);
        Self { hub, room: Room::new(places(all), places(each)) }
    }
}

/// Answers `GET /events`. `HEAD` comes as `GET`.
pub async fn answer(app: &Arc<App>, request: Request) -> Response {
    let manner = Manner::of(&request.headers);
    let mut known = Known::default();
    let answered = respond_to(app, request, &mut known).await;
    let mut response = answered.unwrap_or_else(|error| respond::error(&error, manner));
    // A stream is no request that runs: those of its client have their own limit.
    known.pass = None;
    known.put(&mut response);
    response
}

async fn respond_to(
    app: &Arc<App>,
    request: Request,
    known: &mut Known,
) -> Result<Response, Error> {
    request.only_get()?;
    cross_site::only_ours(&request, app.config.public_url.as_ref())?;
    let presented = credentials::presented(&request)?;
    let service = app.feed.service();
    let caller = service.caller(&presented.visit(&request))?;
    known.name = service.log_name(&caller);
    let client = service.client(&caller);
    app.feed.limiter().admit(client, Ask::Counted, known).await?;
    let (after, for_secs) = asked(&request)?;
    let place = app.events.room.take(client.map(limit::Client::who))?;
    let listener = app.events.hub.join();
    let reader = Reader {
        app: Arc::clone(app),
        caller,
        known: after.unwrap_or_else(|| listener.now()),
        listener,
        until: for_secs.and_then(|secs| Instant::now().checked_add(Duration::from_secs(secs))),
        place,
    };
    let mut response = warp::reply::stream(begin(reader)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // For a proxy that would else gather an answer before it hands it on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// After which transaction the stream is to begin, and for how long it is wanted.
fn asked(request: &Request) -> Result<(Option<Seq>, Option<u64>), Error> {
    let number = |name: &'static str, text: &str, most: u64| {
        let reason = || format!("'{text}' is no whole number from 0 to {most}");
        let number = text.parse::<u64>().ok().filter(|number| *number <= most);
        number.ok_or_else(|| Error::InvalidOption { option: name.into(), reason: reason() })
    };
    let (mut after, mut for_secs) = (None, None);
    for option in request.query().unwrap_or_default().split('&').filter(|it| !it.is_empty()) {
        match option.split_once('=').unwrap_or((option, "")) {
            (AFTER, text) => after = Some(number(AFTER, text, Seq::MAX)?),
            (FOR_SECS, text) => for_secs = Some(number(FOR_SECS, text, FOR_SECS_MAX)?),
            (name, _) => {
                let suggestion = crate::error::nearest(name, [AFTER, FOR_SECS]);
                return Err(Error::UnknownOption { name: name.to_owned(), suggestion });
            }
        }
    }
    if let Some(text) = request.header(LAST_EVENT_ID).filter(|text| !text.is_empty()) {
        let reason = "it must be the number of an event of this stream".to_owned();
        let number = text.parse().ok();
        after = Some(number.ok_or(Error::InvalidHeader { name: "Last-Event-ID", reason })?);
    }
    Ok((after, for_secs))
}

fn limits(app: &App) -> Limits {
    super::limits(&app.config)
}

#[cfg(test)]
mod tests {
    use warp::http::Method;

    use super::*;
    use crate::http::request::fake;

    #[track_caller]
    fn check(address: &str, last: Option<&str>, want: Result<(Option<Seq>, Option<u64>), &str>) {
        let headers: Vec<(&'static str, &str)> =
            last.map(|id| (LAST_EVENT_ID, id)).into_iter().collect();
        let got = asked(&fake::request(Method::GET, address, &headers, &[]));
        assert_eq!(
            got.map_err(|error| error.to_string()),
            want.map_err(str::to_owned),
            "{address}"
        );
    }

    #[test]
    fn a_stream_begins_where_it_is_asked_to() {
        check("/events", None, Ok((None, None)));
        check("/events?after=7", None, Ok((Some(7), None)));
        check("/events?after=7&for_secs=0", Some("9"), Ok((Some(9), Some(0))));
        check("/events", Some(""), Ok((None, None)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let number = "'x' is no whole number from 0 to 86400";
        check("/events?for_secs=x", None, Err(&format!("for_secs cannot be used: {number}")));
        let name = "it must be the number of an event of this stream";
        check("/events", Some("x"), Err(&format!("header Last-Event-ID cannot be used: {name}")));
        let got = asked(&fake::request(Method::GET, "/events?befor=1", &[], &[])).unwrap_err();
        assert_eq!(got.code(), "UnknownQueryOption");
    }
}
