//! Durable state: one order of changes, and snapshots of what they made. Knows no text and no HTTP.

#[cfg(test)]
mod agreement;
pub mod backup;
pub mod change;
pub mod check;
mod checkpoint;
mod columns;
mod draft;
mod edit;
pub mod embedded;
pub mod fault;
pub mod files;
pub mod gauges;
mod image;
pub mod journal;
mod lock;
pub mod memory;
mod patient;
mod records;
mod root;
mod trust;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

pub use self::{
    change::{Actor, Author, Change, Commit},
    edit::Edit,
    embedded::Embedded,
    fault::Fault,
    gauges::Gauges,
    journal::Seq,
    memory::MemoryStore,
    root::{Counts, Root},
};
use crate::{
    error::Error,
    id::Guid,
    model::{Key, Row, SetId},
    query::Source,
    time::Timestamp,
};

/// What a transaction sees and changes: the state after everything before it, and its own changes.
pub trait Draft: Source {
    /// The number this transaction gets if it changes anything.
    fn seq(&self) -> Seq;

    /// The transaction's time.
    fn now(&self) -> Timestamp;

    /// Who is acting.
    fn actor(&self) -> &Actor;

    /// Whether it changed anything so far.
    fn has_changed(&self) -> bool;

    /// What this transaction did so far, in order; an entity may come more than once.
    fn touched(&self) -> Box<dyn Iterator<Item = Touch<'_>> + '_>;

    /// The id the next entity of `set` gets; never one that was used before.
    ///
    /// # Errors
    /// `Conflict` where the greatest id was used.
    fn next_id(&self, set: SetId) -> Result<i64, Error>;

    /// A Guid for a new entity of `set` that is made at `at` and has that id.
    fn new_guid(&self, set: SetId, at: Timestamp, id: i64) -> Guid;

    /// Creates or replaces the entity with the key that `edit` holds. An unchanged one is left alone.
    ///
    /// # Errors
    /// `Conflict` if another entity holds a value that must be unique.
    fn put(&mut self, set: SetId, edit: Edit) -> Result<Row, Error>;

    /// Removes an entity; whether there was one.
    fn delete(&mut self, set: SetId, key: &Key) -> bool;

    /// Runs a part that, if refused, leaves no trace.
    ///
    /// # Errors
    /// Those of `part`.
    fn attempt(
        &mut self,
        part: &mut dyn FnMut(&mut dyn Draft) -> Result<(), Error>,
    ) -> Result<(), Error>;
}

/// An entity that a transaction made, changed or deleted.
#[derive(Clone, Copy, Debug)]
pub struct Touch<'a> {
    /// Its set.
    pub set: SetId,
    /// Its key.
    pub key: &'a Key,
    /// What it was just before; at its first touch, what it was before the transaction.
    pub former: Option<&'a Row>,
}

/// A pure function from state to changes, run on the committer's thread; it must not wait for anything.
pub type Run = Box<dyn FnMut(&mut dyn Draft) -> Result<(), Error> + Send>;

/// A change somebody wants.
pub struct Transaction {
    /// Who wants it.
    pub actor: Actor,
    /// What is to be done.
    pub run: Run,
}

/// Resolves once the transaction is in the journal and visible in the next snapshot, or refused.
pub type Receipt = oneshot::Receiver<Result<Seq, Error>>;

/// Rows as they were at one sequence number; never changes under its reader.
pub trait Snapshot: Source {
    /// The last transaction it shows.
    fn seq(&self) -> Seq;

    /// The highest id ever used in a set, whether its entity is still there or not.
    fn last_id(&self, set: SetId) -> i64;
}

/// A stream of committed transactions, oldest first.
pub type Commits = Box<dyn Iterator<Item = Result<Commit, Fault>> + Send>;

/// An engine that keeps the state.
pub trait Store: Send + Sync {
    /// Queues a transaction.
    ///
    /// # Errors
    /// `Busy` if the queue or the memory for unapplied changes is full, `Closed` after a stop.
    fn submit(&self, transaction: Transaction) -> Result<Receipt, Fault>;

    /// The greatest size of a transaction in the journal, bytes.
    fn transaction_bytes_max(&self) -> u64 {
        u64::MAX
    }

    /// The newest state.
    fn snapshot(&self) -> Arc<dyn Snapshot>;

    /// What was committed after `seq`, up to now.
    ///
    /// # Errors
    /// `Trimmed` if that is no longer kept.
    fn changes_since(&self, seq: Seq) -> Result<Commits, Fault>;

    /// How it fares. May ask the file system: not for a thread of an async runtime.
    fn gauges(&self) -> Gauges;

    /// Resolves when a snapshot shows `seq`.
    fn wait_for(&self, seq: Seq) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Resolves when a search finds what `seq` wrote; at once where each text is looked at.
    fn wait_for_search(&self, seq: Seq) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let _ = seq;
        Box::pin(std::future::ready(()))
    }
}

/// Commits what `run` does and hands on what it returns.
///
/// # Errors
/// Those of `run`, and those of the store: full queue, full disk, stopped writing.
pub async fn commit<T, F>(store: &dyn Store, actor: Actor, run: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
{
    let (transaction, slot) = with_slot(actor, run);
    let receipt = store.submit(transaction)?;
    settle(receipt.await.unwrap_or_else(|_| Err(Fault::Closed.into())), &slot)
}

/// As [`commit`], for a thread of its own: waits for the answer.
///
/// # Errors
/// As [`commit`].
pub fn commit_blocking<T, F>(store: &dyn Store, actor: Actor, run: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
{
    submit(store, actor, run)?.wait()
}

/// As [`commit_blocking`], but the answer is waited for later: several transactions of one thread may be on their way,
/// and are committed in the order in which they were submitted.
///
/// # Errors
/// `Busy` if nothing more is taken at the moment, `Closed`.
pub fn submit<T, F>(store: &dyn Store, actor: Actor, run: F) -> Result<Pending<T>, Fault>
where
    T: Send + 'static,
    F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
{
    let (transaction, slot) = with_slot(actor, run);
    Ok(Pending { receipt: store.submit(transaction)?, slot })
}

/// The answer to a transaction on its way.
pub struct Pending<T> {
    receipt: Receipt,
    slot: Slot<T>,
}

impl<T> Pending<T> {
    /// Waits for it; not on a thread of an async runtime.
    ///
    /// # Errors
    /// As [`commit`].
    pub fn wait(self) -> Result<T, Error> {
        let answer = self.receipt.blocking_recv().unwrap_or_else(|_| Err(Fault::Closed.into()));
        settle(answer, &self.slot)
    }
}

type Slot<T> = Arc<Mutex<Option<T>>>;

fn with_slot<T, F>(actor: Actor, mut run: F) -> (Transaction, Slot<T>)
where
    T: Send + 'static,
    F: FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
{
    let slot = Slot::<T>::default();
    let filled = Arc::clone(&slot);
    let run = Box::new(move |draft: &mut dyn Draft| {
        let result = run(draft)?;
        *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        Ok(())
    });
    (Transaction { actor, run }, slot)
}

fn settle<T>(answer: Result<Seq, Error>, slot: &Slot<T>) -> Result<T, Error> {
    answer?;
    let result = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    result.ok_or_else(|| Error::internal(&"a committed transaction left no result"))
}
