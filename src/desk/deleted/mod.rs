//! Deleted tickets: kept for a while with their comments, brought back, or gone for good.

mod contents;
mod restore;

pub use restore::Restore;

use self::contents::{Contents, Texts, check_size};
use super::{Settings, get, history, plain};
use crate::{
    auth::Principal,
    error::Error,
    model::{
        Key, Precondition, Row,
        props::{comment, deleted, ticket},
        set,
    },
    query::Source,
    store::{Author, Draft, Edit, Snapshot},
    time::Timestamp,
};

const DAY_MICROS: i64 = 86_400_000_000;

/// Deleted tickets that one transaction of a purge removes at most.
pub const PURGE_MAX: usize = 100;

/// What the audit log says of a purge, before how many it removed.
pub const PURGED: &str = "DeletedTickets whose time was up";

/// A ticket to be deleted, with its comments; its history stays.
#[derive(Clone, Debug)]
pub struct Delete {
    key: Key,
    precondition: Precondition,
    is_kept: bool,
    texts: Texts,
    bytes_max: u64,
}

impl Delete {
    /// Checks the caller. Where deleted tickets are kept for no day, it is gone at once.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn new(
        caller: &Principal,
        (key, precondition): (Key, Precondition),
        settings: &Settings,
    ) -> Result<Self, Error> {
        caller.require("tickets:delete")?;
        let is_kept = settings.deleted_ticket_days > 0;
        Ok(Self { key, precondition, is_kept, texts: Texts::default(), bytes_max: u64::MAX })
    }

    /// Reads beforehand what is to be kept, for a transaction of at most `bytes_max`; not on the
    /// committer's thread, nor on one of an async runtime.
    ///
    /// # Errors
    /// As for [`Delete::run`].
    pub fn look(mut self, snapshot: &dyn Snapshot, bytes_max: u64) -> Result<Self, Error> {
        self.bytes_max = bytes_max;
        let (row, comments) = self.find(snapshot)?;
        if self.is_kept {
            check_size(snapshot.model(), (&row, &comments), bytes_max)?;
            let rows: Vec<&Row> = std::iter::once(&row).chain(&comments).collect();
            self.texts = Texts::of(snapshot, &rows)?;
        }
        Ok(self)
    }

    /// Deletes it; of what is kept only texts that were written since [`Delete::look`] are read.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, `LimitExceeded` where it is too large to be kept, `Conflict`
    /// where a deleted ticket has its id.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<(), Error> {
        let (row, comments) = self.find(draft)?;
        let id = get(draft.model(), &row, ticket::ID);
        if self.is_kept {
            check_size(draft.model(), (&row, &comments), self.bytes_max)?;
            keep(draft, (&row, &comments), &self.texts)?;
        }
        history::fate(draft, &id, history::Fate::Deleted)?;
        for comment in comments {
            let key = comment.key(draft.model());
            draft.delete(set::COMMENTS, &key);
        }
        draft.delete(set::TICKETS, &self.key);
        Ok(())
    }

    /// The ticket and its comments.
    fn find(&self, source: &dyn Source) -> Result<(Row, Vec<Row>), Error> {
        let row = plain::existing(source, set::TICKETS, &self.key)?;
        self.precondition.check(row.version)?;
        let id = get(source.model(), &row, ticket::ID);
        Ok((row, source.rows_where(set::COMMENTS, comment::TICKET_ID, &id)))
    }
}

/// Whether a deleted ticket is kept under that id.
pub(crate) fn is_kept(source: &dyn Source, id: i64) -> bool {
    source.row(set::DELETED_TICKETS, &Key::Int(id)).is_some()
}

/// Why no ticket may come to stand, or to lie, where a deleted one is kept.
pub(crate) const KEPT: &str = "this Id belongs to a deleted ticket; restore or remove it first";

/// Writes down what is needed to bring a ticket back.
fn keep(
    draft: &mut dyn Draft,
    (row, comments): (&Row, &[Row]),
    texts: &Texts,
) -> Result<(), Error> {
    if get(draft.model(), row, ticket::ID).as_int().is_some_and(|id| is_kept(draft, id)) {
        return Err(Error::Conflict { target: "Id".into(), reason: KEPT.into() });
    }
    let contents = Contents::of(draft, (row, comments), texts)?;
    let by = match draft.actor().author {
        Author::System => None,
        Author::User(id) => Some(id),
    };
    let (model, now) = (draft.model(), draft.now());
    let mut edit = Edit::new(model, set::DELETED_TICKETS);
    for (to, from) in [
        (deleted::ID, ticket::ID),
        (deleted::GUID, ticket::GUID),
        (deleted::TITLE, ticket::TITLE),
        (deleted::REQUESTER_ID, ticket::REQUESTER_ID),
        (deleted::CREATED, ticket::CREATED),
        (deleted::UPDATED, ticket::UPDATED),
    ] {
        edit.set(model, to, get(model, row, from));
    }
    let is_public = |row: &&Row| !get(model, row, comment::IS_INTERNAL).is_true();
    let public = comments.iter().filter(is_public).count();
    edit.set(model, deleted::COMMENT_COUNT, i64::try_from(public).unwrap_or(i64::MAX));
    edit.set(model, deleted::DELETED, now);
    edit.set(model, deleted::DELETED_BY_ID, by);
    edit.set(model, deleted::CONTENTS, contents.to_text()?.as_str());
    draft.put(set::DELETED_TICKETS, edit)?;
    Ok(())
}

/// A deleted ticket to be removed for good.
#[derive(Clone, Debug)]
pub struct Remove {
    key: Key,
    precondition: Precondition,
}

impl Remove {
    /// Checks the caller.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn new(caller: &Principal, key: Key, precondition: Precondition) -> Result<Self, Error> {
        caller.require("tickets:delete")?;
        Ok(Self { key, precondition })
    }

    /// Removes it.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<(), Error> {
        let row = plain::existing(draft, set::DELETED_TICKETS, &self.key)?;
        self.precondition.check(row.version)?;
        draft.delete(set::DELETED_TICKETS, &self.key);
        Ok(())
    }
}

/// The last deletion whose time is up at `now`.
#[must_use]
pub fn due_until(now: Timestamp, settings: &Settings) -> Timestamp {
    let kept = DAY_MICROS.saturating_mul(i64::from(settings.deleted_ticket_days));
    now.plus_micros(-kept).unwrap_or(Timestamp::MIN)
}

/// The deleted tickets whose time was up at `until`, at most [`PURGE_MAX`].
#[must_use]
pub fn due(source: &dyn Source, until: Timestamp) -> Vec<Key> {
    let model = source.model();
    let is_due =
        |row: &Row| get(model, row, deleted::DELETED).as_instant().is_none_or(|at| at <= until);
    let rows = source.rows(set::DELETED_TICKETS).filter(is_due);
    rows.take(PURGE_MAX).map(|row| row.key(model)).collect()
}

/// Removes for good what [`due`] tells; how many that were.
pub fn purge(draft: &mut dyn Draft, until: Timestamp) -> usize {
    let keys = due(draft, until);
    for key in &keys {
        draft.delete(set::DELETED_TICKETS, key);
    }
    keys.len()
}
