//! Operators: which types they take, and which they give.
//!
//! Source: OData 4.01 Part 2, 5.1.1.1 and 5.1.1.2.

use super::{
    expr::Scope,
    not_implemented,
    ty::{Ty, Typed},
};
use crate::{
    error::Error,
    model::{Primitive, Value},
    odata::ast::{self, Expr as Ast},
    query::{BinaryOp, Expr, Path, Step},
};

impl Scope<'_> {
    pub(super) fn negate(&mut self, operand: &Ast) -> Result<Typed, Error> {
        let typed = self.expr(operand)?;
        if typed.ty.is_number() || typed.ty.is(Primitive::Duration) {
            // The least number of a narrow type has no opposite in it.
            let is_narrow = typed.ty.is_integer() && typed.ty != Ty::Null;
            let ty = if is_narrow { Ty::Primitive(Primitive::Int64) } else { typed.ty };
            return Ok(Typed::new(Expr::Negate(Box::new(typed.expr)), ty));
        }
        let name = self.checker.type_name(&typed.ty);
        Err(self.mismatch(format!("'-' takes a number or a duration, not {name}")))
    }

    pub(super) fn binary(
        &mut self,
        op: ast::BinaryOp,
        left: Typed,
        right: Typed,
    ) -> Result<Typed, Error> {
        match op {
            ast::BinaryOp::Eq => self.equality(BinaryOp::Eq, left, right),
            ast::BinaryOp::Ne => self.equality(BinaryOp::Ne, left, right),
            ast::BinaryOp::Gt => self.order(BinaryOp::Gt, left, right),
            ast::BinaryOp::Ge => self.order(BinaryOp::Ge, left, right),
            ast::BinaryOp::Lt => self.order(BinaryOp::Lt, left, right),
            ast::BinaryOp::Le => self.order(BinaryOp::Le, left, right),
            ast::BinaryOp::Has => self.has(left, right),
            ast::BinaryOp::Add => self.arithmetic(BinaryOp::Add, left, right),
            ast::BinaryOp::Sub => self.arithmetic(BinaryOp::Sub, left, right),
            ast::BinaryOp::Mul => self.arithmetic(BinaryOp::Mul, left, right),
            ast::BinaryOp::Div => self.arithmetic(BinaryOp::Div, left, right),
            ast::BinaryOp::DivBy => self.arithmetic(BinaryOp::DivBy, left, right),
            ast::BinaryOp::Mod => self.arithmetic(BinaryOp::Mod, left, right),
        }
    }

    /// Both operands, constants in the type of the other.
    fn fitted(&self, left: Typed, right: Typed) -> Result<(Typed, Typed), Error> {
        let left = self.fit_either(left, &right.ty)?;
        let right = self.fit_either(right, &left.ty)?;
        Ok((left, right))
    }

    fn fit_either(&self, operand: Typed, wanted: &Ty) -> Result<Typed, Error> {
        match wanted {
            Ty::Collection(item) if **item != Ty::Null => self.fit_items(operand, item),
            _ => self.checker.fit(operand, wanted, self.option),
        }
    }

    fn equality(&mut self, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed, Error> {
        let is_entity = |ty: &Ty| matches!(ty, Ty::Entity(..));
        if is_entity(&left.ty) || is_entity(&right.ty) {
            return self.existence(op, left, right);
        }
        let (left, right) = self.fitted(left, right)?;
        self.common(&left.ty, &right.ty, "both sides of a comparison")?;
        Ok(Typed::boolean(binary(op, left.expr, right.expr)))
    }

    /// `Nav eq null` and `Nav ne null`; compared with anything else, an entity stands for its key.
    fn existence(&mut self, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed, Error> {
        let (entity, other) =
            if matches!(left.ty, Ty::Entity(..)) { (left, right) } else { (right, left) };
        if let (Ty::Entity(one, _), Ty::Entity(another, _)) = (&entity.ty, &other.ty)
            && one != another
        {
            let name = |set| self.checker.model.set(set).name;
            let sets = format!("'{}' and '{}'", name(*one), name(*another));
            return Err(self.mismatch(format!("entities of {sets} are never the same")));
        }
        if other.expr != Expr::Literal(Value::Null) {
            let key = self.single_key(entity)?;
            let other = match other.ty {
                Ty::Entity(..) => self.single_key(other)?,
                _ => other,
            };
            return self.equality(op, key, other);
        }
        let path = self.entity_path(entity.expr)?;
        let exists = Expr::Exists(path);
        let is_negated = op == BinaryOp::Eq;
        Ok(Typed::boolean(if is_negated { Expr::Not(Box::new(exists)) } else { exists }))
    }

    fn entity_path(&self, expr: Expr) -> Result<Path, Error> {
        match expr {
            Expr::Path(path) => Ok(path),
            _ => Err(self.mismatch("a navigation path leads to an entity".to_owned())),
        }
    }

    /// The key of an entity, which is null where there is none.
    fn single_key(&self, entity: Typed) -> Result<Typed, Error> {
        let mut path = self.entity_path(entity.expr)?;
        let Ty::Entity(_, ty) = entity.ty else {
            return Err(self.mismatch("only an entity has a key".to_owned()));
        };
        let structure = self.checker.model.structure(ty);
        let [key] = structure.key.as_slice() else {
            return not_implemented("comparing an entity whose key has several properties");
        };
        path.steps.push(Step::Property(*key));
        Ok(Typed::new(Expr::Path(path), Ty::from(&structure.property_at(*key).ty)))
    }

    fn order(&mut self, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed, Error> {
        let (left, right) = self.fitted(left, right)?;
        let ty = self.common(&left.ty, &right.ty, "both sides of a comparison")?;
        if !ty.is_ordered() {
            let name = self.checker.type_name(&ty);
            return Err(self.mismatch(format!("{name} has no order; use 'eq' or 'ne'")));
        }
        Ok(Typed::boolean(binary(op, left.expr, right.expr)))
    }

    fn has(&mut self, left: Typed, right: Typed) -> Result<Typed, Error> {
        let right = self.checker.fit(right, &left.ty, self.option)?;
        let is_enum = matches!(left.ty, Ty::Enum(_) | Ty::Null);
        if !is_enum || (right.ty != left.ty && right.ty != Ty::Null && left.ty != Ty::Null) {
            let name = |ty| self.checker.type_name(ty);
            return Err(self.mismatch(format!(
                "'has' takes two values of one enumeration, not {} and {}",
                name(&left.ty),
                name(&right.ty)
            )));
        }
        Ok(Typed::boolean(binary(BinaryOp::Has, left.expr, right.expr)))
    }

    fn arithmetic(&mut self, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed, Error> {
        let (left, right) = self.fitted_arithmetic(left, right)?;
        let ty = if left.ty.is_number() && right.ty.is_number() {
            self.number_result(op, &left.ty, &right.ty)?
        } else {
            let result = time_result(op, &left.ty, &right.ty).map(Ty::Primitive);
            result.ok_or_else(|| {
                let name = |ty| self.checker.type_name(ty);
                self.mismatch(format!(
                    "'{}' does not take {} and {}",
                    word(op),
                    name(&left.ty),
                    name(&right.ty)
                ))
            })?
        };
        Ok(Typed::new(binary(op, left.expr, right.expr), ty))
    }

    /// Text meets numbers and dates as in comparisons; beside an instant it is a duration.
    fn fitted_arithmetic(&self, left: Typed, right: Typed) -> Result<(Typed, Typed), Error> {
        let is_text = |typed: &Typed| typed.ty == Ty::Primitive(Primitive::String);
        if is_text(&left) == is_text(&right) {
            return Ok((left, right));
        }
        let is_moved = |ty: &Ty| {
            let moved = [Primitive::DateTimeOffset, Primitive::Date].map(Ty::Primitive);
            moved.contains(ty)
        };
        let duration = Ty::Primitive(Primitive::Duration);
        if is_moved(&left.ty)
            && let Ok(by) = self.checker.fit(right.clone(), &duration, self.option)
        {
            return Ok((left, by));
        }
        self.fitted(left, right)
    }

    fn number_result(&self, op: BinaryOp, left: &Ty, right: &Ty) -> Result<Ty, Error> {
        let ty = self.common(left, right, "both sides")?;
        Ok(match ty {
            Ty::Null => Ty::Null,
            // `divby` of integers gives a fraction. Source: OData 4.01 Part 2, 5.1.1.2.5.
            ty if ty.is_integer() && op == BinaryOp::DivBy => Ty::Primitive(Primitive::Decimal),
            // What two numbers of a narrow type make may be too large for it.
            ty if ty.is_integer() => Ty::Primitive(Primitive::Int64),
            Ty::Primitive(Primitive::Single) => Ty::Primitive(Primitive::Double),
            ty => ty,
        })
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

/// Arithmetic on instants, dates and durations. Source: OData 4.01 Part 2, 5.1.1.2.1 to 5.1.1.2.5.
fn time_result(op: BinaryOp, left: &Ty, right: &Ty) -> Option<Primitive> {
    use Primitive::{Date, DateTimeOffset, Duration};
    let is = |ty: &Ty, wanted: Primitive| *ty == Ty::Primitive(wanted);
    match op {
        BinaryOp::Add | BinaryOp::Sub => {
            for moved in [DateTimeOffset, Date, Duration] {
                if is(left, moved) && right.is(Duration) {
                    return Some(moved);
                }
            }
            let is_difference = op == BinaryOp::Sub
                && [DateTimeOffset, Date].iter().any(|at| is(left, *at) && is(right, *at));
            is_difference.then_some(Duration)
        }
        BinaryOp::Mul => {
            let scaled = (is(left, Duration) && right.is_number())
                || (left.is_number() && is(right, Duration));
            scaled.then_some(Duration)
        }
        BinaryOp::Div | BinaryOp::DivBy => {
            (is(left, Duration) && right.is_number()).then_some(Duration)
        }
        BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Has
        | BinaryOp::Mod => None,
    }
}

fn word(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Eq => "eq",
        BinaryOp::Ne => "ne",
        BinaryOp::Gt => "gt",
        BinaryOp::Ge => "ge",
        BinaryOp::Lt => "lt",
        BinaryOp::Le => "le",
        BinaryOp::Has => "has",
        BinaryOp::Add => "add",
        BinaryOp::Sub => "sub",
        BinaryOp::Mul => "mul",
        BinaryOp::Div => "div",
        BinaryOp::DivBy => "divby",
        BinaryOp::Mod => "mod",
    }
}
