//! `POST`, `PATCH` and `DELETE`: checked bodies handed to the service's verbs.

use std::sync::Arc;

use warp::http::{HeaderValue, header};

use super::{
    Asked, Feed, find,
    negotiate::{self, Preference},
};
use crate::{
    error::Error,
    http::{Request, Response, respond},
    model::{Model, Nav, Precondition, Prop, Relation, Row, SetId, StructId, Tags, Value},
    odata::{
        body::{self, Body, Purpose},
        check::{Checker, CollectionPath, EntityPath, Place, Target},
        context::Addresses,
        json::Writer,
        service::{Create, Delete, Service, Update},
    },
    query::{Context, Rights, Shape, value},
};

/// Creates an entity in a set or below another entity; `open` is where the path leads for anybody.
pub(super) async fn post<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
    open: &Target,
) -> Result<Response, Error> {
    let (path, shape, json) = {
        let path = create_path(feed, &asked, open)?;
        let shape = checker(feed, &asked).entity(&created(&path), &asked.options)?;
        (path, shape, negotiate::json(&request.headers, asked.options.format.as_deref())?)
    };
    let bytes = request.body_bytes(feed.settings.body_bytes_max).await?;
    negotiate::body_type(&request.headers, &bytes)?;
    let create = {
        let checker = checker(feed, &asked);
        let Body { type_id, mut values } = body::read(&bytes, path.ty, Purpose::Create, &checker)?;
        let snapshot = feed.service.snapshot();
        let ctx = Context { source: &*snapshot, now: feed.service.now(), deadline: None };
        let parent = match &path.of {
            None => None,
            Some((entity, nav)) => {
                let row = find::existing(&ctx, entity)?;
                take_parent_key(feed.service.model(), (&row, *nav), &mut values)?;
                Some((row, *nav))
            }
        };
        Create { set: path.set, type_id, body: values, parent, children: Vec::new() }
    };
    let row = feed.service.create(asked.caller.clone(), create).await?;
    // Who may create but not read gets to know where it is, not what it has become.
    let is_readable = checker(feed, &asked).is_readable(path.set);
    let preferences = negotiate::preferences(&request.headers);
    let answer = if is_readable { preferences.answer } else { Some(negotiate::Answer::Minimal) };
    let said = Said { of: (path.set, path.ty), shape, json, answer, preferences };
    let mut response = said.respond(feed, &asked, &row, 201)?;
    let id = Addresses { model: feed.service.model(), root: &asked.root }.id(&row);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(header::LOCATION, id.clone());
        response.headers_mut().insert("odata-entityid", id);
    }
    Ok(response)
}

/// Changes an entity.
pub(super) async fn patch<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
) -> Result<Response, Error> {
    let (path, shape, mut json) = {
        let checker = checker(feed, &asked);
        let Target::Entity(path) = target(&checker, &asked)? else {
            return Err(Error::MethodNotAllowed { allow: "GET, HEAD" });
        };
        require(&asked.caller, feed.service.model().set(path.set).scopes.write)?;
        let shape = checker.entity(&path, &asked.options)?;
        (path, shape, negotiate::json(&request.headers, asked.options.format.as_deref())?)
    };
    let (row, precondition) = current(feed, &path, &request)?;
    let bytes = request.body_bytes(feed.settings.body_bytes_max).await?;
    negotiate::body_type(&request.headers, &bytes)?;
    let changes = {
        let checker = checker(feed, &asked);
        body::read(&bytes, row.type_id, Purpose::Update, &checker)?.values
    };
    let key = row.key(feed.service.model());
    let update = Update { set: row.set, key, precondition, changes, replaces: false };
    let before = row;
    let row = feed.service.update(asked.caller.clone(), update).await?;
    let preferences = negotiate::preferences(&request.headers);
    if json.format.omits_nulls {
        json.format.omits_nulls = !has_new_nulls(feed, &before, &row)?;
    }
    let answer = preferences.answer;
    let said = Said { of: (path.set, path.ty), shape, json, answer, preferences };
    said.respond(feed, &asked, &row, 200)
}

/// Deletes an entity.
pub(super) async fn delete<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    request: Request,
) -> Result<Response, Error> {
    let path = {
        let checker = checker(feed, &asked);
        let Target::Entity(path) = target(&checker, &asked)? else {
            return Err(Error::MethodNotAllowed { allow: "GET, HEAD" });
        };
        require(&asked.caller, feed.service.model().set(path.set).scopes.delete)?;
        checker.only_options(&asked.options, Place::Other)?;
        path
    };
    let (row, precondition) = current(feed, &path, &request)?;
    let key = row.key(feed.service.model());
    let delete = Delete { set: row.set, key, precondition };
    feed.service.delete(asked.caller, delete).await?;
    Ok(respond::empty(204))
}

/// The collection to create in. It takes the scope to create there, not the one to read it; what
/// stands before it in the path must be readable as ever.
fn create_path<S: Service>(
    feed: &Feed<S>,
    asked: &Asked<S::Caller>,
    open: &Target,
) -> Result<CollectionPath, Error> {
    let model = feed.service.model();
    let refused = Error::MethodNotAllowed { allow: "GET, HEAD" };
    let Target::Collection(CollectionPath { set, .. }) = open else { return Err(refused) };
    let scopes = model.set(*set).scopes;
    if asked.caller.has(scopes.read) {
        let Target::Collection(path) = target(&checker(feed, asked), asked)? else {
            return Err(refused);
        };
        require(&asked.caller, scopes.create)?;
        return Ok(path);
    }
    require(&asked.caller, scopes.create)?;
    let blind = Also { rights: &asked.caller, scope: scopes.read };
    let checker = Checker::new(model, &blind, feed.settings.limits);
    let Target::Collection(path) = target(&checker, asked)? else { return Err(refused) };
    if let Some((parent, _)) = &path.of {
        for set in parent.sets(model) {
            require(&asked.caller, Some(model.set(set).scopes.read))?;
        }
    }
    Ok(path)
}

