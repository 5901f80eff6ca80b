//! Writes to one property: `PUT`, `PATCH`, `DELETE`, and `POST` to a collection.
//!
//! Source: OData 4.01 Part 1, 11.4.9.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use bytes::Bytes;
use warp::http::header;

use super::{
    REFUSED,
    answer::{Plain, Telling, Told, tell},
    checker, context, current, json_body,
    once::{self, Turn},
    precondition, reader, require, target,
};
use crate::{
    error::Error,
    http::{
        Request, Response,
        odata::{
            Asked, Feed, find,
            negotiate::{self, Answer, Preferences},
            verb::Verb,
        },
    },
    model::{Complex, Model, Precondition, Property, Row, Tags, Type, Value},
    odata::{
        check::{Place, PropertyPath, Target},
        context::Addresses,
        json::Writer,
        service::{Service, Update},
    },
    query::{Context, Step, once::Effect},
};

/// How often a change that starts from the present value is tried again when that has changed.
const TRIES: u32 = 16;

/// What becomes of the property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It gets the value of the body.
    Replace,
    /// It gets the value that is the body's bare text.
    ReplaceRaw,
    /// Its own properties that the body gives change.
    Merge,
    /// The body's items are added to it.
    Append,
    /// It gets null, or loses its items.
    Clear,
}

