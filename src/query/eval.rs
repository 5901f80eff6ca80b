//! The reference evaluator: slow and obviously right. Any faster executor must agree with it.
//!
//! Logic is three-valued: null is "unknown". Source: OData 4.01 Part 2, 5.1.1.

use std::cmp::Ordering;

use super::{
    arithmetic, cast,
    compare::{compare, equal},
    expr::{BinaryOp, Collection, Expr, Path, Quantifier, Step, Var},
    functions,
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

const NOTHING: Binding = Binding::Value(Value::Null);

/// The value of `expr`; `bindings` holds what each variable stands for, the entity asked about first.
///
/// A path to an entity itself has no value and gives null.
///
/// # Errors
/// `InvalidOption` for a division by zero, a number out of range or a bad pattern; `Internal` if the
/// store cannot read a long text.
pub fn eval(expr: &Expr, ctx: &Context<'_>, bindings: &mut Vec<Binding>) -> Result<Value, Error> {
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::List(items) => Ok(Value::List(eval_all(items, ctx, bindings)?.into())),
        Expr::Path(path) => Ok(match walk(path, ctx, bindings)? {
            Binding::Value(value) => value,
            Binding::Row(_) => Value::Null,
        }),
        Expr::Exists(path) => Ok(Value::Bool(walk(path, ctx, bindings)? != NOTHING)),
        Expr::Not(operand) => Ok(not(&eval(operand, ctx, bindings)?)),
        Expr::Negate(operand) => arithmetic::negate(&eval(operand, ctx, bindings)?),
        Expr::And(terms) => connect(terms, false, ctx, bindings),
        Expr::Or(terms) => connect(terms, true, ctx, bindings),
        Expr::Binary { op, left, right } => {
            let (left, right) = (eval(left, ctx, bindings)?, eval(right, ctx, bindings)?);
            binary(*op, &left, &right)
        }
        Expr::In { needle, list } => {
            let needle = eval(needle, ctx, bindings)?;
            let list = eval(list, ctx, bindings)?;
            Ok(Value::Bool(list.items().iter().any(|item| equal(&needle, item))))
        }
        Expr::Call { function, args } => {
            functions::call(*function, &eval_all(args, ctx, bindings)?, ctx)
        }
        Expr::Cast { value, to } => {
            let enumeration = enum_type(value, ctx, bindings)?;
            let value = eval(value, ctx, bindings)?;
            Ok(cast::cast(&value, to, enumeration, ctx.model()))
        }
        Expr::IsOf { value, of } => Ok(cast::is_of(&eval(value, ctx, bindings)?, of, ctx.model())),
        Expr::IsEntityOf { path, of } => Ok(match type_of(&walk(path, ctx, bindings)?) {
            Some(own) => Value::Bool(ctx.model().is_a(own, *of)),
            None => Value::Null,
        }),
        Expr::Case(pairs) => {
            for (condition, value) in pairs {
                if eval(condition, ctx, bindings)?.is_true() {
                    return eval(value, ctx, bindings);
                }
            }
            Ok(Value::Null)
        }
        Expr::Quantified { quantifier, over, var, predicate } => {
            quantified(*quantifier, over, *var, predicate.as_deref(), ctx, bindings)
        }
        Expr::Count(over) => {
            let count = items(over, ctx, bindings)?.len();
            Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        }
    }
}

/// Whether a row counts: there is no filter, or it is true of the row.
///
/// # Errors
/// As [`eval`].
pub fn matches(filter: Option<&Expr>, row: &Row, ctx: &Context<'_>) -> Result<bool, Error> {
    match filter {
        None => Ok(true),
        Some(filter) => of_row(filter, row, ctx).map(|value| value.is_true()),
    }
}

/// The value of `expr` where the only variable is `row`.
///
/// # Errors
/// As [`eval`].
pub fn of_row(expr: &Expr, row: &Row, ctx: &Context<'_>) -> Result<Value, Error> {
    eval(expr, ctx, &mut vec![Binding::Row(row.clone())])
}

fn eval_all(
    exprs: &[Expr],
    ctx: &Context<'_>,
    bindings: &mut Vec<Binding>,
) -> Result<Vec<Value>, Error> {
    exprs.iter().map(|expr| eval(expr, ctx, bindings)).collect()
}

/// `not`; null stays null.
fn not(operand: &Value) -> Value {
    match operand {
        Value::Bool(flag) => Value::Bool(!flag),
        _ => Value::Null,
    }
}

/// `or` where `decisive` is true, `and` where it is false: one decisive term decides and ends the
/// walk; else one unknown term makes the whole unknown.
fn connect(
    terms: &[Expr],
    decisive: bool,
    ctx: &Context<'_>,
    bindings: &mut Vec<Binding>,
) -> Result<Value, Error> {
    let mut is_unknown = false;
    for term in terms {
        match eval(term, ctx, bindings)? {
            Value::Bool(flag) if flag == decisive => return Ok(Value::Bool(decisive)),
            Value::Bool(_) => {}
            _ => is_unknown = true,
        }
    }
    Ok(if is_unknown { Value::Null } else { Value::Bool(!decisive) })
}

fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Error> {
    let ordered = |test: fn(Ordering) -> bool| Ok(compare(left, right).is_some_and(test).into());
    match op {
        BinaryOp::Eq => Ok(equal(left, right).into()),
        BinaryOp::Ne => Ok((!equal(left, right)).into()),
        BinaryOp::Gt => ordered(Ordering::is_gt),
        BinaryOp::Ge => ordered(Ordering::is_ge),
        BinaryOp::Lt => ordered(Ordering::is_lt),
        BinaryOp::Le => ordered(Ordering::is_le),
        BinaryOp::Has => Ok(match (left, right) {
            (Value::Enum(all), Value::Enum(some)) => (all & some == *some).into(),
            _ => Value::Null,
        }),
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::DivBy
        | BinaryOp::Mod => arithmetic::calculate(op, left, right),
    }
}

/// `any` and `all` know no third value: an unknown predicate is not a true one.
/// Source: OData 4.01 Part 2, 5.1.1.13.
fn quantified(
    quantifier: Quantifier,
    over: &Collection,
    var: Var,
    predicate: Option<&Expr>,
    ctx: &Context<'_>,
    bindings: &mut Vec<Binding>,
) -> Result<Value, Error> {
    let decisive = quantifier == Quantifier::Any;
    for item in items(over, ctx, bindings)? {
        let holds = match predicate {
            None => true,
            Some(predicate) => with(var, item, bindings, |bindings| {
                eval(predicate, ctx, bindings).map(|value| value.is_true())
            })?,
        };
        if holds == decisive {
            return Ok(Value::Bool(decisive));
        }
    }
    Ok(Value::Bool(!decisive))
}

/// The items of a collection that count; none behind a step that is null.
///
/// # Errors
/// As [`eval`].
pub fn items(
    over: &Collection,
    ctx: &Context<'_>,
    bindings: &mut Vec<Binding>,
) -> Result<Vec<Binding>, Error> {
    let mut kept = Vec::new();
    for item in all_items(&over.path, ctx, bindings)? {
        let counts = match &over.filter {
            None => true,
            Some(filter) => with(over.var, item.clone(), bindings, |bindings| {
                eval(filter, ctx, bindings).map(|value| value.is_true())
            })?,
        };
        if counts {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn all_items(path: &Path, ctx: &Context<'_>, bindings: &[Binding]) -> Result<Vec<Binding>, Error> {
    // Casts behind the step that leads to many items choose among them.
    let is_cast = |step: &&Step| matches!(step, Step::Cast(_));
    let casts = path.steps.iter().rev().take_while(is_cast).count();
    let (steps, casts) = path.steps.split_at(path.steps.len() - casts);
    let mut found = match (
        steps,
        walk_steps(path.from, steps.split_last().map_or(&[], |s| s.1), ctx, bindings)?,
    ) {
        ([.., Step::Navigation(nav)], Binding::Row(row)) => {
            resolve::related(ctx, &row, *nav).into_iter().map(Binding::Row).collect()
        }
        ([.., last], from) => values_of(step(from, *last, ctx)?),
        ([], from) => values_of(from),
    };
    for cast in casts {
        let mut kept = Vec::new();
        for item in found {
            let item = step(item, *cast, ctx)?;
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

/// Runs `body` while `var` stands for `item`.
fn with<T>(
    var: Var,
    item: Binding,
    bindings: &mut Vec<Binding>,
    body: impl FnOnce(&mut Vec<Binding>) -> T,
) -> T {
    let (at, length) = (usize::from(var.0), bindings.len());
    bindings.resize(length.max(at + 1), NOTHING);
    let hidden = std::mem::replace(&mut bindings[at], item);
    let result = body(bindings);
    bindings[at] = hidden;
    bindings.truncate(length);
    result
}

/// Where a path leads; nothing where a step on the way is null.
fn walk(path: &Path, ctx: &Context<'_>, bindings: &[Binding]) -> Result<Binding, Error> {
    walk_steps(path.from, &path.steps, ctx, bindings)
}

fn walk_steps(
    from: Var,
    steps: &[Step],
    ctx: &Context<'_>,
    bindings: &[Binding],
) -> Result<Binding, Error> {
    let start = bindings.get(usize::from(from.0)).cloned().unwrap_or(NOTHING);
    steps.iter().try_fold(start, |at, next| step(at, *next, ctx))
}

fn step(at: Binding, step: Step, ctx: &Context<'_>) -> Result<Binding, Error> {
    Ok(match (step, at) {
        (Step::Property(prop), Binding::Row(row)) => {
            Binding::Value(resolve::value(ctx, &row, prop)?)
        }
        (Step::Property(prop), Binding::Value(Value::Complex(complex))) => {
            let value = complex.values.get(usize::from(prop.0));
            Binding::Value(value.cloned().unwrap_or(Value::Null))
        }
        (Step::Navigation(nav), Binding::Row(row)) => {
            resolve::one(ctx, &row, nav).map_or(NOTHING, Binding::Row)
        }
        (Step::Cast(to), at) => match type_of(&at) {
            Some(own) if ctx.model().is_a(own, to) => at,
            Some(_) | None => NOTHING,
        },
        (Step::Property(_) | Step::Navigation(_), _) => NOTHING,
    })
}

fn type_of(binding: &Binding) -> Option<StructId> {
    match binding {
        Binding::Row(row) => Some(row.type_id),
        Binding::Value(Value::Complex(complex)) => Some(complex.type_id),
        Binding::Value(_) => None,
    }
}

/// The enumeration type of a property path: a value alone knows only its number.
fn enum_type(
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
