//! Sets of IP networks, such as those whose proxies are believed.

use super::value::{Bounds, Value};

/// Networks as a setting says them; empty means no address at all.
pub use crate::auth::Networks;

/// Networks and addresses, with commas or blanks between them.
impl Value for Networks {
    fn read(text: &str, _: &Bounds) -> Result<Self, String> {
        let parts = text.split([',', ' ', '\t']).filter(|part| !part.is_empty());
        let takes =
            "addresses and networks with commas between them, such as 127.0.0.1, 10.0.0.0/8";
        Self::read(parts).ok_or_else(|| takes.to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Networks, String> {
        Value::read(text, &Bounds::of("networks", 0..=u64::MAX))
    }

    #[test]
    fn networks_and_single_addresses_mix() {
        for (text, shown) in [
            ("", ""),
            ("127.0.0.1", "127.0.0.1/32"),
            ("10.0.0.0/8,::1", "10.0.0.0/8, ::1/128"),
            (" 10.0.0.0/8 , fd00::/8 ", "10.0.0.0/8, fd00::/8"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ] {
            let networks = read(text).unwrap();
            assert_eq!(networks.show(), shown, "{text}");
            assert_eq!(read(shown), Ok(networks));
        }
        for bad in ["localhost", "10.0.0.0/33", "10.0.0", "::/129", "1.2.3.4;::1"] {
            let want =
                "addresses and networks with commas between them, such as 127.0.0.1, 10.0.0.0/8";
            assert_eq!(read(bad), Err(want.to_owned()), "{bad}");
        }
    }

    #[test]
    fn an_address_is_inside_or_outside_whatever_it_wears() {
        let networks = read("10.0.0.0/8, fd00::/8, ::ffff:192.168.0.0/112").unwrap();
        let check = |address: &str, want| {
            assert_eq!(networks.contains(address.parse().unwrap()), want, "{address}");
        };
        for inside in ["10.0.0.1", "::ffff:10.255.0.1", "fd12::1", "192.168.9.9"] {
            check(inside, true);
        }
        for outside in ["11.0.0.1", "::ffff:11.0.0.1", "fe80::1", "::a00:1", "192.169.0.1"] {
            check(outside, false);
        }
        assert!(!Networks::default().contains("127.0.0.1".parse().unwrap()));
    }
}
