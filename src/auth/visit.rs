//! A request at the door, before anyone knows who asks.

use core::net::IpAddr;

/// A request at the door: what it presents, and where it comes from.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// What it presents.
    pub proof: Proof<'a>,
    /// The address it comes from.
    pub address: IpAddr,
    /// The program that sent it, as it calls itself.
    pub agent: Option<&'a str>,
    /// Whether it only reads.
    pub is_read: bool,
}

/// What says who is asking. Holds a secret, so it does not print.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// An access token in a header.
    Token(&'a str),
    /// An access token in the address.
    TokenInAddress(&'a str),
    /// The secret of a session, from its cookie.
    Session(&'a str),
}

impl<'a> Visit<'a> {
    /// A visit from this machine with an access token, to see what it opens.
    #[must_use]
    pub fn here(secret: &'a str) -> Self {
        let address = IpAddr::from([127, 0, 0, 1]);
        Self { proof: Proof::Token(secret), address, agent: None, is_read: true }
    }
}
