//! Every path of a model from a type: what it leads to, by the types on the way.

use std::collections::BTreeMap;

use crate::{
    model::{Model, Property, Relation, StructId, Type},
    query::Step,
};

/// A path to a value.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) steps: Vec<Step>,
    /// The property it ends in.
    pub(super) property: &'static Property,
}

/// A path to entities.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) steps: Vec<Step>,
    /// The type of the entities.
    pub(super) ty: StructId,
}

/// What there is from one type.
#[derive(Clone, Default)]
pub(super) struct Reach {
    /// Paths to values that are no collection.
    pub(super) single: Vec<Place>,
    /// Paths to collection properties.
    pub(super) many: Vec<Place>,
    /// Paths to one entity.
    pub(super) one: Vec<Way>,
    /// Paths to many entities.
    pub(super) rows: Vec<Way>,
}

/// Of every type, entities and complex ones alike.
pub(super) fn of(model: &'static Model) -> BTreeMap<StructId, Reach> {
    let all = (0..model.structs.len()).map(|at| StructId(u16::try_from(at).unwrap()));
    all.map(|id| {
        let mut reach = Reach::default();
        walk(model, id, (&[], 2), &mut reach);
        (id, reach)
    })
    .collect()
}

/// Types derived from `id`, itself left out.
pub(super) fn derived(model: &'static Model, id: StructId) -> Vec<StructId> {
    let all = (0..model.structs.len()).map(|at| StructId(u16::try_from(at).unwrap()));
    all.filter(|own| *own != id && model.is_a(*own, id)).collect()
}

fn walk(model: &'static Model, id: StructId, (before, depth): (&[Step], u8), reach: &mut Reach) {
    let structure = model.structure(id);
    let with = |step: Step| [before, &[step]].concat();
    for (prop, property) in structure.props() {
        let steps = with(Step::Property(prop));
        match &property.ty {
            Type::Collection(_) => reach.many.push(Place { steps, property }),
            Type::Complex(inner) => {
                walk(model, *inner, (&steps, 0), reach);
                for own in derived(model, *inner) {
                    let steps = [&steps[..], &[Step::Cast(own)]].concat();
                    walk(model, own, (&steps, 0), reach);
                }
                reach.single.push(Place { steps, property });
            }
            Type::Primitive(_) | Type::Enum(_) => reach.single.push(Place { steps, property }),
        }
    }
    if before.is_empty() {
        for own in derived(model, id) {
            walk(model, own, (&[Step::Cast(own)], 0), reach);
        }
    }
    if depth == 0 {
        return;
    }
    for (nav, navigation) in structure.navs() {
        let steps = with(Step::Navigation(nav));
        let Some(target) = model.target(navigation) else { continue };
        let ty = model.set(target).ty;
        match navigation.relation {
            Relation::Reference { .. } => {
                walk(model, ty, (&steps, depth - 1), reach);
                reach.one.push(Way { steps, ty });
            }
            Relation::Children { .. } => {
                for own in derived(model, ty) {
                    let steps = [&steps[..], &[Step::Cast(own)]].concat();
                    reach.rows.push(Way { steps, ty: own });
                }
                reach.rows.push(Way { steps, ty });
            }
        }
    }
}
