//! Walks a checked path through the rows of one snapshot.

use crate::{
    error::Error,
    model::{Row, SetId, Value},
    odata::check::{EntityPath, EntityStep, PropertyPath},
    query::{Context, KeyRef, Step, look_up, matches, related, value},
};

/// The entity a path leads to; `None` where its last step is a navigation to nothing.
///
/// # Errors
/// `NotFound` where the path breaks before its end.
pub(super) fn entity(ctx: &Context<'_>, path: &EntityPath) -> Result<Option<Row>, Error> {
    let root = &path.root;
    let missing = |set: SetId| Error::NotFound {
        what: format!("'{}' with this key", ctx.model().entity_type(set).name),
    };
    let mut row = look_up(ctx, root)?.ok_or_else(|| missing(root.set))?;
    for (at, step) in path.steps.iter().enumerate() {
        let is_last = at + 1 == path.steps.len();
        row = match step {
            EntityStep::Cast(to) => {
                if !ctx.model().is_a(row.type_id, *to) {
                    let name = ctx.model().structure(*to).name;
                    return Err(Error::NotFound { what: format!("'{name}' at this address") });
                }
                row
            }
            EntityStep::ToOne { navigation, guard } => {
                let there = related(ctx, &row, *navigation).into_iter().next();
                let seen = match there {
                    Some(there) if matches(guard.as_ref(), &there, ctx)? => Some(there),
                    Some(_) | None => None,
                };
                match seen {
                    Some(there) => there,
                    None if is_last => return Ok(None),
                    None => {
                        return Err(Error::NotFound { what: "entity at this address".to_owned() });
                    }
                }
            }
            EntityStep::Member { navigation, lookup } => {
                let members = related(ctx, &row, *navigation);
                let member = members.into_iter().find(|member| is_meant(ctx, member, &lookup.by));
                match member {
                    Some(member) if matches(lookup.guard.as_ref(), &member, ctx)? => member,
                    Some(_) | None => return Err(missing(lookup.set)),
                }
            }
        };
    }
    Ok(Some(row))
}

/// As [`entity`], where nothing will not do.
///
/// # Errors
/// `NotFound` where there is no such entity.
pub(super) fn existing(ctx: &Context<'_>, path: &EntityPath) -> Result<Row, Error> {
    let found = entity(ctx, path)?;
    found.ok_or_else(|| Error::NotFound { what: "entity at this address".to_owned() })
}

/// The value of a property of an entity.
///
/// # Errors
/// `Internal` if the store cannot read a long text.
pub(super) fn property(
    ctx: &Context<'_>,
    owner: &Row,
    path: &PropertyPath,
) -> Result<Value, Error> {
    let mut at: Option<Value> = None;
    for step in &path.steps {
        at = Some(match (at, step) {
            (None, Step::Property(prop)) => value(ctx, owner, *prop)?,
            (Some(Value::Complex(complex)), Step::Property(prop)) => {
                complex.values.get(usize::from(prop.0)).cloned().unwrap_or(Value::Null)
            }
            (Some(Value::Complex(complex)), Step::Cast(to))
                if ctx.model().is_a(complex.type_id, *to) =>
            {
                Value::Complex(complex)
            }
            (_, Step::Property(_) | Step::Cast(_) | Step::Navigation(_) | Step::Find(_)) => {
                Value::Null
            }
        });
    }
    Ok(at.unwrap_or(Value::Null))
}

fn is_meant(ctx: &Context<'_>, row: &Row, by: &KeyRef) -> bool {
    match by {
        KeyRef::Key(key) => row.key(ctx.model()) == *key,
        KeyRef::Alternate(prop, value) => row.record.get(ctx.structure(row), *prop) == *value,
    }
}
