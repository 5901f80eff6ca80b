//! `POST` to an action of an entity or of a set.
//!
//! Source: OData 4.01 Part 1, 11.5.5.

use std::{ops::ControlFlow, sync::Arc};

use warp::http::{HeaderValue, header};

use super::{
    REFUSED,
    answer::{Deed, Plain, Said, Telling},
    checker, context, current, once, precondition, reader, require, some_entity, target,
};
use crate::{
    error::Error,
    http::{
        Request, Response,
        odata::{
            Asked, Feed,
            negotiate::{self, Preference, Preferences},
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
    query::{Context, Shape, once::Effect},
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
        if action.scope.is_some() {
            require(&asked.caller, action.scope)?;
        }
        let wanted = wanted(&checker, &asked, action.returns)?;
        (path, wanted, negotiate::json(&request.headers, asked.options.format.as_deref())?)
    };
    let turn = match once::begin(feed, &asked, &mut request).await? {
        ControlFlow::Continue(turn) => turn,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let precondition = precondition(&request);
    let (set, row) = match &path.on {
        Bound::Entity(entity) => {
            let row = current(feed, entity, &precondition)?;
            (row.set, Some(row))
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
    let key = row.as_ref().map(|row| row.key(model));
    let root = format!("{}/", feed.settings.root);
    let origin = asked.root.strip_suffix(&root).unwrap_or_default().to_owned();
    let act = Act { action: path.action, set, key, precondition, given, origin };
    let (caller, preferences) = (asked.caller.clone(), negotiate::preferences(&request.headers));
    let saying = Arc::new(match wanted {
        Wanted::Nothing => Saying::Nothing,
        Wanted::Entity(of, shape) => {
            let (feed, before, deed) = (Arc::clone(feed), None, Deed::Changed);
            let said = Said { feed, asked, of, shape, json, preferences, before, deed };
            Saying::Entity(Arc::new(said))
        }
        Wanted::Complex(declared) => {
            let feed = Arc::clone(feed);
            Saying::Complex(Box::new(SaidValue { feed, asked, declared, json, preferences }))
        }
    });
    let held = turn.hold(Arc::clone(&saying), row.as_ref()).await?;
    let done = held.service().act(caller, act).await?;
    if let Some(answer) = held.answer() {
        return Ok(answer);
    }
    match (done, &*saying) {
        (Outcome::Entity(row), Saying::Entity(said)) => Ok(Arc::clone(said).respond(row).await),
        (Outcome::Complex(complex), Saying::Complex(said)) => {
            let snapshot = feed.service.snapshot();
            Ok(said.plain(&context(feed, &*snapshot), &complex).respond())
        }
        (Outcome::Nothing | Outcome::Entity(_) | Outcome::Complex(_), _) => Ok(respond::empty(204)),
    }
}

/// How an action is answered.
enum Saying<S: Service> {
    Nothing,
    Entity(Arc<Said<S>>),
    Complex(Box<SaidValue<S>>),
}

impl<S: Service> Telling for Saying<S> {
    fn told(&self, ctx: &Context<'_>, effect: Effect<'_>) -> Result<Plain, Error> {
        match (self, effect) {
            (Self::Entity(said), _) => said.told(ctx, effect),
            (Self::Complex(said), Effect::Value(complex)) => Ok(said.plain(ctx, complex)),
            (Self::Nothing | Self::Complex(_), _) => Ok(Plain::empty()),
        }
    }

    fn quiet(&self, effect: Effect<'_>) -> Plain {
        match self {
            Self::Entity(said) => said.quiet(effect),
            Self::Nothing | Self::Complex(_) => Plain::empty(),
        }
    }

    fn is_costly(&self) -> bool {
        match self {
            Self::Entity(said) => said.is_costly(),
            Self::Nothing | Self::Complex(_) => false,
        }
    }
}

/// How an action is answered with a complex value.
struct SaidValue<S: Service> {
    feed: Arc<Feed<S>>,
    asked: Asked<S::Caller>,
    declared: StructId,
    json: negotiate::JsonType,
    preferences: Preferences,
}

impl<S: Service> SaidValue<S> {
    /// The value. It may hold a secret, so that nobody may keep it.
    fn plain(&self, ctx: &Context<'_>, complex: &Complex) -> Plain {
        let key = self.feed.service.signing_key();
        let writer = Writer {
            ctx: *ctx,
            checker: &checker(&self.feed, &self.asked),
            addresses: Addresses { model: self.feed.service.model(), root: &self.asked.root },
            format: self.json.format,
            onward: self.feed.onward(&self.asked, &key),
            tools: &self.feed.tools,
        };
        let body = writer.answer(self.declared, complex);
        let mut plain = Plain::json(200, &self.json.content_type, body);
        self.preferences.put_applied(&mut plain.head, Preference::OmitValues);
        let no_store = HeaderValue::from_static("no-store");
        plain.head.headers_mut().insert(header::CACHE_CONTROL, no_store);
        plain
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
