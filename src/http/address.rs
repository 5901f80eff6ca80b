//! What an address that clients reach us by is made of: its scheme, and text that may be its host.
//!
//! Knows neither requests nor proxies.

use warp::http::uri::Authority;

/// How a client's address of ours begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Nothing encrypts.
    Http,
    /// TLS, by us or by a proxy before us.
    Https,
}

impl Scheme {
    /// `http` or `https`, in any letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| name.eq_ignore_ascii_case(scheme.name()))
    }

    /// The scheme in an address.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// True for a host name or address with or without a port.
#[must_use]
pub fn is_host(text: &str) -> bool {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
    let after_address = text.rsplit_once(']').map_or(text, |(_, rest)| rest);
    let has_port = after_address.contains(':');
    let is_sound = |host: Authority| host.port_u16().is_some() == has_port;
    is_plain && text.parse::<Authority>().is_ok_and(is_sound)
}
