//! Sources that answer wrongly in one way each: whoever compares must notice, or it proves nothing.

use super::{
    agree::{Load, is_noticed},
    plain::Plain,
};
use crate::{
    error::Error,
    model::{Model, Value},
    query::{
        BinaryOp, Context, Expr, Function, Order, Page, Path, Plan, Source, Start, Step, Var,
        list::reference,
    },
};

/// What is wrong, done to the plan before it is answered.
type BeforeIt = fn(&mut Plan, &Model);
/// What is wrong, done to the answer.
type BehindIt = fn(&Plan, &mut Page);

struct Wrong {
    rows: Plain,
    before: BeforeIt,
    behind: BehindIt,
}

impl Source for Wrong {
    crate::asks_another_source!(rows: model zone rows row rows_where long_text);

    fn list(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
        let mut other = plan.clone();
        (self.before)(&mut other, self.model());
        let mut page = reference(&other, start, ctx)?;
        (self.behind)(plan, &mut page);
        Ok(page)
    }
}

/// An expression with each part replaced that `how` has another for.
fn replaced(expr: &Expr, how: &dyn Fn(&Expr) -> Option<Expr>) -> Expr {
    if let Some(other) = how(expr) {
        return other;
    }
    let one = |expr: &Expr| Box::new(replaced(expr, how));
    let all = |exprs: &[Expr]| exprs.iter().map(|expr| replaced(expr, how)).collect();
    match expr {
        Expr::And(terms) => Expr::And(all(terms)),
        Expr::Or(terms) => Expr::Or(all(terms)),
        Expr::Not(inner) => Expr::Not(one(inner)),
        Expr::Binary { op, left, right } => {
            Expr::Binary { op: *op, left: one(left), right: one(right) }
        }
        Expr::Quantified { quantifier, over, var, predicate } => Expr::Quantified {
            quantifier: *quantifier,
            over: over.clone(),
            var: *var,
            predicate: predicate.as_deref().map(one),
        },
        other => other.clone(),
    }
}

fn with_filter(plan: &mut Plan, how: &dyn Fn(&Expr) -> Option<Expr>) {
    plan.filter = plan.filter.as_ref().map(|filter| replaced(filter, how));
}

/// Comparisons of one kind as those of another.
fn operator(plan: &mut Plan, from: BinaryOp, to: BinaryOp) {
    with_filter(plan, &|expr| match expr {
        Expr::Binary { op, left, right } if *op == from => {
            Some(Expr::Binary { op: to, left: left.clone(), right: right.clone() })
        }
        _ => None,
    });
}

#[track_caller]
fn check(what: &str, before: BeforeIt, behind: BehindIt) {
    let load = Load { cases: 5_000, variable: "", of_a_world: 50, factor: 1 };
    let noticed = is_noticed(load, |world| Wrong { rows: world.plain(), before, behind });
    assert!(noticed, "nobody notices a source that {what}");
}

#[test]
fn what_is_done_to_a_plan_is_noticed() {
    let as_is: BehindIt = |_, _| {};
    check("takes 'ge' for 'gt'", |plan, _| operator(plan, BinaryOp::Ge, BinaryOp::Gt), as_is);
    check(
        "takes 'ne' for 'not eq and not null'",
        |plan, _| {
            with_filter(plan, &|expr| match expr {
                Expr::Binary { op: BinaryOp::Ne, left, right } => {
                    let both =
                        Expr::Binary { op: BinaryOp::Ne, left: left.clone(), right: right.clone() };
                    let there = Expr::Binary {
                        op: BinaryOp::Ne,
                        left: left.clone(),
                        right: Expr::Literal(Value::Null).into(),
                    };
                    Some(Expr::And(vec![both, there]))
                }
                _ => None,
            });
        },
        as_is,
    );
    check(
        "takes the unknown for false under 'not'",
        |plan, _| {
            with_filter(plan, &|expr| match expr {
                Expr::Not(inner) => Some(Expr::Case(vec![
                    ((**inner).clone(), Expr::Literal(false.into())),
                    (Expr::Literal(true.into()), Expr::Literal(true.into())),
                ])),
                _ => None,
            });
        },
        as_is,
    );
    check(
        "looks for texts whatever their letter case",
        |plan, _| {
            let lower =
                |arg: &Expr| Expr::Call { function: Function::ToLower, args: vec![arg.clone()] };
            with_filter(plan, &|expr| match expr {
                Expr::Call { function: Function::Contains, args } => Some(Expr::Call {
                    function: Function::Contains,
                    args: args.iter().map(lower).collect(),
                }),
                _ => None,
            });
        },
        as_is,
    );
    check("forgets the search", |plan, _| plan.search = None, as_is);
    check(
        "orders ties by falling keys",
        |plan, model| {
            let key = &model.entity_type(plan.set).key;
            if plan.after.is_none() && plan.page_size.is_none() {
                plan.order.extend(key.iter().map(|prop| Order {
                    expr: Expr::Path(Path { from: Var(0), steps: vec![Step::Property(*prop)] }),
                    descending: true,
                }));
            }
        },
        as_is,
    );
}

#[test]
fn what_is_done_to_an_answer_is_noticed() {
    let as_is: BeforeIt = |_, _| {};
    check("counts only the rows on the page", as_is, |_, page| {
        page.count = page.count.map(|_| page.rows.len() as u64);
    });
    check("loses the last row of a full page", as_is, |plan, page| {
        if plan.page_size.is_some_and(|size| size == page.rows.len() as u64) {
            page.rows.pop();
        }
    });
    check("goes on behind the end", as_is, |plan, page| {
        let is_full = plan.page_size.is_some_and(|size| size == page.rows.len() as u64);
        if let (true, Some(after)) = (is_full && page.next.is_none(), &plan.after) {
            page.next = Some(after.clone());
        }
    });
    check("tells an old version", as_is, |_, page| {
        if let Some(row) = page.rows.get_mut(7) {
            row.version -= 1;
        }
    });
}
