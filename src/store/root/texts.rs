//! Long texts of a state: those the records do not have yet, and the others from where they are kept.

use std::sync::Arc;

use super::{Root, TextKey};
use crate::{
    error::Error,
    model::{Key, Origin, Prop, Row, SetId, TextRef, Value},
    query::source::TakeText,
    store::Seq,
};

/// Reads long texts from where they are kept for good.
pub trait Texts: Send + Sync {
    /// The text of property `tag` of an entity, as written by transaction `seq`.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    fn read(&self, set: SetId, key: &Key, tag: u16, seq: Seq) -> Result<Arc<str>, Error>;

    /// Whether reading would have to wait now.
    fn may_wait(&self) -> bool {
        false
    }

    /// Whether that text was found to be what its record vouches for, and need not be compared again.
    fn is_vouched(&self, text: &TextKey) -> bool {
        let _ = text;
        false
    }

    /// It was.
    fn note_vouched(&self, text: &TextKey) {
        let _ = text;
    }

    /// As [`Texts::read`] for each of `wanted`, which ascend by key, handed to `take` in their order.
    fn read_all(
        &self,
        set: SetId,
        tag: u16,
        wanted: &[(Key, Seq)],
        take: &mut dyn FnMut(Result<&str, Error>),
    ) {
        for (key, seq) in wanted {
            take(self.read(set, key, tag, *seq).as_deref().map_err(Clone::clone));
        }
    }
}

impl Root {
    /// Where a long text is and how to know it again; `None` for null.
    fn text_of(&self, row: &Row, property: Prop) -> Option<(TextKey, TextRef)> {
        let structure = self.model.structure(row.type_id);
        let text = row.record.text_ref(structure, property)?;
        let Origin::LongText { tag } = structure.property_at(property).origin else { return None };
        Some(((row.set, row.key(self.model), tag, text.seq), text))
    }

    /// A long text of a row; null where it has none.
    pub(in crate::store) fn read_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        match self.text_of(row, property) {
            Some((place, text)) => self.text_at(&place, text).map(Value::Text),
            None => Ok(Value::Null),
        }
    }

    /// The text in a place, by itself.
    fn text_at(&self, place: &TextKey, text: TextRef) -> Result<Arc<str>, Error> {
        if let Some(fresh) = self.fresh_texts.get(place) {
            return Ok(Arc::clone(fresh));
        }
        let (set, key, tag, seq) = place;
        let found = self.texts.read(*set, key, *tag, *seq)?;
        self.vouched(place, text, &found)?;
        Ok(found)
    }

    /// The long texts of rows, in their order; by one scan where that can be and is worth it.
    pub(super) fn read_texts(&self, rows: &[Row], property: Prop, take: &mut TakeText<'_>) {
        let places: Vec<_> = rows.iter().map(|row| self.text_of(row, property)).collect();
        let Some((set, tag)) = self.is_scanned(&places) else {
            for place in &places {
                let found = place.as_ref().map(|(place, text)| self.text_at(place, *text));
                match found {
                    Some(found) => take(found.as_deref().map(Some).map_err(Clone::clone)),
                    None => take(Ok(None)),
                }
            }
            return;
        };
        let wanted = places.iter().flatten();
        let wanted: Vec<(Key, Seq)> =
            wanted.map(|((_, key, _, seq), _)| (key.clone(), *seq)).collect();
        let mut rest = places.iter();
        self.texts.read_all(set, tag, &wanted, &mut |found| {
            for place in rest.by_ref() {
                let Some((place, text)) = place else {
                    take(Ok(None));
                    continue;
                };
                let vouched = |found| self.vouched(place, *text, found).map(|()| Some(found));
                return take(found.and_then(vouched));
            }
        });
        rest.for_each(|_| take(Ok(None)));
    }

    /// The set and property of texts that are best read by one scan: several of one kind, in the order of
    /// their keys.
    fn is_scanned(&self, places: &[Option<(TextKey, TextRef)>]) -> Option<(SetId, u16)> {
        let all = || places.iter().flatten();
        let ((set, _, tag, _), _) = all().next()?;
        let is_one_kind = |((s, _, t, _), _): &(TextKey, TextRef)| (s, t) == (set, tag);
        let is_fresh = |(place, _): &(TextKey, TextRef)| self.fresh_texts.contains_key(place);
        let is_read = all().nth(1).is_some() && all().is_sorted_by_key(|((_, key, ..), _)| key);
        let can_be = is_read && all().all(|place| is_one_kind(place) && !is_fresh(place));
        can_be.then_some((*set, *tag))
    }

    fn vouched(&self, place: &TextKey, text: TextRef, found: &str) -> Result<(), Error> {
        if self.texts.is_vouched(place) && found.len() as u64 == text.bytes {
            return Ok(());
        }
        if text.vouches_for(found) {
            self.texts.note_vouched(place);
            return Ok(());
        }
        Err(Error::internal(&"a long text is not what its record vouches for"))
    }
}
