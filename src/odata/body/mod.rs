//! Request bodies: a JSON object against a type, member by member.
//!
//! Names match exactly first, then ignoring case. Annotations are passed over, but for those that
//! link; everything else that is not declared or of the wrong type is refused by name. Reads no data:
//! what the entity is now, and whether a link leads somewhere, is for whoever holds the snapshot.

mod link;
mod members;
mod parameters;
mod single;
mod value;

use std::collections::HashSet;

use link::Inline;
use members::Members;
use serde_json::value::RawValue;
pub(crate) use value::takes;

use super::check::Checker;
use crate::{
    error::{Error, nearest},
    model::{Nav, Prop, Property, Relation, SetId, StructId, StructType, Value, Write},
    query::Lookup,
};

/// Entities one body may bring along for one navigation property.
pub const CHILDREN_MAX: usize = 1000;

/// What the body is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new entity.
    Create,
    /// Some properties of an entity that exists.
    Update,
}

/// A body that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The type it says it is, or the one that was declared.
    pub type_id: StructId,
    /// The properties it sets, each once, in its order.
    pub values: Vec<(Prop, Value)>,
    /// Properties it gives that cannot be set now. Clients send back what they read.
    pub fixed: Vec<(Prop, Value)>,
    /// To-one navigation properties it links; `None`: to nothing.
    pub links: Vec<(Nav, Option<Lookup>)>,
    /// Entities it brings along, by to-many navigation property.
    pub children: Vec<(Nav, Vec<Body>)>,
}

/// Reads the bodies of one request.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// What is declared, and what the caller may know of it.
    pub checker: &'a Checker<'a>,
    /// The service root that links begin with, with a slash at its end.
    pub root: &'a str,
}

/// Where an object stands in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// It is the body.
    Top,
    /// It is an entity that the body brings along.
    Child,
}

/// What a member's name means.
enum Named {
    Property(Prop),
    Navigation(Nav, SetId),
}

