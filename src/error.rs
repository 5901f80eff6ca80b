//! What a client may be told: one variant per kind of failure, with its stable code and status.
//!
//! Knows nothing of HTTP frames or OData bodies; `http::respond` writes those from it.

mod nearest;

use std::{fmt, time::Duration};

pub use nearest::nearest;

use crate::time::Timestamp;

/// A failure as a client sees it. Never holds a secret, a path of the machine or a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A part of the request could not be read as the grammar asks.
    Syntax {
        /// The option or part of the address that was read, such as `$filter` or `path`.
        option: String,
        /// Byte offset into the decoded text of that option; always on a character boundary.
        offset: usize,
        /// What would have worked there, such as `a comparison operator`.
        expected: String,
    },
    /// Percent escapes or bytes that are not UTF-8 text.
    Encoding {
        /// The part of the request.
        part: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A system query option nobody knows, or one that must not come without `$` and does not exist.
    UnknownOption {
        /// As it was written.
        name: String,
        /// The nearest known name.
        suggestion: Option<String>,
    },
    /// One system query option given more than once.
    DuplicateOption {
        /// The option.
        name: String,
    },
    /// A system query option whose value is not allowed there.
    InvalidOption {
        /// The option.
        option: String,
        /// What is wrong and what would have worked.
        reason: String,
    },
    /// A name that is not declared (or that the caller may not read, which looks the same).
    UnknownProperty {
        /// The type that was searched.
        entity_type: String,
        /// The name as written.
        name: String,
        /// The nearest declared name.
        suggestion: Option<String>,
        /// The option or body part that named it.
        target: String,
    },
    /// A name that is no parameter of the action.
    UnknownParameter {
        /// The action.
        action: String,
        /// The name as written.
        name: String,
        /// The nearest parameter.
        suggestion: Option<String>,
        /// Its parameters, with commas between.
        takes: String,
    },
    /// Operands, arguments or values whose types do not fit.
    TypeMismatch {
        /// The option or property.
        target: String,
        /// Which types met and what would have worked.
        reason: String,
    },
    /// A limit with a name in the settings was passed.
    LimitExceeded {
        /// The limit's name.
        limit: &'static str,
        /// Its value.
        max: u64,
        /// The option or part that passed it.
        target: String,
    },
    /// A request body that is not what the resource takes.
    InvalidBody {
        /// What is wrong and what would have worked.
        reason: String,
    },
    /// A property value that cannot be taken.
    InvalidValue {
        /// The property.
        target: String,
        /// What is wrong and what would have worked.
        reason: String,
    },
    /// A property clients cannot write.
    ReadOnlyProperty {
        /// The property.
        target: String,
    },
    /// A header whose value cannot be honoured.
    InvalidHeader {
        /// The header.
        name: &'static str,
        /// What is wrong and what would have worked.
        reason: String,
    },
    /// A token in the address, where proxies and logs would keep it.
    TokenInQuery,
    /// Two different credentials in one request.
    AmbiguousCredentials,
    /// Nobody, or nobody we know, is asking.
    Unauthenticated(Denial),
    /// The caller's rights do not reach.
    Forbidden {
        /// The scope that is missing.
        scope: String,
    },
    /// More rights were asked for than the giver has.
    ExceedsRights {
        /// What was asked for and is not held.
        asked: String,
        /// What is held.
        held: String,
    },
    /// The rules for tokens or the workspace's policy do not allow it, whatever the caller's rights.
    PolicyForbids {
        /// The property at fault.
        target: String,
        /// What the policy is, and what would have worked.
        reason: String,
    },
    /// The token does not work from the caller's address.
    AddressNotAllowed {
        /// The address as we see it.
        address: String,
    },
    /// The session must be confirmed with the password first.
    ConfirmationRequired,
    /// A page of another site asked, with credentials the browser sends by itself.
    CrossSite,
    /// More requests than the limit lets through.
    TooManyRequests {
        /// Which limit it is, by the name of its setting where it has one.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// An idempotency key came back with another request.
    IdempotencyKeyReused,
    /// The request that brought the idempotency key is not answered yet.
    IdempotencyKeyInUse,
    /// A request that was answered with a secret came again; the secret is not kept.
    SecretAlreadyShown {
        /// The access token whose secret that was.
        id: i64,
    },
    /// No such resource path.
    UnknownResource {
        /// The segment that is not known.
        name: String,
        /// The nearest known name.
        suggestion: Option<String>,
    },
    /// The path is right, but there is no such entity.
    NotFound {
        /// The entity type or what was looked for, with its key.
        what: String,
    },
    /// The resource does not take this method.
    MethodNotAllowed {
        /// The methods it does take, for `Allow`.
        allow: &'static str,
    },
    /// None of the formats the client accepts can be had.
    NotAcceptable {
        /// What can be had.
        reason: String,
    },
    /// Another entity holds what must be unique, or a state forbids the change.
    Conflict {
        /// The property or entity.
        target: String,
        /// What stands in the way.
        reason: String,
    },
    /// `If-Match` names a version that is no longer current.
    PreconditionFailed {
        /// The current entity tag.
        current: String,
    },
    /// The body is larger than `body_bytes_max`.
    BodyTooLarge {
        /// That limit, bytes.
        max: u64,
    },
    /// The query is longer than `query_bytes_max`.
    UriTooLong {
        /// That limit, bytes.
        max: u64,
    },
    /// A body of a type we do not read.
    UnsupportedMediaType {
        /// What is read here, and how to say so.
        reason: String,
    },
    /// Part of the standard, not done here.
    NotImplemented {
        /// The feature.
        feature: String,
    },
    /// Too much at once: changes waiting, queries running, or one query that takes too long.
    Overloaded {
        /// What is full.
        reason: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// No room left on the disk.
    StorageFull,
    /// Writing stopped after a failed sync; a restart is needed.
    WritesStopped,
    /// Ours, not the client's. The cause is logged under `id`; the client sees only `id`.
    Internal {
        /// The log line's id.
        id: u64,
    },
}

/// Why a request carries no valid identity. Only a known secret learns that it expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// No or empty credentials.
    Missing,
    /// Unknown, malformed, or of a removed creator.
    Invalid,
    /// A known token past its end.
    Expired(Timestamp),
    /// A known token that was revoked.
    Revoked(Timestamp),
    /// A known secret that was replaced, and no longer works since then.
    Rotated(Timestamp),
    /// A session that has ended, or never was.
    NoSession,
    /// Who is signed in was asked without a session.
    NotSignedIn,
    /// Nobody signs in with this address and this password.
    SignIn,
    /// Not the password of whoever is signed in.
    OwnPassword,
}

/// A task that did not come to its end: it panicked, or the process is ending.
impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        if error.is_cancelled() { Self::ENDING } else { Self::internal(&error) }
    }
}

