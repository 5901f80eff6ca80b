//! Comparisons of a property with a constant, as a pattern of expressions.

use crate::{
    model::{Prop, Value},
    query::{
        BinaryOp, Expr, Path, Step, Var,
        compare::{compare, equal},
    },
};

/// `left op constant`, whichever side the constant was written on.
pub(super) struct Comparison<'e> {
    pub(super) left: &'e Expr,
    pub(super) op: BinaryOp,
    pub(super) right: &'e Value,
}

impl<'e> Comparison<'e> {
    pub(super) fn of(expr: &'e Expr) -> Option<Self> {
        let Expr::Binary { op, left, right } = expr else { return None };
        match (&**left, &**right) {
            (left, Expr::Literal(right)) => Some(Self { left, op: is_test(*op)?, right }),
            (Expr::Literal(right), left) => Some(Self { left, op: mirrored(*op)?, right }),
            _ => None,
        }
    }

    /// Whether it is true of a value; comparisons are never unknown.
    pub(super) fn holds(&self, left: &Value) -> bool {
        let order = || compare(left, self.right);
        match self.op {
            BinaryOp::Eq => equal(left, self.right),
            BinaryOp::Ne => !equal(left, self.right),
            BinaryOp::Gt => order().is_some_and(std::cmp::Ordering::is_gt),
            BinaryOp::Ge => order().is_some_and(std::cmp::Ordering::is_ge),
            BinaryOp::Lt => order().is_some_and(std::cmp::Ordering::is_lt),
            BinaryOp::Le => order().is_some_and(std::cmp::Ordering::is_le),
            BinaryOp::Has
            | BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::DivBy
            | BinaryOp::Mod => false,
        }
    }
}

fn is_test(op: BinaryOp) -> Option<BinaryOp> {
    match op {
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Gt | BinaryOp::Ge | BinaryOp::Lt | BinaryOp::Le => {
            Some(op)
        }
        BinaryOp::Has
        | BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::DivBy
        | BinaryOp::Mod => None,
    }
}

fn mirrored(op: BinaryOp) -> Option<BinaryOp> {
    Some(match is_test(op)? {
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        same => same,
    })
}

/// Whether `expr` is just that property of the row.
pub(super) fn is_property(expr: &Expr, prop: Prop) -> bool {
    property(expr) == Some(prop)
}

/// The property of the row that `expr` is.
pub(super) fn property(expr: &Expr) -> Option<Prop> {
    match expr {
        Expr::Path(Path { from: Var(0), steps }) => match steps.as_slice() {
            [Step::Property(prop)] => Some(*prop),
            _ => None,
        },
        _ => None,
    }
}

/// The constants of `left in (…)`.
pub(super) fn one_of(expr: &Expr) -> Option<(&Expr, Vec<&Value>)> {
    match expr {
        Expr::OneOf { needle, values } => Some((needle, values.iter().collect())),
        Expr::In { needle, list } => match &**list {
            Expr::Literal(Value::List(items)) => Some((needle, items.iter().collect())),
            _ => None,
        },
        _ => None,
    }
}
