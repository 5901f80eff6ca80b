//! Complex values written out: `{"Width":1.5}`, which have the type of what they are compared with.
//!
//! Source: OData 4.01 Part 2, 5.1.1.1.1 and 5.1.1.14.5.

use std::sync::Arc;

use super::{
    expr::Scope,
    lists::folded,
    not_implemented,
    ty::{Ty, Typed},
};
use crate::{
    error::Error,
    model::{Complex, StructId, Type, Value},
    odata::ast::{BinaryOp, Expr as Ast, Literal},
    query::Expr,
};

impl Scope<'_> {
    /// An operator between operands of which one is written out, in the type of the other.
    pub(super) fn structures(
        &mut self,
        op: BinaryOp,
        left: &Ast,
        right: &Ast,
    ) -> Result<Typed, Error> {
        let (left, right) = if self.is_structured(left) {
            let right = self.expr(right)?;
            (self.structured(left, &right.ty)?, right)
        } else {
            let left = self.expr(left)?;
            let right = self.structured(right, &left.ty)?;
            (left, right)
        };
        self.binary(op, left, right)
    }

    /// Whether a value has no type of its own: a complex one, or a collection of such.
    pub(super) fn is_structured(&self, written: &Ast) -> bool {
        match written {
            Ast::Object(_) => true,
            Ast::Array(items) => items.iter().any(|item| matches!(item, Ast::Object(_))),
            // What an alias stands for is not looked through twice.
            Ast::Alias(name) => match self.aliases.get(name) {
                Some(value @ (Ast::Object(_) | Ast::Array(_))) => self.is_structured(value),
                Some(_) | None => false,
            },
            _ => false,
        }
    }

    /// An expression; a complex value written out in the type `wanted`.
    fn structured(&mut self, written: &Ast, wanted: &Ty) -> Result<Typed, Error> {
        if !self.is_structured(written) {
            return self.expr(written);
        }
        self.checker.count_node(self.option)?;
        match (written, wanted) {
            (Ast::Alias(name), _) => match self.aliases.get(name) {
                Some(value) => self.within_alias(name, |scope| scope.structured(value, wanted)),
                None => self.expr(written),
            },
            (Ast::Object(members), Ty::Complex(id)) => self.complex(members, *id),
            (Ast::Array(items), Ty::Collection(item)) => {
                let items = items.iter().map(|written| {
                    let value = self.structured(written, item)?;
                    self.common(&value.ty, item, "the items of a collection")?;
                    Ok(value.expr)
                });
                let items = items.collect::<Result<_, Error>>()?;
                Ok(Typed::new(folded(items), wanted.clone()))
            }
            (_, Ty::Null) => not_implemented("a complex value beside one without a type"),
            (_, other) => {
                let name = self.checker.type_name(other);
                Err(self.mismatch(format!("a complex value is not compared with {name}")))
            }
        }
    }

    fn complex(&mut self, members: &[(String, Ast)], declared: StructId) -> Result<Typed, Error> {
        let id = self.named_type(members, declared)?;
        let structure = self.checker.model.structure(id);
        let empty = |ty: &Type| match ty {
            Type::Collection(_) => Value::List([].into()),
            Type::Primitive(_) | Type::Enum(_) | Type::Complex(_) => Value::Null,
        };
        let mut values: Vec<Value> =
            structure.properties.iter().map(|property| empty(&property.ty)).collect();
        let mut seen = Vec::new();
        for (name, written) in members.iter().filter(|(name, _)| !name.contains('@')) {
            let prop = self.checker.find_property(structure, name);
            let prop = prop.ok_or_else(|| self.checker.unknown(structure, name, self.option))?;
            if seen.contains(&prop) {
                return Err(self.mismatch(format!("'{name}' is given more than once")));
            }
            seen.push(prop);
            let wanted = Ty::from(&structure.property_at(prop).ty);
            let value = self.structured(written, &wanted)?;
            let value = self.checker.fit(value, &wanted, self.option)?;
            self.common(&value.ty, &wanted, "a property and its value")?;
            let Expr::Literal(value) = value.expr else {
                return not_implemented("an expression within a complex value");
            };
            values[usize::from(prop.0)] = value;
        }
        let complex = Value::Complex(Arc::new(Complex { type_id: id, values }));
        Ok(Typed::new(Expr::Literal(complex), Ty::Complex(declared)))
    }

    /// The type a value says it has, or the one it is declared to be.
    fn named_type(&self, members: &[(String, Ast)], declared: StructId) -> Result<StructId, Error> {
        let is_type = |name: &str| matches!(name, "@odata.type" | "@type");
        let Some((_, written)) = members.iter().find(|(name, _)| is_type(name)) else {
            return Ok(declared);
        };
        let Ast::Literal(Literal::String(name)) = written else {
            return Err(self.mismatch("a type is named in quotes".to_owned()));
        };
        let name = name.rsplit_once('#').map_or(&**name, |(_, name)| name);
        self.checker.cast_target(declared, name).ok_or_else(|| {
            self.mismatch(format!("'{name}' is no type derived from the one that is compared with"))
        })
    }
}
