//! IP networks: how they are written, and which addresses lie in them.
//!
//! IPv4 in IPv6 clothes (`::ffff:10.0.0.1`) is IPv4, in lists and in callers; `::/0` is no IPv4.

use core::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};

use crate::{error::Error, model::is_bound};

/// Longest list of addresses of one token: every request with it looks through all of it.
pub const ADDRESSES_MAX: usize = 64;

/// Networks, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads addresses and networks; `None` where one is neither. Bits behind the network's are let pass.
    #[must_use]
    pub fn read<'a>(parts: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        parts.into_iter().map(network).collect::<Option<_>>().map(Self)
    }

    /// Reads a list for a token, each network once.
    ///
    /// # Errors
    /// `InvalidValue` for `AllowedAddresses`, naming the entry.
    pub fn of_token<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut networks = Vec::new();
        for part in parts {
            let network = strict(part.trim())?;
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        if networks.len() > ADDRESSES_MAX {
            return Err(refusal(format!(
                "it takes at most {ADDRESSES_MAX} addresses and networks"
            )));
        }
        Ok(Self(networks))
    }

    /// True where `address` lies in one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a token with these works from some addresses only: none of them is everywhere, and so are
    /// all there are.
    #[must_use]
    pub fn are_bound(&self) -> bool {
        let texts: Vec<String> = self.texts().collect();
        is_bound(|| texts.iter().map(String::as_str))
    }

    /// Whether a token with these works from wherever one with `other` does; none of them is everywhere.
    #[must_use]
    pub fn allow_all_of(&self, other: &Self) -> bool {
        if self.is_empty() || other.is_empty() {
            return self.is_empty();
        }
        // Joined, so that two halves hold their whole.
        let joined = IpNet::aggregate(&self.0);
        other.0.iter().all(|network| joined.iter().any(|wide| wide.contains(network)))
    }

    /// Each as text: one address alone, or a network with its prefix.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|network| {
            if network.prefix_len() == network.max_prefix_len() {
                network.addr().to_string()
            } else {
                network.to_string()
            }
        })
    }
}

impl fmt::Display for Networks {
    /// With their prefixes, and commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(", "))
    }
}

/// Whether a token with this list works from `address`: an empty one from everywhere. What is no network
/// lets nobody in.
#[must_use]
pub fn allows<'a>(mut list: impl Iterator<Item = &'a str>, address: IpAddr) -> bool {
    let address = address.to_canonical();
    let holds = |text: &str| network(text).is_some_and(|network| network.contains(&address));
    match list.next() {
        None => true,
        Some(first) => holds(first) || list.any(holds),
    }
}

/// `10.0.0.0/8`, `::1`: a network, or one address.
fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().ok()?,
    };
    let IpAddr::V4(mapped) = network.addr().to_canonical() else { return Some(network) };
    let IpNet::V6(wide) = network else { return Some(network) };
    Ipv4Net::new(mapped, wide.prefix_len().checked_sub(96)?).ok().map(IpNet::V4)
}

/// As [`network`], but bits behind the network's are a slip worth hearing of.
fn strict(text: &str) -> Result<IpNet, Error> {
    let example = "an address or a network such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32";
    let network = network(text).ok_or_else(|| refusal(format!("'{text}' is not {example}")))?;
    let meant = network.trunc();
    if meant != network {
        let alone = network.addr();
        let reason = format!("'{text}' has bits beyond its prefix: it takes {meant} or {alone}");
        return Err(refusal(reason));
    }
    Ok(network)
}

