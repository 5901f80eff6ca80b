//! What may stand in a client's body: writable properties with values that fit.

use super::{Properties, invalid};
use crate::{
    error::Error,
    model::{Origin, Prop, Property, Relation, StructType, Type, Value, Write},
    query::Rights,
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

    /// Whether nothing was given.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What replaces an entity: what was given, and for the rest of what clients may change its default.
///
/// A name given beside an id counts as giving the id; what the caller may not see stays as it is, for
/// they could not have given it. Source: OData 4.01 Part 1, 11.4.3.
///
/// # Errors
/// `InvalidValue` naming a property that was left out and has no default.
pub(super) fn whole(
    structure: &StructType,
    given: Properties,
    rights: &dyn Rights,
) -> Result<Properties, Error> {
    let mut whole = given;
    for (prop, property) in structure.props() {
        let is_given = whole.iter().any(|(given, _)| *given == prop);
        let is_kept = property.tag().is_some() && property.write == Write::Always;
        let is_seen = !property.hidden && property.scope.is_none_or(|scope| rights.has(scope));
        if is_given || !is_kept || !is_seen || is_named(structure, property, &whole) {
            continue;
        }
        let default = match (&property.default, &property.ty) {
            (Value::Null, Type::Collection(_)) => Value::List([].into()),
            (Value::Null, _) if !property.nullable => {
                let reason = "a replacement needs it, because it has no default";
                return Err(invalid(property.name, reason));
            }
            (default, _) => default.clone(),
        };
        whole.push((prop, default));
    }
    Ok(whole)
}

/// Whether a name was given that leads to the id this property holds.
fn is_named(structure: &StructType, id: &Property, given: &Properties) -> bool {
    given.iter().any(|(prop, _)| match structure.property_at(*prop).origin {
        Origin::LookUp { navigation, .. } => {
            let nav = structure.navigation(navigation).map(|nav| structure.navigation_at(nav));
            nav.is_some_and(|nav| match nav.relation {
                Relation::Reference { by } => by == id.name,
                Relation::Children { .. } => false,
            })
        }
        Origin::Stored { .. }
        | Origin::LongText { .. }
        | Origin::Count { .. }
        | Origin::Computed(..) => false,
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::Principal,
        model::{Primitive::String as Text, declare::stored},
    };

    /// A caller who could not see a property took its value away by replacing the rest.
    #[test]
    fn what_the_caller_may_not_see_is_not_replaced() {
        let structure = StructType {
            name: "Thing",
            doc: "",
            base: None,
            key: vec![],
            properties: vec![
                stored(1, "Name", Text).writable(),
                stored(2, "Notes", Text).nullable().writable(),
                stored(3, "Margin", Text).nullable().writable().needs("audit:read"),
                stored(4, "Owner", Text).writable().needs("audit:read"),
                stored(5, "Inside", Text).nullable().writable().hidden(),
            ],
            navigations: vec![],
        };
        let given = || vec![(Prop(0), Value::text("a"))];
        let caller =
            |scopes: &str| Principal { scopes: scopes.parse().unwrap(), ..Principal::system() };
        let replaced = whole(&structure, given(), &caller("tickets:read"));
        assert_eq!(replaced, Ok(vec![given().remove(0), (Prop(1), Value::Null)]));
        let error = whole(&structure, given(), &caller("tickets:read,audit:read")).unwrap_err();
        assert!(error.to_string().starts_with("'Owner' does not fit"), "{error}");
        let given: Properties = vec![given().remove(0), (Prop(3), Value::text("b"))];
        let all = whole(&structure, given.clone(), &Principal::system()).unwrap();
        assert_eq!(all[2..], [(Prop(1), Value::Null), (Prop(2), Value::Null)]);
    }
}
