//! `GET`: everything a path can lead to.

mod apply;
pub(super) mod brief;
mod csv;
#[cfg(test)]
mod hidden_in_reports;
mod paged;
mod told;
mod wait;
mod weight;

use std::{sync::Arc, time::Instant};

use warp::http::HeaderMap;

use self::{brief::Tried, weight::Weight};
use super::{
    Asked, Feed, find,
    negotiate::{self, Preference},
    stream,
};
use crate::{
    error::Error,
    hash::Digest,
    http::{Request, Response, respond},
    model::{FunctionId, Primitive, Type, Value},
    odata::{
        check::{Applied, Checker, CollectionPath, EntityPath, Place, PropertyPath, Target},
        context::Addresses,
        json::{Format, Pieces, Writer},
        metadata::csdl_xml,
        service::Service,
        skip_token::{Position, Seal},
        text::print,
    },
    query::{Context, Plan, Source, Start, search::Found},
    time::Timestamp,
};

/// Bytes of a page that are written in one go; what is longer goes out piece by piece.
const PIECE_BYTES: usize = 64 << 10;
/// The same of a page's first piece: with what the system may hold of an answer most pages are no longer, and
/// one that is written whole keeps no rows for the rest.
const FIRST_BYTES: usize = 256 << 10;

/// One read on its way; owns all it needs, so that it can move to a thread of its own.
struct Read<S: Service> {
    feed: Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    target: Target,
    headers: HeaderMap,
    address: Address,
    snapshot: Arc<dyn Source>,
    now: Timestamp,
    times: Option<Times>,
    weight: Weight,
    /// What its searches found in the snapshot.
    found: Found,
}

/// The address of a read as it came, for next links.
pub(super) struct Address {
    /// Where clients reach us, without a slash at its end.
    pub(super) origin: String,
    /// The path, still percent-encoded.
    pub(super) path: String,
    /// What follows the `?`, still percent-encoded.
    pub(super) query: Option<String>,
}

impl Address {
    /// What its positions are good for.
    fn seal<'a>(&'a self, key: &'a Digest) -> Seal<'a> {
        Seal { key, path: &self.path, query: self.query.as_deref() }
    }
}

/// When a read is given up; none where nobody else waits for its end.
#[derive(Clone, Copy)]
struct Times {
    /// The rows must be found, and the first piece of the answer written.
    first: Instant,
    /// The client must have taken the last one; the snapshot may lose its long texts then.
    last: Instant,
}

/// Answers a read from within the process, on this thread. `address` is for next links.
pub(super) fn here<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    address: Address,
    deadline: Option<Instant>,
) -> Result<Response, Error> {
    let target = Checker::new(feed.service.model(), &asked.caller, feed.settings.limits)
        .target(&asked.path, Some(&asked.options.aliases))?;
    let (feed, snapshot, now) = (Arc::clone(feed), feed.service.snapshot(), feed.service.now());
    let times = deadline.map(|at| Times { first: at, last: at });
    let headers = HeaderMap::new();
    let (weight, found) = (Weight::Any, Found::default());
    Arc::new(Read { feed, asked, target, headers, address, snapshot, now, times, weight, found })
        .run()
}

/// Answers a `GET`.
pub(super) async fn get<S: Service>(
    feed: &Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    request: Request,
) -> Result<Response, Error> {
    let model = feed.service.model();
    let target = Checker::new(model, &asked.caller, feed.settings.limits)
        .target(&asked.path, Some(&asked.options.aliases))?;
    let reads_rows = match &target {
        Target::Collection(_)
        | Target::Count(_)
        | Target::References(_)
        | Target::Reference(_)
        | Target::Entity(_)
        | Target::Property(_)
        | Target::RawValue(_)
        | Target::PropertyCount(_) => true,
        Target::ServiceDocument | Target::Metadata | Target::Action(_) | Target::Function(_) => {
            false
        }
    };
    // Boxed: most reads do not wait, and need not carry its size.
    let waited = Box::pin(wait::for_search(feed, &asked.options, &request.headers)).await;
    let read = Read {
        address: Address {
            origin: request.origin(feed.settings.public_url.as_ref())?,
            path: request.path().to_owned(),
            query: request.query().map(str::to_owned),
        },
        feed: Arc::clone(feed),
        asked,
        target,
        headers: request.headers,
        snapshot: feed.service.snapshot(),
        now: feed.service.now(),
        times: Some(Times::from_now(feed)),
        weight: Weight::Any,
        found: Found::default(),
    };
    let mut response = if reads_rows {
        match brief::answer(feed, read) {
            Tried::Answered(answered) => answered?,
            // Boxed: those that do not wait need not carry its size.
            Tried::Again(read) => Box::pin(weight::in_turns(feed, read)).await?,
        }
    } else {
        Arc::new(read).run()?
    };
    if let Some(preferences) = waited {
        preferences.put_applied(&mut response, Preference::Wait);
    }
    Ok(response)
}

