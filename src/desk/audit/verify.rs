//! Walks the chain from its beginning to its head, and says where it does not hold.

use super::{
    chain::{ORIGIN, digest_of, hash, values},
    trim::{Trim, hex},
};
use crate::{
    desk::{get, signing},
    hash::Digest,
    model::{Row, props::audit, set},
    query::Source,
    store::Snapshot,
};

/// How many faults are told; where one row is wrong, those behind it may be, too.
const FAULTS_MAX: usize = 20;

/// What the walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows looked at.
    pub rows: u64,
    /// The newest row: its id and its hash. Written down elsewhere, it proves later that nothing up to
    /// there was changed.
    pub head: Option<(i64, Digest)>,
    /// What does not hold, by row; empty when all is well.
    pub faults: Vec<String>,
}

impl Verified {
    /// What was found, in one line.
    #[must_use]
    pub fn to_line(&self) -> String {
        match &self.head {
            None => "audit log: no events".to_owned(),
            Some((id, hash)) => {
                format!("audit log: {} events, the head is {id} {}", self.rows, hex(hash))
            }
        }
    }

    fn fault(&mut self, id: i64, what: &str) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(format!("AuditEvents({id}) {what}"));
        }
    }
}

/// Computes every hash anew: a row that was edited, removed, put in or moved, and newest rows that are
/// gone, are found. What nobody finds is a chain that somebody wrote anew from some row to the end; for
/// that, keep the head elsewhere.
///
/// Reads the whole log.
#[must_use]
pub fn verify(snapshot: &dyn Snapshot) -> Verified {
    verify_rows(snapshot, snapshot.last_id(set::AUDIT_EVENTS))
}

/// As [`verify`], for rows whose last id is known from elsewhere.
#[must_use]
pub fn verify_rows(source: &dyn Source, last_id: i64) -> Verified {
    let mut found = Verified::default();
    let (mut start, mut is_vouched) = (None, false);
    let key = signing::key(source);
    for row in source.rows(set::AUDIT_EVENTS) {
        let model = source.model();
        let id = get(model, &row, audit::ID).as_int().unwrap_or_default();
        let former = digest_of(model, &row, audit::FORMER_HASH);
        check_row(&mut found, source, &row, (id, &former));
        let (first, origin) = *start.get_or_insert((id, former));
        if let (Some(trim), Some(key)) = (Trim::of(source, &row), &key) {
            is_vouched |= trim.through == first - 1
                && trim.hash == origin
                && trim.is_signed(key, (id, &former));
        }
        found.head = Some((id, digest_of(model, &row, audit::HASH)));
        found.rows += 1;
    }
    match start {
        Some((first, origin)) if !is_vouched && (first != 1 || origin != ORIGIN) => {
            found.fault(first, "is the first, and no signed event says what was before it");
        }
        Some(_) | None => {}
    }
    let newest = found.head.map_or(0, |(id, _)| id);
    if newest != last_id {
        let what = format!("is missing: the log ends with {newest}");
        found.fault(last_id, &what);
    }
    found
}

/// Whether a row is what its hash says, and follows from the one before.
fn check_row(found: &mut Verified, source: &dyn Source, row: &Row, (id, former): (i64, &Digest)) {
    let model = source.model();
    if let Some((before, head)) = found.head {
        if id != before + 1 {
            found.fault(before + 1, "is missing");
        } else if head != *former {
            found.fault(id, "does not follow from the event before it");
        }
    }
    let covered = values(model, |prop| get(model, row, prop));
    if hash(&covered) != digest_of(model, row, audit::HASH) {
        found.fault(id, "is not what its hash says: it was changed");
    }
}