/// Changes a property by a JSON body.
pub(super) async fn change<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
    verb: Verb,
) -> Result<Response, Error> {
    let way = match verb {
        Verb::Put => Way::Replace,
        Verb::Patch => Way::Merge,
        Verb::Post => Way::Append,
        Verb::Delete => Way::Clear,
        Verb::Get | Verb::Query => return Err(REFUSED),
    };
    let path = {
        let checker = checker(feed, &asked);
        let Target::Property(path) = target(&checker, &asked)? else { return Err(REFUSED) };
        may_change(feed, &asked, &path)?;
        path
    };
    let turn = match once::begin(feed, &asked, &mut request).await? {
        ControlFlow::Continue(turn) => turn,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let job = Job::new(feed, asked, &request, path)?;
    let body = match way {
        Way::Replace | Way::Merge | Way::Append => json_body(feed, &mut request).await?,
        Way::ReplaceRaw | Way::Clear => Bytes::new(),
    };
    job.run(turn, way, body).await
}

/// Changes a property by its bare text.
pub(super) async fn change_raw<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    mut request: Request,
    verb: Verb,
) -> Result<Response, Error> {
    let path = {
        let checker = checker(feed, &asked);
        let Target::RawValue(path) = target(&checker, &asked)? else { return Err(REFUSED) };
        may_change(feed, &asked, &path)?;
        path
    };
    let turn = match once::begin(feed, &asked, &mut request).await? {
        ControlFlow::Continue(turn) => turn,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let job = Job::new(feed, asked, &request, path)?;
    match verb {
        Verb::Put => {
            text_type(&request)?;
            let body = request.body_bytes(feed.settings.body_bytes_max).await?;
            job.run(turn, Way::ReplaceRaw, body).await
        }
        Verb::Delete => job.run(turn, Way::Clear, Bytes::new()).await,
        Verb::Get | Verb::Query | Verb::Post | Verb::Patch => Err(REFUSED),
    }
}

fn may_change<S: Service>(
    feed: &Feed<S>,
    asked: &Asked<S::Caller>,
    path: &PropertyPath,
) -> Result<(), Error> {
    require(&asked.caller, feed.service.model().set(path.entity.set).scopes.write)?;
    checker(feed, asked).only_options(&asked.options, Place::Other)
}

/// Bare text comes under many names; what says it is something else is a mistake.
fn text_type(request: &Request) -> Result<(), Error> {
    let given = negotiate::joined(&request.headers, header::CONTENT_TYPE.as_str());
    let media = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_utf8 = match given.to_ascii_lowercase().split_once("charset=") {
        Some((_, charset)) => charset.trim_matches('"').starts_with("utf-8"),
        None => true,
    };
    let is_bare = matches!(
        media.as_str(),
        "" | "application/octet-stream" | "application/x-www-form-urlencoded"
    );
    if is_utf8 && (is_bare || media.starts_with("text/")) {
        return Ok(());
    }
    Err(Error::UnsupportedMediaType {
        reason: "a bare value is text in UTF-8; send 'Content-Type: text/plain'".to_owned(),
    })
}

/// One change of one property.
struct Job<S: Service> {
    feed: Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    path: PropertyPath,
    /// The property as it is declared, of the type the path says.
    property: Property,
    precondition: Precondition,
    json: negotiate::JsonType,
    preferences: Preferences,
}

impl<S: Service> Job<S> {
    fn new(
        feed: &Arc<Feed<S>>,
        asked: Asked<S::Caller>,
        request: &Request,
        path: PropertyPath,
    ) -> Result<Arc<Self>, Error> {
        let property = declared(feed.service.model(), &path).ok_or(REFUSED)?;
        let precondition = precondition(request);
        // An entity that is not there, or no longer the one meant, is told before the body is read.
        current(feed, &path.entity, &precondition)?;
        Ok(Arc::new(Self {
            json: negotiate::json(&request.headers, asked.options.format.as_deref())?,
            preferences: negotiate::preferences(&request.headers),
            feed: Arc::clone(feed),
            asked,
            path,
            property,
            precondition,
        }))
    }

    async fn run(self: Arc<Self>, turn: Turn<S>, way: Way, body: Bytes) -> Result<Response, Error> {
        let held = turn.hold(Arc::clone(&self), None).await?;
        for _ in 0..TRIES {
            let row = current(&self.feed, &self.path.entity, &self.precondition)?;
            // What it was may have to be read from the disk.
            let (job, body) = (Arc::clone(&self), body.clone());
            let work = tokio::task::spawn_blocking(move || job.update(&row, way, &body));
            let work = work.await.unwrap_or_else(|error| Err(error.into()));
            let (update, is_pinned) = work?;
            match held.service().update(self.asked.caller.clone(), update).await {
                Ok(row) => {
                    return match held.answer() {
                        Some(answer) => Ok(answer),
                        None => Ok(self.respond(row).await),
                    };
                }
                Err(Error::PreconditionFailed { .. }) if is_pinned => {}
                Err(error) => return Err(error),
            }
        }
        let name = self.feed.service.model().set(self.path.entity.set).name;
        tracing::warn!(set = name, "a property changed under {TRIES} tries to add to it");
        Err(Error::Overloaded {
            reason: "the entity changes too often",
            retry_after: Duration::from_secs(1),
        })
    }

    /// The change to `row`, and whether it holds for this version only.
    fn update(&self, row: &Row, way: Way, body: &[u8]) -> Result<(Update, bool), Error> {
        let model = self.feed.service.model();
        let snapshot = self.feed.service.snapshot();
        let ctx = context(&self.feed, &*snapshot);
        let old = match way {
            Way::Append => find::property(&ctx, row, &self.path)?,
            Way::Merge if matches!(self.property.ty, Type::Complex(_)) => {
                find::property(&ctx, row, &self.path)?
            }
            Way::Merge | Way::Replace | Way::ReplaceRaw | Way::Clear => Value::Null,
        };
        let new = self.value(way, body, &old)?;
        let (Some(first), Some((_, below))) = (self.path.first(), self.path.steps.split_first())
        else {
            return Err(REFUSED);
        };
        let whole = if below.is_empty() {
            new
        } else {
            put(model, &crate::query::value(&ctx, row, first)?, below, new)?
        };
        let starts_from_old = match way {
            Way::Append => true,
            Way::Merge => matches!(old, Value::Complex(_)),
            Way::Replace | Way::ReplaceRaw | Way::Clear => false,
        };
        let is_pinned = starts_from_old || !below.is_empty();
        let precondition = if is_pinned {
            Precondition { matches: Tags::These(vec![row.version]), differs: Tags::Unsaid }
        } else {
            self.precondition.clone()
        };
        let (key, changes) = (row.key(model), vec![(first, whole)]);
        Ok((Update { set: row.set, key, precondition, changes, replaces: false }, is_pinned))
    }

    /// What the property becomes; `old` is what it was where the way starts from that, else null.
    fn value(&self, way: Way, body: &[u8], old: &Value) -> Result<Value, Error> {
        let checker = checker(&self.feed, &self.asked);
        let reader = reader(&checker, &self.asked);
        let property = &self.property;
        match way {
            Way::Replace => reader.value(body, property),
            Way::ReplaceRaw => reader.raw_value(body, property),
            Way::Merge => match old {
                Value::Complex(before) => reader.merged(body, property, before),
                _ => reader.value(body, property),
            },
            Way::Append => {
                let added = reader.items(body, property)?;
                Ok(Value::List(old.items().iter().cloned().chain(added).collect()))
            }
            Way::Clear if matches!(property.ty, Type::Collection(_)) => Ok(Value::List([].into())),
            Way::Clear if property.nullable => Ok(Value::Null),
            Way::Clear => Err(Error::InvalidValue {
                target: property.name.to_owned(),
                reason: "it must not be null".to_owned(),
            }),
        }
    }

    /// 204, or the property where the client asks for it.
    async fn respond(self: Arc<Self>, row: Row) -> Response {
        let quiet = Told::quiet(&self.feed, &row);
        let told = if self.is_quiet() {
            quiet
        } else {
            let job = Arc::clone(&self);
            tell(quiet, move || {
                let snapshot = job.feed.service.snapshot();
                job.written(&context(&job.feed, &*snapshot), &row)
            })
            .await
        };
        self.plain(told).respond()
    }

    fn is_quiet(&self) -> bool {
        self.preferences.answer != Some(Answer::Representation)
    }

    fn plain(&self, told: Told) -> Plain {
        told.plain(200, &self.json.content_type, &self.preferences)
    }

    /// The property as it is now; a null is told by no body.
    fn written(&self, ctx: &Context<'_>, row: &Row) -> Result<Told, Error> {
        let checker = checker(&self.feed, &self.asked);
        let addresses = Addresses { model: self.feed.service.model(), root: &self.asked.root };
        let key = self.feed.service.signing_key();
        let onward = self.feed.onward(&self.asked, &key);
        let format = self.json.format;
        let tools = &self.feed.tools;
        let writer = Writer { ctx: *ctx, checker: &checker, addresses, format, onward, tools };
        let value = find::property(ctx, row, &self.path)?;
        let body = (!value.is_null()).then(|| writer.property(row, &self.path, &value));
        Ok(Told { body, is_whole: true, ..Told::quiet(&self.feed, row) })
    }
}

impl<S: Service> Telling for Job<S> {
    fn told(&self, ctx: &Context<'_>, effect: Effect<'_>) -> Result<Plain, Error> {
        match effect {
            Effect::Entity(row) if !self.is_quiet() => Ok(self.plain(self.written(ctx, row)?)),
            Effect::Entity(_) | Effect::Nothing | Effect::Value(_) | Effect::Secret(_) => {
                Ok(self.quiet(effect))
            }
        }
    }

    fn quiet(&self, effect: Effect<'_>) -> Plain {
        match effect {
            Effect::Entity(row) => self.plain(Told::quiet(&self.feed, row)),
            Effect::Nothing | Effect::Value(_) | Effect::Secret(_) => Plain::empty(),
        }
    }
}

/// The property a path ends in, of the type it has there.
fn declared(model: &Model, path: &PropertyPath) -> Option<Property> {
    let mut ty = path.entity.ty;
    let mut found = None;
    for step in &path.steps {
        match step {
            Step::Cast(to) => ty = *to,
            Step::Navigation(_) | Step::Find(_) => return None,
            Step::Property(prop) => {
                let property = model.structure(ty).property_at(*prop);
                if let Type::Complex(id) = property.ty {
                    ty = id;
                }
                found = Some(property);
            }
        }
    }
    found.map(|property| Property { ty: path.ty.clone(), ..property.clone() })
}

/// `old` with `new` where `steps` lead.
fn put(model: &Model, old: &Value, steps: &[Step], new: Value) -> Result<Value, Error> {
    let missing = || Error::NotFound { what: "value at this address".to_owned() };
    let Some((step, rest)) = steps.split_first() else { return Ok(new) };
    let Value::Complex(complex) = old else { return Err(missing()) };
    match step {
        Step::Cast(to) if model.is_a(complex.type_id, *to) => put(model, old, rest, new),
        Step::Cast(_) | Step::Navigation(_) | Step::Find(_) => Err(missing()),
        Step::Property(prop) => {
            let mut values = complex.values.clone();
            let at = values.get_mut(usize::from(prop.0)).ok_or_else(missing)?;
            *at = put(model, at, rest, new)?;
            Ok(Value::Complex(Arc::new(Complex { type_id: complex.type_id, values })))
        }
    }
}
