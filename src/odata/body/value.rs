//! One JSON value as a property's type asks for it.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::members::Members;
use crate::{
    error::{Error, nearest},
    model::{Complex, EnumId, Parameter, Primitive, Property, StructId, Type, Value},
    odata::{
        check::Checker,
        metadata::DECIMAL_DIGITS,
        text::{parse_enum, parse_primitive},
    },
};

/// Complex values within complex values, at most.
const DEPTH: usize = 16;

/// What is declared of a value: of a property or of a parameter.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    name: &'a str,
    ty: &'a Type,
    nullable: bool,
    max_length: Option<u32>,
}

impl<'a> From<&'a Property> for Slot<'a> {
    fn from(property: &'a Property) -> Self {
        let Property { name, ty, nullable, max_length, .. } = property;
        Self { name, ty, nullable: *nullable, max_length: *max_length }
    }
}

impl<'a> From<&'a Parameter> for Slot<'a> {
    fn from(parameter: &'a Parameter) -> Self {
        let Parameter { name, ty, nullable, max_length, .. } = parameter;
        Self { name, ty, nullable: *nullable, max_length: *max_length }
    }
}

/// Where a value stands and what is said of it.
#[derive(Clone, Copy)]
struct Place<'a> {
    checker: &'a Checker<'a>,
    /// What errors call it.
    target: &'a str,
    slot: Slot<'a>,
    depth: usize,
}

/// A value from its JSON text.
pub(super) fn read(raw: &str, slot: Slot<'_>, checker: &Checker<'_>) -> Result<Value, Error> {
    place(slot, checker).whole(raw)
}

/// The properties of a complex value from its JSON text, by index; `None` for those it leaves out.
pub(super) fn parts(
    raw: &str,
    declared: StructId,
    slot: Slot<'_>,
    checker: &Checker<'_>,
) -> Result<Vec<Option<Value>>, Error> {
    let (type_id, values) = place(slot, checker).parts(raw, declared)?;
    if type_id == declared {
        return Ok(values);
    }
    let name = checker.model.structure(declared).name;
    Err(Error::InvalidValue {
        target: "@odata.type".to_owned(),
        reason: format!("the value is of type '{name}' and stays so"),
    })
}

/// A value that is of the right type, if it is not too long.
pub(super) fn checked(value: Value, slot: Slot<'_>, checker: &Checker<'_>) -> Result<Value, Error> {
    place(slot, checker).within_bounds(&value)?;
    Ok(value)
}

/// The error for a text that is not of the type.
pub(super) fn misfit(slot: Slot<'_>, checker: &Checker<'_>) -> Error {
    let place = place(slot, checker);
    match slot.ty {
        Type::Primitive(primitive) => place.wrong(format!("it takes {}", takes(*primitive))),
        Type::Enum(id) => place.no_member(*id),
        Type::Complex(_) | Type::Collection(_) => place.wrong("it has no raw value"),
    }
}

fn place<'a>(slot: Slot<'a>, checker: &'a Checker<'a>) -> Place<'a> {
    Place { checker, target: slot.name, slot, depth: DEPTH }
}

