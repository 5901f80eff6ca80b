//! Names written beside ids: `Status`, `TeamName`, `AssigneeEmail` and the like, resolved to the id.
//!
//! Which names there are comes from the model: look-ups that clients may write.

use super::{body::Body, get, invalid, pickers};
use crate::{
    error::{Error, nearest},
    model::{
        Key, Model, Origin, Prop, Relation, Row, SetId, StructType, Value, Write,
        props::{picker, team, user},
        set,
    },
    query::Source,
};

/// A name that may be written instead of an id.
#[derive(Clone, Copy, Debug)]
pub struct LookUp {
    /// The property that holds the name.
    pub name: Prop,
    /// The property that holds the id.
    pub id: Prop,
    /// The set the id is from.
    pub target: SetId,
    /// The property there that the name is compared with.
    pub by: Prop,
}

/// The look-ups of a type that clients may write.
#[must_use]
pub fn of(model: &Model, structure: &StructType) -> Vec<LookUp> {
    let look_up = |(name, property): (Prop, &crate::model::Property)| {
        let Origin::LookUp { navigation, property: by } = property.origin else { return None };
        if property.write == Write::Never {
            return None;
        }
        let navigation = structure.navigation_at(structure.navigation(navigation)?);
        let Relation::Reference { by: id } = navigation.relation else { return None };
        let target = model.target(navigation)?;
        let by = model.entity_type(target).property(by)?;
        Some(LookUp { name, id: structure.property(id)?, target, by })
    };
    structure.props().filter_map(look_up).collect()
}

/// The ids that a body gives, by id or by name, checked to exist.
///
/// # Errors
/// `InvalidValue` for an id or a name that is unknown, a name that is ambiguous, and a name at odds
/// with the id beside it.
pub(super) fn ids(
    source: &dyn Source,
    structure: &StructType,
    body: &Body,
) -> Result<Vec<(LookUp, Value)>, Error> {
    let model = source.model();
    let mut ids = Vec::new();
    for look_up in of(model, structure) {
        let given = body.get(look_up.id);
        if let Some(id) = given {
            check_id(source, structure, look_up.id, look_up.target, id)?;
        }
        let Some(name) = body.get(look_up.name) else {
            ids.extend(given.map(|id| (look_up, id.clone())));
            continue;
        };
        let found = named(source, structure, look_up, name)?;
        let property = structure.property_at(look_up.name).name;
        let id = match given {
            Some(id) if found.iter().any(|row| get(model, row, Prop(0)) == *id) => id.clone(),
            Some(id) if found.is_empty() && id.is_null() => Value::Null,
            Some(_) => {
                let beside = structure.property_at(look_up.id).name;
                return Err(invalid(property, format!("it is at odds with '{beside}'")));
            }
            None => match found.as_slice() {
                [] => Value::Null,
                [row] => get(model, row, Prop(0)),
                several => {
                    let reason = format!("{} entities have this name; give the id", several.len());
                    return Err(invalid(property, reason));
                }
            },
        };
        ids.push((look_up, id));
    }
    Ok(ids)
}

/// Refuses to choose what is no longer offered: archived entries and teams, disabled staff.
///
/// # Errors
/// `InvalidValue` for the property `said`.
pub(super) fn check_offered(
    source: &dyn Source,
    target: SetId,
    (said, id): (&str, &Value),
) -> Result<(), Error> {
    let Some(row) = source.row(target, &Key::new(std::slice::from_ref(id))) else { return Ok(()) };
    let is = |prop| get(source.model(), &row, prop).is_true();
    match target {
        set::USERS if !is(user::IS_ACTIVE) => Err(invalid(said, "this person is disabled")),
        set::TEAMS if is(team::IS_ARCHIVED) => Err(invalid(said, "this team is archived")),
        target if pickers::SETS.contains(&target) && is(picker::IS_ARCHIVED) => {
            Err(invalid(said, "this entry is archived"))
        }
        _ => Ok(()),
    }
}

/// Refuses an id that is not in its set; null is no id and passes.
fn check_id(
    source: &dyn Source,
    structure: &StructType,
    prop: Prop,
    target: SetId,
    id: &Value,
) -> Result<(), Error> {
    if id.is_null() || source.row(target, &Key::new(std::slice::from_ref(id))).is_some() {
        return Ok(());
    }
    let set = source.model().set(target).name;
    let id = id.as_int().unwrap_or_default();
    Err(invalid(structure.property_at(prop).name, format!("there is no {set}({id})")))
}

/// The rows a name stands for; none only for null.
fn named(
    source: &dyn Source,
    structure: &StructType,
    look_up: LookUp,
    name: &Value,
) -> Result<Vec<Row>, Error> {
    let Some(text) = name.as_text() else { return Ok(Vec::new()) };
    let found = find(source, look_up.target, look_up.by, text);
    if !found.is_empty() {
        return Ok(found);
    }
    let set = source.model().set(look_up.target);
    let mut reason = format!("there is no such entity in {}", set.name);
    // Names of lists are no secret; addresses of people are.
    if ![set::USERS, set::CUSTOMERS].contains(&look_up.target) {
        let all: Vec<Value> =
            source.rows(look_up.target).map(|row| get(source.model(), &row, look_up.by)).collect();
        if let Some(near) = nearest(text, all.iter().filter_map(Value::as_text)) {
            reason = format!("{reason}; did you mean '{near}'?");
        }
    }
    Err(invalid(structure.property_at(look_up.name).name, reason))
}

/// The rows of that name: exactly so written, else ignoring case.
#[must_use]
pub fn find(source: &dyn Source, target: SetId, by: Prop, name: &str) -> Vec<Row> {
    let exact = source.rows_where(target, by, &Value::text(name));
    if !exact.is_empty() || [set::USERS, set::CUSTOMERS].contains(&target) {
        return exact; // Addresses of people are compared ignoring case anyway.
    }
    let model = source.model();
    let lower = name.to_lowercase();
    let alike =
        |row: &Row| get(model, row, by).as_text().is_some_and(|text| text.to_lowercase() == lower);
    source.rows(target).filter(alike).collect()
}
