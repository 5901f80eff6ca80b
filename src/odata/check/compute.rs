//! `$compute`: expressions under a name, put in wherever the name is used.
//!
//! Source: OData 4.01 Part 1, 11.2.5.3; Part 2, 5.1.3.

use super::{
    Aliases, Checker,
    expr::Scope,
    not_implemented,
    ty::{Ty, Typed},
};
use crate::{
    error::Error,
    model::{Primitive, SetId, StructId, Type},
    odata::ast::ComputeItem,
    query::Computed,
};

/// What errors call the place.
const COMPUTE: &str = "$compute";

/// A computed property.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) typed: Typed,
    /// What it adds to the size of an expression it is put in, and to the depth.
    pub(super) nodes: usize,
    pub(super) depth: usize,
    /// As it is written.
    ty: Type,
}

impl Known {
    /// The property as a shape has it.
    pub(super) fn computed(&self) -> Computed {
        let (name, expr) = (self.name.clone(), self.typed.expr.clone());
        Computed { name, ty: self.ty.clone(), expr }
    }
}

impl Checker<'_> {
    /// The computed properties of an entity, each knowing those before it.
    pub(super) fn computed(
        &self,
        of: (SetId, StructId),
        items: &[ComputeItem],
        aliases: &Aliases,
    ) -> Result<Vec<Known>, Error> {
        self.computed_after(Vec::new(), of, items, aliases)
    }

    /// The same after some that are known.
    pub(super) fn computed_after(
        &self,
        mut known: Vec<Known>,
        of: (SetId, StructId),
        items: &[ComputeItem],
        aliases: &Aliases,
    ) -> Result<Vec<Known>, Error> {
        for ComputeItem { expr, alias } in items {
            self.is_free(of.1, alias, &known)?;
            let before = self.nodes.get();
            let mut scope = Scope::new(self, of, COMPUTE, aliases).knowing(&known);
            let typed = scope.expr(expr)?;
            let ty = written_type(&scope, &typed.ty)?;
            let (depth, nodes) = (scope.deepest, self.nodes.get() - before);
            known.push(Known { name: alias.clone(), typed, nodes, depth, ty });
        }
        Ok(known)
    }

    /// Refuses a name that the entity, or one of a derived type, has already. Letter case is no
    /// difference: some readers of JSON know none.
    fn is_free(&self, ty: StructId, name: &str, known: &[Known]) -> Result<(), Error> {
        let taken = |reason: String| Error::InvalidOption { option: COMPUTE.to_owned(), reason };
        if known.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
            return Err(taken(format!("it names '{name}' twice")));
        }
        for id in (0u16..).map(StructId).take(self.model.structs.len()) {
            let structure = self.model.structure(id);
            let is_known = || {
                self.find_property(structure, name).is_some()
                    || self.find_navigation(structure, name).is_some()
            };
            if self.model.is_a(id, ty) && is_known() {
                let owner = structure.name;
                return Err(taken(format!(
                    "'{owner}' has a property '{name}'; choose another name"
                )));
            }
        }
        Ok(())
    }
}

/// The type values are written with.
pub(super) fn written_type(scope: &Scope<'_>, ty: &Ty) -> Result<Type, Error> {
    match ty {
        Ty::Null => Ok(Type::Primitive(Primitive::String)),
        Ty::Primitive(primitive) => Ok(Type::Primitive(*primitive)),
        Ty::Enum(id) => Ok(Type::Enum(*id)),
        Ty::Collection(item) => match &**item {
            Ty::Collection(_) => not_implemented("a collection of collections in $compute"),
            item => Ok(Type::Collection(Box::new(written_type(scope, item)?))),
        },
        Ty::Complex(_) => not_implemented("a complex value in $compute"),
        Ty::Entity(..) => {
            let reason =
                "a computed property is a value, not an entity; name one of its properties";
            Err(scope.mismatch(reason.to_owned()))
        }
    }
}
