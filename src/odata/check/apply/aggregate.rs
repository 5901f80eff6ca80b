//! `aggregate`: methods, what they take and what they give.

use super::{
    super::{
        expr::Scope,
        not_implemented,
        ty::{Ty, Typed},
    },
    fields::{self, Field},
    flow::{Flow, Identity, Input},
};
use crate::{
    error::{Error, nearest},
    model::{Primitive, Type},
    odata::ast::{AggregateItem, Expr as Ast, Segment},
    query::{
        Expr, Step,
        apply::{Aggregate, Method, Number, Stage},
    },
};

/// The names of the methods.
const METHODS: [&str; 5] = ["sum", "min", "max", "average", "countdistinct"];

impl Flow<'_> {
    pub(super) fn aggregate(&mut self, items: &[AggregateItem]) -> Result<(), Error> {
        let (mut aggregates, mut own) = (Vec::with_capacity(items.len()), Vec::new());
        for item in items {
            let (aggregate, ty) = self.aggregated(item)?;
            aggregates.push(aggregate);
            let names = vec![item.alias.clone()];
            fields::push(&mut own, Field { names, ty, is_declared: false })?;
        }
        self.stages.push(Stage::Aggregate(aggregates));
        (self.input, self.identity) = (Input::Tuples(own), Identity::At(Vec::new()));
        (self.order, self.is_kept) = (Vec::new(), false);
        Ok(())
    }

    fn aggregated(&self, item: &AggregateItem) -> Result<(Aggregate, Type), Error> {
        let mut scope = self.scope("$apply");
        if let Ast::Path(path) = &item.expr
            && let [Segment::Count { .. }] = path.segments.as_slice()
        {
            let count = Aggregate { method: Method::Count, of: None };
            return Ok((count, Type::Primitive(Primitive::Int64)));
        }
        let typed = scope.expr(&item.expr)?;
        let Some(name) = &item.method else {
            let tally = Aggregate { method: Method::Tally, of: Some(typed.expr) };
            return Ok((tally, Type::Primitive(Primitive::Int64)));
        };
        let (method, typed) = method(&scope, name, typed)?;
        let ty = match method {
            Method::CountDistinct | Method::Count | Method::Tally | Method::Sum(Number::Whole) => {
                Primitive::Int64
            }
            Method::Average(Number::Whole | Number::Double) | Method::Sum(Number::Double) => {
                Primitive::Double
            }
            Method::Sum(Number::Decimal) | Method::Average(Number::Decimal) => Primitive::Decimal,
            Method::Sum(Number::Duration) | Method::Average(Number::Duration) => {
                Primitive::Duration
            }
            Method::Min | Method::Max => {
                let ty = self.value_type(&typed, &item.alias, "$apply")?;
                return Ok((Aggregate { method, of: Some(typed.expr) }, ty));
            }
        };
        Ok((Aggregate { method, of: Some(typed.expr) }, Type::Primitive(ty)))
    }
}

/// The method of that name for values of that type.
fn method(scope: &Scope<'_>, name: &str, typed: Typed) -> Result<(Method, Typed), Error> {
    let lower = name.to_ascii_lowercase();
    let method = match lower.as_str() {
        "sum" => Method::Sum(number(scope, &lower, &typed.ty)?),
        "average" => Method::Average(number(scope, &lower, &typed.ty)?),
        "min" | "max" => {
            let is_single = matches!(typed.ty, Ty::Primitive(_) | Ty::Enum(_) | Ty::Null);
            if !typed.ty.is_ordered() || !is_single {
                let ty = scope.checker.type_name(&typed.ty);
                return Err(scope.mismatch(format!("'{lower}' needs an order, {ty} has none")));
            }
            if lower == "min" { Method::Min } else { Method::Max }
        }
        "countdistinct" => {
            return distinct(scope, typed).map(|typed| (Method::CountDistinct, typed));
        }
        _ if name.contains('.') => {
            return not_implemented(&format!("the aggregation method '{name}'"));
        }
        _ => {
            let near = nearest(&lower, METHODS).map_or_else(
                || format!("; it is one of {}", METHODS.join(", ")),
                |near| format!("; did you mean '{near}'?"),
            );
            return Err(Error::InvalidOption {
                option: scope.option.to_owned(),
                reason: format!("there is no aggregation method '{name}'{near}"),
            });
        }
    };
    Ok((method, typed))
}

fn number(scope: &Scope<'_>, method: &str, ty: &Ty) -> Result<Number, Error> {
    match ty {
        Ty::Primitive(Primitive::Duration) => Ok(Number::Duration),
        Ty::Primitive(Primitive::Decimal) => Ok(Number::Decimal),
        Ty::Primitive(Primitive::Double | Primitive::Single) => Ok(Number::Double),
        _ if ty.is_integer() => Ok(Number::Whole),
        _ => {
            let ty = scope.checker.type_name(ty);
            let reason = format!("'{method}' takes numbers or durations, not {ty}");
            Err(scope.mismatch(reason))
        }
    }
}

/// A value to be told from others; an entity by its key.
fn distinct(scope: &Scope<'_>, mut typed: Typed) -> Result<Typed, Error> {
    match (&typed.ty, &mut typed.expr) {
        (Ty::Primitive(_) | Ty::Enum(_) | Ty::Null, _) => Ok(typed),
        (Ty::Entity(_, ty), Expr::Path(path)) => {
            let structure = scope.checker.model.structure(*ty);
            let [key] = structure.key.as_slice() else {
                return not_implemented(
                    "countdistinct of entities with a key of several properties",
                );
            };
            path.steps.push(Step::Property(*key));
            let ty = Ty::from(&structure.property_at(*key).ty);
            Ok(Typed { ty, ..typed })
        }
        (Ty::Complex(_) | Ty::Collection(_) | Ty::Entity(..), _) => {
            let ty = scope.checker.type_name(&typed.ty);
            Err(scope.mismatch(format!("'countdistinct' takes single values, not {ty}")))
        }
    }
}
