//! Light reads and heavy ones: what may touch many rows waits for a turn of its own, before it takes one of
//! those that light reads need.
//!
//! Every read is begun as a light one. Where its plan would touch more rows than that, it ends before it
//! touched any, and begins again when a turn of the heavy ones has come.

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
            turns::{self, Turn},
        },
    },
    model::SetId,
    odata::service::Service,
    query::{Context, Page, Plan, Shape, Start, list},
};

/// How many rows of a column could be looked at while one entity is taken as a whole.
const EACH_COST: u64 = 16;

/// How many rows a read may touch.
#[derive(Debug)]
pub(super) enum Weight {
    /// Few; it ends, and says so here, where it would touch many.
    Light(AtomicBool),
    /// Any number.
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
    let done = on_a_thread(Arc::clone(&read), turn).await;
    if !read.is_too_heavy() {
        return done;
    }
    let deadline = (Instant::now() + feed.settings.turn_wait).into();
    let _heavy = turns::heavy_turn(&feed.heavy, deadline).await?;
    let turn = feed.turn(pass.as_ref()).await?;
    let read = Arc::into_inner(read).ok_or_else(|| Error::internal(&"a read is still running"))?;
    let (snapshot, now) = (feed.service.snapshot(), feed.service.now());
    let (times, weight) = (Some(Times::from_now(feed)), Weight::Any);
    on_a_thread(Arc::new(Read { snapshot, now, times, weight, ..read }), turn).await
}

/// Runs a read where it may take its time; the turn is held until it is done, even if the client has gone.
async fn on_a_thread<S: Service>(read: Arc<Read<S>>, turn: Turn) -> Result<Response, Error> {
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        read.run()
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
        self.weigh(plan, start, ctx)?;
        list(plan, start, ctx)
    }

    /// Ends a light read that would touch many rows; it is begun again as a heavy one.
    pub(super) fn weigh(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<(), Error> {
        if matches!(self.weight, Weight::Any) {
            return Ok(());
        }
        self.weigh_as(ctx.source.estimate(plan, start, ctx))
    }

    fn weigh_as(&self, rows: u64) -> Result<(), Error> {
        match &self.weight {
            Weight::Light(is_exceeded) if rows > self.feed.settings.light_rows_max => {
                is_exceeded.store(true, Ordering::Relaxed);
                Err(Error::Overloaded {
                    reason: "a light read would touch many rows",
                    retry_after: std::time::Duration::from_secs(1),
                })
            }
            Weight::Light(_) | Weight::Any => Ok(()),
        }
    }

    /// As [`Read::weigh`], for what is made of all entities of a set, or of those a row leads to.
    pub(super) fn weigh_all(
        &self,
        set: SetId,
        start: &Start,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let all = Plan {
            set,
            filter: None,
            search: None,
            order: Vec::new(),
            skip: 0,
            top: None,
            count: false,
            page_size: None,
            after: None,
            shape: Shape::default(),
        };
        self.weigh_as(ctx.source.estimate(&all, start, ctx).saturating_mul(EACH_COST))
    }

    fn is_too_heavy(&self) -> bool {
        match &self.weight {
            Weight::Light(is_exceeded) => is_exceeded.load(Ordering::Relaxed),
            Weight::Any => false,
        }
    }
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
        });
        let turn = feed.turn(None).await?;
        in_turn(&feed, read, turn).await.map(|response| response.status().as_u16())
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
