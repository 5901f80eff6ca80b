//! What a change is answered with: the entity as it is now, or only where it is.

use std::sync::Arc;

use warp::http::{HeaderValue, header};

use super::{checker, context};
use crate::{
    error::Error,
    http::{
        Response,
        odata::{
            Asked, Feed,
            negotiate::{self, Answer, Preference, Preferences},
        },
        respond,
    },
    model::{Row, SetId, StructId},
    odata::{context::Addresses, json::Writer, service::Service},
    query::{Context, Shape, Var, matches, value},
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
    pub(super) fn respond(
        self,
        status: u16,
        content_type: &str,
        preferences: &Preferences,
    ) -> Response {
        let mut response = match self.body {
            Some(body) => json(status, content_type, body),
            None => respond::empty(204),
        };
        if self.omits_nulls {
            preferences.put_applied(&mut response, Preference::OmitValues);
        }
        let is_whole = |answer| (answer == Answer::Representation) == self.is_whole;
        if preferences.answer.is_some_and(is_whole) {
            preferences.put_applied(&mut response, Preference::Answer);
        }
        put_etag(&mut response, self.tag.as_deref());
        response
    }
}

/// What `write` tells of a change that is made, on a thread that may wait for the disk. Where it fails,
/// `quiet` is told: a client that hears of an error would make the change again.
pub(super) async fn tell(
    quiet: Told,
    write: impl FnOnce() -> Result<Told, Error> + Send + 'static,
) -> Told {
    let work = tokio::task::spawn_blocking(write);
    work.await.unwrap_or_else(|error| Err(error.into())).unwrap_or_else(|error| {
        tracing::warn!("a change was made, but not told: {error}");
        quiet
    })
}

impl<S: Service> Said<S> {
    /// The entity after the change, or nothing where the client prefers that or may not read it.
    pub(super) async fn respond(self, row: Row) -> Response {
        let (preferences, deed) = (self.preferences.clone(), self.deed);
        let content_type = self.json.content_type.clone();
        let id = Addresses { model: self.feed.service.model(), root: &self.asked.root }.id(&row);
        let quiet = Told::quiet(&self.feed, &row);
        let is_quiet = preferences.answer == Some(Answer::Minimal);
        let told = if is_quiet { quiet } else { self.told(quiet, row).await };
        let status = match deed {
            Deed::Created => 201,
            Deed::Changed => 200,
        };
        let is_told = told.is_whole;
        let mut response = told.respond(status, &content_type, &preferences);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&id) {
            if deed == Deed::Created {
                headers.insert(header::LOCATION, id.clone());
            }
            if deed == Deed::Created || !is_told {
                headers.insert("odata-entityid", id);
            }
        }
        response
    }

    /// The body and the entity tag; `quiet` where the caller may not read the entity, or it fails.
    async fn told(self, quiet: Told, row: Row) -> Told {
        // Expanded entities cost what a read of them costs.
        let turn = if self.shape.expand.is_empty() {
            None
        } else {
            match self.feed.turn().await {
                Ok(turn) => Some(turn),
                Err(error) => return tell(quiet, move || Err(error)).await,
            }
        };
        let unread = quiet.clone();
        tell(quiet, move || {
            let _turn = turn;
            if self.is_seen(&row)? { self.written(&row) } else { Ok(unread) }
        })
        .await
    }

    /// Whether the caller may read what the change made.
    fn is_seen(&self, row: &Row) -> Result<bool, Error> {
        let checker = checker(&self.feed, &self.asked);
        if !checker.is_readable(row.set) {
            return Ok(false);
        }
        let snapshot = self.feed.service.snapshot();
        let guard = checker.guard(row.set, Var(0));
        matches(guard.as_ref(), row, &context(&self.feed, &*snapshot))
    }

    /// The body and the entity tag.
    fn written(mut self, row: &Row) -> Result<Told, Error> {
        let snapshot = self.feed.service.snapshot();
        let ctx = context(&self.feed, &*snapshot);
        if let Some(before) = &self.before
            && self.json.format.omits_nulls
        {
            self.json.format.omits_nulls = !has_new_nulls(&ctx, before, row)?;
        }
        let checker = checker(&self.feed, &self.asked);
        let addresses = Addresses { model: self.feed.service.model(), root: &self.asked.root };
        let format = self.json.format;
        let writer = Writer { ctx, checker: &checker, addresses, format };
        let body = Some(writer.entity(self.of, &self.shape, row)?);
        let tag = writer.etag(row);
        Ok(Told { body, is_whole: true, omits_nulls: format.omits_nulls, tag })
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
