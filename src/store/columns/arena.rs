//! Up to 4,096 texts or payloads, of which a change copies no more than some others that were changed.

use std::{collections::BTreeMap, io, sync::Arc};

use super::{
    block::Block,
    codec::{In, Out},
};

/// Changes beside a block at most, which are copied for each change.
const OVER_MAX: usize = 128;

/// Bytes by place; null where nothing was put.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena {
    block: Arc<Block>,
    /// What is otherwise than in the block, by place; nothing where that is null.
    over: BTreeMap<u16, Option<Box<[u8]>>>,
    held: usize,
}

impl Arena {
    /// The bytes at a place.
    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        match self.changed(at) {
            Some(content) => content.as_deref(),
            None => self.block.get(at),
        }
    }

    /// Most of it, to be gone through at once; but see [`Arena::is_over`].
    pub(crate) fn block(&self) -> &Block {
        &self.block
    }

    /// Whether what stands at a place is not what the block has there.
    pub(crate) fn is_over(&self, at: usize) -> bool {
        self.changed(at).is_some()
    }

    /// The places of which that is so.
    pub(crate) fn over(&self) -> impl Iterator<Item = u16> {
        self.over.keys().copied()
    }

    pub(super) fn set(&mut self, at: usize, content: Option<&[u8]>) {
        let was_held = self.get(at).is_some();
        self.held = self.held + usize::from(content.is_some()) - usize::from(was_held);
        // Nobody else has it: as many are put while there are no readers.
        let own = Arc::get_mut(&mut self.block).filter(|_| self.over.is_empty());
        match (own, u16::try_from(at)) {
            (Some(block), _) => block.set(at, content),
            // A chunk has no more places than that.
            (None, Err(_)) => {}
            (None, Ok(at)) => {
                self.over.insert(at, content.map(Into::into));
                if self.over.len() > OVER_MAX {
                    self.fold();
                }
            }
        }
    }

    pub(super) fn trim(&mut self) {
        self.fold();
        Arc::make_mut(&mut self.block).trim();
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.held == 0
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        if self.over.is_empty() { self.block.write_to(out) } else { self.merged().write_to(out) }
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let block = Block::read_from(input)?;
        Ok(Self { held: block.held(), block: Arc::new(block), over: BTreeMap::new() })
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        let over =
            self.over.values().map(|content| content.as_ref().map_or(0, |bytes| bytes.len()));
        self.block.heap_bytes() + over.map(|bytes| bytes + 24).sum::<usize>()
    }

    fn changed(&self, at: usize) -> Option<&Option<Box<[u8]>>> {
        if self.over.is_empty() {
            return None;
        }
        self.over.get(&u16::try_from(at).ok()?)
    }

    fn fold(&mut self) {
        if !self.over.is_empty() {
            self.block = Arc::new(self.merged());
            self.over = BTreeMap::new();
        }
    }

    fn merged(&self) -> Block {
        let behind = self.over.keys().next_back().map_or(0, |last| usize::from(*last) + 1);
        let mut block = Block::default();
        for at in 0..self.block.len().max(behind) {
            block.set(at, self.get(at));
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_those_put_last_whoever_holds_a_copy(
            puts in prop::collection::vec(
                (0_usize..300, prop::option::of(prop::collection::vec(any::<u8>(), 0..9)), 0_u8..20),
                1..500,
            )
        ) {
            let (mut arena, mut want) = (Arena::default(), vec![None; 300]);
            let mut copies = Vec::new();
            for (at, content, also) in puts {
                arena.set(at, content.as_deref());
                want[at] = content;
                match also {
                    0..4 => copies.push((arena.clone(), want.clone())),
                    4 => copies.clear(),
                    5 => arena.trim(),
                    _ => {}
                }
            }
            copies.push((arena, want));
            for (arena, want) in copies {
                for (at, content) in want.iter().enumerate() {
                    prop_assert_eq!(arena.get(at), content.as_deref());
                }
                prop_assert_eq!(arena.is_nothing(), want.iter().all(Option::is_none));
                prop_assert!(arena.over.len() <= OVER_MAX);
            }
        }
    }
}
