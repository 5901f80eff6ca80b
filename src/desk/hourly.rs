//! What is removed every hour because its time is up.

use super::{Desk, audit, deleted};
use crate::{
    auth::Principal,
    error::Error,
    store::{Actor, Draft, commit},
    time::MICROS_PER_DAY,
};

impl Desk {
    /// Removes for good the deleted tickets whose time is up, in several transactions if there are
    /// many; how many that were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn purge(&self) -> Result<usize, Error> {
        let until = deleted::due_until(self.now(), &self.settings());
        let mut purged = 0;
        while !deleted::due(&*self.snapshot(), until).is_empty() {
            let run = move |draft: &mut dyn Draft| {
                let count = deleted::purge(draft, until);
                if count > 0 {
                    let told = format!("{}: {count}", deleted::PURGED);
                    let entry = audit::Entry::new(audit::Event::Deleted).detail(told);
                    audit::record(draft, &Principal::system(), &entry)?;
                }
                Ok(count)
            };
            purged += commit(&**self.store(), Actor::SYSTEM, run).await?;
        }
        Ok(purged)
    }

    /// Removes the rows of the audit log that are older than the settings keep, in several
    /// transactions if there are many; how many that were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn trim_audit(&self) -> Result<usize, Error> {
        let kept = MICROS_PER_DAY.saturating_mul(i64::from(self.settings().audit_days));
        let Some(until) = self.now().plus_micros(-kept).filter(|_| kept > 0) else { return Ok(0) };
        let mut trimmed = 0;
        while audit::is_due(&*self.snapshot(), until) {
            let run = move |draft: &mut dyn Draft| audit::trim(draft, until);
            trimmed += commit(&**self.store(), Actor::SYSTEM, run).await?;
        }
        Ok(trimmed)
    }
}
