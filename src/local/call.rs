//! What can be asked: one variant for each command, and the one place that runs them.

use serde::{Deserialize, Serialize};

use super::{
    Failure, check,
    ground::{Ends, Ground},
    import, reads, text,
    tokens::{self, NewToken},
    users::{self, UserChange},
};
use crate::auth::Role;

/// A command with everything it needs to know. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// Makes an access token; its secret is the only output.
    TokenCreate(NewToken),
    /// Lists the access tokens.
    TokenList,
    /// Ends an access token.
    TokenRevoke {
        /// Its Id or `KeyPrefix`.
        token: String,
    },
    /// Tells all of an access token but its secret.
    TokenShow {
        /// Its Id or `KeyPrefix`.
        token: String,
    },
    /// Gives an access token a new secret, which is the only output.
    TokenRotate {
        /// Its Id or `KeyPrefix`.
        token: String,
        /// How long the former works too, hours.
        overlap_hours: Option<i64>,
    },
    /// Ends an access token and takes it off the list.
    TokenDelete {
        /// Its Id or `KeyPrefix`.
        token: String,
    },
    /// Adds a member of staff; the new Id is the only output.
    UserCreate {
        /// The name.
        name: String,
        /// The e-mail address.
        email: String,
        /// What it may do at most.
        #[serde(with = "text")]
        role: Role,
    },
    /// Lists the staff.
    UserList,
    /// Changes what a member of staff may do.
    UserChange {
        /// The Id or e-mail address.
        user: String,
        /// What becomes of it.
        change: UserChange,
    },
    /// Makes a link to choose a password; it is the only output.
    UserLink {
        /// The Id or e-mail address.
        user: String,
    },
    /// Compares records and journal while both are in use.
    Check,
    /// Writes the whole state as one verifiable stream.
    Backup,
    /// Writes entities as JSON Lines.
    Export {
        /// The name of the only set; everything without one.
        set: Option<String>,
    },
    /// Answers a query.
    Query {
        /// As it follows `/odata/` in an address.
        address: String,
        /// Tell how it is answered instead.
        explain: bool,
    },
    /// Imports the file that comes as input; the output is a [`super::Tally`] as JSON.
    Import {
        /// The name of the set of lines that do not say theirs.
        set: String,
        /// Tell every refusal, not only the first.
        all_errors: bool,
    },
}

impl Call {
    /// How it is called on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TokenCreate { .. } => "token create",
            Self::TokenList => "token list",
            Self::TokenRevoke { .. } => "token revoke",
            Self::TokenShow { .. } => "token show",
            Self::TokenRotate { .. } => "token rotate",
            Self::TokenDelete { .. } => "token delete",
            Self::UserCreate { .. } => "user create",
            Self::UserList => "user list",
            Self::UserChange { change: UserChange::Disable, .. } => "user disable",
            Self::UserChange { change: UserChange::Enable, .. } => "user enable",
            Self::UserChange { change: UserChange::Role(_), .. } => "user role",
            Self::UserLink { .. } => "user link",
            Self::Check => "check",
            Self::Backup => "backup",
            Self::Export { .. } => "export",
            Self::Query { .. } => "query",
            Self::Import { .. } => "import",
        }
    }

    /// Whether there must be data already, so that a misspelt folder does not become an empty helpdesk.
    /// Only what brings data along, in the file it reads, may make some.
    #[must_use]
    pub fn needs_data(&self) -> bool {
        !self.has_input()
    }

    /// Whether it reads a file.
    #[must_use]
    pub fn has_input(&self) -> bool {
        match self {
            Self::Import { .. } => true,
            Self::TokenCreate { .. }
            | Self::TokenList
            | Self::TokenRevoke { .. }
            | Self::TokenShow { .. }
            | Self::TokenRotate { .. }
            | Self::TokenDelete { .. }
            | Self::UserCreate { .. }
            | Self::UserList
            | Self::UserChange { .. }
            | Self::UserLink { .. }
            | Self::Check
            | Self::Backup
            | Self::Export { .. }
            | Self::Query { .. } => false,
        }
    }

    /// Does it, on a thread that may wait.
    ///
    /// # Errors
    /// What went wrong, in one line.
    pub fn run(&self, ground: &Ground, ends: Ends<'_>) -> Result<(), Failure> {
        let Ends { out, input, progress } = ends;
        match self {
            Self::TokenCreate(asked) => tokens::create(ground, asked, out),
            Self::TokenList => tokens::list(ground, out),
            Self::TokenRevoke { token } => tokens::revoke(ground, token, out),
            Self::TokenShow { token } => tokens::show(ground, token, out),
            Self::TokenRotate { token, overlap_hours } => {
                tokens::rotate(ground, (token, *overlap_hours), out)
            }
            Self::TokenDelete { token } => tokens::delete(ground, token, out),
            Self::UserCreate { name, email, role } => {
                users::create(ground, (name, email, *role), out)
            }
            Self::UserList => users::list(ground, out),
            Self::UserChange { user, change } => users::change(ground, user, *change, out),
            Self::UserLink { user } => users::link(ground, user, out),
            Self::Check => check::run(ground, out),
            Self::Backup => reads::backup(ground, out),
            Self::Export { set } => reads::export(ground, set.as_deref(), out),
            Self::Query { address, explain: false } => reads::query(ground, address, out),
            Self::Query { address, explain: true } => reads::explain(ground, address, out),
            Self::Import { set, all_errors } => {
                import::run(ground, (set, *all_errors), input, (out, progress))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(call: &Call) {
        let sent = serde_json::to_vec(call).unwrap();
        assert_eq!(serde_json::from_slice::<Call>(&sent).unwrap(), *call);
    }

    #[test]
    fn every_call_comes_out_as_it_went_in() {
        check(&Call::TokenCreate(NewToken {
            name: "Power BI".into(),
            owner: Some("ada@x".into()),
            role: Some(Role::ReadOnlyAgent),
            scopes: Some("tickets:read".parse().unwrap()),
            expires: Some("2027-01-31T23:59:59.123456Z".parse().unwrap()),
            last_day: Some("2027-01-31".parse().unwrap()),
            purpose: Some("figures".into()),
            addresses: vec!["10.0.0.0/8".into()],
            is_service: true,
            responsible: Some("7".into()),
        }));
        check(&Call::TokenCreate(NewToken {
            name: String::new(),
            owner: None,
            role: None,
            scopes: None,
            expires: None,
            last_day: None,
            purpose: None,
            addresses: Vec::new(),
            is_service: false,
            responsible: None,
        }));
        check(&Call::TokenRevoke { token: "7".into() });
        check(&Call::TokenShow { token: "7".into() });
        check(&Call::TokenDelete { token: "7".into() });
        check(&Call::TokenRotate { token: "tsr_ro_4fK9aB".into(), overlap_hours: Some(0) });
        check(&Call::UserCreate {
            name: "Ada".into(),
            email: "ada@x".into(),
            role: Role::Administrator,
        });
        for change in [UserChange::Disable, UserChange::Enable, UserChange::Role(Role::Agent)] {
            check(&Call::UserChange { user: "ada@x".into(), change });
        }
        check(&Call::UserLink { user: "ada@x".into() });
        check(&Call::Export { set: Some("Tickets".into()) });
        check(&Call::Query { address: "Tickets?$top=1".into(), explain: true });
        check(&Call::Import { set: "Tickets".into(), all_errors: true });
    }
}
