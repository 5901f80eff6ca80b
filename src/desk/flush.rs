//! What was counted in memory is written, some of it at a time.

use std::sync::Arc;

use super::{
    Desk,
    audit::{self, Due},
    usage,
};
use crate::{
    error::Error,
    model::{Key, set},
    store::{Actor, Draft, commit},
};

/// Tokens or notices that one transaction of a flush writes at most.
const FLUSH_BATCH: usize = 256;

impl Desk {
    /// Writes what was counted in memory: use of tokens, and the notices whose time has come or, at the
    /// end, all of them. What cannot be written is kept for the next time.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn flush(&self, is_last: bool) -> Result<(), Error> {
        let _alone = self.flushing.lock().await;
        let mut uses = self.usage.take();
        while !uses.is_empty() {
            let batch: Arc<[_]> = uses.drain(..uses.len().min(FLUSH_BATCH)).collect();
            let stored = Arc::clone(&batch);
            let run = move |draft: &mut dyn Draft| usage::store(draft, &stored);
            if let Err(error) = commit(&**self.store(), Actor::SYSTEM, run).await {
                self.usage.put_back(&batch);
                self.usage.put_back(&uses);
                return Err(error);
            }
        }
        let snapshot = self.snapshot();
        let is_there = |id| snapshot.row(set::ACCESS_TOKENS, &Key::Int(id)).is_some();
        self.usage.forget_deleted(is_there);
        let mut rows = self.notices().take(self.now(), is_last);
        while !rows.is_empty() {
            let batch: Arc<[Due]> = rows.drain(..rows.len().min(FLUSH_BATCH)).collect();
            let written = Arc::clone(&batch);
            let run = move |draft: &mut dyn Draft| {
                let mut rows = written.iter();
                rows.try_for_each(|row| audit::record(draft, row.caller(), &row.entry()))
            };
            if let Err(error) = commit(&**self.store(), Actor::SYSTEM, run).await {
                rows.extend(batch.iter().cloned());
                self.notices().put_back(rows);
                return Err(error);
            }
        }
        Ok(())
    }
}
