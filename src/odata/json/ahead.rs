//! Long texts of the entities that are written next, read together: one by one each is looked for anew.

use std::{collections::VecDeque, ops::Range};

use super::Writer;
use crate::{
    error::Error,
    model::{Prop, Row},
};

/// Entities whose texts are read together.
const ROWS: usize = 64;
/// Bytes of texts read together, the one that exceeds them included.
const BYTES: u64 = 256 << 10;

/// Texts that were read and not yet written, those of entities of one type in the order they are written.
#[derive(Default)]
pub(super) struct Ahead {
    texts: String,
    next: VecDeque<Result<Option<Range<usize>>, Error>>,
}

impl Ahead {
    /// The text of the first of `rows`; the others come next.
    pub(super) fn next(
        &mut self,
        writer: &Writer<'_>,
        prop: Prop,
        rows: &[Row],
    ) -> Result<Option<&str>, Error> {
        if self.next.is_empty() {
            self.read(writer, prop, rows);
        }
        let place = self.next.pop_front().unwrap_or(Ok(None))?;
        Ok(place.and_then(|place| self.texts.get(place)))
    }

    fn read(&mut self, writer: &Writer<'_>, prop: Prop, rows: &[Row]) {
        let Some(row) = rows.first() else { return };
        let structure = writer.ctx.structure(row);
        let bytes = |row: &Row| row.record.text_ref(structure, prop).map_or(0, |text| text.bytes);
        let mut held = 0;
        let now = rows.iter().take(ROWS).take_while(|next| {
            let has_room = held < BYTES;
            held += bytes(next);
            has_room && next.type_id == row.type_id && next.set == row.set
        });
        let count = now.count();
        self.texts.clear();
        let mut take = |found: Result<Option<&str>, Error>| {
            self.next.push_back(found.map(|text| {
                text.map(|text| {
                    let from = self.texts.len();
                    self.texts.push_str(text);
                    from..self.texts.len()
                })
            }));
        };
        writer.ctx.source.long_texts(&rows[..count], prop, &mut take);
    }
}
