//! Links to entities that exist: `"Nav@odata.bind": "Set(7)"`, `"Nav": {"@id": "Set(7)"}`, `null`.
//!
//! Source: OData JSON Format 4.0, 8.5; 4.01, 8.3.

use serde_json::value::RawValue;

use super::{Members, Reader};
use crate::{
    error::Error,
    model::{Nav, Relation, SetId, StructType},
    odata::{check::Target, path},
    query::Lookup,
};

/// What stands for a to-one navigation property.
pub(super) enum Inline {
    /// A link to an entity, or to none.
    Link(Option<Lookup>),
    /// An entity.
    Entity,
}

impl Reader<'_> {
    /// The entity that `Nav@odata.bind` names; `None` for null.
    pub(super) fn bound(
        &self,
        structure: &StructType,
        (nav, set): (Nav, SetId),
        raw: &str,
    ) -> Result<Option<Lookup>, Error> {
        let navigation = structure.navigation_at(nav);
        match navigation.relation {
            Relation::Reference { .. } => self.reference(navigation.name, set, raw),
            Relation::Children { .. } => Err(Error::NotImplemented {
                feature: format!("linking several entities as '{}'", navigation.name),
            }),
        }
    }

    /// As [`Reader::bound`], from the value of the navigation property itself.
    pub(super) fn linked(
        &self,
        structure: &StructType,
        (nav, set): (Nav, SetId),
        raw: &RawValue,
    ) -> Result<Inline, Error> {
        let name = structure.navigation_at(nav).name;
        if raw.get() == "null" {
            return Ok(Inline::Link(None));
        }
        let wrong = |reason: String| Error::InvalidValue { target: name.to_owned(), reason };
        let members = Members::read(raw.get().as_bytes()).map_err(wrong)?;
        match members.0.as_slice() {
            [(id, raw)] if matches!(id.as_str(), "@odata.id" | "@id") => {
                self.reference(name, set, raw.get()).map(Inline::Link)
            }
            _ => Ok(Inline::Entity),
        }
    }

    fn reference(&self, name: &str, set: SetId, raw: &str) -> Result<Option<Lookup>, Error> {
        if raw == "null" {
            return Ok(None);
        }
        let wanted = self.checker.model.set(set).name;
        let wrong = |reason: String| Error::InvalidValue { target: name.to_owned(), reason };
        let usage = || wrong(format!("it takes the address of an entity, such as \"{wanted}(1)\""));
        let text: String = serde_json::from_str(raw).map_err(|_| usage())?;
        let relative = self.below_root(&text).ok_or_else(usage)?;
        let path = path::parse(relative, &self.checker.limits)
            .map_err(|error| wrong(error.to_string()))?;
        match self.checker.target(&path, None) {
            Ok(Target::Entity(entity)) if entity.steps.is_empty() && entity.set == set => {
                Ok(Some(entity.root))
            }
            Err(Error::Forbidden { scope }) => Err(Error::Forbidden { scope }),
            Ok(_) | Err(_) => Err(usage()),
        }
    }

    /// What follows the service root; an address that begins elsewhere has nothing of it.
    fn below_root<'t>(&self, address: &'t str) -> Option<&'t str> {
        let root = self.root;
        let path = root.find("://").map_or(root, |at| {
            let rest = &root[at + 3..];
            rest.find('/').map_or(rest, |slash| &rest[slash..])
        });
        let below = address.strip_prefix(root).or_else(|| address.strip_prefix(path));
        below.or_else(|| (!address.starts_with('/') && !address.contains("://")).then_some(address))
    }
}
