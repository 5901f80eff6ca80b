//! Kinds of access tokens: labels, never rights.

use std::fmt;

/// A label fixed when a token is made, for limits and eyes, never for rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// All of an administrator.
    Admin,
    /// All of a role that only reads.
    Ro,
    /// All of an agent.
    Agent,
    /// A service of the workspace.
    Svc,
    /// Fewer scopes than its role.
    Custom,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Ro, Self::Agent, Self::Svc, Self::Custom];

    /// As it stands in the token.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Ro => "ro",
            Self::Agent => "agent",
            Self::Svc => "svc",
            Self::Custom => "custom",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
