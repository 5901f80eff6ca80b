//! Changes that bring an idempotency key: done once, answered alike every time.
//!
//! The answer is written inside the transaction that makes the change and kept by it; what is sent the
//! first time is what was kept. A body is told again only to whoever holds all the rights that it was
//! written for.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use warp::http::{HeaderName, HeaderValue};

use super::answer::{Plain, Telling};
use crate::{
    error::Error,
    hash::{self, Digest},
    http::{
        Request, Response,
        limit::Pass,
        odata::{
            Asked, Feed,
            keys::{self, Mark},
        },
        respond,
    },
    model::Row,
    odata::service::Service,
    query::{
        Context, Rights, Source,
        once::{Answer, Effect, Kept, Once, Told, key},
    },
};

/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How long the answer may take to be written: all other changes wait for it.
const WRITING_MAX: Duration = Duration::from_millis(100);

/// Headers that decide what a change does; the others only say how it is told.
const DECIDING: [&str; 2] = ["if-match", "if-none-match"];

/// A change about to be made.
pub(super) struct Turn<S: Service> {
    feed: Arc<Feed<S>>,
    claim: Option<Claim>,
}

/// A key nobody else has a change under way with.
struct Claim {
    /// What the answer is kept under.
    key: String,
    fingerprint: Digest,
    /// What its client holds.
    scopes: String,
    mark: Mark,
    /// What a read of its client is let in by.
    pass: Option<Arc<Pass>>,
}

/// Claims the key of a request whose caller may do what it asks, and leaves its body to be read; a change
/// made before is answered at once. Costs nothing where there is no key.
///
/// # Errors
/// `InvalidHeader`, `IdempotencyKeyInUse`, `IdempotencyKeyReused`, `SecretAlreadyShown`,
/// `TooManyRequests`, and those of reading the body.
pub(super) async fn begin<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: &Asked<S::Caller>,
    request: &mut Request,
) -> Result<ControlFlow<Response, Turn<S>>, Error> {
    let turn = |claim| ControlFlow::Continue(Turn { feed: Arc::clone(feed), claim });
    let Some(given) = keys::given(&request.headers)? else { return Ok(turn(None)) };
    let who = feed.service.principal(&asked.caller);
    let who = who.ok_or_else(|| Error::NotImplemented { feature: format!("'{}'", keys::NAME) })?;
    let key = key(&who, given);
    let body = request.peek_body(feed.settings.body_bytes_max).await?;
    let fingerprint = fingerprint(request, &body);
    let mark = feed.keys.take(&key)?;
    let (looking, looked_up) = (Arc::clone(feed), key.clone());
    let kept = tokio::task::spawn_blocking(move || looking.service.kept(&looked_up)).await;
    match kept.unwrap_or_else(|error| Err(error.into()))? {
        None => {
            let pass = asked.pass.clone();
            let scopes = asked.caller.scopes();
            Ok(turn(Some(Claim { key, fingerprint, scopes, mark, pass })))
        }
        Some(kept) => replay(&kept, &fingerprint, &asked.caller).map(ControlFlow::Break),
    }
}

/// The answer once more, to whoever asks the same; without its body where that was written for rights
/// that the caller does not hold now.
fn replay(kept: &Kept, fingerprint: &Digest, caller: &dyn Rights) -> Result<Response, Error> {
    if kept.fingerprint != *fingerprint {
        return Err(Error::IdempotencyKeyReused);
    }
    match &kept.told {
        Told::Secret(id) => Err(Error::SecretAlreadyShown { id: *id }),
        Told::Answer(answer) => {
            let mut response = if answer.body.is_none() || kept.is_for(caller) {
                response(answer)
            } else {
                response(&quiet(answer))
            };
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
    }
}

/// No more of an answer than that the change was made, where, and which version that is.
fn quiet(answer: &Answer) -> Answer {
    let is_of_body = |name: &str| name.starts_with("content-") || name == "preference-applied";
    let headers = answer.headers.iter().filter(|(name, _)| !is_of_body(name)).cloned();
    Answer { status: 204, headers: headers.collect(), body: None }
}

/// Digest of everything that decides what the request does.
fn fingerprint(request: &Request, body: &[u8]) -> Digest {
    let mut digest = hash::Stream::default();
    let mut add = |part: &[u8]| {
        digest.add(&(part.len() as u64).to_le_bytes());
        digest.add(part);
    };
    add(request.method.as_str().as_bytes());
    add(request.path().as_bytes());
    add(request.query().unwrap_or_default().as_bytes());
    for name in DECIDING {
        let lines = request.headers.get_all(name);
        add(&lines.iter().count().to_le_bytes());
        lines.iter().for_each(|line| add(line.as_bytes()));
    }
    add(body);
    digest.finish()
}

/// A kept answer as it is sent.
fn response(answer: &Answer) -> Response {
    let mut response = respond::empty(answer.status);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            response.headers_mut().append(name, value);
        }
    }
    if let Some(body) = &answer.body {
        *response.body_mut() = body.clone().into();
    }
    response
}

