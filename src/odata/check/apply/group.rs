//! `groupby`: what groups have in common, and what is made of each.

use super::{
    super::ty::{Ty, Typed},
    fields::{self, Field},
    flow::{Flow, Identity, Input},
};
use crate::{
    error::Error,
    odata::ast::{Path as Written, Transformation},
    query::{Expr, Order, Path, Step, apply::Stage},
};

impl Flow<'_> {
    pub(super) fn group_by(
        &mut self,
        written: &[Written],
        then: &[Transformation],
    ) -> Result<(), Error> {
        let (mut keys, mut own) = (Vec::with_capacity(written.len()), Vec::new());
        for path in written {
            let (expr, field) = self.grouping(path)?;
            fields::push(&mut own, field).map_err(|error| match error {
                Error::InvalidOption { option, .. } => {
                    let reason =
                        format!("groupby names '{path}' twice, or both it and a part of it");
                    Error::InvalidOption { option, reason }
                }
                other => other,
            })?;
            keys.push(expr);
        }
        let inner = self.nested(then)?;
        if !then.is_empty() && inner.is_kept {
            let order = keys.iter().map(|key| Order { expr: key.clone(), descending: false });
            self.order = order.chain(inner.order).collect();
            self.identity = inner.identity;
            self.input = inner.input;
            self.stages.push(Stage::Group { keys, then: inner.stages, keeps: true });
            return Ok(());
        }
        let (count, mut identity) = (keys.len(), Identity::At((0..keys.len()).collect()));
        let mut stages = Vec::new();
        if !then.is_empty() {
            let Input::Tuples(made) = inner.input else { return Ok(()) };
            for field in made {
                fields::push(&mut own, field)?;
            }
            identity = match inner.identity {
                Identity::At(further) if inner.order.is_empty() => {
                    Identity::At((0..count).chain(further.iter().map(|at| at + count)).collect())
                }
                Identity::At(_) | Identity::Nothing | Identity::Key => Identity::Nothing,
            };
            stages = inner.stages;
        }
        self.stages.push(Stage::Group { keys, then: stages, keeps: false });
        (self.input, self.identity) = (Input::Tuples(own), identity);
        (self.order, self.is_kept) = (Vec::new(), false);
        Ok(())
    }

    /// A property to group by: its expression, and its name as declared.
    fn grouping(&self, written: &Written) -> Result<(Expr, Field), Error> {
        let mut scope = self.scope("$apply");
        let typed = scope.path(written)?;
        if let Ty::Entity(_, ty) = typed.ty {
            let key = self.checker.model.structure(ty).key.first();
            let key =
                key.map_or("Id", |key| self.checker.model.structure(ty).property_at(*key).name);
            return Err(scope.mismatch(format!(
                "'{written}' is an entity; group by a property of it, such as '{written}/{key}'"
            )));
        }
        let ty = self.value_type(&typed, &written.to_string(), "$apply")?;
        drop(scope);
        match &self.input {
            Input::Tuples(made) => {
                let known = fields::names(made).find(written).and_then(|at| made.get(at));
                let Some(Field { names, is_declared, .. }) = known else {
                    return super::super::not_implemented("a key in groupby");
                };
                Ok((typed.expr, Field { names: names.clone(), ty, is_declared: *is_declared }))
            }
            Input::Entities(known) => {
                let is_alone = |name: &str| written.to_string().eq_ignore_ascii_case(name);
                if let Some(known) = known.iter().find(|known| is_alone(&known.name)) {
                    let names = vec![known.name.clone()];
                    return Ok((typed.expr, Field { names, ty, is_declared: false }));
                }
                let names = self.declared_names(&typed)?;
                Ok((typed.expr, Field { names, ty, is_declared: true }))
            }
        }
    }

    /// The names of a path from the entity, as the model has them.
    fn declared_names(&self, typed: &Typed) -> Result<Vec<String>, Error> {
        let Expr::Path(Path { steps, .. }) = &typed.expr else { return Ok(Vec::new()) };
        let model = self.checker.model;
        let (mut at, mut names) = (self.of.1, Vec::with_capacity(steps.len()));
        for step in steps {
            let structure = model.structure(at);
            match step {
                Step::Property(prop) => {
                    let property = structure.property_at(*prop);
                    names.push(property.name.to_owned());
                    if let crate::model::Type::Complex(id) = property.ty {
                        at = id;
                    }
                }
                Step::Navigation(nav) => {
                    let navigation = structure.navigation_at(*nav);
                    names.push(navigation.name.to_owned());
                    at = model.target(navigation).map_or(at, |set| model.set(set).ty);
                }
                Step::Find(_) => return super::super::not_implemented("a key in groupby"),
                Step::Cast(_) => {
                    return super::super::not_implemented("a type cast in groupby");
                }
            }
        }
        Ok(names)
    }
}
