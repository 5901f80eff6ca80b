//! What was written of entities a moment ago: the same lists are asked for again and again.
//!
//! A text is found by its row and version and by all that decides how it is written, and only as long as
//! no set changed that it tells anything of: then writing it anew would give the same. It is kept when it
//! is written for the second time, so that who reads everything once leaves nothing here.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use arc_swap::ArcSwapOption;

use super::{Json, Level, Writer, drafts::Draft};
use crate::model::{Prop, Row, SetId, StructId};

/// Longest text that is kept, bytes.
const TEXT_MAX: usize = 4 << 10;
/// Places of what was seen for each text that may be kept.
const SEEN: usize = 4;

/// Texts, each in one of two slots that its row tells.
#[derive(Debug)]
pub struct Reused {
    texts: Box<[ArcSwapOption<Text>]>,
    /// What was written a moment ago and not kept, each in one of two places, too; more than texts, as two
    /// that are written by turns in one place would never be kept.
    seen: Box<[AtomicU64]>,
    /// Counts, so that now one and now the other of two gives way.
    turns: AtomicUsize,
}

/// What was written of one row.
#[derive(Debug)]
pub(super) struct Text {
    manner: Manner,
    place: Place,
    /// Begins with the comma that what stands first in its entity has to lose.
    bytes: Box<[u8]>,
}

impl Text {
    pub(super) fn push_to(&self, json: &mut Json) {
        json.part(&self.bytes);
    }
}

/// One state of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    set: SetId,
    at: u64,
    version: u64,
}

/// All besides the row that decides what is written of the entities of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    form: Arc<Form>,
    hash: u64,
    /// The last change of what they tell besides their own.
    changed: u64,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Form {
    ty: StructId,
    /// The type a reader takes them for who is told nothing else.
    declared: StructId,
    props: Vec<Prop>,
    level: Level,
    ieee754: bool,
    omits_nulls: bool,
}

impl Manner {
    /// That of these properties of entities of type `ty`; none where nobody knows when what they tell changes,
    /// or it depends on the request.
    pub(super) fn of(
        writer: &Writer<'_>,
        (declared, ty): (StructId, StructId),
        drafts: &[Draft],
        props: &[Prop],
    ) -> Option<Self> {
        let format = writer.format;
        // All metadata has addresses, which begin as the request's does.
        if format.level == Level::Full || format.ascii {
            return None;
        }
        let mut sets: Vec<SetId> = Vec::new();
        for prop in props {
            sets.extend(drafts.get(usize::from(prop.0))?.reads.as_ref()?);
        }
        sets.sort_unstable();
        sets.dedup();
        let changed = writer.ctx.source.changed(&sets)?;
        let form = Form {
            ty,
            declared,
            props: props.to_vec(),
            level: format.level,
            ieee754: format.ieee754,
            omits_nulls: format.omits_nulls,
        };
        let mut hasher = DefaultHasher::new();
        form.hash(&mut hasher);
        Some(Self { form: Arc::new(form), hash: hasher.finish(), changed })
    }
}

impl Reused {
    /// Takes about so many bytes at most.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let turns = AtomicUsize::new(0);
        let texts = usize::try_from(bytes).unwrap_or(usize::MAX) / TEXT_MAX;
        let seen = (0..texts.saturating_mul(SEEN)).map(|_| AtomicU64::new(0)).collect();
        let texts = (0..texts).map(|_| ArcSwapOption::empty()).collect();
        Self { texts, seen, turns }
    }

    /// What was written of a row, if it is here.
    pub(super) fn get(&self, manner: &Manner, row: &Row) -> Option<Arc<Text>> {
        let place = Place::of(row)?;
        two_of(self.texts.len(), hash(manner, place))?.into_iter().find_map(|slot| {
            let text = self.texts[slot].load();
            let is_it = |text: &&Arc<Text>| text.place == place && text.manner == *manner;
            text.as_ref().filter(is_it).map(Arc::clone)
        })
    }

    /// Keeps what is written of a row, if that was written a moment ago, in the slot of some other.
    pub(super) fn put(&self, manner: &Manner, row: &Row, written: &[u8]) {
        let Some(place) = Place::of(row).filter(|_| written.len() <= TEXT_MAX) else { return };
        if self.is_seen(mixed(hash(manner, place) ^ manner.changed, place.version)) {
            let comma: &[u8] = if written.first() == Some(&b'"') { b"," } else { b"" };
            let bytes = [comma, written].concat().into();
            self.keep(Text { manner: manner.clone(), place, bytes });
        }
    }

    /// Whether `mark` was seen a moment ago; it is now.
    fn is_seen(&self, mark: u64) -> bool {
        let Some(two) = two_of(self.seen.len(), mark) else { return false };
        let is_seen = two.iter().any(|place| self.seen[*place].load(Ordering::Relaxed) == mark);
        if !is_seen {
            self.seen[two[self.turn()]].store(mark, Ordering::Relaxed);
        }
        is_seen
    }

    fn keep(&self, text: Text) {
        let Some(two) = two_of(self.texts.len(), hash(&text.manner, text.place)) else { return };
        // A former state of the same row is of no more use.
        let gives_way = two.into_iter().find(|slot| {
            let there = self.texts[*slot].load();
            there.as_ref().is_none_or(|there| {
                there.manner.form == text.manner.form
                    && (there.place.set, there.place.at) == (text.place.set, text.place.at)
            })
        });
        let slot = gives_way.unwrap_or_else(|| two[self.turn()]);
        self.texts[slot].store(Some(Arc::new(text)));
    }

    fn turn(&self) -> usize {
        self.turns.fetch_add(1, Ordering::Relaxed) % 2
    }
}

/// The same for all versions of a row.
fn hash(manner: &Manner, place: Place) -> u64 {
    mixed(manner.hash ^ u64::from(place.set.0), place.at)
}

/// Two of so many places; none of none.
fn two_of(places: usize, hash: u64) -> Option<[usize; 2]> {
    let [first, second] = [hash >> 32, hash & 0xFFFF_FFFF].map(|part| usize::try_from(part).ok());
    Some([first?.checked_rem(places)?, second?.checked_rem(places)?])
}

impl Place {
    fn of(row: &Row) -> Option<Self> {
        Some(Self { set: row.set, at: row.record.place()?, version: row.version })
    }
}

/// Numbers that follow one another are put far from each other.
fn mixed(seed: u64, number: u64) -> u64 {
    let mixed = (seed ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

#[cfg(test)]
mod tests;
