//! A page of entities, written piece by piece, so that nobody has to hold all of it.

use std::vec::IntoIter;

use super::{Json, Level, Writer};
use crate::{
    error::Error,
    model::{Row, SetId, StructId},
    query::{Page, Shape},
};

/// A page on its way out. Its pieces, one after the other, are its text.
pub struct Pieces {
    of: (SetId, StructId),
    shape: Shape,
    count: Option<u64>,
    /// Those not yet written; a row is let go once it is.
    rows: IntoIter<Row>,
    next_link: Option<String>,
    stage: Stage,
}

/// How far a page has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing is written.
    Before,
    /// The array of entities is open and empty.
    First,
    /// It holds some.
    Further,
    /// Nothing is left.
    Done,
}

impl Pieces {
    /// The page of entities declared to be of `of`; nothing of it is written yet.
    #[must_use]
    pub fn new(of: (SetId, StructId), shape: Shape, page: Page, next_link: Option<String>) -> Self {
        let Page { rows, count, next: _ } = page;
        Self { of, shape, count, rows: rows.into_iter(), next_link, stage: Stage::Before }
    }

    /// Whether the last piece was written.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// The next piece: it ends with the entity that makes it `enough` bytes long, or with the page.
    ///
    /// # Errors
    /// As [`crate::query::list()`]; what was written so far is then the beginning of nothing.
    pub fn next(&mut self, writer: &Writer<'_>, enough: usize) -> Result<Vec<u8>, Error> {
        // The entity that fills a piece reaches beyond it.
        let room = enough.min(1 << 20) + (4 << 10);
        let mut json = Json { bytes: Vec::with_capacity(room), is_empty: false };
        if self.stage == Stage::Before {
            // What cannot be computed is an error as long as nothing is on its way.
            writer.try_computed(&self.shape, self.rows.as_slice())?;
            self.begin(&mut json, writer);
        }
        while json.bytes.len() < enough
            && let Some(row) = self.rows.next()
        {
            if self.stage == Stage::Further {
                json.bytes.push(b',');
            }
            self.stage = Stage::Further;
            let writer = writer.about(&row);
            json.inner(|json| writer.members(json, self.of.1, &self.shape, &row))?;
        }
        if self.rows.len() > 0 || self.is_done() {
            return Ok(json.bytes);
        }
        self.stage = Stage::Done;
        json.bytes.push(b']');
        if let Some(link) = &self.next_link {
            json.text("@odata.nextLink", link);
        }
        Ok(json.end())
    }

    /// Everything before the first entity.
    fn begin(&mut self, json: &mut Json, writer: &Writer<'_>) {
        json.bytes.push(b'{');
        json.is_empty = true;
        if writer.format.level != Level::None {
            json.text("@odata.context", &writer.addresses.collection(self.of, &self.shape));
        }
        if let Some(count) = self.count {
            json.number("@odata.count", count);
        }
        json.name("value");
        json.bytes.push(b'[');
        self.stage = Stage::First;
    }
}
