//! Paths: from a variable through properties and navigation to a value, an entity, or many.

use super::{
    eval::matches,
    expr::{Expr, Find, KeyRef, Lookup, Path, Step, Var},
    resolve::{self, Context},
};
use crate::{
    error::Error,
    model::{EnumId, Row, StructId, Type, Value},
};

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// An entity.
    Row(Row),
    /// A value, such as an item of a collection property.
    Value(Value),
}

/// What a path leads to where a step is null.
pub(super) const NOTHING: Binding = Binding::Value(Value::Null);

/// Where a path leads; nothing where a step on the way is null.
pub(super) fn walk(path: &Path, ctx: &Context<'_>, bindings: &[Binding]) -> Result<Binding, Error> {
    walk_steps(path.from, &path.steps, ctx, bindings)
}

fn walk_steps(
    from: Var,
    steps: &[Step],
    ctx: &Context<'_>,
    bindings: &[Binding],
) -> Result<Binding, Error> {
    let start = if from == Var::IT {
        ctx.it.map_or(NOTHING, |row| Binding::Row(row.clone()))
    } else {
        bindings.get(usize::from(from.0)).cloned().unwrap_or(NOTHING)
    };
    steps.iter().try_fold(start, |at, next| step(at, next, ctx))
}

fn step(at: Binding, step: &Step, ctx: &Context<'_>) -> Result<Binding, Error> {
    Ok(match (step, at) {
        (Step::Property(prop), Binding::Row(row)) => {
            Binding::Value(resolve::value(ctx, &row, *prop)?)
        }
        (Step::Property(prop), Binding::Value(Value::Complex(complex))) => {
            let value = complex.values.get(usize::from(prop.0));
            Binding::Value(value.cloned().unwrap_or(Value::Null))
        }
        (Step::Navigation(nav), Binding::Row(row)) => {
            resolve::one(ctx, &row, *nav).map_or(NOTHING, Binding::Row)
        }
        (Step::Cast(to), at) => match type_of(&at) {
            Some(own) if ctx.model().is_a(own, *to) => at,
            Some(_) | None => NOTHING,
        },
        (Step::Find(find), at) => found(find, &at, ctx)?.map_or(NOTHING, Binding::Row),
        (Step::Property(_) | Step::Navigation(_), _) => NOTHING,
    })
}

/// The entity found by its key, if it is one of those it must be among.
fn found(find: &Find, at: &Binding, ctx: &Context<'_>) -> Result<Option<Row>, Error> {
    let Some(row) = look_up(ctx, &find.lookup)? else { return Ok(None) };
    let is_among = match (find.navigation, at) {
        (None, _) => true,
        (Some(nav), Binding::Row(owner)) => resolve::leads_to(ctx, owner, nav, &row),
        (Some(_), Binding::Value(_)) => false,
    };
    Ok(is_among.then_some(row))
}

/// The entity a key names; `None` where there is none or the caller may not see it.
///
/// # Errors
/// As [`matches()`].
pub fn look_up(ctx: &Context<'_>, lookup: &Lookup) -> Result<Option<Row>, Error> {
    let row = match &lookup.by {
        KeyRef::Key(key) => ctx.source.row_late(lookup.set, key),
        KeyRef::Alternate(prop, value) => {
            ctx.source.rows_where(lookup.set, *prop, value).into_iter().next()
        }
    };
    Ok(match row {
        Some(row) if matches(lookup.guard.as_ref(), &row, ctx)? => Some(row),
        Some(_) | None => None,
    })
}

/// The type of an entity or complex value.
pub(super) fn type_of(binding: &Binding) -> Option<StructId> {
    match binding {
        Binding::Row(row) => Some(row.type_id),
        Binding::Value(Value::Complex(complex)) => Some(complex.type_id),
        Binding::Value(_) => None,
    }
}

/// The enumeration type of a property path: a value alone knows only its number.
pub(super) fn enum_type(
    expr: &Expr,
    ctx: &Context<'_>,
    bindings: &[Binding],
) -> Result<Option<EnumId>, Error> {
    let Expr::Path(Path { from, steps }) = expr else { return Ok(None) };
    let Some((Step::Property(prop), before)) = steps.split_last() else { return Ok(None) };
    let owner = type_of(&walk_steps(*from, before, ctx, bindings)?);
    let properties = owner.map(|id| &ctx.model().structure(id).properties);
    let mut ty = properties.and_then(|all| all.get(usize::from(prop.0))).map(|found| &found.ty);
    while let Some(Type::Collection(item)) = ty {
        ty = Some(item);
    }
    Ok(if let Some(Type::Enum(id)) = ty { Some(*id) } else { None })
}

/// What a path to a collection leads to; nothing behind a step that is null.
pub(super) fn items(
    path: &Path,
    ctx: &Context<'_>,
    bindings: &[Binding],
) -> Result<Vec<Binding>, Error> {
    // Casts behind the step that leads to many items choose among them.
    let is_cast = |step: &&Step| matches!(step, Step::Cast(_));
    let casts = path.steps.iter().rev().take_while(is_cast).count();
    let (steps, casts) = path.steps.split_at(path.steps.len() - casts);
    let before = steps.split_last().map_or(&[][..], |(_, before)| before);
    let from = walk_steps(path.from, before, ctx, bindings)?;
    let mut found = match (steps, from) {
        ([.., Step::Navigation(nav)], Binding::Row(row)) => {
            resolve::related(ctx, &row, *nav).into_iter().map(Binding::Row).collect()
        }
        ([.., last], from) => values_of(step(from, last, ctx)?),
        ([], from) => values_of(from),
    };
    for cast in casts {
        let mut kept = Vec::new();
        for item in found {
            let item = step(item, cast, ctx)?;
            if item != NOTHING {
                kept.push(item);
            }
        }
        found = kept;
    }
    Ok(found)
}

fn values_of(binding: Binding) -> Vec<Binding> {
    match binding {
        Binding::Value(list) => list.items().iter().cloned().map(Binding::Value).collect(),
        Binding::Row(_) => vec![],
    }
}
