//! What a transaction changed, and its bytes in the journal (layout in `docs/storage.md`).

use crate::{
    model::{Contents, Key, Model, Primitive, Record, SetId, Type, push_varint},
    time::Timestamp,
};

const FORMAT: u8 = 1;

/// Who changed something, and with which access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person, or nobody.
    pub author: Author,
    /// The access token it was done with.
    pub token_id: Option<i64>,
}

/// The person behind a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The product itself, or whoever runs it at the machine.
    System,
    /// A member of staff.
    User(i64),
}

impl Actor {
    /// The product itself, or whoever runs it at the machine.
    pub const SYSTEM: Self = Self { author: Author::System, token_id: None };
}

/// One change of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An entity was made or replaced.
    Put {
        /// Its set.
        set: SetId,
        /// Its key.
        key: Key,
        /// What is stored of it.
        record: Record,
    },
    /// An entity was removed.
    Delete {
        /// Its set.
        set: SetId,
        /// Its key.
        key: Key,
    },
    /// A long text was written; the `Put` beside it refers to it.
    Text {
        /// The entity's set.
        set: SetId,
        /// The entity's key.
        key: Key,
        /// Number of the property.
        tag: u16,
        /// The text.
        text: std::sync::Arc<str>,
    },
}

/// A committed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its number.
    pub seq: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What changed, in order.
    pub changes: Vec<Change>,
}

/// The stored number of a set; `None` for sets that store nothing of their own.
#[must_use]
pub fn set_code(model: &Model, set: SetId) -> Option<u16> {
    match model.set(set).contents {
        Contents::Stored { code } => Some(code),
        Contents::Unfolded { .. } | Contents::Computed { .. } => None,
    }
}

/// The set of a stored number.
#[must_use]
pub fn set_of_code(model: &Model, code: u16) -> Option<SetId> {
    model.set_ids().map(|(set, _)| set).find(|set| set_code(model, *set) == Some(code))
}

/// Whether the keys of a set are one integer.
#[must_use]
pub fn has_int_key(model: &Model, set: SetId) -> bool {
    let structure = model.entity_type(set);
    let [only] = structure.key.as_slice() else { return false };
    match &structure.property_at(*only).ty {
        Type::Primitive(primitive) => {
            primitive.integer_range().is_some() && *primitive != Primitive::String
        }
        Type::Enum(_) | Type::Complex(_) | Type::Collection(_) => false,
    }
}

impl Commit {
    /// The entry for the journal; the sequence number is the journal's own.
    #[must_use]
    pub fn to_bytes(&self, model: &Model) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend(self.at.micros().to_le_bytes());
        let (kind, id) = match self.actor.author {
            Author::System => (0, 0),
            Author::User(id) => (1, id),
        };
        bytes.push(kind);
        push_varint(&mut bytes, id.cast_unsigned());
        push_varint(&mut bytes, self.actor.token_id.unwrap_or(0).cast_unsigned());
        push_varint(&mut bytes, self.changes.len() as u64);
        for change in &self.changes {
            push_change(&mut bytes, model, change);
        }
        bytes
    }

    /// Reads a journal entry.
    ///
    /// # Errors
    /// Says what is wrong with bytes that no version up to this one wrote.
    pub fn from_bytes(seq: u64, bytes: &[u8], model: &Model) -> Result<Self, &'static str> {
        let mut reader = Reader(bytes);
        if reader.take(1)? != [FORMAT] {
            return Err("unknown format of a transaction");
        }
        let at = reader.take(8)?.try_into().map_err(|_| ENDS)?;
        let at = Timestamp::from_micros(i64::from_le_bytes(at));
        let kind = reader.take(1)?[0];
        let user = reader.varint()?.cast_signed();
        let author = match kind {
            0 => Author::System,
            1 => Author::User(user),
            _ => return Err("unknown kind of author"),
        };
        let token = reader.varint()?.cast_signed();
        let actor = Actor { author, token_id: (token != 0).then_some(token) };
        let count = reader.varint()?;
        let mut changes = Vec::new();
        for _ in 0..count {
            changes.push(reader.change(model)?);
        }
        if reader.0.is_empty() {
            Ok(Self { seq, at, actor, changes })
        } else {
            Err("trailing bytes")
        }
    }
}

