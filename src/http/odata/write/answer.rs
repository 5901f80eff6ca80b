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
    odata::{check::Checker, context::Addresses, json::Writer, service::Service},
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

/// An answer that was written, or not.
#[derive(Default)]
struct Written {
    body: Option<Vec<u8>>,
    omits_nulls: bool,
    tag: Option<String>,
}

impl<S: Service> Said<S> {
    /// The entity after the change, or nothing where the client prefers that or may not read it.
    pub(super) async fn respond(self, row: Row) -> Result<Response, Error> {
        let preferences = self.preferences.clone();
        let (deed, content_type) = (self.deed, self.json.content_type.clone());
        let id = Addresses { model: self.feed.service.model(), root: &self.asked.root }.id(&row);
        let is_quiet = preferences.answer == Some(Answer::Minimal) || !self.is_seen(&row)?;
        let written = if is_quiet { self.unsaid(&row) } else { self.body(row).await? };
        let Written { body, omits_nulls, tag } = written;
        let status = match deed {
            Deed::Created => 201,
            Deed::Changed => 200,
        };
        let is_told = body.is_some();
        let mut response = match body {
            Some(body) => json(status, &content_type, body),
            None => respond::empty(204),
        };
        if omits_nulls {
            preferences.put_applied(&mut response, Preference::OmitValues);
        }
        if preferences.answer.is_some_and(|answer| (answer == Answer::Representation) == is_told) {
            preferences.put_applied(&mut response, Preference::Answer);
        }
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&id) {
            if deed == Deed::Created {
                headers.insert(header::LOCATION, id.clone());
            }
            if deed == Deed::Created || !is_told {
                headers.insert("odata-entityid", id);
            }
        }
        put_etag(&mut response, tag.as_deref());
        Ok(response)
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

    /// No body, but the entity tag.
    fn unsaid(&self, row: &Row) -> Written {
        let checker = checker(&self.feed, &self.asked);
        let snapshot = self.feed.service.snapshot();
        let tag = self.writer(&checker, context(&self.feed, &*snapshot)).etag(row);
        Written { tag, ..Written::default() }
    }

    /// The body and the entity tag.
    fn written(mut self, row: &Row) -> Result<Written, Error> {
        let snapshot = self.feed.service.snapshot();
        let ctx = context(&self.feed, &*snapshot);
        if let Some(before) = &self.before
            && self.json.format.omits_nulls
        {
            self.json.format.omits_nulls = !has_new_nulls(&ctx, before, row)?;
        }
        let checker = checker(&self.feed, &self.asked);
        let writer = self.writer(&checker, ctx);
        let body = Some(writer.entity(self.of, &self.shape, row)?);
        Ok(Written { body, omits_nulls: self.json.format.omits_nulls, tag: writer.etag(row) })
    }

    fn writer<'a>(&'a self, checker: &'a Checker<'a>, ctx: Context<'a>) -> Writer<'a> {
        let addresses = Addresses { model: self.feed.service.model(), root: &self.asked.root };
        Writer { ctx, checker, addresses, format: self.json.format }
    }

    /// The body and the entity tag, written on a thread that may wait for the disk. `None` where it
    /// took too long: the change is made all the same, and a client told otherwise would make it again.
    async fn body(self, row: Row) -> Result<Written, Error> {
        let unsaid = self.unsaid(&row);
        // Expanded entities cost what a read of them costs.
        let turn = if self.shape.expand.is_empty() {
            None
        } else {
            match self.feed.turn().await {
                Ok(turn) => Some(turn),
                Err(Error::Overloaded { .. }) => return Ok(unsaid),
                Err(error) => return Err(error),
            }
        };
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            match self.written(&row) {
                Err(Error::Overloaded { .. }) => Ok(unsaid),
                written => written,
            }
        });
        work.await.unwrap_or_else(|error| Err(Error::internal(&error)))
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