impl Error {
    /// The process is about to end; whoever comes next may do it.
    pub const ENDING: Self =
        Self::Overloaded { reason: "the server is ending", retry_after: Duration::from_secs(1) };

    /// Stable: clients match on it. Never rename one.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "InvalidSyntax",
            Self::Encoding { .. } => "InvalidEncoding",
            Self::UnknownOption { .. } => "UnknownQueryOption",
            Self::DuplicateOption { .. } => "DuplicateQueryOption",
            Self::InvalidOption { .. } => "InvalidQueryOption",
            Self::UnknownProperty { .. } | Self::UnknownParameter { .. } => "UnknownProperty",
            Self::TypeMismatch { .. } => "TypeMismatch",
            Self::LimitExceeded { .. } => "LimitExceeded",
            Self::InvalidBody { .. } => "InvalidBody",
            Self::InvalidValue { .. } => "InvalidValue",
            Self::ReadOnlyProperty { .. } => "ReadOnlyProperty",
            Self::InvalidHeader { .. } => "InvalidHeader",
            Self::TokenInQuery => "TokenInQuery",
            Self::AmbiguousCredentials => "AmbiguousCredentials",
            Self::Unauthenticated(Denial::Missing | Denial::NotSignedIn) => "Unauthenticated",
            Self::Unauthenticated(Denial::Invalid) => "InvalidToken",
            Self::Unauthenticated(Denial::Expired(_)) => "TokenExpired",
            Self::Unauthenticated(Denial::Revoked(_)) => "TokenRevoked",
            Self::Unauthenticated(Denial::Rotated(_)) => "TokenRotated",
            Self::Unauthenticated(Denial::NoSession) => "SessionEnded",
            Self::Unauthenticated(Denial::SignIn | Denial::OwnPassword) => "SignInFailed",
            Self::Forbidden { .. } => "InsufficientScope",
            Self::ExceedsRights { .. } => "ExceedsRights",
            Self::PolicyForbids { .. } => "PolicyForbids",
            Self::AddressNotAllowed { .. } => "AddressNotAllowed",
            Self::ConfirmationRequired => "ConfirmationRequired",
            Self::CrossSite => "CrossSiteRequest",
            Self::TooManyRequests { .. } => "TooManyRequests",
            Self::IdempotencyKeyReused => "IdempotencyKeyReused",
            Self::IdempotencyKeyInUse => "IdempotencyKeyInUse",
            Self::SecretAlreadyShown { .. } => "SecretAlreadyShown",
            Self::UnknownResource { .. } => "UnknownResource",
            Self::NotFound { .. } => "NotFound",
            Self::MethodNotAllowed { .. } => "MethodNotAllowed",
            Self::NotAcceptable { .. } => "NotAcceptable",
            Self::Conflict { .. } => "Conflict",
            Self::PreconditionFailed { .. } => "PreconditionFailed",
            Self::BodyTooLarge { .. } => "BodyTooLarge",
            Self::UriTooLong { .. } => "UriTooLong",
            Self::UnsupportedMediaType { .. } => "UnsupportedMediaType",
            Self::NotImplemented { .. } => "NotImplemented",
            Self::Overloaded { .. } => "Overloaded",
            Self::StorageFull => "StorageFull",
            Self::WritesStopped => "WritesStopped",
            Self::Internal { .. } => "InternalError",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Syntax { .. }
            | Self::Encoding { .. }
            | Self::UnknownOption { .. }
            | Self::DuplicateOption { .. }
            | Self::InvalidOption { .. }
            | Self::UnknownProperty { .. }
            | Self::UnknownParameter { .. }
            | Self::TypeMismatch { .. }
            | Self::LimitExceeded { .. }
            | Self::InvalidBody { .. }
            | Self::InvalidValue { .. }
            | Self::ReadOnlyProperty { .. }
            | Self::InvalidHeader { .. }
            | Self::TokenInQuery
            | Self::AmbiguousCredentials => 400,
            Self::Unauthenticated(_) => 401,
            Self::Forbidden { .. }
            | Self::ExceedsRights { .. }
            | Self::PolicyForbids { .. }
            | Self::AddressNotAllowed { .. }
            | Self::ConfirmationRequired
            | Self::CrossSite => 403,
            Self::UnknownResource { .. } | Self::NotFound { .. } => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::NotAcceptable { .. } => 406,
            Self::Conflict { .. } | Self::IdempotencyKeyInUse | Self::SecretAlreadyShown { .. } => {
                409
            }
            Self::PreconditionFailed { .. } => 412,
            Self::BodyTooLarge { .. } => 413,
            Self::UriTooLong { .. } => 414,
            Self::UnsupportedMediaType { .. } => 415,
            Self::IdempotencyKeyReused => 422,
            Self::TooManyRequests { .. } => 429,
            Self::Internal { .. } => 500,
            Self::NotImplemented { .. } => 501,
            Self::Overloaded { .. } | Self::WritesStopped => 503,
            Self::StorageFull => 507,
        }
    }

    /// The option, property, header or segment at fault, where there is one.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Syntax { option, .. } | Self::InvalidOption { option, .. } => Some(option),
            Self::Encoding { part, .. } => Some(part),
            Self::UnknownOption { name, .. }
            | Self::DuplicateOption { name }
            | Self::UnknownResource { name, .. } => Some(name),
            Self::UnknownProperty { target, .. }
            | Self::TypeMismatch { target, .. }
            | Self::LimitExceeded { target, .. }
            | Self::InvalidValue { target, .. }
            | Self::ReadOnlyProperty { target }
            | Self::PolicyForbids { target, .. }
            | Self::Conflict { target, .. } => Some(target),
            Self::InvalidHeader { name, .. } => Some(name),
            Self::UnknownParameter { .. } => Some("the body"),
            Self::IdempotencyKeyReused | Self::IdempotencyKeyInUse => Some("Idempotency-Key"),
            Self::InvalidBody { .. }
            | Self::TokenInQuery
            | Self::AmbiguousCredentials
            | Self::Unauthenticated(_)
            | Self::Forbidden { .. }
            | Self::ExceedsRights { .. }
            | Self::AddressNotAllowed { .. }
            | Self::ConfirmationRequired
            | Self::CrossSite
            | Self::TooManyRequests { .. }
            | Self::SecretAlreadyShown { .. }
            | Self::NotFound { .. }
            | Self::MethodNotAllowed { .. }
            | Self::NotAcceptable { .. }
            | Self::PreconditionFailed { .. }
            | Self::BodyTooLarge { .. }
            | Self::UriTooLong { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::NotImplemented { .. }
            | Self::Overloaded { .. }
            | Self::StorageFull
            | Self::WritesStopped
            | Self::Internal { .. } => None,
        }
    }

    /// A failure of ours: logs `cause` under a new id and keeps only the id.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        let id = u64::from_le_bytes(crate::id::random_bytes());
        tracing::error!(id = format!("{id:016x}"), "{cause}");
        Self::Internal { id }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    /// The message: lower case start, no full stop, names the thing in quotes, says what would have worked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { option, offset, expected } => {
                write!(f, "{option} stops making sense at byte {offset}: expected {expected}")
            }
            Self::Encoding { part, reason } => write!(f, "{part} cannot be decoded: {reason}"),
            Self::UnknownOption { name, suggestion } => {
                write!(f, "there is no query option '{name}'{}", did_you_mean(suggestion.as_deref()))
            }
            Self::DuplicateOption { name } => write!(f, "'{name}' is given more than once"),
            Self::InvalidOption { option, reason } => write!(f, "{option} cannot be used: {reason}"),
            Self::UnknownProperty { entity_type, name, suggestion, target } => write!(
                f,
                "{target} names '{name}', which '{entity_type}' does not have{}",
                did_you_mean(suggestion.as_deref())
            ),
            Self::UnknownParameter { action, name, suggestion, takes } => {
                let hint = suggestion.as_ref().map_or_else(String::new, |near| format!(" did you mean '{near}'?"));
                write!(f, "the body names '{name}', which '{action}' does not take;{hint} it takes {takes}")
            }
            Self::TypeMismatch { target, reason } | Self::InvalidValue { target, reason } => {
                write!(f, "'{target}' does not fit: {reason}")
            }
            Self::LimitExceeded { limit, max, target } => {
                write!(f, "{target} passes the limit '{limit}' of {max}")
            }
            Self::InvalidBody { reason } => write!(f, "the body cannot be used: {reason}"),
            Self::ReadOnlyProperty { target } => {
                write!(f, "'{target}' is read-only; leave it out of the body")
            }
            Self::InvalidHeader { name, reason } => write!(f, "header {name} cannot be used: {reason}"),
            Self::TokenInQuery => f.write_str(
                "a token in the address ends up in logs; send it as 'Authorization: Bearer', as the \
                 password of HTTP Basic, or as 'X-Api-Key'",
            ),
            Self::AmbiguousCredentials => {
                f.write_str("the request carries two different credentials; send one")
            }
            Self::Unauthenticated(denial) => denial.fmt(f),
            Self::Forbidden { scope } => write!(
                f,
                "this needs the scope '{scope}', which is not in force for you; Me() tells what is"
            ),
            Self::ExceedsRights { asked, held } => {
                write!(f, "asked for '{asked}', which is more than what can be given: '{held}'")
            }
            Self::PolicyForbids { target, reason } => write!(f, "'{target}' is against the policy: {reason}"),
            Self::AddressNotAllowed { address } => {
                write!(f, "this token does not work from the address {address}; whoever made it can add that")
            }
            Self::ConfirmationRequired => {
                f.write_str("give your password again at /session/confirm first; that holds for 5 minutes")
            }
            Self::CrossSite => f.write_str(
                "a page of another site may not do this; send an access token as 'Authorization: Bearer' or as \
                 'X-Api-Key' instead",
            ),
            Self::TooManyRequests { reason, retry_after } => {
                let secs = retry_after.as_secs().max(1);
                write!(f, "{reason}; try again in {secs} second{}", if secs == 1 { "" } else { "s" })
            }
            Self::IdempotencyKeyReused => {
                f.write_str("this Idempotency-Key came with another request before; take a new one for each change")
            }
            Self::IdempotencyKeyInUse => {
                f.write_str("the request with this Idempotency-Key is still being answered; try again shortly")
            }
            Self::SecretAlreadyShown { id: 0 } => f.write_str(
                "this was done before, and its secret was told then and is not kept; ask with another \
                 Idempotency-Key for a new one",
            ),
            Self::SecretAlreadyShown { id } => write!(
                f,
                "this was done before, and its secret was told then and is not kept; rotate AccessTokens({id}) for a new one"
            ),
            Self::UnknownResource { name, suggestion } => {
                write!(f, "there is no resource '{name}'{}", did_you_mean(suggestion.as_deref()))
            }
            Self::NotFound { what } => write!(f, "there is no {what}"),
            Self::MethodNotAllowed { allow } => write!(f, "this resource takes {allow}"),
            Self::NotAcceptable { reason } | Self::UnsupportedMediaType { reason } => f.write_str(reason),
            Self::Conflict { target, reason } => write!(f, "'{target}' conflicts: {reason}"),
            Self::PreconditionFailed { current } => {
                write!(f, "the entity has changed since it was read; its ETag is now {current}")
            }
            Self::BodyTooLarge { max } => write!(f, "the body is larger than 'body_bytes_max' of {max} bytes"),
            Self::UriTooLong { max } => write!(f, "the query is longer than 'query_bytes_max' of {max} bytes"),
            Self::NotImplemented { feature } => write!(f, "{feature} is not implemented"),
            Self::Overloaded { reason, .. } => write!(f, "{reason}; try again shortly"),
            Self::StorageFull => {
                f.write_str("the disk is full: nothing was changed, reading goes on, writing resumes when there is room")
            }
            Self::WritesStopped => {
                f.write_str("the disk failed to confirm a write: writing stopped until the server is restarted")
            }
            Self::Internal { id } => write!(f, "something failed on our side; the log has it under {id:016x}"),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "send an access token as 'Authorization: Bearer', as the password of HTTP Basic, or as 'X-Api-Key'",
            ),
            Self::Invalid => f.write_str("the access token is not valid"),
            Self::Expired(at) => write!(f, "the access token expired at {at}"),
            Self::Revoked(at) => write!(f, "the access token was revoked at {at}"),
            Self::Rotated(at) => write!(f, "this secret was replaced by a new one and worked until {at}"),
            Self::NoSession => f.write_str("the session has ended; sign in again"),
            Self::NotSignedIn => f.write_str(
                "nobody is signed in here: POST Email and Password to /session; for a token ask /odata/Me()",
            ),
            Self::SignIn => f.write_str("nobody signs in with this address and this password"),
            Self::OwnPassword => f.write_str("this is not your password"),
        }
    }
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_says_where_and_what_would_have_worked() {
        let error = Error::Syntax {
            option: "$filter".into(),
            offset: 3,
            expected: "a comparison operator".into(),
        };
        assert_eq!(
            error.to_string(),
            "$filter stops making sense at byte 3: expected a comparison operator"
        );
        assert_eq!(
            (error.status(), error.code(), error.target()),
            (400, "InvalidSyntax", Some("$filter"))
        );
    }
}
