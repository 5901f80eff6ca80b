//! Bodies against the data: links become keys, and what cannot be set must be what it is.
//!
//! A client that reads an entity, changes one value and sends the whole back is served, as long as
//! nothing it cannot set is told to be something else.

use crate::{
    error::Error,
    model::{Nav, Origin, Prop, Relation, Row, StructId, StructType, Value, Write},
    odata::{body::Body, check::Checker, service::Child},
    query::{Context, Lookup, look_up, value},
};

/// Properties to be set.
pub(super) type Values = Vec<(Prop, Value)>;

/// Entities to be created with another.
pub(super) type Children = Vec<(Nav, Vec<Child>)>;

/// A new entity's properties, and what it brings along.
pub(super) fn new_entity(
    checker: &Checker<'_>,
    ctx: &Context<'_>,
    body: Body,
) -> Result<(Values, Children), Error> {
    let structure = checker.model.structure(body.type_id);
    let mut values = body.values;
    for (nav, lookup) in body.links {
        let link = Link::to(checker, ctx, (body.type_id, nav), lookup)?;
        if structure.property_at(link.prop).write == Write::Never {
            return Err(read_only(structure, link.prop));
        }
        link.join(structure, &mut values)?;
    }
    let mut children = Vec::with_capacity(body.children.len());
    for (nav, bodies) in body.children {
        let navigation = structure.navigation_at(nav);
        let mut settled = Vec::with_capacity(bodies.len());
        for child in bodies {
            let type_id = child.type_id;
            let there = checker.model.structure(type_id);
            let (values, _) = new_entity(checker, ctx, child)?;
            if let Relation::Children { by } = navigation.relation
                && values.iter().any(|(prop, _)| Some(*prop) == there.property(by))
            {
                return Err(Error::InvalidValue {
                    target: by.to_owned(),
                    reason: format!("it is that of the '{}' it comes with", structure.name),
                });
            }
            settled.push(Child { type_id, body: values });
        }
        children.push((nav, settled));
    }
    Ok((values, children))
}

/// What of a body changes `row`.
pub(super) fn changes(
    checker: &Checker<'_>,
    ctx: &Context<'_>,
    row: &Row,
    body: Body,
) -> Result<Values, Error> {
    let structure = checker.model.structure(row.type_id);
    if body.type_id != row.type_id {
        return Err(Error::InvalidValue {
            target: "@odata.type".to_owned(),
            reason: format!("the entity is of type '{}' and stays so", structure.name),
        });
    }
    let mut values = body.values;
    let mut fixed = body.fixed;
    for (nav, lookup) in body.links {
        let link = Link::to(checker, ctx, (row.type_id, nav), lookup)?;
        if structure.property_at(link.prop).write == Write::Always {
            link.join(structure, &mut values)?;
        } else {
            fixed.push((link.prop, link.key));
        }
    }
    for (prop, given) in fixed {
        if is_same(&given, &value(ctx, row, prop)?) {
            continue;
        }
        if structure.key.contains(&prop) {
            return Err(Error::InvalidValue {
                target: structure.property_at(prop).name.to_owned(),
                reason: "it differs from the key of the entity in the address".to_owned(),
            });
        }
        return Err(read_only(structure, prop));
    }
    yield_to_changed(ctx, row, &mut values)?;
    Ok(values)
}

/// Of an id and the names beside it, those that say what is already so yield to those that do not.
fn yield_to_changed(ctx: &Context<'_>, row: &Row, values: &mut Values) -> Result<(), Error> {
    let structure = ctx.structure(row);
    for (_, navigation) in structure.navs() {
        let Relation::Reference { by } = navigation.relation else { continue };
        let speaks_of = |prop: Prop| match structure.property_at(prop).origin {
            Origin::LookUp { navigation: through, .. } => through == navigation.name,
            Origin::Stored { .. } => structure.property(by) == Some(prop),
            Origin::LongText { .. } | Origin::Count { .. } | Origin::Computed(..) => false,
        };
        let mut same = Vec::new();
        let mut is_changed = false;
        for (prop, given) in values.iter().filter(|(prop, _)| speaks_of(*prop)) {
            if is_same(given, &value(ctx, row, *prop)?) {
                same.push(*prop);
            } else {
                is_changed = true;
            }
        }
        if is_changed {
            values.retain(|(prop, _)| !same.contains(prop));
        }
    }
    Ok(())
}

