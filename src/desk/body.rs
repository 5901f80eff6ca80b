//! What may stand in a client's body: writable properties with values that fit.

use super::{Properties, invalid};
use crate::{
    error::Error,
    model::{Prop, Property, StructType, Value, Write},
};

/// When properties are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// With a new entity.
    Creation,
    /// For one that exists.
    Change,
}

/// Checked properties of one entity.
#[derive(Clone, Debug)]
pub(super) struct Body(Properties);

impl Body {
    /// Takes what a client gave.
    ///
    /// # Errors
    /// `ReadOnlyProperty`, or `InvalidValue` for a null or a text too long.
    pub(super) fn new(
        structure: &StructType,
        given: Properties,
        moment: Moment,
    ) -> Result<Self, Error> {
        for (prop, value) in &given {
            let property = structure.property_at(*prop);
            let writable = match property.write {
                Write::Never => false,
                Write::OnCreate => moment == Moment::Creation,
                Write::Always => true,
            };
            if !writable || property.hidden {
                return Err(Error::ReadOnlyProperty { target: property.name.to_owned() });
            }
            check_value(property, value)?;
        }
        Ok(Self(given))
    }

    /// What was given for a property; `None` if nothing was.
    pub(super) fn get(&self, prop: Prop) -> Option<&Value> {
        self.0.iter().find(|(at, _)| *at == prop).map(|(_, value)| value)
    }

    /// As [`Body::get`], to put something else in its place.
    pub(super) fn get_mut(&mut self, prop: Prop) -> Option<&mut Value> {
        self.0.iter_mut().find(|(at, _)| *at == prop).map(|(_, value)| value)
    }

    /// All that was given.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Prop, &Value)> {
        self.0.iter().map(|(prop, value)| (*prop, value))
    }
}

/// Refuses null where there must be a value, and texts that are too long.
pub(crate) fn check_value(property: &Property, value: &Value) -> Result<(), Error> {
    if value.is_null() && !property.nullable {
        return Err(invalid(property.name, "null is not a value it can have"));
    }
    let items = value.items().iter().chain([value]);
    let Some(max) = property.max_length else { return Ok(()) };
    for text in items.filter_map(Value::as_text) {
        let max = max as usize;
        // Counting characters only where bytes leave a doubt.
        if text.len() > max && text.chars().count() > max {
            return Err(invalid(property.name, format!("it takes at most {max} characters")));
        }
    }
    Ok(())
}
