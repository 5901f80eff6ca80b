//! Single values, complex values and collections as JSON.

use super::{Json, Level, Writer, push_ascii_json};
use crate::{
    model::{Complex, Primitive, StructId, Type, Value},
    odata::text::print,
};

/// Text in quotes, escaped, otherwise as it is in UTF-8.
pub(super) fn push_json_text(bytes: &mut Vec<u8>, text: &str) {
    // Writing text to memory cannot fail.
    let _ = serde_json::to_writer(bytes, text);
}

/// A value of type `ty`.
pub(super) fn push_value(writer: &Writer<'_>, bytes: &mut Vec<u8>, value: &Value, ty: &Type) {
    let plain = |bytes: &mut Vec<u8>| {
        bytes.extend(print(value, ty, writer.addresses.model).as_bytes());
    };
    match value {
        Value::Null => bytes.extend(b"null"),
        Value::Bool(_) => plain(bytes),
        Value::Int(_) => {
            let is_long = *ty == Type::Primitive(Primitive::Int64);
            if writer.format.ieee754 && is_long {
                quoted(writer, bytes, value, ty);
            } else {
                plain(bytes);
            }
        }
        Value::Decimal(_) if !writer.format.ieee754 => plain(bytes),
        Value::Double(number) if number.is_finite() => plain(bytes),
        Value::Text(text) => push_text(writer, bytes, text),
        Value::Decimal(_)
        | Value::Double(_)
        | Value::Guid(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::TimeOfDay(_)
        | Value::Duration(_)
        | Value::Binary(_)
        | Value::Enum(_) => quoted(writer, bytes, value, ty),
        Value::Complex(complex) => {
            let declared = match ty {
                Type::Complex(declared) => *declared,
                Type::Primitive(_) | Type::Enum(_) | Type::Collection(_) => complex.type_id,
            };
            let mut json = Json { bytes: std::mem::take(bytes), is_empty: true };
            json.bytes.push(b'{');
            writer.complex(&mut json, declared, complex);
            *bytes = json.end();
        }
        Value::List(items) => {
            let item_ty = match ty {
                Type::Collection(item) => item,
                single => single,
            };
            bytes.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    bytes.push(b',');
                }
                push_value(writer, bytes, item, item_ty);
            }
            bytes.push(b']');
        }
    }
}

fn quoted(writer: &Writer<'_>, bytes: &mut Vec<u8>, value: &Value, ty: &Type) {
    push_text(writer, bytes, &print(value, ty, writer.addresses.model));
}

fn push_text(writer: &Writer<'_>, bytes: &mut Vec<u8>, text: &str) {
    if writer.format.ascii {
        push_ascii_json(bytes, &text);
    } else {
        push_json_text(bytes, text);
    }
}

impl Writer<'_> {
    /// The members of a complex value declared to be of type `declared`.
    pub(super) fn complex(&self, json: &mut Json, declared: StructId, complex: &Complex) {
        let structure = self.addresses.model.structure(complex.type_id);
        let is_told = match self.format.level {
            Level::None => false,
            Level::Minimal => complex.type_id != declared,
            Level::Full => true,
        };
        if is_told {
            json.text("@odata.type", &self.struct_annotation(complex.type_id));
        }
        for prop in self.checker.visible_props(structure) {
            let property = structure.property_at(prop);
            let value = complex.values.get(usize::from(prop.0)).unwrap_or(&Value::Null);
            self.member(json, property.name, value, &property.ty);
        }
    }

    /// A structural property, with its type where that is asked for; nothing at all for a null
    /// that is to be left out.
    pub(super) fn member(&self, json: &mut Json, name: &str, value: &Value, ty: &Type) {
        if self.format.omits_nulls && value.is_null() {
            return;
        }
        if self.format.level == Level::Full
            && !value.is_null()
            && let Some(ty) = self.type_annotation(ty)
        {
            json.annotation(name, "@odata.type");
            push_json_text(&mut json.bytes, &ty);
        }
        json.name(name);
        push_value(self, &mut json.bytes, value, ty);
    }

    /// `#Ns.Type`
    pub(super) fn struct_annotation(&self, id: StructId) -> String {
        let model = self.addresses.model;
        format!("#{}.{}", model.namespace, model.structure(id).name)
    }

    /// The type of a value as its annotation; `None` where JSON itself tells it or the value does.
    pub(super) fn type_annotation(&self, ty: &Type) -> Option<String> {
        match ty {
            Type::Primitive(Primitive::Boolean | Primitive::Double | Primitive::String)
            | Type::Complex(_) => None,
            _ => Some(format!("#{}", self.short_name(ty))),
        }
    }

    fn short_name(&self, ty: &Type) -> String {
        let model = self.addresses.model;
        match ty {
            Type::Primitive(primitive) => primitive.name().trim_start_matches("Edm.").to_owned(),
            Type::Enum(id) => {
                format!("{}.{}", model.namespace, model.enums[usize::from(id.0)].name)
            }
            Type::Complex(id) => format!("{}.{}", model.namespace, model.structure(*id).name),
            Type::Collection(item) => format!("Collection({})", self.short_name(item)),
        }
    }
}
