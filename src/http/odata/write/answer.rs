//! What a change is answered with: the entity as it is now, or only where it is.

use std::sync::Arc;

use bytes::Bytes;
use warp::http::{HeaderValue, header};

use super::{checker, context};
use crate::{
    error::Error,
    http::{
        Response,
        odata::{
            Asked, Feed,
            negotiate::{self, Answer, Preference, Preferences},
            read::brief,
        },
        respond,
    },
    model::{Row, SetId, StructId},
    odata::{
        context::Addresses,
        json::{Pieces, Text, Writer},
        service::Service,
    },
    query::{
        Context, Shape, Var, matches,
        once::{self, Effect},
        value,
    },
};

/// What happened to the entity that is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It is new.
    Created,
    /// It was there.
    Changed,
}

/// How a change is answered.
pub(super) struct Said<S: Service> {
    pub(super) feed: Arc<Feed<S>>,
    pub(super) asked: Asked<S::Caller>,
    /// The set the entity is in, and the type it is declared to be.
    pub(super) of: (SetId, StructId),
    pub(super) shape: Shape,
    pub(super) json: negotiate::JsonType,
    pub(super) preferences: Preferences,
    /// What the entity was, where the change is one of its properties.
    pub(super) before: Option<Row>,
    pub(super) deed: Deed,
}

/// What is told of a change.
#[derive(Clone, Default)]
pub(super) struct Told {
    /// What it made; none is 204.
    pub(super) body: Option<Vec<u8>>,
    /// Whether that is all there is to tell.
    pub(super) is_whole: bool,
    pub(super) omits_nulls: bool,
    pub(super) tag: Option<String>,
}

impl Told {
    /// No more than which version it is now.
    pub(super) fn quiet<S: Service>(feed: &Feed<S>, row: &Row) -> Self {
        Self { tag: row.etag(feed.service.model()), ..Self::default() }
    }

    /// The answer, with what was done of the preferences.
    pub(super) fn plain(self, status: u16, content_type: &str, preferences: &Preferences) -> Plain {
        let mut plain = match self.body {
            Some(body) => Plain::json(status, content_type, body),
            None => Plain::empty(),
        };
        if self.omits_nulls {
            preferences.put_applied(&mut plain.head, Preference::OmitValues);
        }
        let is_whole = |answer| (answer == Answer::Representation) == self.is_whole;
        if preferences.answer.is_some_and(is_whole) {
            preferences.put_applied(&mut plain.head, Preference::Answer);
        }
        put_etag(&mut plain.head, self.tag.as_deref());
        plain
    }
}

/// An answer whose body is at hand.
pub(super) struct Plain {
    /// All but the body.
    pub(super) head: Response,
    pub(super) body: Option<Bytes>,
}

impl Plain {
    /// 204.
    pub(super) fn empty() -> Self {
        Self { head: respond::empty(204), body: None }
    }

    pub(super) fn json(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { head: json(status, content_type, Vec::new()), body: Some(body.into()) }
    }

    /// The answer as it is sent.
    pub(super) fn respond(self) -> Response {
        let mut response = self.head;
        if let Some(body) = self.body {
            *response.body_mut() = body.into();
        }
        response
    }

    /// The answer as it is kept; none where it is no text.
    pub(super) fn kept(&self) -> Option<once::Answer> {
        let body = self.body.as_ref().map(|body| std::str::from_utf8(body).map(ToOwned::to_owned));
        let text = |value: &HeaderValue| value.to_str().map(ToOwned::to_owned).ok();
        let headers = self.head.headers().iter();
        let headers = headers.map(|(name, value)| Some((name.to_string(), text(value)?)));
        Some(once::Answer {
            status: self.head.status().as_u16(),
            headers: headers.collect::<Option<_>>()?,
            body: body.transpose().ok()?,
        })
    }
}

/// How a change is told while nothing else can change.
pub(super) trait Telling: Send + Sync + 'static {
    /// All there is to tell.
    fn told(&self, ctx: &Context<'_>, effect: Effect<'_>) -> Result<Plain, Error>;

    /// No more than that it was made.
    fn quiet(&self, effect: Effect<'_>) -> Plain;

    /// Whether telling all takes as much as a read.
    fn is_costly(&self) -> bool {
        false
    }
}

/// What `write` tells of a change that is made, on a thread that may wait for the disk. Where it fails,
/// `quiet` is told: a client that hears of an error would make the change again.
pub(super) async fn tell(
    quiet: Told,
    write: impl FnOnce() -> Result<Told, Error> + Send + 'static,
) -> Told {
    let work = tokio::task::spawn_blocking(write);
    or_quiet(work.await.unwrap_or_else(|error| Err(error.into())), quiet)
}

fn or_quiet(told: Result<Told, Error>, quiet: Told) -> Told {
    told.unwrap_or_else(|error| {
        tracing::warn!("a change was made, but not told: {error}");
        quiet
    })
}

impl<S: Service> Said<S> {
    /// The entity after the change, or nothing where the client prefers that or may not read it.
    pub(super) async fn respond(self: Arc<Self>, row: Row) -> Response {
        let quiet = Told::quiet(&self.feed, &row);
        let told =
            if self.is_quiet() { quiet } else { Arc::clone(&self).tell(quiet, row.clone()).await };
        self.plain(told, &row).respond()
    }