impl Reader<'_> {
    /// Reads `bytes` as an entity declared to be of type `declared`.
    ///
    /// # Errors
    /// `InvalidBody` for what is not one JSON object with each member once; `UnknownProperty`,
    /// `ReadOnlyProperty` and `InvalidValue` name the member; `LimitExceeded` for too many entities,
    /// `NotImplemented` for those that cannot be brought along.
    pub fn entity(
        &self,
        bytes: &[u8],
        declared: StructId,
        purpose: Purpose,
    ) -> Result<Body, Error> {
        let members = Members::read(bytes).map_err(|reason| Error::InvalidBody { reason })?;
        self.object(&members, declared, purpose, Level::Top)
    }

    fn object(
        &self,
        members: &Members<'_>,
        declared: StructId,
        purpose: Purpose,
        level: Level,
    ) -> Result<Body, Error> {
        let type_id = match members.type_annotation() {
            None => declared,
            Some(name) => derived(self.checker, declared, name)?,
        };
        let structure = self.checker.model.structure(type_id);
        let mut body = Body {
            type_id,
            values: Vec::with_capacity(members.0.len().min(structure.properties.len())),
            fixed: Vec::new(),
            links: Vec::new(),
            children: Vec::new(),
        };
        let mut known = HashSet::new();
        for (name, raw) in &members.0 {
            let (of, annotation) = name
                .split_once('@')
                .map_or((name.as_str(), None), |split| (split.0, Some(split.1)));
            // What can be done with the entity stands in what was read of it.
            let is_action = name.starts_with('#');
            if is_action || !matches!(annotation, None | Some("odata.bind" | "bind")) {
                continue;
            }
            let named = self.named(structure, of)?;
            let declared_name = match &named {
                Named::Property(prop) => structure.property_at(*prop).name,
                Named::Navigation(nav, _) => structure.navigation_at(*nav).name,
            };
            if !known.insert(declared_name) {
                let reason = format!("'{declared_name}' is given twice");
                return Err(Error::InvalidBody { reason });
            }
            match (named, annotation) {
                (Named::Property(prop), None) => {
                    self.property(&mut body, (prop, structure.property_at(prop)), raw, purpose)?;
                }
                (Named::Property(_), Some(_)) => {
                    let reason = "it is no navigation property, which a link could set".to_owned();
                    return Err(Error::InvalidValue { target: name.clone(), reason });
                }
                (Named::Navigation(nav, set), Some(_)) => {
                    body.links.push((nav, self.bound(structure, (nav, set), raw.get())?));
                }
                (Named::Navigation(nav, set), None) => {
                    self.navigation(&mut body, (nav, set), raw, (purpose, level))?;
                }
            }
        }
        Ok(body)
    }

    fn named(&self, structure: &StructType, name: &str) -> Result<Named, Error> {
        if let Some(prop) = self.checker.find_property(structure, name) {
            return Ok(Named::Property(prop));
        }
        if let Some((nav, set)) = self.writable_navigation(structure, name) {
            return Ok(Named::Navigation(nav, set));
        }
        let known = self.checker.visible_props(structure).into_iter();
        Err(Error::UnknownProperty {
            entity_type: structure.name.to_owned(),
            name: name.to_owned(),
            suggestion: nearest(name, known.map(|prop| structure.property_at(prop).name)),
            target: "the body".to_owned(),
        })
    }

    /// A navigation property the caller may read along or create along.
    fn writable_navigation(&self, structure: &StructType, name: &str) -> Option<(Nav, SetId)> {
        let nav = structure.navigation(name)?;
        let set = self.checker.model.target(structure.navigation_at(nav))?;
        let scopes = self.checker.model.set(set).scopes;
        let may = |scope| self.checker.rights.has(scope);
        (may(scopes.read) || scopes.create.is_some_and(may)).then_some((nav, set))
    }

    fn property(
        &self,
        body: &mut Body,
        (prop, property): (Prop, &Property),
        raw: &RawValue,
        purpose: Purpose,
    ) -> Result<(), Error> {
        let read_only = || Error::ReadOnlyProperty { target: property.name.to_owned() };
        let value = value::read(raw.get(), property.into(), self.checker);
        match (property.write, purpose) {
            (Write::Always, _) | (Write::OnCreate, Purpose::Create) => {
                body.values.push((prop, value?));
            }
            (Write::Never, Purpose::Create) => return Err(read_only()),
            (Write::OnCreate | Write::Never, Purpose::Update) => {
                body.fixed.push((prop, value.map_err(|_| read_only())?));
            }
        }
        Ok(())
    }

    /// Entities within the body, or a link in the form of 4.01.
    fn navigation(
        &self,
        body: &mut Body,
        (nav, set): (Nav, SetId),
        raw: &RawValue,
        (purpose, level): (Purpose, Level),
    ) -> Result<(), Error> {
        let model = self.checker.model;
        let structure = model.structure(body.type_id);
        let navigation = structure.navigation_at(nav);
        let (own, name) = (structure.name, navigation.name);
        let refused = |instead: &str| {
            let feature = format!("writing '{name}' together with its '{own}' ({instead})");
            Err(Error::NotImplemented { feature })
        };
        match (navigation.relation, purpose, level) {
            (Relation::Reference { by }, _, _) => match self.linked(structure, (nav, set), raw)? {
                Inline::Link(link) => body.links.push((nav, link)),
                Inline::Entity => {
                    return refused(&format!("write '{by}' or '{name}@odata.bind' instead"));
                }
            },
            (Relation::Children { .. }, Purpose::Create, Level::Top) => {
                let Some(scope) = model.set(set).scopes.create else {
                    return refused("nobody creates them");
                };
                if !self.checker.rights.has(scope) {
                    return Err(Error::Forbidden { scope: scope.to_owned() });
                }
                body.children.push((nav, self.children(name, set, raw)?));
            }
            (Relation::Children { .. }, Purpose::Create, Level::Child) => {
                return refused("one level is");
            }
            (Relation::Children { .. }, Purpose::Update, _) => {
                return refused("change them at their own address");
            }
        }
        Ok(())
    }

    fn children(&self, name: &str, set: SetId, raw: &RawValue) -> Result<Vec<Body>, Error> {
        let wrong = |reason: String| Error::InvalidValue { target: name.to_owned(), reason };
        let items: Vec<&RawValue> = serde_json::from_str(raw.get())
            .map_err(|_| wrong("it takes an array of entities".to_owned()))?;
        if items.len() > CHILDREN_MAX {
            let (limit, max) = ("children_max", CHILDREN_MAX as u64);
            return Err(Error::LimitExceeded { limit, max, target: name.to_owned() });
        }
        let declared = self.checker.model.set(set).ty;
        let child = |(at, item): (usize, &&RawValue)| {
            let members = Members::read(item.get().as_bytes())
                .map_err(|reason| wrong(format!("entity {}: {reason}", at + 1)))?;
            self.object(&members, declared, Purpose::Create, Level::Child)
        };
        items.iter().enumerate().map(child).collect()
    }
}

/// The type a body says it is: the declared one or one derived from it.
fn derived(checker: &Checker<'_>, declared: StructId, name: &str) -> Result<StructId, Error> {
    let bare = name.rsplit_once('#').map_or(name, |(_, bare)| bare);
    checker.cast_target(declared, bare).ok_or_else(|| Error::InvalidValue {
        target: "@odata.type".to_owned(),
        reason: format!(
            "'{bare}' is not '{}' nor derived from it",
            checker.model.structure(declared).name
        ),
    })
}
