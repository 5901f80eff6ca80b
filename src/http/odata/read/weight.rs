//! Light reads and heavy ones: what may touch many rows waits for a turn of its own, before it takes one of
//! those that light reads need.
//!
//! Every read is begun as a light one, and before that, where it might do, as a brief one (see
//! [`super::brief`]). Where it would touch more rows than that, it ends before it goes through them, and
//! begins again when a turn of the heavy ones has come; the pieces of its answer take such turns, too. What
//! is known of a filter, an order or an expansion before it is run decides; a search is asked of its index
//! first.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::{Read, Times, brief};
use crate::{
    error::Error,
    http::{
        Response,
        odata::{
            Feed,
            turns::{Turn, Turns},
        },
    },
    model::{Contents, Relation, SetId},
    odata::{check::EntityPath, service::Service},
    query::{
        Context, Expr, Page, Plan, Search, Shape, Start,
        apply::{Apply, Stage},
        behind::{Place, behind},
        list,
        search::Found,
    },
};

/// How many rows of a column could be looked at while one entity is taken as a whole.
const EACH_COST: u64 = 16;
/// The same while words are looked for in its texts.
const TEXTS_COST: u64 = 64;

/// How many rows a read may touch.
#[derive(Debug)]
pub(super) enum Weight {
    /// So few that others may wait for it; it ends, and says so here, where it would touch more.
    Brief(AtomicBool),
    /// Few; it ends, and says so here, where it would touch many.
    Light(AtomicBool),
    /// Any number, in turns of the heavy ones.
    Heavy,
    /// Any number; nobody waits for it, or it has a turn of another kind.
    Any,
}

/// Runs a read when its turn has come: as a light one, then, where it is none, in a turn of the heavy ones.
pub(super) async fn in_turns<S: Service>(
    feed: &Arc<Feed<S>>,
    read: Arc<Read<S>>,
) -> Result<Response, Error> {
    let pass = read.asked.pass.clone();
    // Held until the work is done, even if the client has gone.
    let turn = feed.turn(pass.as_ref()).await?;
    let read = Arc::new(anew(feed, read, Weight::Light(AtomicBool::new(false)))?);
    let light = Arc::clone(&read);
    let done = on_a_thread(turn, move || light.run()).await;
    if !read.is_too_heavy() {
        return done;
    }
    let deadline = (Instant::now() + feed.settings.turn_wait).into();
    let turns = Turns::new(&feed.gate, pass.as_ref()).heavy(&feed.heavy);
    let turn = turns.next(deadline).await?;
    let read = Arc::new(anew(feed, read, Weight::Heavy)?);
    on_a_thread(turn, move || read.run()).await
}

/// A read that was given up, to be run again; its turn has come, for an old snapshot may lose its long texts.
fn anew<S: Service>(feed: &Feed<S>, read: Arc<Read<S>>, weight: Weight) -> Result<Read<S>, Error> {
    let read = Arc::into_inner(read).ok_or_else(|| Error::internal(&"a read is still running"))?;
    let (snapshot, now) = (feed.service.snapshot(), feed.service.now());
    let (times, found) = (Some(Times::from_now(feed)), Found::default());
    Ok(Read { snapshot, now, times, weight, found, ..read })
}

/// Runs a read where it may take its time; the turn is held until it is done, even if the client has gone.
async fn on_a_thread<T: Send + 'static>(
    turn: Turn,
    run: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        run()
    });
    work.await.unwrap_or_else(|error| Err(error.into()))
}

impl<S: Service> Read<S> {
    /// The first page of a plan, if the read may touch as many rows as that takes.
    pub(super) fn list(
        &self,
        plan: &Plan,
        start: &Start,
        ctx: &Context<'_>,
    ) -> Result<Page, Error> {
        let Some((is_exceeded, most)) = self.bound() else { return list(plan, start, ctx) };
        let rows = plan.page_size.unwrap_or(u64::MAX).min(plan.top.unwrap_or(u64::MAX));
        self.weigh_entities(rows)?;
        self.weigh_expanded((plan.set, &plan.shape), rows, ctx)?;
        ctx.source.list_light((plan, start), ctx, most)?.ok_or_else(|| exceeded(is_exceeded))
    }

