//! Use of a secret that was replaced ends the token, where the policy says so; once, however often it is used.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::oneshot::error::TryRecvError;

use super::Revoke;
use crate::{
    auth::Principal,
    desk::{Desk, actor, get},
    model::{Key, Precondition, props::token, set},
    query::Source,
    store::{Draft, Receipt, Transaction},
};

/// Tokens being ended, which nobody waits for: one transaction for each at most, until it is answered.
#[derive(Debug, Default)]
pub(in crate::desk) struct Revoking(Mutex<HashMap<i64, Receipt>>);

impl Desk {
    /// Ends a token without waiting for it; where that cannot be taken now, the next use tries again.
    pub(super) fn revoke_behind(&self, id: i64) {
        let mut under_way = self.revoking.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|_, receipt| matches!(receipt.try_recv(), Err(TryRecvError::Empty)));
        // What was answered is seen in a state as new as this.
        if under_way.contains_key(&id) || has_ended(&*self.snapshot(), id) {
            return;
        }
        let system = Principal::system();
        let verb = Revoke::new(&system, Key::Int(id), Precondition::default());
        let verb = verb.because("a secret was used that had been replaced");
        let run = Box::new(move |draft: &mut dyn Draft| verb.run(draft).map(|_| ()));
        if let Ok(receipt) = self.store().submit(Transaction { actor: actor(&system), run }) {
            under_way.insert(id, receipt);
        }
    }
}

fn has_ended(source: &dyn Source, id: i64) -> bool {
    let row = source.row(set::ACCESS_TOKENS, &Key::Int(id));
    row.is_none_or(|row| !get(source.model(), &row, token::REVOKED).is_null())
}
