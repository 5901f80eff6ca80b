//! `Prefer: wait`: a search that finds what was acknowledged a moment ago.

use std::{sync::Arc, time::Duration};

use warp::http::HeaderMap;

use crate::{
    http::odata::{
        Feed,
        negotiate::{self, Preferences},
    },
    odata::{
        ast::{QueryOptions, Transformation},
        service::Service,
    },
};

/// Waits, where the query searches and the client asks for it, until searches are current; for as long as
/// it says, and never longer than a query may take. The preferences, if that was done.
pub(super) async fn for_search<S: Service>(
    feed: &Arc<Feed<S>>,
    options: &QueryOptions,
    headers: &HeaderMap,
) -> Option<Box<Preferences>> {
    if !searches(options) {
        return None;
    }
    let preferences = negotiate::preferences(headers);
    let most = Duration::from_secs(preferences.wait?).min(feed.settings.query_deadline);
    let waited = tokio::time::timeout(most, feed.service.search_current()).await;
    waited.is_ok().then(|| Box::new(preferences))
}

/// Whether a query searches, or what it expands or computes.
pub(super) fn searches(options: &QueryOptions) -> bool {
    options.search.is_some()
        || options.expand.iter().any(|item| searches(&item.options))
        || options.apply.iter().flatten().any(searches_too)
}

/// Whether a transformation searches, or one within it.
fn searches_too(transformation: &Transformation) -> bool {
    match transformation {
        Transformation::Search(_) => true,
        Transformation::GroupBy { then, .. } => then.iter().any(searches_too),
        Transformation::Concat(branches) => branches.iter().flatten().any(searches_too),
        Transformation::Identity
        | Transformation::Filter(_)
        | Transformation::Compute(_)
        | Transformation::Aggregate(_)
        | Transformation::Extreme { .. }
        | Transformation::OrderBy(_)
        | Transformation::Skip(_)
        | Transformation::Top(_) => false,
    }
}
