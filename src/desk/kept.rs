//! Changes that are done once for a client's key: their answers, kept in the same transaction, given again
//! and forgotten when their time is up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::Desk;
use crate::{
    auth::PlainToken,
    error::Error,
    model::{
        Complex, Key, Model, Row, Value,
        props::{kept_answer as kept, token},
        set,
    },
    query::{
        Source,
        once::{Answer, Effect, Kept, Once, Told, WHOSE},
    },
    store::{Actor, Draft, Edit, commit},
    time::Timestamp,
};

/// Answers forgotten in one transaction.
const FORGOTTEN_AT_ONCE: usize = 1000;

/// When somebody with too many answers kept may ask again: answers are forgotten every hour.
const FULL_FOR: Duration = Duration::from_hours(1);

/// What a verb did, as far as the answer to it must know.
pub(super) trait Done {
    /// What there is to tell.
    fn effect(&self) -> Effect<'_>;
}

impl Done for Row {
    fn effect(&self) -> Effect<'_> {
        Effect::Entity(self)
    }
}

impl Done for Complex {
    fn effect(&self) -> Effect<'_> {
        Effect::Value(self)
    }
}

impl Done for () {
    fn effect(&self) -> Effect<'_> {
        Effect::Nothing
    }
}

/// An access token whose secret the answer tells, and which is therefore not kept.
pub(super) struct ShowsSecret(pub(super) Row, pub(super) PlainToken);

impl Done for ShowsSecret {
    fn effect(&self) -> Effect<'_> {
        let structure = crate::model::helpdesk().structure(self.0.type_id);
        Effect::Secret(self.0.record.get(structure, token::ID).as_int().unwrap_or_default())
    }
}

/// Runs a verb and keeps its answer.
///
/// # Errors
/// `IdempotencyKeyInUse` where its answer is kept already: the client that brings the key again came too
/// late to be given it and too early to find it. Else those of the verb.
pub(super) fn run_once<T: Done>(
    draft: &mut dyn Draft,
    once: &Once,
    run: &mut dyn FnMut(&mut dyn Draft) -> Result<T, Error>,
) -> Result<T, Error> {
    if draft.row(set::KEPT_ANSWERS, &row_key(&once.key)).is_some() {
        return Err(Error::IdempotencyKeyInUse);
    }
    let done = run(draft)?;
    let told = match done.effect() {
        Effect::Secret(id) => Told::Secret(id),
        effect @ (Effect::Nothing | Effect::Entity(_) | Effect::Value(_)) => {
            Told::Answer((once.answer)(&*draft, effect))
        }
    };
    keep(draft, once, told)?;
    Ok(done)
}

fn keep(draft: &mut dyn Draft, once: &Once, told: Told) -> Result<(), Error> {
    let (model, now) = (draft.model(), draft.now());
    let mut edit = Edit::new(model, set::KEPT_ANSWERS);
    edit.set(model, kept::KEY, once.key.as_str());
    edit.set(model, kept::FINGERPRINT, Value::Binary(Arc::from(once.fingerprint.as_slice())));
    edit.set(model, kept::CREATED, now);
    match told {
        Told::Answer(Answer { status, headers, body }) => {
            edit.set(model, kept::STATUS, i64::from(status));
            let lines: Vec<String> =
                headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            edit.set(model, kept::HEADERS, lines.join("\n").as_str());
            edit.set(model, kept::SCOPES, body.as_ref().map(|_| once.scopes.as_str()));
            edit.set(model, kept::BODY, body.map_or(Value::Null, |body| Value::text(&body)));
        }
        Told::Secret(id) => {
            edit.set(model, kept::STATUS, i64::from(Error::SecretAlreadyShown { id }.status()));
            edit.set(model, kept::HEADERS, "");
            edit.set(model, kept::SECRET_OF, id);
        }
    }
    draft.put(set::KEPT_ANSWERS, edit)?;
    Ok(())
}

