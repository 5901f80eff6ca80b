//! The bytes of a record: here, or with rows that are packed together once one of them is looked at.

use std::{fmt, ops::Deref, sync::Arc};

use super::Record;

/// Rows of one state of a set, not packed yet; each by its number among them.
///
/// They keep the state they are of, so they are for answers under way, not for keeping.
pub trait Unpacked: Send + Sync {
    /// The record of a row. Who asks for one first waits until all are packed.
    fn bytes(&self, number: usize) -> &[u8];

    /// What tells the row, together with its version, from every other that its set has or had in this process.
    fn place(&self, number: usize) -> u64;
}

/// The bytes of one record. Cheap to clone.
#[derive(Clone)]
pub(super) enum Bytes {
    Packed(Arc<[u8]>),
    Late(Arc<dyn Unpacked>, u32),
}

impl Record {
    /// The record of one of `rows`, packed when it is looked at.
    #[must_use]
    pub fn late(rows: Arc<dyn Unpacked>, number: u32) -> Self {
        Self(Bytes::Late(rows, number))
    }

    /// Where it is among those of its set, see [`Unpacked::place`]; none where it was packed by itself.
    #[must_use]
    pub fn place(&self) -> Option<u64> {
        match &self.0 {
            Bytes::Packed(_) => None,
            Bytes::Late(rows, number) => Some(rows.place(*number as usize)),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Packed(bytes) => bytes,
            Self::Late(rows, number) => rows.bytes(*number as usize),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Packed(bytes.into())
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self::Packed(bytes.into())
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
