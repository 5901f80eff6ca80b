//! What a resource needs from whoever holds the data: the model, a snapshot, and the verbs that change.
//!
//! The generic resource code serves anything that implements [`Service`]; it holds no rule itself.

use std::sync::Arc;

use crate::{
    error::Error,
    model::{Key, Model, Nav, Prop, Row, SetId, StructId, Value},
    query::{Rights, Source},
    time::Timestamp,
};

/// One model with its data, as the generic resource code sees it.
pub trait Service: Send + Sync + 'static {
    /// Who is asking: what they may do, and whatever the verbs want to know of them.
    type Caller: Rights + Clone + Send + Sync + 'static;

    /// The model; the same for everybody.
    fn model(&self) -> &Model;

    /// The newest state; a change that was acknowledged is in it.
    fn snapshot(&self) -> Arc<dyn Source>;

    /// The time now.
    fn now(&self) -> Timestamp;

    /// Who presents `secret`.
    ///
    /// # Errors
    /// `Unauthenticated`, with the reason the presenter may know.
    fn caller(&self, secret: &str) -> Result<Self::Caller, Error>;

    /// What a log line may call the caller: the beginning of a token, never the token.
    fn log_name(&self, caller: &Self::Caller) -> Option<String>;

    /// Creates an entity and tells it as it was stored. The scope the set asks for has been checked.
    ///
    /// # Errors
    /// Whatever the verb refuses.
    fn create(
        &self,
        caller: Self::Caller,
        create: Create,
    ) -> impl Future<Output = Result<Row, Error>> + Send {
        let _ = (caller, create);
        std::future::ready(Err(READ_ONLY))
    }

    /// Changes an entity and tells it as it was stored. Its scope has been checked.
    ///
    /// # Errors
    /// `PreconditionFailed` where the precondition does not hold of the version then current,
    /// `NotFound` where the entity is gone, and whatever the verb refuses.
    fn update(
        &self,
        caller: Self::Caller,
        update: Update,
    ) -> impl Future<Output = Result<Row, Error>> + Send {
        let _ = (caller, update);
        std::future::ready(Err(READ_ONLY))
    }

    /// Deletes an entity. Its scope has been checked.
    ///
    /// # Errors
    /// As for [`Service::update`].
    fn delete(
        &self,
        caller: Self::Caller,
        delete: Delete,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = (caller, delete);
        std::future::ready(Err(READ_ONLY))
    }
}

const READ_ONLY: Error = Error::MethodNotAllowed { allow: "GET, HEAD" };

/// An entity to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct Create {
    /// The set it goes into.
    pub set: SetId,
    /// Its type: the set's or derived from it.
    pub type_id: StructId,
    /// The properties given, each once, checked against their types; the others were left out.
    pub body: Vec<(Prop, Value)>,
    /// The entity whose to-many navigation it was posted to; its key is not in `body`.
    pub parent: Option<(Row, Nav)>,
}

/// Properties of one entity to be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The set it is in.
    pub set: SetId,
    /// Its key.
    pub key: Key,
    /// What must hold of its version.
    pub precondition: Precondition,
    /// The properties given, each once, checked against their types.
    pub changes: Vec<(Prop, Value)>,
}

/// One entity to be deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The set it is in.
    pub set: SetId,
    /// Its key.
    pub key: Key,
    /// What must hold of its version.
    pub precondition: Precondition,
}

/// What `If-Match` asks of the version a change starts from.
///
/// Entity tags are weak and compared weakly. Source: OData 4.01 Part 1, 8.2.4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// No header, or `If-Match: *`: any version will do.
    #[default]
    None,
    /// One of these versions. Empty where no tag of ours was named: no version will do.
    Versions(Vec<u64>),
}

impl Precondition {
    /// Compares with the version that is current.
    ///
    /// # Errors
    /// `PreconditionFailed` with the current entity tag.
    pub fn check(&self, current: u64) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::Versions(versions) if versions.contains(&current) => Ok(()),
            Self::Versions(_) => Err(Error::PreconditionFailed { current: etag(current) }),
        }
    }

    /// Reads `If-Match`; what is no tag of ours matches nothing.
    #[must_use]
    pub fn from_header(text: &str) -> Self {
        let tags: Vec<&str> = text.split(',').map(str::trim).collect();
        if tags.contains(&"*") {
            return Self::None;
        }
        Self::Versions(tags.into_iter().filter_map(version_of).collect())
    }
}

/// Whether `If-None-Match` names a version, or any.
#[must_use]
pub fn etag_matches(header: &str, version: u64) -> bool {
    header.split(',').map(str::trim).any(|tag| tag == "*" || version_of(tag) == Some(version))
}

/// The weak entity tag of a version: `W/"1f"`.
#[must_use]
pub fn etag(version: u64) -> String {
    format!("W/\"{version:x}\"")
}

/// The version an entity tag names, weak or strong.
#[must_use]
pub fn version_of(tag: &str) -> Option<u64> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let digits = quoted.strip_prefix('"')?.strip_suffix('"')?;
    u64::from_str_radix(digits, 16).ok().filter(|version| format!("{version:x}") == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_names_one_version() {
        assert_eq!(version_of(&etag(31)), Some(31));
        assert_eq!(version_of("\"1f\""), Some(31));
        for bad in ["", "W/", "1f", "\"1F\"", "\"+1f\"", "\"01f\"", "\"\"", "w/\"1f\""] {
            assert_eq!(version_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_precondition_holds_for_the_versions_it_names() {
        for (header, want) in [
            ("*", true),
            ("W/\"7\"", true),
            ("\"a\", W/\"7\"", true),
            ("W/\"8\"", false),
            ("nonsense", false),
            ("", false),
        ] {
            assert_eq!(Precondition::from_header(header).check(7).is_ok(), want, "{header}");
        }
        let stale = Precondition::Versions(vec![1]).check(7).unwrap_err();
        assert_eq!(stale, Error::PreconditionFailed { current: "W/\"7\"".into() });
    }
}