/// What is kept under `key`.
fn find(source: &dyn Source, key: &str) -> Result<Option<Kept>, Error> {
    let Some(row) = source.row(set::KEPT_ANSWERS, &row_key(key)) else { return Ok(None) };
    let structure = source.model().structure(row.type_id);
    let get = |prop| row.record.get(structure, prop);
    let spoilt = || Error::internal(&"an answer that was kept cannot be read");
    let Value::Binary(fingerprint) = get(kept::FINGERPRINT) else { return Err(spoilt()) };
    let fingerprint = fingerprint.as_ref().try_into().map_err(|_| spoilt())?;
    let told = if let Some(id) = get(kept::SECRET_OF).as_int() {
        Told::Secret(id)
    } else {
        let status = get(kept::STATUS).as_int().and_then(|status| u16::try_from(status).ok());
        let headers = get(kept::HEADERS);
        let headers = headers.as_text().unwrap_or_default().lines();
        let body = source.long_text(&row, kept::BODY)?;
        Told::Answer(Answer {
            status: status.ok_or_else(spoilt)?,
            headers: headers
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.as_text().map(ToOwned::to_owned),
        })
    };
    let scopes = get(kept::SCOPES).as_text().map(ToOwned::to_owned);
    Ok(Some(Kept { fingerprint, scopes, told }))
}

fn row_key(key: &str) -> Key {
    Key::new(&[Value::text(key)])
}

fn is_due(model: &Model, row: &Row, until: Timestamp) -> bool {
    let created = row.record.get(model.structure(row.type_id), kept::CREATED);
    created.as_instant().is_some_and(|created| created <= until)
}

/// How many answers are kept for whom; those who were not asked about lately are counted anew.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<HashMap<String, u64>>);

impl Tally {
    /// One more is kept under `key`.
    pub(super) fn note(&self, key: &str) {
        if let Some(count) = self.counts().get_mut(whose(key)) {
            *count += 1;
        }
    }

    /// How many are kept for whose key that is; looks at all of theirs where it does not know.
    fn count(&self, source: &dyn Source, key: &str) -> u64 {
        let whose = whose(key);
        if let Some(count) = self.counts().get(whose) {
            return *count;
        }
        let model = source.model();
        let before = row_key(whose);
        let theirs = source.rows_after(set::KEPT_ANSWERS, &before).take_while(|row| {
            let key = row.record.get(model.structure(row.type_id), kept::KEY);
            key.as_text().is_some_and(|key| key.starts_with(whose))
        });
        let count = theirs.count() as u64;
        *self.counts().entry(whose.to_owned()).or_insert(count)
    }

    fn forget(&self) {
        self.counts().clear();
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn whose(key: &str) -> &str {
    key.get(..WHOSE).unwrap_or(key)
}

impl Desk {
    /// A handle on the same helpdesk for one change, which is done once and its answer kept with it.
    #[must_use]
    pub fn once(&self, once: Once) -> Self {
        let mut desk = self.clone();
        desk.once = Some(Arc::new(once));
        desk
    }

    /// What was answered to a change whose answer is kept under `key`. May read from the disk.
    ///
    /// # Errors
    /// `TooManyRequests` where there is none, and for whose key that is as many are kept as may be.
    pub fn kept(&self, key: &str) -> Result<Option<Kept>, Error> {
        let snapshot = self.snapshot();
        let found = find(&*snapshot, key)?;
        let max = self.settings().idempotency_keys_max;
        if found.is_none() && self.kept.count(&*snapshot, key) >= max {
            return Err(Error::TooManyRequests {
                reason: "answers to 'idempotency_keys_max' changes are kept for you".to_owned(),
                retry_after: FULL_FOR,
            });
        }
        Ok(found)
    }

    /// Forgets the answers whose time is up; how many that were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget_answers(&self) -> Result<usize, Error> {
        let hours = i64::from(self.settings().idempotency_hours);
        let until = Timestamp::from_micros(self.now().micros() - hours * 3_600_000_000);
        let snapshot = self.snapshot();
        let due = tokio::task::spawn_blocking(move || {
            let model = snapshot.model();
            let rows = snapshot.rows(set::KEPT_ANSWERS).filter(|row| is_due(model, row, until));
            rows.map(|row| row.key(model)).collect::<Vec<_>>()
        });
        let due = due.await.map_err(|error| Error::internal(&error))?;
        for keys in due.chunks(FORGOTTEN_AT_ONCE) {
            let keys = keys.to_vec();
            let run = move |draft: &mut dyn Draft| {
                for key in &keys {
                    draft.delete(set::KEPT_ANSWERS, key);
                }
                Ok(())
            };
            commit(&**self.store(), Actor::SYSTEM, run).await?;
        }
        self.kept.forget();
        Ok(due.len())
    }
}
