//! Several records in one value of sled, which keeps some two hundred bytes in memory for each eight to
//! sixteen of its keys, whatever they hold.
//!
//! A bundle has the entries from its own key up to the next bundle's, all of one kind and set. Entry by
//! entry: how many bytes its key shares with the bundle's (1), the rest of the key and the value, each
//! behind its length (varint). Knows bytes, and nothing of what they mean.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    ops::{Bound, Deref, Range},
    sync::Arc,
};

use super::{Fault, fault, unreadable};
use crate::model::push_varint;

/// What the keys of a bundle begin with alike: kind and set.
const KIND_BYTES: usize = 3;
/// Bytes of a bundle with more than one entry: few enough to be written again for a change of one, and for
/// sled, which makes room in its cache only behind some thousand reads, whatever these were of.
const BUNDLE_BYTES: usize = 1024;
/// What an entry counts at least, so that there are no more than sixteen.
const ENTRY_BYTES_MIN: usize = BUNDLE_BYTES / 16;

/// Entries passed for each that is wanted: to look for one costs more than to go past some.
const BETWEEN_ENTRIES: usize = 4;

/// The value of an entry, within its bundle.
pub(super) struct Found {
    bundle: sled::IVec,
    range: Range<usize>,
}

impl Deref for Found {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bundle.get(self.range.clone()).unwrap_or_default()
    }
}

/// The value under a key.
pub(super) fn find(db: &sled::Db, key: &[u8]) -> Result<Option<Found>, Fault> {
    // Most long texts have a bundle of their own, and to get one is less work than to look for it.
    let own = db.get(key).map_err(|error| fault("read", &error))?;
    let found = match own {
        Some(bundle) => Some((key.into(), bundle)),
        None => before(db, key)?,
    };
    let Some((own, bundle)) = found else { return Ok(None) };
    for entry in Entries::of(&own, &bundle) {
        let entry = entry?;
        if entry.is_under(key) {
            return Ok(Some(Found { range: entry.range, bundle: bundle.clone() }));
        }
    }
    Ok(None)
}

/// What is under each of `wanted`, which ascend, as far as one scan over all between gets without going past
/// many others. Who misses one asks for it alone, by [`find`].
pub(super) fn find_all(db: &sled::Db, wanted: &[Vec<u8>]) -> Result<Vec<Option<Found>>, Fault> {
    let mut all = Vec::with_capacity(wanted.len());
    let [first, _, ..] = wanted else { return Ok(all) };
    let from = before(db, first)?.map_or_else(|| first.as_slice().into(), |(own, _)| own);
    let mut left = wanted.len() * BETWEEN_ENTRIES;
    for item in db.range(from..) {
        let (own, bundle) = item.map_err(|error| fault("read", &error))?;
        for entry in Entries::of(&own, &bundle) {
            let entry = entry?;
            while wanted.get(all.len()).is_some_and(|wanted| entry.order(wanted).is_gt()) {
                all.push(None);
            }
            let Some(next) = wanted.get(all.len()) else { return Ok(all) };
            if entry.order(next).is_eq() {
                all.push(Some(Found { range: entry.range, bundle: bundle.clone() }));
            } else if !all.is_empty() {
                let Some(less) = left.checked_sub(1) else { return Ok(all) };
                left = less;
            }
        }
        if all.len() == wanted.len() {
            break;
        }
    }
    Ok(all)
}

/// All entries from `first` on, ascending, none twice. While what is before all others of its kind is
/// written, up to sixteen entries may be passed over: who misses one asks for it alone, by [`find`].
pub(super) fn scan(
    db: &sled::Db,
    first: &[u8],
) -> Result<impl Iterator<Item = Result<(Vec<u8>, Found), Fault>> + use<>, Fault> {
    let from = before(db, first)?.map_or_else(|| first.into(), |(own, _)| own);
    let mut last: Option<Vec<u8>> = None;
    let first = first.to_vec();
    let opened = |item: sled::Result<(sled::IVec, sled::IVec)>| {
        let (own, bundle) = match item {
            Ok(found) => found,
            Err(error) => return vec![Err(fault("read", &error))],
        };
        let found = |range| Found { bundle: bundle.clone(), range };
        let entries = Entries::of(&own, &bundle);
        entries.map(|entry| entry.map(|entry| (entry.key(), found(entry.range)))).collect()
    };
    let entries = db.range(from..).flat_map(opened);
    // A bundle that is parted meanwhile is come upon twice.
    Ok(entries.filter(move |entry| {
        let Ok((key, _)) = entry else { return true };
        let is_next = *key >= first && last.as_ref().is_none_or(|last| key > last);
        if is_next {
            last = Some(key.clone());
        }
        is_next
    }))
}

