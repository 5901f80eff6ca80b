//! The audit log: one row for whatever changed, in the transaction that changed it, each chained to the
//! row before.
//!
//! Holds names, addresses and ids; never a secret, and never what somebody wrote.

mod chain;
mod describe;
mod notices;
mod redact;
mod trim;
mod verify;

use std::sync::Arc;

use super::get;
use crate::{
    auth::{Principal, Scopes},
    error::Error,
    model::{
        Key, Model, Prop, Row, SetId, Value,
        props::{audit, user},
        set,
    },
    query::Source,
    store::{Draft, Edit},
};

pub use chain::{ORIGIN, hash};
pub(super) use describe::{Subject, close};
pub use notices::{Due, LIKES_MAX, Notices};
pub use redact::clean;
pub use trim::{TRIM_MAX, is_due, trim};
pub use verify::{Verified, verify, verify_rows};

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Somebody signed in.
    SignedIn,
    /// Somebody tried to, in vain.
    SignInFailed,
    /// Somebody signed out.
    SignedOut,
    /// A session was ended by somebody else, or by a change to its user.
    SessionEnded,
    /// A session was confirmed with the password.
    Confirmed,
    /// A password changed, or was set for the first time.
    PasswordChanged,
    /// A link to set a password was made.
    SetupLinkMade,
    /// An access token was made.
    TokenMinted,
    /// Something about an access token changed.
    TokenChanged,
    /// An access token got a new secret.
    TokenRotated,
    /// An access token was ended.
    TokenRevoked,
    /// An access token was taken off the list.
    TokenDeleted,
    /// Nobody answers for a service token any more.
    TokenOrphaned,
    /// A secret was used that had been replaced.
    RetiredSecretUsed,
    /// A token asked for more than its scopes.
    ScopeDenied,
    /// Somebody asked for more than the rights, the policy or the session give.
    Refused,
    /// A token was used from where it does not work.
    AddressDenied,
    /// The role of somebody changed.
    RoleChanged,
    /// Somebody may do nothing any more.
    UserDisabled,
    /// Somebody may do again what the role allows.
    UserEnabled,
    /// What the workspace allows of tokens changed.
    PolicyChanged,
    /// An entity was made.
    Created,
    /// An entity changed.
    Changed,
    /// An entity was deleted.
    Deleted,
    /// Entities were imported from a file.
    Imported,
    /// Old rows of this log were removed.
    AuditTrimmed,
}

impl Event {
    /// Its name, as stored and read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "SignedIn",
            Self::SignInFailed => "SignInFailed",
            Self::SignedOut => "SignedOut",
            Self::SessionEnded => "SessionEnded",
            Self::Confirmed => "Confirmed",
            Self::PasswordChanged => "PasswordChanged",
            Self::SetupLinkMade => "SetupLinkMade",
            Self::TokenMinted => "TokenMinted",
            Self::TokenChanged => "TokenChanged",
            Self::TokenRotated => "TokenRotated",
            Self::TokenRevoked => "TokenRevoked",
            Self::TokenDeleted => "TokenDeleted",
            Self::TokenOrphaned => "TokenOrphaned",
            Self::RetiredSecretUsed => "RetiredSecretUsed",
            Self::Refused => "Refused",
            Self::ScopeDenied => "ScopeDenied",
            Self::AddressDenied => "AddressDenied",
            Self::RoleChanged => "RoleChanged",
            Self::UserDisabled => "UserDisabled",
            Self::UserEnabled => "UserEnabled",
            Self::PolicyChanged => "PolicyChanged",
            Self::Created => "Created",
            Self::Changed => "Changed",
            Self::Deleted => "Deleted",
            Self::Imported => "Imported",
            Self::AuditTrimmed => "AuditTrimmed",
        }
    }
}

impl Event {
    /// Whether a token was refused something.
    #[must_use]
    pub fn is_denial(self) -> bool {
        [Self::ScopeDenied, Self::Refused, Self::AddressDenied, Self::RetiredSecretUsed]
            .contains(&self)
    }

    /// Whether somebody should hear of it at once.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        self == Self::RetiredSecretUsed
    }
}

/// One row to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// To what: its set, and its key as text.
    pub subject: Option<(SetId, String)>,
    /// What that is called.
    pub name: Option<Arc<str>>,
    /// What exactly, in words.
    pub detail: Option<String>,
    /// How often.
    pub count: i64,
}

impl Entry {
    /// What happened once, to nothing in particular.
    #[must_use]
    pub fn new(event: Event) -> Self {
        Self { event, subject: None, name: None, detail: None, count: 1 }
    }

