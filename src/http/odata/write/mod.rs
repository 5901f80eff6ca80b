//! `POST`, `PUT`, `PATCH` and `DELETE`: checked bodies handed to the service's verbs.

mod action;
mod answer;
mod create;
mod once;
mod property;
mod settle;
mod update;

use std::{sync::Arc, time::Instant};

pub(super) use answer::{json, put_etag};

use super::{
    Asked, Feed, find, negotiate,
    verb::{READ, Verb},
};
use crate::{
    error::Error,
    http::{Request, Response},
    model::{Key, Precondition, Row, SetId, StructId},
    odata::{
        body::Reader,
        check::{Checker, EntityPath, Target},
        service::Service,
    },
    query::{Context, KeyRef, Lookup, Rights, Source},
};

/// Does what `verb` asks; `open` is where the path leads for anybody.
pub(super) async fn change<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    request: Request,
    (verb, open): (Verb, &Target),
) -> Result<Response, Error> {
    match open {
        Target::Collection(_) => create::post(feed, asked, request, open).await,
        Target::Entity(_) => match verb {
            Verb::Put => update::change(feed, asked, request, update::Kind::Whole).await,
            Verb::Patch => update::change(feed, asked, request, update::Kind::Part).await,
            Verb::Delete => update::delete(feed, asked, request).await,
            Verb::Get | Verb::Query | Verb::Post => Err(REFUSED),
        },
        Target::Property(_) => property::change(feed, asked, request, verb).await,
        Target::RawValue(_) => property::change_raw(feed, asked, request, verb).await,
        Target::Action(_) => action::post(feed, asked, request, open).await,
        Target::ServiceDocument
        | Target::Metadata
        | Target::Count(_)
        | Target::References(_)
        | Target::Reference(_)
        | Target::PropertyCount(_)
        | Target::Function(_) => Err(REFUSED),
    }
}

/// For what the methods of a target have ruled out.
const REFUSED: Error = Error::MethodNotAllowed { allow: READ };

fn checker<'a, S: Service>(feed: &'a Feed<S>, asked: &'a Asked<S::Caller>) -> Checker<'a> {
    Checker::new(feed.service.model(), &asked.caller, feed.settings.limits)
}

fn reader<'a, C>(checker: &'a Checker<'a>, asked: &'a Asked<C>) -> Reader<'a> {
    Reader { checker, root: &asked.root }
}

/// A context that gives up as reads do.
fn context<'a, S: Service>(feed: &Feed<S>, snapshot: &'a dyn Source) -> Context<'a> {
    let deadline = Instant::now().checked_add(feed.settings.query_deadline);
    Context { source: snapshot, now: feed.service.now(), deadline, it: None, found: None }
}

fn target<C>(checker: &Checker<'_>, asked: &Asked<C>) -> Result<Target, Error> {
    checker.target(&asked.path, Some(&asked.options.aliases))
}

fn require(rights: &dyn Rights, scope: Option<&'static str>) -> Result<(), Error> {
    match scope {
        Some(scope) if rights.has(scope) => Ok(()),
        Some(scope) => Err(Error::Forbidden { scope: scope.to_owned() }),
        None => Err(REFUSED),
    }
}

/// A path to an entity of a set whose key nobody needs: for its shape.
fn some_entity((set, ty): (SetId, StructId)) -> EntityPath {
    let root = Lookup { set, by: KeyRef::Key(Key::Int(0)), guard: None };
    EntityPath { root, steps: Vec::new(), set, ty }
}

/// What the headers ask of the version a change starts from.
fn precondition(request: &Request) -> Precondition {
    let tags = |name| negotiate::tags(&request.headers, name);
    Precondition { matches: tags("if-match"), differs: tags("if-none-match") }
}

/// The entity as it is now, if its version is one the headers ask for.
fn current<S: Service>(
    feed: &Feed<S>,
    path: &EntityPath,
    precondition: &Precondition,
) -> Result<Row, Error> {
    let snapshot = feed.service.snapshot();
    let row = find::existing(&context(feed, &*snapshot), path)?;
    precondition.check(row.version)?;
    Ok(row)
}

/// The JSON body of a request.
async fn json_body<S: Service>(
    feed: &Feed<S>,
    request: &mut Request,
) -> Result<bytes::Bytes, Error> {
    let bytes = request.body_bytes(feed.settings.body_bytes_max).await?;
    negotiate::body_type(&request.headers, &bytes)?;
    Ok(bytes)
}