    /// Where the pieces of its answer get their turns.
    pub(super) fn turns(&self) -> Turns {
        let turns = Turns::new(&self.feed.gate, self.asked.pass.as_ref());
        match &self.weight {
            Weight::Heavy => turns.heavy(&self.feed.heavy),
            Weight::Light(_) | Weight::Any => turns,
            Weight::Brief(_) => turns.or_none(),
        }
    }

    /// Ends a light read of so many entities of a set whose expansions, or properties of `$compute`, would touch
    /// many rows.
    pub(super) fn weigh_expanded(
        &self,
        (set, shape): (SetId, &Shape),
        rows: u64,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let is_plain = shape.expand.is_empty() && shape.computed.is_empty();
        if is_plain || self.may_be_heavy() {
            return Ok(());
        }
        let cost = Shaped { it: set, ctx }.cost((set, shape), rows);
        self.weigh_entities(cost)?;
        self.weigh_as(cost)
    }

    /// Ends a brief read that would lead to so many entities.
    pub(super) fn weigh_entities(&self, count: u64) -> Result<(), Error> {
        match &self.weight {
            Weight::Brief(is_exceeded) if count > brief::ENTITIES_MAX => Err(exceeded(is_exceeded)),
            Weight::Brief(_) | Weight::Light(_) | Weight::Heavy | Weight::Any => Ok(()),
        }
    }

    /// Ends a light read of an entity of a set whose rows have to be made first.
    pub(super) fn weigh_entity(&self, path: &EntityPath, ctx: &Context<'_>) -> Result<(), Error> {
        let set = path.root.set;
        match ctx.model().set(set).contents {
            Contents::Computed { .. } => self.weigh_all(set, &Start::Set, ctx),
            Contents::Stored { .. } | Contents::Unfolded { .. } => Ok(()),
        }
    }

    fn may_be_heavy(&self) -> bool {
        self.bound().is_none()
    }

    /// How many rows it may touch, and where it is said that it would touch more; none where it may touch any.
    fn bound(&self) -> Option<(&AtomicBool, u64)> {
        let light = self.feed.settings.light_rows_max;
        match &self.weight {
            Weight::Brief(is_exceeded) => Some((is_exceeded, light.min(brief::ROWS_MAX))),
            Weight::Light(is_exceeded) => Some((is_exceeded, light)),
            Weight::Heavy | Weight::Any => None,
        }
    }

    /// As [`Read::weigh_all`], for `$apply` with its searches and what its conditions lead to.
    pub(super) fn weigh_applied(
        &self,
        apply: &Apply,
        start: &Start,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        self.weigh_all(apply.set, start, ctx)?;
        if self.may_be_heavy() {
            return Ok(());
        }
        let (mut searched, mut asked) = (0_u64, Vec::new());
        each_asked(&apply.stages, &mut |part| match part {
            Asked::Search(search) => {
                searched = searched.saturating_add(ctx.source.search_cost(apply.set, search, ctx));
            }
            Asked::Expr(expr) => asked.push(expr),
        });
        let rows = ctx.source.estimate(&Plan::of(apply.set), start, ctx);
        let shaped = Shaped { it: apply.set, ctx };
        let behind = shaped.behind(asked.into_iter(), apply.set).saturating_mul(rows);
        self.weigh_as(searched.saturating_add(behind))
    }

    fn weigh_as(&self, rows: u64) -> Result<(), Error> {
        match self.bound() {
            Some((is_exceeded, most)) if rows > most => Err(exceeded(is_exceeded)),
            Some(_) | None => Ok(()),
        }
    }

