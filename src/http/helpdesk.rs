//! The helpdesk as the generic resource code sees it: every change through a verb of the desk.

use std::{sync::Arc, time::Duration};

use super::handout::Handout;
use crate::{
    auth::Principal,
    desk::{Desk, tokens},
    error::Error,
    model::{Model, Nav, Prop, Relation, Row, SetId, Value},
    odata::service::{Create, Delete, Service, Update},
    query::Source,
    store::Gauges,
    time::Timestamp,
};

/// The desk, and the file that handed out its first token if there is one.
#[derive(Clone)]
pub struct Helpdesk {
    desk: Desk,
    handout: Option<Arc<Handout>>,
}

impl Helpdesk {
    /// The service over `desk`.
    #[must_use]
    pub fn new(desk: Desk, handout: Option<Handout>) -> Self {
        Self { desk, handout: handout.map(Arc::new) }
    }

    /// How the store fares. May ask the file system: not for a thread of an async runtime.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        self.desk.store().gauges()
    }

    /// Access tokens that work now; looks at all of them.
    #[must_use]
    pub fn active_tokens(&self) -> u64 {
        tokens::active(&*self.desk.snapshot(), self.desk.now())
    }

    /// Waits for the end of the first token, and removes the file that still holds it then.
    pub async fn remove_handout_when_expired(&self) {
        if let Some(handout) = &self.handout {
            let micros = handout.expires().micros().saturating_sub(self.desk.now().micros());
            let wait = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
            tokio::time::sleep(wait).await;
            handout.token_used(None, handout.expires());
        }
    }
}

impl Service for Helpdesk {
    type Caller = Principal;

    fn model(&self) -> &Model {
        self.desk.model()
    }

    fn snapshot(&self) -> Arc<dyn Source> {
        self.desk.snapshot()
    }

    fn now(&self) -> Timestamp {
        self.desk.now()
    }

    fn caller(&self, secret: &str) -> Result<Principal, Error> {
        let caller = self.desk.authenticate(secret)?;
        if let Some(handout) = &self.handout {
            handout.token_used(caller.token_id, self.desk.now());
        }
        Ok(caller)
    }

    fn log_name(&self, caller: &Principal) -> Option<String> {
        caller.prefix.clone()
    }

    async fn create(&self, caller: Principal, create: Create) -> Result<Row, Error> {
        let mut given = create.body;
        if let Some((parent, navigation)) = &create.parent {
            given.push(link(self.desk.model(), create.set, parent, *navigation)?);
        }
        self.desk.create(&caller, create.set, given).await
    }

    async fn update(&self, caller: Principal, update: Update) -> Result<Row, Error> {
        let Update { set, key, precondition, changes, .. } = update;
        self.desk.update(&caller, (set, key), precondition, changes).await
    }

    async fn delete(&self, caller: Principal, delete: Delete) -> Result<(), Error> {
        let Delete { set, key, precondition } = delete;
        self.desk.delete(&caller, (set, key), precondition).await
    }
}

/// The property that ties a new entity of `set` to the parent whose navigation it was posted to.
fn link(model: &Model, set: SetId, parent: &Row, navigation: Nav) -> Result<(Prop, Value), Error> {
    let structure = model.structure(parent.type_id);
    let navigation = structure.navigation_at(navigation);
    let by = match navigation.relation {
        Relation::Children { by } => model.entity_type(set).property(by),
        Relation::Reference { .. } => None,
    };
    match (by, structure.key.as_slice()) {
        (Some(prop), [key]) => Ok((prop, parent.record.get(structure, *key))),
        _ => Err(Error::NotImplemented {
            feature: format!("creating an entity through '{}'", navigation.name),
        }),
    }
}
