//! Walks over expressions: their parts, their paths, and copies with some of these replaced.

use std::sync::Arc;

use crate::query::{Collection, Expr, Path, Var};

/// The expressions right below this one, in the order they are written.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
    expr.parts()
}

/// The path this expression itself follows.
pub(super) fn path(expr: &Expr) -> Option<&Path> {
    match expr {
        Expr::Path(path) | Expr::Exists(path) | Expr::IsEntityOf { path, .. } => Some(path),
        Expr::Quantified { over, .. } | Expr::Count(over) => Some(&over.path),
        Expr::Literal(_)
        | Expr::List(_)
        | Expr::Not(_)
        | Expr::Negate(_)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Binary { .. }
        | Expr::In { .. }
        | Expr::OneOf { .. }
        | Expr::Call { .. }
        | Expr::Cast { .. }
        | Expr::IsOf { .. }
        | Expr::Case(_) => None,
    }
}

/// Whether `test` holds of the expression or of any part of it.
pub(super) fn any(expr: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    test(expr) || parts(expr).into_iter().any(|part| any(part, test))
}

/// Whether it asks anything of the entities that one entity leads to which is found by its key: the same
/// ones for all rows, and perhaps many.
pub(super) fn asks_behind_found(expr: &Expr) -> bool {
    any(expr, &|part| collection_of(part).is_some_and(|over| over.path.from == Var::ROOT))
}

/// The collection this expression itself asks.
pub(super) fn collection_of(expr: &Expr) -> Option<&Collection> {
    match expr {
        Expr::Quantified { over, .. } | Expr::Count(over) => Some(over),
        _ => None,
    }
}

/// What replaces what in a copy.
pub(super) trait Rewrite {
    /// What stands in the place of this expression; nothing where its parts are gone through.
    fn expr(&mut self, _: &Expr) -> Option<Expr> {
        None
    }

    /// What stands in the place of this path; nothing where there is no such copy at all.
    fn path(&mut self, path: &Path) -> Option<Path> {
        Some(path.clone())
    }
}

/// A copy with replacements; none where a path has none.
pub(super) fn rewritten(expr: &Expr, by: &mut dyn Rewrite) -> Option<Expr> {
    if let Some(other) = by.expr(expr) {
        return Some(other);
    }
    Some(match expr {
        Expr::Literal(value) => Expr::Literal(value.clone()),
        Expr::Path(path) => Expr::Path(by.path(path)?),
        Expr::Exists(path) => Expr::Exists(by.path(path)?),
        Expr::IsEntityOf { path, of } => Expr::IsEntityOf { path: by.path(path)?, of: *of },
        Expr::List(items) => Expr::List(all(items, by)?),
        Expr::And(items) => Expr::And(all(items, by)?),
        Expr::Or(items) => Expr::Or(all(items, by)?),
        Expr::Call { function, args } => Expr::Call { function: *function, args: all(args, by)? },
        Expr::Not(only) => Expr::Not(boxed(only, by)?),
        Expr::Negate(only) => Expr::Negate(boxed(only, by)?),
        Expr::Cast { value, to } => Expr::Cast { value: boxed(value, by)?, to: to.clone() },
        Expr::IsOf { value, of } => Expr::IsOf { value: boxed(value, by)?, of: of.clone() },
        Expr::Binary { op, left, right } => {
            Expr::Binary { op: *op, left: boxed(left, by)?, right: boxed(right, by)? }
        }
        Expr::In { needle, list } => {
            Expr::In { needle: boxed(needle, by)?, list: boxed(list, by)? }
        }
        Expr::OneOf { needle, values } => {
            Expr::OneOf { needle: boxed(needle, by)?, values: Arc::clone(values) }
        }
        Expr::Case(pairs) => {
            let mut pair =
                |(when, then): &(Expr, Expr)| Some((rewritten(when, by)?, rewritten(then, by)?));
            Expr::Case(pairs.iter().map(&mut pair).collect::<Option<_>>()?)
        }
        Expr::Quantified { quantifier, over, var, predicate } => Expr::Quantified {
            quantifier: *quantifier,
            over: collection(over, by)?,
            var: *var,
            predicate: match predicate {
                Some(predicate) => Some(boxed(predicate, by)?),
                None => None,
            },
        },
        Expr::Count(over) => Expr::Count(collection(over, by)?),
    })
}

fn all(exprs: &[Expr], by: &mut dyn Rewrite) -> Option<Vec<Expr>> {
    exprs.iter().map(|expr| rewritten(expr, by)).collect()
}

fn boxed(expr: &Expr, by: &mut dyn Rewrite) -> Option<Box<Expr>> {
    rewritten(expr, by).map(Box::new)
}

fn collection(over: &Collection, by: &mut dyn Rewrite) -> Option<Collection> {
    let filter = match &over.filter {
        Some(filter) => Some(boxed(filter, by)?),
        None => None,
    };
    let path = by.path(&over.path)?;
    Some(Collection { path, var: over.var, filter, search: over.search.clone() })
}
