//! Light reads and heavy ones: what may touch many rows waits for a turn of its own, before it takes one of
//! those that light reads need.
//!
//! Every read is begun as a light one. Where it would touch more rows than that, it ends before it goes
//! through them, and begins again when a turn of the heavy ones has come; the pieces of its answer take
//! such turns, too. What is known of a filter, an order or an expansion before it is run decides; a search
//! is asked of its index first.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::{Read, Times};
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
    query::{Context, Page, Plan, Shape, Start, list, search::Found},
};

/// How many rows of a column could be looked at while one entity is taken as a whole.
const EACH_COST: u64 = 16;
/// The same while words are looked for in its texts.
const TEXTS_COST: u64 = 64;

/// How many rows a read may touch.
#[derive(Debug)]
pub(super) enum Weight {
    /// Few; it ends, and says so here, where it would touch many.
    Light(AtomicBool),
    /// Any number, in turns of the heavy ones.
    Heavy,
    /// Any number; nobody waits for it, or it has a turn of another kind.
    Any,
}

impl Weight {
    /// Of a read that is begun.
    pub(super) fn light() -> Self {
        Self::Light(AtomicBool::new(false))
    }
}

/// Runs a read: at once where it is light, else when a turn of the heavy ones has come.
pub(super) async fn in_turn<S: Service>(
    feed: &Arc<Feed<S>>,
    read: Arc<Read<S>>,
    turn: Turn,
) -> Result<Response, Error> {
    let pass = read.asked.pass.clone();
    let light = Arc::clone(&read);
    let done = on_a_thread(turn, move || light.run()).await;
    if !read.is_too_heavy() {
        return done;
    }
    let deadline = (Instant::now() + feed.settings.turn_wait).into();
    let turns = Turns::new(&feed.gate, pass.as_ref()).heavy(&feed.heavy);
    let turn = turns.next(deadline).await?;
    let read = Arc::into_inner(read).ok_or_else(|| Error::internal(&"a read is still running"))?;
    let (snapshot, now) = (feed.service.snapshot(), feed.service.now());
    let (times, weight, found) = (Some(Times::from_now(feed)), Weight::Heavy, Found::default());
    let read = Arc::new(Read { snapshot, now, times, weight, found, ..read });
    on_a_thread(turn, move || read.run()).await
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
        let Weight::Light(is_exceeded) = &self.weight else { return list(plan, start, ctx) };
        let rows = plan.page_size.unwrap_or(u64::MAX).min(plan.top.unwrap_or(u64::MAX));
        self.weigh_expanded((plan.set, &plan.shape), rows, ctx)?;
        let most = self.feed.settings.light_rows_max;
        ctx.source.list_light((plan, start), ctx, most)?.ok_or_else(|| exceeded(is_exceeded))
    }

    /// Where the pieces of its answer get their turns.
    pub(super) fn turns(&self) -> Turns {
        let turns = Turns::new(&self.feed.gate, self.asked.pass.as_ref());
        match &self.weight {
            Weight::Heavy => turns.heavy(&self.feed.heavy),
            Weight::Light(_) | Weight::Any => turns,
        }
    }

    /// Ends a light read of so many entities of a set whose expansions would touch many rows.
    pub(super) fn weigh_expanded(
        &self,
        (set, shape): (SetId, &Shape),
        rows: u64,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        if shape.expand.is_empty() || self.may_be_heavy() {
            return Ok(());
        }
        self.weigh_as(expanded((set, shape), rows, ctx))
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
        match &self.weight {
            Weight::Heavy | Weight::Any => true,
            Weight::Light(_) => false,
        }
    }

    /// Ends a light read that would touch many rows; it is begun again as a heavy one.
    pub(super) fn weigh(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<(), Error> {
        if self.may_be_heavy() {
            return Ok(());
        }
        self.weigh_as(ctx.source.estimate(plan, start, ctx))
    }

    fn weigh_as(&self, rows: u64) -> Result<(), Error> {
        match &self.weight {
            Weight::Light(is_exceeded) if rows > self.feed.settings.light_rows_max => {
                Err(exceeded(is_exceeded))
            }
            Weight::Light(_) | Weight::Heavy | Weight::Any => Ok(()),
        }
    }

    /// As [`Read::weigh`], for what is made of all entities of a set, or of those a row leads to.
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

    fn is_too_heavy(&self) -> bool {
        match &self.weight {
            Weight::Light(is_exceeded) => is_exceeded.load(Ordering::Relaxed),
            Weight::Heavy | Weight::Any => false,
        }
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

/// About how many rows of columns could be looked at while so many entities of a set are expanded: each
/// leads to as many as all do on average.
fn expanded((set, shape): (SetId, &Shape), rows: u64, ctx: &Context<'_>) -> u64 {
    let all = |set| ctx.source.estimate(&Plan::of(set), &Start::Set, ctx);
    let parents = all(set).max(1);
    let costs = shape.expand.iter().map(|expand| {
        let (plan, structure) = (&expand.plan, ctx.model().structure(expand.of));
        let there = match structure.navigation_at(expand.navigation).relation {
            Relation::Reference { .. } => rows.min(parents),
            Relation::Children { .. } => {
                rows.min(parents).saturating_mul(all(plan.set).div_ceil(parents))
            }
        };
        let each = match (&plan.search, &plan.filter, plan.order.as_slice()) {
            (Some(_), _, _) => TEXTS_COST,
            (None, None, []) => 1,
            (None, _, _) => EACH_COST,
        };
        there.saturating_mul(each).saturating_add(expanded((plan.set, &plan.shape), there, ctx))
    });
    costs.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::odata::read::Address;
    use crate::{
        auth::Principal,
        config::Config,
        http::{App, helpdesk::Helpdesk, odata::Settings},
        odata::{Limits, check::Checker},
    };

    /// What a read is answered while all turns of heavy reads are taken.
    async fn asked(address: &str, light_rows_max: u64) -> Result<u16, Error> {
        let config = Config { turn_wait_secs: 0, reads_max: 4, ..Config::default() };
        let settings = Settings { light_rows_max, ..Settings::new(&config, Limits::default()) };
        let feed = Arc::new(Feed::new(App::in_memory(config).feed.service().clone(), settings));
        let taken = u32::try_from(feed.heavy.available_permits()).unwrap();
        let _heavy = feed.heavy.acquire_many(taken).await.unwrap();
        let asked = feed.asked(Principal::system(), "", address).unwrap();
        let target = Checker::new(feed.service.model(), &asked.caller, feed.settings.limits)
            .target(&asked.path, None)?;
        let read = Arc::new(Read::<Helpdesk> {
            address: Address { origin: String::new(), path: String::new(), query: None },
            feed: Arc::clone(&feed),
            asked,
            target,
            headers: warp::http::HeaderMap::new(),
            snapshot: feed.service.snapshot(),
            now: feed.service.now(),
            times: Some(Times::from_now(&feed)),
            weight: Weight::light(),
            found: Found::default(),
        });
        assert!(read.ctx().found.is_some(), "each search of an answer is to be run once");
        let turn = feed.turn(None).await?;
        in_turn(&feed, read, turn).await.map(|response| response.status().as_u16())
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
