//! Whether a list of addresses says anything: one that holds all there are is none.

use core::net::IpAddr;

/// The shortest prefix among networks that hold everything together is no longer than this: a list of a
/// token has 64 entries at most. So nearly every list is told at a glance.
const WIDEST_BITS: u32 = 6;

/// Whether a token with this list, as it is stored, works from some addresses only: not where it is empty,
/// nor where it holds all of IPv4 or all of IPv6.
#[must_use]
pub fn is_bound<'a, I: Iterator<Item = &'a str>>(list: impl Fn() -> I) -> bool {
    if !list().any(|text| bits(text) <= WIDEST_BITS) {
        return list().next().is_some();
    }
    let mut ranges: Vec<(bool, u128, u128)> = list().filter_map(range).collect();
    ranges.sort_unstable();
    ![false, true].into_iter().any(|is_ipv4| {
        let end = if is_ipv4 { u128::from(u32::MAX) } else { u128::MAX };
        holds_all(ranges.iter().filter(|range| range.0 == is_ipv4), end)
    })
}

/// Whether ranges, by their beginnings, leave nothing out from 0 to `end`.
fn holds_all<'a>(ranges: impl Iterator<Item = &'a (bool, u128, u128)>, end: u128) -> bool {
    let mut next = 0;
    for (_, from, to) in ranges {
        if *from > next {
            return false;
        }
        if *to >= end {
            return true;
        }
        next = next.max(to + 1);
    }
    false
}

/// The prefix of a network; of one address more than any network has.
fn bits(text: &str) -> u32 {
    text.split_once('/').and_then(|(_, bits)| bits.parse().ok()).unwrap_or(u32::MAX)
}

/// Whether a network is one of IPv4, and its first and last address.
fn range(text: &str) -> Option<(bool, u128, u128)> {
    let (address, bits) = (text.split('/').next()?, bits(text));
    let (is_ipv4, first, all) = match address.parse().ok()? {
        IpAddr::V4(v4) => (true, u128::from(u32::from(v4)), u128::from(u32::MAX)),
        IpAddr::V6(v6) => (false, u128::from(v6), u128::MAX),
    };
    let inside = all.checked_shr(bits).unwrap_or(0);
    Some((is_ipv4, first, first | inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, want: bool) {
        assert_eq!(is_bound(|| list.split_whitespace()), want, "{list}");
    }

    #[test]
    fn a_list_that_holds_everything_binds_to_nothing() {
        check("", false);
        check("10.0.0.1", true);
        check("::1 10.0.0.0/8", true);
        check("0.0.0.0/0", false);
        check("10.0.0.1 ::/0", false);
        check("0.0.0.0/1", true);
        check("0.0.0.0/1 128.0.0.0/1", false);
        check("128.0.0.0/1 64.0.0.0/2 0.0.0.0/2 10.0.0.0/8", false);
        check("0.0.0.0/1 128.0.0.0/2 255.0.0.0/8", true);
        check("8000::/1 ::/1", false);
        check("::/1 128.0.0.0/1", true);
        check("::/1 8000::/2 c000::/3", true);
        check("0.0.0.0/1 8000::/1", true);
    }

    #[test]
    fn the_longest_list_is_told_too() {
        let all: Vec<String> = (0..64_u32).map(|n| format!("{}.0.0.0/6", n * 4)).collect();
        check(&all.join(" "), false);
        check(&all[1..].join(" "), true);
        check(&all[..63].join(" "), true);
    }
}