const PUT: u8 = 1;
const DELETE: u8 = 2;
const TEXT: u8 = 3;
/// Why an entry cannot be read that a later version wrote.
pub(super) const UNKNOWN_SET: &str = "unknown entity set";
const ENDS: &str = "a transaction ends too early";

fn push_change(bytes: &mut Vec<u8>, model: &Model, change: &Change) {
    let (kind, set, key) = match change {
        Change::Put { set, key, .. } => (PUT, set, key),
        Change::Delete { set, key } => (DELETE, set, key),
        Change::Text { set, key, .. } => (TEXT, set, key),
    };
    bytes.push(kind);
    push_varint(bytes, u64::from(set_code(model, *set).unwrap_or(0)));
    push_bytes(bytes, &key.to_bytes());
    match change {
        Change::Put { record, .. } => push_bytes(bytes, record.as_bytes()),
        Change::Delete { .. } => {}
        Change::Text { tag, text, .. } => {
            push_varint(bytes, u64::from(*tag));
            push_bytes(bytes, text.as_bytes());
        }
    }
}

fn push_bytes(bytes: &mut Vec<u8>, part: &[u8]) {
    push_varint(bytes, part.len() as u64);
    bytes.extend(part);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(ENDS)?;
        self.0 = rest;
        Ok(head)
    }

    fn varint(&mut self) -> Result<u64, &'static str> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number is too long")
    }

    fn bytes(&mut self) -> Result<&'a [u8], &'static str> {
        let length = usize::try_from(self.varint()?).map_err(|_| ENDS)?;
        self.take(length)
    }

    fn change(&mut self, model: &Model) -> Result<Change, &'static str> {
        let kind = self.take(1)?[0];
        let code = u16::try_from(self.varint()?).map_err(|_| UNKNOWN_SET)?;
        let set = set_of_code(model, code).ok_or(UNKNOWN_SET)?;
        let key = Key::from_bytes(self.bytes()?, has_int_key(model, set)).ok_or("bad key")?;
        match kind {
            PUT => Ok(Change::Put { set, key, record: Record::from_bytes(self.bytes()?)? }),
            DELETE => Ok(Change::Delete { set, key }),
            TEXT => {
                let tag = u16::try_from(self.varint()?).map_err(|_| "bad property number")?;
                let text = std::str::from_utf8(self.bytes()?).map_err(|_| "text is not UTF-8")?;
                Ok(Change::Text { set, key, tag, text: text.into() })
            }
            _ => Err("unknown kind of change"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        model::{helpdesk, set},
        store::Edit,
    };

    fn sample(title: &str) -> Commit {
        let model = helpdesk();
        let mut edit = Edit::new(model, set::TICKETS);
        edit.set(model, crate::model::props::ticket::ID, 7);
        edit.set(model, crate::model::props::ticket::TITLE, title);
        edit.set(model, crate::model::props::ticket::DESCRIPTION, "long");
        let record = edit.pack(model, 9);
        let (set, key) = (set::TICKETS, Key::Int(7));
        Commit {
            seq: 9,
            at: Timestamp::from_micros(-5),
            actor: Actor { author: Author::User(3), token_id: Some(4) },
            changes: vec![
                Change::Text { set, key: key.clone(), tag: 4, text: "long".into() },
                Change::Put { set, key: key.clone(), record },
                Change::Delete { set, key },
            ],
        }
    }

    proptest! {
        #[test]
        fn a_transaction_comes_back_from_its_bytes(title: String) {
            let commit = sample(&title);
            let bytes = commit.to_bytes(helpdesk());
            prop_assert_eq!(Commit::from_bytes(9, &bytes, helpdesk()), Ok(commit));
        }

        #[test]
        fn other_bytes_are_refused_without_panic(cut in 0usize..60, byte: u8) {
            let mut bytes = sample("x").to_bytes(helpdesk());
            let at = cut.min(bytes.len() - 1);
            bytes[at] = byte;
            let _ = Commit::from_bytes(9, &bytes, helpdesk());
            bytes.truncate(at);
            prop_assert!(Commit::from_bytes(9, &bytes, helpdesk()).is_err());
        }
    }
}
