//! Lists of values: `[1,2]`, and what stands after `in`.

use super::{
    expr::Scope,
    ty::{Ty, Typed},
};
use crate::{
    error::Error,
    model::Value,
    odata::ast::{Expr as Ast, InList},
    query::{Expr, ValueSet},
};

impl Scope<'_> {
    /// `[1,2]`: items of one type.
    pub(super) fn array(&mut self, items: &[Ast]) -> Result<Typed, Error> {
        let mut checked = Vec::with_capacity(items.len());
        let mut ty = Ty::Null;
        for item in items {
            let item = self.item(item)?;
            ty = self.common(&ty, &item.ty, "the items of a collection")?;
            checked.push(item.expr);
        }
        Ok(Typed::new(folded(checked), Ty::Collection(Box::new(ty))))
    }

    pub(super) fn is_in(&mut self, left: &Ast, list: &InList) -> Result<Typed, Error> {
        let needle = self.expr(left)?;
        let (needle, list) = match list {
            InList::Items(items) => self.in_items(needle, items)?,
            InList::Collection(written) => {
                let list = self.expr(written)?;
                let Ty::Collection(item) = &list.ty else {
                    let name = self.checker.type_name(&list.ty);
                    return Err(self.mismatch(format!("'in' takes a collection, not {name}")));
                };
                let item = (**item).clone();
                let needle = self.checker.fit(needle, &item, self.option)?;
                let list = self.fit_items(list, &needle.ty)?;
                let Ty::Collection(item) = &list.ty else { return Ok(needle) };
                self.common(&needle.ty, item, "both sides of 'in'")?;
                (needle, list.expr)
            }
        };
        let needle = Box::new(needle.expr);
        Ok(Typed::boolean(match constants(list) {
            Ok(values) => Expr::OneOf { needle, values: values.into() },
            Err(list) => Expr::In { needle, list: Box::new(list) },
        }))
    }

    /// An item of a list; the parser has counted the constants among them, once.
    fn item(&mut self, written: &Ast) -> Result<Typed, Error> {
        match written {
            Ast::Literal(literal) => {
                // `*` and `$levels` put options in often, too.
                if !self.open_aliases.is_empty() || self.checker.expanded.get() > 0 {
                    self.checker.count_item(self.option)?;
                }
                self.checker.literal(literal, self.option)
            }
            _ => self.expr(written),
        }
    }

    fn in_items(&mut self, mut needle: Typed, items: &[Ast]) -> Result<(Typed, Expr), Error> {
        let mut checked = Vec::with_capacity(items.len());
        for item in items {
            let item = self.item(item)?;
            needle = self.checker.fit(needle, &item.ty, self.option)?;
            let item = self.checker.fit(item, &needle.ty, self.option)?;
            self.common(&needle.ty, &item.ty, "both sides of 'in'")?;
            checked.push(item.expr);
        }
        Ok((needle, folded(checked)))
    }

    /// Constants of a list in the type they meet.
    pub(super) fn fit_items(&self, list: Typed, wanted: &Ty) -> Result<Typed, Error> {
        let (Expr::Literal(Value::List(items)), Ty::Collection(item)) = (&list.expr, &list.ty)
        else {
            return Ok(list);
        };
        let (mut fitted, mut ty) = (Vec::with_capacity(items.len()), Ty::Null);
        for value in items.iter() {
            let own = if value.is_null() { Ty::Null } else { (**item).clone() };
            let value = Typed::new(Expr::Literal(value.clone()), own);
            let value = self.checker.fit(value, wanted, self.option)?;
            ty = self.common(&ty, &value.ty, "the items of a collection")?;
            fitted.push(value.expr);
        }
        Ok(Typed::new(folded(fitted), Ty::Collection(Box::new(ty))))
    }
}

/// A list; one constant where its items are.
pub(super) fn folded(items: Vec<Expr>) -> Expr {
    if !items.iter().all(|item| matches!(item, Expr::Literal(_))) {
        return Expr::List(items);
    }
    let values = items.into_iter().filter_map(|item| match item {
        Expr::Literal(value) => Some(value),
        _ => None,
    });
    Expr::Literal(Value::List(values.collect()))
}

/// The items of a list that is nothing but constants.
fn constants(list: Expr) -> Result<ValueSet, Expr> {
    match list {
        Expr::Literal(Value::List(items)) => Ok(ValueSet::new(items.iter().cloned())),
        other => Err(other),
    }
}
