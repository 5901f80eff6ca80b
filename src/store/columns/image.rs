//! All columns of a set as bytes and back: what an image of the state holds of each set.
//!
//! What can be had from the rest is not written: keys that ascend, look-ups by a hash (its keys are
//! drawn anew at each start), records kept whole of rows that the columns have in full.

use std::{fmt::Write as _, io, sync::Arc};

use imbl::OrdMap;

use super::{
    CHUNK_ROWS, Columns, DISTINCT_MAX, KEPT_MAX,
    codec::{In, Out, damaged, sound},
    keys::Keys,
    marked::Marked,
    sorted::{PAGE_MAX, Sorted},
};
use crate::{
    hash::{Digest, digest},
    model::{Key, Model, Record, SetId},
    store::change::{has_int_key, set_code},
};

/// Counts the layouts of these bytes there have been.
const LAYOUT: u16 = 4;
const ASCENDING: u8 = 0;
const SORTED: u8 = 1;
const MAP: u8 = 2;

/// What the bytes of columns hang on beside their own layout: of another, none is read.
pub(in crate::store) fn shape(model: &Model) -> Digest {
    // Lower case is as the compiler of this binary has it.
    let (version, unicode) = (env!("CARGO_PKG_VERSION"), char::UNICODE_VERSION);
    let limits = (LAYOUT, CHUNK_ROWS, DISTINCT_MAX, KEPT_MAX, PAGE_MAX);
    let mut told = format!("{version} {unicode:?} {limits:?}\n");
    for structure in &model.structs {
        // Writing to a text cannot fail.
        let _ = writeln!(told, "{} {:?} {:?}", structure.name, structure.base, structure.key);
    }
    for (set, declared) in model.set_ids() {
        let Some(code) = set_code(model, set) else { continue };
        let _ = writeln!(told, "{code} {:?} {}", declared.ty, has_int_key(model, set));
        for (prop, property) in model.entity_type(set).props() {
            let Some(tag) = property.tag() else { continue };
            let (index, is_long) = (property.index(), property.is_long());
            let kept = (&property.ty, index, property.kept, is_long);
            let _ = writeln!(told, "{tag} {prop:?} {kept:?}");
        }
    }
    digest(told.as_bytes())
}

impl Columns {
    /// Writes everything of a settled set.
    pub(in crate::store) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.count(self.len as usize)?;
        out.bitmap(self.live())?;
        out.bitmap(&self.odd)?;
        out.byte(u8::from(self.keeps_all))?;
        for at in &self.odd {
            out.list(self.kept.get(&at).map_or(&[][..], Record::as_bytes))?;
        }
        for column in self.props.iter().chain([&self.versions]) {
            column.write_to(out)?;
        }
        match &self.keys {
            Keys::Ascending => out.byte(ASCENDING),
            Keys::Sorted(sorted) => {
                out.byte(SORTED)?;
                sorted.write_to(out)
            }
            Keys::Map { of, .. } => {
                out.byte(MAP)?;
                for at in self.live() {
                    out.list(&of.get(&at).map(Key::to_bytes).unwrap_or_default())?;
                }
                Ok(())
            }
        }
    }

    /// The set as it was written.
    ///
    /// # Errors
    /// `InvalidData` for what no set can have written.
    pub(in crate::store) fn read_from(
        model: &'static Model,
        set: SetId,
        input: &mut In<'_>,
    ) -> io::Result<Self> {
        let mut all = Self::new(model, set);
        // A position is 32 bits, and the number behind the last is one too.
        let len = input.count(u32::MAX as usize)?;
        all.len = u32::try_from(len).map_err(|_| damaged("it has too many rows"))?;
        all.live = Marked::of(input.bitmap(all.len)?);
        all.odd = input.bitmap(all.len)?;
        sound(all.odd.is_subset(all.live()), "a row is kept that is gone")?;
        all.keeps_all = input.byte()? == 1;
        for at in &all.odd {
            let record = Record::from_bytes(&input.list()?).map_err(damaged)?;
            let is_known = usize::from(record.type_id().0) < model.structs.len();
            sound(is_known, "a record has a type there is none of")?;
            all.kept.insert(at, record);
        }
        for column in all.props.iter_mut().chain([&mut all.versions]) {
            Arc::make_mut(column).read_from(input, all.len)?;
        }
        all.find_by_hash();
        (0..len.div_ceil(CHUNK_ROWS)).for_each(|chunk| all.share(chunk));
        all.keys = all.read_keys(input)?;
        if all.keeps_all {
            sound(all.live.len() <= KEPT_MAX, "too many rows are kept whole")?;
            for at in all.live() - &all.odd {
                let record = all.pack(at);
                all.kept.insert(at, record);
            }
        }
        Ok(all)
    }

    fn find_by_hash(&mut self) {
        let ids = self.id_column.map(|index| &self.props[index]);
        let found =
            self.props.iter().map(|column| column.found_by_hash(self.len, ids.map(|ids| &**ids)));
        let found: Vec<Option<Sorted>> = found.collect();
        for (column, sorted) in self.props.iter_mut().zip(found) {
            if let (Some(lookup), Some(sorted)) = (&mut Arc::make_mut(column).lookup, sorted) {
                lookup.sorted = sorted;
            }
        }
    }

    fn read_keys(&self, input: &mut In<'_>) -> io::Result<Keys> {
        let has_ids = self.id_column.is_some();
        match input.byte()? {
            ASCENDING if has_ids => Ok(Keys::Ascending),
            SORTED if has_ids => {
                let sorted = Sorted::read_from(input, self.len)?;
                sound(sorted.len() as u64 == self.live.len(), "a row has no key")?;
                Ok(Keys::Sorted(sorted))
            }
            MAP if !has_ids => {
                let (mut by, mut of) = (OrdMap::new(), OrdMap::new());
                for at in self.live() {
                    let key = Key::from_bytes(&input.list()?, false);
                    let key = key.ok_or_else(|| damaged("a key is not readable"))?;
                    by.insert(key.clone(), at);
                    of.insert(at, key);
                }
                sound(by.len() as u64 == self.live.len(), "two rows have one key")?;
                Ok(Keys::Map { by, of })
            }
            _ => Err(damaged("keys are of another kind")),
        }
    }
}
