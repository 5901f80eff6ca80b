//! What an address that clients reach us by is made of: its scheme, and text that may be its host.
//!
//! Knows neither requests nor proxies.

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
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}