/// The bundle in which a key is, if it is anywhere.
fn before(db: &sled::Db, key: &[u8]) -> Result<Option<(sled::IVec, sled::IVec)>, Fault> {
    let found = db.range(..=key).next_back().transpose().map_err(|error| fault("read", &error))?;
    Ok(found.filter(|(own, _)| is_alike(own, key)))
}

fn is_alike(a: &[u8], b: &[u8]) -> bool {
    a.get(..KIND_BYTES).is_some_and(|kind| b.get(..KIND_BYTES) == Some(kind))
}

/// The entries of a bundle, one after the other.
struct Entries<'a> {
    own: &'a [u8],
    bundle: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    fn of(own: &'a [u8], bundle: &'a [u8]) -> Self {
        Self { own, bundle, at: 0 }
    }

    fn read(&mut self) -> Option<Entry<'a>> {
        let (shared, mut rest) = self.bundle.get(self.at..)?.split_first()?;
        let len = usize::try_from(take_varint(&mut rest)?).ok()?;
        let (tail, mut rest) = rest.split_at_checked(len)?;
        let shared = self.own.get(..usize::from(*shared))?;
        let bytes = usize::try_from(take_varint(&mut rest)?).ok()?;
        let start = self.bundle.len() - rest.len();
        self.at = start.checked_add(bytes).filter(|end| *end <= self.bundle.len())?;
        Some(Entry { shared, tail, range: start..self.at })
    }
}

/// One entry of a bundle.
struct Entry<'a> {
    /// What its key begins with, as the bundle's does.
    shared: &'a [u8],
    /// The rest of its key.
    tail: &'a [u8],
    /// Where its value is in the bundle.
    range: Range<usize>,
}

impl Entry<'_> {
    fn is_under(&self, key: &[u8]) -> bool {
        key.strip_prefix(self.shared) == Some(self.tail)
    }

    /// How its key stands to another.
    fn order(&self, key: &[u8]) -> Ordering {
        let (head, rest) = key.split_at(self.shared.len().min(key.len()));
        self.shared.cmp(head).then_with(|| self.tail.cmp(rest))
    }

    fn key(&self) -> Vec<u8> {
        [self.shared, self.tail].concat()
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bundle.len() {
            return None;
        }
        Some(self.read().ok_or_else(|| {
            self.at = self.bundle.len();
            unreadable("a bundle of them is not readable")
        }))
    }
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Bundles that a batch changes.
pub(super) struct Changed<'a> {
    db: &'a sled::Db,
    /// By their own keys.
    bundles: BTreeMap<Vec<u8>, Bundle>,
}

struct Bundle {
    entries: BTreeMap<Vec<u8>, Value>,
    /// Whether sled has it.
    is_kept: bool,
    /// Set where another key took over what it had.
    is_gone: bool,
    /// The key of the next bundle of its kind.
    next: Option<sled::IVec>,
}

enum Value {
    Old(Found),
    New(Arc<[u8]>),
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Old(found) => found,
            Self::New(bytes) => bytes,
        }
    }
}

impl<'a> Changed<'a> {
    /// Nothing yet.
    pub(super) fn new(db: &'a sled::Db) -> Self {
        Self { db, bundles: BTreeMap::new() }
    }