    /// What a caller was refused, where that tells of somebody who wants more than is theirs. The details
    /// are few, whatever was asked for.
    #[must_use]
    pub fn of_refusal(error: &Error) -> Option<Self> {
        let refused = |what: &str| Self::new(Event::Refused).detail(what);
        match error {
            Error::Forbidden { scope } => {
                Some(Self::new(Event::ScopeDenied).detail(scope.as_str()))
            }
            Error::ExceedsRights { .. } | Error::ConfirmationRequired => {
                Some(refused(error.code()))
            }
            Error::PolicyForbids { target, .. } => {
                Some(refused(&format!("{}: {target}", error.code())))
            }
            _ => None,
        }
    }

    /// It happened to this.
    #[must_use]
    pub fn on(mut self, model: &Model, row: &Row) -> Self {
        self.subject = Some((row.set, key_text(model, row)));
        self
    }

    /// That is called so.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// This exactly.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Characters kept of a name.
const NAME_CHARS: usize = 512;

/// Writes a row, chained to the last one.
///
/// # Errors
/// Those of the store.
pub fn record(draft: &mut dyn Draft, caller: &Principal, entry: &Entry) -> Result<(), Error> {
    let (model, now) = (draft.model(), draft.now());
    let id = draft.next_id(set::AUDIT_EVENTS)?;
    let former = chain::before(draft, id);
    let mut edit = Edit::new(model, set::AUDIT_EVENTS);
    let text = |text: &str, most: usize| -> Value { Value::text(&clean(text, most)) };
    let optional = |given: Option<&str>, most| given.map_or(Value::Null, |given| text(given, most));
    edit.set(model, audit::ID, id);
    edit.set(model, audit::GUID, draft.new_guid(set::AUDIT_EVENTS, now, id));
    edit.set(model, audit::CREATED, now);
    edit.set(model, audit::EVENT, entry.event.name());
    edit.set(model, audit::ACTOR_USER_ID, caller.user_id);
    edit.set(model, audit::ACTOR_NAME, actor_name(draft, caller));
    edit.set(model, audit::ACTOR_TOKEN_ID, caller.token_id);
    edit.set(model, audit::ACTOR_KEY_PREFIX, optional(caller.prefix.as_deref(), 32));
    edit.set(model, audit::ACTOR_SESSION_ID, caller.session_id);
    if let Some((set, id)) = &entry.subject {
        edit.set(model, audit::SUBJECT_SET, model.set(*set).name);
        edit.set(model, audit::SUBJECT_ID, text(id, 256));
    }
    edit.set(model, audit::SUBJECT_NAME, optional(entry.name.as_deref(), NAME_CHARS));
    edit.set(model, audit::DETAIL, optional(entry.detail.as_deref(), 4000));
    let address = caller.address.map(|address| address.to_string());
    edit.set(model, audit::ADDRESS, optional(address.as_deref(), 64));
    edit.set(model, audit::AGENT, optional(caller.agent.as_deref(), 256));
    edit.set(model, audit::COUNT, entry.count);
    edit.set(model, audit::FORMER_HASH, Value::Binary(Arc::from(&former[..])));
    let values = chain::values(model, |prop| edit.get(prop));
    edit.set(model, audit::HASH, Value::Binary(Arc::from(&hash(&values)[..])));
    draft.put(set::AUDIT_EVENTS, edit).map(|_| ())
}

fn actor_name(source: &dyn Source, caller: &Principal) -> Value {
    let Some(id) = caller.user_id else {
        // Without a token, from outside: nobody we know.
        let is_known = caller.token_id.is_some() || caller.scopes != Scopes::NONE;
        return if is_known { Value::text("System") } else { Value::Null };
    };
    let row = source.row(set::USERS, &Key::Int(id));
    let name = row.map(|row| get(source.model(), &row, user::NAME));
    let name = name.as_ref().and_then(Value::as_text);
    name.map_or(Value::Null, |name| Value::text(&clean(name, NAME_CHARS)))
}

/// The key of a row: its value, or `Name=value` with commas between where there are several.
fn key_text(model: &Model, row: &Row) -> String {
    let structure = model.structure(row.type_id);
    let text = |prop: Prop| match row.record.get(structure, prop) {
        Value::Int(id) => id.to_string(),
        value => value.as_text().unwrap_or_default().to_owned(),
    };
    match structure.key.as_slice() {
        [only] => text(*only),
        several => {
            let named = several
                .iter()
                .map(|prop| format!("{}={}", structure.property_at(*prop).name, text(*prop)));
            named.collect::<Vec<_>>().join(",")
        }
    }
}
