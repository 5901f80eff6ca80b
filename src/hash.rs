//! The one home of BLAKE3: digests of secrets and of stored records.

/// 32 bytes of BLAKE3.
pub type Digest = [u8; 32];

/// BLAKE3 of `bytes`.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    *blake3::hash(bytes).as_bytes()
}

/// Keyed BLAKE3 of `bytes`: a signature only holders of `key` can make.
#[must_use]
pub fn sign(key: &Digest, bytes: &[u8]) -> Digest {
    *blake3::keyed_hash(key, bytes).as_bytes()
}

/// A digest over bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Stream(blake3::Hasher);

impl Stream {
    /// Takes in the next piece; where one ends does not matter.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything so far.
    #[must_use]
    pub fn finish(&self) -> Digest {
        *self.0.finalize().as_bytes()
    }
}

/// Order-free hash of a set of records: adding and removing one costs the same, whatever the size.
///
/// Four lanes of wrapping sums over BLAKE3 digests, so that the committer keeps it incrementally.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetHash([u64; 4]);

impl SetHash {
    /// Counts in the record whose parts (length-prefixed) are given.
    pub fn add(&mut self, parts: &[&[u8]]) {
        for (lane, part) in self.0.iter_mut().zip(Self::lanes(parts)) {
            *lane = lane.wrapping_add(part);
        }
    }

    /// Takes out a record counted in before.
    pub fn remove(&mut self, parts: &[&[u8]]) {
        for (lane, part) in self.0.iter_mut().zip(Self::lanes(parts)) {
            *lane = lane.wrapping_sub(part);
        }
    }

    /// Counts in every record that `other` counts.
    pub fn add_all(&mut self, other: Self) {
        for (lane, part) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_add(part);
        }
    }

    /// The hash as 32 bytes, lanes little-endian.
    #[must_use]
    pub fn to_bytes(self) -> Digest {
        let mut bytes = [0; 32];
        for (chunk, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&lane.to_le_bytes());
        }
        bytes
    }

    /// The inverse of [`SetHash::to_bytes`].
    #[must_use]
    pub fn from_bytes(bytes: &Digest) -> Self {
        Self(lanes(bytes))
    }

    /// The first lane in 16 hex digits, for people to compare.
    #[must_use]
    pub fn short(self) -> String {
        format!("{:016x}", self.0[0])
    }

    fn lanes(parts: &[&[u8]]) -> [u64; 4] {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        lanes(hasher.finalize().as_bytes())
    }
}

fn lanes(bytes: &Digest) -> [u64; 4] {
    let mut lanes = [0; 4];
    for (lane, chunk) in lanes.iter_mut().zip(bytes.chunks_exact(8)) {
        let mut eight = [0; 8];
        eight.copy_from_slice(chunk);
        *lane = u64::from_le_bytes(eight);
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_set_does_not_know_order_and_forgets_what_is_removed() {
        let (mut left, mut right) = (SetHash::default(), SetHash::default());
        left.add(&[b"a", b"1"]);
        left.add(&[b"b", b"2"]);
        right.add(&[b"b", b"2"]);
        right.add(&[b"c", b"3"]);
        right.add(&[b"a", b"1"]);
        assert_ne!(left, right);
        right.remove(&[b"c", b"3"]);
        assert_eq!(left, right);
        assert_eq!(SetHash::from_bytes(&left.to_bytes()), left);
    }

    #[test]
    fn where_one_part_ends_matters() {
        let (mut left, mut right) = (SetHash::default(), SetHash::default());
        left.add(&[b"ab", b"c"]);
        right.add(&[b"a", b"bc"]);
        assert_ne!(left, right);
    }
}
