//! How a page was found, in a header, for who asks with `Prefer: tessera.explain`.

use warp::http::{HeaderName, HeaderValue};

use super::Read;
use crate::{
    http::odata::negotiate,
    odata::service::Service,
    query::{Context, Plan, Rights, Start},
};

/// Tells how a page was found.
pub(super) const PLAN: HeaderName = HeaderName::from_static("tessera-plan");
/// Bytes of it; more would not pass every proxy.
const PLAN_BYTES_MAX: usize = 4096;
/// Who may ask for it.
const EXPLAIN_SCOPE: &str = "settings:read";

impl<S: Service> Read<S> {
    /// How the page was found, for who asks and may know: it tells of rows a caller may not see.
    pub(super) fn told(
        &self,
        (plan, start): (&Plan, &Start),
        ctx: &Context<'_>,
    ) -> Option<HeaderValue> {
        let asks = negotiate::preferences(&self.headers).explain;
        if !asks || !self.asked.caller.has(EXPLAIN_SCOPE) {
            return None;
        }
        let told = ctx.source.explain(plan, start, ctx);
        let mut text = format!("{} | looks at about {} rows", told.steps.join(" | "), told.rows);
        text.truncate(text.floor_char_boundary(PLAN_BYTES_MAX));
        HeaderValue::from_str(&text).ok()
    }
}