impl Times {
    fn from_now<S: Service>(feed: &Feed<S>) -> Self {
        let started = Instant::now();
        Self {
            first: started + feed.settings.query_deadline,
            last: started + feed.settings.answer_timeout,
        }
    }
}

impl<S: Service> Read<S> {
    fn run(self: &Arc<Self>) -> Result<Response, Error> {
        let _at_work = self.feed.tools.hands.at_work();
        let checker = self.checker();
        match &self.target {
            Target::Metadata => self.metadata(&checker),
            Target::ServiceDocument => {
                checker.only_options(&self.asked.options, Place::Other)?;
                self.json(&checker, |writer| Ok(writer.service_document()))
            }
            Target::Collection(path) => {
                let options = &self.asked.options;
                match checker.applied(path, options, Place::Collection)? {
                    Some(applied) => apply::answer(self, &checker, path, applied),
                    None => self.collection(&checker, path, checker.collection(path, options)?),
                }
            }
            Target::References(path) => {
                let plan = checker.references(path, &self.asked.options)?;
                self.collection(&checker, path, plan)
            }
            Target::Reference(path) => self.reference(&checker, path),
            Target::Count(path) => self.count(&checker, path),
            Target::Entity(path) => self.entity(&checker, path),
            Target::Property(path) => self.property(&checker, path),
            Target::RawValue(path) => self.raw_value(&checker, path),
            Target::PropertyCount(path) => {
                checker.only_options(&self.asked.options, Place::Other)?;
                let ctx = self.ctx();
                let value = find::property(&ctx, &find::existing(&ctx, &path.entity)?, path)?;
                Ok(respond::text(200, value.items().len().to_string()))
            }
            Target::Action(_) => Err(Error::MethodNotAllowed { allow: "POST" }),
            Target::Function(id) => self.function(&checker, *id),
        }
    }

    fn function(&self, checker: &Checker<'_>, id: FunctionId) -> Result<Response, Error> {
        checker.only_options(&self.asked.options, Place::Other)?;
        let service = &self.feed.service;
        let answer = service.call(&self.asked.caller, id)?;
        let returns = service.model().function(id).returns;
        let declared = service.model().find_complex(returns).unwrap_or(answer.type_id);
        let mut response = self.json(checker, |writer| Ok(writer.answer(declared, &answer)))?;
        negotiate::preferences(&self.headers).put_applied(&mut response, Preference::OmitValues);
        Ok(response)
    }

