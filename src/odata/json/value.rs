//! Single values, complex values and collections as JSON.

use std::{fmt, io::Write};

use super::{Format, Json, Level, Writer, push_ascii_json, push_json_text};
use crate::{
    model::{Complex, Model, Primitive, StructId, Type, Value},
    odata::text::print,
};

/// Writes without a text in between; writing to memory cannot fail.
pub(super) fn put(bytes: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let _ = bytes.write_fmt(text);
}

pub(super) fn in_quotes(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    bytes.push(b'"');
    write(bytes);
    bytes.push(b'"');
}

/// Digits, from the last to the first.
pub(super) fn push_int(bytes: &mut Vec<u8>, number: i64) {
    let mut text = [0; 20];
    let (mut at, mut rest) = (text.len(), number.unsigned_abs());
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        text[at] = b'-';
    }
    bytes.extend_from_slice(&text[at..]);
}

/// Hexadecimal digits, as few as it takes.
pub(super) fn push_hex(bytes: &mut Vec<u8>, number: u64) {
    let digits = (64 - (number | 1).leading_zeros()).div_ceil(4);
    for at in (0..digits).rev() {
        bytes.push(b"0123456789abcdef"[usize::from((number >> (4 * at)).to_le_bytes()[0] & 15)]);
    }
}

/// A value of type `ty`.
pub(super) fn push_value(writer: &Writer<'_>, bytes: &mut Vec<u8>, value: &Value, ty: &Type) {
    let complex = |bytes: &mut Vec<u8>, declared: StructId, complex: &Complex| {
        let mut json = Json { bytes: std::mem::take(bytes), before: b'{' };
        json.bytes.push(b'{');
        writer.complex(&mut json, declared, complex);
        *bytes = json.end();
    };
    let values = Values { model: writer.addresses.model, format: writer.format, complex: &complex };
    values.push(bytes, value, ty);
}

/// A value of type `ty` as everybody gets it who asks for nothing special; a complex one as null.
pub fn push_plain(bytes: &mut Vec<u8>, value: &Value, ty: &Type, model: &Model) {
    let complex = |bytes: &mut Vec<u8>, _: StructId, _: &Complex| bytes.extend(b"null");
    Values { model, format: Format::default(), complex: &complex }.push(bytes, value, ty);
}

/// How values are written.
struct Values<'a> {
    model: &'a Model,
    format: Format,
    /// Writes a complex value by its declared type.
    complex: &'a dyn Fn(&mut Vec<u8>, StructId, &Complex),
}

impl Values<'_> {
    fn push(&self, bytes: &mut Vec<u8>, value: &Value, ty: &Type) {
        match value {
            Value::Null => bytes.extend(b"null"),
            Value::Bool(flag) => bytes.extend(if *flag { &b"true"[..] } else { b"false" }),
            Value::Int(number) => {
                let is_long = *ty == Type::Primitive(Primitive::Int64);
                if self.format.ieee754 && is_long {
                    bytes.push(b'"');
                    push_int(bytes, *number);
                    bytes.push(b'"');
                } else {
                    push_int(bytes, *number);
                }
            }
            // These have no character that JSON escapes.
            Value::Instant(at) => in_quotes(bytes, |bytes| at.push_to(bytes)),
            Value::Date(date) => in_quotes(bytes, |bytes| date.push_to(bytes)),
            Value::Guid(guid) => in_quotes(bytes, |bytes| {
                let mut text = [0; 36];
                bytes.extend_from_slice(guid.hyphenated().encode_lower(&mut text).as_bytes());
            }),
            Value::Decimal(_) if !self.format.ieee754 => self.bare(bytes, value, ty),
            Value::Double(number) if number.is_finite() => match ty {
                Type::Primitive(Primitive::Double) => put(bytes, format_args!("{number:?}")),
                _ => self.bare(bytes, value, ty),
            },
            Value::Text(text) => self.text(bytes, text),
            Value::Decimal(_)
            | Value::Double(_)
            | Value::TimeOfDay(_)
            | Value::Duration(_)
            | Value::Binary(_)
            | Value::Enum(_) => self.quoted(bytes, value, ty),
            Value::Complex(complex) => {
                let declared = match ty {
                    Type::Complex(declared) => *declared,
                    Type::Primitive(_) | Type::Enum(_) | Type::Collection(_) => complex.type_id,
                };
                (self.complex)(bytes, declared, complex);
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
                    self.push(bytes, item, item_ty);
                }
                bytes.push(b']');
            }
        }
    }

    fn bare(&self, bytes: &mut Vec<u8>, value: &Value, ty: &Type) {
        bytes.extend(print(value, ty, self.model).as_bytes());
    }

    fn quoted(&self, bytes: &mut Vec<u8>, value: &Value, ty: &Type) {
        self.text(bytes, &print(value, ty, self.model));
    }

    fn text(&self, bytes: &mut Vec<u8>, text: &str) {
        if self.format.ascii {
            push_ascii_json(bytes, &text);
        } else {
            push_json_text(bytes, text);
        }
    }
}

impl Writer<'_> {
    /// A value of type `ty` by itself.
    #[must_use]
    pub fn json_text(&self, value: &Value, ty: &Type) -> String {
        let mut bytes = Vec::new();
        push_value(self, &mut bytes, value, ty);
        String::from_utf8_lossy(&bytes).into_owned()
    }

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