    /// Puts an entry in place of what has its key.
    pub(super) fn put(&mut self, key: Vec<u8>, value: Arc<[u8]>) -> Result<(), Fault> {
        let bundle = match self.at(&key)? {
            Some(bundle) => bundle,
            None => self.begin(&key)?,
        };
        bundle.entries.insert(key, Value::New(value));
        Ok(())
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<(), Fault> {
        if let Some(bundle) = self.at(key)? {
            bundle.entries.remove(key);
        }
        Ok(())
    }

    /// Everything that is to be written and removed.
    pub(super) fn into_batch(self) -> sled::Batch {
        let mut batch = sled::Batch::default();
        // First, for what is put takes the place of what is removed.
        for (own, bundle) in &self.bundles {
            if bundle.is_kept && bundle.entries.is_empty() {
                batch.remove(own.as_slice());
            }
        }
        for (own, bundle) in self.bundles {
            let mut key = own;
            for (first, entries) in bundle.parted() {
                if let Some(first) = first {
                    key = first;
                }
                let mut bytes = Vec::new();
                for (of, value) in &entries {
                    push_entry(&mut bytes, &key, of, value);
                }
                batch.insert(key.as_slice(), bytes);
            }
        }
        batch
    }

    /// The bundle in which a key is or belongs; none where there is none before it.
    fn at(&mut self, key: &[u8]) -> Result<Option<&mut Bundle>, Fault> {
        let known = self.bundles.range(..=key.to_vec()).rev().find(|(_, bundle)| !bundle.is_gone);
        let known = known.filter(|(own, bundle)| {
            is_alike(own, key) && bundle.next.as_ref().is_none_or(|next| key < &**next)
        });
        let own = match known {
            Some((own, _)) => own.clone(),
            None => match before(self.db, key)? {
                Some((own, bundle)) => self.load(&own, &bundle)?,
                None => return Ok(None),
            },
        };
        Ok(self.bundles.get_mut(&own))
    }

    fn load(&mut self, own: &sled::IVec, bundle: &sled::IVec) -> Result<Vec<u8>, Fault> {
        let mut entries = BTreeMap::new();
        for entry in Entries::of(own, bundle) {
            let entry = entry?;
            let found = Found { range: entry.range.clone(), bundle: bundle.clone() };
            entries.insert(entry.key(), Value::Old(found));
        }
        let next = self.db.get_gt(own).map_err(|error| fault("read", &error))?;
        let next = next.map(|(next, _)| next).filter(|next| is_alike(next, own));
        let key = own.to_vec();
        let loaded = Bundle { entries, is_kept: true, is_gone: false, next };
        self.bundles.insert(key.clone(), loaded);
        Ok(key)
    }

    /// A bundle for a key that is before all others of its kind: the first of these from there on.
    fn begin(&mut self, key: &[u8]) -> Result<&mut Bundle, Fault> {
        let behind = (Bound::Excluded(key.to_vec()), Bound::Unbounded);
        let known = self.bundles.range(behind).find(|(_, bundle)| !bundle.is_gone);
        let mut first = known.map(|(own, _)| own.clone()).filter(|own| is_alike(own, key));
        let kept = self.db.get_gt(key).map_err(|error| fault("read", &error))?;
        // One that is known stands for itself, or what it had has a known one before it.
        let is_unknown = |own: &[u8]| is_alike(own, key) && !self.bundles.contains_key(own);
        if let Some((own, bundle)) = kept.filter(|(own, _)| is_unknown(own))
            && first.as_deref().is_none_or(|first| *own < *first)
        {
            first = Some(self.load(&own, &bundle)?);
        }
        let mut begun =
            Bundle { entries: BTreeMap::new(), is_kept: false, is_gone: false, next: None };
        if let Some(former) = first.and_then(|first| self.bundles.get_mut(&first)) {
            begun.entries = std::mem::take(&mut former.entries);
            begun.next.clone_from(&former.next);
            former.is_gone = true;
        }
        Ok(self.bundles.entry(key.to_vec()).insert_entry(begun).into_mut())
    }
}

/// Entries, and the key of their bundle where that is a new one.
type Part = (Option<Vec<u8>>, Vec<(Vec<u8>, Value)>);

impl Bundle {
    /// The entries as they are to be kept: the first of them under the bundle's own key.
    fn parted(self) -> Vec<Part> {
        let counts = |(key, value): (&Vec<u8>, &Value)| size(key, value);
        let all: usize = self.entries.iter().map(counts).sum();
        // What only grows at its end is filled before the next is begun; others get room to grow.
        let most = match self.next {
            Some(_) if all > BUNDLE_BYTES => all.div_ceil(all.div_ceil(BUNDLE_BYTES)),
            Some(_) | None => BUNDLE_BYTES,
        };
        let (mut parts, mut bytes): (Vec<Part>, usize) = (Vec::new(), 0);
        for (key, value) in self.entries {
            let more = size(&key, &value);
            if let Some((_, part)) = parts.last_mut().filter(|_| bytes + more <= most) {
                bytes += more;
                part.push((key, value));
            } else {
                bytes = more;
                let own = (!parts.is_empty()).then(|| key.clone());
                parts.push((own, vec![(key, value)]));
            }
        }
        parts
    }
}

fn size(key: &[u8], value: &[u8]) -> usize {
    (key.len() + value.len()).max(ENTRY_BYTES_MIN)
}

fn push_entry(bytes: &mut Vec<u8>, own: &[u8], key: &[u8], value: &[u8]) {
    let shared = own.iter().zip(key).take_while(|(a, b)| a == b).count();
    let shared = u8::try_from(shared).unwrap_or(u8::MAX);
    let tail = &key[usize::from(shared)..];
    bytes.push(shared);
    push_varint(bytes, tail.len() as u64);
    bytes.extend_from_slice(tail);
    push_varint(bytes, value.len() as u64);
    bytes.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Map = BTreeMap<Vec<u8>, Vec<u8>>;

    fn open() -> (tempfile::TempDir, sled::Db) {
        let dir = tempfile::tempdir().unwrap();
        let db = sled::Config::new().path(dir.path()).flush_every_ms(None).open().unwrap();
        db.insert(b"Mposition", b"x").unwrap();
        (dir, db)
    }

    fn key(kind: u8, id: u16) -> Vec<u8> {
        let mut key = vec![[b'R', b'R', b'T'][usize::from(kind % 3)], 0, kind % 3];
        key.extend_from_slice(&id.to_be_bytes());
        // Some are longer, and begin as others do.
        key.extend(std::iter::repeat_n(7, usize::from(id % 3)));
        key
    }

    fn write(db: &sled::Db, map: &mut Map, batch: &[(Vec<u8>, Option<usize>)]) {
        let mut changed = Changed::new(db);
        for (key, bytes) in batch {
            if let Some(bytes) = bytes {
                let value = vec![key[4]; *bytes];
                changed.put(key.clone(), value.as_slice().into()).unwrap();
                map.insert(key.clone(), value);
            } else {
                changed.remove(key).unwrap();
                map.remove(key);
            }
        }
        db.apply_batch(changed.into_batch()).unwrap();
    }

    #[track_caller]
    fn check(db: &sled::Db, map: &Map, wanted: &[Vec<u8>]) {
        for key in wanted {
            let found = find(db, key).unwrap().map(|found| found.to_vec());
            assert_eq!(found.as_ref(), map.get(key));
        }
        let mut ascending = wanted.to_vec();
        ascending.sort();
        ascending.dedup();
        for (key, found) in ascending.iter().zip(find_all(db, &ascending).unwrap()) {
            let found = found.map(|found| found.to_vec());
            assert_eq!(found.as_ref(), map.get(key));
        }
        for first in [&b"R"[..], b"T"].into_iter().chain(wanted.iter().map(Vec::as_slice).take(9)) {
            let found = scan(db, first).unwrap().map(|entry| {
                let (key, value) = entry.unwrap();
                (key, value.to_vec())
            });
            assert!(found.eq(map.range(first.to_vec()..).map(|(a, b)| (a.clone(), b.clone()))));
        }
        for item in db.range(b"R".to_vec()..) {
            let (own, bundle) = item.unwrap();
            let entries = Entries::of(&own, &bundle).map(Result::unwrap).count();
            assert!((1..=16).contains(&entries));
            assert!(entries == 1 || bundle.len() <= 2 * BUNDLE_BYTES);
        }
    }

    fn change() -> impl Strategy<Value = (Vec<u8>, Option<usize>)> {
        let bytes = prop_oneof![4 => 0_usize..200, 1 => 3_000_usize..9_000];
        ((0_u8..3, 0_u16..400), prop::option::weighted(0.7, bytes))
            .prop_map(|((kind, id), bytes)| (key(kind, id), bytes))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn entries_are_those_put_and_not_removed_in_whatever_bundles(
            batches in prop::collection::vec(prop::collection::vec(change(), 1..120), 1..12)
        ) {
            let (_dir, db) = open();
            let mut map = Map::new();
            for batch in batches {
                write(&db, &mut map, &batch);
                let wanted: Vec<_> = batch.into_iter().map(|(key, _)| key).collect();
                check(&db, &map, &wanted);
            }
        }
    }

    #[test]
    fn bundles_of_what_only_grows_are_full() {
        let (_dir, db) = open();
        let mut map = Map::new();
        for from in (0..3_200).step_by(50) {
            let batch: Vec<_> = (from..from + 50).map(|id| (key(0, id), Some(9))).collect();
            write(&db, &mut map, &batch);
        }
        check(&db, &map, &[key(0, 7), key(1, 7)]);
        assert_eq!(db.len(), 1 + 3_200 / 16);
    }

    #[test]
    fn a_bundle_parted_during_a_scan_is_not_told_twice() {
        let (_dir, db) = open();
        let mut map = Map::new();
        let ids = |step| (0..600).step_by(step);
        write(&db, &mut map, &ids(40).map(|id| (key(0, id), Some(9))).collect::<Vec<_>>());
        let mut found = scan(&db, b"R").unwrap();
        let first = found.next().unwrap().unwrap().0;
        write(&db, &mut map, &ids(2).map(|id| (key(0, id), Some(900))).collect::<Vec<_>>());
        let rest: Vec<_> = found.map(|entry| entry.unwrap().0).collect();
        assert!(first < rest[0] && rest.is_sorted_by(|a, b| a < b));
        assert!(ids(40).skip(1).all(|id| rest.contains(&key(0, id))));
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        let (_dir, db) = open();
        for bytes in [&[1][..], &[0, 9, 1], &[9, 1, 1, 1, 1], &[0, 1, 1, 9, 0]] {
            db.insert(key(0, 3), bytes).unwrap();
            assert!(find(&db, &key(0, 5)).is_err());
            assert!(scan(&db, b"R").unwrap().any(|entry| entry.is_err()));
        }
    }
}
