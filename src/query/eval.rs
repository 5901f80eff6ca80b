//! The reference evaluator: slow and obviously right. Any faster executor must agree with it.
//!
//! Logic is three-valued: null is "unknown". Source: OData 4.01 Part 2, 5.1.1.

use std::cmp::Ordering;

pub use super::walk::Binding;
use super::{
    arithmetic, cast,
    compare::{compare, equal},
    expr::{BinaryOp, Collection, Expr, Function, Path, Quantifier, Var},
    functions,
    plan::Computed,
    resolve::Context,
    walk::{self, NOTHING},
};
use crate::{
    error::Error,
    model::{Row, StructId, Type, Value},
};

/// The value of `expr`; `bindings` holds what each variable stands for, the entity asked about first.
///
/// A path to an entity itself has no value and gives null.
///
/// # Errors
/// `InvalidOption` for a division by zero, a number out of range or a bad pattern; `Internal` if the
/// store cannot read a long text.
pub fn eval(expr: &Expr, ctx: &Context<'_>, bindings: &mut Vec<Binding>) -> Result<Value, Error> {
    Run { ctx, bindings }.eval(expr)
}

/// Whether a row counts: there is no filter, or it is true of the row.
///
/// # Errors
/// As [`eval`].
pub fn matches(filter: Option<&Expr>, row: &Row, ctx: &Context<'_>) -> Result<bool, Error> {
    filter.map_or(Ok(true), |filter| of_row(filter, row, ctx).map(|value| value.is_true()))
}

/// The value of `expr` where the only variable is `row`.
///
/// # Errors
/// As [`eval`].
pub fn of_row(expr: &Expr, row: &Row, ctx: &Context<'_>) -> Result<Value, Error> {
    eval(expr, ctx, &mut vec![Binding::Row(row.clone())])
}

/// A property of `$compute` of a row.
///
/// # Errors
/// As [`eval`], told of `$compute`.
pub fn computed(of: &Computed, row: &Row, ctx: &Context<'_>) -> Result<Value, Error> {
    of_row(&of.expr, row, ctx).map_err(|error| match error {
        Error::InvalidOption { reason, .. } => {
            Error::InvalidOption { option: "$compute".into(), reason }
        }
        other => other,
    })
}

/// One evaluation under way.
struct Run<'a> {
    ctx: &'a Context<'a>,
    bindings: &'a mut Vec<Binding>,
}

