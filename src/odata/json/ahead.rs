//! Long texts of the entities that are written next, and what is counted for them, found together: one by one
//! each is looked for anew.

use std::{collections::VecDeque, ops::Range};

use super::{Writer, outline::Left};
use crate::{
    error::Error,
    model::{Prop, Row, SetId, Value},
};

/// Entities whose texts are read together, or for which is counted together.
pub(super) const ROWS: usize = 64;
/// Bytes of texts read together, the one that exceeds them included.
const BYTES: u64 = 256 << 10;

/// What was found and not yet written, those of entities of one type in the order they are written.
#[derive(Default)]
pub(super) struct Ahead {
    texts: String,
    next: VecDeque<Result<Option<Range<usize>>, Error>>,
    counts: VecDeque<u64>,
}

/// What is counted: entities of a set whose property `by` is the key `own`, without those `unless`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) set: SetId,
    pub(super) by: Prop,
    pub(super) own: Prop,
    pub(super) unless: Prop,
}

impl Ahead {
    /// The text of the first of `rows`; the others come next.
    pub(super) fn next(
        &mut self,
        writer: &Writer<'_>,
        prop: Prop,
        rows: Left<'_>,
    ) -> Result<Option<&str>, Error> {
        if self.next.is_empty() {
            self.read(writer, prop, &rows.unknown());
        }
        let place = self.next.pop_front().unwrap_or(Ok(None))?;
        Ok(place.and_then(|place| self.texts.get(place)))
    }

    /// How many there are for the first of `rows`; the others come next.
    pub(super) fn count(&mut self, writer: &Writer<'_>, of: Counted, rows: Left<'_>) -> u64 {
        if self.counts.is_empty()
            && let rows = rows.unknown()
            && let Some(row) = rows.first()
        {
            let structure = writer.ctx.structure(row);
            let alike = |next: &&Row| next.type_id == row.type_id && next.set == row.set;
            let now = rows.iter().take(ROWS).take_while(alike);
            let own: Vec<Value> = now.map(|row| row.record.get(structure, of.own)).collect();
            let source = writer.ctx.source;
            self.counts.extend(source.counts_where(of.set, of.by, &own, Some(of.unless)));
        }
        self.counts.pop_front().unwrap_or(0)
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
