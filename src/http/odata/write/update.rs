//! `PATCH`, `PUT` and `DELETE` on an entity.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    REFUSED,
    answer::{Deed, Plain, Said, Telling},
    checker, context, current, json_body, once, precondition, reader, require, settle, target,
};
use crate::{
    error::Error,
    http::{
        Request, Response,
        odata::{Asked, Feed, negotiate},
        respond,
    },
    model::Tags,
    odata::{
        body::Purpose,
        check::{Place, Target},
        service::{Delete, Service, Update},
    },
    query::{Context, once::Effect},
};

/// How much of an entity a body tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it: `PUT`.
    Whole,
    /// What changes: `PATCH`.
    Part,
}

/// Changes an entity.
pub(super) async fn change<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
    kind: Kind,
) -> Result<Response, Error> {
    let (path, shape, json) = {
        let checker = checker(feed, &asked);
        let Target::Entity(path) = target(&checker, &asked)? else { return Err(REFUSED) };
        require(&asked.caller, feed.service.model().set(path.set).scopes.write)?;
        let shape = checker.entity(&path, &asked.options)?;
        (path, shape, negotiate::json(&request.headers, asked.options.format.as_deref())?)
    };
    let turn = match once::begin(feed, &asked, &mut request).await? {
        ControlFlow::Continue(turn) => turn,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let precondition = precondition(&request);
    let row = current(feed, &path, &precondition).map_err(|error| match error {
        Error::NotFound { what } if precondition.differs == Tags::Any => {
            Error::NotFound { what: format!("{what}, and only POST creates one") }
        }
        error => error,
    })?;
    let bytes = json_body(feed, &mut request).await?;
    let changes = {
        let checker = checker(feed, &asked);
        let body = reader(&checker, &asked).entity(&bytes, row.type_id, Purpose::Update)?;
        let snapshot = feed.service.snapshot();
        settle::changes(&checker, &context(feed, &*snapshot), &row, body)?
    };
    let key = row.key(feed.service.model());
    let replaces = kind == Kind::Whole;
    let update = Update { set: row.set, key, precondition, changes, replaces };
    let caller = asked.caller.clone();
    let said = Arc::new(Said {
        feed: Arc::clone(feed),
        of: (path.set, path.ty),
        shape,
        json,
        preferences: negotiate::preferences(&request.headers),
        before: Some(row),
        deed: Deed::Changed,
        asked,
    });
    let held = turn.hold(Arc::clone(&said), said.before.as_ref()).await?;
    let row = held.service().update(caller, update).await?;
    match held.answer() {
        Some(answer) => Ok(answer),
        None => Ok(said.respond(row).await),
    }
}

/// Deletes an entity.
pub(super) async fn delete<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
) -> Result<Response, Error> {
    let path = {
        let checker = checker(feed, &asked);
        let Target::Entity(path) = target(&checker, &asked)? else { return Err(REFUSED) };
        require(&asked.caller, feed.service.model().set(path.set).scopes.delete)?;
        checker.only_options(&asked.options, Place::Other)?;
        path
    };
    let turn = match once::begin(feed, &asked, &mut request).await? {
        ControlFlow::Continue(turn) => turn,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let precondition = precondition(&request);
    let row = current(feed, &path, &precondition)?;
    let key = row.key(feed.service.model());
    let delete = Delete { set: row.set, key, precondition };
    let held = turn.hold(Arc::new(Gone), None).await?;
    held.service().delete(asked.caller, delete).await?;
    Ok(held.answer().unwrap_or_else(|| respond::empty(204)))
}

/// What is told of an entity that is no more.
struct Gone;

impl Telling for Gone {
    fn told(&self, _: &Context<'_>, effect: Effect<'_>) -> Result<Plain, Error> {
        Ok(self.quiet(effect))
    }

    fn quiet(&self, _: Effect<'_>) -> Plain {
        Plain::empty()
    }
}