/// A caller's rights and one more.
struct Also<'a> {
    rights: &'a dyn Rights,
    scope: &'a str,
}

impl Rights for Also<'_> {
    fn has(&self, scope: &str) -> bool {
        scope == self.scope || self.rights.has(scope)
    }

    fn user_id(&self) -> Option<i64> {
        self.rights.user_id()
    }
}

fn checker<'a, S: Service>(feed: &'a Feed<S>, asked: &'a Asked<S::Caller>) -> Checker<'a> {
    Checker::new(feed.service.model(), &asked.caller, feed.settings.limits)
}

fn target<C>(checker: &Checker<'_>, asked: &Asked<C>) -> Result<Target, Error> {
    checker.target(&asked.path, Some(&asked.options.aliases))
}

fn require(rights: &dyn Rights, scope: Option<&'static str>) -> Result<(), Error> {
    match scope {
        Some(scope) if rights.has(scope) => Ok(()),
        Some(scope) => Err(Error::Forbidden { scope: scope.to_owned() }),
        None => Err(Error::MethodNotAllowed { allow: "GET, HEAD" }),
    }
}

/// A path to an entity that does not exist yet, for its shape.
fn created(path: &CollectionPath) -> EntityPath {
    let root = crate::odata::check::Lookup {
        set: path.set,
        by: crate::odata::check::KeyRef::Key(crate::model::Key::Int(0)),
        guard: None,
    };
    EntityPath { root, steps: Vec::new(), set: path.set, ty: path.ty }
}

/// The entity as it is now, and what the headers ask of its version.
fn current<S: Service>(
    feed: &Feed<S>,
    path: &EntityPath,
    request: &Request,
) -> Result<(Row, Precondition), Error> {
    let snapshot = feed.service.snapshot();
    let ctx = Context { source: &*snapshot, now: feed.service.now(), deadline: None };
    let row = find::existing(&ctx, path)?;
    let tags = |name| Tags::read(&negotiate::joined(&request.headers, name));
    let precondition = Precondition { matches: tags("if-match"), differs: tags("if-none-match") };
    precondition.check(row.version)?;
    Ok((row, precondition))
}

/// An entity posted below another belongs to it; saying so again is fine, saying otherwise is not.
fn take_parent_key(
    model: &Model,
    (parent, nav): (&Row, Nav),
    values: &mut Vec<(Prop, Value)>,
) -> Result<(), Error> {
    let here = model.structure(parent.type_id);
    let navigation = here.navigation_at(nav);
    let (Relation::Children { by }, [key]) = (navigation.relation, here.key.as_slice()) else {
        return Ok(());
    };
    let there = model.target(navigation).map(|set| model.entity_type(set));
    let Some(prop) = there.and_then(|there| there.property(by)) else { return Ok(()) };
    let own = parent.record.get(here, *key);
    if values.iter().any(|(given, value)| *given == prop && *value != own) {
        return Err(Error::InvalidValue {
            target: by.to_owned(),
            reason: "it differs from the entity in the address".to_owned(),
        });
    }
    values.retain(|(given, _)| *given != prop);
    Ok(())
}

/// Whether a change made something null: what it changed may not be left out of its answer.
///
/// Source: OData 4.01 Part 1, 8.2.8.6.
fn has_new_nulls<S: Service>(feed: &Feed<S>, before: &Row, after: &Row) -> Result<bool, Error> {
    let snapshot = feed.service.snapshot();
    let ctx = Context { source: &*snapshot, now: feed.service.now(), deadline: None };
    for (prop, _) in ctx.structure(after).props() {
        let is_new = value(&ctx, after, prop)?.is_null() && !value(&ctx, before, prop)?.is_null();
        if is_new {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How a change is answered.
struct Said {
    of: (SetId, StructId),
    shape: Shape,
    json: negotiate::JsonType,
    answer: Option<negotiate::Answer>,
    preferences: negotiate::Preferences,
}

impl Said {
    /// The entity after the change, or nothing where the client prefers that.
    fn respond<S: Service>(
        &self,
        feed: &Feed<S>,
        asked: &Asked<S::Caller>,
        row: &Row,
        status: u16,
    ) -> Result<Response, Error> {
        let snapshot = feed.service.snapshot();
        let checker = checker(feed, asked);
        let writer = Writer {
            ctx: Context { source: &*snapshot, now: feed.service.now(), deadline: None },
            checker: &checker,
            addresses: Addresses { model: feed.service.model(), root: &asked.root },
            format: self.json.format,
        };
        let mut response = match self.answer {
            Some(negotiate::Answer::Minimal) => respond::empty(204),
            Some(negotiate::Answer::Representation) | None => {
                let body = writer.entity(self.of, &self.shape, row)?;
                let mut response = json(status, &self.json.content_type, body);
                if self.json.format.omits_nulls {
                    self.preferences.put_applied(&mut response, Preference::OmitValues);
                }
                response
            }
        };
        if self.answer == self.preferences.answer {
            self.preferences.put_applied(&mut response, Preference::Answer);
        }
        put_etag(&mut response, writer.etag(row).as_deref());
        Ok(response)
    }
}

/// A JSON answer with the parameters that were agreed on.
pub(super) fn json(status: u16, content_type: &str, body: Vec<u8>) -> Response {
    let mut response = respond::json(status, body);
    respond::set_type(&mut response, content_type);
    response
}

/// Names the version an answer shows.
pub(super) fn put_etag(response: &mut Response, tag: Option<&str>) {
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}
