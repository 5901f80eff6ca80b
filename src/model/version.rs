//! Versions of an entity as clients name them, and what a change may ask of the one it starts from.

use crate::error::Error;

/// Which versions a client names in one header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tags {
    /// It named none, for there was no header.
    #[default]
    Unsaid,
    /// `*`: whatever there is.
    Any,
    /// These. Empty where no tag was one of ours.
    These(Vec<u64>),
}

impl Tags {
    /// Reads a header's list of entity tags; no text at all is no header.
    #[must_use]
    pub fn read(header: &str) -> Self {
        if header.is_empty() {
            return Self::Unsaid;
        }
        let tags: Vec<&str> = header.split(',').map(str::trim).collect();
        if tags.contains(&"*") {
            return Self::Any;
        }
        Self::These(tags.into_iter().filter_map(version_of).collect())
    }

    /// Whether they name this version.
    #[must_use]
    pub fn name(&self, version: u64) -> bool {
        match self {
            Self::Unsaid => false,
            Self::Any => true,
            Self::These(versions) => versions.contains(&version),
        }
    }
}

/// What a change asks of the version it starts from; it is compared inside the transaction.
///
/// Entity tags are weak and compared weakly. Source: OData 4.01 Part 1, 8.2.4 and 8.2.5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precondition {
    /// `If-Match`: one of these is current.
    pub matches: Tags,
    /// `If-None-Match`: none of these is current.
    pub differs: Tags,
}

impl Precondition {
    /// Compares with the version that is current.
    ///
    /// # Errors
    /// `PreconditionFailed` with the current entity tag.
    pub fn check(&self, current: u64) -> Result<(), Error> {
        let is_wanted = self.matches == Tags::Unsaid || self.matches.name(current);
        if is_wanted && !self.differs.name(current) {
            return Ok(());
        }
        Err(Error::PreconditionFailed { current: etag(current) })
    }
}

/// The weak entity tag of a version: `W/"1f"`.
#[must_use]
pub fn etag(version: u64) -> String {
    format!("W/\"{version:x}\"")
}

/// The version an entity tag names, weak or strong.
fn version_of(tag: &str) -> Option<u64> {
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

    #[track_caller]
    fn check(if_match: &str, if_none_match: &str, want: bool) {
        let (matches, differs) = (Tags::read(if_match), Tags::read(if_none_match));
        let held = Precondition { matches, differs }.check(7);
        let failed = Err(Error::PreconditionFailed { current: "W/\"7\"".into() });
        assert_eq!(held, if want { Ok(()) } else { failed }, "{if_match} | {if_none_match}");
    }

    #[test]
    fn a_precondition_holds_for_the_versions_it_names() {
        check("", "", true);
        check("*", "", true);
        check("W/\"7\"", "", true);
        check("\"a\", W/\"7\"", "", true);
        check("W/\"8\"", "", false);
        check("nonsense", "", false);
        check("", "*", false);
        check("", "W/\"7\"", false);
        check("", "W/\"8\", \"7\"", false);
        check("", "W/\"8\"", true);
        check("", "nonsense", true);
        check("W/\"7\"", "W/\"8\"", true);
        check("W/\"7\"", "W/\"7\"", false);
    }
}
