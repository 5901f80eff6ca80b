//! What each set must count by checkpoint and journal, without holding the whole state in memory.

use std::{collections::HashMap, path::PathBuf};

use crate::{
    hash::SetHash,
    model::{Key, Model, SetId},
    store::{
        Change, Counts, Fault, Seq, change::set_of_code, checkpoint, journal::JournalReader,
        root::hash_parts,
    },
};

/// The counts of every set.
pub(super) struct Told {
    sets: Vec<Counts>,
}

/// What the last transaction that touched an entity left of it: its part of the hash, or nothing.
type Touched = HashMap<(SetId, Key), Option<SetHash>>;

impl Told {
    /// What `checkpoint` and the transactions after it, up to `last`, make.
    ///
    /// Takes memory for each entity touched since the checkpoint, and reads both once.
    pub(super) fn read(
        model: &Model,
        checkpoint: Option<&(Seq, PathBuf)>,
        reader: &JournalReader,
        last: Seq,
    ) -> Result<Self, Fault> {
        let mut told = Self { sets: model.set_ids().map(|_| Counts::default()).collect() };
        let touched = told.journal(model, reader, checkpoint.map_or(0, |(seq, _)| *seq), last)?;
        if let Some((_, path)) = checkpoint {
            let applied = checkpoint::read(model, path, &mut |change, version| {
                if let Change::Put { set, key, record } = change
                    && !touched.contains_key(&(set, key.clone()))
                {
                    let counts = told.counts_mut(set);
                    counts.rows += 1;
                    counts.hash.add(&hash_parts(model, set, &key, version, &record).parts());
                }
                Ok(())
            })?;
            for (code, counted) in applied.counts {
                if let Some(set) = set_of_code(model, code) {
                    let counts = told.counts_mut(set);
                    counts.last_id = counts.last_id.max(counted.last_id);
                }
            }
        }
        for ((set, _), left) in touched {
            if let Some(hash) = left {
                let counts = told.counts_mut(set);
                counts.rows += 1;
                counts.hash.add_all(hash);
            }
        }
        Ok(told)
    }

    /// What the transactions after `seq` left of what they touched; greatest ids are noted at once.
    fn journal(
        &mut self,
        model: &Model,
        reader: &JournalReader,
        seq: Seq,
        last: Seq,
    ) -> Result<Touched, Fault> {
        let mut touched = Touched::new();
        for entry in reader.entries(seq + 1, last)? {
            let (seq, bytes) = entry?;
            for change in super::commit(model, seq, &bytes)?.changes {
                match change {
                    Change::Put { set, key, record } => {
                        let counts = self.counts_mut(set);
                        counts.last_id = counts.last_id.max(key.as_int().unwrap_or(0));
                        let mut hash = SetHash::default();
                        hash.add(&hash_parts(model, set, &key, seq, &record).parts());
                        touched.insert((set, key), Some(hash));
                    }
                    Change::Delete { set, key } => {
                        touched.insert((set, key), None);
                    }
                    Change::Text { .. } => {}
                }
            }
        }
        Ok(touched)
    }

    /// What `set` must count.
    pub(super) fn counts(&self, set: SetId) -> Counts {
        self.sets.get(usize::from(set.0)).copied().unwrap_or_default()
    }

    fn counts_mut(&mut self, set: SetId) -> &mut Counts {
        &mut self.sets[usize::from(set.0)]
    }
}