impl Run<'_> {
    /// Only tells which: what an arm holds would be held at every level of a deep expression.
    fn eval(&mut self, expr: &Expr) -> Result<Value, Error> {
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::List(items) => self.all(items).map(|items| Value::List(items.into())),
            Expr::Path(path) => self.path(path),
            Expr::Exists(path) => self.exists(path),
            Expr::Not(operand) => self.eval(operand).map(|value| not(&value)),
            Expr::Negate(operand) => self.negate(operand),
            Expr::And(terms) => self.connect(terms, false),
            Expr::Or(terms) => self.connect(terms, true),
            Expr::Binary { op, left, right } => self.binary(*op, left, right),
            Expr::OneOf { needle, values } => {
                self.eval(needle).map(|needle| values.contains(&needle).into())
            }
            Expr::In { needle, list } => self.is_in(needle, list),
            Expr::Call { function, args } => self.call(*function, args),
            Expr::Cast { value, to } => self.cast(value, to),
            Expr::IsOf { value, of } => self.is_of(value, of),
            Expr::IsEntityOf { path, of } => self.is_entity_of(path, *of),
            Expr::Case(pairs) => self.case(pairs),
            Expr::Quantified { quantifier, over, var, predicate } => {
                self.quantified(*quantifier, over, *var, predicate.as_deref())
            }
            Expr::Count(over) => self.count(over),
        }
    }

    fn path(&self, path: &Path) -> Result<Value, Error> {
        Ok(match walk::walk(path, self.ctx, self.bindings)? {
            Binding::Value(value) => value,
            Binding::Row(_) => Value::Null,
        })
    }

    fn exists(&self, path: &Path) -> Result<Value, Error> {
        Ok((walk::walk(path, self.ctx, self.bindings)? != NOTHING).into())
    }

    fn negate(&mut self, operand: &Expr) -> Result<Value, Error> {
        arithmetic::negate(&self.eval(operand)?)
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<Value, Error> {
        binary(op, &self.eval(left)?, &self.eval(right)?)
    }

    fn is_in(&mut self, needle: &Expr, list: &Expr) -> Result<Value, Error> {
        let (needle, list) = (self.eval(needle)?, self.eval(list)?);
        Ok(list.items().iter().any(|item| equal(&needle, item)).into())
    }

    fn call(&mut self, function: Function, args: &[Expr]) -> Result<Value, Error> {
        functions::call(function, &self.all(args)?, self.ctx)
    }

    fn cast(&mut self, value: &Expr, to: &Type) -> Result<Value, Error> {
        let from = walk::enum_type(value, self.ctx, self.bindings)?;
        Ok(cast::cast(&self.eval(value)?, to, from, self.ctx.model()))
    }

    fn is_of(&mut self, value: &Expr, of: &Type) -> Result<Value, Error> {
        Ok(cast::is_of(&self.eval(value)?, of, self.ctx.model()))
    }

    fn is_entity_of(&self, path: &Path, of: StructId) -> Result<Value, Error> {
        let own = walk::type_of(&walk::walk(path, self.ctx, self.bindings)?);
        Ok(own.map(|own| self.ctx.model().is_a(own, of)).into())
    }

    fn count(&mut self, over: &Collection) -> Result<Value, Error> {
        let count = self.items(over)?.len();
        Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Value>, Error> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    /// `or` where `decisive` is true, `and` where it is false: one decisive term decides and ends
    /// the walk; else one unknown term makes the whole unknown.
    fn connect(&mut self, terms: &[Expr], decisive: bool) -> Result<Value, Error> {
        let mut is_unknown = false;
        for term in terms {
            match self.eval(term)? {
                Value::Bool(flag) if flag == decisive => return Ok(Value::Bool(decisive)),
                Value::Bool(_) => {}
                _ => is_unknown = true,
            }
        }
        Ok(if is_unknown { Value::Null } else { Value::Bool(!decisive) })
    }

    fn case(&mut self, pairs: &[(Expr, Expr)]) -> Result<Value, Error> {
        for (condition, value) in pairs {
            if self.eval(condition)?.is_true() {
                return self.eval(value);
            }
        }
        Ok(Value::Null)
    }

    /// `any` and `all` know no third value: an unknown predicate is not a true one.
    /// Source: OData 4.01 Part 2, 5.1.1.13.
    fn quantified(
        &mut self,
        quantifier: Quantifier,
        over: &Collection,
        var: Var,
        predicate: Option<&Expr>,
    ) -> Result<Value, Error> {
        let decisive = quantifier == Quantifier::Any;
        for item in self.items(over)? {
            let holds = match predicate {
                None => true,
                Some(predicate) => self.is_true_of(item, var, predicate)?,
            };
            if holds == decisive {
                return Ok(Value::Bool(decisive));
            }
        }
        Ok(Value::Bool(!decisive))
    }

    /// The items of a collection that count.
    fn items(&mut self, over: &Collection) -> Result<Vec<Binding>, Error> {
        self.ctx.in_time()?;
        let mut items = walk::items(&over.path, self.ctx, self.bindings)?;
        if let Some(filter) = &over.filter {
            let mut kept = Vec::new();
            for item in items {
                if self.is_true_of(item.clone(), over.var, filter)? {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if let Some(search) = &over.search {
            let mut found = Vec::new();
            for item in items {
                self.ctx.in_time()?;
                if let Binding::Row(row) = &item
                    && search.finds(row, self.ctx)?
                {
                    found.push(item);
                }
            }
            items = found;
        }
        Ok(items)
    }

    /// Whether `predicate` is true while `var` stands for `item`.
    fn is_true_of(&mut self, item: Binding, var: Var, predicate: &Expr) -> Result<bool, Error> {
        self.ctx.in_time()?;
        let (at, length) = (usize::from(var.0), self.bindings.len());
        self.bindings.resize(length.max(at + 1), NOTHING);
        let hidden = std::mem::replace(&mut self.bindings[at], item);
        let result = self.eval(predicate);
        self.bindings[at] = hidden;
        self.bindings.truncate(length);
        result.map(|value| value.is_true())
    }
}

/// `not`; null stays null.
fn not(operand: &Value) -> Value {
    if let Value::Bool(flag) = operand { Value::Bool(!flag) } else { Value::Null }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Key, Primitive},
        query::{
            ValueSet,
            fixture::{
                BIG_THING, COLOURS, SITE, THING, THINGS, binary as op, context, lit, path,
                path_from, prop, show, source,
            },
        },
    };

    /// `expr` of the thing with that id.
    #[track_caller]
    fn check_of(id: i64, expr: &Expr, want: &str) {
        let source = source();
        let ctx = context(&source);
        let row = crate::query::Source::row(&source, THINGS, &Key::Int(id)).unwrap();
        assert_eq!(show(&of_row(expr, &row, &ctx)), want, "{expr:?}");
    }

    #[track_caller]
    fn check(expr: &Expr, want: &str) {
        check_of(1, expr, want);
    }

    fn truth(letter: char) -> Expr {
        match letter {
            'T' => lit(true),
            'F' => lit(false),
            _ => Expr::Literal(Value::Null),
        }
    }

    fn null() -> Expr {
        Expr::Literal(Value::Null)
    }

    fn exists(names: &str) -> Expr {
        Expr::Exists(path(names))
    }

    #[test]
    fn and_or_and_not_know_a_third_value() {
        // Left, right, and, or.
        for row in ["TTTT", "TFFT", "TN?T", "FTFT", "FFFF", "FNF?", "NT?T", "NFF?", "NN??"] {
            let at = |index: usize| row.chars().nth(index).unwrap();
            let told = |letter| match letter {
                'T' => "true",
                'F' => "false",
                _ => "null",
            };
            let terms = || vec![truth(at(0)), truth(at(1))];
            check(&Expr::And(terms()), told(at(2)));
            check(&Expr::Or(terms()), told(at(3)));
        }
        for (operand, want) in [('T', "false"), ('F', "true"), ('N', "null")] {
            check(&Expr::Not(truth(operand).into()), want);
        }
    }

    #[test]
    fn a_decided_condition_guards_what_follows_it() {
        let fails = || op(BinaryOp::Eq, op(BinaryOp::Div, lit(1), lit(0)), lit(1));
        check(&Expr::And(vec![lit(false), fails()]), "false");
        check(&Expr::Or(vec![lit(true), fails()]), "true");
        let case = Expr::Case(vec![(lit(false), fails()), (lit(true), lit(1))]);
        check(&case, "1");
        let reason = "$filter: division by zero; put a condition such as 'x ne 0 and' before it";
        check(&Expr::And(vec![lit(true), fails()]), reason);
    }

    #[test]
    fn comparisons_with_null_are_never_unknown() {
        for (operator, both, one) in [
            (BinaryOp::Eq, "true", "false"),
            (BinaryOp::Ne, "false", "true"),
            (BinaryOp::Gt, "false", "false"),
            (BinaryOp::Ge, "false", "false"),
            (BinaryOp::Lt, "false", "false"),
            (BinaryOp::Le, "false", "false"),
        ] {
            check(&op(operator, null(), null()), both);
            check(&op(operator, lit(1), null()), one);
            check(&op(operator, null(), lit(1)), one);
        }
        check(&op(BinaryOp::Has, null(), lit(1)), "null");
        check(&op(BinaryOp::Add, null(), lit(1)), "null");
        check(
            &op(BinaryOp::Ne, lit(Value::Double(f64::NAN)), lit(Value::Double(f64::NAN))),
            "true",
        );
    }

    #[test]
    fn operators_compare_what_they_are_given() {
        for (operator, less, same, greater) in [
            (BinaryOp::Eq, "false", "true", "false"),
            (BinaryOp::Ne, "true", "false", "true"),
            (BinaryOp::Gt, "false", "false", "true"),
            (BinaryOp::Ge, "false", "true", "true"),
            (BinaryOp::Lt, "true", "false", "false"),
            (BinaryOp::Le, "true", "true", "false"),
        ] {
            check(&op(operator, lit(6), prop("Int32")), less);
            check(&op(operator, lit(7), prop("Int32")), same);
            check(&op(operator, lit(8), prop("Int32")), greater);
        }
        let has = |flags| op(BinaryOp::Has, prop("Colours"), lit(Value::Enum(flags)));
        check(&has(4), "true");
        check(&has(5), "true");
        check(&has(2), "false");
        check(&has(6), "false");
    }

    #[test]
    fn in_is_equality_with_any_item() {
        let within = |needle, items: Vec<Expr>| Expr::In {
            needle: Box::new(needle),
            list: Expr::List(items).into(),
        };
        check(&within(prop("Int32"), vec![lit(1), lit(7)]), "true");
        check(&within(prop("Int32"), vec![lit(1), null()]), "false");
        check(&within(null(), vec![lit(1), null()]), "true");
        check(&within(null(), vec![]), "false");
        let in_tags = Expr::In { needle: lit("b").into(), list: prop("Tags").into() };
        check(&in_tags, "true");
        check_of(2, &in_tags, "false");
        let one_of = |needle, values: Vec<Value>| Expr::OneOf {
            needle: Box::new(needle),
            values: ValueSet::new(values).into(),
        };
        check(&one_of(prop("Int32"), vec![1.into(), Value::Double(7.0)]), "true");
        check(&one_of(prop("Int32"), vec![1.into(), Value::Null]), "false");
        check(&one_of(null(), vec![1.into(), Value::Null]), "true");
        check(&one_of(null(), vec![]), "false");
    }

    #[test]
    fn paths_go_through_complex_values_navigation_and_types() {
        check(&prop("Place/City"), "'Paris'");
        check(&prop("Group/Name"), "'first'");
        check(&prop("Place/Site/Code"), "null");
        check(&prop("BigThing/Weight"), "null");
        check_of(3, &prop("BigThing/Weight"), "9");
        check_of(2, &prop("Place/City"), "null");
        check_of(3, &prop("Group/Name"), "null");
        check(&exists("Group"), "true");
        check_of(2, &exists("Group"), "false");
        check_of(3, &exists("Group"), "false");
        check(&prop("Group"), "null");
    }

    fn over(names: &str) -> Collection {
        Collection { path: path(names), var: Var(1), filter: None, search: None }
    }

    fn quantified(quantifier: Quantifier, over: Collection, predicate: Option<Expr>) -> Expr {
        Expr::Quantified { quantifier, over, var: Var(1), predicate: predicate.map(Box::new) }
    }

    #[test]
    fn any_and_all_take_an_unknown_predicate_for_not_true() {
        let amount = |operator, number| {
            let amount = Expr::Path(path_from(1, StructId(5), "Amount"));
            Some(op(operator, amount, op(BinaryOp::Add, null(), lit(number))))
        };
        let more = |number| {
            let amount = Expr::Path(path_from(1, StructId(5), "Amount"));
            Some(op(BinaryOp::Gt, amount, lit(number)))
        };
        let any = |predicate| quantified(Quantifier::Any, over("Parts"), predicate);
        let all = |predicate| quantified(Quantifier::All, over("Parts"), predicate);
        check(&any(None), "true");
        check_of(2, &any(None), "false");
        check(&any(more(4)), "true");
        check(&any(more(5)), "false");
        check(&all(more(0)), "false");
        check_of(2, &all(more(0)), "true");
        check(&any(amount(BinaryOp::Gt, 1)), "false");
        check(&all(Some(Expr::Not(null().into()))), "false");
        check(&any(Some(null())), "false");
        // The entity asked about is still there inside, and so is an outer lambda's item.
        let same = op(BinaryOp::Eq, prop("Id"), Expr::Path(path_from(1, StructId(5), "ThingId")));
        check(&all(Some(same)), "true");
    }

    #[test]
    fn lambdas_nest_and_range_over_values() {
        let item = |var| Expr::Path(Path { from: Var(var), steps: vec![] });
        let three = op(BinaryOp::Eq, item(1), lit(3));
        check(&quantified(Quantifier::Any, over("Numbers"), Some(three)), "true");
        let is_null = op(BinaryOp::Eq, item(1), null());
        check(&quantified(Quantifier::Any, over("Numbers"), Some(is_null)), "true");
        let longer = Expr::Quantified {
            quantifier: Quantifier::Any,
            over: Collection { path: path("Tags"), var: Var(2), filter: None, search: None },
            var: Var(2),
            predicate: Some(op(BinaryOp::Gt, item(2), item(1)).into()),
        };
        check(&quantified(Quantifier::Any, over("Tags"), Some(longer.clone())), "true");
        check(&quantified(Quantifier::All, over("Tags"), Some(longer)), "false");
    }

    #[test]
    fn counts_follow_filters_and_types() {
        let visible = Expr::Not(Expr::Path(path_from(1, StructId(5), "IsHidden")).into());
        check(&Expr::Count(over("Parts")), "3");
        let filtered = Collection { filter: Some(visible.into()), ..over("Parts") };
        check(&Expr::Count(filtered.clone()), "2");
        check_of(2, &Expr::Count(filtered.clone()), "0");
        let is_five = op(BinaryOp::Eq, Expr::Path(path_from(1, StructId(5), "Amount")), lit(5));
        check(&quantified(Quantifier::All, filtered, Some(is_five)), "false");
        check(&Expr::Count(over("Places")), "2");
        check(&Expr::Count(over("Places/Site")), "1");
        check(&Expr::Count(over("Group/Things")), "1");
        check_of(2, &Expr::Count(over("Group/Things")), "0");
        check(&Expr::Count(over("Group/Things/BigThing")), "0");
    }

    #[test]
    fn types_are_asked_for_and_cast_to() {
        let is_big = |names| Expr::IsEntityOf { path: path(names), of: BIG_THING };
        check(&is_big(""), "false");
        check_of(3, &is_big(""), "true");
        check_of(3, &Expr::IsEntityOf { path: path(""), of: THING }, "true");
        check_of(2, &is_big("Group"), "null");
        let is_site = Expr::IsOf { value: prop("Place").into(), of: Type::Complex(SITE) };
        check(&is_site, "false");
        let text = |names| Expr::Cast {
            value: Box::new(prop(names)),
            to: Type::Primitive(Primitive::String),
        };
        check(&text("Colours"), "'Red,Blue'");
        check(&text("Size"), "'Large'");
        check(&text("Int32"), "'7'");
        check_of(2, &text("Colours"), "null");
        let colours = Expr::Cast { value: lit(2).into(), to: Type::Enum(COLOURS) };
        check(&op(BinaryOp::Eq, colours, lit(Value::Enum(2))), "true");
    }

    #[test]
    fn case_takes_the_first_true_condition() {
        let case = |pairs: &[(char, i64)]| {
            Expr::Case(pairs.iter().map(|(flag, number)| (truth(*flag), lit(*number))).collect())
        };
        check(&case(&[('F', 1), ('N', 2), ('T', 3), ('T', 4)]), "3");
        check(&case(&[('F', 1), ('N', 2)]), "null");
    }

    #[test]
    fn a_filter_counts_a_row_only_when_it_is_true() {
        let source = source();
        let ctx = context(&source);
        let row = crate::query::Source::row(&source, THINGS, &Key::Int(1)).unwrap();
        let matches = |filter: Option<&Expr>| matches(filter, &row, &ctx).unwrap();
        assert!(matches(None));
        assert!(matches(Some(&lit(true))));
        assert!(!matches(Some(&lit(false))));
        assert!(!matches(Some(&null())));
        assert!(!matches(Some(&Expr::Not(null().into()))));
    }
}