    fn checker(&self) -> Checker<'_> {
        Checker::new(self.feed.service.model(), &self.asked.caller, self.feed.settings.limits)
    }

    fn ctx(&self) -> Context<'_> {
        let deadline = self.times.map(|times| times.first);
        Context {
            source: &*self.snapshot,
            now: self.now,
            deadline,
            it: None,
            found: Some(&self.found),
        }
    }

    fn addresses(&self) -> Addresses<'_> {
        Addresses { model: self.feed.service.model(), root: &self.asked.root }
    }

    /// Writes answers; `key` is the service's.
    fn writer<'a>(
        &'a self,
        checker: &'a Checker<'a>,
        format: Format,
        key: &'a Digest,
    ) -> Writer<'a> {
        let asked = negotiate::preferences(&self.headers).page_size;
        let mut onward = self.feed.onward(&self.asked, key);
        onward.rows = asked.map_or(onward.rows, |asked| asked.min(onward.rows));
        let (addresses, ctx) = (self.addresses(), self.ctx());
        let tools = &self.feed.tools;
        Writer { ctx, checker, addresses, format, onward, tools }
    }

    /// A JSON answer of what `write` writes.
    fn json(
        &self,
        checker: &Checker<'_>,
        write: impl FnOnce(&Writer<'_>) -> Result<Vec<u8>, Error>,
    ) -> Result<Response, Error> {
        let format = self.asked.options.format.as_deref();
        let json = negotiate::json(&self.headers, format)?;
        let key = self.feed.service.signing_key();
        let body = write(&self.writer(checker, json.format, &key))?;
        Ok(super::write::json(200, &json.content_type, body))
    }

    fn metadata(&self, checker: &Checker<'_>) -> Result<Response, Error> {
        checker.only_options(&self.asked.options, Place::Other)?;
        negotiate::metadata(&self.headers, self.asked.options.format.as_deref())?;
        Ok(respond::with_type(200, "application/xml", csdl_xml(checker)?))
    }

    fn collection(
        self: &Arc<Self>,
        checker: &Checker<'_>,
        path: &CollectionPath,
        mut plan: Plan,
    ) -> Result<Response, Error> {
        plan.page_size = Some(self.page_size());
        if let Some(Position { after, top }) = self.position()? {
            plan = Plan { after: Some(after), top, skip: 0, ..plan };
        }
        let is_references = matches!(self.target, Target::References(_));
        let format = self.asked.options.format.as_deref();
        if !is_references && let Some(csv) = negotiate::csv(&self.headers, format) {
            return csv::answer(self, checker, (path, plan), csv);
        }
        let ctx = self.ctx();
        let start = start(&ctx, path)?;
        let page = self.list(&plan, &start, &ctx)?;
        let told = self.told((&plan, &start), &ctx);
        let top = plan.top.map(|top| top.saturating_sub(page.rows.len() as u64));
        let next = page.next.clone().map(|after| self.next_link(after, top));
        let of = (path.set, path.ty);
        let pieces = if is_references {
            Pieces::references(of, page, next.clone())
        } else {
            Pieces::new(of, plan.shape, page, next.clone())
        };
        let mut response = self.paged(checker, pieces, next)?;
        if let Some(told) = told {
            response.headers_mut().insert(told::PLAN, told);
            let preferences = negotiate::preferences(&self.headers);
            preferences.put_applied(&mut response, Preference::Explain);
        }
        Ok(response)
    }

    fn count(&self, checker: &Checker<'_>, path: &CollectionPath) -> Result<Response, Error> {
        let options = &self.asked.options;
        let plan = match checker.applied(path, options, Place::Count)? {
            None => checker.count(path, options)?,
            Some(Applied::Plan(plan)) => Plan { count: true, top: Some(0), ..plan },
            Some(Applied::Entities { apply, .. } | Applied::Groups { apply, .. }) => {
                return apply::count(self, path, apply);
            }
        };
        let ctx = self.ctx();
        let page = self.list(&plan, &start(&ctx, path)?, &ctx)?;
        Ok(respond::text(200, page.count.unwrap_or(0).to_string()))
    }

    fn reference(&self, checker: &Checker<'_>, path: &EntityPath) -> Result<Response, Error> {
        checker.only_options(&self.asked.options, Place::Other)?;
        match find::entity(&self.ctx(), path)? {
            Some(row) => self.json(checker, |writer| Ok(writer.reference(&row))),
            None => Ok(respond::empty(204)),
        }
    }

    fn entity(
        self: &Arc<Self>,
        checker: &Checker<'_>,
        path: &EntityPath,
    ) -> Result<Response, Error> {
        let shape = checker.entity(path, &self.asked.options)?;
        let ctx = self.ctx();
        self.weigh_entity(path, &ctx)?;
        let Some(row) = find::entity(&ctx, path)? else { return Ok(respond::empty(204)) };
        // The version tells nothing of related rows in the answer, nor of what is computed.
        let is_own = shape.expand.is_empty() && shape.computed.is_empty();
        let tag = if is_own { row.etag(checker.model) } else { None };
        let mut response = if tag.is_some() && self.knows(row.version) {
            respond::empty(304)
        } else {
            self.weigh_expanded((path.set, &shape), 1, &ctx)?;
            let pieces = Pieces::entity((path.set, path.ty), shape, row);
            let mut response = self.page(checker, pieces)?;
            let preferences = negotiate::preferences(&self.headers);
            preferences.put_applied(&mut response, Preference::OmitValues);
            response
        };
        super::write::put_etag(&mut response, tag.as_deref());
        Ok(response)
    }

    /// Whether `If-None-Match` names this version.
    fn knows(&self, version: u64) -> bool {
        negotiate::tags(&self.headers, "if-none-match").name(version)
    }

    fn property(&self, checker: &Checker<'_>, path: &PropertyPath) -> Result<Response, Error> {
        checker.only_options(&self.asked.options, Place::Other)?;
        let ctx = self.ctx();
        self.weigh_entity(&path.entity, &ctx)?;
        let owner = find::existing(&ctx, &path.entity)?;
        let value = find::property(&ctx, &owner, path)?;
        if value.is_null() {
            return Ok(respond::empty(204));
        }
        let mut response =
            self.json(checker, |writer| Ok(writer.property(&owner, path, &value)))?;
        negotiate::preferences(&self.headers).put_applied(&mut response, Preference::OmitValues);
        Ok(response)
    }

    fn raw_value(&self, checker: &Checker<'_>, path: &PropertyPath) -> Result<Response, Error> {
        checker.only_options(&self.asked.options, Place::Other)?;
        let ctx = self.ctx();
        self.weigh_entity(&path.entity, &ctx)?;
        let value = find::property(&ctx, &find::existing(&ctx, &path.entity)?, path)?;
        Ok(match (&value, &path.ty) {
            (Value::Null, _) => respond::empty(204),
            (Value::Binary(bytes), Type::Primitive(Primitive::Binary)) => {
                respond::with_type(200, "application/octet-stream", bytes.to_vec())
            }
            _ => respond::text(200, print(&value, &path.ty, checker.model)),
        })
    }
}

/// Which rows a collection starts from.
fn start(ctx: &Context<'_>, path: &CollectionPath) -> Result<Start, Error> {
    Ok(match &path.of {
        None => Start::Set,
        Some((entity, navigation)) => Start::Related(find::existing(ctx, entity)?, *navigation),
    })
}
