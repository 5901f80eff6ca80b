//! What random paths lead along: from a variable, or from an entity that is found by its key.

use super::{
    exprs::{Bound, Maker},
    reach::{Place, Reach, Way},
};
use crate::{
    model::{Relation, StructId},
    query::{Find, Step, Var},
};

impl Maker<'_> {
    /// One of what variables reach, mostly from the innermost one and by short paths.
    pub(super) fn among<T: Clone + Stepped>(
        &mut self,
        of: impl Fn(&Reach) -> &Vec<T>,
    ) -> Option<(Var, T)> {
        let last = self.scope.len() - 1;
        let at = if self.dice.once_in(4) { self.dice.below(last + 1) } else { last };
        let start = match (self.it, &self.scope[at]) {
            (Some(ty), _) if self.dice.once_in(8) => Some((Var::IT, ty)),
            (_, Bound::Of(ty)) => Some((Var(u8::try_from(at).unwrap()), *ty)),
            // Nothing leads on from a plain value; there is an entity by its key all the same.
            (_, Bound::Item(_)) => None,
        };
        let (from, ty, before) = if let Some((from, ty)) = start {
            match self.found(from, ty) {
                Some((from, ty, step)) => (from, ty, Some(step)),
                None => (from, ty, None),
            }
        } else {
            let (from, ty, step) = self.rooted().filter(|_| self.dice.once_in(4))?;
            (from, ty, Some(step))
        };
        let all = of(&self.reaches[&ty]);
        let short: Vec<&T> = all.iter().filter(|one| one.steps().len() == 1).collect();
        let is_short = !short.is_empty() && !self.dice.once_in(3);
        let found = if is_short {
            (*self.dice.pick(&short)).clone()
        } else {
            self.dice.pick(all.get(..1).and(Some(all))?).clone()
        };
        Some((from, before.into_iter().fold(found, Stepped::behind)))
    }

    /// Now and then, a step to an entity that is found by its key: any, or one that `ty` leads to.
    fn found(&mut self, from: Var, ty: StructId) -> Option<(Var, StructId, Step)> {
        if !self.dice.once_in(10) || self.finds.is_empty() {
            return None;
        }
        let ty_of = |find: &Find| self.model.set(find.lookup.set).ty;
        if self.dice.once_in(2) {
            return self.rooted();
        }
        let structure = self.model.structure(ty);
        let many =
            structure.navs().filter(|(_, nav)| matches!(nav.relation, Relation::Children { .. }));
        let many: Vec<Find> = many
            .flat_map(|(nav, navigation)| {
                let target = self.model.target(navigation);
                let there = self.finds.iter().filter(move |find| Some(find.lookup.set) == target);
                there.map(move |find| Find { navigation: Some(nav), ..find.clone() })
            })
            .collect();
        let find = self.dice.pick(many.get(..1).and(Some(&many))?).clone();
        Some((from, ty_of(&find), Step::Find(find.into())))
    }

    /// Any entity by its key, whatever this is about.
    fn rooted(&mut self) -> Option<(Var, StructId, Step)> {
        let find = self.dice.pick(self.finds.get(..1).and(Some(self.finds))?).clone();
        Some((Var::ROOT, self.model.set(find.lookup.set).ty, Step::Find(find.into())))
    }
}

/// What has steps.
pub(super) trait Stepped {
    fn steps(&self) -> &[Step];

    /// The same behind one more step.
    fn behind(self, first: Step) -> Self;
}

impl Stepped for Place {
    fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn behind(mut self, first: Step) -> Self {
        self.steps.insert(0, first);
        self
    }
}

impl Stepped for Way {
    fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn behind(mut self, first: Step) -> Self {
        self.steps.insert(0, first);
        self
    }
}
