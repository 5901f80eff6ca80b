//! Tikit's API at `/api`, to read: its names for our data, served by the same code as `/odata`.
//!
//! Holds no rule: callers, rights and rows are the helpdesk's, seen through another model.

pub mod model;
mod plan;
mod source;

use std::sync::Arc;

use crate::{
    auth::{Principal, Visit},
    error::Error,
    hash::Digest,
    http::{
        Helpdesk,
        limit::Client,
        odata::{Feed, Gate, Settings},
    },
    model::Model,
    odata::service::Service,
    query::Source,
    time::Timestamp,
};

/// Where the API is.
pub const ROOT: &str = "/api";

/// Rows in one answer: scripts for Tikit take the first answer for all there is.
const PAGE_ROWS: u64 = 100_000;

/// The helpdesk by Tikit's names.
pub struct Tikit(Helpdesk);

/// The API over `helpdesk`, whose reads take turns with those of its feed.
#[must_use]
pub fn feed(helpdesk: &Feed<Helpdesk>, settings: Settings) -> Feed<Tikit> {
    let settings = Settings {
        root: ROOT,
        page_size: PAGE_ROWS,
        page_size_max: PAGE_ROWS,
        expand_page_size: PAGE_ROWS,
        ..settings
    };
    Feed::beside(helpdesk, Tikit(helpdesk.service().clone()), settings)
}

impl Service for Tikit {
    type Caller = Principal;

    fn model(&self) -> &Model {
        model::tikit()
    }

    fn snapshot(&self) -> Arc<dyn Source> {
        Arc::new(source::Renamed::new(self.0.snapshot()))
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn search_current(&self) {
        self.0.search_current().await;
    }

    fn signing_key(&self) -> Digest {
        self.0.signing_key()
    }
}

impl Gate for Tikit {
    fn caller(&self, visit: &Visit<'_>) -> Result<Principal, Error> {
        self.0.caller(visit)
    }

    fn refused(&self, caller: &Principal, error: &Error) {
        self.0.refused(caller, error);
    }

    fn log_name(&self, caller: &Principal) -> Option<String> {
        self.0.log_name(caller)
    }

    fn client(&self, caller: &Principal) -> Option<Client> {
        self.0.client(caller)
    }
}
