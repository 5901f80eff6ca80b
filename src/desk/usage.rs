//! How access tokens are used: counted in memory, so that a request costs no write, and stored in
//! batches from time to time.
//!
//! What was counted since the last flush is lost with the process.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    auth::{Confirmed, Principal},
    desk::{audit::clean, get},
    error::Error,
    model::{
        Key, Value,
        props::{token, token_use},
        set,
    },
    query::Source,
    store::{Draft, Edit},
    time::Timestamp,
};

/// Parts that each have a lock of their own, held for one entry: many threads seldom meet.
const SHARDS: u64 = 64;

/// Characters kept of what a program calls itself.
const AGENT_CHARS: usize = 256;

/// Use of tokens since the last flush; an entry for each token used, of which there are as many as
/// the workspace keeps.
#[derive(Debug)]
pub struct Usage {
    shards: Vec<Mutex<HashMap<i64, Use>>>,
    /// How the secrets begin whose first use was told; one for each token, until a flush finds that it was deleted.
    told: Mutex<HashMap<i64, String>>,
}

/// Use of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// When, from where and by which program it was let in last.
    last: Option<(Timestamp, Option<IpAddr>, Option<Arc<str>>)>,
    /// When and from where one of its former secrets was let in last.
    former: Option<(Timestamp, Option<IpAddr>)>,
    /// How the present secret begins, where it was let in.
    present: Option<String>,
    uses: i64,
    denials: i64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), told: Mutex::default() }
    }
}

impl Usage {
    /// A token opened the door; whether that is the first use since the last flush, of the token or of its
    /// present secret.
    #[must_use]
    pub fn note(&self, caller: &Principal, now: Timestamp) -> bool {
        let Some(id) = caller.token_id else { return false };
        let mut shard = self.shard(id);
        let used = shard.entry(id).or_default();
        let mut is_first = used.uses == 0;
        if is_former(caller) {
            used.former = Some((now, caller.address));
        } else if used.present != caller.prefix {
            used.present.clone_from(&caller.prefix);
            is_first = true;
        }
        used.uses = used.uses.saturating_add(1);
        used.last = Some((now, caller.address, caller.agent.clone()));
        is_first
    }

    /// Whether the first use of the secret that this token came with was not told before; from now on it was.
    fn is_news(&self, id: i64, caller: &Principal) -> bool {
        let prefix = caller.prefix.clone().unwrap_or_default();
        let former = lock(&self.told).insert(id, prefix);
        former.as_deref().unwrap_or_default() != caller.prefix.as_deref().unwrap_or_default()
    }

    /// Forgets what was told of tokens that are there no more.
    pub(super) fn forget_deleted(&self, is_there: impl Fn(i64) -> bool) {
        let known: Vec<i64> = lock(&self.told).keys().copied().collect();
        let deleted = known.into_iter().filter(|id| !is_there(*id));
        for id in deleted {
            lock(&self.told).remove(&id);
        }
    }

    /// A token was refused something, or everything; whether that is the first time since the last flush.
    #[must_use]
    pub fn note_denied(&self, token_id: i64) -> bool {
        let mut shard = self.shard(token_id);
        let used = shard.entry(token_id).or_default();
        used.denials = used.denials.saturating_add(1);
        used.denials == 1
    }

    /// Everything counted so far, which begins anew.
    #[must_use]
    pub fn take(&self) -> Vec<(i64, Use)> {
        let shards = self.shards.iter().map(|shard| std::mem::take(&mut *lock(shard)));
        shards.flatten().collect()
    }

    /// Counts again what could not be stored.
    pub fn put_back(&self, counted: &[(i64, Use)]) {
        for (id, older) in counted {
            let mut shard = self.shard(*id);
            let used = shard.entry(*id).or_default();
            used.uses = used.uses.saturating_add(older.uses);
            used.denials = used.denials.saturating_add(older.denials);
            if used.last.is_none() {
                used.last.clone_from(&older.last);
            }
            used.former = used.former.or(older.former);
            if used.present.is_none() {
                used.present.clone_from(&older.present);
            }
        }
    }

    fn shard(&self, id: i64) -> MutexGuard<'_, HashMap<i64, Use>> {
        let at = usize::try_from(id.unsigned_abs() % SHARDS).unwrap_or(0);
        lock(&self.shards[at])
    }
}

fn lock<V>(map: &Mutex<HashMap<i64, V>>) -> MutexGuard<'_, HashMap<i64, V>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the token came with a secret that was replaced.
fn is_former(caller: &Principal) -> bool {
    caller.confirmed == Confirmed::FormerSecret
}

