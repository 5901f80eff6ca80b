//! Versions of an entity as clients name them, and what a change may ask of the one it starts from.

use super::{Contents, Model, Row, SetId};
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
    /// There was a header, but what it says is no list of entity tags: it must not pass for none.
    Unreadable,
}

impl Tags {
    /// Reads the lines of a header; `None` for one that is no text. No line at all is no header.
    ///
    /// Source: RFC 9110, 8.8.3, 13.1.1 and 13.1.2.
    #[must_use]
    pub fn read<'a>(lines: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_none() {
            return Self::Unsaid;
        }
        let mut texts = Vec::new();
        for line in lines {
            let Some(line) = line else { return Self::Unreadable };
            let mut is_quoted = false;
            let items = line.split(|char| {
                is_quoted ^= char == '"';
                char == ',' && !is_quoted
            });
            texts.extend(items.map(str::trim).filter(|item| !item.is_empty()));
        }
        if texts.contains(&"*") {
            return Self::Any;
        }
        if texts.is_empty() || !texts.iter().all(|text| opaque(text).is_some()) {
            return Self::Unreadable;
        }
        Self::These(texts.into_iter().filter_map(version_of).collect())
    }

    /// Whether they name this version.
    #[must_use]
    pub fn name(&self, version: u64) -> bool {
        match self {
            Self::Unsaid | Self::Unreadable => false,
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
    /// `PreconditionFailed` with the current entity tag; `InvalidHeader` where what must differ cannot be
    /// read, for then nobody knows whether it does.
    pub fn check(&self, current: u64) -> Result<(), Error> {
        if self.differs == Tags::Unreadable {
            return Err(Error::InvalidHeader {
                name: "If-None-Match",
                reason: "it takes entity tags as they came in 'ETag', with their quotes, or *"
                    .to_owned(),
            });
        }
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

impl Row {
    /// The weak entity tag of this version; `None` for an entity that is part of another, or computed.
    #[must_use]
    pub fn etag(&self, model: &Model) -> Option<String> {
        model.has_versions(self.set).then(|| etag(self.version))
    }
}

impl Model {
    /// Whether the entities of a set have versions of their own: no part of another has, nor what is computed.
    #[must_use]
    pub fn has_versions(&self, set: SetId) -> bool {
        match self.set(set).contents {
            Contents::Stored { .. } => true,
            Contents::Unfolded { .. } | Contents::Computed { .. } => false,
        }
    }
}

/// What an entity tag, weak or strong, has between its quotes.
fn opaque(tag: &str) -> Option<&str> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains('"')).then_some(inside)
}

/// The version an entity tag names.
fn version_of(tag: &str) -> Option<u64> {
    let digits = opaque(tag)?;
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
    fn check(if_match: &'static str, if_none_match: &'static str, want: bool) {
        let read = |header: &'static str| Tags::read((!header.is_empty()).then_some(Some(header)));
        let (matches, differs) = (read(if_match), read(if_none_match));
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
        check("", "\"nonsense\"", true);
        check("W/\"7\"", "W/\"8\"", true);
        check("\"a,b\",, \"7\" ,", "\"7,\"", true);
        check("W/\"7\"", "W/\"7\"", false);
    }

    /// A header that could not be read was taken for none, and the change was made whatever the version.
    #[test]
    fn what_cannot_be_read_is_not_taken_for_no_header() {
        let unreadable: [&[Option<&str>]; 10] = [
            &[None],
            &[Some("")],
            &[Some(" , ")],
            &[Some("\"7\""), None],
            &[Some("nonsense")],
            &[Some("W/7")],
            &[Some("\"7\", 8")],
            &[Some("\"7\" \"8\"")],
            &[Some("\"7")],
            &[Some("w/\"7\"")],
        ];
        for lines in unreadable {
            let tags = Tags::read(lines.iter().copied());
            assert_eq!(tags, Tags::Unreadable, "{lines:?}");
            assert!(!tags.name(7), "{lines:?}");
        }
        assert_eq!(Tags::read([]), Tags::Unsaid);
        let checked = |matches, differs| {
            let error = Precondition { matches, differs }.check(7).unwrap_err();
            (error.status(), error.to_string())
        };
        assert_eq!(checked(Tags::Unreadable, Tags::Unsaid).0, 412);
        let (status, message) = checked(Tags::Any, Tags::Unreadable);
        assert_eq!(status, 400);
        assert!(message.starts_with("header If-None-Match cannot be used: "), "{message}");
    }
}
