//! What a caller may do now: a token's scopes, as far as its owner still holds them.

use core::net::IpAddr;
use std::sync::Arc;

use crate::{
    error::Error,
    model::{Kind, Role, Scopes},
    query::Rights,
};

/// Who is asking, and with which rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The access token; none in a session, for the product itself and for who runs it at the machine.
    pub token_id: Option<i64>,
    /// How the token begins, for the log.
    pub prefix: Option<String>,
    /// What the token is called by its kind.
    pub kind: Option<Kind>,
    /// The session, for somebody signed in.
    pub session_id: Option<i64>,
    /// Whether the password was given lately; true for everybody without a session.
    pub is_confirmed: bool,
    /// The user it acts for; none for the workspace itself.
    pub user_id: Option<i64>,
    /// The role of the token, or of the user signed in; none for the product itself.
    pub role: Option<Role>,
    /// What it may do.
    pub scopes: Scopes,
    /// Where the request comes from; none at the machine.
    pub address: Option<IpAddr>,
    /// The program that asks, as it calls itself.
    pub agent: Option<Arc<str>>,
}

/// Whose rights bound those of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The workspace itself, which may do everything.
    Workspace,
    /// A member of staff in that role.
    Staff(Role),
    /// Somebody who was disabled or removed, or whose role nobody knows.
    Gone,
}

impl Owner {
    /// What the owner may do now.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        match self {
            Self::Workspace => Scopes::all(),
            Self::Staff(role) => role.scopes(),
            Self::Gone => Scopes::NONE,
        }
    }
}

/// The rights of a token now: never more than it was given, never more than its owner has.
#[must_use]
pub fn in_force(given: Scopes, owner: Owner) -> Scopes {
    given.intersection(owner.scopes())
}

impl Principal {
    /// The product itself, or whoever runs it at the machine: may do everything.
    #[must_use]
    pub fn system() -> Self {
        Self {
            token_id: None,
            prefix: None,
            kind: None,
            session_id: None,
            is_confirmed: true,
            user_id: None,
            role: None,
            scopes: Scopes::all(),
            address: None,
            agent: None,
        }
    }

    /// Somebody at the door who showed nothing that opens it.
    #[must_use]
    pub fn stranger(address: Option<IpAddr>, agent: Option<&str>) -> Self {
        let scopes = Scopes::NONE;
        Self { scopes, address, agent: agent.map(Arc::from), ..Self::system() }
    }

    /// Refuses a caller without `scope`.
    ///
    /// # Errors
    /// `Forbidden` naming the scope.
    pub fn require(&self, scope: &str) -> Result<(), Error> {
        if self.scopes.has(scope) {
            Ok(())
        } else {
            Err(Error::Forbidden { scope: scope.to_owned() })
        }
    }
}

impl Principal {
    /// Refuses a session whose password was not given lately.
    ///
    /// # Errors
    /// `ConfirmationRequired`.
    pub fn require_confirmation(&self) -> Result<(), Error> {
        if self.is_confirmed { Ok(()) } else { Err(Error::ConfirmationRequired) }
    }
}

impl Rights for Principal {
    fn has(&self, scope: &str) -> bool {
        self.scopes.has(scope)
    }

    fn user_id(&self) -> Option<i64> {
        self.user_id
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::scope::tests::any_scopes;

    fn any_owner() -> impl Strategy<Value = Owner> {
        prop_oneof![
            Just(Owner::Workspace),
            Just(Owner::Gone),
            prop::sample::select(&Role::ALL[..]).prop_map(Owner::Staff),
        ]
    }

    proptest! {
        #[test]
        fn a_token_never_has_more_than_its_owner(given in any_scopes(), owner in any_owner()) {
            let now = in_force(given, owner);
            prop_assert!(now.is_subset(owner.scopes()));
            prop_assert!(now.is_subset(given));
        }

        #[test]
        fn what_was_granted_is_within_the_giver(
            asked in any_scopes(), owner in any_owner(), given in any_scopes(),
        ) {
            let giver = in_force(given, owner);
            match asked.grant(giver) {
                Ok(granted) => prop_assert!(granted == asked && granted.is_subset(owner.scopes())),
                Err(error) => prop_assert_eq!(error.code(), "ExceedsRights"),
            }
        }
    }

    #[test]
    fn a_demoted_owner_takes_the_tokens_along() {
        let given = Role::Administrator.scopes();
        assert_eq!(
            in_force(given, Owner::Staff(Role::ReadOnlyAgent)),
            Role::ReadOnlyAgent.scopes()
        );
        assert_eq!(in_force(given, Owner::Gone), Scopes::NONE);
        assert_eq!(in_force(given, Owner::Workspace), Scopes::all());
    }

    #[test]
    fn a_missing_scope_is_named() {
        let caller = Principal { scopes: Role::ReadOnlyAgent.scopes(), ..Principal::system() };
        assert_eq!(caller.require("tickets:read"), Ok(()));
        assert_eq!(
            caller.require("tickets:create"),
            Err(Error::Forbidden { scope: "tickets:create".into() })
        );
    }
}
