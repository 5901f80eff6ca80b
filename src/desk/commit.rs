//! How a verb's change is made: who asks is looked at once more inside the transaction, then come the change,
//! its row in the audit log and, where it is to be done once, its answer.

use super::{Desk, actor, audit, kept, still::Still};
use crate::{
    auth::Principal,
    error::Error,
    store::{Draft, Snapshot, commit},
};

impl Desk {
    /// Does the part of a verb that may take long, on a thread that may wait.
    pub(super) async fn beforehand<T, F>(&self, look: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Snapshot) -> Result<T, Error> + Send + 'static,
    {
        let snapshot = self.snapshot();
        let work = tokio::task::spawn_blocking(move || look(&*snapshot));
        work.await.unwrap_or_else(|error| Err(error.into()))
    }

    /// Does a verb's change, with its row in the audit log. Where it is to be done once, its answer is kept
    /// with it, so a verb calls this once; what it does in further transactions goes past it.
    pub(super) async fn commit<T, F>(&self, caller: &Principal, run: F) -> Result<T, Error>
    where
        T: kept::Done + Send + 'static,
        F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
    {
        self.commit_to(caller, None, run).await
    }

    /// As [`Desk::commit`], for a verb of which it is known what it is done to.
    pub(super) async fn commit_to<T, F>(
        &self,
        caller: &Principal,
        subject: audit::Subject,
        mut run: F,
    ) -> Result<T, Error>
    where
        T: kept::Done + Send + 'static,
        F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
    {
        let (still, by) = (Still::of(self), caller.clone());
        let run = move |draft: &mut dyn Draft| {
            still.check(draft, &by)?;
            run(draft)
        };
        self.finish(caller, subject, run).await
    }

    /// The last transaction of a verb that looked in its first whether the caller is [`Still`] who came;
    /// since then the verb itself may have ended what they came with.
    pub(super) async fn finish<T, F>(
        &self,
        caller: &Principal,
        subject: audit::Subject,
        mut run: F,
    ) -> Result<T, Error>
    where
        T: kept::Done + Send + 'static,
        F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
    {
        let (once, by) = (self.once.clone(), caller.clone());
        let mut told = move |draft: &mut dyn Draft| {
            let done = run(draft)?;
            audit::close(draft, &by, &subject)?;
            Ok(done)
        };
        let run = move |draft: &mut dyn Draft| match &once {
            None => told(draft),
            Some(once) => kept::run_once(draft, once, &mut told),
        };
        let done = commit(&**self.store(), actor(caller), run).await?;
        if let Some(once) = &self.once {
            self.kept.note(&once.key);
        }
        Ok(done)
    }
}
