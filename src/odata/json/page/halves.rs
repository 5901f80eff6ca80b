//! Long pages of whole entities, written by two where a core has nothing else to do.

use super::{Kind, Pieces, ROW_BYTES};
use crate::{
    error::Error,
    odata::json::{Json, Writer, ahead::ROWS, hands::Hand, outline::Outline},
};

/// Rows that each of two writes; to find somebody takes about as long as to write forty.
const HALF_ROWS: usize = 4 * ROWS;
/// Bytes of such a half, the row that exceeds them included.
pub(super) const HALF_BYTES: usize = 512 << 10;

/// What is kept of help from one piece to the next.
#[derive(Default)]
pub(super) struct Help {
    /// The outline of who helps.
    outline: Option<Outline>,
    /// What it wrote: the next piece.
    pub(super) ready: Option<Vec<u8>>,
    /// Whether nobody is to help any more.
    pub(super) is_over: bool,
}

impl Pieces {
    /// Somebody who helps with the next rows, if that is worth it: the piece begins, and many plain rows of a
    /// page are left.
    pub(super) fn helped<'w>(&self, json: &Json, writer: &Writer<'w>) -> Option<Hand<'w>> {
        let ([page], [outline]) = (self.stack.as_slice(), self.outlines.as_slice()) else {
            return None;
        };
        let is_worth_it = matches!(page.kind, Kind::Page)
            && outline.is_plain()
            && page.rows.len() >= HALF_ROWS
            && json.bytes.len() < ROW_BYTES
            && !self.help.is_over;
        if is_worth_it { writer.tools.hands.lend() } else { None }
    }

    /// Writes many rows, the later half by another: that is the next piece, unless both are short of `enough`.
    pub(super) fn halves(
        &mut self,
        json: &mut Json,
        writer: &Writer<'_>,
        hand: Hand<'_>,
        enough: usize,
    ) -> Result<(), Error> {
        let ([page], [outline]) = (self.stack.as_mut_slice(), self.outlines.as_mut_slice()) else {
            return Ok(());
        };
        let rows = page.rows.as_slice();
        let rows = &rows[..rows.len().min(2 * HALF_ROWS)];
        let (ours, theirs) = rows.split_at(rows.len() / 2);
        let other = self.help.outline.get_or_insert_with(|| outline.anew());
        let mut text = Json { bytes: Vec::with_capacity(HALF_BYTES), before: b'}' };
        json.bytes.reserve(HALF_BYTES);
        let shared = writer.shared();
        let (written, helped) = hand.help(
            || outline.plain(json, writer, ours, HALF_BYTES),
            || shared.with(|writer| other.plain(&mut text, writer, theirs, HALF_BYTES)),
        );
        let (mut count, helped) = (written?, helped.unwrap_or(Ok(0))?);
        if count == ours.len() {
            count += helped;
            if json.bytes.len() + text.bytes.len() < enough {
                json.bytes.extend_from_slice(&text.bytes);
            } else {
                self.help.ready = Some(fitting(text.bytes));
            }
        }
        json.bytes = fitting(std::mem::take(&mut json.bytes));
        // Rows so long are better written one by one.
        self.help.is_over |= count < rows.len();
        page.rows.by_ref().take(count).for_each(drop);
        Ok(())
    }
}

/// The same without much room that nothing is in: it may wait for a slow client.
fn fitting(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() < bytes.capacity() / 2 {
        bytes.shrink_to_fit();
    }
    bytes
}
