//! `POST` to an action of an entity.
//!
//! Source: OData 4.01 Part 1, 11.5.5.

use std::sync::Arc;

use super::{
    REFUSED,
    answer::{Deed, Said},
    checker, current, precondition, reader, require, some_entity, target,
};
use crate::{
    error::Error,
    http::{
        Request, Response,
        odata::{Asked, Feed, negotiate},
        respond,
    },
    odata::{
        check::{Place, Target},
        service::{Act, Service},
    },
};

/// Does an action to an entity.
pub(super) async fn post<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
) -> Result<Response, Error> {
    let model = feed.service.model();
    let (path, returns, json) = {
        let checker = checker(feed, &asked);
        let Target::Action(path) = target(&checker, &asked)? else { return Err(REFUSED) };
        let action = model.action(path.action);
        require(&asked.caller, Some(action.scope))?;
        let returns = match action.returns.and_then(|name| model.find_set(name)) {
            Some(set) if checker.is_readable(set) => {
                let of = (set, model.set(set).ty);
                Some((of, checker.entity(&some_entity(of), &asked.options)?))
            }
            Some(_) | None => {
                checker.only_options(&asked.options, Place::Other)?;
                None
            }
        };
        (path, returns, negotiate::json(&request.headers, asked.options.format.as_deref())?)
    };
    let precondition = precondition(&request);
    let row = current(feed, &path.entity, &precondition)?;
    let bytes = request.body_bytes(feed.settings.body_bytes_max).await?;
    if !bytes.is_empty() {
        negotiate::body_type(&request.headers, &bytes)?;
    }
    let given = {
        let checker = checker(feed, &asked);
        reader(&checker, &asked).parameters(&bytes, model.action(path.action))?
    };
    let key = row.key(model);
    let act = Act { action: path.action, set: row.set, key, precondition, given };
    let done = feed.service.act(asked.caller.clone(), act).await?;
    let (Some(row), Some((of, shape))) = (done, returns) else { return Ok(respond::empty(204)) };
    let said = Said {
        feed: Arc::clone(feed),
        of,
        shape,
        json,
        preferences: negotiate::preferences(&request.headers),
        before: None,
        deed: Deed::Changed,
        asked,
    };
    Ok(said.respond(row).await)
}
