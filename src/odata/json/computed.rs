//! Properties of `$compute` and what `$apply` made: no `$metadata` tells their types, so the payload does.
//!
//! Source: OData JSON Format 4.01, 4.6.3 (types of dynamic properties).

use super::{Json, Level, Writer, push_json_text, value::push_value};
use crate::{
    error::Error,
    model::{Primitive, Row, Type, Value},
    query::{Shape, computed},
};

impl Writer<'_> {
    /// The computed properties of an entity.
    pub(super) fn computed(&self, json: &mut Json, shape: &Shape, row: &Row) -> Result<(), Error> {
        for property in &shape.computed {
            let value = computed(property, row, &self.ctx)?;
            if self.format.omits_nulls && value.is_null() {
                continue;
            }
            self.computed_value(json, (&property.name, &property.ty), &value);
        }
        Ok(())
    }

    /// A value that no `$metadata` tells the type of, and so the payload does.
    pub(super) fn computed_value(&self, json: &mut Json, (name, ty): (&str, &Type), value: &Value) {
        // `divby` zero makes a decimal infinite, which only a double can be.
        let ty = match (value, ty) {
            (Value::Double(_), Type::Primitive(Primitive::Decimal)) => {
                &Type::Primitive(Primitive::Double)
            }
            (_, ty) => ty,
        };
        if self.format.level != Level::None
            && let Some(annotation) = self.dynamic_annotation(value, ty)
        {
            json.annotation(name, "@odata.type");
            push_json_text(&mut json.bytes, &annotation);
        }
        json.name(name);
        push_value(self, &mut json.bytes, value, ty);
    }

    /// The type of a value nothing else tells; `None` where JSON itself does: a number without its type
    /// is a double.
    fn dynamic_annotation(&self, value: &Value, ty: &Type) -> Option<String> {
        match value {
            Value::Null => None,
            // Written as text.
            Value::Double(number) if !number.is_finite() => Some("#Double".to_owned()),
            _ => self.type_annotation(ty),
        }
    }

    /// Whether everything to compute of these rows can be computed.
    pub(super) fn try_computed(&self, shape: &Shape, rows: &[Row]) -> Result<(), Error> {
        if shape.computed.is_empty() {
            return Ok(());
        }
        for row in rows {
            self.ctx.in_time()?;
            for property in &shape.computed {
                computed(property, row, &self.ctx)?;
            }
        }
        Ok(())
    }
}