    /// Ends a light read that would touch many rows, for what is made of all entities of a set, or of those
    /// a row leads to.
    pub(super) fn weigh_all(
        &self,
        set: SetId,
        start: &Start,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        if self.may_be_heavy() {
            return ctx.source.ready(set, ctx);
        }
        self.weigh_as(ctx.source.estimate(&Plan::of(set), start, ctx).saturating_mul(EACH_COST))
    }

    pub(super) fn is_too_heavy(&self) -> bool {
        self.bound().is_some_and(|(is_exceeded, _)| is_exceeded.load(Ordering::Relaxed))
    }
}

/// Says that a light read would touch many rows; what it is answered is seen by nobody.
fn exceeded(is_exceeded: &AtomicBool) -> Error {
    is_exceeded.store(true, Ordering::Relaxed);
    Error::Overloaded {
        reason: "a light read would touch many rows",
        retry_after: std::time::Duration::from_secs(1),
    }
}

/// What a stage asks of each item.
enum Asked<'a> {
    Search(&'a Search),
    Expr(&'a Expr),
}

/// Everything that stages ask.
fn each_asked<'a>(stages: &'a [Stage], look: &mut dyn FnMut(Asked<'a>)) {
    for stage in stages {
        match stage {
            Stage::Search(search) => look(Asked::Search(search)),
            Stage::Filter(expr) => look(Asked::Expr(expr)),
            Stage::Compute(exprs) => exprs.iter().for_each(|expr| look(Asked::Expr(expr))),
            Stage::Aggregate(aggregates) => {
                let of = aggregates.iter().filter_map(|aggregate| aggregate.of.as_ref());
                of.for_each(|expr| look(Asked::Expr(expr)));
            }
            Stage::Group { keys, then, .. } => {
                for expr in keys {
                    look(Asked::Expr(expr));
                }
                each_asked(then, look);
            }
            Stage::Order(order) | Stage::First { order, .. } => {
                for order in order {
                    look(Asked::Expr(&order.expr));
                }
            }
            Stage::Concat(branches) => branches.iter().for_each(|stages| each_asked(stages, look)),
            Stage::Skip(_) | Stage::Top(_) | Stage::Arrange(_) => {}
        }
    }
}

/// What the entities of an answer bring along.
struct Shaped<'a> {
    /// The set of those that the whole request is about.
    it: SetId,
    ctx: &'a Context<'a>,
}

