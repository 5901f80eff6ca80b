//! Old rows removed, and a signed row at the head that says so: the chain then begins where it says.

use std::fmt::Write;

use super::{Entry, Event, chain, record};
use crate::{
    auth::Principal,
    desk::{get, signing},
    error::Error,
    hash::{Digest, sign},
    model::{Row, props::audit, set},
    query::Source,
    store::Draft,
    time::Timestamp,
};

/// Rows that one transaction removes at most.
pub const TRIM_MAX: usize = 1000;

/// What the signed bytes begin with, so that no other signature of the key fits.
const PURPOSE: &[u8] = b"tessera audit trim 1";

/// What a trim says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trim {
    /// The last row that was removed.
    pub(super) through: i64,
    /// Its hash, which the first row left names.
    pub(super) hash: Digest,
    /// Over both, the id of the row that says so, and the head it follows.
    signature: Digest,
}

/// Whether there is a row to remove: made by `until`, and not the newest.
#[must_use]
pub fn is_due(source: &dyn Source, until: Timestamp) -> bool {
    due(source, until, 1).next().is_some()
}

/// Removes the oldest rows that were made by `until`, never the newest; how many that were.
///
/// # Errors
/// Those of the store.
pub fn trim(draft: &mut dyn Draft, until: Timestamp) -> Result<usize, Error> {
    let old: Vec<Row> = due(draft, until, TRIM_MAX).collect();
    let Some(last) = old.last() else { return Ok(0) };
    signing::ensure(draft)?;
    let (model, id) = (draft.model(), draft.next_id(set::AUDIT_EVENTS)?);
    let through = get(model, last, audit::ID).as_int().unwrap_or_default();
    let hash = chain::digest_of(model, last, audit::HASH);
    let key = signing::key(draft).unwrap_or_default();
    let signature = sign(&key, &signed(through, &hash, (id, &chain::before(draft, id))));
    let detail = Trim { through, hash, signature }.to_text(old.len());
    for row in &old {
        let key = row.key(draft.model());
        draft.delete(set::AUDIT_EVENTS, &key);
    }
    record(draft, &Principal::system(), &Entry::new(Event::AuditTrimmed).detail(detail))?;
    Ok(old.len())
}

/// The oldest rows made by `until`, but not the newest.
fn due(source: &dyn Source, until: Timestamp, most: usize) -> impl Iterator<Item = Row> + '_ {
    let mut rows: Vec<Row> = source.rows(set::AUDIT_EVENTS).take(most + 1).collect();
    // It is the newest, or one too many.
    rows.pop();
    let is_old = move |row: &Row| {
        get(source.model(), row, audit::CREATED).as_instant().is_some_and(|at| at <= until)
    };
    rows.into_iter().take_while(is_old)
}

fn signed(through: i64, hash: &Digest, (id, head): (i64, &Digest)) -> Vec<u8> {
    [PURPOSE, &through.to_le_bytes(), hash, &id.to_le_bytes(), head].concat()
}

impl Trim {
    /// What a row says, if it is one of these.
    pub(super) fn of(source: &dyn Source, row: &Row) -> Option<Self> {
        let model = source.model();
        if get(model, row, audit::EVENT).as_text() != Some(Event::AuditTrimmed.name()) {
            return None;
        }
        let detail = get(model, row, audit::DETAIL);
        let mut words = detail.as_text()?.split_ascii_whitespace();
        let mut after = |mark: &str| words.find(|word| *word == mark).and_then(|_| words.next());
        let through = after("through")?.trim_end_matches(',').parse().ok()?;
        let hash = digest(after("hash")?.trim_end_matches(','))?;
        let signature = digest(after("signature")?)?;
        Some(Self { through, hash, signature })
    }

    /// Whether the workspace signed it, as the row of that id behind that head.
    pub(super) fn is_signed(&self, key: &Digest, at: (i64, &Digest)) -> bool {
        sign(key, &signed(self.through, &self.hash, at)) == self.signature
    }

    fn to_text(self, count: usize) -> String {
        let (hash, signature) = (hex(&self.hash), hex(&self.signature));
        let through = self.through;
        format!("{count} removed, through {through}, hash {hash}, signature {signature}")
    }
}

/// A digest in 64 hex digits.
pub(super) fn hex(digest: &Digest) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest {
        // Writing into a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn digest(hex: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(digest)
}