fn refusal(reason: String) -> Error {
    Error::InvalidValue { target: "AllowedAddresses".into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &[&str], want: &str) {
        let got = Networks::of_token(list.iter().copied());
        let got = got.map(|networks| networks.texts().collect::<Vec<_>>().join(" "));
        assert_eq!(got.unwrap_or_else(|error| error.to_string()), want);
    }

    #[test]
    fn a_list_is_kept_in_one_form() {
        check(&[], "");
        check(&["10.0.0.1", " 10.0.0.0/8 ", "10.0.0.1/32"], "10.0.0.1 10.0.0.0/8");
        check(&["::ffff:10.0.0.1", "::ffff:10.0.0.0/104"], "10.0.0.1 10.0.0.0/8");
        check(&["2001:DB8:0::1", "2001:db8::/32", "::/0"], "2001:db8::1 2001:db8::/32 ::/0");
    }

    #[test]
    fn a_bad_entry_is_named() {
        let such = "an address or a network such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32";
        for bad in
            ["", "localhost", "10.0.0", "10.0.0.0/33", "::/129", "fe80::1%eth0", "::ffff:0:0/90"]
        {
            let want = format!("'AllowedAddresses' does not fit: '{bad}' is not {such}");
            check(&["10.0.0.0/8", bad], &want);
        }
        check(
            &["10.1.2.3/8"],
            "'AllowedAddresses' does not fit: '10.1.2.3/8' has bits beyond its prefix: it takes \
             10.0.0.0/8 or 10.1.2.3",
        );
        let many: Vec<String> = (0..65).map(|n| format!("10.0.0.{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(&many, "'AllowedAddresses' does not fit: it takes at most 64 addresses and networks");
    }

    #[test]
    fn a_list_is_wider_only_where_it_lets_more_in() {
        let list = |text: &str| Networks::of_token(text.split_whitespace()).unwrap();
        let check = |before: &str, after: &str, want: bool| {
            assert_eq!(list(before).allow_all_of(&list(after)), want, "{before} -> {after}");
        };
        check("", "", true);
        check("", "10.0.0.1", true);
        check("10.0.0.1", "", false);
        check("10.0.0.0/8", "10.0.0.1 10.9.0.0/16", true);
        check("10.0.0.0/9 10.128.0.0/9", "10.0.0.0/8", true);
        check("10.0.0.0/9", "10.0.0.0/8", false);
        check("::/0", "10.0.0.1", false);
        check("0.0.0.0/0", "::ffff:10.0.0.1", true);
        check("0.0.0.0/0", "::1", false);
    }

    /// The bits of an address, the family first; slow and obviously right.
    fn bits(address: IpAddr) -> Vec<bool> {
        let (family, octets) = match address {
            IpAddr::V4(v4) => (false, v4.octets().to_vec()),
            IpAddr::V6(v6) => match v6.octets() {
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d] => (false, vec![a, b, c, d]),
                octets => (true, octets.to_vec()),
            },
        };
        let each = octets.iter().flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1 == 1));
        std::iter::once(family).chain(each).collect()
    }

    /// Ten thousand lists and addresses, near the edges of the networks, against the obvious way.
    #[test]
    fn no_generated_address_gets_past_a_list() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut draw = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let (mut inside, mut outside) = (0, 0);
        for _ in 0..10_000 {
            let wide = u128::from(draw()) << 64 | u128::from(draw());
            let base = match draw() % 3 {
                0 => IpAddr::from((u32::try_from(draw() >> 32).unwrap()).to_be_bytes()),
                1 => IpAddr::from(wide.to_be_bytes()),
                _ => IpAddr::from((0xFFFF_0000_0000 | u128::from(draw() >> 32)).to_be_bytes()),
            };
            let most = if base.to_canonical().is_ipv4() { 32 } else { 128 };
            let prefix = usize::try_from(draw() % (most + 1)).unwrap();
            let (shown, offset) = match base {
                IpAddr::V6(_) if most == 32 => (base, 96),
                IpAddr::V4(_) | IpAddr::V6(_) => (base, 0),
            };
            let text = IpNet::new(shown, u8::try_from(prefix + offset).unwrap()).unwrap().trunc();
            let networks = Networks::of_token([text.to_string().as_str()]).unwrap();
            // The address itself with one bit turned, in either of its clothes, or any other.
            let mut octets = match base.to_canonical() {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            let turned = usize::try_from(draw() % (most + 1)).unwrap();
            if turned < octets.len() * 8 {
                octets[turned / 8] ^= 0x80 >> (turned % 8);
            }
            let caller = match <[u8; 4]>::try_from(octets.as_slice()) {
                Ok(four) if draw() % 2 == 0 => IpAddr::from(four),
                Ok(four) => IpAddr::V6(core::net::Ipv4Addr::from(four).to_ipv6_mapped()),
                Err(_) => IpAddr::from(<[u8; 16]>::try_from(octets.as_slice()).unwrap()),
            };
            let (own, seen) = (bits(base), bits(caller));
            let want = own[..=prefix] == seen[..=prefix];
            assert_eq!(networks.contains(caller), want, "{text} {caller}");
            let stored: Vec<String> = networks.texts().collect();
            assert_eq!(allows(stored.iter().map(String::as_str), caller), want, "{text} {caller}");
            if want { inside += 1 } else { outside += 1 }
        }
        assert!(inside > 2_000 && outside > 2_000, "{inside} {outside}");
    }
}
