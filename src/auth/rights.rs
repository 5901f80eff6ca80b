//! What a caller may do now: of a token, its scopes as far as its owner, who made it, the token it was made
//! with and the policy still allow them; and what no right is enough for.

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
    /// Who stands behind it, beyond its rights.
    pub confirmed: Confirmed,
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

/// Who stands behind a request: some decisions hang on that beside the rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// Somebody signed in, or at the door; whether the password was given again lately.
    Person(bool),
    /// A program with an access token. Nobody gave a password, and the token may be stolen.
    Program,
    /// A program whose secret was replaced, while that works on. Whoever replaced it may have known that it
    /// leaked, so it decides about no token.
    FormerSecret,
    /// Who runs the product at the machine, or the product itself.
    Operator,
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

impl Principal {
    /// The product itself, or whoever runs it at the machine: may do everything.
    #[must_use]
    pub fn system() -> Self {
        Self {
            token_id: None,
            prefix: None,
            kind: None,
            session_id: None,
            confirmed: Confirmed::Operator,
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
        let (scopes, confirmed) = (Scopes::NONE, Confirmed::Person(false));
        Self { scopes, confirmed, address, agent: agent.map(Arc::from), ..Self::system() }
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
    /// Whether it is whoever runs the product at the machine, or the product itself.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        let is_nobody_else = (self.token_id, self.session_id, self.user_id) == (None, None, None);
        self.confirmed == Confirmed::Operator && is_nobody_else
    }

    /// Whether it may decide over what belongs to the workspace.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        let has_role = self.is_operator() || self.role == Some(Role::Administrator);
        has_role && self.scopes.has("tokens:write")
    }

    /// Refuses a session whose password was not given lately: for secrets that open much, an administrator's
    /// or a service's. What a program gets is bound by its own rights.
    ///
    /// # Errors
    /// `ConfirmationRequired`.
    pub fn require_confirmation(&self) -> Result<(), Error> {
        match self.confirmed {
            Confirmed::Person(false) => Err(Error::ConfirmationRequired),
            Confirmed::Person(true)
            | Confirmed::Program
            | Confirmed::FormerSecret
            | Confirmed::Operator => Ok(()),
        }
    }

    /// Refuses programs whatever their rights, and a session whose password was not given lately: for what
    /// would let a stolen token out of its bounds, a wider list of addresses or the way to a password.
    ///
    /// # Errors
    /// `PolicyForbids` for `target`, `ConfirmationRequired`.
    pub fn require_person(&self, target: &str) -> Result<(), Error> {
        match self.confirmed {
            Confirmed::Program | Confirmed::FormerSecret => Err(Error::PolicyForbids {
                target: target.to_owned(),
                reason: "no access token may do this, whatever its rights; sign in, give your password at \
                         /session/confirm and ask again in that session"
                    .to_owned(),
            }),
            Confirmed::Person(_) | Confirmed::Operator => self.require_confirmation(),
        }
    }
}

impl Principal {
    /// Refuses a secret that was replaced: for decisions about tokens, which would let whoever stole it
    /// take the token over.
    ///
    /// # Errors
    /// `PolicyForbids`.
    pub fn require_present_secret(&self) -> Result<(), Error> {
        match self.confirmed {
            Confirmed::FormerSecret => Err(Error::PolicyForbids {
                target: "Secret".to_owned(),
                reason: "this secret was replaced by a new one, and only works on for a while; it decides \
                         about no token, so use the new one"
                    .to_owned(),
            }),
            Confirmed::Person(_) | Confirmed::Program | Confirmed::Operator => Ok(()),
        }
    }
}

impl Rights for Principal {
    fn has(&self, scope: &str) -> bool {
        self.scopes.has(scope)
    }

    fn scopes(&self) -> String {
        self.scopes.to_string()
    }

    fn user_id(&self) -> Option<i64> {
        self.user_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_gone_may_do_nothing() {
        assert_eq!(Owner::Gone.scopes(), Scopes::NONE);
        assert_eq!(Owner::Workspace.scopes(), Scopes::all());
        assert_eq!(Owner::Staff(Role::Agent).scopes(), Role::Agent.scopes());
    }

    #[test]
    fn some_things_need_a_password_and_some_need_a_person() {
        let check = |confirmed, password: &str, person: &str| {
            let caller = Principal { confirmed, ..Principal::system() };
            let code = |done: Result<(), Error>| done.map_or_else(|error| error.code(), |()| "");
            assert_eq!(code(caller.require_confirmation()), password, "{confirmed:?}");
            assert_eq!(code(caller.require_person("X")), person, "{confirmed:?}");
        };
        check(Confirmed::Person(false), "ConfirmationRequired", "ConfirmationRequired");
        check(Confirmed::Person(true), "", "");
        check(Confirmed::Program, "", "PolicyForbids");
        check(Confirmed::Operator, "", "");
    }

    #[test]
    fn a_stranger_is_not_who_runs_the_product() {
        assert!(Principal::system().is_operator());
        assert!(!Principal::stranger(None, None).is_operator());
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
