//! Bodies that are one property's value: `{"value": …}`, a complex value, one item, or raw text.
//!
//! Source: OData 4.01 Part 1, 11.4.9; JSON Format 4.01, 11.

use std::sync::Arc;

use super::{Members, Reader, value};
use crate::{
    error::Error,
    model::{Complex, Primitive, Property, Type, Value},
    odata::text,
};

impl Reader<'_> {
    /// The whole new value of `property`.
    ///
    /// # Errors
    /// `InvalidBody` for another shape, `InvalidValue` for a value that does not fit.
    pub fn value(&self, bytes: &[u8], property: &Property) -> Result<Value, Error> {
        let members = Members::read(bytes).map_err(|reason| Error::InvalidBody { reason })?;
        match wrapped(&members) {
            Some(raw) => value::read(raw, property.into(), self.checker),
            None if matches!(property.ty, Type::Complex(_)) => {
                value::read(text_of(bytes)?, property.into(), self.checker)
            }
            None => Err(usage(property)),
        }
    }

    /// `before`, a complex value, with the properties the body gives.
    ///
    /// # Errors
    /// As for [`Reader::value`].
    pub fn merged(
        &self,
        bytes: &[u8],
        property: &Property,
        before: &Complex,
    ) -> Result<Value, Error> {
        let text = text_of(bytes)?;
        let given = value::parts(text, before.type_id, property.into(), self.checker)?;
        let values = given.into_iter().zip(&before.values);
        let values = values.map(|(given, old)| given.unwrap_or_else(|| old.clone())).collect();
        Ok(Value::Complex(Arc::new(Complex { type_id: before.type_id, values })))
    }

    /// One item, or several as `{"value": […]}`, to be added to a collection.
    ///
    /// # Errors
    /// As for [`Reader::value`].
    pub fn items(&self, bytes: &[u8], property: &Property) -> Result<Vec<Value>, Error> {
        let text = text_of(bytes)?;
        let members = Members::read(bytes).ok();
        let raw = members.as_ref().and_then(wrapped).unwrap_or(text);
        let whole = if raw.trim_start().starts_with('[') {
            value::read(raw, property.into(), self.checker)?
        } else {
            value::read(&format!("[{raw}]"), property.into(), self.checker)?
        };
        Ok(whole.items().to_vec())
    }

    /// The value of a primitive or enumeration property from its bare text.
    ///
    /// # Errors
    /// `InvalidBody` for what is not UTF-8, `InvalidValue` for a value that does not fit.
    pub fn raw_value(&self, bytes: &[u8], property: &Property) -> Result<Value, Error> {
        if property.ty == Type::Primitive(Primitive::Binary) {
            return value::checked(Value::Binary(bytes.into()), property.into(), self.checker);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Error::InvalidBody { reason: "it is not UTF-8".to_owned() })?;
        let value = text::parse(text, &property.ty, self.checker.model);
        let value = value.ok_or_else(|| value::misfit(property.into(), self.checker))?;
        value::checked(value, property.into(), self.checker)
    }
}

/// The value of the only member that is no annotation, if that is called `value`.
fn wrapped<'a>(members: &Members<'a>) -> Option<&'a str> {
    let mut told = members.0.iter().filter(|(name, _)| !name.contains('@'));
    let (name, raw) = told.next()?;
    (name == "value" && told.next().is_none()).then(|| raw.get())
}

fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes)
        .map(str::trim_ascii)
        .map_err(|_| Error::InvalidBody { reason: "it is not UTF-8".to_owned() })
}

fn usage(property: &Property) -> Error {
    Error::InvalidBody { reason: format!("'{}' is set by {{\"value\": …}}", property.name) }
}
