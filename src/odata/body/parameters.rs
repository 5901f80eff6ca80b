//! What an action is told: a JSON object of its parameters, or nothing at all.
//!
//! Source: OData 4.01 Part 1, 11.5.5.1.

use super::{Members, Reader, value};
use crate::{
    error::{Error, nearest},
    model::{Action, Value},
};

impl Reader<'_> {
    /// Reads `bytes` as the parameters of `action`, each by its position; null and absent are left out.
    ///
    /// # Errors
    /// `InvalidBody`; `UnknownParameter` and `InvalidValue` name the parameter.
    pub fn parameters(&self, bytes: &[u8], action: &Action) -> Result<Vec<(usize, Value)>, Error> {
        let members = if bytes.iter().all(u8::is_ascii_whitespace) {
            Members(Vec::new())
        } else {
            Members::read(bytes).map_err(|reason| Error::InvalidBody { reason })?
        };
        let mut given: Vec<Option<Value>> = vec![None; action.parameters.len()];
        for (name, raw) in members.0.iter().filter(|(name, _)| !name.contains('@')) {
            let at = position(action, name)?;
            let parameter = &action.parameters[at];
            if given[at].is_some() {
                let reason = format!("'{}' is given twice", parameter.name);
                return Err(Error::InvalidBody { reason });
            }
            let is_nothing = raw.get() == "null" && parameter.nullable;
            given[at] = Some(if is_nothing {
                Value::Null
            } else {
                value::read(raw.get(), parameter.into(), self.checker)?
            });
        }
        let mut values = Vec::with_capacity(given.len());
        for (at, (value, parameter)) in given.into_iter().zip(&action.parameters).enumerate() {
            match value {
                Some(Value::Null) => {}
                Some(value) => values.push((at, value)),
                None if parameter.nullable => {}
                None => {
                    return Err(Error::InvalidValue {
                        target: parameter.name.to_owned(),
                        reason: format!("'{}' needs it", action.name),
                    });
                }
            }
        }
        Ok(values)
    }
}

fn position(action: &Action, name: &str) -> Result<usize, Error> {
    let names = || action.parameters.iter().map(|parameter| parameter.name);
    let exact = names().position(|known| known == name);
    exact.or_else(|| names().position(|known| known.eq_ignore_ascii_case(name))).ok_or_else(|| {
        let quoted: Vec<String> = names().map(|name| format!("'{name}'")).collect();
        Error::UnknownParameter {
            action: action.name.to_owned(),
            name: name.to_owned(),
            suggestion: nearest(name, names()),
            takes: if quoted.is_empty() { "nothing".to_owned() } else { quoted.join(", ") },
        }
    })
}