    fn is_quiet(&self) -> bool {
        self.preferences.answer == Some(Answer::Minimal)
    }

    /// The answer that tells so much.
    fn plain(&self, told: Told, row: &Row) -> Plain {
        let status = match self.deed {
            Deed::Created => 201,
            Deed::Changed => 200,
        };
        let is_told = told.is_whole;
        let mut plain = told.plain(status, &self.json.content_type, &self.preferences);
        let id = Addresses { model: self.feed.service.model(), root: &self.asked.root }.id(row);
        let headers = plain.head.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&id) {
            if self.deed == Deed::Created {
                headers.insert(header::LOCATION, id.clone());
            }
            if self.deed == Deed::Created || !is_told {
                headers.insert("odata-entityid", id);
            }
        }
        plain
    }

    /// The body and the entity tag; `quiet` where the caller may not read the entity, or it fails.
    async fn tell(self: Arc<Self>, quiet: Told, row: Row) -> Told {
        let now = |row: &Row| {
            let snapshot = self.feed.service.snapshot();
            self.seen(&context(&self.feed, &*snapshot), row)
        };
        // One entity by itself is little work: to hand it over would be more.
        if self.shape.expand.is_empty()
            && self.shape.computed.is_empty()
            && let Some(told) = brief::here(&self.feed, || now(&row))
        {
            return or_quiet(told, quiet);
        }
        // Expanded entities cost what a read of them costs.
        let turn = if self.shape.expand.is_empty() {
            None
        } else {
            match self.feed.turn(self.asked.pass.as_ref()).await {
                Ok(turn) => Some(turn),
                Err(error) => return tell(quiet, move || Err(error)).await,
            }
        };
        tell(quiet, move || {
            let _turn = turn;
            let snapshot = self.feed.service.snapshot();
            self.seen(&context(&self.feed, &*snapshot), &row)
        })
        .await
    }

    /// As much as the caller may read of what the change made.
    fn seen(&self, ctx: &Context<'_>, row: &Row) -> Result<Told, Error> {
        let checker = checker(&self.feed, &self.asked);
        let guard = checker.guard(row.set, Var(0));
        if checker.is_readable(row.set) && matches(guard.as_ref(), row, ctx)? {
            self.written(ctx, row)
        } else {
            Ok(Told::quiet(&self.feed, row))
        }
    }

    /// The body and the entity tag.
    fn written(&self, ctx: &Context<'_>, row: &Row) -> Result<Told, Error> {
        let mut format = self.json.format;
        if let Some(before) = &self.before
            && format.omits_nulls
        {
            format.omits_nulls = !has_new_nulls(ctx, before, row)?;
        }
        let checker = checker(&self.feed, &self.asked);
        let addresses = Addresses { model: self.feed.service.model(), root: &self.asked.root };
        let key = self.feed.service.signing_key();
        let onward = self.feed.onward(&self.asked, &key);
        let tools = &self.feed.tools;
        let writer = Writer { ctx: *ctx, checker: &checker, addresses, format, onward, tools };
        let pieces = Pieces::entity(self.of, self.shape.clone(), row.clone());
        let body = Some(pieces.whole(&writer)?);
        let tag = writer.etag(row);
        Ok(Told { body, is_whole: true, omits_nulls: format.omits_nulls, tag })
    }
}

impl<S: Service> Telling for Said<S> {
    fn told(&self, ctx: &Context<'_>, effect: Effect<'_>) -> Result<Plain, Error> {
        match effect {
            Effect::Entity(row) if !self.is_quiet() => Ok(self.plain(self.seen(ctx, row)?, row)),
            Effect::Entity(_) | Effect::Nothing | Effect::Value(_) | Effect::Secret(_) => {
                Ok(self.quiet(effect))
            }
        }
    }

    fn quiet(&self, effect: Effect<'_>) -> Plain {
        match effect {
            Effect::Entity(row) => self.plain(Told::quiet(&self.feed, row), row),
            Effect::Nothing | Effect::Value(_) | Effect::Secret(_) => Plain::empty(),
        }
    }

    fn is_costly(&self) -> bool {
        !self.shape.expand.is_empty() && !self.is_quiet()
    }
}

/// Whether a change made something null: what it changed may not be left out of its answer.
///
/// Source: OData 4.01 Part 1, 8.2.8.6.
fn has_new_nulls(ctx: &Context<'_>, before: &Row, after: &Row) -> Result<bool, Error> {
    for (prop, _) in ctx.structure(after).props() {
        if value(ctx, after, prop)?.is_null() && !value(ctx, before, prop)?.is_null() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A JSON answer with the parameters that were agreed on.
pub(in crate::http::odata) fn json(status: u16, content_type: &str, body: Vec<u8>) -> Response {
    let mut response = respond::json(status, body);
    respond::set_type(&mut response, content_type);
    response
}

/// Names the version an answer shows.
pub(in crate::http::odata) fn put_etag(response: &mut Response, tag: Option<&str>) {
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}
