//! Whose requests are counted together, and by which rate.

use crate::{auth::Principal, model::Kind};

/// Somebody whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub(super) who: Who,
    pub(super) class: Class,
}

/// What requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// An access token, through whichever door.
    Token(i64),
    /// All sessions of a user.
    User(i64),
    /// Those for whom there was no room any more.
    Crowd,
}

impl Class {
    /// The setting that says how many requests a minute they may send.
    #[must_use]
    pub fn setting(self) -> &'static str {
        match self {
            Self::Admin => "rate_admin_per_minute",
            Self::Service => "rate_service_per_minute",
            Self::Other => "rate_other_per_minute",
            Self::Session => "rate_session_per_minute",
        }
    }
}

/// Those with one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Tokens with all of an administrator.
    Admin,
    /// Tokens of services.
    Service,
    /// All other tokens.
    Other,
    /// People signed in.
    Session,
}

impl Client {
    /// Somebody of that class.
    #[must_use]
    pub fn new(who: Who, class: Class) -> Self {
        Self { who, class }
    }

    /// What their requests are counted by.
    #[must_use]
    pub fn who(self) -> Who {
        self.who
    }

    /// The caller; `None` for the product itself and who runs it at the machine.
    #[must_use]
    pub fn of(caller: &Principal) -> Option<Self> {
        if let Some(id) = caller.token_id {
            let class = match caller.kind {
                Some(Kind::Admin) => Class::Admin,
                Some(Kind::Svc) => Class::Service,
                Some(Kind::Ro | Kind::Agent | Kind::Custom) | None => Class::Other,
            };
            return Some(Self::new(Who::Token(id), class));
        }
        caller.session_id?;
        caller.user_id.map(|id| Self::new(Who::User(id), Class::Session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_by_its_kind_and_a_person_by_the_user() {
        let token = |kind| Principal {
            token_id: Some(7),
            user_id: Some(3),
            kind: Some(kind),
            ..Principal::system()
        };
        for (kind, class) in [
            (Kind::Admin, Class::Admin),
            (Kind::Svc, Class::Service),
            (Kind::Ro, Class::Other),
            (Kind::Agent, Class::Other),
            (Kind::Custom, Class::Other),
        ] {
            assert_eq!(Client::of(&token(kind)), Some(Client::new(Who::Token(7), class)));
        }
        let person = Principal { session_id: Some(9), user_id: Some(3), ..Principal::system() };
        assert_eq!(Client::of(&person), Some(Client::new(Who::User(3), Class::Session)));
        assert_eq!(Client::of(&Principal::system()), None);
    }
}
