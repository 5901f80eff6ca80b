//! Keys of the records, byte by byte.

use crate::{
    model::{Key, Model, SetId},
    store::{
        Seq,
        change::{set_code, set_of_code},
        root::key_of,
    },
};

/// Where something is kept among the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Place {
    /// An entity's record.
    Row {
        /// Its set.
        set: SetId,
        /// Its key.
        key: Key,
        /// The transaction that wrote it.
        version: Seq,
    },
    /// A long text.
    Text {
        /// The entity's set.
        set: SetId,
        /// The entity's key.
        key: Key,
        /// Number of the property.
        tag: u16,
        /// The transaction that wrote it.
        version: Seq,
    },
}

impl Place {
    /// The key of the record.
    #[must_use]
    pub(in crate::store) fn to_bytes(&self, model: &Model) -> Vec<u8> {
        let (kind, set, key) = match self {
            Self::Row { set, key, .. } => (b'R', set, key),
            Self::Text { set, key, .. } => (b'T', set, key),
        };
        let mut bytes = vec![kind];
        bytes.extend(set_code(model, *set).unwrap_or(0).to_be_bytes());
        bytes.extend(key.to_bytes());
        match self {
            Self::Row { version, .. } => bytes.extend(version.to_be_bytes()),
            Self::Text { tag, version, .. } => {
                bytes.extend(tag.to_be_bytes());
                bytes.extend(version.to_be_bytes());
            }
        }
        bytes
    }

    /// The inverse of [`Place::to_bytes`].
    #[must_use]
    pub(in crate::store) fn from_bytes(model: &Model, bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (code, rest) = rest.split_first_chunk::<2>()?;
        let set = set_of_code(model, u16::from_be_bytes(*code))?;
        let (rest, version) = rest.split_last_chunk::<8>()?;
        let version = u64::from_be_bytes(*version);
        match kind {
            b'R' => Some(Self::Row { set, key: key_of(model, set, rest)?, version }),
            b'T' => {
                let (rest, tag) = rest.split_last_chunk::<2>()?;
                let tag = u16::from_be_bytes(*tag);
                Some(Self::Text { set, key: key_of(model, set, rest)?, tag, version })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, helpdesk, set};

    #[test]
    fn places_come_back_from_their_bytes_and_versions_sort_last() {
        let model = helpdesk();
        let member = Key::new(&[Value::Int(1), Value::Int(2)]);
        let places = [
            Place::Row { set: set::TICKETS, key: Key::Int(7), version: 3 },
            Place::Row { set: set::TICKETS, key: Key::Int(7), version: 300 },
            Place::Row { set: set::TICKETS, key: Key::Int(8), version: 1 },
            Place::Row { set: set::TEAM_MEMBERS, key: member, version: 1 },
            Place::Text { set: set::TICKETS, key: Key::Int(7), tag: 4, version: 3 },
        ];
        let bytes: Vec<Vec<u8>> = places.iter().map(|place| place.to_bytes(model)).collect();
        assert!(bytes.is_sorted());
        for (place, bytes) in places.iter().zip(&bytes) {
            assert_eq!(Place::from_bytes(model, bytes).as_ref(), Some(place));
        }
    }
}