impl<S: Service> Turn<S> {
    /// What makes the change, told by `telling` where the answer is to be kept; `before` is what changes,
    /// if it is there.
    pub(super) async fn hold(
        self,
        telling: Arc<impl Telling>,
        before: Option<&Row>,
    ) -> Result<Held<S>, Error> {
        let Self { feed, claim } = self;
        let Some(Claim { key, fingerprint, scopes, mark, pass }) = claim else {
            return Ok(Held { feed, once: None });
        };
        let is_short = match before {
            Some(row) => is_told_in_time(&feed, &telling, (row, pass)).await,
            None => true,
        };
        let slot = Slot::default();
        let (told, by) = (Arc::clone(&slot), Arc::clone(&feed));
        let answer = Arc::new(move |source: &dyn Source, effect: Effect<'_>| {
            let ctx = in_time(&by, source);
            let max = by.settings.kept_bytes_max;
            let plain = if is_short { told_in_full(&*telling, &ctx, (effect, max)) } else { None };
            let answer = answer(&plain.unwrap_or_else(|| telling.quiet(effect)));
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
            answer
        });
        let service = feed.service.once(Once { key, fingerprint, scopes, answer })?;
        Ok(Held { feed, once: Some(Keeping { service, slot, _mark: mark }) })
    }
}

fn in_time<'a, S: Service>(feed: &Feed<S>, source: &'a dyn Source) -> Context<'a> {
    let deadline = Instant::now().checked_add(WRITING_MAX);
    Context { source, now: feed.service.now(), deadline, it: None, found: None }
}

/// Whether all there is to tell can be told in time, tried on what is there before the change: whoever
/// asks for too much makes nobody wait, and the texts that will be told are at hand.
async fn is_told_in_time<S: Service>(
    feed: &Arc<Feed<S>>,
    telling: &Arc<impl Telling>,
    (row, pass): (&Row, Option<Arc<Pass>>),
) -> bool {
    let turn =
        if telling.is_costly() { feed.turn(pass.as_ref()).await.map(Some) } else { Ok(None) };
    let Ok(turn) = turn else { return false };
    let (feed, telling, row) = (Arc::clone(feed), Arc::clone(telling), row.clone());
    let tried = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let snapshot = feed.service.snapshot();
        // What was read from the disk the first time is at hand the second time.
        (0..2).any(|_| telling.told(&in_time(&feed, &*snapshot), Effect::Entity(&row)).is_ok())
    });
    tried.await.unwrap_or(false)
}

