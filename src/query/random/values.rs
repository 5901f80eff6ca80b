//! Random expressions of a type: functions, operators, casts.

use super::exprs::{Maker, binary, call};
use crate::{
    model::{Primitive, Type, Value},
    query::{BinaryOp, Expr, Function, expr::Function as F},
};

const TEXT: Type = Type::Primitive(Primitive::String);
const INSTANT: Type = Type::Primitive(Primitive::DateTimeOffset);
const DATE: Type = Type::Primitive(Primitive::Date);
const TIME: Type = Type::Primitive(Primitive::TimeOfDay);
const DURATION: Type = Type::Primitive(Primitive::Duration);

impl Maker<'_> {
    /// An expression of a type, or of one that can be compared with it.
    pub(super) fn of(&mut self, ty: &Type, depth: u8) -> Expr {
        if depth == 0 || self.dice.once_in(3) {
            return self.leaf(ty);
        }
        let below = depth - 1;
        if self.dice.once_in(10) {
            let pairs = (0..=self.dice.below(2)).map(|_| (self.truth(below), self.of(ty, below)));
            return Expr::Case(pairs.collect());
        }
        match ty {
            Type::Primitive(Primitive::String) => self.text(below),
            Type::Primitive(Primitive::Boolean) => self.truth(below),
            Type::Primitive(Primitive::DateTimeOffset | Primitive::Date) => self.moment(ty, below),
            Type::Primitive(Primitive::TimeOfDay) => call(F::Time, vec![self.of(&INSTANT, below)]),
            Type::Primitive(Primitive::Duration) => self.duration(below),
            Type::Primitive(Primitive::Binary | Primitive::Guid)
            | Type::Enum(_)
            | Type::Complex(_)
            | Type::Collection(_) => self.leaf(ty),
            Type::Primitive(_) => self.number(ty, below),
        }
    }

    fn text(&mut self, depth: u8) -> Expr {
        match self.dice.below(8) {
            0..=3 => {
                let function = *self.dice.pick(&[F::ToLower, F::ToUpper, F::Trim]);
                call(function, vec![self.of(&TEXT, depth)])
            }
            4 => call(F::Concat, vec![self.of(&TEXT, depth), self.of(&TEXT, depth)]),
            5 | 6 => {
                let mut args =
                    vec![self.of(&TEXT, depth), Expr::Literal(self.dice.between(-3, 3).into())];
                if self.dice.once_in(2) {
                    args.push(Expr::Literal(self.dice.between(0, 3).into()));
                }
                call(F::Substring, args)
            }
            _ => {
                let from = [Primitive::Int64, Primitive::DateTimeOffset, Primitive::Guid];
                let from = Type::Primitive(*self.dice.pick(&from));
                Expr::Cast { value: self.of(&from, depth).into(), to: TEXT }
            }
        }
    }

    fn moment(&mut self, ty: &Type, depth: u8) -> Expr {
        let by = Expr::Literal(Value::Duration(self.dice.between(-3, 3) * 43_200_000_000));
        let op = *self.dice.pick(&[BinaryOp::Add, BinaryOp::Sub]);
        match self.dice.below(6) {
            0 if *ty == INSTANT => {
                call(*self.dice.pick(&[F::Now, F::MinDateTime, F::MaxDateTime]), vec![])
            }
            0..=2 if *ty == DATE => call(F::Date, vec![self.of(&INSTANT, depth)]),
            3 => Expr::Cast {
                value: self.leaf(if *ty == DATE { &INSTANT } else { &DATE }).into(),
                to: ty.clone(),
            },
            _ => binary(op, self.leaf(ty), by),
        }
    }

    fn duration(&mut self, depth: u8) -> Expr {
        match self.dice.below(4) {
            0 => binary(BinaryOp::Sub, self.of(&INSTANT, depth), self.of(&INSTANT, depth)),
            1 => binary(BinaryOp::Sub, self.of(&DATE, depth), self.of(&DATE, depth)),
            2 => Expr::Negate(self.leaf(&DURATION).into()),
            _ => {
                let by = Expr::Literal(self.dice.between(1, 3).into());
                let op = *self.dice.pick(&[BinaryOp::Mul, BinaryOp::Div, BinaryOp::DivBy]);
                binary(op, self.leaf(&DURATION), by)
            }
        }
    }

    fn number(&mut self, ty: &Type, depth: u8) -> Expr {
        match self.dice.below(10) {
            0..=2 => self.part(depth),
            3 => self.count(depth),
            4 => call(*self.dice.pick(&[F::Round, F::Floor, F::Ceiling]), vec![self.of(ty, depth)]),
            5 => Expr::Negate(self.of(ty, depth).into()),
            6 => {
                let to =
                    [Primitive::Int64, Primitive::Int16, Primitive::Double, Primitive::Decimal];
                let to = Type::Primitive(*self.dice.pick(&to));
                Expr::Cast { value: self.of(ty, depth).into(), to }
            }
            7 => {
                use BinaryOp::{Div, DivBy, Mod};
                // Zero now and then: both must refuse it, or pass it by, alike.
                let least = i64::from(!self.dice.once_in(12));
                let by = Expr::Literal(self.dice.between(least, 4).into());
                binary(*self.dice.pick(&[Div, DivBy, Mod]), self.of(ty, depth), by)
            }
            _ => {
                let op = *self.dice.pick(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul]);
                let small = Expr::Literal(self.dice.between(-2, 3).into());
                binary(op, self.of(ty, depth), small)
            }
        }
    }

    /// A number that is part of something else.
    fn part(&mut self, depth: u8) -> Expr {
        let day: &[Function] = &[F::Year, F::Month, F::Day];
        let clock: &[Function] = &[F::Hour, F::Minute, F::Second, F::FractionalSeconds];
        match self.dice.below(7) {
            0 | 1 => call(*self.dice.pick(&[day, clock].concat()), vec![self.of(&INSTANT, depth)]),
            2 => call(*self.dice.pick(day), vec![self.of(&DATE, depth)]),
            3 => call(*self.dice.pick(clock), vec![self.of(&TIME, depth)]),
            4 if self.dice.once_in(4) => call(F::TotalOffsetMinutes, vec![self.leaf(&INSTANT)]),
            4 => call(F::TotalSeconds, vec![self.of(&DURATION, depth)]),
            5 => call(F::Length, vec![self.of(&TEXT, depth)]),
            _ => call(F::IndexOf, vec![self.of(&TEXT, depth), self.leaf(&TEXT)]),
        }
    }
}
