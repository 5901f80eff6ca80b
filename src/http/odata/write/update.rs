//! `PATCH`, `PUT` and `DELETE` on an entity.

use std::sync::Arc;

use super::{
    REFUSED,
    answer::{Deed, Said},
    checker, context, current, json_body, precondition, reader, require, settle, target,
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
    let before = row;
    let row = feed.service.update(asked.caller.clone(), update).await?;
    let said = Said {
        feed: Arc::clone(feed),
        of: (path.set, path.ty),
        shape,
        json,
        preferences: negotiate::preferences(&request.headers),
        before: Some(before),
        deed: Deed::Changed,
        asked,
    };
    Ok(said.respond(row).await)
}

/// Deletes an entity.
pub(super) async fn delete<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    request: Request,
) -> Result<Response, Error> {
    let path = {
        let checker = checker(feed, &asked);
        let Target::Entity(path) = target(&checker, &asked)? else { return Err(REFUSED) };
        require(&asked.caller, feed.service.model().set(path.set).scopes.delete)?;
        checker.only_options(&asked.options, Place::Other)?;
        path
    };
    let precondition = precondition(&request);
    let row = current(feed, &path, &precondition)?;
    let key = row.key(feed.service.model());
    let delete = Delete { set: row.set, key, precondition };
    feed.service.delete(asked.caller, delete).await?;
    Ok(respond::empty(204))
}
