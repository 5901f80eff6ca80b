//! Rows found chunk by chunk, with a look at the clock at each.

use roaring::RoaringBitmap;

use crate::{error::Error, query::Context, store::columns::CHUNK_ROWS};

/// Rows that are found in ascending order.
#[derive(Default)]
pub(super) struct Found(RoaringBitmap);

impl Found {
    /// One more, behind all so far.
    pub(super) fn push(&mut self, at: u32) {
        if self.0.try_push(at).is_err() {
            self.0.insert(at);
        }
    }

    /// Several more, ascending.
    pub(super) fn push_all(&mut self, rows: &[u32]) {
        match rows {
            [first, .., last] if (last - first) as usize + 1 == rows.len() => {
                self.0.insert_range(*first..=*last);
            }
            _ => rows.iter().for_each(|at| self.push(*at)),
        }
    }

    pub(super) fn rows(self) -> RoaringBitmap {
        self.0
    }
}

/// Calls `look` with each chunk in which any of `within` are, and with these.
pub(super) fn each_chunk(
    within: &RoaringBitmap,
    ctx: &Context<'_>,
    mut look: impl FnMut(usize, &[u32]) -> Result<(), Error>,
) -> Result<(), Error> {
    let size = u32::try_from(CHUNK_ROWS).unwrap_or(u32::MAX);
    let mut buffer = vec![0; CHUNK_ROWS];
    let mut next = within.min();
    while let Some(first) = next {
        ctx.in_time()?;
        let chunk = first / size;
        let last = chunk * size + (size - 1);
        let rows = within.range(first..=last).next_many(&mut buffer);
        look(chunk as usize, rows)?;
        next = last.checked_add(1).and_then(|behind| within.range(behind..).next());
    }
    Ok(())
}

/// The place of a row in its chunk.
pub(super) fn place(at: u32) -> usize {
    at as usize % CHUNK_ROWS
}

/// One number for each place of a chunk.
#[expect(clippy::unnecessary_box_returns, reason = "it is too much for the stack")]
pub(super) fn zeros<T: Clone + Default>() -> Box<[T; CHUNK_ROWS]> {
    let all = vec![T::default(); CHUNK_ROWS].into_boxed_slice();
    all.try_into().unwrap_or_else(|_| unreachable!("it is as long as it was made"))
}
