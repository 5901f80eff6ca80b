//! The one home of randomness: identifiers and secrets. Keeps no state of its own.

use rand::{Rng, rand_core::UnwrapErr, rngs::SysRng};
use uuid::Uuid;

use crate::time::Timestamp;

/// An entity's globally unique identifier; RFC 9562 version 7 when made here, any when imported.
pub type Guid = Uuid;

/// A version 7 Guid for something made at `at`.
#[must_use]
pub fn guid_at(at: Timestamp) -> Guid {
    let millis = u64::try_from(at.micros() / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random_bytes()).into_uuid()
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
    }
}
