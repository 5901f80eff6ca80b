//! `POST` to an action of an entity or of a set.
//!
//! Source: OData 4.01 Part 1, 11.5.5.

use std::sync::Arc;

use warp::http::{HeaderValue, header};

use super::{
    REFUSED,
    answer::{Deed, Said, json},
    checker, context, current, precondition, reader, require, some_entity, target,
};
use crate::{
    error::Error,
    http::{
        Request, Response,
        odata::{
            Asked, Feed,
            negotiate::{self, Preference},
        },
        respond,
    },
    model::{Complex, Precondition, Returns, SetId, StructId},
    odata::{
        check::{ActionPath, Bound, Checker, Place, Target},
        context::Addresses,
        json::Writer,
        service::{Act, Outcome, Service},
    },
    query::Shape,
};

/// How the answer is to look.
enum Wanted {
    Nothing,
    Entity((SetId, StructId), Shape),
    Complex(StructId),
}

/// Does an action; `open` is where the path leads for anybody.
pub(super) async fn post<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
    open: &Target,
) -> Result<Response, Error> {
    let model = feed.service.model();
    let (path, wanted, json) = {
        let checker = checker(feed, &asked);
        let path = action_path(&checker, &asked, open)?;
        let action = model.action(path.action);
        require(&asked.caller, Some(action.scope))?;
        let wanted = wanted(&checker, &asked, action.returns)?;
        (path, wanted, negotiate::json(&request.headers, asked.options.format.as_deref())?)
    };
    let precondition = precondition(&request);
    let (set, key) = match &path.on {
        Bound::Entity(entity) => {
            let row = current(feed, entity, &precondition)?;
            (row.set, Some(row.key(model)))
        }
        Bound::Set(set) => {
            no_precondition(&precondition)?;
            (*set, None)
        }
    };
    let bytes = request.body_bytes(feed.settings.body_bytes_max).await?;
    if !bytes.is_empty() {
        negotiate::body_type(&request.headers, &bytes)?;
    }
    let given = {
        let checker = checker(feed, &asked);
        reader(&checker, &asked).parameters(&bytes, model.action(path.action))?
    };
    let act = Act { action: path.action, set, key, precondition, given };
    let done = feed.service.act(asked.caller.clone(), act).await?;
    let preferences = negotiate::preferences(&request.headers);
    match (done, wanted) {
        (Outcome::Entity(row), Wanted::Entity(of, shape)) => {
            let (feed, before, deed) = (Arc::clone(feed), None, Deed::Changed);
            let said = Said { feed, asked, of, shape, json, preferences, before, deed };
            Ok(said.respond(row).await)
        }
        (Outcome::Complex(complex), Wanted::Complex(declared)) => {
            let mut response = value(feed, &asked, &json, (declared, &complex));
            preferences.put_applied(&mut response, Preference::OmitValues);
            Ok(response)
        }
        (Outcome::Nothing | Outcome::Entity(_) | Outcome::Complex(_), _) => Ok(respond::empty(204)),
    }
}

/// Where the path leads for this caller. Who acts on a set need not be able to read it, and a path to a
/// set names nothing that could be hidden.
fn action_path<C>(
    checker: &Checker<'_>,
    asked: &Asked<C>,
    open: &Target,
) -> Result<ActionPath, Error> {
    match open {
        Target::Action(path @ ActionPath { on: Bound::Set(_), .. }) => Ok(path.clone()),
        _ => match target(checker, asked)? {
            Target::Action(path) => Ok(path),
            _ => Err(REFUSED),
        },
    }
}

/// What the caller gets of what the action answers with; what is wrong with the options is told before
/// anything is done.
fn wanted<C>(checker: &Checker<'_>, asked: &Asked<C>, returns: Returns) -> Result<Wanted, Error> {
    let model = checker.model;
    if let Returns::Entity(name) = returns
        && let Some(set) = model.find_set(name).filter(|set| checker.is_readable(*set))
    {
        let of = (set, model.set(set).ty);
        return Ok(Wanted::Entity(of, checker.entity(&some_entity(of), &asked.options)?));
    }
    checker.only_options(&asked.options, Place::Other)?;
    Ok(match returns {
        Returns::Nothing | Returns::Entity(_) => Wanted::Nothing,
        Returns::Complex(name) => model.find_complex(name).map_or(Wanted::Nothing, Wanted::Complex),
    })
}

/// A set as a whole has no version.
fn no_precondition(precondition: &Precondition) -> Result<(), Error> {
    if *precondition == Precondition::default() {
        return Ok(());
    }
    Err(Error::InvalidHeader {
        name: "If-Match",
        reason: "a set has no version; leave out 'If-Match' and 'If-None-Match' here".to_owned(),
    })
}

/// A complex value. It may hold a secret, so that nobody may keep it.
fn value<S: Service>(
    feed: &Feed<S>,
    asked: &Asked<S::Caller>,
    agreed: &negotiate::JsonType,
    (declared, complex): (StructId, &Complex),
) -> Response {
    let snapshot = feed.service.snapshot();
    let writer = Writer {
        ctx: context(feed, &*snapshot),
        checker: &checker(feed, asked),
        addresses: Addresses { model: feed.service.model(), root: &asked.root },
        format: agreed.format,
    };
    let mut response = json(200, &agreed.content_type, writer.answer(declared, complex));
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}
