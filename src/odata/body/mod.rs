//! Request bodies: a JSON object against a type, member by member.
//!
//! Names match exactly first, then ignoring case. Annotations are passed over; everything else that
//! is not declared, not writable or of the wrong type is refused by name.

mod members;
mod value;

use members::Members;

use super::check::Checker;
use crate::{
    error::{Error, nearest},
    model::{Prop, StructId, StructType, Value, Write},
};

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
    /// The properties it gives, each once, in its order.
    pub values: Vec<(Prop, Value)>,
}

/// Reads `bytes` as an entity declared to be of type `declared`.
///
/// # Errors
/// `InvalidBody` for what is not one JSON object with each member once; `UnknownProperty`,
/// `ReadOnlyProperty` and `InvalidValue` name the member; `NotImplemented` for links and nested
/// entities.
pub fn read(
    bytes: &[u8],
    declared: StructId,
    purpose: Purpose,
    checker: &Checker<'_>,
) -> Result<Body, Error> {
    let members = Members::read(bytes).map_err(|reason| Error::InvalidBody { reason })?;
    let type_id = match members.type_annotation() {
        None => declared,
        Some(name) => derived(checker, declared, name)?,
    };
    let structure = checker.model.structure(type_id);
    let mut values: Vec<(Prop, Value)> = Vec::with_capacity(members.0.len());
    for (name, raw) in &members.0 {
        if let Some((of, annotation)) = name.split_once('@') {
            if annotation == "odata.bind" || annotation == "bind" {
                let feature = format!("setting '{of}' by a link; write the id instead");
                return Err(Error::NotImplemented { feature });
            }
            continue;
        }
        let prop = writable(checker, structure, name, purpose)?;
        let property = structure.property_at(prop);
        if values.iter().any(|(known, _)| *known == prop) {
            let reason = format!("'{}' is given twice", property.name);
            return Err(Error::InvalidBody { reason });
        }
        values.push((prop, value::of_property(raw.get(), property, checker)?));
    }
    Ok(Body { type_id, values })
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

/// The property of that name, if the caller may set it now.
fn writable(
    checker: &Checker<'_>,
    structure: &StructType,
    name: &str,
    purpose: Purpose,
) -> Result<Prop, Error> {
    let Some(prop) = checker.find_property(structure, name) else {
        if let Some((nav, _)) = checker.find_navigation(structure, name) {
            let name = structure.navigation_at(nav).name;
            let feature = format!("writing '{name}' together with its '{}'", structure.name);
            return Err(Error::NotImplemented { feature });
        }
        let known = checker.visible_props(structure).into_iter();
        return Err(Error::UnknownProperty {
            entity_type: structure.name.to_owned(),
            name: name.to_owned(),
            suggestion: nearest(name, known.map(|prop| structure.property_at(prop).name)),
            target: "the body".to_owned(),
        });
    };
    let property = structure.property_at(prop);
    let is_writable = match property.write {
        Write::Always => true,
        Write::OnCreate => purpose == Purpose::Create,
        Write::Never => false,
    };
    if is_writable {
        return Ok(prop);
    }
    Err(Error::ReadOnlyProperty { target: property.name.to_owned() })
}
