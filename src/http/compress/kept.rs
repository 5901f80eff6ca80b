//! A body that is sent often: its coded forms are made once.

use std::sync::OnceLock;

use bytes::Bytes;

use super::{Coding, encoded};

/// A body with its coded forms, each of which is made when somebody first asks for it.
///
/// An answer that carries one in its extensions is sent in the form it holds.
pub struct Kept {
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
    zstd: OnceLock<Option<Bytes>>,
}

impl Kept {
    /// Keeps these bytes.
    #[must_use]
    pub fn new(plain: Vec<u8>) -> Self {
        Self { plain: plain.into(), gzip: OnceLock::new(), zstd: OnceLock::new() }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.plain
    }

    /// The bytes as a body.
    #[must_use]
    pub fn plain(&self) -> Bytes {
        self.plain.clone()
    }

    /// The coded form, as small as the coding gets; nothing if that fails.
    pub(super) fn coded(&self, coding: Coding) -> Option<Bytes> {
        let form = match coding {
            Coding::Zstd => &self.zstd,
            Coding::Gzip => &self.gzip,
        };
        form.get_or_init(|| encoded::whole(&self.plain, coding).ok().map(Bytes::from)).clone()
    }
}