impl Shaped<'_> {
    /// About how many rows of columns could be looked at while so many entities of a set are given their
    /// shape: each leads to as many as all do on average.
    fn cost(&self, (set, shape): (SetId, &Shape), rows: u64) -> u64 {
        let parents = self.all(set).max(1);
        let model = self.ctx.model();
        let rows = rows.min(parents);
        let costs = shape.expand.iter().map(|expand| {
            let (plan, structure) = (&expand.plan, model.structure(expand.of));
            let there = match structure.navigation_at(expand.navigation).relation {
                Relation::Reference { .. } => rows,
                Relation::Children { .. } => {
                    rows.saturating_mul(self.all(plan.set).div_ceil(parents))
                }
            };
            let search = |search| self.ctx.source.search_cost(plan.set, search, self.ctx);
            let searched = plan.search.as_ref().map_or(0, search);
            let each = match (&plan.search, &plan.filter, plan.order.as_slice()) {
                (Some(_), _, _) => TEXTS_COST,
                (None, None, []) => 1,
                (None, _, _) => EACH_COST,
            };
            let asked = plan.filter.iter().chain(plan.order.iter().map(|order| &order.expr));
            let behind = self.behind(asked, plan.set).saturating_mul(there.max(rows));
            let below = self.cost((plan.set, &plan.shape), there);
            let own = there.saturating_mul(each).saturating_add(behind);
            own.saturating_add(searched).saturating_add(below)
        });
        let computed = shape.computed.iter().map(|computed| &computed.expr);
        let computed = self.behind(computed, set).saturating_mul(rows);
        costs.fold(computed, u64::saturating_add)
    }

    /// The same for what these are asked of one entity of a set.
    fn behind<'e>(&self, asked: impl Iterator<Item = &'e Expr>, set: SetId) -> u64 {
        let count = |set| self.all(set);
        let (model, it) = (self.ctx.model(), Some(self.it));
        let place = Place { model, set: Some(set), it, count: &count };
        let rows = asked.map(|expr| behind(expr, place)).fold(0, u64::saturating_add);
        rows.saturating_mul(EACH_COST)
    }

    fn all(&self, set: SetId) -> u64 {
        self.ctx.source.estimate(&Plan::of(set), &Start::Set, self.ctx)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::http::odata::read::Address;
    use crate::{
        auth::Principal,
        config::Config,
        http::{App, helpdesk::Helpdesk, odata::Settings},
        odata::{Limits, check::Checker},
    };

    /// What a read is answered.
    pub(in crate::http::odata::read) async fn answered(
        feed: &Arc<Feed<Helpdesk>>,
        address: &str,
    ) -> Result<u16, Error> {
        let asked = feed.asked(Principal::system(), "", address).unwrap();
        let target = Checker::new(feed.service.model(), &asked.caller, feed.settings.limits)
            .target(&asked.path, None)?;
        let read = Read::<Helpdesk> {
            address: Address { origin: String::new(), path: String::new(), query: None },
            feed: Arc::clone(feed),
            asked,
            target,
            headers: warp::http::HeaderMap::new(),
            snapshot: feed.service.snapshot(),
            now: feed.service.now(),
            times: Some(Times::from_now(feed)),
            weight: Weight::Any,
            found: Found::default(),
        };
        assert!(read.ctx().found.is_some(), "each search of an answer is to be run once");
        let answered = match brief::answer(feed, read) {
            brief::Tried::Answered(answered) => answered,
            brief::Tried::Again(read) => in_turns(feed, read).await,
        };
        answered.map(|response| response.status().as_u16())
    }

    /// The same while all turns of heavy reads are taken.
    async fn asked(address: &str, light_rows_max: u64) -> Result<u16, Error> {
        let config = Config { turn_wait_secs: 0, reads_max: 4, ..Config::default() };
        let settings = Settings { light_rows_max, ..Settings::new(&config, Limits::default()) };
        let feed = Arc::new(Feed::new(App::in_memory(config).feed.service().clone(), settings));
        let taken = u32::try_from(feed.heavy.available_permits()).unwrap();
        let _heavy = feed.heavy.acquire_many(taken).await.unwrap();
        answered(&feed, address).await
    }

    #[tokio::test]
    async fn a_heavy_turn_is_held_until_the_work_is_done_though_its_client_has_gone() {
        // The turn was let go with the request, while its thread went on.
        let feed = App::in_memory(Config { reads_max: 4, ..Config::default() }).feed;
        let all = feed.heavy.available_permits();
        let turns = Turns::new(&feed.gate, None).heavy(&feed.heavy);
        let turn = turns.next((Instant::now() + feed.settings.turn_wait).into()).await.unwrap();
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let request = tokio::spawn(on_a_thread(turn, move || {
            waits.recv().unwrap();
            Ok(())
        }));
        tokio::task::yield_now().await;
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        assert_eq!((feed.heavy.available_permits(), feed.gate.available_permits()), (all - 1, 3));
        go_on.send(()).unwrap();
        let _all = feed.gate.acquire_many(4).await.unwrap();
        while feed.heavy.available_permits() < all {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_light_read_never_waits_for_heavy_ones() {
        assert_eq!(asked("Tickets?$top=1", 1000).await, Ok(200));
        assert_eq!(asked("Tickets/$count", 1000).await, Ok(200));
        for address in ["Tickets?$top=1", "Tickets?$format=csv"] {
            let error = asked(address, 0).await.unwrap_err();
            assert_eq!(error.status(), 503);
            assert!(error.to_string().contains("over many rows"), "{error}");
        }
    }
}
