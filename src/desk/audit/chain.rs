//! The chain: what the hash of a row is made of.

use crate::{
    desk::get,
    hash::{Digest, Stream},
    model::{Key, Model, Prop, Row, Value, props::audit, set, sortable},
    query::Source,
};

/// What stands as the former hash of the very first row.
pub const ORIGIN: Digest = [0; 32];

/// The hash of the row before `id`; [`ORIGIN`] where there is none.
pub(super) fn before(source: &dyn Source, id: i64) -> Digest {
    let former = source.row(set::AUDIT_EVENTS, &Key::Int(id - 1));
    former.map_or(ORIGIN, |row| digest_of(source.model(), &row, audit::HASH))
}

/// A hash that a row holds.
pub(super) fn digest_of(model: &Model, row: &Row, prop: Prop) -> Digest {
    match get(model, row, prop) {
        Value::Binary(bytes) => Digest::try_from(&*bytes).unwrap_or(ORIGIN),
        _ => ORIGIN,
    }
}

/// Everything of a row that its hash covers: each stored property but the hash, by its storage number.
pub(super) fn values(model: &Model, value: impl Fn(Prop) -> Value) -> Vec<(u16, Value)> {
    let structure = model.entity_type(set::AUDIT_EVENTS);
    let covered = structure.props().filter(|(prop, _)| *prop != audit::HASH);
    let mut values: Vec<(u16, Value)> = covered
        .filter_map(|(prop, property)| property.tag().map(|tag| (tag, value(prop))))
        .filter(|(_, value)| !value.is_null())
        .collect();
    values.sort_by_key(|(tag, _)| *tag);
    values
}

/// BLAKE3 over storage number, length and sortable bytes of each value; nulls do not count, so that a
/// property added later leaves old rows as they were.
#[must_use]
pub fn hash(values: &[(u16, Value)]) -> Digest {
    let mut stream = Stream::default();
    for (tag, value) in values {
        let bytes = sortable(value);
        stream.add(&tag.to_le_bytes());
        stream.add(&(bytes.len() as u64).to_le_bytes());
        stream.add(&bytes);
    }
    stream.finish()
}