/// Whether the use of a token is to be written at once: the first of all and the first after its secret was replaced,
/// and the first of the new secret where only the former was used since. Somebody may be waiting to see it.
pub(super) fn is_awaited(usage: &Usage, source: &dyn Source, caller: &Principal) -> bool {
    let Some(id) = caller.token_id else { return false };
    let (model, key) = (source.model(), Key::Int(id));
    let Some(used) = source.row(set::TOKEN_USES, &key) else { return true };
    let token = source.row(set::ACCESS_TOKENS, &key);
    let rotated = token.and_then(|token| get(model, &token, token::ROTATED).as_instant());
    let Some(last) = get(model, &used, token_use::LAST_USED).as_instant() else { return true };
    let is_since = rotated.is_none_or(|rotated| rotated <= last);
    if is_former(caller) || !is_since {
        return !is_since;
    }
    // Both may be used in turn for long: what is told of each secret is its first use.
    let former = get(model, &used, token_use::FORMER_LAST_USED).as_instant();
    former == Some(last) && usage.is_news(id, caller)
}

/// Whether no refusal of a token is stored.
pub(super) fn is_never_denied(source: &dyn Source, token_id: i64) -> bool {
    let used = source.row(set::TOKEN_USES, &Key::Int(token_id));
    used.is_none_or(|used| {
        get(source.model(), &used, token_use::DENIED_COUNT).as_int().unwrap_or(0) == 0
    })
}

/// Adds to what is stored of the use of these tokens, as far as they still exist.
///
/// # Errors
/// Those of the store.
pub fn store(draft: &mut dyn Draft, uses: &[(i64, Use)]) -> Result<(), Error> {
    for (id, used) in uses {
        let key = Key::Int(*id);
        if draft.row(set::ACCESS_TOKENS, &key).is_none() {
            continue;
        }
        let model = draft.model();
        let mut edit = match draft.row(set::TOKEN_USES, &key) {
            Some(row) => Edit::of(model, &row),
            None => Edit::new(model, set::TOKEN_USES),
        };
        let sum = |edit: &Edit, prop, more: i64| -> Value {
            edit.get(prop).as_int().unwrap_or(0).saturating_add(more).into()
        };
        let (uses, denials) = (
            sum(&edit, token_use::USE_COUNT, used.uses),
            sum(&edit, token_use::DENIED_COUNT, used.denials),
        );
        edit.set(model, token_use::TOKEN_ID, *id);
        edit.set(model, token_use::USE_COUNT, uses);
        edit.set(model, token_use::DENIED_COUNT, denials);
        let text = |text: Option<&str>| {
            text.map_or(Value::Null, |text| Value::text(&clean(text, AGENT_CHARS)))
        };
        let place = |address: Option<IpAddr>| text(address.map(|at| at.to_string()).as_deref());
        if let Some((at, address, agent)) = &used.last {
            edit.set(model, token_use::LAST_USED, *at);
            edit.set(model, token_use::ADDRESS, place(*address));
            edit.set(model, token_use::AGENT, text(agent.as_deref()));
        }
        if let Some((at, address)) = used.former {
            edit.set(model, token_use::FORMER_LAST_USED, at);
            edit.set(model, token_use::FORMER_ADDRESS, place(address));
        }
        draft.put(set::TOKEN_USES, edit)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: i64, agent: &str) -> Principal {
        Principal {
            token_id: Some(id),
            ..Principal::stranger("10.0.0.1".parse().ok(), Some(agent))
        }
    }

    #[test]
    fn no_use_is_lost_between_threads() {
        let usage = Usage::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..10_000 {
                        let _ = usage.note(&token(n % 100, "a"), Timestamp::from_micros(n));
                        let _ = usage.note_denied(n % 100);
                    }
                });
            }
        });
        let taken = usage.take();
        assert_eq!(taken.len(), 100);
        assert!(taken.iter().all(|(_, used)| (used.uses, used.denials) == (400, 400)));
        assert_eq!(usage.take(), []);
    }

    #[test]
    fn nothing_is_remembered_of_deleted_tokens() {
        let usage = Usage::default();
        let by = |id| Principal { prefix: Some("tsr_ro_a".to_owned()), ..token(id, "a") };
        let is_news = |id| usage.is_news(id, &by(id));
        assert_eq!([is_news(1), is_news(2), is_news(1)], [true, true, false]);
        usage.forget_deleted(|id| id == 1);
        assert_eq!(lock(&usage.told).keys().collect::<Vec<_>>(), [&1]);
        assert!(!is_news(1));
    }

    #[test]
    fn who_has_no_token_uses_none() {
        let usage = Usage::default();
        let _ = usage.note(&Principal::system(), Timestamp::MIN);
        assert_eq!(usage.take(), []);
    }

    #[test]
    fn what_could_not_be_stored_is_counted_again_and_does_not_turn_back_time() {
        let (usage, at) = (Usage::default(), Timestamp::from_micros);
        let _ = usage.note(&token(1, "old"), at(1));
        let _ = usage.note(&token(2, "old"), at(1));
        let taken = usage.take();
        let _ = usage.note(&token(1, "new"), at(2));
        usage.put_back(&taken);
        let mut taken = usage.take();
        taken.sort_by_key(|(id, _)| *id);
        let told: Vec<_> = taken.into_iter().map(|(_, used)| (used.uses, used.last)).collect();
        let last =
            |micros, agent| Some((at(micros), "10.0.0.1".parse().ok(), token(1, agent).agent));
        assert_eq!(told, [(2, last(2, "new")), (1, last(1, "old"))]);
    }
}
