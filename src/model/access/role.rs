//! Roles: named sets of scopes, ordered only by containment.

use std::{cmp::Ordering, fmt, str::FromStr, sync::LazyLock};

use super::{Kind, Scopes};
use crate::error::{Error, nearest};

/// What a member of staff may do, or what a token is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Administrator,
    /// Sees everything, changes nothing, and may make reading tokens.
    ReadOnlyAdministrator,
    /// Works on tickets.
    Agent,
    /// Reads tickets and customers.
    ReadOnlyAgent,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] =
        [Self::Administrator, Self::ReadOnlyAdministrator, Self::Agent, Self::ReadOnlyAgent];

    /// The scopes it is made of.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        SCOPES[self as usize]
    }

    fn made_of(self) -> Scopes {
        match self {
            Self::Administrator => Scopes::all(),
            Self::ReadOnlyAdministrator => {
                Scopes::filter(|scope| scope.name.ends_with(":read") || scope.name == "tokens:mint")
            }
            Self::Agent => Scopes::filter(|scope| AGENT.contains(&scope.name)),
            Self::ReadOnlyAgent => {
                Scopes::filter(|scope| ["tickets:read", "customers:read"].contains(&scope.name))
            }
        }
    }

    /// Its name, as stored and written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::ReadOnlyAdministrator => "ReadOnlyAdministrator",
            Self::Agent => "Agent",
            Self::ReadOnlyAgent => "ReadOnlyAgent",
        }
    }

    /// The label of a token that has all the scopes of this role.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Administrator => Kind::Admin,
            Self::ReadOnlyAdministrator | Self::ReadOnlyAgent => Kind::Ro,
            Self::Agent => Kind::Agent,
        }
    }
}

/// What each role is made of, in the order of [`Role::ALL`], which is that of the declaration.
static SCOPES: LazyLock<[Scopes; 4]> = LazyLock::new(|| Role::ALL.map(Role::made_of));

const AGENT: [&str; 14] = [
    "tickets:read",
    "tickets:write",
    "comments:read",
    "comments:write",
    "notes:read",
    "notes:write",
    "customers:read",
    "customers:write",
    "attachments:read",
    "attachments:write",
    "teams:read",
    "users:read",
    "dashboard:read",
    "tokens:mint",
];

impl PartialOrd for Role {
    /// By containment of their scopes; neither of two roles may hold the other.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let (ours, theirs) = (self.scopes(), other.scopes());
        match (ours.is_subset(theirs), theirs.is_subset(ours)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = Error;

    /// Reads a role's exact name.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let near = nearest(text, names);
            let hint = near.map_or_else(String::new, |near| format!(" did you mean '{near}'?"));
            let reason = format!("there is no role '{text}';{hint} there are {}", names.join(", "));
            Error::InvalidValue { target: "Role".into(), reason }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: Role, right: Role, want: Option<Ordering>) {
        assert_eq!(left.partial_cmp(&right), want, "{left} {right}");
        assert_eq!(right.partial_cmp(&left), want.map(Ordering::reverse), "{right} {left}");
    }

    #[test]
    fn roles_are_only_partly_ordered() {
        check(Role::ReadOnlyAgent, Role::Agent, Some(Ordering::Less));
        check(Role::ReadOnlyAgent, Role::ReadOnlyAdministrator, Some(Ordering::Less));
        check(Role::ReadOnlyAgent, Role::Administrator, Some(Ordering::Less));
        check(Role::Agent, Role::Administrator, Some(Ordering::Less));
        check(Role::ReadOnlyAdministrator, Role::Administrator, Some(Ordering::Less));
        check(Role::Agent, Role::ReadOnlyAdministrator, None);
        check(Role::Agent, Role::Agent, Some(Ordering::Equal));
    }

    #[test]
    fn each_role_has_exactly_its_scopes() {
        assert_eq!(Role::Administrator.scopes(), Scopes::all());
        assert_eq!(Role::ReadOnlyAgent.scopes().to_string(), "tickets:read,customers:read");
        assert_eq!(
            Role::ReadOnlyAdministrator.scopes().to_string(),
            "tickets:read,comments:read,attachments:read,customers:read,teams:read,users:read,\
             notes:read,dashboard:read,tokens:mint,tokens:read,audit:read,webhooks:read,settings:read"
        );
        assert_eq!(
            Role::Agent.scopes().to_string(),
            "tickets:read,tickets:write,tickets:create,comments:read,comments:write,comments:create,\
             attachments:read,attachments:write,customers:read,customers:write,teams:read,users:read,\
             notes:read,notes:write,dashboard:read,tokens:mint"
        );
    }

    #[test]
    fn a_role_is_read_by_its_exact_name() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        let wrong = "agent".parse::<Role>().unwrap_err().to_string();
        assert_eq!(
            wrong,
            "'Role' does not fit: there is no role 'agent'; did you mean 'Agent'? \
             there are Administrator, ReadOnlyAdministrator, Agent, ReadOnlyAgent"
        );
        let wrong = "Boss".parse::<Role>().unwrap_err().to_string();
        assert!(
            wrong.ends_with("there are Administrator, ReadOnlyAdministrator, Agent, ReadOnlyAgent")
        );
    }
}
