//! The one home of randomness: identifiers and secrets. Keeps no state of its own.

use rand::{Rng, rand_core::UnwrapErr, rngs::SysRng};
use uuid::Uuid;

use crate::time::Timestamp;

/// An entity's globally unique identifier; RFC 9562 version 7 when made here, any when imported.
pub type Guid = Uuid;

/// The last bits of a Guid made here for an entity: its id, so that it is found without an index.
const ID_BITS: u32 = 36;
/// The bits before these, up to the time: version, variant and what a set was given at random.
const STRAIN_BITS: u32 = 44;

/// What the Guids of a set that were made here share beside their times: 38 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strain(u64);

impl Strain {
    /// One of a set that has none yet.
    #[must_use]
    pub fn random() -> Self {
        Self(parts(guid_at(Timestamp::from_micros(0)).as_bytes())[1])
    }

    /// The one that goes on from the Guid of an entity; none where the Guid is not of this form.
    #[must_use]
    pub fn of(guid: Guid, id: i64) -> Option<Self> {
        let is_ours = guid.get_version_num() == 7 && told_id(guid.as_bytes()) == id;
        is_ours.then(|| Self(parts(guid.as_bytes())[1]))
    }

    /// A version 7 Guid for an entity of the set, made at `at`; wholly random for ids beyond 2^36.
    #[must_use]
    pub fn guid(self, at: Timestamp, id: i64) -> Guid {
        match u64::try_from(id).ok().filter(|id| *id < 1 << ID_BITS) {
            Some(id) => {
                Guid::from_bytes(whole([parts(made(at, [0; 10]).as_bytes())[0], self.0, id]))
            }
            None => guid_at(at),
        }
    }
}

/// The id that a Guid tells, if it was made here for an entity.
#[must_use]
pub fn told_id(guid: &[u8; 16]) -> i64 {
    parts(guid)[2].cast_signed()
}

/// A Guid in three: the time, what a set's have alike, and the id, where it is of that form.
#[must_use]
pub fn parts(guid: &[u8; 16]) -> [u64; 3] {
    let bits = u128::from_be_bytes(*guid);
    let low = |bits: u128, count: u32| {
        // At most 64 bits are left.
        u64::try_from(bits & ((1 << count) - 1)).unwrap_or(0)
    };
    [
        low(bits >> (STRAIN_BITS + ID_BITS), 48),
        low(bits >> ID_BITS, STRAIN_BITS),
        low(bits, ID_BITS),
    ]
}

/// The inverse of [`parts`].
#[must_use]
pub fn whole([time, strain, id]: [u64; 3]) -> [u8; 16] {
    let bits = u128::from(time) << (STRAIN_BITS + ID_BITS);
    (bits | u128::from(strain) << ID_BITS | u128::from(id)).to_be_bytes()
}

/// A version 7 Guid for something made at `at`, random but for that.
#[must_use]
pub fn guid_at(at: Timestamp) -> Guid {
    made(at, random_bytes())
}

fn made(at: Timestamp, rest: [u8; 10]) -> Guid {
    let millis = u64::try_from(at.micros() / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// `N` bytes from the operating system's generator.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    UnwrapErr(SysRng).fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_carries_its_time_and_is_new_each_time() {
        let at: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        let (one, two) = (guid_at(at), guid_at(at));
        assert_ne!(one, two);
        assert_eq!(one.get_version_num(), 7);
        assert_eq!(one.as_bytes()[..6], two.as_bytes()[..6]);
        assert_eq!(whole(parts(one.as_bytes())), *one.as_bytes());
    }

    #[test]
    fn the_guid_of_an_entity_tells_its_id_and_is_of_version_7() {
        let at: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        let (one, other) = (Strain::random(), Strain::random());
        assert_ne!(one, other);
        for id in [1, 7, (1 << 36) - 1] {
            let guid = one.guid(at, id);
            assert_eq!((guid.get_version_num(), guid.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(guid.as_bytes()[..6], guid_at(at).as_bytes()[..6]);
            assert_eq!((told_id(guid.as_bytes()), Strain::of(guid, id)), (id, Some(one)));
            assert_eq!((Strain::of(guid, id + 1), one.guid(at, id)), (None, guid));
            assert_ne!(guid, other.guid(at, id));
        }
        for id in [1 << 36, (1 << 53) - 1, -1] {
            assert_ne!(one.guid(at, id), one.guid(at, id));
        }
    }
}
