//! What an expression looks at beside the entity it is asked of: told before it is run, from averages.

use super::expr::{Collection, Expr, Path, Step, Var};
use crate::model::{Model, Relation, SetId, StructId};

/// Where an expression is asked, as far as its weight goes.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The model of its names.
    pub model: &'a Model,
    /// The set of the entity it is asked of; none where that is no entity.
    pub set: Option<SetId>,
    /// The set of the entity that the whole request is about, within an expansion.
    pub it: Option<SetId>,
    /// About how many rows a set has.
    pub count: &'a dyn Fn(SetId) -> u64,
}

/// About how many rows are looked at while `expr` is asked once: those that its collections lead to, and
/// what is asked of each of them.
#[must_use]
pub fn behind(expr: &Expr, place: Place<'_>) -> u64 {
    let entity = |set: SetId| (set, place.model.set(set).ty);
    Scope { place, known: vec![place.set.map(entity)] }.of(expr)
}

/// An entity of a set, taken as of a type.
type Entity = (SetId, StructId);

/// What the variables stand for; none where that is no entity.
struct Scope<'a> {
    place: Place<'a>,
    known: Vec<Option<Entity>>,
}

impl Scope<'_> {
    fn of(&mut self, expr: &Expr) -> u64 {
        match expr {
            Expr::Quantified { over, var, predicate, .. } => {
                self.over(over, predicate.as_deref().map(|predicate| (*var, predicate)))
            }
            Expr::Count(over) => self.over(over, None),
            _ => expr.parts().into_iter().fold(0, |sum, part| self.of(part).saturating_add(sum)),
        }
    }

    fn over(&mut self, over: &Collection, predicate: Option<(Var, &Expr)>) -> u64 {
        let (item, items) = self.led(&over.path);
        let filter = over.filter.as_deref().map(|filter| (over.var, filter));
        let mut each = u64::from(item.is_some());
        for (var, expr) in filter.into_iter().chain(predicate) {
            let around = self.known.clone();
            self.known.resize(usize::from(var.0), None);
            self.known.push(item);
            each = each.saturating_add(self.of(expr));
            self.known = around;
        }
        items.saturating_mul(each)
    }

    /// Where a path to a collection leads, and to how many.
    fn led(&self, path: &Path) -> (Option<Entity>, u64) {
        let Place { model, it, count, .. } = self.place;
        let entity = |set: SetId| (set, model.set(set).ty);
        let mut at = match path.from {
            Var::ROOT => None,
            Var::IT => it.map(entity),
            Var(number) => self.known.get(usize::from(number)).copied().flatten(),
        };
        // One that was chosen may lead to all there are.
        let mut is_chosen = false;
        let mut items = 1_u64;
        for step in &path.steps {
            at = match step {
                Step::Property(_) => None,
                Step::Cast(to) => at.map(|(set, _)| (set, *to)),
                Step::Find(find) => {
                    is_chosen = true;
                    Some(entity(find.lookup.set))
                }
                Step::Navigation(nav) => at.and_then(|(set, ty)| {
                    let navigation = model.structure(ty).navigations.get(usize::from(nav.0))?;
                    let there = model.target(navigation)?;
                    if let Relation::Children { .. } = navigation.relation {
                        let parents = if is_chosen { 1 } else { count(set).max(1) };
                        items = items.saturating_mul(count(there).div_ceil(parents));
                    }
                    Some(entity(there))
                }),
            };
        }
        (at, items)
    }
}