/// A link, as the property that holds the key.
struct Link {
    name: &'static str,
    prop: Prop,
    key: Value,
}

impl Link {
    fn to(
        checker: &Checker<'_>,
        ctx: &Context<'_>,
        (type_id, nav): (StructId, Nav),
        lookup: Option<Lookup>,
    ) -> Result<Self, Error> {
        let model = checker.model;
        let structure = model.structure(type_id);
        let navigation = structure.navigation_at(nav);
        let name = navigation.name;
        let wrong = |reason: String| Error::InvalidValue { target: name.to_owned(), reason };
        let prop = match navigation.relation {
            Relation::Reference { by } => structure.property(by),
            Relation::Children { .. } => None,
        };
        let prop = prop.filter(|prop| checker.is_visible(structure.property_at(*prop)));
        let prop = prop.ok_or_else(|| wrong("it cannot be set by a link".to_owned()))?;
        let key = match lookup {
            None if structure.property_at(prop).nullable => Value::Null,
            None => return Err(wrong("it must not be null".to_owned())),
            Some(lookup) => {
                let there = model.entity_type(lookup.set);
                let row = look_up(ctx, &lookup)?
                    .ok_or_else(|| wrong(format!("there is no '{}' with this key", there.name)))?;
                match there.key.as_slice() {
                    [key] => row.record.get(there, *key),
                    _ => return Err(wrong("it cannot be set by a link".to_owned())),
                }
            }
        };
        Ok(Self { name, prop, key })
    }

    /// Puts the key where the body says nothing of it, or the same.
    fn join(self, structure: &StructType, values: &mut Values) -> Result<(), Error> {
        match values.iter().find(|(prop, _)| *prop == self.prop) {
            None => values.push((self.prop, self.key)),
            Some((_, given)) if *given == self.key => {}
            Some(_) => {
                return Err(Error::InvalidValue {
                    target: self.name.to_owned(),
                    reason: format!(
                        "it and '{}' name different entities",
                        structure.property_at(self.prop).name
                    ),
                });
            }
        }
        Ok(())
    }
}

fn read_only(structure: &StructType, prop: Prop) -> Error {
    Error::ReadOnlyProperty { target: structure.property_at(prop).name.to_owned() }
}

/// Whether a client that read `current` could have sent `given` for it: numbers may have lost zeros,
/// times all below a millisecond.
fn is_same(given: &Value, current: &Value) -> bool {
    match (given, current) {
        (Value::Decimal(given), Value::Decimal(current)) => given == current,
        (Value::Instant(given), Value::Instant(current)) => {
            let micros = current.micros();
            given == current || given.micros() == micros - micros.rem_euclid(1000)
        }
        // Common readers of JSON are off by a last digit.
        (Value::Double(given), Value::Double(current)) => {
            (given - current).abs() <= 4.0 * f64::EPSILON * current.abs()
                || given.to_bits() == current.to_bits()
        }
        (given, current) => given == current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_the_same_when_it_comes_back() {
        let instant = |text: &str| Value::Instant(text.parse().unwrap());
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        let whole = instant("2026-11-21T22:00:00.123456Z");
        for (given, current, want) in [
            (decimal("1.5"), decimal("1.50"), true),
            (decimal("1.5"), decimal("1.51"), false),
            (instant("2026-11-21T23:00:00.123456+01:00"), whole.clone(), true),
            (instant("2026-11-21T22:00:00.123Z"), whole.clone(), true),
            (instant("2026-11-21T22:00:00.124Z"), whole, false),
            (Value::Double(11.134_999_999_999_998), Value::Double(11.135), true),
            (Value::Double(11.136), Value::Double(11.135), false),
            (Value::Double(f64::NAN), Value::Double(f64::NAN), true),
            (Value::Null, Value::Null, true),
            (Value::Null, Value::Int(0), false),
        ] {
            assert_eq!(is_same(&given, &current), want, "{given:?} {current:?}");
        }
    }
}