/// All there is to tell, unless that is too much or fails.
fn told_in_full(
    telling: &dyn Telling,
    ctx: &Context<'_>,
    (effect, bytes_max): (Effect<'_>, u64),
) -> Option<Plain> {
    match telling.told(ctx, effect) {
        Ok(plain) => {
            let fits = plain.body.as_ref().is_none_or(|body| body.len() as u64 <= bytes_max);
            fits.then_some(plain)
        }
        Err(error) => {
            tracing::warn!("a change was made, but not told: {error}");
            None
        }
    }
}

/// An answer to be kept; what cannot be kept as text is none of ours.
fn answer(plain: &Plain) -> Answer {
    let bare = || Answer { status: 204, headers: Vec::new(), body: None };
    plain.kept().unwrap_or_else(bare)
}

type Slot = Arc<Mutex<Option<Answer>>>;

/// What makes a change, once or as often as it is asked to.
pub(super) struct Held<S: Service> {
    feed: Arc<Feed<S>>,
    once: Option<Keeping<S>>,
}

/// A change whose answer is kept.
struct Keeping<S> {
    service: S,
    slot: Slot,
    _mark: Mark,
}

impl<S: Service> Held<S> {
    /// Where the change is made.
    pub(super) fn service(&self) -> &S {
        self.once.as_ref().map_or(&self.feed.service, |keeping| &keeping.service)
    }

    /// The answer that was kept with the change; none where none was.
    pub(super) fn answer(&self) -> Option<Response> {
        let slot = &self.once.as_ref()?.slot;
        slot.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(response)
    }
}

#[cfg(test)]
mod tests {
    use warp::http::Method;

    use super::*;
    use crate::{
        auth::Principal,
        config::Config,
        http::{App, request::fake},
        odata::{ast::QueryOptions, path},
    };

    fn request(address: &'static str, key: &str, body: &'static str) -> Request {
        fake::request(Method::POST, address, &[("idempotency-key", key)], &[body])
    }

    #[tokio::test]
    async fn a_key_is_in_use_until_its_change_is_over() {
        let app = App::in_memory(Config::default());
        let begin = async |caller: &Principal, mut request: Request| {
            let path = path::parse("/Tickets", &app.feed.settings.limits).unwrap();
            let (options, caller) = (QueryOptions::default(), caller.clone());
            let asked = Asked { path, options, root: "http://x/odata/".into(), caller, pass: None };
            begin(&app.feed, &asked, &mut request).await
        };
        let system = Principal::system();
        let first = begin(&system, request("/odata/Tickets", "a", "{}")).await.unwrap();
        let ControlFlow::Continue(turn) = first else { panic!("answered before it was asked") };
        for other in ["{}", "{\"Title\":\"x\"}"] {
            let again = begin(&system, request("/odata/Tickets", "a", other)).await;
            assert_eq!(again.err(), Some(Error::IdempotencyKeyInUse));
        }
        let token = Principal { token_id: Some(7), ..Principal::system() };
        for (caller, key) in [(&token, "a"), (&system, "b")] {
            assert!(begin(caller, request("/odata/Tickets", key, "{}")).await.is_ok(), "{key}");
        }
        // As when the client goes away.
        drop(turn);
        assert!(begin(&system, request("/odata/Tickets", "a", "{}")).await.is_ok());
    }

    #[test]
    fn everything_that_decides_what_a_request_does_is_in_its_fingerprint() {
        let of = |method: Method, address, headers: &[(&'static str, &str)], body: &str| {
            fingerprint(&fake::request(method, address, headers, &[]), body.as_bytes())
        };
        let (post, path) = (Method::POST, "/odata/Tickets");
        let one = of(post.clone(), path, &[], "{}");
        for (headers, is_same) in [
            (&[("accept", "application/json")][..], true),
            (&[("prefer", "return=minimal")], true),
            (&[("if-match", "*")], false),
            (&[("if-none-match", "*")], false),
        ] {
            assert_eq!(of(post.clone(), path, headers, "{}") == one, is_same, "{headers:?}");
        }
        for other in [
            of(Method::PUT, path, &[], "{}"),
            of(post.clone(), "/odata/Tickets?x", &[], "{}"),
            of(post.clone(), "/odata/Teams", &[], "{}"),
            of(post.clone(), path, &[], "{ }"),
        ] {
            assert_ne!(other, one);
        }
        let lines = [("if-match", "a"), ("if-match", "b")];
        let line = [("if-match", "a,b")];
        assert_ne!(of(post.clone(), path, &lines, ""), of(post, path, &line, ""));
    }

    /// Tells a body of so many bytes, or fails.
    struct Long(Result<usize, Error>);

    impl Telling for Long {
        fn told(&self, _: &Context<'_>, _: Effect<'_>) -> Result<Plain, Error> {
            let length = self.0.clone()?;
            Ok(Plain::json(200, "application/json", vec![b' '; length]))
        }

        fn quiet(&self, _: Effect<'_>) -> Plain {
            Plain::empty()
        }
    }

    #[test]
    fn what_is_too_long_or_cannot_be_told_is_not_told() {
        let app = App::in_memory(Config::default());
        let snapshot = app.feed.service.snapshot();
        let ctx = Context {
            source: &*snapshot,
            now: app.feed.service.now(),
            deadline: None,
            it: None,
            found: None,
        };
        for (told, is_told) in [(Ok(8), true), (Ok(9), false), (Err(Error::StorageFull), false)] {
            let plain = told_in_full(&Long(told.clone()), &ctx, (Effect::Nothing, 8));
            assert_eq!(plain.is_some(), is_told, "{told:?}");
        }
    }
}
