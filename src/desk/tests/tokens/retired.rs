//! How often the store is asked to end a token whose former secret is used.

use core::pin::Pin;
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::oneshot;

use super::*;
use crate::store::{Commits, Fault, Gauges, Receipt, Seq, Snapshot, Store, Transaction};

/// A transaction that waits, and whom it is answered to.
type Waiting = (Transaction, oneshot::Sender<Result<Seq, Error>>);

/// A store that leaves transactions waiting, while it is told to.
struct Slow {
    store: MemoryStore,
    is_held: AtomicBool,
    held: Mutex<Vec<Waiting>>,
}

impl Slow {
    /// Does what waits; how much that was.
    fn go_on(&self) -> usize {
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        let count = held.len();
        for (transaction, sender) in held {
            let done = self.store.submit(transaction).unwrap().try_recv().unwrap();
            sender.send(done).unwrap();
        }
        count
    }
}

impl Store for Slow {
    fn submit(&self, transaction: Transaction) -> Result<Receipt, Fault> {
        if !self.is_held.load(Ordering::SeqCst) {
            return self.store.submit(transaction);
        }
        let (sender, receipt) = oneshot::channel();
        self.held.lock().unwrap().push((transaction, sender));
        Ok(receipt)
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot()
    }

    fn changes_since(&self, seq: Seq) -> Result<Commits, Fault> {
        self.store.changes_since(seq)
    }

    fn gauges(&self) -> Gauges {
        self.store.gauges()
    }

    fn wait_for(&self, seq: Seq) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.store.wait_for(seq)
    }
}

#[test]
fn a_former_secret_that_is_used_over_and_over_ends_its_token_once() {
    let clock = Clock::fixed(START.parse().unwrap());
    let slow = Arc::new(Slow {
        store: MemoryStore::new(helpdesk(), TimeZone::UTC, clock.clone()),
        is_held: AtomicBool::new(false),
        held: Mutex::default(),
    });
    let store: Arc<dyn Store> = Arc::<Slow>::clone(&slow);
    let desk = Desk::new(helpdesk(), store, clock.clone(), Settings::default());
    let bench = Bench { desk, clock, caller: Principal::system() };
    block_on(bench.desk.seed()).unwrap();
    policy(&bench, &[("OnRetiredSecret", text("Revoke"))]).unwrap();
    let formers: Vec<String> = (1..=2)
        .map(|id| {
            let (_, secret) = mint(&bench, request(Role::Agent)).unwrap();
            block_on(bench.desk.rotate_token(&bench.caller, at_any(id), Some(0))).unwrap();
            secret
        })
        .collect();
    slow.is_held.store(true, Ordering::SeqCst);
    let mut done = Vec::new();
    for _ in 0..3 {
        for secret in formers.iter().cycle().take(20) {
            assert_eq!(denied(&bench, secret), Denial::Rotated(START.parse().unwrap()));
        }
        done.push(slow.go_on());
    }
    assert_eq!(done, [2, 0, 0], "one for each token");
    assert_eq!(bench.list(set::ACCESS_TOKENS, &["State"]), ["revoked", "revoked"]);
}
