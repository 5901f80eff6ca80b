//! `POST` to a set or to a to-many navigation: a new entity, with those it brings along.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    REFUSED,
    answer::{Deed, Said},
    checker, context, json_body, once, reader, require, settle, some_entity, target,
};
use crate::{
    error::Error,
    http::{
        Request, Response,
        odata::{Asked, Feed, find, negotiate},
    },
    model::{Model, Nav, Prop, Relation, Row, StructId, Value},
    odata::{
        ast::{ExpandItem, ExpandKind, Path, QueryOptions, Segment},
        body::Purpose,
        check::{Checker, CollectionPath, Target},
        service::{Create, Service},
    },
    query::{Rights, Shape},
};

/// Creates an entity; `open` is where the path leads for anybody.
pub(super) async fn post<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
    open: &Target,
) -> Result<Response, Error> {
    let (path, json) = {
        let path = create_path(feed, &asked, open)?;
        // What is wrong with the options is told before anything is made.
        checker(feed, &asked).entity(&some_entity((path.set, path.ty)), &asked.options)?;
        (path, negotiate::json(&request.headers, asked.options.format.as_deref())?)
    };
    let turn = match once::begin(feed, &asked, &mut request).await? {
        ControlFlow::Continue(turn) => turn,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let bytes = json_body(feed, &mut request).await?;
    let create = {
        let checker = checker(feed, &asked);
        let body = reader(&checker, &asked).entity(&bytes, path.ty, Purpose::Create)?;
        let snapshot = feed.service.snapshot();
        let ctx = context(feed, &*snapshot);
        let type_id = body.type_id;
        let (mut values, children) = settle::new_entity(&checker, &ctx, body)?;
        let parent = match &path.of {
            None => None,
            Some((entity, nav)) => {
                let row = find::existing(&ctx, entity)?;
                take_parent_key(feed.service.model(), (&row, *nav), &mut values)?;
                Some((row, *nav))
            }
        };
        Create { set: path.set, type_id, body: values, parent, children }
    };
    let navs: Vec<Nav> = create.children.iter().map(|(nav, _)| *nav).collect();
    let shape = shape(&checker(feed, &asked), &asked.options, &path, (create.type_id, &navs))?;
    let caller = asked.caller.clone();
    let said = Arc::new(Said {
        feed: Arc::clone(feed),
        of: (path.set, path.ty),
        shape,
        json,
        preferences: negotiate::preferences(&request.headers),
        before: None,
        deed: Deed::Created,
        asked,
    });
    let held = turn.hold(Arc::clone(&said), None).await?;
    let row = held.service().create(caller, create).await?;
    match held.answer() {
        Some(answer) => Ok(answer),
        None => Ok(said.respond(row).await),
    }
}

/// What of the new entity is told: what the options ask for, and what it brought along.
fn shape(
    checker: &Checker<'_>,
    options: &QueryOptions,
    path: &CollectionPath,
    (type_id, navs): (StructId, &[Nav]),
) -> Result<Shape, Error> {
    let of = some_entity((path.set, path.ty));
    let mut shape = checker.entity(&of, options)?;
    let structure = checker.model.structure(type_id);
    for nav in navs {
        let is_there = shape.expand.iter().any(|expand| expand.navigation == *nav);
        let is_declared = usize::from(nav.0) < checker.model.structure(path.ty).navigations.len();
        if is_there || !is_declared || checker.readable_target(structure, *nav).is_none() {
            continue;
        }
        let name = structure.navigation_at(*nav).name.to_owned();
        let item = ExpandItem {
            path: Path { segments: vec![Segment::Name(name)] },
            kind: ExpandKind::Entities,
            options: Box::default(),
        };
        let with_it = QueryOptions { expand: vec![item], ..QueryOptions::default() };
        shape.expand.extend(checker.entity(&of, &with_it)?.expand);
    }
    Ok(shape)
}

/// The collection to create in. It takes the scope to create there, not the one to read it; what
/// stands before it in the path must be readable as ever.
fn create_path<S: Service>(
    feed: &Feed<S>,
    asked: &Asked<S::Caller>,
    open: &Target,
) -> Result<CollectionPath, Error> {
    let model = feed.service.model();
    let Target::Collection(CollectionPath { set, .. }) = open else { return Err(REFUSED) };
    let scopes = model.set(*set).scopes;
    if asked.caller.has(scopes.read) {
        let Target::Collection(path) = target(&checker(feed, asked), asked)? else {
            return Err(REFUSED);
        };
        require(&asked.caller, scopes.create)?;
        return Ok(path);
    }
    require(&asked.caller, scopes.create)?;
    let blind = Also { rights: &asked.caller, scope: scopes.read };
    let checker = Checker::new(model, &blind, feed.settings.limits);
    let Target::Collection(path) = target(&checker, asked)? else { return Err(REFUSED) };
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
