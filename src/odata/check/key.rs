//! Keys: in parentheses, by name, as path segments, and by an alternate key.

use super::{Aliases, Checker};
use crate::{
    error::Error,
    model::{Index, Key, Primitive, Prop, StructType, Type, Value},
    odata::{
        ast::{Args, Expr as Ast},
        text,
    },
    query::{Expr, KeyRef},
};

/// The one alternate key: on every type with a Guid of this name that no two entities share.
const ALTERNATE: &str = "Guid";

impl Checker<'_> {
    /// The key in parentheses. `aliases` is `None` before they are known; then a key made of them is
    /// any key.
    pub(super) fn key(
        &self,
        structure: &StructType,
        args: &Args,
        aliases: Option<&Aliases>,
    ) -> Result<KeyRef, Error> {
        match args {
            Args::Positional(values) => {
                let ([prop], [value]) = (structure.key.as_slice(), values.as_slice()) else {
                    return Err(wrong(&self.key_usage(structure)));
                };
                let value = self.key_value(structure, *prop, value, aliases)?;
                Ok(KeyRef::Key(Key::new(&[value])))
            }
            Args::Named(pairs) => self.named_key(structure, pairs, aliases),
        }
    }

    fn named_key(
        &self,
        structure: &StructType,
        pairs: &[(String, Ast)],
        aliases: Option<&Aliases>,
    ) -> Result<KeyRef, Error> {
        if let [(name, value)] = pairs
            && let Some(prop) = self.alternate_key(structure)
            && name.eq_ignore_ascii_case(ALTERNATE)
        {
            let value = self.key_value(structure, prop, value, aliases)?;
            return Ok(KeyRef::Alternate(prop, value));
        }
        let mut values: Vec<Option<Value>> = vec![None; structure.key.len()];
        for (name, value) in pairs {
            let at = structure
                .property(name)
                .and_then(|prop| structure.key.iter().position(|key| *key == prop))
                .filter(|at| values[*at].is_none())
                .ok_or_else(|| wrong(&self.key_usage(structure)))?;
            values[at] = Some(self.key_value(structure, structure.key[at], value, aliases)?);
        }
        let values: Option<Vec<Value>> = values.into_iter().collect();
        let values = values.ok_or_else(|| wrong(&self.key_usage(structure)))?;
        Ok(KeyRef::Key(Key::new(&values)))
    }

    fn key_value(
        &self,
        structure: &StructType,
        prop: Prop,
        written: &Ast,
        aliases: Option<&Aliases>,
    ) -> Result<Value, Error> {
        let property = structure.property_at(prop);
        let misfit = || {
            wrong(&format!(
                "the key '{}' is {}",
                property.name,
                self.type_name(&(&property.ty).into())
            ))
        };
        let literal = match (written, aliases) {
            (Ast::Literal(literal), _) => literal,
            (Ast::Alias(_), None) => return Ok(any_value(&property.ty)),
            (Ast::Alias(name), Some(aliases)) => match aliases.get(name) {
                Some(Ast::Literal(literal)) => literal,
                Some(_) | None => return Err(misfit()),
            },
            _ => return Err(misfit()),
        };
        let wanted = (&property.ty).into();
        let typed = self.literal(literal, "path")?;
        let typed = self.fit(typed, &wanted, "path")?;
        let fits = typed.ty == wanted || (typed.ty.is_integer() && wanted.is_integer());
        match typed.expr {
            Expr::Literal(value) if fits && !value.is_null() => Ok(value),
            _ => Err(misfit()),
        }
    }

    /// The key written as path segments, as many as it has properties.
    pub(super) fn segment_key(
        &self,
        structure: &StructType,
        segments: &[&str],
    ) -> Result<KeyRef, Error> {
        let values = structure.key.iter().zip(segments).map(|(prop, segment)| {
            let property = structure.property_at(*prop);
            text::parse(segment, &property.ty, self.model).ok_or_else(|| Error::UnknownResource {
                name: (*segment).to_owned(),
                suggestion: None,
            })
        });
        let values: Vec<Value> = values.collect::<Result<_, _>>()?;
        Ok(KeyRef::Key(Key::new(&values)))
    }

    /// The property of the alternate key, where the type has one the caller may know of.
    #[must_use]
    pub fn alternate_key(&self, structure: &StructType) -> Option<Prop> {
        let prop = self.find_property(structure, ALTERNATE)?;
        let is_guid = structure.property_at(prop).ty == Type::Primitive(Primitive::Guid);
        let is_unique = structure.property_at(prop).index() == Index::Unique;
        (is_guid && is_unique).then_some(prop)
    }

    fn key_usage(&self, structure: &StructType) -> String {
        let names: Vec<String> = structure
            .key
            .iter()
            .map(|prop| format!("{}=…", structure.property_at(*prop).name))
            .collect();
        let alternate = if self.alternate_key(structure).is_some() { " or (Guid=…)" } else { "" };
        format!("'{}' is found by ({}){alternate}", structure.name, names.join(","))
    }
}

fn wrong(reason: &str) -> Error {
    Error::TypeMismatch { target: "path".to_owned(), reason: reason.to_owned() }
}

/// Stands in for a key nobody knows yet.
fn any_value(ty: &Type) -> Value {
    if *ty == Type::Primitive(Primitive::String) { Value::text("") } else { Value::Int(0) }
}
