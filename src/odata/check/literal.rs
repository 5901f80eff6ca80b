//! Constants: the value a literal stands for, and constants that take the type they meet.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    Checker,
    ty::{Ty, Typed},
};
use crate::{
    error::Error,
    model::{Primitive, Type, Value},
    odata::{ast::Literal, literal::parse_duration, text},
    query::Expr,
};

impl Checker<'_> {
    /// The value and type of a literal.
    pub(super) fn literal(&self, literal: &Literal, target: &str) -> Result<Typed, Error> {
        let wrong = |what: &str| Error::TypeMismatch {
            target: target.to_owned(),
            reason: format!("{what} is out of range"),
        };
        let parsed = |text: &str, primitive: Primitive| {
            let value = text::parse_primitive(text, primitive).ok_or_else(|| wrong(text));
            value.map(|value| (value, Ty::Primitive(primitive)))
        };
        let (value, ty) = match literal {
            Literal::Null => (Value::Null, Ty::Null),
            Literal::Bool(flag) => (Value::Bool(*flag), Ty::Primitive(Primitive::Boolean)),
            Literal::Integer(number) => (Value::Int(*number), Ty::Primitive(Primitive::Int64)),
            // More digits than a decimal holds are still a number.
            Literal::Decimal(text) => match Decimal::from_str_exact(text) {
                Ok(number) => (Value::Decimal(number), Ty::Primitive(Primitive::Decimal)),
                Err(_) => parsed(text, Primitive::Double)?,
            },
            Literal::Double(text) => parsed(text, Primitive::Double)?,
            Literal::String(text) => {
                (Value::Text(Arc::clone(text)), Ty::Primitive(Primitive::String))
            }
            Literal::Guid(text) => parsed(text, Primitive::Guid)?,
            Literal::Date(text) => parsed(text, Primitive::Date)?,
            Literal::DateTimeOffset(text) => parsed(text, Primitive::DateTimeOffset)?,
            Literal::TimeOfDay(text) => parsed(text, Primitive::TimeOfDay)?,
            Literal::Duration(text) => {
                let micros = parse_duration(text).ok_or_else(|| wrong(text))?;
                (Value::Duration(micros), Ty::Primitive(Primitive::Duration))
            }
            Literal::Binary(text) => {
                let value = self.binary(text).ok_or_else(|| wrong(text))?;
                (value, Ty::Primitive(Primitive::Binary))
            }
            Literal::Enum { type_name, value } => self.enum_literal((type_name, value), target)?,
            Literal::Geo { .. } => {
                return super::not_implemented("geography and geometry");
            }
        };
        Ok(Typed::new(Expr::Literal(value), ty))
    }

    /// The bytes a text stands for, made once for all places an alias is put in.
    fn binary(&self, text: &str) -> Option<Value> {
        if let Some(known) = self.binaries.borrow().get(text) {
            return Some(known.clone());
        }
        let value = text::parse_primitive(text, Primitive::Binary)?;
        self.binaries.borrow_mut().insert(text.to_owned(), value.clone());
        Some(value)
    }

    fn enum_literal(
        &self,
        (type_name, member): (&str, &str),
        target: &str,
    ) -> Result<(Value, Ty), Error> {
        let mismatch = |reason: String| Error::TypeMismatch { target: target.to_owned(), reason };
        let id = self
            .find_enum(type_name)
            .ok_or_else(|| mismatch(format!("there is no enumeration type '{type_name}'")))?;
        let value = text::parse(member, &Type::Enum(id), self.model)
            .ok_or_else(|| mismatch(format!("'{type_name}' has no member '{member}'")))?;
        Ok((value, Ty::Enum(id)))
    }

    /// A constant in the type it meets: text in quotes becomes any single value, a bare date the
    /// midnight in UTC it begins with. Everything else stays as it is.
    ///
    /// Source: OData 4.01 Part 2, 5.1.1.14.1 (literals are cast to the type of the other operand).
    ///
    /// # Errors
    /// `TypeMismatch` for text that is no value of the type.
    pub(super) fn fit(&self, operand: Typed, wanted: &Ty, target: &str) -> Result<Typed, Error> {
        let Expr::Literal(value) = &operand.expr else { return Ok(operand) };
        let ty = match wanted {
            Ty::Primitive(primitive) => Type::Primitive(*primitive),
            Ty::Enum(id) => Type::Enum(*id),
            Ty::Null | Ty::Complex(_) | Ty::Collection(_) | Ty::Entity(..) => {
                return Ok(operand);
            }
        };
        let fitted = match (value, wanted) {
            (_, Ty::Primitive(Primitive::String)) => None,
            (Value::Text(text), _) => {
                let value = match ty {
                    Type::Primitive(Primitive::Binary) => self.binary(text),
                    _ => text::parse(text, &ty, self.model),
                };
                let value = value.ok_or_else(|| {
                    let name = self.type_name(wanted);
                    Error::TypeMismatch {
                        target: target.to_owned(),
                        reason: format!("'{text}' is not a value of type {name}"),
                    }
                })?;
                Some(value)
            }
            (Value::Date(date), Ty::Primitive(Primitive::DateTimeOffset)) => {
                Some(Value::Instant(date.start_utc()))
            }
            _ => None,
        };
        Ok(match fitted {
            Some(value) => Typed::new(Expr::Literal(value), wanted.clone()),
            None => operand,
        })
    }
}
