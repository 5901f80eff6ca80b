//! Documents into the index: one for each entity, and in every commit up to where it goes.

use tantivy::{IndexWriter, TantivyDocument, Term, indexer::LogMergePolicy};

use super::{Layout, Trouble};
use crate::{
    error::Error,
    model::{Key, Row, SetId, Value},
    query::{Context, value},
};

/// Share of deleted documents at which a part of the index is written anew.
const DELETED_MAX: f32 = 0.3;

/// Up to where an index goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The last transaction it shows.
    pub seq: u64,
    /// When that was committed, microseconds since 1970: of another history it is another time.
    pub at: i64,
}

impl Position {
    pub(super) fn read(payload: &str) -> Option<Self> {
        let (seq, at) = payload.split_once(' ')?;
        Some(Self { seq: seq.parse().ok()?, at: at.parse().ok()? })
    }

    fn write(self) -> String {
        format!("{} {}", self.seq, self.at)
    }
}

/// Why an entity could not be written.
#[derive(Debug)]
pub enum Failure {
    /// The index.
    Index(Trouble),
    /// Its texts.
    Source(Error),
}

impl From<tantivy::TantivyError> for Failure {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error.into())
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Index(trouble)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Index(trouble) => trouble,
            Failure::Source(error) => Self::Passing(format!("a text cannot be read: {error}")),
        }
    }
}

/// The one writer of an index.
pub struct Writer {
    index: IndexWriter,
    layout: Layout,
    position: Option<Position>,
    /// Whether something was written since the last commit.
    is_changed: bool,
}

impl Writer {
    pub(super) fn new(index: IndexWriter, layout: Layout, position: Option<Position>) -> Self {
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(DELETED_MAX);
        index.set_merge_policy(Box::new(policy));
        Self { index, layout, position, is_changed: false }
    }

    /// Up to where the last commit goes; none where there was no commit yet.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Whether something was written since the last commit.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// What it writes.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Writes an entity that has no document yet.
    ///
    /// # Errors
    /// Of the index, or of the source its texts are read from.
    pub fn add(&mut self, row: &Row, ctx: &Context<'_>) -> Result<(), Failure> {
        self.write(row, ctx, &mut |_, error| Err(Failure::Source(error)))
    }

    /// As [`Writer::add`], without the texts that cannot be read; `skipped` hears of each.
    ///
    /// # Errors
    /// Of the index.
    pub fn add_readable(
        &mut self,
        row: &Row,
        ctx: &Context<'_>,
        mut skipped: impl FnMut(&'static str, Error),
    ) -> Result<(), Failure> {
        self.write(row, ctx, &mut |name, error| {
            skipped(name, error);
            Ok(())
        })
    }

    fn write(
        &mut self,
        row: &Row,
        ctx: &Context<'_>,
        unread: &mut dyn FnMut(&'static str, Error) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let key = row.key(ctx.model());
        // Sets in the index have integer keys; others would never be found by it.
        let Some(id) = key.as_int() else { return Ok(()) };
        self.is_changed = true;
        let mut document = TantivyDocument::new();
        document.add_bytes(self.layout.entity, &self.layout.entity(row.set, &key));
        document.add_i64(self.layout.own, id);
        for (_, prop, field) in self.layout.texts.iter().filter(|(set, ..)| *set == row.set) {
            let text = match value(ctx, row, *prop) {
                Ok(text) => text,
                Err(error) => {
                    unread(ctx.structure(row).property_at(*prop).name, error)?;
                    continue;
                }
            };
            for text in std::slice::from_ref(&text).iter().chain(text.items()) {
                if let Some(text) = text.as_text() {
                    document.add_text(*field, text);
                }
            }
        }
        for (_, prop, field) in self.layout.parents.iter().filter(|(set, ..)| *set == row.set) {
            if let Value::Int(id) = row.record.get(ctx.structure(row), *prop) {
                document.add_i64(*field, id);
            }
        }
        self.index.add_document(document)?;
        Ok(())
    }

    /// Takes an entity's document out, if it has one.
    pub fn remove(&mut self, set: SetId, key: &Key) {
        self.is_changed = true;
        let entity = self.layout.entity(set, key);
        self.index.delete_term(Term::from_field_bytes(self.layout.entity, &entity));
    }

    /// Makes everything since the last commit durable, and says up to where the index goes now.
    ///
    /// # Errors
    /// Whatever keeps it from the disk.
    pub fn commit(&mut self, position: Position) -> Result<(), Trouble> {
        let mut prepared = self.index.prepare_commit()?;
        prepared.set_payload(&position.write());
        prepared.commit()?;
        self.position = Some(position);
        self.is_changed = false;
        Ok(())
    }
}
