//! A store without a disk, for tests of what stands above the store: everything is gone when it is.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::tz::TimeZone;
use tokio::sync::{oneshot, watch};

use super::{
    Commit, Commits, Draft, Fault, Gauges, Receipt, Root, Seq, Snapshot, Store, Transaction,
    draft::Work, root::Texts,
};
use crate::{
    error::Error,
    model::{Key, Model, SetId},
    time::Clock,
};

/// Runs each transaction at once, one after the other, and keeps all commits.
pub struct MemoryStore {
    model: &'static Model,
    clock: Clock,
    state: Mutex<State>,
    seq: watch::Sender<Seq>,
}

struct State {
    root: Arc<Root>,
    commits: Vec<Commit>,
}

/// All long texts stay with the root, so there is nothing to read elsewhere.
struct NoTexts;

impl Texts for NoTexts {
    fn read(&self, _: SetId, _: &Key, _: u16, _: Seq) -> Result<Arc<str>, Error> {
        Err(Error::internal(&"a long text is missing from memory"))
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(model: &'static Model, zone: TimeZone, clock: Clock) -> Self {
        let root = Arc::new(Root::empty(model, zone, Arc::new(NoTexts)));
        let state = Mutex::new(State { root, commits: Vec::new() });
        Self { model, clock, state, seq: watch::Sender::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut transaction: Transaction) -> Result<Seq, Error> {
        let mut state = self.state();
        let before = super::Snapshot::seq(&*state.root);
        let root = Root::clone(&state.root);
        let mut work = Work::on(root, self.model, before + 1, self.clock.now(), transaction.actor);
        catch_unwind(AssertUnwindSafe(|| (transaction.run)(&mut work as &mut dyn Draft)))
            .unwrap_or_else(|_| Err(Error::internal(&"a transaction panicked")))?;
        let Some((mut root, commit)) = work.finish() else { return Ok(before) };
        root.fold();
        let seq = commit.seq;
        state.root = Arc::new(root);
        state.commits.push(commit);
        self.seq.send_replace(seq);
        Ok(seq)
    }
}

impl Store for MemoryStore {
    fn submit(&self, transaction: Transaction) -> Result<Receipt, Fault> {
        let (sender, receipt) = oneshot::channel();
        // Whoever no longer waits does not need the answer.
        let _ = sender.send(self.run(transaction));
        Ok(receipt)
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::<Root>::clone(&self.state().root)
    }

    fn changes_since(&self, seq: Seq) -> Result<Commits, Fault> {
        let commits: Vec<Commit> =
            self.state().commits.iter().filter(|commit| commit.seq > seq).cloned().collect();
        Ok(Box::new(commits.into_iter().map(Ok)))
    }

    fn gauges(&self) -> Gauges {
        let seq = self.snapshot().seq();
        Gauges { committed: seq, applied: seq, transactions: seq, ..Gauges::default() }
    }

    fn wait_for(&self, seq: Seq) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut shown = self.seq.subscribe();
        Box::pin(async move {
            // Fails only if the sender is gone, and this borrow keeps it.
            let _ = shown.wait_for(|now| *now >= seq).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::Strain,
        model::{Row, Value, helpdesk, props::team, set},
        store::{Actor, Edit, commit_blocking},
    };

    fn store() -> MemoryStore {
        MemoryStore::new(helpdesk(), TimeZone::UTC, Clock::default())
    }

    fn add_team(draft: &mut dyn Draft, name: &str) -> Result<Row, Error> {
        let mut edit = Edit::new(helpdesk(), set::TEAMS);
        edit.set(helpdesk(), team::ID, draft.next_id(set::TEAMS)?);
        edit.set(helpdesk(), team::NAME, name);
        draft.put(set::TEAMS, edit)
    }

    #[test]
    fn a_refused_or_panicking_transaction_spends_no_id() {
        let store = store();
        let refused = commit_blocking(&store, Actor::SYSTEM, |draft| {
            add_team(draft, "a")?;
            Err::<(), _>(Error::StorageFull)
        });
        assert_eq!(refused, Err(Error::StorageFull));
        let panicked = commit_blocking(&store, Actor::SYSTEM, |draft| {
            add_team(draft, "b")?;
            panic!("on purpose");
            #[allow(unreachable_code)]
            Ok(())
        });
        assert_eq!(panicked.unwrap_err().status(), 500);
        let row = commit_blocking(&store, Actor::SYSTEM, |draft| add_team(draft, "c")).unwrap();
        assert_eq!((row.key(helpdesk()), row.version), (Key::Int(1), 1));
    }

    #[test]
    fn a_snapshot_does_not_change_under_its_reader() {
        let store = store();
        let before = store.snapshot();
        commit_blocking(&store, Actor::SYSTEM, |draft| add_team(draft, "a")).unwrap();
        assert_eq!(before.rows(set::TEAMS).count(), 0);
        let after = store.snapshot();
        assert_eq!(after.rows_where(set::TEAMS, team::NAME, &Value::text("a")).len(), 1);
        assert_eq!(store.changes_since(0).unwrap().count(), 1);
        assert_eq!(store.changes_since(1).unwrap().count(), 0);
    }

    #[test]
    fn guids_of_a_set_go_on_from_its_last_row_and_are_found() {
        let store = store();
        let add_two = |draft: &mut dyn Draft| {
            for _ in 0..2 {
                let id = draft.next_id(set::TEAMS)?;
                let mut edit = Edit::new(helpdesk(), set::TEAMS);
                edit.set(helpdesk(), team::ID, id);
                edit.set(helpdesk(), team::GUID, draft.new_guid(set::TEAMS, draft.now(), id));
                draft.put(set::TEAMS, edit)?;
            }
            Ok(())
        };
        commit_blocking(&store, Actor::SYSTEM, add_two).unwrap();
        commit_blocking(&store, Actor::SYSTEM, add_two).unwrap();
        let (source, structure) = (store.snapshot(), helpdesk().entity_type(set::TEAMS));
        let rows: Vec<Row> = source.rows(set::TEAMS).collect();
        let guid = |row: &Row| match row.record.get(structure, team::GUID) {
            Value::Guid(guid) => guid,
            other => panic!("{other:?}"),
        };
        let strain = |row: &Row| Strain::of(guid(row), row.key(helpdesk()).as_int().unwrap());
        assert_eq!(rows.len(), 4);
        for row in &rows {
            assert_eq!((strain(row).is_some(), strain(row)), (true, strain(&rows[0])));
            let found = source.rows_where(set::TEAMS, team::GUID, &guid(row).into());
            assert_eq!(found, std::slice::from_ref(row));
        }
    }

    #[tokio::test]
    async fn waiting_ends_when_the_transaction_is_visible() {
        let store = Arc::new(store());
        let waiting = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                store.wait_for(1).await;
                store.snapshot().seq()
            }
        });
        super::super::commit(&*store, Actor::SYSTEM, |draft| add_team(draft, "a")).await.unwrap();
        assert_eq!(waiting.await.unwrap(), 1);
    }
}