impl Place<'_> {
    fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::InvalidValue { target: self.target.to_owned(), reason: reason.into() }
    }

    fn whole(&self, raw: &str) -> Result<Value, Error> {
        if raw == "null" {
            return if self.slot.nullable && !matches!(self.slot.ty, Type::Collection(_)) {
                Ok(Value::Null)
            } else {
                Err(self.wrong("it must not be null"))
            };
        }
        let Type::Collection(item) = self.slot.ty else {
            return self.single(raw, self.slot.ty);
        };
        let items: Vec<&RawValue> =
            serde_json::from_str(raw).map_err(|_| self.wrong("it takes an array"))?;
        let items = items.into_iter().map(|item_raw| match item_raw.get() {
            "null" => Err(self.wrong("its items must not be null")),
            text => self.single(text, item),
        });
        Ok(Value::List(items.collect::<Result<Vec<_>, _>>()?.into()))
    }

    fn single(&self, raw: &str, ty: &Type) -> Result<Value, Error> {
        match ty {
            Type::Primitive(primitive) => self.primitive(raw, *primitive),
            Type::Enum(id) => {
                let declared = &self.checker.model.enums[usize::from(id.0)];
                let text = quoted(raw).unwrap_or_else(|| raw.to_owned());
                parse_enum(&text, declared).ok_or_else(|| self.no_member(*id))
            }
            Type::Complex(id) => self.complex(raw, *id),
            // A collection of collections cannot be declared.
            Type::Collection(_) => Err(self.wrong("it takes a single value")),
        }
    }

    fn no_member(&self, id: EnumId) -> Error {
        let members = self.checker.model.enums[usize::from(id.0)].members.iter();
        let names: Vec<&str> = members.map(|(name, _)| *name).collect();
        self.wrong(format!("it takes one of {}", names.join(", ")))
    }

    fn primitive(&self, raw: &str, primitive: Primitive) -> Result<Value, Error> {
        let misfit = || self.wrong(format!("it takes {}", takes(primitive)));
        let text = quoted(raw);
        let value = match (primitive, &text) {
            (Primitive::String, Some(text)) => Value::text(text),
            // A client that knows no 64-bit numbers sends them as texts. So does everybody else's
            // spreadsheet, which is why smaller numbers are not taken so.
            (Primitive::Int64 | Primitive::Decimal, Some(text)) => {
                parse_primitive(text, primitive).ok_or_else(misfit)?
            }
            (Primitive::Double | Primitive::Single, Some(text)) => {
                let is_named = matches!(text.as_str(), "INF" | "-INF" | "NaN");
                is_named.then(|| parse_primitive(text, primitive)).flatten().ok_or_else(misfit)?
            }
            (Primitive::DateTimeOffset, Some(text)) => {
                // A bare date would leave open where its day begins.
                Value::Instant(text.parse().map_err(|_| misfit())?)
            }
            (
                Primitive::Binary
                | Primitive::Date
                | Primitive::Duration
                | Primitive::Guid
                | Primitive::TimeOfDay,
                Some(text),
            ) => parse_primitive(text, primitive).ok_or_else(misfit)?,
            (
                Primitive::Boolean
                | Primitive::Byte
                | Primitive::Int16
                | Primitive::Int32
                | Primitive::Int64
                | Primitive::SByte
                | Primitive::Decimal
                | Primitive::Double
                | Primitive::Single,
                None,
            ) => parse_primitive(raw, primitive).ok_or_else(misfit)?,
            (_, _) => return Err(misfit()),
        };
        self.within_bounds(&value)?;
        Ok(value)
    }

    /// Length of texts and binaries, digits of decimals.
    fn within_bounds(&self, value: &Value) -> Result<(), Error> {
        let length = match value {
            Value::Text(text) => text.chars().count(),
            Value::Binary(bytes) => bytes.len(),
            Value::Decimal(number) => {
                let (digits, fraction) = DECIMAL_DIGITS;
                let number = number.normalize();
                let whole = 10i128.pow(digits - fraction);
                let is_fit = number.scale() <= fraction
                    && number.trunc().mantissa().unsigned_abs() < whole.unsigned_abs();
                return if is_fit {
                    Ok(())
                } else {
                    Err(self.wrong(format!(
                        "it takes {digits} digits at most, {fraction} of them after the point"
                    )))
                };
            }
            _ => return Ok(()),
        };
        match self.slot.max_length {
            Some(max) if length > max as usize => {
                Err(self.wrong(format!("it is {length} long, {max} at most")))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn complex(&self, raw: &str, declared: StructId) -> Result<Value, Error> {
        let (type_id, values) = self.parts(raw, declared)?;
        let structure = self.checker.model.structure(type_id);
        let values =
            values.into_iter().zip(&structure.properties).map(|(value, property)| match value {
                Some(value) => Ok(value),
                None if matches!(property.ty, Type::Collection(_)) => Ok(Value::List([].into())),
                None if property.nullable => Ok(Value::Null),
                None => Err(self.wrong(format!("'{}' is missing in it", property.name))),
            });
        let values = values.collect::<Result<_, _>>()?;
        Ok(Value::Complex(Arc::new(Complex { type_id, values })))
    }

    /// The type of a complex value, and the properties given, by index.
    fn parts(
        &self,
        raw: &str,
        declared: StructId,
    ) -> Result<(StructId, Vec<Option<Value>>), Error> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.wrong("it is nested too deep"));
        };
        let members = Members::read(raw.as_bytes()).map_err(|reason| self.wrong(reason))?;
        let type_id = match members.type_annotation() {
            Some(name) => super::derived(self.checker, declared, name)?,
            None => declared,
        };
        let structure = self.checker.model.structure(type_id);
        let mut values = vec![None; structure.properties.len()];
        for (name, raw) in members.0.iter().filter(|(name, _)| !name.contains('@')) {
            let prop = self.checker.find_property(structure, name).ok_or_else(|| {
                let known = self.checker.visible_props(structure).into_iter();
                Error::UnknownProperty {
                    entity_type: structure.name.to_owned(),
                    name: name.clone(),
                    suggestion: nearest(name, known.map(|prop| structure.property_at(prop).name)),
                    target: "the body".to_owned(),
                }
            })?;
            let property = structure.property_at(prop);
            let target = format!("{}/{}", self.target, property.name);
            let place = Place { target: &target, slot: property.into(), depth, ..*self };
            let value = place.whole(raw.get())?;
            if values[usize::from(prop.0)].replace(value).is_some() {
                return Err(place.wrong("it is given twice"));
            }
        }
        Ok((type_id, values))
    }
}

/// The text between JSON quotes.
fn quoted(raw: &str) -> Option<String> {
    raw.starts_with('"').then(|| serde_json::from_str(raw).ok())?
}

/// What a value of that type looks like in JSON, with an example where it helps.
pub(crate) fn takes(primitive: Primitive) -> String {
    let what = match primitive {
        Primitive::Binary => "base64url text",
        Primitive::Boolean => "true or false",
        Primitive::Date => "a date such as \"2026-11-21\"",
        Primitive::DateTimeOffset => {
            "a date and time with Z or an offset, such as \"2026-11-21T22:00:00Z\""
        }
        Primitive::Decimal => "a decimal number",
        Primitive::Double | Primitive::Single => "a number",
        Primitive::Duration => "a duration such as \"P1DT2H30M\"",
        Primitive::Guid => "a GUID such as \"01234567-89ab-cdef-0123-456789abcdef\"",
        Primitive::String => "text in double quotes",
        Primitive::TimeOfDay => "a time such as \"22:00:00\"",
        Primitive::Byte
        | Primitive::SByte
        | Primitive::Int16
        | Primitive::Int32
        | Primitive::Int64 => {
            let (least, most) = primitive.integer_range().unwrap_or_default();
            return format!("a whole number from {least} to {most}");
        }
    };
    what.to_owned()
}
